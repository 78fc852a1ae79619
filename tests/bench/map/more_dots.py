"""Dots alone: the same ones in other libraries, and ten times as many."""

from pathlib import Path

import browsing
import numpy as np
import other_viewers

from imgrec.maps.format import FOLDER, PAGE, PER_POINTS, pieces
from imgrec.maps.pyramid import side_of
from imgrec.maps.reader import SiteMap
from machine import rows
from map_folder import made_map, write_map_folder

# Colors that the other libraries get.
_COLORS = 8
_HEADS = ("all dots drawn", "target", "after")


def measured(site: Path, work: Path, dots: int) -> str:
    """Return a table of the time until dots are drawn, as Markdown.

    Args:
        site: with a map.
        work: folder for profiles, libraries and the synthetic map.
        dots: of the synthetic map.
    """
    found = SiteMap.open(site)
    points = [found.points(number) for number, _ in enumerate(pieces(found.pictures, PER_POINTS))]
    cells = np.concatenate([part.cells for part in points])
    codes = np.concatenate([part.levels for part in points]) % _COLORS
    positions = ((cells + 0.5) / (side_of(found.depth) / 2) - 1).astype(np.float32)
    others = other_viewers.dots_ms(positions, codes, work)
    page = write_map_folder(work / "dots", made_map(dots, groups=30), tiles=False)
    lines = [
        [f"imgrec, {len(cells):,}", "", browsing.dots_ms(site / FOLDER / PAGE, work)],
        *([f"{name}, {len(cells):,}", "", spent_ms] for name, spent_ms in others.items()),
        [f"imgrec, {dots:,}", "10 s", browsing.dots_ms(page, work)],
    ]
    table = rows(_HEADS, [[name, target, f"{ms / 1000:.1f} s"] for name, target, ms in lines])
    return table if others else f"{table}\nOther libraries are left out: npm is not at hand.\n"
