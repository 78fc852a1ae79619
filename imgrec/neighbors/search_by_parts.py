"""Approximate nearest neighbors of a feature larger than memory: each bin of cells by a task.

A task estimates the cosines of the rows of its bin with all rows of the cells nearest to each, then
reads the vectors of the best candidates and compares them exactly, as `by_cells` does in memory.
Rows whose cells held too few candidates are searched exactly (`imgrec.neighbors.probing`); in the
same way the recall is measured on a sample. `write_refined` compares neighbors of neighbors too.

    bins ── write_found ──▶ found-b ── write_refined ──▶ refined-b
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from imgrec.collection import Ids
from imgrec.distances.axes import sample_ids
from imgrec.encoders.spec import Vectors
from imgrec.neighbors.by_products import CHECKED
from imgrec.neighbors.cells_by_parts import BinOptions, CellIndex, facts_name, fill_cells
from imgrec.neighbors.comparing_by_parts import by_bin, compared_by_parts
from imgrec.neighbors.growth import without_twins
from imgrec.neighbors.lists import NONE, Rows, Scores, parts
from imgrec.neighbors.neighbors import Neighbors
from imgrec.neighbors.probing import probe
from imgrec.store.features import FeatureStore, positions
from imgrec.store.part_groups import Groups, Mapping
from imgrec.system.threads import in_threads

BINS = BinOptions()
_TASK_ROWS = 2048
_COMPARED_ROWS = 8192


class BinTask(NamedTuple):
    """Find the nearest of the rows of one bin.

    Attributes:
        groups: of the feature.
        options: of cells and bins.
        k: neighbors.
        number: of the bin.
    """

    groups: Groups
    options: BinOptions
    k: int
    number: int


@dataclass(frozen=True)
class Approximate:
    """Lists in scratch, and how good they are.

    Attributes:
        lists: yields those of each bin.
        recall: share of the true nearest pictures that they hold, 0 to 1.
        checked: pictures that it was measured on.
    """

    lists: Callable[[], Iterator[Neighbors]]
    recall: float
    checked: int


def approximate_by_parts(
    feature: FeatureStore,
    groups: Groups,
    k: int,
    mapping: Mapping = map,
    progress: Callable[[int], object] = lambda count: None,
    options: BinOptions = BINS,
    checked: int = CHECKED,
    least_recall: float = 0.0,
) -> Approximate:
    """Find approximately the k nearest of every picture, with exact distances.

    Args:
        feature: open, with more than k vectors; samples are read here, the rest by tasks.
        groups: of the feature.
        k: neighbors.
        mapping: where tasks run.
        progress: called with the number of bins done.
        options: of cells and bins.
        checked: pictures that the recall is measured on.
        least_recall: below, neighbors of neighbors are compared too.
    """
    bins = range(fill_cells(feature, groups, options, mapping))
    for _ in mapping(write_found, (BinTask(groups, options, k, number) for number in bins)):
        progress(1)
    ids = sample_ids(feature.ids, checked)
    true = probe(feature, groups, ids, k, "checked", mapping)
    name = "found"
    share = _share(_lists(feature, groups, k, name, mapping), true)
    if share < least_recall:
        for _ in mapping(write_refined, (BinTask(groups, options, k, number) for number in bins)):
            progress(0)
        name = "refined"
        share = _share(_lists(feature, groups, k, name, mapping), true)
    return Approximate(lambda: _lists(feature, groups, k, name, mapping), share, len(ids))


def write_found(task: BinTask) -> int:
    """Save the nearest of the rows of a bin, and return its number; nothing is done twice."""
    groups, options, k, number = task
    scratch, name = groups.scratch, _name("found", number)
    if not scratch.has(name):
        index, count = CellIndex.load(groups), max(options.cells.candidates, 2 * k)
        with threadpool_limits(1, "blas"):
            found = _candidates(groups, index, number, count, options.cells.visited)
        own = np.arange(index.first_rows[number], index.first_rows[number + 1])
        batches = (found[part] for part in parts(len(own), _COMPARED_ROWS))
        scratch.save(name, *compared_by_parts(groups, index, own, batches, k))
    return number


def write_refined(task: BinTask) -> int:
    """Save the nearest among the neighbors of neighbors, and return the number of the bin."""
    groups, _, k, number = task
    scratch, name = groups.scratch, _name("refined", number)
    if not scratch.has(name):
        index = CellIndex.load(groups)
        own = np.arange(index.first_rows[number], index.first_rows[number + 1])
        first = scratch.load(_name("found", number))[1]  # (b, k)
        batches = (
            without_twins(own[part], _two_hops(groups, index, first[part]))
            for part in parts(len(own), _COMPARED_ROWS)
        )
        scratch.save(name, *compared_by_parts(groups, index, own, batches, k))
    return number


def _candidates(groups: Groups, index: CellIndex, number: int, count: int, visited: int) -> Rows:
    """Return the rows (b, count) of the nearest cells with the best estimates, -1 where too few."""
    coordinates = groups.scratch.load(f"bin-{number:06d}")[0]  # (b, a)
    near = _near_cells(index, coordinates, visited)
    first = int(index.first_rows[number])
    scores = Scores.none(first + np.arange(len(coordinates)), count)
    bins = np.unique(np.searchsorted(index.first_cells, np.unique(near), side="right") - 1)
    for other in bins.tolist():
        others, offsets, starts = groups.scratch.load(f"bin-{other:06d}")
        cells, rows = index.first_cells[other : other + 2], int(index.first_rows[other])

        def fill(
            part: slice,
            others: Vectors = others,
            offsets: Vectors = offsets,
            starts: NDArray[Any] = starts,
            cells: NDArray[Any] = cells,
            rows: int = rows,
        ) -> None:
            wanted = near[part]
            for cell in np.unique(wanted[(wanted >= cells[0]) & (wanted < cells[1])]).tolist():
                which = part.start + np.flatnonzero((wanted == cell).any(axis=1))
                start, end = starts[cell - cells[0] : cell - cells[0] + 2]
                estimates = coordinates[which] @ others[start:end].T  # (w, m)
                estimates += offsets[start:end]
                scores.keep(estimates, rows + np.arange(start, end), which)

        in_threads(fill, list(parts(len(coordinates), _TASK_ROWS)))
    return scores.found


def _near_cells(index: CellIndex, coordinates: Vectors, visited: int) -> NDArray[np.int32]:
    """Return the cells (b, v) nearest to each row."""
    visited = min(visited, len(index.centers))
    near = np.empty((len(coordinates), visited), np.int32)
    for part in parts(len(coordinates), max(1, (1 << 23) // len(index.centers))):
        alike = coordinates[part] @ index.centers.T + index.center_offsets
        near[part] = np.argpartition(-alike, visited - 1, axis=1)[:, :visited]
    return near


def _two_hops(groups: Groups, index: CellIndex, first: Rows) -> Rows:
    """Return neighbors (b, k) and the neighbors of these (b, k + k²)."""
    wanted = np.unique(first[first >= 0])
    second = np.full((len(wanted) + 1, first.shape[1]), NONE)  # the last of no row
    for number, inside, rows in by_bin(index, wanted):
        second[:-1][inside] = groups.scratch.load(_name("found", number))[1][rows]
    places = np.where(first < 0, len(wanted), np.searchsorted(wanted, first))
    return np.concatenate([first, second[places].reshape(len(first), -1)], axis=1)


def _lists(
    feature: FeatureStore, groups: Groups, k: int, name: str, mapping: Mapping
) -> Iterator[Neighbors]:
    """Yield the lists of each bin, those of zero vectors and short ones replaced by exact ones."""
    scratch, bins = groups.scratch, range(len(CellIndex.load(groups).first_rows) - 1)
    zeros, others = _zeros(groups, k)
    short = np.sort(np.concatenate([_short(groups, name, number, zeros) for number in bins]))
    exact = [
        probe(feature, groups, short[part], k, f"short-{name}-{part.start}", mapping)
        for part in parts(len(short), _COMPARED_ROWS)
    ]
    for number in bins:
        ids, _, neighbors, distances = scratch.load(_name(name, number))
        for of_probes in exact:
            rows = positions(of_probes.ids, ids)
            there = rows >= 0
            neighbors[there] = of_probes.neighbors[rows[there]]
            distances[there] = of_probes.distances[rows[there]]
        for row in np.flatnonzero(np.isin(ids, zeros)):
            near = zeros[: k + 1][zeros[: k + 1] != ids[row]][:k]
            neighbors[row] = np.concatenate([near, others])[:k]
            distances[row] = np.arange(k) >= len(near)
        yield Neighbors(ids, neighbors, distances)


def _zeros(groups: Groups, k: int) -> tuple[Ids, Ids]:
    """Return the ids of zero vectors, and the first k + 1 of others, which are all as far."""
    facts = [groups.scratch.load(facts_name(number)) for number in range(groups.count)]
    zeros = np.sort(np.concatenate([of_group[0] for of_group in facts]))
    return zeros, np.sort(np.concatenate([of_group[1] for of_group in facts]))[: k + 1]


def _short(groups: Groups, name: str, number: int, zeros: Ids) -> Ids:
    """Return the ids of a bin whose cells held too few candidates."""
    ids, _, neighbors, _ = groups.scratch.load(_name(name, number))
    short = ids[(neighbors < 0).any(axis=1)]
    return short[~np.isin(short, zeros)]


def _share(lists: Iterator[Neighbors], true: Neighbors) -> float:
    """Return the share of true neighbors that lists hold, as `by_products.recall` counts them."""
    right = 0
    for found in lists:
        places = np.searchsorted(true.ids, found.ids)
        places[places == len(true.ids)] = 0
        rows = np.flatnonzero(true.ids[places] == found.ids)
        right += int((found.distances[rows] <= true.distances[places[rows], -1:]).sum())
    return right / true.distances.size


def _name(kind: str, number: int) -> str:
    return f"{kind}-{number:06d}"
