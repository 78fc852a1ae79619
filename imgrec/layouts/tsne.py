"""t-SNE positions of pictures, optimized from a given fuzzy graph and the positions of UMAP.

The fuzzy graph replaces the affinities of a perplexity: with 15 neighbors it gives the same maps
as a perplexity of 30, and needs no neighbor search of its own. Where UMAP has placed the pictures
there are no groups to be found: the early exaggeration is left out, and a fifth of the iterations
suffice.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.layouts.umap import FEWEST, Positions, framed, scattered, umap_positions

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# By the number of dimensions. Twice as many keep two in a hundred neighbors more.
_ITERATIONS = {2: 100, 3: 50}
# The standard deviation of the start. Where it ends, it is two to four times as large; from there
# the grid is larger too, and each iteration slower.
_START = 5.0
# With fewer pictures a tree is faster than openTSNE's grid, which exists in 2-D only.
GRID_FROM = 2_500
# Barnes-Hut theta: at 0.5 it takes 2.5 times as long, with the same trustworthiness.
_COARSENESS = 1.0


def tsne_layout(
    graph: "csr_array",
    start: NDArray[np.floating],
    seed: int = 0,
    grid_from: int = GRID_FROM,
    *,
    placed: bool = False,
) -> Positions:
    """Return the t-SNE positions (n, c) of pictures, centered, within -1 and 1; c is 2 or 3.

    Args:
        graph: (n, n) symmetric, as `imgrec.layouts.fuzzy_graph` gives it. Its weights are the
            affinities.
        start: (n, c) finite positions, in any unit.
        seed: the same gives the same bytes.
        grid_from: pictures from which two dimensions are computed on a grid, not by a tree.
        placed: the start is where UMAP has placed the pictures; otherwise it is where UMAP starts.

    Source: openTSNE; Böhm, Berens, Kobak (2022), Attraction-repulsion spectrum.
    """
    n, c = start.shape
    if n < FEWEST:
        return framed(scattered(start, seed))
    begin = scattered(start if placed else umap_positions(graph, start, seed), seed)
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities
    from scipy.sparse import csr_matrix

    grid = c == 2 and n >= grid_from
    affinities = PrecomputedAffinities(csr_matrix(graph, dtype=np.float64, copy=True))
    embedding = TSNEEmbedding(
        _START * begin,
        affinities,
        negative_gradient_method="fft" if grid else "bh",
        theta=_COARSENESS,
        # Other layouts are computed at the same time.
        n_jobs=1,
        random_state=seed,
    )
    embedding = embedding.optimize(_ITERATIONS[c], exaggeration=1, momentum=0.8)
    return framed(np.asarray(embedding))
