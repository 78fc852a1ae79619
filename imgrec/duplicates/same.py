"""The decision that two pictures of one size are the same, by the place where they differ most.

No picture may be deleted for another by mistake, so every window of both must agree. How far they
may differ depends on two things: the structure around, because compression damages what lies
beside contours; and the median of the differences, because a pair that is nearly equal almost
everywhere was compressed little, and then a small change is no compression. One changed digit is
found in both ways: among windows of the same structure it stands out by a factor of hundreds. Means
over larger windows must agree too, and of resized pictures no place may stand out from the others.

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
# Windows say too little with less structure, where only rounding may differ, and with a shorter
# side, where pixels must be identical.
_LEAST_STRUCTURED, _LEAST_PX = 0.005, 128


@dataclass(frozen=True)
class Tolerance:
    """How far windows of the same picture may differ.

    Attributes:
        times: of the usual difference, at each scale of smoothing.
        share: of the structure around, at each scale.
        light: levels of 255 of mean luminance in windows of 8, 16 and 32 pixels.
        chroma: the same of mean chroma.
        fine_light: of luminance in small windows, multiples of what 99 % of them differ by.
        fine_chroma: the same of chroma.
        steep_chroma: of mean chroma in windows of 8 pixels, multiples of what 95 % differ by.
        median: the largest median share: above, nearly all windows differ.
    """

    times: tuple[float, float]
    share: tuple[float, float]
    light: tuple[float, float, float]
    chroma: tuple[float, float, float]
    fine_light: float = np.inf
    fine_chroma: float = np.inf
    steep_chroma: float = np.inf
    median: float = 0.03


# Pictures of one size differ by compression alone.
EQUAL_SIZE = Tolerance((6.4, 5.0), (0.5, 0.36), (8.0, 5.75, 3.25), (14.0, 6.25, 3.5))
# So do pictures of two sizes, once the filter is known. A small picture has small marks, whose
# color may differ more than their luminance.
RESIZED = Tolerance(
    (4.6, 3.2),
    (0.4, 0.3),
    (5.0, 2.75, 1.75),
    (10.0, 4.25, 3.25),
    fine_light=4.0,
    fine_chroma=4.6,
    steep_chroma=3.5,
)
# Of what has next to no structure only rounding may differ.
_ROUNDING = Tolerance((0.5, 0.5), (1.0, 1.0), (1.5, 1.0, 1.0), (2.5, 1.5, 1.0))
# Levels up to here are even ground.
_EVEN_LEVELS = 3
# What is added to the usual difference: mean square of luminance and chroma, levels of 255.
_LIGHT_NOISE, _CHROMA_NOISE, _MEAN_NOISE = 2.0, 10.0, 0.75
# Contours on even ground: many even windows and few in between. So are drawings, and one in twelve
# photographs of clothing.
_EVEN_SHARE, _BETWEEN_SHARE = 0.3, 0.45
# Contours everywhere: next to no window is in between, and few are even. So are boards of many
# small tiles, whose tones any encoder spreads, and one in a hundred photographs.
_NONE_BETWEEN = 0.1


@dataclass(frozen=True)
class FrameAnswer:
    """Whether two frames are the same.

    Attributes:
        is_same: True if every window agrees.
        score: 0 to 1, the share that agrees in the worst window.
        strain: the largest difference in multiples of the usual one.
        has_even_ground: True of contours on even ground, as drawings have and some photographs.
        has_contours_everywhere: True if nearly all windows have strong contours.
    """

    is_same: bool
    score: float
    strain: float
    has_even_ground: bool = False
    has_contours_everywhere: bool = False


def same_frame(a: Pixels, b: Pixels, *, is_resized: bool = False) -> FrameAnswer:
    """Return whether two pictures are the same.

    Args:
        a: (h, w, 3), RGB.
        b: of the same shape.
        is_resized: True if one of them had another size.
    """
    if np.array_equal(a, b):
        return FrameAnswer(True, 1.0, 0.0)
    if min(a.shape[:2]) < _LEAST_PX:
        return FrameAnswer(False, 0.0, np.inf)
    profile = profile_of(a, b)
    tolerance = _tolerance(profile, is_resized)
    worst, medians = _worst(profile), _medians(profile)
    usual = _NOISE + (_SHARE + medians[:, None]) * _STRUCTURE
    times, share = np.array([tolerance.times, tolerance.share])[..., None]
    is_same = (
        bool((worst <= np.minimum(times * usual, share * (_STRUCTURE + _EVEN_GROUND))).all())
        and bool((medians <= tolerance.median).all())
        and _means_agree(profile, tolerance)
        and _nothing_stands_out(profile, tolerance)
    )
    shares = worst / (_STRUCTURE + _EVEN_GROUND)
    strain = float((worst / usual)[0].max())
    even, between = _ground(profile)
    return FrameAnswer(
        is_same,
        max(0.0, 1.0 - float(shares.max())),
        strain,
        has_even_ground=even >= _EVEN_SHARE and between <= _BETWEEN_SHARE,
        has_contours_everywhere=even < _EVEN_SHARE and between <= _NONE_BETWEEN,
    )


def _tolerance(profile: Profile, is_resized: bool) -> Tolerance:
    """Return how far two pictures may differ, by the kind of their structure."""
    windows = profile.counts[0].sum(-1)
    if windows[_STRUCTURED:].sum() < _LEAST_STRUCTURED * windows.sum():
        return _ROUNDING
    return RESIZED if is_resized else EQUAL_SIZE


def _ground(profile: Profile) -> tuple[float, float]:
    """Return the share of windows that are even, and of the others that have little structure."""
    windows = profile.counts[0].sum(-1)
    others = max(1, windows[_EVEN_LEVELS:].sum())
    between = windows[_EVEN_LEVELS : _STRUCTURED + 1].sum()
    return float(windows[:_EVEN_LEVELS].sum() / windows.sum()), float(between / others)


def _means_agree(profile: Profile, tolerance: Tolerance) -> bool:
    """Return True if mean luminance and chroma agree in all windows of each size."""
    most = np.array([tolerance.light, tolerance.chroma]).T
    steps = (most * MEANS_PER_LEVEL).astype(int)
    return not any(
        profile.means[k, kind, steps[k, kind] :].any() for k, kind in np.ndindex(steps.shape)
    )


def _nothing_stands_out(profile: Profile, tolerance: Tolerance) -> bool:
    """Return True if no place differs by much more than others do, whatever the structure."""
    light = profile.counts[0].sum(0), tolerance.fine_light, _LIGHT_NOISE
    chroma = [(counts, tolerance.fine_chroma, _CHROMA_NOISE) for counts in profile.chroma]
    for counts, times, noise in (light, *chroma):
        usual = energies()[_quantile(counts, 0.99)]
        if energies()[_last(counts)] > times * (usual + noise):
            return False
    steps = profile.means[0, 1]
    usual = _quantile(steps, 0.95) / MEANS_PER_LEVEL
    return _last(steps) / MEANS_PER_LEVEL <= tolerance.steep_chroma * (usual + _MEAN_NOISE)


def _quantile(counts: NDArray[np.int64], share: float) -> int:
    """Return the step at or below which a share of what was counted is."""
    return int(np.searchsorted(np.cumsum(counts), share * counts.sum()))


def _last(counts: NDArray[np.int64]) -> int:
    """Return the largest step that was counted."""
    return int(np.flatnonzero(counts)[-1])


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
