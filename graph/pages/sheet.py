"""One JPEG for all thumbnails of a page, and where each of them lies on it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from graph.addresses import Cell
from imgrec.pictures.decoding import THUMB_PX

MAX_BYTES = 1_000_000  # a page with its sheet stays below 1.5 MB
_WIDTH_PX = 2048
_BLOCK_PX = 16  # of JPEG with halved color: other blocks do not ring into a picture
_RIM_PX = 4  # its own border repeated, for whatever smooths beyond the cell while scaling
_STEPS = ((82, THUMB_PX), (70, THUMB_PX), (65, 96), (55, 64))  # quality, longer side


@dataclass(frozen=True)
class Sheet:
    """A sheet of thumbnails; `cells` are in the order of the pictures given."""

    jpeg: bytes
    cells: list[Cell]


def build_sheet(thumbs: Sequence[bytes], max_bytes: int = MAX_BYTES) -> Sheet:
    """Return the thumbnails (JPEG bytes) on one sheet, coarser where it would be too large."""
    images = [Image.open(io.BytesIO(thumb)).convert("RGB") for thumb in thumbs]
    for quality, side_px in _STEPS:
        sheet = _sheet([_bounded(image, side_px) for image in images], quality)
        if len(sheet.jpeg) <= max_bytes:
            break
    return sheet


def shelves(sizes: Sequence[tuple[int, int]], width_px: int = _WIDTH_PX) -> list[Cell]:
    """Return cells for sizes (width, height), on shelves, the highest first, block by block.

    Around each cell is a rim of `_RIM_PX` and what is left of its blocks.
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


def _sheet(images: Sequence[Image.Image], quality: int) -> Sheet:
    cells = shelves([image.size for image in images])
    width = max(left - _RIM_PX + _blocks(w) for left, _, w, _ in cells)
    height = max(top - _RIM_PX + _blocks(h) for _, top, _, h in cells)
    pixels = np.full((height, width, 3), 255, np.uint8)
    for image, (left, top, w, h) in zip(images, cells, strict=True):
        rows, columns = (_RIM_PX, _blocks(h) - h - _RIM_PX), (_RIM_PX, _blocks(w) - w - _RIM_PX)
        tile = np.pad(np.asarray(image), (rows, columns, (0, 0)), mode="edge")
        top, left = top - _RIM_PX, left - _RIM_PX
        pixels[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, optimize=True)
    return Sheet(buffer.getvalue(), cells)


def _bounded(image: Image.Image, side_px: int) -> Image.Image:
    scale = side_px / max(image.size)
    if scale >= 1:
        return image
    return image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))


def _blocks(px: int) -> int:
    """The pixels of whole blocks that hold a side and its rims."""
    return -(-(px + 2 * _RIM_PX) // _BLOCK_PX) * _BLOCK_PX
