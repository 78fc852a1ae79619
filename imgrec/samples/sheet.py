"""Contact sheets: many pictures in a grid on one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from PIL import Image, ImageDraw, ImageOps

from imgrec.samples.render import FAMILIES, render_sample

GROUND = (247, 246, 243)
MASK_SCALE = 4


def contact_sheet(pictures: Iterable[Image.Image], columns: int, cell_px: int) -> Image.Image:
    """Return pictures in a grid on a light background, cropped to squares with round corners.

    Args:
        pictures: of any sizes and modes, from the top left.
        columns: pictures in a row, at least 1.
        cell_px: side of a picture on the sheet.

    Raises:
        ValueError: there are no pictures, or `columns` or `cell_px` is below 1.
    """
    if columns < 1 or cell_px < 1:
        raise ValueError(f"columns={columns}, cell_px={cell_px}; both must be at least 1")
    cells = [_cell(picture, cell_px) for picture in pictures]
    if not cells:
        raise ValueError("a contact sheet needs at least one picture")
    gap = max(2, cell_px // 16)
    pitch, rows = cell_px + gap, math.ceil(len(cells) / columns)
    sheet = Image.new("RGB", (columns * pitch + gap, rows * pitch + gap), GROUND)
    mask = _round_mask(cell_px)
    for i, cell in enumerate(cells):
        sheet.paste(cell, (gap + i % columns * pitch, gap + i // columns * pitch), mask)
    return sheet


def family_sheet(
    seed: int = 0, per_family: int = 6, columns: int = 12, cell_px: int = 128
) -> Image.Image:
    """Return a contact sheet with the first pictures of every family of a collection."""
    return contact_sheet(_by_family(seed, per_family, 2 * cell_px), columns, cell_px)


def _by_family(seed: int, per_family: int, size_px: int) -> Iterator[Image.Image]:
    for family in range(len(FAMILIES)):
        for turn in range(per_family):
            yield render_sample(seed, turn * len(FAMILIES) + family, size_px)


def _cell(picture: Image.Image, cell_px: int) -> Image.Image:
    return ImageOps.fit(picture.convert("RGB"), (cell_px, cell_px), Image.Resampling.LANCZOS)


def _round_mask(cell_px: int) -> Image.Image:
    side = cell_px * MASK_SCALE
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, side - 1, side - 1), side // 14, fill=255)
    return mask.reduce(MASK_SCALE)
