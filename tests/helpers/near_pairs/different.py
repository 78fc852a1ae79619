"""Near pairs that are different: one look, another content.

Sizes: mostly those of the drawing, else both or each reduced, by no more than leaves running text
ten pixels high, below which a changed digit would be no more than a guess. In a share of the pairs
one file alone is reduced further, as a preview is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

from near_pairs import boards, charts, codes, papers, screens, sketches, tables
from near_pairs.content import Content
from near_pairs.files import any_file, scaled
from near_pairs.look import Look

_LEAST_TYPE_PX = 10
# A choice shows where this many pixels differ by this many levels of gray.
_LEAST_PIXELS, _LEAST_LEVELS = 6, 48
KINDS: dict[str, Callable[[Look, Content], Image.Image]] = {
    function.__name__.replace("_", " "): function
    for function in (
        papers.invoice, papers.form, papers.letter, papers.receipt, papers.ticket,
        tables.calendar, tables.spreadsheet, tables.timetable, tables.scoreboard,
        screens.chat, screens.dialog, screens.settings, screens.code, screens.slide, screens.phone,
        charts.bars, charts.lines, charts.pie, charts.scatter, charts.gauge,
        boards.chess, boards.go, boards.sudoku, boards.crossword, boards.tiles, boards.music,
        codes.matrix_code, codes.bar_code, codes.plate, codes.badge,
        sketches.guitar, sketches.chair, sketches.blob, sketches.comic, sketches.street_map,
        sketches.floor_plan, sketches.scribble,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two files.

    Attributes:
        kind: what they show, or what was done.
        note: how they were made.
    """

    kind: str
    one: bytes
    other: bytes
    note: str = ""


def drawings(kind: str, seed: int) -> tuple[Image.Image, Image.Image, int]:
    """Return two pictures of one look and another content, and the size of their type in px.

    Mostly one choice differs, as one digit of an invoice; sometimes a few, sometimes all.
    """
    draw = KINDS[kind]
    content, look = Content(seed), Look.drawn(seed)
    one = draw(look, content)
    rng = np.random.default_rng([seed, 2])
    while True:
        wanted = (1, 1, 1, 2, 4, content.count)[rng.integers(6)]
        changed = rng.choice(content.count, min(wanted, content.count), replace=False)
        other = draw(Look.drawn(seed), Content(seed, frozenset(changed.tolist())))
        if shows(one, other):
            return one, other, look.type_px


def shows(one: Image.Image, other: Image.Image) -> bool:
    """Return True if a person could see that two drawings of one size differ."""
    difference = np.asarray(ImageChops.difference(one, other)).max(axis=2)
    return int((difference >= _LEAST_LEVELS).sum()) >= _LEAST_PIXELS


def different_pair(kind: str, seed: int) -> Pair:
    """Return the files of two drawings that differ."""
    one, other, type_px = drawings(kind, seed)
    rng = np.random.default_rng([seed, 3])
    shares = _shares(rng, min(1.0, _LEAST_TYPE_PX / type_px))
    files = [any_file(scaled(i, s, rng), rng) for i, s in zip((one, other), shares, strict=True)]
    return Pair(kind, files[0], files[1], f"seed {seed}, type {type_px} px, shares {shares}")


def _shares(rng: np.random.Generator, least: float) -> tuple[float, float]:
    """Return by how much each of two pictures is reduced; 1 is not at all."""
    drawn = rng.random()
    if drawn < 0.6:
        return 1.0, 1.0
    least = max(least, 0.4)
    if drawn < 0.75:
        near = max(least, 0.88)
        return float(rng.uniform(near, 1)), float(rng.uniform(near, 1))
    share = float(rng.uniform(least, 1))
    if drawn < 0.9:
        return share, share
    return 1.0, float(rng.uniform(0.25, 1))
