"""Marble: veined, banded or clouded stone, polished, as a slab or in tiles."""

from __future__ import annotations

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.layout import tile_number
from imgrec.samples.noise import fractal_noise, sharpen
from imgrec.samples.palette import WHITE, Array, Rng, harmony, look_up, mix, oklch, ramp
from imgrec.samples.shapes import bell, smoothstep


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a marble surface."""
    kind = rng.choice(["veined", "agate", "clouded"], p=[0.45, 0.3, 0.25])
    color = {"veined": _veined, "agate": _agate, "clouded": _clouded}[kind](canvas, rng)
    canvas.rgb[...] = color
    if rng.random() < 0.3:
        _tiles(canvas, rng)
    angle = rng.uniform(0, 6.3)
    u, _ = canvas.local(0, 0, angle)
    canvas.glow(
        WHITE,
        rng.uniform(0, 0.22) * bell(u - rng.uniform(-0.6, 0.6), 0.35),
    )
    canvas.finish(rng, vignette=0.15, grain=0.015)


def _warped(canvas: Canvas, rng: Rng, strength: float) -> tuple[Array, Array]:
    """Return coordinates (h, w) distorted by noise (domain warping) and rotated randomly."""
    cells = rng.uniform(1.2, 2.4)
    u, v = canvas.local(0, 0, rng.uniform(0, 6.3))
    u = u + strength * (fractal_noise(rng, canvas.shape, cells, octaves=5) - 0.5)
    v = v + strength * (fractal_noise(rng, canvas.shape, cells, octaves=5) - 0.5)
    return u, v


def _veined(canvas: Canvas, rng: Rng) -> Array:
    dark = rng.random() < 0.45
    hue = rng.random()
    ground = oklch(
        rng.uniform(0.15, 0.4) if dark else rng.uniform(0.8, 0.96), rng.uniform(0.0, 0.07), hue
    )
    vein = oklch(
        rng.uniform(0.75, 0.95) if dark else rng.uniform(0.3, 0.6),
        rng.uniform(0.0, 0.12),
        hue + rng.choice([0.0, 0.5, 0.15]),
    )
    cloud = sharpen(fractal_noise(rng, canvas.shape, 2, octaves=5), 2.0)
    color = look_up(ramp([mix(ground, vein, 0.3), ground, mix(ground, vein, 0.08)]), cloud)
    for k in range(3):
        u, _ = _warped(canvas, rng, rng.uniform(1.2, 2.2))
        wave = np.abs(np.sin(u * rng.uniform(1.4, 2.6) * (1 + 0.6 * k)))
        patchy = smoothstep(0.35, 0.7, fractal_noise(rng, canvas.shape, 2.5, octaves=2))
        width = rng.uniform(0.02, 0.06) / (1 + 0.7 * k)
        lines = bell(wave, width) + 0.35 * bell(wave, width * 5)
        strength = np.clip(lines * (0.25 + 0.75 * patchy), 0, 1) * (0.9 - 0.2 * k)
        color = mix(color, vein, strength)
    return color


def _agate(canvas: Canvas, rng: Rng) -> Array:
    colors = harmony(rng, 6, (0.25, 0.95), (0.03, 0.17))
    table = ramp([colors[i] for i in rng.permutation(6)] + [colors[5], colors[0], colors[4]])
    u, v = _warped(canvas, rng, rng.uniform(0.8, 1.6))
    x, y = rng.uniform(-1, 1), rng.uniform(-1, 1)
    distance = np.hypot(u - x, (v - y) * rng.uniform(0.5, 1.4))
    fine = 0.04 * np.sin(distance * rng.uniform(40, 80))
    color = look_up(table, (distance / 2.4 + fine) % 1)
    return mix(color, WHITE, 0.04 + 0.04 * np.sin(distance * 55))


def _clouded(canvas: Canvas, rng: Rng) -> Array:
    table = ramp(harmony(rng, 5, (0.3, 0.94), (0.03, 0.15)))
    u, v = _warped(canvas, rng, rng.uniform(1.5, 3.0))
    swirl = 0.5 + 0.28 * np.sin(u * 3.1 + 1.6 * np.sin(v * 2.3)) + 0.16 * np.sin(v * 6 + u * 4)
    gold = oklch(0.78, 0.11, rng.choice([0.23, rng.random()]))
    seam = bell(np.sin(u * 2.2 + v * 1.3), 0.035)
    color = look_up(table, swirl)
    return mix(color, gold, 0.85 * seam)


def _tiles(canvas: Canvas, rng: Rng) -> None:
    pitch = rng.uniform(0.6, 1.2)
    u, v = canvas.x / pitch + 0.37, canvas.y / pitch + 0.21
    column, row = np.floor(u), np.floor(v)
    canvas.rgb[...] *= 0.92 + 0.16 * tile_number(column, row)
    edge = np.minimum(0.5 - np.abs(u - column - 0.5), 0.5 - np.abs(v - row - 0.5)) * pitch
    canvas.shade(0.55 * smoothstep(0.018, 0.006, edge))
