"""Draw the sprite of a tensor: all thumbnails on one square sheet, cell i for row i.

The page uses the sheet as a texture, in which a point is drawn as its cell. The sheet is a WebP
with alpha, because the page discards transparent pixels; on an opaque sheet the margins of one
thumbnail would hide its neighbors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

from PIL import Image

from imgrec.collection import Ids
from imgrec.pictures.thumbnail_file import open_thumbnail
from imgrec.store.thumbnails import DAMAGED
from projector.errors import ProjectorError

# Part of the content key. Increase it when the same pictures would give a different sheet.
VERSION = 2
# Largest texture that the page accepts.
MAX_SIDE_PX = 8192
MAX_CELL_PX = 100
# Usual side of a sheet. In two dimensions the page draws cells at full size, so that larger ones
# overlap too much.
_USUAL_SIDE_PX = 4000
# Cells are made smaller than this only if the sheet would exceed MAX_SIDE_PX.
_FINE_CELL_PX = 36
# The page shows nothing of a grid with a single cell.
MIN_PER_SIDE = 2
# Transparent margin of every cell, since the page interpolates across cell edges.
_GAP_PX = 1
_QUALITY = 85
# Effort of the WebP encoder. 0 and 1 fail on large sheets (partition 0 overflow), 3 takes six times
# as long.
_METHOD = 2
_CLEAR = (255, 255, 255, 0)


@dataclass(frozen=True)
class Grid:
    """The geometry of a sheet.

    The page requires a square grid whose side is an exact multiple of the cell's; otherwise it
    shows wrong thumbnails.

    Attributes:
        per_side: number of cells in a row, and of rows.
        cell_px: side of a cell.
    """

    per_side: int
    cell_px: int

    @property
    def side_px(self) -> int:
        """The side of the sheet in pixels."""
        return self.per_side * self.cell_px

    def corner_px(self, cell: int) -> tuple[int, int]:
        """Return left and top of a cell; cells are numbered from 0, row by row."""
        row, column = divmod(cell, self.per_side)
        return column * self.cell_px, row * self.cell_px


def grid_for(count: int) -> Grid:
    """Return the smallest square grid with at least `count` cells."""
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
    """Return a transparent sheet (RGBA) with the i-th thumbnail centered in cell i.

    Args:
        ids: the n pictures (n,).
        thumbnail: returns the JPEG bytes of a picture.
        grid: with at least n cells.
        done: progress callback, called with 1 for each thumbnail.
        rows: number of rows of cells that the sheet has; None for all rows of the grid.

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
    """Write a sheet as a lossy WebP with alpha."""
    # Alpha is 0 or 255, and transparent pixels are white, so that alpha needs no quality and
    # transparent areas no cleanup.
    sheet.save(path, "WEBP", quality=_QUALITY, method=_METHOD, alpha_quality=0, exact=True)


def fit(jpeg: bytes, side_px: int) -> Image.Image:
    """Return a JPEG scaled up or down so that its longer side is `side_px`."""
    with open_thumbnail(jpeg) as image:
        image.draft("RGB", (side_px, side_px))
        scale = side_px / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        # A conversion to the same mode would copy the pixels.
        colored = image if image.mode == "RGB" else image.convert("RGB")
        return colored.resize(size, Image.Resampling.BILINEAR)


def _cell(image_id: int, thumbnail: Callable[[int], bytes], side_px: int) -> Image.Image:
    try:
        return fit(thumbnail(image_id), side_px)
    except DAMAGED as error:
        raise ProjectorError(
            f"the thumbnail of picture {image_id} is damaged ({error}): delete the folder "
            "thumbs in the store and run imgrec index again"
        ) from error
