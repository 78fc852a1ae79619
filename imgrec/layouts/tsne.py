"""t-SNE positions of pictures, from the fuzzy graph and initial positions."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.layouts.umap import FEWEST, Positions, framed, scattered

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_TSNE_PHASES = ((100, 12), (200, 1))  # iterations, exaggeration; more changes nothing one sees
_TSNE_START = 1e-4  # spread: farther apart, pictures pass each other too slowly
GRID_FROM = 2_500  # pictures: below, a tree is faster than openTSNE's grid, which is only 2-D
_COARSENESS = 1.0  # of the tree: at 0.5 it takes 2.5 times as long, and trustworthiness is the same


def tsne_layout(
    graph: "csr_array",
    start: NDArray[np.floating],
    seed: int = 0,
    grid_from: int = GRID_FROM,
) -> Positions:
    """Return the t-SNE positions (n, c) of pictures, centered, within -1 and 1; c is 2 or 3.

    Args:
        graph: (n, n) symmetric, as `imgrec.layouts.fuzzy_graph` gives it. Its weights are the
            affinities: of 15 neighbors they do what a perplexity of 30 does.
        start: (n, c) finite positions to begin with, in any unit.
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
        n_jobs=1,  # other layouts are made beside it
        random_state=seed,
    )
    for iterations, exaggeration in _TSNE_PHASES:
        embedding = embedding.optimize(iterations, exaggeration=exaggeration, momentum=0.8)
    return framed(np.asarray(embedding))
