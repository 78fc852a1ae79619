"""Cells of a feature larger than memory: fitted on a sample, filled group by group.

As in `by_cells`, unit vectors are projected on principal axes and cut into cells by k-means. Cells
that are near each other are numbered one after another and lie in one *bin*, as many as a task
holds in memory: a search from one bin looks into few others.

    groups ── write_pieces ──▶ piece-g-b ── write_bin ──▶ bin-b, rows-b, means-b

A row is known by its place in the order of bins, cells and ids. What scratch holds of it: its
coordinates and product with the mean (`bin`), its id, part and row in the part (`rows`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.axes import Axes, sample_ids
from imgrec.distances.kmeans import gaps, kmeans, means
from imgrec.distances.metrics import scaled
from imgrec.encoders.spec import Vectors
from imgrec.neighbors.by_cells import (
    FIT_ROWS,
    SAMPLED,
    CellOptions,
    cut,
    fitted,
    projected,
)
from imgrec.neighbors.lists import inverse_lengths, parts
from imgrec.store.features import FeatureStore
from imgrec.store.part_groups import Groups, Mapping

# Rows of a bin on average: with 256 coordinates 128 MiB.
BIN_ROWS = 1 << 17
# Centers, and rows that they are fitted on: so many coordinates take 1 GiB.
_MOST_CELLS, _MOST_SAMPLED = 1 << 16, 1 << 20
_STEP_ROWS = 8192
# More cells than in memory, where neighbors of neighbors find what lies farther away.
_CELLS = CellOptions(candidates=64, visited=24)
_MODEL, _INDEX = "cells-model", "cells-index"


@dataclass(frozen=True)
class BinOptions:
    """Sizes of cells and bins.

    Attributes:
        cells: of cells, and of the search.
        bin_rows: of a bin on average; one cell of equal pictures may make it larger.
    """

    cells: CellOptions = _CELLS
    bin_rows: int = BIN_ROWS


class CellTask(NamedTuple):
    """Fill cells from one group, or gather one bin.

    Attributes:
        groups: of the feature.
        options: sizes.
        number: of the group or bin.
    """

    groups: Groups
    options: BinOptions
    number: int


@dataclass(frozen=True)
class CellIndex:
    """All cells, without their rows.

    Attributes:
        centers: (c, a) the mean coordinates of each cell.
        center_offsets: (c,) added to the product of a row with the centers to rank the cells.
        first_cells: (b + 1,) the first cell of each bin, then c.
        first_rows: (b + 1,) the first row of each bin, then n.
    """

    centers: Vectors
    center_offsets: NDArray[np.float32]
    first_cells: NDArray[np.intp]
    first_rows: NDArray[np.intp]

    @classmethod
    def load(cls, groups: Groups) -> "CellIndex":
        """Load what `fill_cells` saved."""
        return cls(*groups.scratch.load(_INDEX))


def fill_cells(
    feature: FeatureStore, groups: Groups, options: BinOptions, mapping: Mapping = map
) -> int:
    """Put all rows of a feature into cells, in scratch; return the number of bins.

    Args:
        feature: open; only a sample is read here.
        groups: of the feature, for the tasks.
        options: sizes.
        mapping: where tasks run.
    """
    scratch = groups.scratch
    if not scratch.has(_MODEL):
        scratch.save(_MODEL, *_fitted(feature, options))
    bins = int(scratch.load(_MODEL)[3][-1]) + 1
    if not scratch.has(_INDEX):
        groups_and_bins = range(groups.count), range(bins)
        _run(mapping, write_pieces, groups, options, groups_and_bins[0])
        _run(mapping, write_bin, groups, options, groups_and_bins[1])
        found = [scratch.load(f"means-{number:06d}") for number in range(bins)]
        first_cells = np.cumsum([0, *(len(centers) for centers, _, _ in found)])
        first_rows = np.cumsum([0, *(int(rows[0]) for _, _, rows in found)])
        centers = np.concatenate([centers for centers, _, _ in found])
        offsets = np.concatenate([offsets for _, offsets, _ in found])
        scratch.save(_INDEX, centers, offsets, first_cells, first_rows)
    for group in range(groups.count):
        for number in range(bins):
            scratch.remove(_piece_name(group, number))
    return bins


def write_pieces(task: CellTask) -> int:
    """Save the rows of a group bin by bin, and return its number; nothing is done twice."""
    groups, _, number = task
    scratch, name = groups.scratch, facts_name(number)
    if scratch.has(name):
        return number
    mean, components, centers, bin_of = scratch.load(_MODEL)
    feature, (parts_of, inner) = groups.feature(number), groups.places(number)
    lengths = inverse_lengths(feature)
    coordinates, offsets = projected(feature, lengths, Axes(mean, components, 0.0))
    cells = _cells_of(coordinates, centers)
    for wanted in range(int(bin_of[-1]) + 1):
        rows = np.flatnonzero(bin_of[cells] == wanted)
        ids = feature.ids[rows]
        scratch.save(
            _piece_name(number, wanted),
            *(ids, cells[rows], coordinates[rows], offsets[rows], parts_of[rows], inner[rows]),
        )
    scratch.save(name, feature.ids[lengths == 0], feature.ids[lengths > 0][:_STEP_ROWS])
    return number


def write_bin(task: CellTask) -> int:
    """Gather the pieces of a bin, and return its number; nothing is done twice."""
    groups, options, number = task
    scratch, name = groups.scratch, f"means-{number:06d}"
    if scratch.has(name):
        return number
    pieces = [scratch.load(_piece_name(group, number)) for group in range(groups.count)]
    ids, cells, coordinates, offsets, parts_of, inner = map(
        np.concatenate, zip(*pieces, strict=True)
    )
    del pieces
    order = np.lexsort((ids, cells))
    starts = cut(np.bincount(cells), options.cells.cell_rows)
    coordinates, offsets = coordinates[order], offsets[order]
    centers = means(coordinates, starts)
    # As in `by_cells.make_cells`.
    nearest_center = -np.einsum("ca,ca->c", centers, centers) / 2
    center_offsets = (nearest_center + means(offsets[:, None], starts)[:, 0]) / 2
    scratch.save(f"bin-{number:06d}", coordinates, offsets, starts)
    scratch.save(rows_name(number), ids[order], parts_of[order], inner[order])
    scratch.save(name, centers, center_offsets, np.array([len(ids)]))
    return number


def facts_name(number: int) -> str:
    """Return the name of the ids of zero vectors of a group, and of its first other ones."""
    return f"facts-{number:06d}"


def rows_name(number: int) -> str:
    """Return the name of the ids of a bin, with the part and the row there of each."""
    return f"rows-{number:06d}"


def _run(
    mapping: Mapping, function: object, groups: Groups, options: BinOptions, numbers: range
) -> None:
    for _ in mapping(function, (CellTask(groups, options, number) for number in numbers)):  # type: ignore[arg-type]
        pass


def _fitted(feature: FeatureStore, options: BinOptions) -> Iterator[NDArray[np.generic]]:
    """Yield mean, components, centers and the bin (c,) of each, neighbors side by side."""
    sample = scaled(feature.take(sample_ids(feature.ids, FIT_ROWS)), 2)
    axes = fitted(sample, options.cells.components)
    count = max(1, min(len(feature) // options.cells.cell_rows, _MOST_CELLS))
    picked = sample_ids(feature.ids, min(SAMPLED * count, _MOST_SAMPLED))
    stretches = parts(len(picked), _STEP_ROWS)
    sampled = [axes.project(scaled(feature.take(picked[part]), 2)) for part in stretches]
    coordinates = np.concatenate(sampled)
    centers = kmeans(coordinates, count)
    regions = kmeans(centers, max(1, len(feature) // options.bin_rows))
    order = np.argsort(gaps(centers, regions).argmin(axis=1), kind="stable")
    centers = centers[order]
    sizes = np.bincount(_cells_of(coordinates, centers), minlength=len(centers))
    share = sizes / len(picked) * len(feature) / options.bin_rows  # of a bin
    bins = (np.cumsum(share) - share / 2).astype(np.int64)
    # Without gaps in the numbers, where a cell is larger than a bin.
    yield from (axes.mean, axes.components, centers, np.unique(bins, return_inverse=True)[1])


def _cells_of(coordinates: Vectors, centers: Vectors) -> NDArray[np.intp]:
    step = max(1, (1 << 24) // len(centers))
    found = [gaps(coordinates[part], centers).argmin(axis=1)
             for part in parts(len(coordinates), step)]  # fmt: skip
    return np.concatenate([*found, np.zeros(0, np.intp)])


def _piece_name(group: int, number: int) -> str:
    return f"piece-{group:06d}-{number:06d}"
