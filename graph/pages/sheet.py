"""Pack the thumbnails of a page into one JPEG (a sprite sheet), with the cell of each.

One file per page loads faster than hundreds. Cells are aligned to JPEG blocks and padded by their
own edge pixels, so that neither compression artifacts nor scaling in the browser mix neighbors.
The size is bounded: a sheet that exceeds it is encoded again, coarser.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from graph.addresses import Cell
from imgrec.errors import StoreError
from imgrec.pictures.cells import put_into
from imgrec.pictures.decoding import THUMB_PX
from imgrec.pictures.thumbnail_file import open_thumbnail
from imgrec.store.thumbnails import DAMAGED

# A page together with its sheet stays below 1.5 MB.
MAX_BYTES = 1_000_000
_WIDTH_PX = 2048
# Blocks of a JPEG with 4:2:0 chroma subsampling; artifacts do not cross their edges.
_BLOCK_PX = 16
# Repeated edge pixels around a cell, for interpolation beyond it when the browser scales.
_RIM_PX = 4
# JPEG quality and longer side of the thumbnails, tried in this order.
_STEPS = ((82, THUMB_PX), (70, THUMB_PX), (65, 96), (55, 64))
SIDES_PX = tuple(dict.fromkeys(side_px for _, side_px in _STEPS))


@dataclass(frozen=True)
class Sheet:
    """A sheet of thumbnails.

    Attributes:
        jpeg: its bytes.
        cells: in the order of the given pictures.
        side_px: most pixels of a side of a thumbnail on it, one of `SIDES_PX`.
    """

    jpeg: bytes
    cells: list[Cell]
    side_px: int = THUMB_PX


def build_sheet(thumbs: Sequence[bytes], max_bytes: int = MAX_BYTES) -> Sheet:
    """Return one sheet of thumbnails (JPEG bytes each), coarser if it exceeds `max_bytes`.

    Raises:
        StoreError: a thumbnail is damaged.
    """
    images = list(map(_decoded, thumbs))
    for quality, side_px in _STEPS:
        cells, data = _packed([_bounded(image, side_px) for image in images], quality)
        if len(data) <= max_bytes:
            break
    return Sheet(data, cells, side_px)


def cells_of(thumbs: Sequence[bytes], side_px: int) -> list[Cell]:
    """Return the cells of thumbnails (JPEG bytes each) on a sheet, without decoding their pixels.

    Raises:
        StoreError: a thumbnail is damaged.
    """
    return shelves([_bounded_size(_opened(jpeg).size, side_px) for jpeg in thumbs])


def _decoded(jpeg: bytes) -> Image.Image:
    return _opened(jpeg, pixels=True)


def _opened(jpeg: bytes, *, pixels: bool = False) -> Image.Image:
    """Return a thumbnail, with its pixels in RGB if asked for.

    Raises:
        StoreError: it is damaged.
    """
    try:
        opened = open_thumbnail(jpeg)
        return opened.convert("RGB") if pixels else opened
    except DAMAGED as error:
        raise StoreError(
            f"a thumbnail is damaged ({error}): run imgrec doctor --deep, which names it, and "
            "imgrec index, which makes it again"
        ) from error


def shelves(sizes: Sequence[tuple[int, int]], width_px: int = _WIDTH_PX) -> list[Cell]:
    """Return cells for sizes (width, height), packed into shelves by descending height.

    Each cell is surrounded by a rim of at least `_RIM_PX` and aligned to blocks.

    Source: shelf packing, next-fit decreasing height (Coffman et al., 1980).
    """
    cells: list[Cell] = [(0, 0, 0, 0)] * len(sizes)
    left = top = shelf_px = 0
    for i in sorted(range(len(sizes)), key=lambda i: (-_blocks(sizes[i][1]), i)):
        width, height = sizes[i]
        if left and left + _blocks(width) > width_px:
            left, top, shelf_px = 0, top + shelf_px, 0
        shelf_px = shelf_px or _blocks(height)
        cells[i] = (left + _RIM_PX, top + _RIM_PX, width, height)
        left += _blocks(width)
    return cells


def _packed(images: Sequence[Image.Image], quality: int) -> tuple[list[Cell], bytes]:
    """Return the cells of images on a sheet, and its JPEG."""
    cells = shelves([image.size for image in images])
    width = max(left - _RIM_PX + _blocks(w) for left, _, w, _ in cells)
    height = max(top - _RIM_PX + _blocks(h) for _, top, _, h in cells)
    pixels = np.full((height, width, 3), 255, np.uint8)
    for image, (left, top, w, h) in zip(images, cells, strict=True):
        top, left = top - _RIM_PX, left - _RIM_PX
        cell = pixels[top : top + _blocks(h), left : left + _blocks(w)]
        put_into(cell, np.asarray(image), _RIM_PX, _RIM_PX)
    buffer = io.BytesIO()
    # Tables of codes of its own would take more than twice the time, for 2 % of the bytes.
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return cells, buffer.getvalue()


def _bounded(image: Image.Image, side_px: int) -> Image.Image:
    size = _bounded_size(image.size, side_px)
    return image if size == image.size else image.resize(size)


def _bounded_size(size: tuple[int, int], side_px: int) -> tuple[int, int]:
    scale = side_px / max(size)
    return size if scale >= 1 else (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))


def _blocks(px: int) -> int:
    """Return the length of a side with both rims, rounded up to whole blocks."""
    return -(-(px + 2 * _RIM_PX) // _BLOCK_PX) * _BLOCK_PX
