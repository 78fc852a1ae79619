"""Lists of nearest rows: candidates for some rows, and their exact distances."""

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
SPARE = 8  # candidates beyond k where their scores are exact but for rounding
NONE = -1
COMPARED_ROWS = 512  # with their candidates some tens of MB
TILE_ROWS = 2048


@dataclass(frozen=True)
class Lists:
    """The nearest rows of each of n rows of a feature, the nearest first, itself left out.

    Attributes:
        rows: (n, k) int64.
        distances: (n, k) float32, cosine.
    """

    rows: Rows
    distances: Distances

    @classmethod
    def empty(cls, count: int, k: int) -> "Lists":
        """Return lists to be filled in."""
        return cls(np.full((count, k), NONE), np.empty((count, k), np.float32))


@dataclass(frozen=True)
class Scores:
    """Lists of c candidates for each of b rows while they are gathered, the best first.

    Attributes:
        own: (b,) the row each list belongs to.
        best: (b, c) float32, falling.
        found: (b, c) rows, -1 where there is none yet.
    """

    own: Rows
    best: Vectors
    found: Rows

    @classmethod
    def none(cls, own: Rows, count: int) -> "Scores":
        """Return lists that hold nothing."""
        from imgrec.neighbors.kernels import EMPTY

        shape = len(own), count
        return cls(own, np.full(shape, EMPTY, np.float32), np.full(shape, NONE))

    def keep(self, scores: Vectors, rows: Rows, which: NDArray[np.intp] | None = None) -> None:
        """Let in what is better than the last of a list; each row is offered once only.

        Args:
            scores: (b, m) of the candidates.
            rows: (m,) the candidates.
            which: (b,) of the lists the scores belong to, all of them by default.
        """
        from imgrec.neighbors.kernels import keep_best  # late: half a second

        if which is None:
            keep_best(scores, rows, self.own, self.best, self.found)
            return
        best, found = self.best[which], self.found[which]
        keep_best(scores, rows, self.own[which], best, found)
        self.best[which], self.found[which] = best, found

    def join(self, other: "Scores") -> None:
        """Let in what lists of the same rows have found elsewhere."""
        best = np.concatenate([self.best, other.best], axis=1)  # (b, 2c)
        found = np.concatenate([self.found, other.found], axis=1)
        order = np.lexsort((found, -best), axis=1)[:, : self.best.shape[1]]
        self.best[:] = np.take_along_axis(best, order, axis=1)
        self.found[:] = np.take_along_axis(found, order, axis=1)


@dataclass(frozen=True)
class Tile:
    """Some rows of a feature that lie one after the other in one block.

    Attributes:
        rows: (m,) of the feature.
        block: its number.
        inside: where they are among the rows of the block.
    """

    rows: Rows
    block: int
    inside: slice

    def load(self, feature: FeatureStore) -> Vectors:
        """Return the float32 vectors (m, d); a view of the mapped file where that is possible."""
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


def compared(feature: FeatureStore, own: Rows, candidates: Rows, k: int) -> Lists:
    """Return the k nearest of candidates (b, c) for each of b rows, by exact distances.

    Args:
        feature: with the vectors.
        own: (b,) rows.
        candidates: (b, c) rows, none twice in a list, -1 for none; at least k of them.
        k: neighbors wanted; places for which there is no candidate hold -1 and are at 9.
    """
    lists = Lists.empty(len(own), k)

    def fill(part: slice) -> None:
        _compare(feature, own[part], candidates[part], lists, part)

    in_threads(fill, list(parts(len(own), COMPARED_ROWS)))
    return lists


def _compare(feature: FeatureStore, own: Rows, candidates: Rows, lists: Lists, part: slice) -> None:
    from imgrec.neighbors.kernels import compare

    wanted = np.unique(np.concatenate([own, candidates[candidates >= 0]]))
    places = np.searchsorted(wanted, candidates)
    places[candidates < 0] = NONE
    distances = np.empty(candidates.shape, np.float32)
    compare(feature.take_rows(wanted), np.searchsorted(wanted, own), places, distances)
    order = np.lexsort((candidates, distances), axis=1)[:, : lists.rows.shape[1]]
    lists.rows[part] = np.take_along_axis(candidates, order, axis=1)
    lists.distances[part] = np.take_along_axis(distances, order, axis=1)


def settled(feature: FeatureStore, lengths: NDArray[np.float32], lists: Lists) -> Lists:
    """Return lists where vectors of zeros have found each other, which no product shows.

    Args:
        feature: with the vectors.
        lengths: (n,) as `inverse_lengths` has them.
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
    """Yield the slices that cut so many rows into parts of `step` or less."""
    return (slice(start, min(count, start + step)) for start in range(0, count, step))
