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

from imgrec.duplicates.windows import (
    LEVELS,
    MEANS_PER_LEVEL,
    SCALES,
    STEPS,
    Pixels,
    Profile,
    energies,
    profile_of,
)

Limits = NDArray[np.float64]

# Structure (variance) in the middle of each level, and the first level that counts as structured.
_STRUCTURE = 2.0 ** (np.arange(LEVELS) + 0.5)
_STRUCTURED = 7
# Mean square of compression noise on even ground, and the share of the structure around that any
# encoder changes. The usual difference is their sum, and the median share times the structure.
_NOISE, _SHARE = 8.0, 0.001
# Structure that is added where shares of it are taken.
_EVEN_GROUND = 60.0
# With less structure, or a shorter side, windows say too little: pixels must be identical.
_LEAST_STRUCTURED, _LEAST_PX = 0.005, 96


@dataclass(frozen=True)
class Tolerance:
    """How far windows of the same picture may differ.

    Attributes:
        times: of the usual difference, at each scale of smoothing.
        share: of the structure around, at each scale.
        light: levels of 255 of mean luminance in windows of 8, 16 and 32 pixels.
        chroma: the same of mean chroma.
        median: the largest median share: above, nearly all windows differ.
    """

    times: tuple[float, float]
    share: tuple[float, float]
    light: tuple[float, float, float]
    chroma: tuple[float, float, float]
    median: float = 0.03


# Pictures of one size differ by compression alone.
EQUAL_SIZE = Tolerance((6.4, 5.0), (0.5, 0.36), (8.0, 5.75, 3.25), (14.0, 6.25, 3.5))
# Resizing also changes how sharp contours are, and how thin lines fall on pixels.
RESIZED = Tolerance((13.0, 7.5), (0.5, 0.36), (12.0, 6.25, 4.0), (14.0, 6.25, 3.5))


@dataclass(frozen=True)
class FrameAnswer:
    """Whether two frames are the same.

    Attributes:
        is_same: True if every window agrees.
        score: 0 to 1, the share that agrees in the worst window.
    """

    is_same: bool
    score: float


def same_frame(a: Pixels, b: Pixels, tolerance: Tolerance = EQUAL_SIZE) -> FrameAnswer:
    """Return whether two pictures are the same.

    Args:
        a: (h, w, 3), RGB.
        b: of the same shape.
        tolerance: how far they may differ.
    """
    if np.array_equal(a, b):
        return FrameAnswer(True, 1.0)
    if min(a.shape[:2]) < _LEAST_PX:
        return FrameAnswer(False, 0.0)
    profile = profile_of(a, b)
    worst = _worst(profile)
    shares = worst / (_STRUCTURE + _EVEN_GROUND)
    structured = profile.counts[0, _STRUCTURED:].sum() / profile.counts[0].sum()
    medians = _medians(profile)
    is_same = (
        structured >= _LEAST_STRUCTURED
        and bool((medians <= tolerance.median).all())
        and bool((worst <= _limits(medians, tolerance)).all())
        and _means_agree(profile, tolerance)
    )
    return FrameAnswer(is_same, max(0.0, 1.0 - float(shares.max())))


def _limits(medians: Limits, tolerance: Tolerance) -> Limits:
    """Return the largest difference (SCALES, LEVELS) of windows that agree."""
    usual = _NOISE + (_SHARE + medians[:, None]) * _STRUCTURE
    times, share = np.array([tolerance.times, tolerance.share])[..., None]
    return np.asarray(np.minimum(times * usual, share * (_STRUCTURE + _EVEN_GROUND)))


def _means_agree(profile: Profile, tolerance: Tolerance) -> bool:
    """Return True if mean luminance and chroma agree in all windows of each size."""
    most = np.array([tolerance.light, tolerance.chroma]).T
    steps = (most * MEANS_PER_LEVEL).astype(int)
    return not any(
        profile.means[k, kind, steps[k, kind] :].any() for k, kind in np.ndindex(steps.shape)
    )


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
