"""The vectors of one feature: its parts, memory-mapped, as one matrix with ascending ids.

Nothing is copied on opening. A block is a view of one part's vectors with the positions of its
live rows; `FeatureStore` gives the rows of all blocks one order, that of the ids. Invariant:
row i belongs to `ids[i]`, in every array that comes from here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.encoders.spec import Vectors
from imgrec.errors import StoreError
from imgrec.store.arrays import load_array, load_ids
from imgrec.store.composition import ComposedVectors
from imgrec.store.elsewhere import (
    MOST_BYTES,
    VECTORS_FILE,
    Elsewhere,
    FarVectors,
    read_ahead,
)
from imgrec.store.parts import MANIFEST, check_rows, content_digest, part_name, part_numbers
from imgrec.system.folder_names import name_of_folder
from imgrec.system.json_files import MOST_BYTES as MOST_JSON_BYTES
from imgrec.system.regular_files import read_regular

Rows = slice | NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """The live rows of one part, or of two parts that are composed (`imgrec.store.relations`).

    Attributes:
        ids: (m,) int64, ascending.
        vectors: as stored, (m, d) if `rows` is None, else with more rows.
        rows: (m,) positions in `vectors`, None for all of them.
        source: a token of the content of a part, the same in all copies of a store; "" for one in
            memory.
    """

    ids: Ids
    vectors: NDArray[Any] | ComposedVectors | FarVectors
    rows: NDArray[np.intp] | None = None
    source: str = ""

    def load(self) -> Vectors:
        """Return the float32 vectors (m, d); a view of the mapped file if possible."""
        vectors = self.vectors if self.rows is None else self.vectors[self.rows]
        return np.asarray(vectors, dtype=np.float32)

    def places(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the positions (k,) in `vectors` of some of the m rows (k,)."""
        return rows if self.rows is None else self.rows[rows]

    def only(self, kept: NDArray[np.bool_]) -> "Block":
        """Return the block of the rows where `kept` (m,) is true."""
        if kept.all():
            return self
        rows = np.arange(len(self.ids)) if self.rows is None else self.rows
        return replace(self, ids=self.ids[kept], rows=rows[kept])


