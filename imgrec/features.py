"""Vectors of one feature: its parts opened memory-mapped, live rows only."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.catalog import Ids
from imgrec.encoders.spec import Vectors
from imgrec.errors import StoreError
from imgrec.parts import check_rows, load_array, part_name, part_numbers


@dataclass(frozen=True)
class Block:
    """Some rows of a feature.

    Attributes:
        ids: (m,) int64, ascending.
        vectors: (m, d), as stored where `rows` is None, else a superset of the rows.
        rows: (m,) positions in `vectors`, None for all of them.
    """

    ids: Ids
    vectors: NDArray[Any]
    rows: NDArray[np.intp] | None = None

    def load(self) -> Vectors:
        """Return the float32 vectors (m, d); a view of the mapped file where that is possible."""
        vectors = self.vectors if self.rows is None else self.vectors[self.rows]
        return np.asarray(vectors, dtype=np.float32)


class FeatureStore:
    """The vectors of one feature; row i belongs to `ids[i]`, and `ids` ascend."""

    def __init__(self, name: str, dimensions: int, blocks: list[Block]) -> None:
        self.name = name
        self.dimensions = dimensions
        self.blocks = _ascending([block for block in blocks if len(block.ids)])
        self.ids: Ids = _joined_ids([block.ids for block in self.blocks])

    @classmethod
    def open(cls, folder: Path, dimensions: int, dead: Ids | None = None) -> "FeatureStore":
        """Open the parts of a feature.

        Args:
            folder: of the feature.
            dimensions: d, as its `feature.json` says.
            dead: (x,) ids whose rows are passed over.

        Raises:
            StoreError: a part is damaged; the message names it.
        """
        blocks = []
        for number in part_numbers(folder):
            part = folder / part_name(number)
            ids, vectors = load_array(part / "ids.npy"), load_array(part / "vectors.npy")
            check_rows(part, ids=len(ids), vectors=len(vectors))
            if vectors.ndim != 2 or vectors.shape[1] != dimensions:
                raise StoreError(
                    f"{part}: vectors of shape {vectors.shape}, {dimensions} columns expected: "
                    "delete it and run python -m imgrec.index again"
                )
            blocks.append(_live_block(np.asarray(ids), vectors, dead))
        return cls(folder.name, dimensions, blocks)

    def __len__(self) -> int:
        return len(self.ids)

    def load(self) -> Vectors:
        """Return all vectors as float32 (n, d), row i of `ids[i]`."""
        if len(self.blocks) == 1:
            return self.blocks[0].load()
        if not self.blocks:
            return np.zeros((0, self.dimensions), np.float32)
        return np.concatenate([block.load() for block in self.blocks])

    def slices(self) -> Iterator[tuple[slice, Vectors]]:
        """Yield the float32 vectors block by block, with the rows each block covers."""
        start = 0
        for block in self.blocks:
            yield slice(start, start + len(block.ids)), block.load()
            start += len(block.ids)

    def take(self, ids: Ids) -> Vectors:
        """Return the vectors (m, d) of these ids, in this order.

        Raises:
            StoreError: an id has no vector here.
        """
        ids = np.asarray(ids, np.int64)
        vectors = np.empty((len(ids), self.dimensions), np.float32)
        found = np.zeros(len(ids), bool)
        for block in self.blocks:
            positions = np.minimum(np.searchsorted(block.ids, ids), len(block.ids) - 1)
            here = block.ids[positions] == ids
            rows = positions[here] if block.rows is None else block.rows[positions[here]]
            vectors[here] = block.vectors[rows]
            found |= here
        if not found.all():
            raise StoreError(
                f"{self.name} has no vector of picture {ids[~found][0]}: "
                "run python -m imgrec.index again"
            )
        return vectors


def stored_ids(folder: Path) -> Ids:
    """Return the ascending ids that have a row in some part of a folder, dead or alive."""
    parts = [load_array(folder / part_name(i) / "ids.npy") for i in part_numbers(folder)]
    return np.unique(_joined_ids(parts))


def _joined_ids(parts: list[Ids]) -> Ids:
    return np.concatenate([*parts, np.zeros(0, np.int64)])


def _live_block(ids: Ids, vectors: NDArray[Any], dead: Ids | None) -> Block:
    if dead is None or not len(dead):
        return Block(ids, vectors)
    rows = np.flatnonzero(np.isin(ids, dead, invert=True))
    return Block(ids, vectors) if len(rows) == len(ids) else Block(ids[rows], vectors, rows)


def _ascending(blocks: list[Block]) -> list[Block]:
    """Order blocks by id; those whose ids interleave become one block in memory."""
    ordered: list[Block] = []
    for block in sorted(blocks, key=lambda block: int(block.ids[0])):
        if ordered and ordered[-1].ids[-1] >= block.ids[0]:
            ordered.append(_merged(ordered.pop(), block))
        else:
            ordered.append(block)
    return ordered


def _merged(first: Block, second: Block) -> Block:
    ids = np.concatenate([first.ids, second.ids])
    vectors = np.concatenate([first.load(), second.load()])
    unique, rows = np.unique(ids, return_index=True)
    return Block(unique, vectors[rows])
