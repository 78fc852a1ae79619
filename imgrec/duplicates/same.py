"""The decision that two pictures of one size are the same, by the place where they differ most.

No picture may be deleted for another by mistake, so every window of both must agree. How far they
may differ depends on two things: the structure around, because compression damages what lies
beside contours; and the median of the differences, because a pair that is nearly equal almost
everywhere was compressed little, and then a small change is no compression. One changed digit is
found in both ways: among windows of the same structure it stands out by a factor of hundreds.

The limits are those that separate pairs of rendered documents, drawings and photographs, each
compressed and resized at random, from the same pairs with one small change.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.duplicates.windows import LEVELS, SCALES, STEPS, Pixels, Profile, energies, profile_of

Limits = NDArray[np.float64]

# Structure (variance) in the middle of each level, and the first level that counts as structured.
_STRUCTURE = 2.0 ** (np.arange(LEVELS) + 0.5)
_STRUCTURED = 7
# Compression noise on even ground, and the share of the structure that any encoder changes.
_NOISE, _SHARE = 3.0, 0.002
# At each scale: how many times the usual difference, and what share of the structure may differ.
_MOST_TIMES = np.array([13.0, 8.0])
_MOST_SHARE = np.array([0.45, 0.26])
_EVEN_GROUND = 60.0
# The most that the median may be: above, nearly all windows differ.
_MOST_MEDIAN = 0.03
# Differences of mean chroma in windows of 8 and of 32 pixels, in levels of 255.
_MOST_COLOR = (16, 4)
# With less structure, or a shorter side, windows say too little: pixels must be identical.
_LEAST_STRUCTURED, _LEAST_PX = 0.005, 96


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
    profile = profile_of(a, b)
    worst = _worst(profile)
    shares = worst / (_STRUCTURE + _EVEN_GROUND)
    is_same = (
        profile.counts[0, _STRUCTURED:].sum() >= _LEAST_STRUCTURED * profile.counts[0].sum()
        and bool((_medians(profile) <= _MOST_MEDIAN).all())
        and bool((worst <= limits(profile)).all())
        and all(
            not row[most + 1 :].any() for row, most in zip(profile.colors, _MOST_COLOR, strict=True)
        )
    )
    return FrameAnswer(is_same, max(0.0, 1.0 - float(shares.max())))


def limits(profile: Profile) -> Limits:
    """Return the largest difference (SCALES, LEVELS) of windows that agree."""
    usual = _NOISE + (_SHARE + _medians(profile)[:, None]) * _STRUCTURE
    shares = _MOST_SHARE[:, None] * (_STRUCTURE + _EVEN_GROUND)
    return np.asarray(np.minimum(_MOST_TIMES[:, None] * usual, shares))


def _worst(profile: Profile) -> NDArray[np.float64]:
    """Return the largest difference (SCALES, LEVELS), 0 where there is no window."""
    found = profile.counts > 0
    steps = STEPS - 1 - found[..., ::-1].argmax(-1)
    return np.where(found.any(-1), energies()[steps], 0.0)


def _medians(profile: Profile) -> NDArray[np.float64]:
    """Return the median share (SCALES,) of the structure by which structured windows differ."""
    shares = (energies() / (_STRUCTURE[_STRUCTURED:, None] + _EVEN_GROUND)).ravel()
    order = np.argsort(shares, kind="stable")
    medians = np.zeros(SCALES)
    for scale in range(SCALES):
        counts = np.cumsum(profile.counts[scale, _STRUCTURED:].ravel()[order])
        if counts[-1]:
            medians[scale] = shares[order[np.searchsorted(counts, counts[-1] / 2)]]
    return medians
