"""Fractal value noise: a sum of random grids, each (octave) finer and weaker than the last."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from imgrec.samples.palette import Array, Rng


def _octave(rng: Rng, shape: tuple[int, int], cells_y: float, cells_x: float) -> Array:
    """Return one random grid enlarged to the shape (h, w), values about 0..1."""
    rows, columns = math.ceil(cells_y) + 5, math.ceil(cells_x) + 5
    grid = Image.fromarray(rng.random((rows, columns), dtype=np.float32))
    # A random offset, so that the grid lines of the octaves do not coincide.
    left, top = rng.uniform(1.5, 2.5, 2).tolist()
    box = (left, top, left + cells_x, top + cells_y)
    height, width = shape
    return np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC, box))


def fractal_noise(
    rng: Rng,
    shape: tuple[int, int],
    cells: float,
    octaves: int = 4,
    gain: float = 0.5,
    stretch: float = 1.0,
) -> Array:
    """Return fractal value noise (h, w), float32, about 0..1 with mean one half.

    Args:
        rng: the source of the random grids.
        shape: (h, w) in pixels.
        cells: grid cells along the short side in the first octave.
        octaves: number of grids; each is 1.87 times as fine as the one before.
        gain: weight of each octave relative to the one before.
        stretch: factor by which features are longer along x than along y.
    """
    height, width = shape
    if not (height and width):
        return np.zeros(shape, np.float32)
    short = min(height, width)
    total = np.zeros(shape, np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        density = cells * 1.87**octave / short
        cells_x = max(density * width / stretch, 0.2)
        total += weight * _octave(rng, shape, density * height, cells_x)
        weights += weight
        weight *= gain
    return total / np.float32(weights)


def sharpen(noise: Array, contrast: float) -> Array:
    """Increase the contrast of noise around one half, clipped to 0..1."""
    return np.clip((noise - 0.5) * contrast + 0.5, 0, 1)


def ridge_noise(rng: Rng, width: int, cells: float, octaves: int = 5, gain: float = 0.5) -> Array:
    """Return a fractal line (width,), float32, about -1..1, piecewise linear like crags."""
    at = np.linspace(0, 1, width)
    line = np.zeros(width, np.float32)
    weight = 1.0
    for octave in range(octaves):
        knots = math.ceil(cells * 2**octave) + 2
        heights = rng.uniform(-weight, weight, knots)
        line += np.interp(at, np.linspace(0, 1, knots), heights).astype(np.float32)
        weight *= gain
    return line / np.float32(1 + gain)


def swell(rng: Rng, x: Array, frequency: float, count: int = 3) -> Array:
    """Return a sum of a few sines over x, float32, about -1..1."""
    total = np.zeros_like(x)
    for k in range(count):
        rate = frequency * (1 + 0.83 * k) * rng.uniform(0.8, 1.25)
        total += np.sin(x * np.float32(rate) + np.float32(rng.uniform(0, 6.3))) / (1 + k)
    return total / np.float32(1.6)
