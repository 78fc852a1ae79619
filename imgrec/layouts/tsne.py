"""t-SNE positions of pictures, optimized from a given fuzzy graph and initial positions.

The fuzzy graph replaces the affinities of a perplexity: with 15 neighbors it gives the same maps
as a perplexity of 30, and needs no neighbor search of its own.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.layouts.umap import FEWEST, Positions, framed, scattered

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Iterations and exaggeration; more iterations change nothing visible.
_TSNE_PHASES = ((100, 12), (200, 1))
# The standard deviation of the start: farther apart, pictures pass each other too slowly.
_TSNE_START = 1e-4
# With fewer pictures a tree is faster than openTSNE's grid, which exists in 2-D only.
GRID_FROM = 2_500
# Barnes-Hut theta: at 0.5 it takes 2.5 times as long, with the same trustworthiness.
_COARSENESS = 1.0


def tsne_layout(
    graph: "csr_array",
    start: NDArray[np.floating],
    seed: int = 0,
    grid_from: int = GRID_FROM,
) -> Positions:
    """Return the t-SNE positions (n, c) of pictures, centered, within -1 and 1; c is 2 or 3.

    Args:
        graph: (n, n) symmetric, as `imgrec.layouts.fuzzy_graph` gives it. Its weights are the
            affinities.
        start: (n, c) finite initial positions, in any unit.
        seed: the same gives the same bytes.
        grid_from: pictures from which two dimensions are computed on a grid, not by a tree.

    Source: openTSNE; Böhm, Berens, Kobak (2022), Attraction-repulsion spectrum.
    """
    begin = scattered(start, seed)
    n, c = begin.shape
    if n < FEWEST:
        return framed(begin)
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities
    from scipy.sparse import csr_matrix

    grid = c == 2 and n >= grid_from
    affinities = PrecomputedAffinities(csr_matrix(graph, dtype=np.float64, copy=True))
    embedding = TSNEEmbedding(
        _TSNE_START * begin,
        affinities,
        negative_gradient_method="fft" if grid else "bh",
        theta=_COARSENESS,
        # Other layouts are computed at the same time.
        n_jobs=1,
        random_state=seed,
    )
    for iterations, exaggeration in _TSNE_PHASES:
        embedding = embedding.optimize(iterations, exaggeration=exaggeration, momentum=0.8)
    return framed(np.asarray(embedding))
