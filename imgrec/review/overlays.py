"""Where a cropped or bordered picture lies over the one it is compared with.

Both are registered again on their previews, so that the page can lay one over the other. A *place*
is (left, top, width, height) of the whole second picture, in shares of the first one after its
turn: (0, 0, 1, 1) covers it exactly, a crop is smaller, a bordered picture begins below 0.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from imgrec.collection.kinds import SIMILAR
from imgrec.duplicates.comparison import Difference
from imgrec.duplicates.registration import Pixels, Registration
from imgrec.duplicates.similar import registered
from imgrec.review.reviewed import Reviewed, ReviewedGroup

Place = tuple[float, float, float, float]
REFRAMED = Difference.CROPPED | Difference.BORDERED


def overlays(
    groups: Sequence[ReviewedGroup], drawn: Mapping[str, str], folder: Path
) -> dict[int, Place]:
    """Return the place of each cropped or bordered picture that was drawn, by its id.

    Args:
        groups: of the review.
        drawn: file name of the preview of each content that has one.
        folder: of the previews.
    """
    places: dict[int, Place] = {}
    for group in groups:
        for member in group:
            names = [drawn.get(one.entry.digest or "") for one in (group[0], member)]
            if _is_reframed(member) and names[0] and names[1]:
                first, second = (_pixels(folder / name) for name in names if name)
                place = place_of(first, second, member.comparison.turn)
                if place is not None:
                    places[member.entry.id] = place
    return places


def place_of(first: Pixels, second: Pixels, turn: int) -> Place | None:
    """Return where the second picture lies over the first; None if it is not found in this turn.

    Args:
        first: (h, w, 3) uint8 RGB, at most about 512 pixels a side.
        second: likewise.
        turn: as of `Comparison`.
    """
    found = registered(first, second)
    if found is None or found.turn != turn:
        return None
    return _place(found, first.shape[:2][:: -1 if turn % 2 else 1], second.shape[:2])


def _place(found: Registration, first: Sequence[int], second: Sequence[int]) -> Place:
    """Return the place by the two boxes, for sizes (h, w) of the turned first and the second."""
    starts, lengths = [], []
    for axis in (0, 1):
        of_a, of_b = first[1 - axis], second[1 - axis]
        low_a, high_a = found.a[axis] / of_a, found.a[axis + 2] / of_a
        low_b, high_b = found.b[axis] / of_b, found.b[axis + 2] / of_b
        length = (high_a - low_a) / (high_b - low_b)
        starts.append(low_a - low_b * length)
        lengths.append(length)
    return starts[0], starts[1], lengths[0], lengths[1]


def _is_reframed(member: Reviewed) -> bool:
    return member.kind == SIMILAR and bool(member.comparison.differences & REFRAMED)


def _pixels(file: Path) -> Pixels:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))
