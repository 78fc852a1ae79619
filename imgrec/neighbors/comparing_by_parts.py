"""Exact distances of candidates whose vectors lie in many parts.

Rows are those of `imgrec.neighbors.cells_by_parts`. The vectors of the candidates of some thousand
neighboring rows, which are mostly the same ones, are read together, part by part.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.distances.metrics import Distances
from imgrec.encoders.spec import Vectors
from imgrec.neighbors.cells_by_parts import CellIndex, rows_name
from imgrec.neighbors.lists import NONE, Rows, compared
from imgrec.store.features import Block, FeatureStore
from imgrec.store.part_groups import GROUP_BYTES, Groups
from imgrec.store.parts import part_name

_MOST_BYTES = 2 * GROUP_BYTES
_LEAST_ROWS = 64


class Found(NamedTuple):
    """The nearest candidates of some rows.

    Attributes:
        ids: (b,) of the pictures.
        rows: (b, k) of the nearest, -1 for none.
        neighbors: (b, k) ids of the nearest, -1 for none.
        distances: (b, k) cosine.
    """

    ids: Ids
    rows: Rows
    neighbors: Ids
    distances: Distances


def compared_by_parts(
    groups: Groups, index: CellIndex, own: Rows, batches: Iterable[Rows], k: int
) -> Found:
    """Return the k nearest of candidates of some rows, ties by id.

    Args:
        groups: of the feature.
        index: of its rows.
        own: (b,) rows.
        batches: candidates (., c) of some rows after the other, -1 for none; c >= k.
        k: neighbors wanted.
    """
    none = np.zeros((0, k), np.int64)
    found, start = [Found(none.ravel(), none, none, none.astype(np.float32))], 0
    for candidates in batches:
        found += _of_batch(groups, index, own[start : start + len(candidates)], candidates, k)
        start += len(candidates)
    return Found(*map(np.concatenate, zip(*found, strict=True)))


def by_bin(index: CellIndex, rows: Rows) -> Iterator[tuple[int, slice, Rows]]:
    """Yield (bin, stretch of the ascending rows that lie in it, their places in the bin)."""
    ends = np.searchsorted(rows, index.first_rows)
    for number in np.flatnonzero(np.diff(ends)).tolist():
        inside = slice(int(ends[number]), int(ends[number + 1]))
        yield number, inside, rows[inside] - index.first_rows[number]


def _of_batch(
    groups: Groups, index: CellIndex, own: Rows, candidates: Rows, k: int
) -> Iterator[Found]:
    """Yield the nearest of a batch, in halves where the vectors take too much memory."""
    rows = np.unique(np.concatenate([own, candidates[candidates >= 0]]))
    if len(rows) * 4 * groups.dimensions > _MOST_BYTES and len(own) > _LEAST_ROWS:
        half = len(own) // 2
        yield from _of_batch(groups, index, own[:half], candidates[:half], k)
        yield from _of_batch(groups, index, own[half:], candidates[half:], k)
        return
    ids, vectors = _read(groups, index, rows)
    by_id = np.argsort(ids)
    feature = FeatureStore(groups.name, groups.dimensions, [Block(ids[by_id], vectors[by_id])])
    del vectors
    # By id, so that ties are broken by it.
    place = np.empty(len(rows), np.int64)
    place[by_id] = np.arange(len(rows))
    places = place[np.searchsorted(rows, np.maximum(candidates, rows[0]))]
    places[candidates < 0] = NONE
    best = compared(feature, place[np.searchsorted(rows, own)], places, k)
    there = best.rows >= 0
    near = np.where(there, rows[by_id][best.rows], NONE)
    neighbors = np.where(there, feature.ids[best.rows], NONE)
    yield Found(ids[np.searchsorted(rows, own)], near, neighbors, best.distances)


def _read(groups: Groups, index: CellIndex, rows: Rows) -> tuple[Ids, Vectors]:
    """Return the ids (m,) and vectors (m, d) of ascending rows."""
    places: NDArray[Any] = np.empty((3, len(rows)), np.int64)
    for number, inside, of_bin in by_bin(index, rows):
        for values, loaded in zip(places, groups.scratch.load(rows_name(number)), strict=True):
            values[inside] = loaded[of_bin]
    ids, parts, inner = places
    order = np.lexsort((inner, parts))
    vectors = np.empty((len(rows), groups.dimensions), np.float32)
    starts = [0, *(np.flatnonzero(np.diff(parts[order])) + 1).tolist(), len(rows)]
    for start, end in pairwise(starts):
        of_part = order[start:end]
        part = part_name(int(parts[of_part[0]]))
        vectors[of_part] = groups.vectors.take(part, inner[of_part])
    return ids, vectors