class FeatureStore:
    """The vectors of one feature.

    Attributes:
        name: of the feature.
        dimensions: d.
        encoders: that made the vectors.
        blocks: that together hold each row once.
        ids: (n,) int64, ascending; row i belongs to `ids[i]`.
        places: of each block, the rows it covers, parallel to its own rows.
        lengths: (n,) of the vectors; None until an exact search under cosine has found them.
    """

    def __init__(self, name: str, dimensions: int, blocks: list[Block]) -> None:
        """Join blocks; of two rows for one id that of the later block counts."""
        self.name = name
        self.dimensions = dimensions
        self.encoders: tuple[str, ...] = (name,)
        self.blocks = [block for block in blocks if len(block.ids)]
        self.ids: Ids = _joined_ids([block.ids for block in self.blocks])
        if _in_order(self.blocks):
            ends = np.cumsum([len(block.ids) for block in self.blocks], dtype=int).tolist()
            self.places: list[Rows] = list(map(slice, [0, *ends], ends))
        else:
            self.blocks = [block for block in _newest(self.blocks) if len(block.ids)]
            self.ids = _sorted([block.ids for block in self.blocks])
            self.places = [self._place(block) for block in self.blocks]
        far = (block.vectors for block in self.blocks if isinstance(block.vectors, FarVectors))
        self._elsewhere = next((vectors.where for vectors in far), None)
        # Of the vectors (n,), found by an exact search: the next one has half as much to compute.
        self.lengths: NDArray[np.float32] | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        dimensions: int,
        dead: Ids | None = None,
        last: int | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> "FeatureStore":
        """Open the parts of a feature.

        Args:
            folder: of the feature.
            dimensions: d, from its `feature.json`.
            dead: (x,) ascending ids whose rows are left out.
            last: rows of larger ids are left out too.
            elsewhere: where the vectors are that a part lacks.

        Raises:
            StoreError: a part is damaged; the message names it.
        """
        blocks = []
        for number in part_numbers(folder):
            part = folder / part_name(number)
            ids = load_ids(part)
            vectors = _vectors(part, len(ids), dimensions, elsewhere)
            if len(ids) != len(vectors):
                check_rows(part, ids=len(ids), vectors=len(vectors))
            block = Block(ids, vectors, source=_source(part))
            blocks.append(block.only(_alive(ids, dead, last)))
        return cls(name_of_folder(folder.name), dimensions, blocks)

    def __len__(self) -> int:
        return len(self.ids)

    def load(self) -> Vectors:
        """Return all vectors as float32 (n, d), row i of `ids[i]`."""
        self.check_reach()
        if len(self.blocks) == 1:
            return self.blocks[0].load()
        vectors = np.empty((len(self.ids), self.dimensions), np.float32)
        for rows, block in self.slices():
            vectors[rows] = block
        return vectors

    def slices(self) -> Iterator[tuple[Rows, Vectors]]:
        """Yield (rows, float32 vectors) block by block."""
        self.check_reach()
        for rows, block in zip(self.places, self.blocks, strict=True):
            yield rows, block.load()

    def in_memory(self) -> "FeatureStore":
        """Return the feature with vectors that are quick to read again and again: itself."""
        return self

    @cached_property
    def owners(self) -> NDArray[np.int32]:
        """The number (n,) of the block that holds each row."""
        owners = np.empty(len(self.ids), np.int32)
        for number, rows in enumerate(self.places):
            owners[rows] = number
        return owners

    @cached_property
    def _inner(self) -> NDArray[np.intp]:
        """The position (n,) of each row in the vectors of its block."""
        inner = np.empty(len(self.ids), np.intp)
        for rows, block in zip(self.places, self.blocks, strict=True):
            inner[rows] = np.arange(len(block.ids)) if block.rows is None else block.rows
        return inner

    def addresses(self, rows: NDArray[np.intp] | None = None) -> NDArray[np.int64] | None:
        """Return where in memory the vectors (m,) of some rows begin, or those of all n rows.

        For the compiled loops, which read vectors where they lie. They lie there as long as this
        object is held.

        Returns:
            None if a vector is not in memory or in a mapped file as d float32 values.
        """
        every = self._addresses
        return every if rows is None or every is None else every[rows]

    @cached_property
    def _addresses(self) -> NDArray[np.int64] | None:
        addresses = np.empty(len(self.ids), np.int64)
        if sum(len(block.ids) for block in self.blocks) != len(addresses):
            return None
        for rows, block in zip(self.places, self.blocks, strict=True):
            found = addresses_of(block.vectors, self.dimensions)
            if found is None:
                return None
            addresses[rows] = found if block.rows is None else found[block.rows]
        return addresses

    def check_reach(self, rows: int | None = None) -> None:
        """Check that so many vectors may be read; that is so where they are all here.

        Args:
            rows: how many; None for all.

        Raises:
            StoreError: the store was pulled without them, and they are too many to be read one by
                one from where they are.
        """
        if self._elsewhere is None:
            return
        if rows is None or rows * self.dimensions * 4 > MOST_BYTES:
            raise self._elsewhere.needed()

    def rows_of(self, ids: Ids) -> NDArray[np.intp]:
        """Return the rows (m,) of these ids, -1 for an id that has none."""
        return positions(self.ids, ids)

    def take_rows(self, rows: NDArray[np.intp]) -> Vectors:
        """Return the vectors (m, d) of these rows, in this order."""
        if len(rows) == 1:
            # The picture that is asked about.
            stored = self.blocks[self.owners[rows[0]]].vectors
            if isinstance(stored, np.ndarray):
                return stored[self._inner[rows]].astype(np.float32, copy=False)
        vectors = np.empty((len(rows), self.dimensions), np.float32)
        if not len(rows):
            return vectors
        owners = self.owners[rows]
        steps = np.diff(owners)
        if (steps < 0).any():
            order = np.argsort(owners, kind="stable")
            vectors[order] = self.take_rows(rows[order])
            return vectors
        inner, starts = self._inner[rows], [0, *(np.flatnonzero(steps) + 1).tolist()]
        numbers, ends = owners[starts].tolist(), [*starts[1:], len(rows)]
        if self._elsewhere is not None:
            pairs = zip(numbers, starts, ends, strict=True)
            spans = [(self.blocks[number].vectors, inner[s:e]) for number, s, e in pairs]
            read_ahead([(far, places) for far, places in spans if isinstance(far, FarVectors)])
        for number, start, end in zip(numbers, starts, ends, strict=True):
            stored = self.blocks[number].vectors
            if isinstance(stored, np.ndarray) and stored.dtype == np.float32:
                # With the default mode numpy would buffer `out`; the indices are in range.
                np.take(stored, inner[start:end], axis=0, out=vectors[start:end], mode="clip")
            elif isinstance(stored, FarVectors):
                vectors[start:end] = stored.take(inner[start:end])
            else:
                vectors[start:end] = stored[inner[start:end]]
        return vectors

    def take(self, ids: Ids) -> Vectors:
        """Return the vectors (m, d) of these ids, in this order.

        Raises:
            StoreError: an id has no vector here.
        """
        ids = np.asarray(ids, np.int64)
        rows = self.rows_of(ids)
        if (rows < 0).any():
            encoders = " ".join(f"--encoder {name}" for name in self.encoders)
            raise StoreError(
                f"{self.name} has no vector of picture {ids[rows < 0][0]}: "
                f"run imgrec index {encoders} on this store again"
            )
        return self.take_rows(rows)

    def _place(self, block: Block) -> Rows:
        first, last = np.searchsorted(self.ids, block.ids[[0, -1]])
        if last - first + 1 == len(block.ids):
            return slice(int(first), int(last) + 1)
        # Ids of other blocks stand between.
        return np.searchsorted(self.ids, block.ids)


