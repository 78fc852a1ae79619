"""Tell whether two pictures are one picture altered: cropped, turned, stamped, brighter.

The second answer beside `same`: nothing may be deleted by it. The pictures are registered
(`imgrec.duplicates.registration`), and they are similar if nearly all the structure of one is
explained by the other (`imgrec.duplicates.block_map`). Two drawings of different objects have no
lines in common, and two photos in a row have moved; a stamp, a crop or a border leaves the
structure of the original in place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from imgrec.duplicates.block_map import BlockMap, block_map
from imgrec.duplicates.comparison import Box, Difference
from imgrec.duplicates.naming import name_differences
from imgrec.duplicates.registration import (
    FINE_PX,
    PixelBox,
    Pixels,
    Registration,
    frame,
    frame_size,
    luminance,
    refine_all,
    rim_box,
    starts,
    turned_pixels,
)

# Share of the structured blocks of one picture that the other must explain, and vice versa.
_EXPLAINED, _EXPLAINED_OTHER = 0.65, 0.25
# Share of the structured blocks of one picture that must be the same but for noise, or of both
# where nearly all of both is explained: thin lines are not the same after a change of size.
_THE_SAME = 0.65
_NEARLY_ALL, _THE_SAME_OF_BOTH = 0.85, 0.25
# Share of them from which gradients of the other count as well.
_ENTIRELY = 0.95
# Pictures without detail, such as a blurred background: share of the shaded blocks of both that
# must be the same.
_SHADES_THE_SAME = 0.95
# Structured blocks needed: fewer prove nothing.
_FEWEST_BLOCKS = 6
# Share explained from which no other orientation is tried.
_ENOUGH = 0.9
# Starts that are refined: the best, and the best of the others by how much of both they cover.
_TRIES = 2
# What a turned match must gain over the pictures as they are: the two halves of a symmetric object.
_UPRIGHT_BONUS = 0.05


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two similar pictures are related.

    Attributes:
        score: 0 to 1, share of the structured blocks that is explained.
        turn: 0 to 7, as `Comparison.turn`.
        differences: flags of geometry and photometry; those of files are not known here.
        box: the part that differs, in shares of the first picture; None where nothing does.
    """

    score: float
    turn: int
    differences: Difference
    box: Box | None


@dataclass(frozen=True, slots=True)
class _Match:
    registration: Registration
    blocks: BlockMap
    frame: tuple[int, int]
    score: float

    @property
    def rank(self) -> float:
        """Return what the best match of several has most of."""
        same = self.blocks.same_share(np.any(self.blocks.structured, axis=0))
        bonus = 0.0 if self.registration.turn else _UPRIGHT_BONUS
        return self.score + same + bonus


def similar(a: Pixels, b: Pixels) -> Likeness | None:
    """Return how two pictures are related, None if they are not known to be.

    Args:
        a: the first picture, upright, (h, w, 3) uint8 RGB, longest side at most about 512.
        b: the second.
    """
    if min(*a.shape[:2], *b.shape[:2]) < 2:
        return None
    match = _match(a, b)
    if match is None:
        return None
    where = match.registration
    upright = turned_pixels(a, where.turn)
    differences, box = name_differences(upright, b, where, match.blocks, match.frame)
    return Likeness(match.score, where.turn, differences, box)


def registered(a: Pixels, b: Pixels) -> Registration | None:
    """Return where two pictures show the same, None if they are not known to be similar.

    Args:
        a: the first picture, as of `similar`.
        b: the second.
    """
    if min(*a.shape[:2], *b.shape[:2]) < 2:
        return None
    match = _match(a, b)
    return None if match is None else match.registration


def _parts(a: Pixels, b: Pixels) -> Iterator[tuple[PixelBox, PixelBox]]:
    """Yield which parts to compare: the whole pictures, then without the rim of one, of both."""
    whole_a, whole_b = ((0.0, 0.0, float(p.shape[1]), float(p.shape[0])) for p in (a, b))
    yield whole_a, whole_b
    inner_a, inner_b = rim_box(a), rim_box(b)
    if inner_b != whole_b:
        yield whole_a, inner_b
    if inner_a != whole_a:
        yield inner_a, whole_b
    if inner_a != whole_a and inner_b != whole_b:
        yield inner_a, inner_b


def _tried(found: list[Registration], a: Pixels, b: Pixels) -> list[Registration]:
    """Return which coarse registrations to refine, given the most promising first."""

    def covered(start: Registration) -> float:
        pairs = ((start.a, a), (start.b, b))
        shares = [
            (box[2] - box[0]) * (box[3] - box[1]) / (pixels.shape[0] * pixels.shape[1])
            for box, pixels in pairs
        ]
        return float(start.score * min(shares))

    others = found[_TRIES:]
    return found[:_TRIES] + ([max(others, key=covered)] if others else [])


def _match(a: Pixels, b: Pixels) -> _Match | None:
    """Return the best match of two pictures, with their rims or without, None if there is none."""
    for part_a, part_b in _parts(a, b):
        best: _Match | None = None
        for start in _tried(starts(a, b, part_a, part_b), a, b):
            found = _matched(a, b, start)
            if found is not None and (best is None or found.rank > best.rank):
                best = found
                if best.score > _ENOUGH:
                    break
        if best is not None:
            return best
    return None


def _matched(a: Pixels, b: Pixels, start: Registration) -> _Match | None:
    """Return the match from a coarse registration, None if too little of it is explained."""
    picture_a, picture_b = luminance(turned_pixels(a, start.turn)), luminance(b)
    where = refine_all(picture_a, picture_b, start)
    if where is None:
        return None
    size = frame_size(where.a, where.b, FINE_PX)
    blocks = block_map(frame(picture_a, where.a, size), frame(picture_b, where.b, size))
    if blocks is None:
        return None
    if blocks.structured.sum(axis=(1, 2)).max() < _FEWEST_BLOCKS:
        blocks = replace(blocks, structured=blocks.shaded)
        if min(blocks.same_share(of) for of in blocks.structured) < _SHADES_THE_SAME:
            return None
    if not _is_explained(blocks):
        return None
    return _Match(where, blocks, size, blocks.share(np.any(blocks.structured, axis=0)))


def _is_explained(blocks: BlockMap) -> bool:
    """Return True if one of two pictures can have been made of the other, by their block map."""
    if blocks.structured.sum(axis=(1, 2)).min() < _FEWEST_BLOCKS:
        return False
    shares = [blocks.share(of) for of in blocks.structured]
    same = [blocks.same_share(of) for of in blocks.structured]
    of_other = min(shares)
    if max(same) > _ENTIRELY:
        # A watermark has more detail than a smooth picture: its shades count too.
        of_other = min(blocks.share(of) for of in blocks.shaded)
    if max(shares) < _EXPLAINED or of_other < _EXPLAINED_OTHER:
        return False
    is_nearly_all = min(shares) > _NEARLY_ALL and min(same) > _THE_SAME_OF_BOTH
    return is_nearly_all or max(same) > _THE_SAME
