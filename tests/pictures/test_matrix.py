"""Every cell of the format matrix: right pixels by numpy, ImageMagick and Chromium, or a name."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from imgrec import PictureError
from imgrec.pictures.decoding import decode
from matrix import bitmaps, codecs, png, tiff
from matrix.cells import Cell
from matrix.referees import by_chromium, by_magick
from paths import ROOT

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

GROUPS = {"PNG": png, "TIFF": tiff, "bitmaps": bitmaps, "codecs": codecs}
# What ImageMagick shows otherwise, and why the others are right.
MAGICK_DIFFERS = {
    r"TIFF gray (2|4|12|32) bits, photometric 0": "it inverts only 1, 8 and 16 bits",
    r"TIFF 32-bit floats, photometric 0": "so for floats",
    r"TIFF signed (8|32) bits": "it clips negative values, which are stretched here",
    r"TIFF .* unspecified sample": "it takes an unspecified sample for alpha",
    r"(Big)?TIFF orientation [09]": "it reads no file with an orientation that is not defined",
    r"GIF .*smaller than its canvas": "it shows the frame without the canvas",
    r"WebP orientation [2-8]": "it does not apply the orientation of a WebP",
}
# What Chromium shows otherwise.
CHROMIUM_DIFFERS = {
    r"AVIF with alpha": "its alpha is off by up to 19 levels",
    r"JPEG orientation [2-8] of type [14]": "it applies orientations of type SHORT only",
    r"WebP orientation [2-8]": "it does not apply the orientation of a WebP",
}
Pixels = NDArray[np.uint8]


@cache
def _cells(group: str) -> tuple[Cell, ...]:
    return tuple(GROUPS[group].cells())


@cache
def _outcome(cell: Cell) -> Pixels | str:
    """Return the decoded pixels, or the message of an unsupported kind."""
    try:
        found = decode(cell.data)
    except PictureError as error:
        assert error.reason == "unsupported", (cell.name, str(error))
        return str(error)
    assert found.warning == "", cell.name
    return np.asarray(found.image)


def _difference(found: Pixels, shown: NDArray[np.generic]) -> float:
    if found.shape != shown.shape:
        return float("inf")
    return float(np.abs(found.astype(float) - shown.astype(float)).max())


def test_names_of_cells_are_unique() -> None:
    names = [cell.name for group in GROUPS for cell in _cells(group)]
    assert len(set(names)) == len(names) > 900


@pytest.mark.parametrize("group", GROUPS)
def test_every_cell_that_is_read_has_the_right_pixels(group: str) -> None:
    wrong = {}
    for cell in _cells(group):
        found = _outcome(cell)
        if cell.shown is not None and not isinstance(found, str):
            difference = _difference(found, cell.shown)
            if difference > cell.near:
                wrong[cell.name] = difference
    assert wrong == {}


def test_every_other_cell_is_named_in_the_documentation() -> None:
    outcomes = [_outcome(cell) for group in GROUPS for cell in _cells(group)]
    named = {_kind(found) for found in outcomes if isinstance(found, str)}
    page = (ROOT / "docs" / "guides" / "formats.md").read_text("utf-8")
    section = page.partition("## Kinds that are not read")[2].partition("\n## ")[0]
    table = section.partition("| layouts |")[2]
    assert set(re.findall(r"`([^`]+)`", table)) == named


def _kind(message: str) -> str:
    kind = message.removeprefix("it is of a kind that is not read: ")
    return re.sub(r", compression \d+$", "", kind)


@pytest.mark.parametrize("group", GROUPS)
def test_imagemagick_shows_the_same(group: str, tmp_path: Path) -> None:
    cells = {cell.name: cell for cell in _compared(group, MAGICK_DIFFERS) if cell.magick}
    files = {name: (cell.suffix, cell.data) for name, cell in cells.items()}
    assert _disagreements(cells, by_magick(files, tmp_path)) == {}


def test_chromium_shows_the_same(browser: "Chrome") -> None:
    cells = {
        cell.name: cell
        for group in GROUPS
        for cell in _compared(group, CHROMIUM_DIFFERS)
        if cell.browser
    }
    assert len(cells) > 150
    files = {name: cell.data for name, cell in cells.items()}
    assert _disagreements(cells, by_chromium(files, browser)) == {}


def _compared(group: str, differs: Mapping[str, str]) -> Iterator[Cell]:
    """Yield the cells of a group that are read, and that another decoder shows alike."""
    for cell in _cells(group):
        if isinstance(_outcome(cell), str):
            continue
        if not any(re.match(pattern, cell.name) for pattern in differs):
            yield cell


def _disagreements(
    cells: Mapping[str, Cell], shown: Mapping[str, Pixels | str]
) -> dict[str, float | str]:
    """Return {name: largest difference, or the error of the other decoder}."""
    found: dict[str, float | str] = {}
    for name, cell in cells.items():
        other, own = shown[name], _outcome(cell)
        assert not isinstance(own, str)
        if isinstance(other, str):
            found[name] = other
        elif _difference(own, other) > cell.near + 1:
            found[name] = _difference(own, other)
    return found
