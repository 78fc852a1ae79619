"""The sprite: all thumbnails of a tensor in one square sheet, cell i for row i.

It is a WebP with alpha, because the page draws nothing where a pixel is fully transparent: on
an opaque sheet the margins of one thumbnail would hide its neighbors.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

from PIL import Image

from imgrec.collection import Ids
from imgrec.store.thumbnails import DAMAGED
from projector.errors import ProjectorError

VERSION = 2  # raised whenever the same pictures would give another sheet
MAX_SIDE_PX = 8192  # the page refuses larger sheets
MAX_CELL_PX = 100
_USUAL_SIDE_PX = 4000  # in two dimensions the page draws a cell pixel by pixel: larger ones pile up
_FINE_CELL_PX = 36  # so small only where the sheet would be too large
MIN_PER_SIDE = 2  # of a single cell the page shows nothing
_GAP_PX = 1  # around every cell: the page blends across cells' edges
_QUALITY = 85
_METHOD = 2  # 0 and 1 fail on large sheets (partition 0 overflows), 3 takes six times as long
_CLEAR = (255, 255, 255, 0)


@dataclass(frozen=True)
class Grid:
    """The geometry of a sheet.

    The page shows wrong thumbnails unless there are as many rows as columns and the side of
    the sheet is an exact multiple of the cell's.

    Attributes:
        per_side: cells in a row, and rows.
        cell_px: side of a cell.
    """

    per_side: int
    cell_px: int

    @property
    def side_px(self) -> int:
        """The side of the sheet."""
        return self.per_side * self.cell_px

    def corner_px(self, cell: int) -> tuple[int, int]:
        """Return the left and the upper edge of a cell, counted from 0 row by row."""
        row, column = divmod(cell, self.per_side)
        return column * self.cell_px, row * self.cell_px


def grid_for(count: int) -> Grid:
    """Return the smallest square grid with a cell for each of `count` pictures."""
    per_side = max(MIN_PER_SIDE, isqrt(count - 1) + 1)
    usual = max(_USUAL_SIDE_PX // per_side, _FINE_CELL_PX)
    return Grid(per_side, min(MAX_CELL_PX, usual, MAX_SIDE_PX // per_side))


def build_sprite(
    ids: Ids,
    thumbnail: Callable[[int], bytes],
    grid: Grid,
    done: Callable[[int], object] = lambda count: None,
    rows: int | None = None,
) -> Image.Image:
    """Lay the thumbnails of pictures on a transparent sheet, the i-th in the middle of cell i.

    Args:
        ids: (n,) the pictures.
        thumbnail: gives the JPEG of a picture.
        grid: with at least n cells.
        done: called with 1 for each thumbnail laid.
        rows: how many of the sheet are laid, from the first; by default all.

    Raises:
        ProjectorError: a thumbnail is damaged.
    """
    height_px = (grid.per_side if rows is None else rows) * grid.cell_px
    sheet = Image.new("RGBA", (grid.side_px, height_px), _CLEAR)
    for number, image_id in enumerate(ids.tolist()):
        cell = _cell(image_id, thumbnail, grid.cell_px - 2 * _GAP_PX)
        left, top = grid.corner_px(number)
        margins = (grid.cell_px - cell.width) // 2, (grid.cell_px - cell.height) // 2
        sheet.paste(cell, (left + margins[0], top + margins[1]))
        done(1)
    return sheet


def write_sprite(path: Path, sheet: Image.Image) -> None:
    """Write a sheet as WebP."""
    # Alpha is 0 or 255 and what is clear is white: nothing to quantize, nothing to clean up.
    sheet.save(path, "WEBP", quality=_QUALITY, method=_METHOD, alpha_quality=0, exact=True)


def fit(jpeg: bytes, side_px: int) -> Image.Image:
    """Return a picture scaled, larger or smaller, so that its longer side is `side_px`."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        image.draft("RGB", (side_px, side_px))
        scale = side_px / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        return image.convert("RGB").resize(size, Image.Resampling.BILINEAR)


def _cell(image_id: int, thumbnail: Callable[[int], bytes], side_px: int) -> Image.Image:
    try:
        return fit(thumbnail(image_id), side_px)
    except DAMAGED as error:
        raise ProjectorError(
            f"the thumbnail of picture {image_id} is damaged ({error}): delete the folder "
            "thumbs in the store and run imgrec index again"
        ) from error
