"""The exact nearest rows by blocks of the product with all vectors: reference, and recall."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from imgrec.distances.axes import sample_ids
from imgrec.distances.metrics import COSINE_NOISE
from imgrec.encoders.spec import Vectors
from imgrec.neighbors.lists import (
    SPARE,
    Lists,
    Rows,
    Scores,
    Tile,
    compared,
    inverse_lengths,
    parts,
    settled,
    tiles,
)
from imgrec.store.features import FeatureStore
from imgrec.system.threads import cores, in_threads

CHECKED = 1000
SMALL = 1e12  # multiplications that are done exactly: all pairs of 22,000 × 2048 in 8 s
_QUERY_ROWS = 1024


def is_small(feature: FeatureStore, count: int) -> bool:
    """Whether the nearest of so many rows are soon found exactly."""
    return count * len(feature) * feature.dimensions <= SMALL


def exact_lists(
    feature: FeatureStore, k: int, progress: Callable[[int], object] = lambda count: None
) -> Lists:
    """Return the k nearest of every row.

    Args:
        feature: with n vectors, more than k.
        k: neighbors.
        progress: called with the number of rows done.
    """
    lengths = inverse_lengths(feature)
    lists = nearest(feature, lengths, np.arange(len(feature)), k, progress=progress)
    return settled(feature, lengths, lists)


def nearest(
    feature: FeatureStore,
    lengths: NDArray[np.float32],
    rows: Rows,
    k: int,
    entered: Scores | None = None,
    progress: Callable[[int], object] = lambda count: None,
) -> Lists:
    """Return the k nearest of some rows (b,) among all.

    Args:
        feature: with the vectors.
        lengths: (n,) as `inverse_lengths` has them.
        rows: whose nearest are wanted.
        k: neighbors.
        entered: lists of all n rows, into which those of `rows` are let that are near enough.
        progress: called with the number of rows done.
    """
    lists = Lists.empty(len(rows), k)
    every, count = tiles(feature), min(k + SPARE, len(feature) - 1)
    step = -(-len(every) // cores())
    shares = [every[start : start + step] for start in range(0, len(every), step)]
    for part in parts(len(rows), _QUERY_ROWS):
        own = rows[part]
        units = feature.take_rows(own) * lengths[own, None]
        found = [Scores.none(own, count) for _ in shares]

        def fill(number: int, units: Vectors = units, found: list[Scores] = found) -> None:
            for tile in shares[number]:
                _multiply(feature, lengths, units, tile, found[number], entered)

        with threadpool_limits(1, "blas"):
            in_threads(fill, range(len(shares)))
        for other in found[1:]:
            found[0].join(other)
        best = compared(feature, own, found[0].found, k)
        lists.rows[part], lists.distances[part] = best.rows, best.distances
        progress(len(own))
    return lists


def recall(feature: FeatureStore, lengths: NDArray[np.float32], lists: Lists) -> tuple[float, int]:
    """Return the share of the true nearest that lists hold, and of how many rows it was checked.

    A neighbor counts where it is no farther than the last of the true ones: of rows at the
    same distance any is right.
    """
    rows = sample_ids(np.arange(len(feature)), CHECKED)
    k = lists.rows.shape[1]
    true = nearest(feature, lengths, rows, k)
    right = (lists.distances[rows] <= true.distances[:, -1:]).sum(axis=1)
    return float(right.mean() / k), len(rows)


def _multiply(
    feature: FeatureStore,
    lengths: NDArray[np.float32],
    units: Vectors,
    tile: Tile,
    found: Scores,
    entered: Scores | None,
) -> None:
    cosines = units @ tile.load(feature).T  # (b, m)
    cosines *= lengths[tile.rows]
    np.minimum(cosines, 1 - COSINE_NOISE, out=cosines)  # twins are ties
    found.keep(cosines, tile.rows)
    if entered:
        entered.keep(np.ascontiguousarray(cosines.T), found.own, tile.rows)
