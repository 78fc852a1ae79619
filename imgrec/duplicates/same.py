"""The decision that two pictures of one size are the same, by the place where they differ most.

No picture may be deleted for another by mistake, so every limit here is on the side of keeping: a
pair is the same only if all of them hold.
"""

from dataclasses import dataclass

import numpy as np

from imgrec.duplicates.windows import Pixels, window_statistics

# Largest share of the structure of a window that may differ, and how many times the usual share.
_MOST_WORST, _MOST_RATIO = 0.2, 6.0
# Shares up to this are added to the usual one: where nothing differs, rounding does.
_LEAST_USUAL = 0.01
_MOST_COLOR, _MOST_CHROMA = 25.0, 4.0
# With less structure, or a shorter side, windows say too little: pixels must be identical.
_LEAST_STRUCTURED, _LEAST_PX = 0.005, 128


@dataclass(frozen=True)
class FrameAnswer:
    """Whether two frames are the same.

    Attributes:
        is_same: True if every window agrees.
        score: 0 to 1, the share that agrees in the worst window.
    """

    is_same: bool
    score: float


def same_frame(a: Pixels, b: Pixels) -> FrameAnswer:
    """Return whether two pictures are the same.

    Args:
        a: (h, w, 3), RGB.
        b: of the same shape.
    """
    if np.array_equal(a, b):
        return FrameAnswer(True, 1.0)
    if min(a.shape[:2]) < _LEAST_PX:
        return FrameAnswer(False, 0.0)
    found = window_statistics(a, b)
    is_same = (
        found.structured >= _LEAST_STRUCTURED
        and found.worst <= _MOST_WORST
        and found.worst < _MOST_RATIO * (found.usual + _LEAST_USUAL)
        and found.color < _MOST_COLOR
        and found.chroma < _MOST_CHROMA
    )
    return FrameAnswer(is_same, max(0.0, 1 - found.worst))
