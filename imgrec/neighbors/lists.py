"""Lists of nearest rows: gather candidates, then compare them by exact distances.

All ways to build a k-NN graph share these two steps. `Scores` keeps the best candidates of each
row by whatever score is cheap; `compared` computes exact cosine distances and sorts. So the
distances of a graph are exact, and equal in both directions, however its candidates were found.
Ties are broken by the smaller row.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import Distances
from imgrec.encoders.spec import Vectors
from imgrec.errors import StoreError
from imgrec.store.features import FeatureStore
from imgrec.system.threads import in_threads

Rows = NDArray[np.int64]
# Candidates beyond k, if their scores are exact but for rounding.
SPARE = 8
NONE = -1
# With their candidates these take some tens of MB.
COMPARED_ROWS = 512
TILE_ROWS = 2048


@dataclass(frozen=True)
class Lists:
    """The k nearest rows of each of n rows of a feature, nearest first, without the row itself.

    Attributes:
        rows: (n, k) int64.
        distances: (n, k) float32, cosine.
    """

    rows: Rows
    distances: Distances

    @classmethod
    def empty(cls, count: int, k: int) -> "Lists":
        """Return lists without neighbors, to be filled in."""
        return cls(np.full((count, k), NONE), np.empty((count, k), np.float32))


@dataclass(frozen=True)
class Scores:
    """The best c candidates of each of b rows so far, best first.

    Attributes:
        own: (b,) the row each list belongs to.
        best: (b, c) float32 scores, descending.
        found: (b, c) rows, -1 where there is none yet.
    """

    own: Rows
    best: Vectors
    found: Rows

    @classmethod
    def none(cls, own: Rows, count: int) -> "Scores":
        """Return lists without candidates."""
        from imgrec.neighbors.kernels import EMPTY

        shape = len(own), count
        return cls(own, np.full(shape, EMPTY, np.float32), np.full(shape, NONE))

    def keep(self, scores: Vectors, rows: Rows, which: NDArray[np.intp] | None = None) -> None:
        """Insert candidates that are better than the last of a list; no row may be offered twice.

        Args:
            scores: (b, m) of the candidates.
            rows: (m,) the candidates.
            which: (b,) of the lists the scores belong to, all of them by default.
        """
        # Imported here: it takes half a second.
        from imgrec.neighbors.kernels import keep_best

        if which is None:
            keep_best(scores, rows, self.own, self.best, self.found)
            return
        best, found = self.best[which], self.found[which]
        keep_best(scores, rows, self.own[which], best, found)
        self.best[which], self.found[which] = best, found

    def join(self, other: "Scores") -> None:
        """Insert the candidates of other lists of the same rows."""
        best = np.concatenate([self.best, other.best], axis=1)  # (b, 2c)
        found = np.concatenate([self.found, other.found], axis=1)
        order = np.lexsort((found, -best), axis=1)[:, : self.best.shape[1]]
        self.best[:] = np.take_along_axis(best, order, axis=1)
        self.found[:] = np.take_along_axis(found, order, axis=1)


@dataclass(frozen=True)
class Tile:
    """Consecutive rows of one block of a feature.

    Attributes:
        rows: (m,) of the feature.
        block: its number.
        inside: their places among the rows of the block.
    """

    rows: Rows
    block: int
    inside: slice

    def load(self, feature: FeatureStore) -> Vectors:
        """Return the vectors (m, d) float32, as a view of the mapped file if possible."""
        block = feature.blocks[self.block]
        which = self.inside if block.rows is None else block.rows[self.inside]
        return np.asarray(block.vectors[which], np.float32)


def tiles(feature: FeatureStore, tile_rows: int = TILE_ROWS) -> list[Tile]:
    """Return all rows of a feature, cut into tiles of at most `tile_rows`, that fit a cache."""
    every = np.arange(len(feature))
    return [
        Tile(every[places][start : start + tile_rows], number, slice(start, start + tile_rows))
        for number, places in enumerate(feature.places)
        for start in range(0, len(feature.blocks[number].ids), tile_rows)
    ]


def inverse_lengths(feature: FeatureStore) -> NDArray[np.float32]:
    """Return 1 / |x| (n,) of every vector, 0 for a vector of zeros.

    Raises:
        StoreError: a vector is not finite.
    """
    lengths = np.zeros(len(feature), np.float32)
    for tile in tiles(feature):
        vectors = tile.load(feature)
        lengths[tile.rows] = np.sqrt(np.einsum("md,md->m", vectors, vectors))
    odd = np.flatnonzero(~np.isfinite(lengths))
    if len(odd):
        raise StoreError(
            f"the {feature.name} vector of picture {feature.ids[odd[0]]} holds values that are no "
            "numbers: delete the feature's folder and run imgrec index again"
        )
    return np.divide(1, lengths, out=lengths, where=lengths > 0)


def compared(
    feature: FeatureStore, own: Rows, candidates: Rows, k: int, estimates: Vectors | None = None
) -> Lists:
    """Return the k nearest of candidates (b, c) for each of b rows, by exact distances.

    Args:
        feature: with the vectors.
        own: (b,) rows.
        candidates: (b, c) rows, no duplicates in a list, -1 for none; c >= k.
        k: neighbors wanted; a place without a candidate holds -1 at distance 9.
        estimates: (b, c) of the cosines, less a constant of each row, descending: candidates that
            most likely are none of the k are not compared. All are compared by default.
    """
    lists = Lists.empty(len(own), k)

    def fill(part: slice) -> None:
        of_part = None if estimates is None else estimates[part]
        _compare(feature, own[part], candidates[part], of_part, lists, part)

    in_threads(fill, list(parts(len(own), COMPARED_ROWS)))
    return lists


def _compare(
    feature: FeatureStore,
    own: Rows,
    candidates: Rows,
    estimates: Vectors | None,
    lists: Lists,
    part: slice,
) -> None:
    from imgrec.neighbors.kernels import compare, compare_likely, take_nearest

    k = lists.rows.shape[1]
    wanted = np.unique(np.concatenate([own, candidates[candidates >= 0]]))
    places = np.searchsorted(wanted, candidates)
    places[candidates < 0] = NONE
    distances = np.empty(candidates.shape, np.float32)
    vectors, of_own = feature.take_rows(wanted), np.searchsorted(wanted, own)
    if estimates is None:
        compare(vectors, of_own, places, distances)
    else:
        compare_likely(vectors, of_own, places, estimates, k, distances)
    take_nearest(
        distances, np.ascontiguousarray(candidates), lists.rows[part], lists.distances[part]
    )


def settled(feature: FeatureStore, lengths: NDArray[np.float32], lists: Lists) -> Lists:
    """Return lists in which zero vectors have each other as neighbors, which no product shows.

    Args:
        feature: with the vectors.
        lengths: (n,) inverse, as `inverse_lengths` returns them.
        lists: of all rows, changed in place.
    """
    zeros = np.flatnonzero(lengths == 0)
    if len(zeros):
        k = lists.rows.shape[1]
        others = np.flatnonzero(lengths > 0)[: k + 1]
        first = np.concatenate([zeros[: k + 1], others])[: k + 1]
        for part in parts(len(zeros), COMPARED_ROWS):
            candidates = np.tile(first, (len(zeros[part]), 1))
            candidates[candidates == zeros[part, None]] = NONE
            found = compared(feature, zeros[part], candidates, k)
            lists.rows[zeros[part]], lists.distances[zeros[part]] = found.rows, found.distances
    return lists


def parts(count: int, step: int) -> Iterator[slice]:
    """Yield the slices that cut `count` rows into parts of `step` or less."""
    return (slice(start, min(count, start + step)) for start in range(0, count, step))
