"""Precision at k: how well the nearest neighbors by a feature agree with known labels.

If pictures of one folder or class are alike, a good feature and metric put them near each other.
The report compares features and metrics by it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgrec.distances.blockwise import distances_to_all, kernels_for
from imgrec.distances.metrics import METRICS, Distances, Metric, cosine
from imgrec.encoders.spec import Vectors
from imgrec.neighbors.neighbors import top_k
from imgrec.store.features import Block, FeatureStore
from imgrec.system.threads import in_threads, one_blas_thread

# Rows of a block that queries are compared with: small enough that all cores have some.
_BLOCK_ROWS = 512
# Of the metrics in NumPy; the order of magnitude suffices.
_VALUES_A_SECOND = 1e9


def precision_at_k(
    vectors: NDArray[np.floating],
    labels: ArrayLike,
    ks: Sequence[int] = (1, 5),
    block_rows: int = 128,
    metric: Metric = METRICS["cosine"],
) -> dict[int, float]:
    """Return, for each k, the mean share of the k nearest that carry the query's label.

    Every picture is a query once and left out of its own answer. Neighbors are exact; of equally
    near ones the first are taken.

    Args:
        vectors: (n, d), finite.
        labels: (n,), anything numpy can compare.
        ks: how many neighbors to look at, each from 1 to n - 1.
        block_rows: queries compared at once; bounds memory at block_rows * n distances.
        metric: by whose `function` they are compared.

    Raises:
        ValueError: if the lengths differ, a k is outside 1 to n - 1, or block_rows < 1.
    """
    codes = np.unique(np.asarray(labels), return_inverse=True)[1].reshape(-1)
    _check(vectors, codes, ks, block_rows)
    vectors = np.asarray(vectors, np.float32)
    starts, most = range(0, len(codes), block_rows), max(ks)

    found = np.zeros((len(starts), most), np.intp)  # hits by rank, of each block
    compared = _comparison(vectors, metric)

    def compare(number: int) -> None:
        rows = np.arange(starts[number], min(starts[number] + block_rows, len(codes)))
        distances = compared(rows)  # (q, n)
        distances[np.arange(len(rows)), rows] = np.inf
        nearest = np.stack([top_k(of_row, most) for of_row in distances])  # (q, k)
        found[number] = (codes[nearest] == codes[rows, None]).sum(axis=0)

    if metric.function is cosine:
        # Many small products at once, as `imgrec.system.threads` explains.
        with one_blas_thread():
            in_threads(compare, range(len(starts)))
    else:
        for number in range(len(starts)):
            compare(number)
    return {k: float(found[:, :k].sum() / (k * len(codes))) for k in ks}


def _comparison(vectors: Vectors, metric: Metric) -> Callable[[NDArray[np.intp]], Distances]:
    """Return what computes the distances (q, n) of some rows (q,) to all."""
    if metric.function is cosine:
        # Of many queries at once quicker by a matrix product than row by row.
        return lambda rows: cosine(vectors[rows], vectors)
    # Worth their import for all blocks together, if not for one.
    kernels_for(len(vectors) * vectors.size / _VALUES_A_SECOND)
    feature = _feature(vectors)
    return lambda rows: distances_to_all(feature, metric, vectors[rows])


def chance_of(labels: ArrayLike) -> float:
    """Return the precision of random neighbors: the share that carries the same label.

    Args:
        labels: (n,) of two pictures or more.
    """
    counts = np.unique(np.asarray(labels), return_counts=True)[1].astype(np.float64)
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))


def _feature(vectors: NDArray[np.float32]) -> FeatureStore:
    ids = np.arange(len(vectors), dtype=np.int64)
    starts = range(0, len(vectors), _BLOCK_ROWS)
    blocks = [Block(ids[s : s + _BLOCK_ROWS], vectors[s : s + _BLOCK_ROWS]) for s in starts]
    return FeatureStore("measured", vectors.shape[1], blocks)


def _check(
    vectors: NDArray[np.floating], codes: NDArray[np.intp], ks: Sequence[int], block_rows: int
) -> None:
    if vectors.ndim != 2 or len(vectors) != len(codes):
        raise ValueError(
            f"vectors have shape {vectors.shape} and there are {len(codes)} labels: "
            "give a matrix (n, d) and one label for each of its rows"
        )
    wrong = [k for k in ks if not 1 <= k < len(vectors)]
    if wrong or not ks:
        raise ValueError(
            f"ks are {list(ks)} for {len(vectors)} vectors: give one k or more, "
            "each from 1 to the number of vectors less one"
        )
    if block_rows < 1:
        raise ValueError(f"block_rows is {block_rows}: give 1 or more")