def addresses_of(vectors: object, dimensions: int) -> NDArray[np.int64] | None:
    """Return where in memory the rows (m,) of a matrix (m, d) begin.

    Returns:
        None if it is not a C-contiguous float32 matrix of `dimensions` columns.
    """
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32:
        return None
    if vectors.ndim != 2 or vectors.shape[1] != dimensions or not vectors.flags.c_contiguous:
        return None
    # Not by strides: numpy may give an array of one row any.
    return vectors.ctypes.data + np.arange(len(vectors)) * (dimensions * vectors.itemsize)


def positions(ids: Ids, wanted: Ids) -> NDArray[np.intp]:
    """Return the position (m,) of each wanted id (m,) in ascending ids (n,), -1 if absent."""
    if not len(ids):
        return np.full(len(wanted), -1)
    if ids[-1] - ids[0] == len(ids) - 1:
        # Without gaps, as where no picture is gone: each lies at its distance to the first.
        found = np.asarray(wanted - ids[0], np.intp)
        found[(found < 0) | (found >= len(ids))] = -1
        return found
    found = ids.searchsorted(wanted)
    # The place after the last one is clipped.
    found[ids.take(found, mode="clip") != wanted] = -1
    return found


def common_ids(left: Ids, right: Ids) -> Ids:
    """Return the ascending ids that are in both, of ascending ids (n,) and (m,)."""
    if np.array_equal(left, right):
        return left
    return np.intersect1d(left, right, assume_unique=True)


def stored_ids(folder: Path) -> Ids:
    """Return the ascending ids that have a row in any part of a folder, whatever their status."""
    # Sorted and compared: `np.unique` hashes, which takes ten times as long.
    ids = np.sort(_joined_ids([load_ids(folder / part_name(i)) for i in part_numbers(folder)]))
    return ids[np.diff(ids, prepend=ids[:1] - 1) > 0]


def _vectors(
    part: Path, rows: int, dimensions: int, elsewhere: Elsewhere | None
) -> NDArray[Any] | FarVectors:
    path = part / VECTORS_FILE
    if elsewhere is not None and not path.exists():
        return FarVectors(elsewhere, part, rows, dimensions)
    # `asarray` gives a plain view of the map: memmap's own indexing is slow.
    return np.asarray(load_array(path, "float32|float16 m d", d=dimensions))


def _source(part: Path) -> str:
    """Return a token of the content of a part: equal in all copies of a store."""
    try:
        return f"{part.name} {content_digest(read_regular(part / MANIFEST, MOST_JSON_BYTES))}"
    except (OSError, ValueError):
        # It is damaged, and equal to no other.
        state = (part / VECTORS_FILE).stat()
        return f"{part.name} {state.st_mtime_ns} {state.st_size}"


def _joined_ids(parts: list[Ids]) -> Ids:
    return np.concatenate([*parts, np.zeros(0, np.int64)])


def _in_order(blocks: list[Block]) -> bool:
    """Return True if each of these blocks, none empty, has larger ids than the one before."""
    return all(one.ids[-1] < other.ids[0] for one, other in pairwise(blocks))


def _sorted(parts: list[Ids]) -> Ids:
    """Return the ids of all parts in ascending order.

    Each part is sorted, and so are most parts among each other: the stable sort merges such runs in
    one pass, where another takes ten times as long.
    """
    return np.sort(_joined_ids(parts), kind="stable")


def _alive(ids: Ids, dead: Ids | None, last: int | None) -> NDArray[np.bool_]:
    alive = np.ones(len(ids), bool)
    if dead is not None and len(dead) and len(ids):
        # Most often none of them is among these ids, and `isin` costs more than the rest of a part.
        start, stop = np.searchsorted(dead, ids[[0, -1]] + (0, 1)).tolist()
        if start < stop:
            alive &= np.isin(ids, dead[start:stop], invert=True)
    if last is not None:
        alive &= ids <= last
    return alive


def _newest(blocks: list[Block]) -> list[Block]:
    """Return the blocks, each without the rows that a later block has too."""
    ids = _sorted([block.ids for block in blocks])
    twice = ids[1:][np.diff(ids) == 0]
    if not len(twice):
        return blocks
    newest: list[Block] = []
    for block in reversed(blocks):
        seen = np.isin(block.ids, twice) & np.isin(block.ids, _joined_ids([b.ids for b in newest]))
        newest.append(block.only(~seen))
    return newest[::-1]
