"""The vectors of parts in object storage, for tasks on machines that have no copy of the store.

A task that wants most rows of a part reads its file whole, and it is verified; one that wants few
reads their ranges, near ones with one request.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import StoreError
from imgrec.remote.manifest import Entry
from imgrec.remote.store import RemoteStore
from imgrec.store.elsewhere import blob_key
from imgrec.store.paths import FEATURES
from imgrec.system.folder_names import folder_name

# As numpy writes the header of a matrix.
_HEADER_BYTES = 128
# The share of a part from which it is read whole.
_WHOLE = 0.25
_DTYPES = np.dtype("<f4"), np.dtype("<f2")


@dataclass(frozen=True)
class RemoteParts:
    """The parts of a feature, an `imgrec.store.part_groups.PartVectors`.

    Attributes:
        url: of the store in object storage.
        name: of the feature.
        dimensions: d.
    """

    url: str
    name: str
    dimensions: int

    def take(self, part: str, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return the vectors (m, d) of ascending rows (m,) of a part.

        Raises:
            ObjectError: they cannot be read.
            StoreError: there is no such part, or it is damaged.
        """
        store = _opened(self.url)
        path = f"{FEATURES}/{folder_name(self.name)}/{part}/vectors.npy"
        try:
            entry = store.entry(path)
        except StoreError:
            # A part that was added since the store was opened here.
            store.refresh()
            entry = store.entry(path)
        if len(rows) * self.dimensions * _DTYPES[0].itemsize >= _WHOLE * entry.size:
            return np.take(self._array(path, store.read(path)), rows, axis=0)
        return self._ranges(store, path, entry, rows)

    def _array(self, path: str, data: bytes) -> NDArray[Any]:
        try:
            vectors: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise self._damaged(path, str(error)) from error
        if vectors.ndim != 2 or vectors.shape[1] != self.dimensions or vectors.dtype not in _DTYPES:
            raise self._damaged(path, f"{vectors.dtype} {vectors.shape}")
        return vectors

    def _ranges(
        self, store: RemoteStore, path: str, entry: Entry, rows: NDArray[np.intp]
    ) -> NDArray[Any]:
        header = store.read_range(path, 0, _HEADER_BYTES)
        dtype = next((kind for kind in _DTYPES if f"'{kind.str}'".encode() in header), None)
        width = self.dimensions * dtype.itemsize if dtype else 0
        if dtype is None or (entry.size - _HEADER_BYTES) % width:
            raise self._damaged(path, "it is no matrix of the feature")
        starts = [_HEADER_BYTES + int(row) * width for row in rows]
        found = store.objects.get_ranges(blob_key(entry.digest), starts, [width] * len(starts))
        if any(len(data) != width for data in found):
            raise self._damaged(path, "it is shorter than its rows")
        return np.stack([np.frombuffer(data, dtype) for data in found])

    def _damaged(self, path: str, why: str) -> StoreError:
        return StoreError(f"{path} of {self.url} is damaged ({why}): run imgrec push again")


@lru_cache(maxsize=2)
def _opened(url: str) -> RemoteStore:
    return RemoteStore.open(url)
