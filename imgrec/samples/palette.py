"""Colors: chosen in the perceptual space OKLCH, returned as sRGB.

In OKLCH, equal steps of lightness, chroma and hue look equal, so that random colors within bounds
match each other.

Source: Björn Ottosson, "A perceptual color space for image processing", 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# float32, unless a docstring says otherwise.
Array = npt.NDArray[Any]
Rng = np.random.Generator

WHITE = np.ones((3, 1, 1), np.float32)

RAMP_STEPS = 1024

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS = np.linalg.inv(_TO_LMS)
_LAB_TO_LMS = np.linalg.inv(_LMS_TO_LAB)


def oklab_to_srgb(lab: Array) -> Array:
    """Convert OKLab colors (3, m) to sRGB (3, m), clipped to 0..1.

    Source: Björn Ottosson, "A perceptual color space for image processing", 2020.
    """
    linear = np.clip(_FROM_LMS @ (_LAB_TO_LMS @ lab) ** 3, 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rounded: Array = srgb.astype(np.float32)
    return rounded


def srgb_to_oklab(srgb: Array) -> Array:
    """Convert sRGB colors (3, m) in 0..1 to OKLab (3, m)."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    lab: Array = _LMS_TO_LAB @ np.cbrt(_TO_LMS @ linear)
    return lab


def oklch(lightness: float, chroma: float, hue: float) -> Array:
    """Return one sRGB color, shape (3, 1, 1).

    Args:
        lightness: 0 (black) to 1 (white).
        chroma: 0 (gray) to about 0.2 (vivid).
        hue: in turns; 0.08 is red, 0.3 yellow, 0.4 green, 0.7 blue, 0.95 pink.
    """
    angle = 2 * np.pi * hue
    lab = np.array([[lightness], [chroma * np.cos(angle)], [chroma * np.sin(angle)]])
    return oklab_to_srgb(lab)[:, :, None]


def hex_color(text: str) -> Array:
    """Return the color of "rrggbb", shape (3, 1, 1)."""
    return (np.frombuffer(bytes.fromhex(text), np.uint8) / np.float32(255))[:, None, None]


def mix(first: Array, second: Array, share: Array | float) -> Array:
    """Return linear interpolations between two colors, `share` (any shape, 0..1) of the second."""
    mixed: Array = first + (second - first) * share
    return mixed


def ramp(colors: Sequence[Array]) -> Array:
    """Return a color table (3, RAMP_STEPS), interpolated in OKLab between evenly spaced colors."""
    lab = srgb_to_oklab(np.concatenate(colors, axis=1)[:, :, 0].astype(np.float64))  # (3, m)
    at = np.linspace(0, len(colors) - 1, RAMP_STEPS)
    knots = np.arange(len(colors))
    return oklab_to_srgb(np.stack([np.interp(at, knots, channel) for channel in lab]))


def look_up(table: Array, position: Array) -> Array:
    """Return the colors (3, *s) of a color table at positions 0..1 of any shape s."""
    index = np.clip(position * RAMP_STEPS, 0, RAMP_STEPS - 1).astype(np.intp)
    colors: Array = np.take(table, index, axis=1)
    return colors


def turned(colors: Sequence[Array], hue_turns: float, lightness: float = 0.0) -> list[Array]:
    """Return the colors with their hues rotated and their lightness shifted."""
    lab = srgb_to_oklab(np.concatenate(colors, axis=1)[:, :, 0].astype(np.float64))
    cos, sin = np.cos(2 * np.pi * hue_turns), np.sin(2 * np.pi * hue_turns)
    moved = np.stack([lab[0] + lightness, cos * lab[1] - sin * lab[2], sin * lab[1] + cos * lab[2]])
    return list(np.moveaxis(oklab_to_srgb(moved), 1, 0)[:, :, None, None])


_SCHEMES = (
    (0.0, 0.04, -0.04, 0.08),
    (0.0, 0.5, 0.05, 0.55),
    (0.0, 0.42, 0.58, 0.06),
    (0.0, 0.33, 0.67, 0.04),
    (0.0, 0.08, 0.16, 0.5),
)


def harmony(
    rng: Rng,
    count: int,
    lightness: tuple[float, float] = (0.4, 0.88),
    chroma: tuple[float, float] = (0.05, 0.16),
) -> list[Array]:
    """Return matching colors, from dark to light: a random base hue with a random hue scheme."""
    base = rng.random()
    scheme = _SCHEMES[rng.integers(len(_SCHEMES))]
    strength = rng.uniform(*chroma)
    steps = np.linspace(*lightness, count) if count > 1 else [sum(lightness) / 2]
    return [
        oklch(
            float(step) + rng.uniform(-0.03, 0.03),
            strength * rng.uniform(0.75, 1.2),
            base + scheme[i % len(scheme)],
        )
        for i, step in enumerate(steps)
    ]
