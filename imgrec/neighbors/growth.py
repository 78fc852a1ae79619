"""Update a k-NN graph after pictures came or went, and refine an approximate one.

The nearest of new pictures are found exactly. A picture that lost a neighbor most likely finds
another among the neighbors of its neighbors: two pictures that are near the same third one are
probably near each other. `refined` uses the same idea for all pictures of an approximate graph.

Invariant: a neighbor that is carried over keeps its distance; every distance is exact.

Source: Dong, Moses, Li 2011, Efficient k-Nearest Neighbor Graph Construction (NN-descent).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.rows import Coverage
from imgrec.neighbors.by_products import SMALL, is_small, nearest
from imgrec.neighbors.lists import (
    NONE,
    Lists,
    Rows,
    Scores,
    compared,
    inverse_lengths,
    parts,
    settled,
)
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import FeatureStore, positions

# The share of pictures that may come or go.
MOST_CHANGED = 0.05
# Values of new vectors: with more, the exact search takes as long as building the graph.
MOST_NEW = 2e7
# Larger than the rounding error of a product of unit vectors.
_ROUNDING = 1e-5
_STEP_ROWS = 8192


def grown_lists(
    feature: FeatureStore,
    kept: Neighbors,
    coverage: Coverage,
    progress: Callable[[int], object] = lambda count: None,
    small: float = SMALL,
    most_new: float = MOST_NEW,
) -> tuple[Lists, bool] | None:
    """Return the lists of all rows of a feature, computed from an older graph.

    Neighbors of new pictures are searched exactly, and new pictures are inserted into the lists of
    others. Pictures that lost a neighbor are searched exactly too if `small` allows it, else
    among the neighbors of their neighbors, including those of the lost ones.

    Args:
        feature: the current vectors.
        kept: the older graph.
        coverage: of the vectors that the older graph was computed from.
        progress: called with the number of rows done, n in all.
        small: multiplications up to which all that changed is searched exactly.
        most_new: values of new vectors, beyond which the graph is not grown.

    Returns:
        the lists, and True if everything was searched exactly; None if too much changed.
    """
    change = _carried(feature, kept, coverage, most_new)
    if change is None:
        return None
    lists, lost = change.lists, change.lost
    exact = is_small(feature, len(change.new) + len(lost), small)
    redone = np.union1d(change.new, lost) if exact else change.new
    lengths, entered = inverse_lengths(feature), _thresholds(lists)
    _redo(feature, lengths, lists, redone, entered, progress)
    for rows in _chunks(np.setdiff1d(np.flatnonzero((entered.found >= 0).any(axis=1)), redone)):
        _fill(feature, lists, rows, entered.found[rows])
    for rows in _chunks(np.setdiff1d(lost, redone)):
        _fill(feature, lists, rows, change.hops(rows))
    _redo(feature, lengths, lists, np.flatnonzero((lists.rows < 0).any(axis=1)))
    progress(len(feature) - len(redone))
    return settled(feature, lengths, lists), exact or not len(lost)


@dataclass(frozen=True)
class _Change:
    """What an older graph says about the current rows.

    Attributes:
        places: (n,) the older row of each row, -1 for a new one.
        before: (m, k) the older neighbors, as older rows.
        now: (m + 1,) the current row of each older row, -1 for a removed one; the last is -1.
        lists: of all rows, -1 for a removed neighbor and for all neighbors of a new row.
        new: the new rows.
        lost: the rows that lost a neighbor.
    """

    places: NDArray[np.intp]
    before: Rows
    now: Rows
    lists: Lists
    new: Rows
    lost: Rows

    def hops(self, rows: Rows) -> Rows:
        """Return the older neighbors of rows and theirs (b, k + k²), as current rows."""
        return np.asarray(self.now[two_hops(self.before, self.places[rows])])


def _carried(
    feature: FeatureStore, kept: Neighbors, coverage: Coverage, most_new: float
) -> _Change | None:
    """Return what the older graph says, None if too much changed."""
    places = coverage.places(feature)
    carried, new = np.flatnonzero(places >= 0), np.flatnonzero(places < 0)
    changed = max(len(new), len(coverage.ids) - len(carried))
    if changed > MOST_CHANGED * len(feature) or len(new) * feature.dimensions > most_new:
        return None
    if len(feature) <= kept.k:
        return None
    before = positions(kept.ids, kept.neighbors.ravel()).reshape(kept.neighbors.shape)
    now = np.full(len(kept.ids) + 1, NONE)
    now[places[carried]] = carried
    lists = Lists.empty(len(feature), kept.k)
    lists.rows[carried] = now[before[places[carried]]]
    lists.distances[carried] = kept.distances[places[carried]]
    lost = carried[(lists.rows[carried] < 0).any(axis=1)]
    return _Change(places, before, now, lists, new, lost)


def _redo(
    feature: FeatureStore,
    lengths: NDArray[np.float32],
    lists: Lists,
    rows: Rows,
    entered: Scores | None = None,
    progress: Callable[[int], object] = lambda count: None,
) -> None:
    """Search the nearest of some rows exactly, as `nearest` does."""
    best = nearest(feature, lengths, rows, lists.rows.shape[1], entered, progress)
    lists.rows[rows], lists.distances[rows] = best.rows, best.distances


def _thresholds(lists: Lists) -> Scores:
    """Return empty lists of all rows that only accept what is nearer than the last neighbor."""
    scores = Scores.none(np.arange(len(lists.rows)), lists.rows.shape[1])
    whole = (lists.rows >= 0).all(axis=1)
    scores.best[whole] = 1 - lists.distances[whole, -1:] - _ROUNDING
    return scores


def _fill(feature: FeatureStore, lists: Lists, rows: Rows, more: Rows) -> None:
    """Insert candidates (b, c) into the lists of some rows."""
    candidates = np.concatenate([lists.rows[rows], more], axis=1)
    found = compared(feature, rows, without_twins(rows, candidates), lists.rows.shape[1])
    lists.rows[rows], lists.distances[rows] = found.rows, found.distances


def _chunks(rows: NDArray[np.intp]) -> list[Rows]:
    return [rows[part] for part in parts(len(rows), _STEP_ROWS)]


def two_hops(neighbors: Rows, rows: Rows) -> Rows:
    """Return the neighbors of rows (b,) and the neighbors of these (b, k + k²).

    Args:
        neighbors: (n, k) rows, -1 for none.
        rows: (b,) whose neighbors are wanted.
    """
    first = neighbors[rows]  # (b, k)
    second = neighbors[first]  # (b, k, k); those of -1 are of the last row, and go
    second[first < 0] = NONE
    return np.concatenate([first, second.reshape(len(rows), -1)], axis=1)


def without_twins(own: Rows, candidates: Rows) -> Rows:
    """Return candidates (b, c) with -1 in place of duplicates and of the row itself."""
    ordered = np.sort(np.where(candidates == own[:, None], NONE, candidates), axis=1)
    ordered[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = NONE
    return ordered


def refined(
    feature: FeatureStore, lists: Lists, progress: Callable[[int], object] = lambda count: None
) -> Lists:
    """Return lists of the nearest among the neighbors of neighbors of every row.

    Args:
        feature: with the vectors.
        lists: of all rows.
        progress: called with the number of rows done.
    """
    better = Lists.empty(*lists.rows.shape)
    for part in parts(len(feature), _STEP_ROWS):
        own = np.arange(part.start, part.stop)
        candidates = without_twins(own, two_hops(lists.rows, own))
        found = compared(feature, own, candidates, lists.rows.shape[1])
        better.rows[part], better.distances[part] = found.rows, found.distances
        progress(len(own))
    return better
