"""Precision at k: how well the nearest neighbors by a feature agree with known labels.

If pictures of one folder or class are alike, a good feature and metric put them near each other.
The report compares features and metrics by it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgrec.distances.blockwise import distances_to_all
from imgrec.distances.metrics import METRICS, Metric, cosine
from imgrec.neighbors.neighbors import top_k
from imgrec.store.features import Block, FeatureStore

# Rows of a block that queries are compared with: small enough that all cores have some.
_BLOCK_ROWS = 512


def precision_at_k(
    vectors: NDArray[np.floating],
    labels: ArrayLike,
    ks: Sequence[int] = (1, 5),
    block_rows: int = 512,
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
    feature = _feature(vectors)
    hits = np.zeros(max(ks), dtype=np.int64)  # by rank
    for start in range(0, len(codes), block_rows):
        rows = np.arange(start, min(start + block_rows, len(codes)))
        if metric.function is cosine:
            # Of many queries at once quicker by a matrix product than row by row.
            distances = cosine(vectors[rows], vectors)  # (q, n)
        else:
            distances = distances_to_all(feature, metric, vectors[rows])  # (q, n)
        distances[rows - start, rows] = np.inf
        nearest = np.stack([top_k(of_row, max(ks)) for of_row in distances])  # (q, k)
        hits += (codes[nearest] == codes[rows, None]).sum(axis=0)
    return {k: float(hits[:k].sum() / (k * len(codes))) for k in ks}


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
