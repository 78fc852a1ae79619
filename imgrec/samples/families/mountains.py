"""Mountains: ridge behind ridge fading into haze, snow on some, a lake before some."""

from __future__ import annotations

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.noise import fractal_noise, ridge_noise
from imgrec.samples.palette import WHITE, Array, Rng, mix, oklch
from imgrec.samples.scenery import (
    DAY,
    DUSK,
    NIGHT,
    cloud_cover,
    mirror_below,
    paint_clouds,
    paint_sky,
    paint_stars,
    paint_sun,
    sky_colors,
)
from imgrec.samples.shapes import relief, smoothstep


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a mountain range."""
    night = rng.random() < 0.12
    colors = sky_colors(rng, NIGHT if night else DAY + DUSK)
    horizon = canvas.bottom * rng.uniform(0.05, 0.4)
    paint_sky(canvas, colors, horizon)
    if night:
        paint_stars(canvas, rng, 200)
    _heavens(canvas, rng, colors, horizon)
    shore = canvas.bottom * rng.uniform(0.45, 0.7) if rng.random() < 0.35 else None
    _ranges(canvas, rng, colors, horizon, shore or canvas.bottom)
    if shore is not None:
        tint = oklch(rng.uniform(0.3, 0.6), 0.06, rng.uniform(0.5, 0.75))
        mirror_below(canvas, shore, rng.uniform(0.3, 1.2), tint, rng.uniform(0.15, 0.4))
    canvas.finish(rng, vignette=0.15, grain=0.02)


def _heavens(canvas: Canvas, rng: Rng, colors: list[Array], horizon: float) -> None:
    pale = mix(colors[-1], WHITE, 0.6)
    if rng.random() < 0.6:
        x, y = rng.uniform(-0.8, 0.8) * canvas.right, horizon - rng.uniform(0.3, 0.9)
        paint_sun(canvas, x, y, rng.uniform(0.06, 0.2), pale)
    if rng.random() < 0.5:
        density, light = cloud_cover(rng, canvas.shape, 2, rng.uniform(0.2, 0.5), 3.0)
        paint_clouds(canvas, (density * 0.7, light), pale, mix(colors[1], pale, 0.5))


def _ranges(canvas: Canvas, rng: Rng, colors: list[Array], horizon: float, foot: float) -> None:
    count = int(rng.integers(3, 7))
    near = oklch(rng.uniform(0.14, 0.34), rng.uniform(0.01, 0.09), rng.random())
    texture = fractal_noise(rng, canvas.shape, rng.uniform(4, 7), octaves=5, gain=0.6)
    light = relief(texture, 7 * min(canvas.shape) / 200)
    roughness = rng.uniform(0.38, 0.56)
    snowy = rng.random() < 0.5
    for i in range(count):
        depth = (i + 1) / count
        base = horizon + (foot - horizon) * depth**1.3 * 0.85
        height = rng.uniform(0.45, 0.75) * (1.15 - 0.75 * depth)
        crags = ridge_noise(rng, canvas.shape[1], rng.uniform(1.5, 4), octaves=6, gain=roughness)
        rise = height * (0.35 + crags)
        below = canvas.y - base + rise
        body = mix(colors[-1], near, 0.18 + 0.82 * depth**0.9) * (1 + (0.12 + 0.2 * depth) * light)
        if snowy and depth < 0.7:
            cap = smoothstep(0.12, 0.06, below + 0.7 * (texture - 0.5) - 0.25 * rise)
            body = mix(body, WHITE * 0.98 * (0.86 + 0.26 * light), cap)
        haze = np.clip(below * rng.uniform(0.5, 1.0), 0, 0.55) * (1 - depth)
        canvas.paint(mix(body, colors[-1], haze), canvas.inside(-below))
