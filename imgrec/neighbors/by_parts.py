"""Exact nearest neighbors of a feature larger than memory: each pair of groups of parts once.

A task multiplies the vectors of two groups and saves two lists: of the pictures of the first one
with their k nearest in the second one, and the other way round. As in `by_products`, a few spare
candidates are compared again pair by pair, so every distance is exact, and a merge has only to sort
by distance, then id. A task holds two groups in memory (`imgrec.store.part_groups`).

The result does not depend on the order of the tasks, nor on where they run; a task whose lists are
there is not computed again. It equals that of `by_products`, however parts are grouped, unless more
pictures than the spare ones are as near as the last neighbor but for rounding.

    pairs of groups ── write_pair ──▶ lists-i-j, lists-j-i ── write_merged ──▶ nearest-i
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.distances.metrics import Distances
from imgrec.neighbors.by_products import nearest
from imgrec.neighbors.kernels import BEYOND
from imgrec.neighbors.lists import (
    NONE,
    SPARE,
    Lists,
    Scores,
    compared,
    inverse_lengths,
    settled,
    tiles,
)
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import FeatureStore
from imgrec.store.part_groups import Groups, Mapping
from imgrec.store.scratch import Scratch


class PairTask(NamedTuple):
    """Find the nearest of two groups in each other.

    Attributes:
        groups: of the feature.
        k: neighbors.
        one: number of a group.
        other: number of a group, not less.
    """

    groups: Groups
    k: int
    one: int
    other: int


class MergeTask(NamedTuple):
    """Merge the lists of one group.

    Attributes:
        groups: of the feature.
        k: neighbors.
        number: of the group.
    """

    groups: Groups
    k: int
    number: int


def lists_by_parts(
    groups: Groups,
    k: int,
    mapping: Mapping = map,
    progress: Callable[[int], object] = lambda count: None,
) -> Iterator[Neighbors]:
    """Yield the k nearest of the pictures of each group, among all pictures.

    Args:
        groups: of the feature, with more than k vectors.
        k: neighbors.
        mapping: where tasks run.
        progress: called with the number of pairs of groups done.
    """
    numbers = range(groups.count)
    pairs = (PairTask(groups, k, i, j) for i in numbers for j in range(i, groups.count))
    for _ in mapping(write_pair, pairs):
        progress(1)
    for own in mapping(write_merged, (MergeTask(groups, k, number) for number in numbers)):
        for other in numbers:
            groups.scratch.remove(_pair_name(own, other))
    for number in numbers:
        yield load_lists(groups.scratch, merged_name(number))


def write_pair(task: PairTask) -> tuple[int, int]:
    """Save the lists of two groups, and return their numbers; nothing is done twice."""
    groups, k, one, other = task
    scratch, done = groups.scratch, (one, other)
    if _is_there(scratch, one, other) and _is_there(scratch, other, one):
        return done
    if one == other:
        save_lists(scratch, _pair_name(one, one), lists_within(groups.feature(one), k))
        return done
    first, second = lists_between(groups.feature(one), groups.feature(other), k)
    save_lists(scratch, _pair_name(one, other), first)
    save_lists(scratch, _pair_name(other, one), second)
    return done


def write_merged(task: MergeTask) -> int:
    """Save the nearest of a group among all, and return its number."""
    groups, k, number = task
    scratch, name = groups.scratch, merged_name(number)
    names = [_pair_name(number, other) for other in range(groups.count)]
    if not scratch.has(name):
        best = load_lists(scratch, names[0])
        for other in names[1:]:
            best = merged(best, load_lists(scratch, other), k)
        save_lists(scratch, name, best)
    return number


def lists_within(feature: FeatureStore, k: int) -> Neighbors:
    """Return the k nearest of the pictures of a group in itself; -1 where it has no more."""
    most = min(k, len(feature) - 1)
    lists, every = Lists.empty(len(feature), most), np.arange(len(feature))
    if most:
        lengths = inverse_lengths(feature)
        lists = settled(feature, lengths, nearest(feature, lengths, every, most))
    return _named(feature, every, lists, k)


def lists_between(one: FeatureStore, other: FeatureStore, k: int) -> tuple[Neighbors, Neighbors]:
    """Return the k nearest of the pictures of each group in the other; -1 where it has no more.

    Every product is computed once and serves both. Vectors of zeros, which are nearest to each
    other, get those of their own group too.
    """
    both = _both(one, other)
    entered = Scores.none(np.arange(len(both)), min(k + SPARE, len(both) - 1))
    lists, lengths = _nearest_in(both, one, other, k, entered)
    right = both.rows_of(other.ids)
    best = compared(both, right, entered.found[right], lists.rows.shape[1])
    lists.rows[right], lists.distances[right] = best.rows, best.distances
    settled(both, lengths, lists)
    return _named(both, both.rows_of(one.ids), lists, k), _named(both, right, lists, k)


def lists_into(one: FeatureStore, other: FeatureStore, k: int) -> Neighbors:
    """Return the k nearest of a few pictures in a group, which may hold them too."""
    both = _both(one, other)
    lists, lengths = _nearest_in(both, one, other, k)
    settled(both, lengths, lists)
    return _named(both, both.rows_of(one.ids), lists, k)


def _both(one: FeatureStore, other: FeatureStore) -> FeatureStore:
    return FeatureStore(one.name, one.dimensions, [*one.blocks, *other.blocks])


def _nearest_in(
    both: FeatureStore,
    one: FeatureStore,
    other: FeatureStore,
    k: int,
    entered: Scores | None = None,
) -> tuple[Lists, NDArray[np.float32]]:
    """Return lists of all rows of both, filled for the first one, and their inverse lengths."""
    lists, lengths = Lists.empty(len(both), min(k, len(both) - 1)), inverse_lengths(both)
    # What is in both is only in the blocks of the other one.
    among = [tile for tile in tiles(both) if tile.block >= len(both.blocks) - len(other.blocks)]
    left = both.rows_of(one.ids)
    best = nearest(both, lengths, left, lists.rows.shape[1], entered, among=among)
    lists.rows[left], lists.distances[left] = best.rows, best.distances
    return lists, lengths


def merged(one: Neighbors, other: Neighbors, k: int) -> Neighbors:
    """Return the k nearest of two lists of the same pictures; ties by id, none twice."""
    ids = np.concatenate([one.neighbors, other.neighbors], axis=1)
    distances = np.concatenate([one.distances, other.distances], axis=1)
    ids, distances = _sorted(ids, distances)
    # Equal ids have equal distances, so they stand side by side.
    twins = ids[:, 1:] == ids[:, :-1]
    if (twins & (ids[:, 1:] != NONE)).any():
        ids[:, 1:][twins], distances[:, 1:][twins] = NONE, BEYOND
        ids, distances = _sorted(ids, distances)
    return Neighbors(one.ids, ids[:, :k].copy(), distances[:, :k].copy())


def merged_name(number: int) -> str:
    """Return the name of the merged lists of a group."""
    return f"nearest-{number:06d}"


def save_lists(scratch: Scratch, name: str, lists: Neighbors) -> None:
    """Save lists in scratch."""
    scratch.save(name, lists.ids, lists.neighbors, lists.distances)


def load_lists(scratch: Scratch, name: str) -> Neighbors:
    """Load lists from scratch."""
    return Neighbors(*scratch.load(name))


def _pair_name(own: int, other: int) -> str:
    return f"lists-{own:06d}-{other:06d}"


def _is_there(scratch: Scratch, own: int, other: int) -> bool:
    return scratch.has(_pair_name(own, other)) or scratch.has(merged_name(own))


def _sorted(ids: Ids, distances: Distances) -> tuple[Ids, Distances]:
    order = np.lexsort((ids, distances), axis=1)
    return np.take_along_axis(ids, order, axis=1), np.take_along_axis(distances, order, axis=1)


def _named(feature: FeatureStore, own: NDArray[np.intp], lists: Lists, k: int) -> Neighbors:
    """Return lists of some rows by ids, filled up to k with -1."""
    rows, distances = lists.rows[own], lists.distances[own]
    ids = np.where(rows < 0, NONE, feature.ids[rows])
    lacking = ((0, 0), (0, k - rows.shape[1]))
    ids = np.pad(ids, lacking, constant_values=NONE)
    distances = np.pad(distances, lacking, constant_values=np.float32(BEYOND))
    return Neighbors(feature.ids[own], ids, distances)
