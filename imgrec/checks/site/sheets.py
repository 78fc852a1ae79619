"""Check the thumbnail sheets of a network site, from their headers and last bytes."""

import os
import warnings
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from imgrec.checks.findings import Check, Place, file_problem
from imgrec.checks.logdir.sprites import STUMBLES
from imgrec.checks.site.data import Cell, cell_of
from imgrec.system.text import counted

_SHOWN = ("JPEG", "PNG", "WEBP")
_GRAY = "the page shows empty frames instead of pictures"
_JPEG_END = b"\xff\xd9"

Size = tuple[int, int]


def check_sheet(place: Place, name: str, path: Path) -> Check[Size | None]:
    """Return width and height of a sheet in pixels; None, with a finding, if it does not decode.

    Only the header and the last two bytes are read: a JPEG that was cut short lacks its end marker.
    """
    problem = file_problem(path, f"the sheet {name}")
    if problem:
        yield place.error(problem, _GRAY)
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_SHOWN) as image:
                size, kind = image.size, image.format
        with path.open("rb") as file:
            file.seek(-2, os.SEEK_END)
            whole = kind != "JPEG" or file.read() == _JPEG_END
    except (Image.DecompressionBombError, *STUMBLES):
        yield place.error(f"the sheet {name} is not a picture, or is damaged", _GRAY)
        return None
    if not whole:
        yield place.error(f"the sheet {name} is cut short", "thumbnails are gray or missing")
    return size


def check_cells(
    place: Place, cells: Iterable[Cell], written: Iterable[str], sheet: Size
) -> Check[None]:
    """Report cells that are invalid or lie outside their sheet.

    Args:
        place: the page.
        cells: cells of its nodes.
        written: cells of the thumbnails in its lists, as "left top width height".
        sheet: width and height of the sheet in pixels.
    """
    listed = [cell_of(_numbers(text)) for text in written]
    every = [*cells, *listed]
    outside = [cell for cell in every if cell is None or not _lies_on(cell, sheet)]
    if outside:
        what = f"{counted(len(outside), 'cell')} of {len(every):,}"
        yield place.error(
            f"{what} are not on the sheet of {sheet[0]:,} x {sheet[1]:,} px",
            "these thumbnails are empty or wrong",
        )


def _lies_on(cell: Cell, sheet: Size) -> bool:
    left, top, width, height = cell
    return left + width <= sheet[0] and top + height <= sheet[1]


def _numbers(text: str) -> list[int] | None:
    words = text.split()
    if not all(word.isascii() and word.isdigit() and len(word) < 9 for word in words):
        return None
    return [int(word) for word in words]
