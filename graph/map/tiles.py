"""Draw and write one tile of the map: the work of the worker processes.

A tile is a mosaic of the thumbnails of up to 256 pictures, each in the upper left of its slot. The
rest of a slot repeats the edge of its thumbnail: so neither compression nor the filter of a texture
mixes neighbors, and an edge against a ground would cost bytes. A worker gets a small picklable task
and opens the thumbnails itself; the same task gives the same bytes in any process.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.maps.format import (
    CELL_PX,
    CELLS,
    FOLDER,
    IMAGE_BYTES,
    base64_text,
    file_of,
    packed,
    script_text,
    tile_name,
)
from imgrec.maps.pyramid import Tile
from imgrec.pictures.cells import put_into
from imgrec.pictures.thumbnail_file import open_thumbnail
from imgrec.store.paths import StorePaths
from imgrec.store.thumbnails import DAMAGED, ThumbStore
from imgrec.system.known_outputs import Made, checksum_of, taken_over
from imgrec.system.made_of import fingerprint

# WebP qualities, tried in this order until the bytes are few enough. At 50 a photo takes some
# 490 bytes; more cannot be told apart at 64 pixels.
_QUALITIES = (50, 30, 10, 0)
_METHOD = 4
_GRAY = 128
# Of a picture without a sound thumbnail.
_NO_SIDES = (CELL_PX, CELL_PX)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class TileShop:
    """Inputs and outputs that all tiles of a map share; picklable.

    Attributes:
        store: path of the store.
        folder: of the new site, which has a temporary name.
        site: absolute path of the old site.
        program: fingerprint of what draws.
    """

    store: Path
    folder: Path
    site: Path
    program: str


# A tile, the ids of its pictures, and what that of the old site was made of.
TileTask = tuple[Tile, list[int], Made | None]


@dataclass(frozen=True)
class TileWritten:
    """A tile that was written.

    Attributes:
        file: its path relative to the site.
        made: what it was made of.
        kept: True if it was taken over from the old site.
        sides: (m, 2) uint8, width and height of each thumbnail in its slot.
        damaged: ids of the pictures that have no sound thumbnail; their slots are gray.
    """

    file: str
    made: Made
    kept: bool
    sides: Pixels
    damaged: list[int]


def write_tile(shop: TileShop, task: TileTask) -> TileWritten:
    """Write a tile, drawn anew unless it is made of the same as that of the old site."""
    tile, ids, known = task
    name = tile_name(tile.level, tile.x, tile.y)
    file = f"{FOLDER}/{file_of(name)}"
    thumbs = [_thumbs(shop).find(i) or b"" for i in ids]
    key = fingerprint("map tile", shop.program, tile.slots, tile.rows, thumbs)
    data = taken_over(shop.site / file, known, key)
    kept = data is not None
    if data is None:
        pixels = [_pixels(jpeg) for jpeg in thumbs]
        # Damage beyond the header is found only by decoding: such a tile is drawn each time.
        damaged = [i for i, found in zip(ids, pixels, strict=True) if found is None]
        sides = np.array([_NO_SIDES if p is None else p.shape[1::-1] for p in pixels], np.uint8)
        image = encoded(mosaic(tile.slots.tolist(), pixels))
        data = script_text(name, _value(tile, image)).encode("ascii")
        key = "" if damaged else key
    else:
        damaged, sides = [], np.array([_sides(jpeg) for jpeg in thumbs], np.uint8)
    path = shop.folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return TileWritten(file, Made(key, checksum_of(data)), kept, sides.reshape(-1, 2), damaged)


def mosaic(slots: Sequence[int], pictures: Sequence[Pixels | None]) -> Pixels:
    """Return the pixels (h, 1024, 3) of a tile, without the rows of slots below the last picture.

    Args:
        slots: (m,) ascending.
        pictures: the pixels of each (h, w, 3), at most 64 a side; None for a gray slot.
    """
    height = (slots[-1] // CELLS + 1) * CELL_PX
    found = np.full((height, CELLS * CELL_PX, 3), _GRAY, np.uint8)
    for slot, picture in zip(slots, pictures, strict=True):
        if picture is not None:
            top, left = slot // CELLS * CELL_PX, slot % CELLS * CELL_PX
            put_into(found[top : top + CELL_PX, left : left + CELL_PX], picture)
    return found


def encoded(pixels: Pixels, most_bytes: int = IMAGE_BYTES) -> bytes:
    """Return the WebP of a tile, coarser if it would have more than `most_bytes`."""
    image = Image.fromarray(pixels)
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=_METHOD)
        if buffer.tell() <= most_bytes:
            break
    return buffer.getvalue()


def fitted(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a thumbnail in its slot: at most 64 pixels a side, never enlarged."""
    scale = min(1.0, CELL_PX / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _value(tile: Tile, image: bytes) -> dict[str, str]:
    rows = packed(tile.rows.astype(np.uint32))
    return {"slots": packed(tile.slots), "rows": rows, "image": base64_text(image)}


def _pixels(jpeg: bytes) -> Pixels | None:
    """Return the pixels of a thumbnail for its slot; None if it is damaged."""
    try:
        image = open_thumbnail(jpeg)
        size = fitted(image.size)
        if max(image.size) >= 2 * CELL_PX:
            # A JPEG is decoded at half its size at a quarter of the cost.
            image.draft("RGB", (max(1, image.width // 2), max(1, image.height // 2)))
        decoded = image.convert("RGB")
    except DAMAGED:
        return None
    return np.asarray(decoded if decoded.size == size else decoded.resize(size))


def _sides(jpeg: bytes) -> tuple[int, int]:
    try:
        return fitted(open_thumbnail(jpeg).size)
    except DAMAGED:
        return _NO_SIDES


@lru_cache(maxsize=1)
def _thumbs(shop: TileShop) -> ThumbStore:
    return ThumbStore.open(StorePaths(shop.store).thumbs)
