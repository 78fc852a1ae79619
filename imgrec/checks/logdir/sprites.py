"""What the page would make of a sprite: the sheet of all thumbnails of a tensor.

Source: `retrieveSpriteAndMetadataInfo` of vz_projector/data-provider.ts and the shader of
scatterPlotVisualizerSprites.ts.
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
_SHOWN = frozenset({"JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "AVIF"})
_NOT_SHOWN = frozenset({"TIFF", "PPM", "TGA", "JPEG2000", "PSD"})
STUMBLES = (OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError,
             AttributeError, RuntimeError, struct.error, zlib.error)  # fmt: skip
_HANGS = 'the page stands at "Fetching sprite image…" for ever'
_WRONG = "the page shows wrong thumbnails"


@dataclass(frozen=True)
class Sprite:
    """A sheet.

    Attributes:
        width_px: of the sheet.
        height_px: of the sheet.
        cell_px: width and height of a thumbnail.
    """

    width_px: int
    height_px: int
    cell_px: tuple[int, int]

    @property
    def grid(self) -> tuple[int, int]:
        """Whole cells in a row, and rows."""
        return self.width_px // self.cell_px[0], self.height_px // self.cell_px[1]


def check_sprite(place: Place, embedding: Embedding, tensor: Tensor | None) -> Check[Sprite | None]:
    """Return the sheet of an embedding, or None where it has none that can be shown."""
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
    """Return width and height, of the header alone, where the page could show the picture."""
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
        yield place.error(f"the sprite {name} is no picture", _HANGS)
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
            f"{name} of {sides} is no whole number of cells of {width:,} x {height:,} px", _WRONG
        )
    elif columns != rows:
        yield place.error(
            f"{name} has {columns:,} x {rows:,} cells, not as many rows as columns",
            f"{_WRONG} from the second row on",
        )
    elif tensor is not None and columns * rows < tensor.shown:
        yield place.error(
            f"{name} has {counted(columns * rows, 'cell')} for {tensor.shown:,} rows",
            "the points behind show the thumbnails of others",
        )
    if width != height:
        yield place.warning(
            f"the cells of {name} are {width:,} x {height:,} px", "thumbnails are drawn square"
        )
