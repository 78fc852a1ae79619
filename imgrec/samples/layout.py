"""Placement: points that fill a canvas evenly without a grid, and hash values of tiles.

Source: Vogel 1979, A better way to construct the sunflower head (golden angle).
"""

from __future__ import annotations

import math

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.palette import Array, Rng

GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


def spiral_spots(canvas: Canvas, rng: Rng, count: int, reach: float) -> list[tuple[float, float]]:
    """Return (x, y) of points on a sunflower spiral, from the center to `reach` times the edge."""
    turn = rng.uniform(0, 2 * math.pi)
    spots = []
    for i in range(count):
        share, angle = reach * math.sqrt((i + 0.5) / count), turn + i * GOLDEN_ANGLE
        spots.append(
            (math.cos(angle) * share * canvas.right, math.sin(angle) * share * canvas.bottom)
        )
    return spots


def tile_number(a: Array, b: Array) -> Array:
    """Return a pseudo-random number 0..1, float32, that is a hash of two coordinates of a tile."""
    first, second = (np.floor(part * 512).astype(np.int64) for part in (a, b))
    bits = (first * 374761393 + second * 668265263) & 0xFFFFFFFF
    bits = ((bits ^ (bits >> 13)) * 1274126177) & 0xFFFFFFFF
    number: Array = ((bits ^ (bits >> 16)) & 0xFFFF).astype(np.float32) / np.float32(65536)
    return number
