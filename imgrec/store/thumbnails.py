"""The thumbnails of a store: JPEG bytes by image id, in parts.

    thumbs/part-000000/
        ids.npy            (m,) int64, ascending
        offsets.npy        (m + 1,) int64, bytes
        thumbs.bin         the JPEGs end to end; that of `ids[i]` is offsets[i]:offsets[i + 1]
        pictures.json      the files they were made from (`imgrec.store.origins`)

One file for a thousand JPEGs instead of a thousand files; a picture is found by binary
search of its id.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.collection import Ids
from imgrec.errors import StoreError, cause_of
from imgrec.store.arrays import load_array, load_ids
from imgrec.store.origins import ORIGINS
from imgrec.store.parts import check_rows, part_name, part_numbers
from imgrec.system.regular_files import open_regular

THUMBS_FILE = "thumbs.bin"
# What Pillow raises on a damaged thumbnail.
DAMAGED = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def thumb_files(
    ids: Ids, thumbs: Sequence[bytes], origins: bytes | None = None, *, file: str = THUMBS_FILE
) -> dict[str, NDArray[Any] | bytes]:
    """Return the files of a part of thumbnails, or of other small pictures, by name.

    Args:
        ids: (m,) ascending.
        thumbs: the m JPEGs.
        origins: the content of `pictures.json`; None for none.
        file: name of the file that holds them end to end.
    """
    offsets = np.cumsum([0, *map(len, thumbs)], dtype=np.int64)
    files: dict[str, NDArray[Any] | bytes] = {
        "ids.npy": ids, "offsets.npy": offsets, file: b"".join(thumbs)
    }  # fmt: skip
    return files if origins is None else {**files, ORIGINS: origins}


class ThumbStore:
    """Reads the thumbnails of a store from memory-mapped files."""

    def __init__(self, parts: list[tuple[Ids, NDArray[np.int64], NDArray[np.uint8]]]) -> None:
        # The newest first.
        self._parts = [part for part in parts if len(part[0])][::-1]
        ids = np.concatenate([*(part[0] for part in self._parts), np.zeros(0, np.int64)])
        owners = np.repeat(np.arange(len(self._parts)), [len(part[0]) for part in self._parts])
        # Stable, so that the first place of an id is in the newest part that has it; and quick
        # where parts are sorted, which `np.unique` is not.
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        first = np.diff(ids, prepend=ids[:1] - 1) > 0
        self._ids, self._owners = ids[first], owners[order[first]]

    @classmethod
    def open(cls, folder: Path, file: str = THUMBS_FILE) -> "ThumbStore":
        """Open the parts of a folder, which may be absent.

        Args:
            folder: of the parts.
            file: as of `thumb_files`.

        Raises:
            StoreError: a part is damaged; the message names it.
        """
        numbers = part_numbers(folder)
        return cls([_open_part(folder / part_name(number), file) for number in numbers])

    @property
    def ids(self) -> Ids:
        """The ids (n,) of the pictures that have one, ascending."""
        return self._ids

    def get(self, image_id: int) -> bytes:
        """Return the JPEG of a picture.

        Raises:
            StoreError: it has none.
        """
        jpeg = self.find(image_id)
        if jpeg is None:
            raise StoreError(f"no thumbnail of picture {image_id}: run imgrec index again")
        return jpeg

    def find(self, image_id: int) -> bytes | None:
        """Return the bytes that are kept of a picture, None if there are none."""
        place = int(self._ids.searchsorted(image_id))
        if place < len(self._ids) and self._ids[place] == image_id:
            ids, offsets, data = self._parts[self._owners[place]]
            row = int(ids.searchsorted(image_id))
            jpeg: bytes = data[offsets[row] : offsets[row + 1]].tobytes()
            return jpeg
        return None


def _open_part(part: Path, file: str) -> tuple[Ids, NDArray[np.int64], NDArray[np.uint8]]:
    ids, offsets = load_ids(part), np.asarray(load_array(part / "offsets.npy", "int64 o"))
    check_rows(part, ids=len(ids), offsets=len(offsets) - 1)
    if offsets[0] != 0 or (np.diff(offsets) < 0).any():
        raise StoreError(
            f"{part / 'offsets.npy'} is damaged, it does not ascend from 0: run imgrec index "
            "again, which sets it aside and makes it anew"
        )
    data = _mapped(part / file)
    check_rows(part, **{"offsets.npy bytes": int(offsets[-1]), f"{file} bytes": len(data)})
    return ids, offsets, data


def _mapped(path: Path) -> NDArray[np.uint8]:
    """Return the bytes of a file, memory-mapped.

    Raises:
        StoreError: it is absent or no regular file.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            return np.memmap(file, np.uint8, "r") if size else np.zeros(0, np.uint8)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} is damaged ({cause_of(error)}): run imgrec index again, which sets its folder "
            "aside and makes it anew"
        ) from error
