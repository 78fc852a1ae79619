"""Check a sprite: one picture that holds the thumbnails of all points of a tensor, row by row.

The page divides the sheet into cells of `single_image_dim` px and computes the cell of point i from
a grid with as many rows as columns. So the sheet must be a picture format that browsers decode, at
most 8,192 px a side, a whole number of cells wide and high, square in cells, and large enough.
Only the header of the file is decoded.

Source: `retrieveSpriteAndMetadataInfo` of vz_projector/data-provider.ts and the shader of
scatterPlotVisualizerSprites.ts, in tensorflow/tensorboard.
"""

import struct
import warnings
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from imgrec.checks.findings import Check, Place
from imgrec.checks.logdir.configs import Embedding, asset
from imgrec.checks.logdir.tensors import Tensor
from imgrec.system.text import counted

MAX_SIDE_PX = 8192
# Formats that Pillow recognizes: those that browsers decode, and those that they do not.
_SHOWN = frozenset({"JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "AVIF"})
_NOT_SHOWN = frozenset({"TIFF", "PPM", "TGA", "JPEG2000", "PSD"})
# Exceptions that decoders of Pillow raise for damaged files.
STUMBLES = (OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError,
             AttributeError, RuntimeError, struct.error, zlib.error)  # fmt: skip
_HANGS = 'the page hangs at "Fetching sprite image…"'
_WRONG = "the page shows wrong thumbnails"


@dataclass(frozen=True)
class Sprite:
    """A sprite sheet.

    Attributes:
        width_px: width of the sheet.
        height_px: height of the sheet.
        cell_px: width and height of a thumbnail.
    """

    width_px: int
    height_px: int
    cell_px: tuple[int, int]

    @property
    def grid(self) -> tuple[int, int]:
        """Number of whole cells in a row, and number of rows."""
        return self.width_px // self.cell_px[0], self.height_px // self.cell_px[1]


def check_sprite(place: Place, embedding: Embedding, tensor: Tensor | None) -> Check[Sprite | None]:
    """Check the sprite of an embedding; return it, or None if it has none that can be shown."""
    if not embedding.sprite:
        return None
    name, dims = embedding.sprite, embedding.cell_px
    path = yield from asset(place, "the sprite", name, embedding.folder, _HANGS)
    size = None if path is None else (yield from _size(place, name, path))
    if len(dims) < 2 or 0 in dims[:2]:
        given = ", ".join(map(str, dims)) or "absent"
        effect = _WRONG if dims else "the page shows no points"
        yield place.error(f"single_image_dim is {given}, not a width and a height", effect)
        return None
    if size is None:
        return None
    sprite = Sprite(*size, (dims[0], dims[1]))
    yield from _grid(place, name, sprite, tensor)
    return sprite


def _size(place: Place, name: str, path: Path) -> Check[tuple[int, int] | None]:
    """Return width and height from the header; None, with a finding, if browsers cannot show it."""
    too_large = f"larger than {MAX_SIDE_PX:,} px a side", "the page shows an error and no points"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_readable()) as image:
                kind, size = image.format, image.size
    except Image.DecompressionBombError:
        yield place.error(f"the sprite {name} is {too_large[0]}", too_large[1])
        return None
    except STUMBLES:
        yield place.error(f"the sprite {name} is not a picture, or is damaged", _HANGS)
        return None
    if kind not in _SHOWN:
        yield place.error(f"the sprite {name} is {kind}, which browsers do not show", _HANGS)
        return None
    if max(size) > MAX_SIDE_PX:
        sides = f"{size[0]:,} x {size[1]:,} px"
        yield place.error(f"the sprite {name} is {sides}, {too_large[0]}", too_large[1])
        return None
    return size


@cache
def _readable() -> list[str]:
    Image.init()
    return sorted(name for name in _SHOWN | _NOT_SHOWN if name in Image.OPEN)


def _grid(place: Place, name: str, sprite: Sprite, tensor: Tensor | None) -> Check[None]:
    (width, height), (columns, rows) = sprite.cell_px, sprite.grid
    sides = f"{sprite.width_px:,} x {sprite.height_px:,} px"
    if sprite.width_px % width or sprite.height_px % height:
        yield place.error(
            f"{name} of {sides} is not a whole number of cells of {width:,} x {height:,} px", _WRONG
        )
    elif columns != rows:
        yield place.error(
            f"{name} has {columns:,} x {rows:,} cells, not as many rows as columns",
            f"{_WRONG} from the second row on",
        )
    elif tensor is not None and columns * rows < tensor.shown:
        yield place.error(
            f"{name} has {counted(columns * rows, 'cell')} for {tensor.shown:,} rows",
            "the points beyond that show wrong thumbnails",
        )
    if width != height:
        yield place.warning(
            f"the cells of {name} are {width:,} x {height:,} px", "thumbnails are drawn as squares"
        )
