"""Approximate nearest rows: candidates from k-means cells, compared by exact distances.

The unit vectors are projected on their principal axes, and k-means cuts these coordinates into
cells of some hundred rows. Each row is multiplied with all rows of the cells nearest to it; the
best of these estimates are its candidates. Neighbors of neighbors find what lies in cells farther
away (`imgrec.neighbors.descent`). Then the exact distances of the best are computed. With mean μ
and coordinates z of unit vectors a and b, a·b ≈ z_a·z_b + μ·b + c, where c depends on a alone and
does not change the order.

Source: inverted files (Jégou, Douze, Schmid 2011, Product Quantization for Nearest Neighbor
Search); here all rows of a task visit a cell together, as one matrix product.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from imgrec.distances.axes import Axes, sample_ids
from imgrec.distances.kmeans import gaps, kmeans, means
from imgrec.distances.metrics import scaled
from imgrec.encoders.spec import Vectors
from imgrec.neighbors.by_products import nearest
from imgrec.neighbors.codes import Codes, one_thread_each, products
from imgrec.neighbors.descent import Estimates, descend
from imgrec.neighbors.lists import (
    COMPARED_ROWS,
    NONE,
    Lists,
    Rows,
    Tile,
    compared,
    inverse_lengths,
    parts,
    settled,
    tiles,
)
from imgrec.store.features import FeatureStore
from imgrec.system.threads import in_threads

FIT_ROWS = 16_384
_MOST_FILLED = 4  # times the average; a larger cell is cut
SAMPLED = 64  # rows a center is fitted on
_PASSES = 2  # over the sample that the axes are fitted on
_STEP_ROWS = 8192
_SEED = 0


@dataclass(frozen=True)
class CellOptions:
    """How rows are cut into cells and how far a search looks.

    Attributes:
        components: principal axes of the coordinates.
        candidates: rows a list compares in full, at least; twice the neighbors where that is more.
        visited: cells whose rows are estimated for a row, at first.
        cell_rows: rows of a cell on average; one of more than four times as many is cut.
        task_rows: rows a thread does at a time; `compared` must not cut them again, or its
            threads would wait for each other.
    """

    components: int = 256
    candidates: int = 96
    visited: int = 16
    cell_rows: int = 800
    task_rows: int = COMPARED_ROWS


CELLS = CellOptions()


@dataclass(frozen=True)
class Cells:
    """Rows on principal axes, sorted by cell.

    Attributes:
        rows: (n,) of the feature, cell by cell, ascending within each.
        starts: (c + 1,) where each cell begins, then n.
        centers: (c, a) the mean coordinates of each cell.
        center_offsets: (c,) added to the product of a row with the centers to rank the cells.
        coordinates: (n, a) of `rows`.
        codes: the coordinates, rounded.
        offsets: (n,) the product of each unit vector with the mean.
    """

    rows: Rows
    starts: NDArray[np.intp]
    centers: Vectors
    center_offsets: NDArray[np.float32]
    coordinates: Vectors
    codes: Codes
    offsets: NDArray[np.float32]


def approximate_lists(
    feature: FeatureStore,
    k: int,
    progress: Callable[[int], object] = lambda count: None,
    options: CellOptions = CELLS,
) -> Lists:
    """Return approximately the k nearest rows of every row, with exact distances.

    Args:
        feature: with n vectors, more than k.
        k: neighbors.
        progress: called with the number of rows done.
        options: sizes of the cells and of the search.
    """
    lengths, n = inverse_lengths(feature), len(feature)
    cells = make_cells(feature, lengths, options)
    estimates = Estimates.none(n, min(max(options.candidates, 2 * k), n - 1))
    lists = Lists.empty(n, k)
    every = list(parts(n, options.task_rows))

    def estimate(part: slice) -> None:
        candidates(cells, part, estimates, options.visited)
        progress((part.stop - part.start) // 2)

    def fill(part: slice) -> None:
        own, found = cells.rows[part], estimates.found[part]
        near = np.where(found < 0, NONE, cells.rows[found])
        best = compared(feature, own, near, k, estimates.best[part])
        lists.rows[own], lists.distances[own] = best.rows, best.distances
        progress(len(own) - len(own) // 2)

    with one_thread_each():
        in_threads(estimate, every)
        descend(estimates, cells.codes, cells.offsets, k)
        in_threads(fill, every)
    # Rows whose cells held too few candidates.
    short = np.flatnonzero((lists.rows < 0).any(axis=1))
    if len(short):
        best = nearest(feature, lengths, short, k)
        lists.rows[short], lists.distances[short] = best.rows, best.distances
    return settled(feature, lengths, lists)


def bytes_a_row(options: CellOptions = CELLS) -> int:
    """Return the bytes of memory that a search takes for each row."""
    # Coordinates in the order of the rows and in that of the cells, codes, estimates and rows.
    return (2 * 4 + 1) * options.components + 2 * 4 * options.candidates


def make_cells(
    feature: FeatureStore, lengths: NDArray[np.float32], options: CellOptions = CELLS
) -> Cells:
    """Return all rows of a feature, cut into cells.

    Args:
        feature: with n vectors.
        lengths: (n,) inverse, as `imgrec.neighbors.lists.inverse_lengths` returns them.
        options: sizes of the cells.
    """
    sample = scaled(feature.take(sample_ids(feature.ids, FIT_ROWS)), 2)
    axes = fitted(sample, options.components)
    del sample
    coordinates, offsets = projected(feature, lengths, axes)
    count = max(1, len(feature) // options.cell_rows)
    picked = sample_ids(np.arange(len(feature)), SAMPLED * count)
    centers = kmeans(coordinates[picked], count)
    numbers = np.empty(len(feature), np.intp)

    def assign(part: slice) -> None:
        numbers[part] = gaps(coordinates[part], centers).argmin(axis=1)

    with threadpool_limits(1, "blas"):
        in_threads(assign, list(parts(len(feature), _STEP_ROWS)))
    rows = np.argsort(numbers, kind="stable")
    starts = cut(np.bincount(numbers, minlength=count), options.cell_rows)
    coordinates, offsets = coordinates[rows], offsets[rows]
    centers = means(coordinates, starts)
    nearest_center = -np.einsum("ca,ca->c", centers, centers) / 2
    best_on_average = means(offsets[:, None], starts)[:, 0]
    # The mean of both: the first alone misses a dense group in the middle of scattered rows, whose
    # mean is nearer still; the second alone misses rows far from the mean.
    center_offsets = (nearest_center + best_on_average) / 2
    codes = Codes.of(coordinates)
    return Cells(rows, starts, centers, center_offsets, coordinates, codes, offsets)


def candidates(
    cells: Cells, part: slice, estimates: Estimates, visited: int = CELLS.visited
) -> None:
    """Insert the rows of the nearest cells with the best estimates into the lists of some rows.

    Args:
        cells: of all rows, which are known by their places in `cells.rows`.
        part: of these, b of them.
        estimates: of all rows; changed in place.
        visited: cells looked into.
    """
    # Imported here: it takes half a second.
    from imgrec.neighbors.kernels import keep_estimates

    own, codes = cells.coordinates[part], cells.codes.values[part]  # (b, a)
    visited = min(visited, len(cells.centers))
    alike = own @ cells.centers.T + cells.center_offsets  # (b, c)
    best = np.argpartition(-alike, visited - 1, axis=1)[:, :visited]
    near = np.zeros(alike.shape, bool)
    np.put_along_axis(near, best, True, axis=1)
    wanted = near.sum(axis=0)
    # What most rows want comes first: then most others are too far to enter a list.
    for cell in np.argsort(-wanted, kind="stable")[: np.count_nonzero(wanted)].tolist():
        which = np.flatnonzero(near[:, cell])
        first, end = int(cells.starts[cell]), int(cells.starts[cell + 1])
        rows = codes if len(which) == len(codes) else codes[which]
        keep_estimates(
            products(rows, cells.codes.values[first:end]),
            cells.codes.scale,
            cells.offsets[first:end],
            first,
            which,
            part.start,
            estimates.best[part],
            estimates.found[part],
        )


def fitted(sample: Vectors, components: int) -> Axes:
    """Return axes that span about the same space as the first principal axes of vectors (m, d).

    They are turned at random, which changes no product: coordinates of the same spread lose least
    when they are rounded.

    Source: subspace iteration (Halko, Martinsson, Tropp 2011, Finding Structure with Randomness).
    """
    rng, d = np.random.default_rng(_SEED), sample.shape[1]
    mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    centered = sample - mean
    count = min(components, d)
    columns = rng.standard_normal((d, count), np.float32)
    with threadpool_limits(1, "blas"):
        for _ in range(_PASSES):
            columns = centered.T @ (centered @ np.linalg.qr(columns)[0])
        columns = np.linalg.qr(columns)[0]  # (d, c)
    turn = np.linalg.qr(rng.standard_normal((count, count), np.float32))[0]
    some = centered[:: max(1, len(centered) // _STEP_ROWS)]
    kept = float(np.square(some @ columns).sum() / (np.square(some).sum() or 1.0))
    return Axes(mean, np.ascontiguousarray(turn @ columns.T), kept)


def projected(
    feature: FeatureStore, lengths: NDArray[np.float32], axes: Axes
) -> tuple[Vectors, NDArray[np.float32]]:
    """Return the coordinates (n, a) of the unit vectors, and their products (n,) with the mean."""
    coordinates = np.empty((len(feature), len(axes.components)), np.float32)
    offsets = np.empty(len(feature), np.float32)
    moved = axes.components @ axes.mean

    def project(tile: Tile) -> None:
        vectors, scales = tile.load(feature), lengths[tile.rows]
        coordinates[tile.rows] = (vectors @ axes.components.T) * scales[:, None] - moved
        offsets[tile.rows] = (vectors @ axes.mean) * scales

    # One thread each: those of BLAS wait for each other, which is slow beside other work.
    with threadpool_limits(1, "blas"):
        in_threads(project, tiles(feature))
    return coordinates, offsets


def cut(sizes: NDArray[np.intp], cell_rows: int) -> NDArray[np.intp]:
    """Return where cells of these sizes (c,) begin, without empty ones, large ones cut evenly.

    k-means puts pictures that are all alike into one cell, whose product grows with the square of
    its size.
    """
    ends = np.cumsum(sizes)
    starts = [0]
    for size, end in zip(sizes.tolist(), ends.tolist(), strict=True):
        if size:
            pieces = -(-size // cell_rows) if size > _MOST_FILLED * cell_rows else 1
            starts += [end - size + size * piece // pieces for piece in range(1, pieces + 1)]
    return np.array(starts)
