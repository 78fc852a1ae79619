"""Exact nearest rows, by blocks of the product of all unit vectors; the recall against them.

Cosines come from matrix products, block by block, so memory stays bounded. Products of float32
round differently from block to block; therefore a few spare candidates are kept for each row, and
their distances are computed again, pair by pair (`compared`). This is the reference in tests.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from imgrec.distances.axes import sample_ids
from imgrec.distances.metrics import COSINE_NOISE
from imgrec.encoders.spec import Vectors
from imgrec.neighbors.lists import (
    SPARE,
    TILE_ROWS,
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

# Rows that the recall is measured on.
CHECKED = 1000
# Multiplications up to which a search is exact: all pairs of 22,000 × 2048, in 8 s.
SMALL = 1e12


@dataclass(frozen=True)
class Blocks:
    """Sizes of the blocks of the product.

    Attributes:
        query_rows: rows whose nearest are searched at a time.
        tile_rows: rows they are multiplied with at a time.
    """

    query_rows: int = 1024
    tile_rows: int = TILE_ROWS


BLOCKS = Blocks()


def is_small(feature: FeatureStore, count: int, most: float = SMALL) -> bool:
    """Return True if an exact search for `count` rows takes at most `most` multiplications."""
    return count * len(feature) * feature.dimensions <= most


def exact_lists(
    feature: FeatureStore,
    k: int,
    progress: Callable[[int], object] = lambda count: None,
    blocks: Blocks = BLOCKS,
) -> Lists:
    """Return the k nearest rows of every row.

    Args:
        feature: with n vectors, more than k.
        k: neighbors.
        progress: called with the number of rows done.
        blocks: sizes of the blocks of the product.
    """
    feature = feature.in_memory()
    lengths, every = inverse_lengths(feature), np.arange(len(feature))
    lists = nearest(feature, lengths, every, k, progress=progress, blocks=blocks)
    return settled(feature, lengths, lists)


def nearest(
    feature: FeatureStore,
    lengths: NDArray[np.float32],
    rows: Rows,
    k: int,
    entered: Scores | None = None,
    progress: Callable[[int], object] = lambda count: None,
    blocks: Blocks = BLOCKS,
    among: list[Tile] | None = None,
) -> Lists:
    """Return the k nearest rows of some rows (b,).

    Args:
        feature: with the vectors.
        lengths: (n,) inverse, as `inverse_lengths` returns them.
        rows: whose nearest are wanted.
        k: neighbors.
        entered: candidate lists of all n rows, into which those of `rows` that are near enough
            are inserted.
        progress: called with the number of rows done.
        blocks: sizes of the blocks of the product.
        among: tiles of the rows that may be neighbors, all by default; a list they cannot fill
            ends with -1.
    """
    lists = Lists.empty(len(rows), k)
    every = tiles(feature, blocks.tile_rows) if among is None else among
    count = min(k + SPARE, len(feature) - 1)
    step = -(-len(every) // cores())
    shares = [every[start : start + step] for start in range(0, len(every), step)]
    for part in parts(len(rows), blocks.query_rows):
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


def recall(
    feature: FeatureStore, lengths: NDArray[np.float32], lists: Lists, checked: int = CHECKED
) -> tuple[float, int]:
    """Return the share of the true nearest rows that lists hold, and how many rows were checked.

    A neighbor counts if it is no farther than the last of the true ones: of rows at the same
    distance any is right.

    Args:
        feature: with n vectors.
        lengths: (n,) inverse, as `inverse_lengths` returns them.
        lists: of all rows.
        checked: rows that are searched exactly, spread over all; all rows if there are fewer.
    """
    rows = sample_ids(np.arange(len(feature)), checked)
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
    # Equal vectors are ties, whatever the rounding.
    np.minimum(cosines, 1 - COSINE_NOISE, out=cosines)
    found.keep(cosines, tile.rows)
    if entered:
        entered.keep(np.ascontiguousarray(cosines.T), found.own, tile.rows)
