"""Vectors that a store was pulled without: rows of them are read by ranges from object storage.

A part that lacks `vectors.npy` still has its `part.json`, which tells bytes and digest of the file,
and the digest is the name of the blob at the address that the store was pulled from. Row i begins
behind the header, which numpy writes with 128 bytes, at i times the bytes of a row. So a search
that knows its candidates reads those few rows, several parts at once, and near rows with one
request. Rows that were read are kept in memory, the last 64 MiB.

Invariant: nothing here reads a whole part; whoever wants all vectors is told to pull them. A range
cannot be verified by the digest of its blob, so only its length is checked.
"""

import threading
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from imgrec.errors import StoreError
from imgrec.objects.errors import MissingObjectError
from imgrec.store.parts import read_manifest
from imgrec.system.advice import quoted

if TYPE_CHECKING:
    from imgrec.objects.objects import Objects

VECTORS_FILE = "vectors.npy"
# More are not read by ranges: whoever wants them needs the vectors.
MOST_BYTES = 1 << 26
_KEPT_BYTES = 1 << 26
_HEADER_BYTES = 128
_THREADS = 32
_KINDS = np.dtype("<f4"), np.dtype("<f2")
Places = slice | NDArray[np.intp]
Row = NDArray[Any]


def blob_key(digest: str) -> str:
    """Return the key of a blob, the content of a digest, below the address of a store."""
    return f"blobs/{digest[:2]}/{digest}"


class Elsewhere:
    """The address that a store was pulled from; reached when the first rows are asked for.

    Attributes:
        url: the address.
        store: the folder of the local store.
    """

    def __init__(self, url: str, store: Path) -> None:
        self.url, self.store = url, store
        self._lock = threading.Lock()
        # By blob and row, the least recently read first.
        self._rows: dict[tuple[str, int], Row] = {}
        self._bytes = 0

    @cached_property
    def objects(self) -> "Objects":
        """The objects at the address.

        Raises:
            ImgrecError: obstore is not installed, or the address is none.
            MissingObjectError: the address is that of a folder that is not there.
        """
        # Imported here: few stores lack vectors.
        from imgrec.objects.opening import objects_at

        return objects_at(self.url)

    def needed(self) -> StoreError:
        """Return what to raise where all vectors are needed."""
        return StoreError(
            f"this needs all vectors, and {self.store} was pulled without them: run imgrec pull "
            f"{self.url} {quoted(self.store)}"
        )

    def pruned(self) -> StoreError:
        """Return what to raise where vectors are no longer at the address."""
        return StoreError(
            f"{self.url} no longer has the vectors of the state that {self.store} was pulled from: "
            f"run imgrec pull {self.url} {quoted(self.store)}, with --no-vectors as before"
        )

    def kept(self, blob: str, rows: Iterable[int]) -> dict[int, Row]:
        """Return those of the rows of a blob that are in memory."""
        with self._lock:
            found = {row: self._rows.pop((blob, row), None) for row in dict.fromkeys(rows)}
            there = {row: values for row, values in found.items() if values is not None}
            self._rows |= {(blob, row): values for row, values in there.items()}
            return there

    def keep(self, blob: str, rows: dict[int, Row]) -> None:
        """Keep rows of a blob in memory, and forget those that were not read for longest."""
        with self._lock:
            for row, values in rows.items():
                self._bytes += 0 if (blob, row) in self._rows else values.nbytes
                self._rows[blob, row] = values
            while self._bytes > _KEPT_BYTES:
                self._bytes -= self._rows.pop(next(iter(self._rows))).nbytes


class FarVectors:
    """The vectors (m, d) of one part in object storage: a few are read, never all.

    Attributes:
        shape: (m, d).
        dtype: float32 or float16.
        where: they are.
    """

    def __init__(self, where: Elsewhere, part: Path, rows: int, dimensions: int) -> None:
        """Take size and digest of the vectors from `part.json`; sends no request.

        Raises:
            StoreError: the part is damaged.
        """
        described = read_manifest(part)
        written = described["files"].get(VECTORS_FILE) if described else None
        payload = written["bytes"] - _HEADER_BYTES if written else -1
        kinds = [kind for kind in _KINDS if rows * dimensions * kind.itemsize == payload]
        if written is None or not kinds:
            raise StoreError(
                f"{part} is damaged: run imgrec pull {where.url} {quoted(where.store)}"
            )
        self.shape, self.dtype = (rows, dimensions), kinds[0]
        self.where, self._blob = where, written["blake2b"]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: Places) -> NDArray[np.float32]:
        """Refuse to be read like an array, as by whoever compares all vectors."""
        raise self.where.needed()

    def take(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the vectors (k, d) of some of the m rows (k,).

        Raises:
            ObjectError: they cannot be read.
            StoreError: the address does not answer ranges as asked.
        """
        wanted = places.tolist()
        rows = self.where.kept(self._blob, wanted)
        lacking = sorted({*wanted} - rows.keys())
        if lacking:
            rows |= self._read(lacking)
        vectors = np.empty((len(wanted), self.shape[1]), np.float32)
        for place, row in enumerate(wanted):
            vectors[place] = rows[row]
        return vectors

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[np.float32]:
        """Refuse to be read whole."""
        raise self.where.needed()

    def _read(self, rows: list[int]) -> dict[int, Row]:
        width = self.shape[1] * self.dtype.itemsize
        starts = [_HEADER_BYTES + row * width for row in rows]
        # Opened before the vectors are missed: a folder that is gone is another error.
        key, objects = blob_key(self._blob), self.where.objects
        try:
            found = objects.get_ranges(key, starts, [width] * len(rows))
        except MissingObjectError as error:
            raise self.where.pruned() from error
        if [len(data) for data in found] != [width] * len(rows):
            raise StoreError(f"{objects.location(key)} does not answer ranges as asked")
        read = {r: np.frombuffer(data, self.dtype) for r, data in zip(rows, found, strict=True)}
        self.where.keep(self._blob, read)
        return read


def read_ahead(wanted: list[tuple[FarVectors, NDArray[np.intp]]]) -> None:
    """Read rows of several parts into memory, several parts at once.

    Raises:
        ObjectError: a part cannot be read.
        StoreError: a part is damaged.
    """
    if len(wanted) < 2:
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_THREADS, len(wanted))) as pool:
        for _ in pool.map(lambda one: one[0].take(one[1]), wanted):
            pass
