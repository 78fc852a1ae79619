"""How well a feature's neighbours agree with known labels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def precision_at_k(
    vectors: NDArray[np.floating],
    labels: ArrayLike,
    ks: Sequence[int] = (1, 5),
    block_rows: int = 512,
) -> dict[int, float]:
    """Return, for each k, the mean share of the k nearest that carry the query's label.

    Every picture is asked once and left out of its own answer. Neighbours are exact, under
    cosine; a vector of zeros is as far from everything as a right angle. Of equally near
    ones those that come first are taken.

    Args:
        vectors: (n, d), finite.
        labels: (n,), anything numpy can compare.
        ks: how many neighbours to look at, each from 1 to n - 1.
        block_rows: queries compared at once; bounds memory at block_rows * n similarities.

    Raises:
        ValueError: if the lengths differ, a k is outside 1 to n - 1, or block_rows < 1.
    """
    codes = np.unique(np.asarray(labels), return_inverse=True)[1].reshape(-1)
    _check(vectors, codes, ks, block_rows)
    unit = _unit_rows(vectors)
    hits = np.zeros(max(ks), dtype=np.int64)  # by rank
    for start in range(0, len(unit), block_rows):
        rows = np.arange(start, min(start + block_rows, len(unit)))
        similarity = unit[rows] @ unit.T  # (q, n)
        similarity[rows - start, rows] = -np.inf
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, : max(ks)]  # (q, k)
        hits += (codes[nearest] == codes[rows, None]).sum(axis=0)
    return {k: float(hits[:k].sum() / (k * len(unit))) for k in ks}


def _unit_rows(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    wide = vectors.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    unit: NDArray[np.float64] = wide / np.where(norms > 0, norms, 1.0)
    return unit


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
