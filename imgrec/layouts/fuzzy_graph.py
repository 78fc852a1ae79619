"""UMAP's fuzzy graph: edge weights from the distances of a k-NN graph.

A distance becomes a weight by exp(-(d - d₁) / σ), where d₁ is the distance to the nearest neighbor
that differs, and σ is chosen for each picture such that its weights sum to log2(k + 1). Dense and
sparse regions are thus treated alike. The directed graph is made symmetric by the fuzzy union
a + b - ab.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors
from imgrec.neighbors.neighbors import Neighbors

if TYPE_CHECKING:  # half a second, for those who only read layouts
    from scipy.sparse import csr_array

# The least weight: UMAP would sample a weaker edge once or never.
FAINT = 0.005
# Components of fewer pictures are tied to the rest of a page.
ISLAND = 5
_STEPS = 64
_TOLERANCE = 1e-5
# The least width, as a share of the mean distance.
_LEAST_WIDTH = 1e-3
_BLOCK_ROWS = 8_192
_BLOCK_VALUES = 16_000_000


def fuzzy_graph(neighbors: Neighbors) -> "csr_array":
    """Return the fuzzy simplicial set (n, n) float32 of all pictures: symmetric, weights 0 to 1.

    Every picture has an edge of weight 1, to its nearest. Edges below `FAINT` are left out.

    Source: McInnes, Healy, Melville (2018), UMAP, algorithms 2 and 3; the picture itself is
    counted as its first neighbor, as umap-learn does.
    """
    from scipy.sparse import csr_array

    n, k = neighbors.distances.shape
    weights = _memberships(neighbors.distances)
    starts = np.arange(0, n * k + 1, k)
    shape = (n, n)
    one_way = csr_array((weights.ravel(), neighbors.rows().ravel(), starts), shape=shape)
    other_way = one_way.T.tocsr()
    return _without_faint(one_way + other_way - one_way * other_way)


def part_of(graph: "csr_array", rows: NDArray[np.intp], columns: Vectors) -> "csr_array":
    """Return the subgraph (m, m) of some pictures, in their order.

    Each picture of a connected component smaller than `ISLAND` is tied, with weight 1, to the
    nearest picture outside it: otherwise a layout would drive the component far away.

    Args:
        graph: (n, n) of all pictures.
        rows: (m,) the pictures wanted.
        columns: (m, c) their coordinates, to find the nearest.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    part = graph[rows][:, rows].tocsr()
    count, island = connected_components(part, directed=False)
    lonely = np.flatnonzero(np.bincount(island)[island] < ISLAND)
    if count == 1 or not len(lonely):
        return part
    nearest = _nearest_elsewhere(columns, island, lonely)
    ties = coo_array((np.ones(len(lonely), np.float32), (lonely, nearest)), shape=part.shape)
    return part.maximum((ties + ties.T).minimum(1)).astype(np.float32)


def _memberships(distances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the weights (n, k) of the edges to the neighbors, 1 for the first that differs."""
    overall = float(distances.mean(dtype=np.float64)) * _with_itself(distances.shape[1])
    blocks = [
        _block_memberships(distances[start : start + _BLOCK_ROWS].astype(np.float64), overall)
        for start in range(0, len(distances), _BLOCK_ROWS)
    ]
    return np.concatenate(blocks)


def _block_memberships(distances: NDArray[np.float64], overall: float) -> NDArray[np.float32]:
    """Return the weights (m, k) of some rows; `overall` is the mean distance of all rows."""
    positive = np.where(distances > 0, distances, np.inf).min(axis=1)  # the first that differs
    first = np.where(np.isfinite(positive), positive, 0)
    beyond = np.maximum(distances - first[:, None], 0)  # (m, k)
    own = distances.mean(axis=1) * _with_itself(distances.shape[1])
    width = np.maximum(_widths(beyond), _LEAST_WIDTH * np.where(first > 0, own, overall))
    return np.exp(-beyond / width[:, None]).astype(np.float32)


def _with_itself(k: int) -> float:
    """Return the factor from a mean over k others to one that includes the picture itself."""
    return k / (k + 1)


def _widths(beyond: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the width (m,) at which the weights of each row sum to log2(k + 1), by bisection."""
    m, k = beyond.shape
    wanted = np.log2(k + 1)
    low, high, width = np.zeros(m), np.full(m, np.inf), np.ones(m)
    for _ in range(_STEPS):
        with np.errstate(under="ignore"):
            excess = np.exp(-beyond / width[:, None]).sum(axis=1) - wanted
        if (np.abs(excess) < _TOLERANCE).all():
            break
        high = np.where(excess > 0, width, high)
        low = np.where(excess > 0, low, width)
        width = np.where(np.isfinite(high), (low + high) / 2, 2 * width)
    return width


def _without_faint(graph: "csr_array") -> "csr_array":
    graph.data[graph.data < FAINT] = 0
    graph.eliminate_zeros()
    graph.sort_indices()
    return graph.astype(np.float32)


def _nearest_elsewhere(
    columns: Vectors, island: NDArray[np.integer], lonely: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the nearest row in another component (l,) for each lonely row, by blocks."""
    squares = np.einsum("mc,mc->m", columns, columns)
    step = max(1, _BLOCK_VALUES // len(columns))
    found = [np.zeros(0, np.intp)]
    for start in range(0, len(lonely), step):
        block = lonely[start : start + step]
        distances = squares - 2 * (columns[block] @ columns.T)  # (b, m), short of a constant
        distances[island[block, None] == island] = np.inf
        found.append(distances.argmin(axis=1))
    return np.concatenate(found)
