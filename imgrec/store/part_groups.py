"""Groups of parts: what one task reads of a feature that does not fit into memory.

Consecutive parts are put together until their vectors take some 128 MiB. A group is opened as a
`FeatureStore` of its own, with its vectors in memory, so everything that works on a feature works
on a group, or on two of them. Which rows of a part are alive is decided once, when the groups are
cut, and saved for the tasks.

Invariant: each live vector of the feature is in exactly one group.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from imgrec.store.arrays import load_array
from imgrec.store.features import Block, FeatureStore
from imgrec.store.parts import part_name
from imgrec.store.scratch import Scratch

GROUP_BYTES = 1 << 27

Item = TypeVar("Item")
Made = TypeVar("Made")
# Calls a function with each item, in any order, in any process; like the builtin `map`. The
# function is importable, and items and results are small and picklable.
Mapping = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


class PartVectors(Protocol):
    """How a task opens the vectors of a part; pickled with the task."""

    def take(self, part: str, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return the vectors (m, d), as stored, of ascending rows (m,) of a part.

        Args:
            part: its folder name, such as `part-000007`.
            rows: at least one.

        Raises:
            StoreError: the part is absent or damaged.
        """
        ...


@dataclass(frozen=True)
class LocalParts:
    """The parts in a folder that all tasks reach.

    Attributes:
        folder: of the feature.
        dimensions: d.
    """

    folder: str
    dimensions: int

    def take(self, part: str, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return the vectors (m, d) of rows of a part, from the mapped file."""
        path = Path(self.folder, part, "vectors.npy")
        vectors = np.asarray(load_array(path, "float32|float16 m d", d=self.dimensions))
        return np.take(vectors, rows, axis=0)


class PartRows:
    """The vectors (m, d) of one part, of which rows are taken when they are asked for."""

    def __init__(self, vectors: PartVectors, part: str) -> None:
        self._vectors, self._part = vectors, part

    def __getitem__(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        ascending = np.unique(rows)
        taken = self._vectors.take(self._part, ascending)
        return taken[np.searchsorted(ascending, rows)]


@dataclass(frozen=True)
class Groups:
    """The groups of a feature, small enough to be pickled with every task.

    Attributes:
        name: of the feature.
        dimensions: d.
        count: groups, numbered from 0.
        vectors: of the parts.
        scratch: holds which rows are in which group, and the results of tasks.
    """

    name: str
    dimensions: int
    count: int
    vectors: PartVectors
    scratch: Scratch

    def ids(self, number: int) -> NDArray[np.int64]:
        """Return the ascending ids (b,) of a group."""
        return np.sort(self.scratch.load(_name(number))[2])

    def places(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        """Return the part (b,) of each vector of a group, and its row (b,) there, by id."""
        parts, counts, ids, inner = self.scratch.load(_name(number))
        order = np.argsort(ids)
        return np.repeat(parts, counts)[order], inner[order]

    def feature(self, *numbers: int) -> FeatureStore:
        """Return the vectors of some groups, read into memory.

        Raises:
            StoreError: a part is absent or damaged.
        """
        blocks = [block for number in numbers for block in self._blocks(number)]
        return FeatureStore(self.name, self.dimensions, blocks)

    def _blocks(self, number: int) -> Iterator[Block]:
        parts, counts, ids, inner = self.scratch.load(_name(number))
        ends = np.cumsum(counts)
        for part, start, end in zip(parts.tolist(), ends - counts, ends, strict=True):
            vectors = self.vectors.take(part_name(part), inner[start:end])
            yield Block(ids[start:end], np.asarray(vectors, np.float32))


def cut_groups(
    feature: FeatureStore,
    vectors: PartVectors,
    scratch: Scratch,
    group_bytes: int = GROUP_BYTES,
) -> Groups:
    """Cut the parts of a feature into groups, and save which rows each holds.

    Args:
        feature: open; only its ids are read.
        vectors: of its parts.
        scratch: where the groups are saved.
        group_bytes: of float32 vectors in a group, at most; a larger part is cut.
    """
    count = 0
    for pieces in _grouped(feature, max(1, group_bytes // (4 * feature.dimensions))):
        if not scratch.has(_name(count)):
            parts = np.array([number for number, _, _ in pieces])
            ids = np.concatenate([ids for _, ids, _ in pieces])
            inner = np.concatenate([rows for _, _, rows in pieces])
            counts = np.array([len(ids) for _, ids, _ in pieces])
            scratch.save(_name(count), parts, counts, ids, inner)
        count += 1
    return Groups(feature.name, feature.dimensions, count, vectors, scratch)


def read_by(feature: FeatureStore, vectors: PartVectors) -> FeatureStore:
    """Return a feature whose rows are taken elsewhere; only `take` and `take_rows` read it."""
    blocks = []
    for block in feature.blocks:
        part, places = block.source.split()[0], block.places(np.arange(len(block.ids)))
        rows: Any = PartRows(vectors, part)
        blocks.append(replace(block, vectors=rows, rows=places))
    return FeatureStore(feature.name, feature.dimensions, blocks)


_Piece = tuple[int, NDArray[np.int64], NDArray[np.intp]]


def _grouped(feature: FeatureStore, most_rows: int) -> Iterator[list[_Piece]]:
    group: list[_Piece] = []
    rows = 0
    for piece in _pieces(feature, most_rows):
        if group and rows + len(piece[1]) > most_rows:
            yield group
            group, rows = [], 0
        group.append(piece)
        rows += len(piece[1])
    if group:
        yield group


def _pieces(feature: FeatureStore, most_rows: int) -> Iterator[_Piece]:
    for block in feature.blocks:
        number = int(block.source.split()[0].removeprefix("part-"))
        inner = block.places(np.arange(len(block.ids)))
        for start in range(0, len(inner), most_rows):
            stretch = slice(start, start + most_rows)
            yield number, block.ids[stretch], inner[stretch]


def _name(number: int) -> str:
    return f"group-{number:06d}"
