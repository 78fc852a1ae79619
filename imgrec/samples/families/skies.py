"""Skies: clouds of several kinds over a gradient, by day, at dusk and under stars."""

from __future__ import annotations

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.noise import fractal_noise
from imgrec.samples.palette import WHITE, Array, Rng, mix, oklch
from imgrec.samples.scenery import (
    DAY,
    DUSK,
    NIGHT,
    cloud_cover,
    paint_clouds,
    paint_sky,
    paint_stars,
    paint_sun,
    sky_colors,
)
from imgrec.samples.shapes import bell


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a sky."""
    kind = rng.choice(
        ["cumulus", "streaks", "sunset", "night", "aurora"], p=[0.3, 0.2, 0.3, 0.1, 0.1]
    )
    if kind in ("night", "aurora"):
        _night(canvas, rng, with_aurora=kind == "aurora")
        return
    colors = sky_colors(rng, DUSK if kind == "sunset" else DAY)
    paint_sky(canvas, colors, canvas.bottom * rng.uniform(0.9, 1.2))
    if kind == "sunset" or rng.random() < 0.3:
        _sun(canvas, rng, colors)
    stretch = rng.uniform(3, 6) if kind == "streaks" else rng.uniform(1.3, 2.2)
    _clouds(canvas, rng, colors, stretch)
    canvas.finish(rng, vignette=0.12)


def _sun(canvas: Canvas, rng: Rng, colors: list[Array]) -> None:
    x, y = rng.uniform(-0.7, 0.7) * canvas.right, rng.uniform(-0.3, 0.75) * canvas.bottom
    color = mix(colors[-1], WHITE, 0.5)
    paint_sun(canvas, x, y, rng.uniform(0.06, 0.18), color)


def _clouds(canvas: Canvas, rng: Rng, colors: list[Array], stretch: float) -> None:
    lit = mix(colors[-1], WHITE, rng.uniform(0.3, 0.9))
    dark = mix(colors[1], colors[-1], rng.uniform(0.15, 0.55))
    for _ in range(rng.integers(1, 3)):
        cover = cloud_cover(
            rng, canvas.shape, rng.uniform(1.6, 3.6), rng.uniform(0.3, 0.75), stretch
        )
        paint_clouds(canvas, cover, lit, dark)


def _night(canvas: Canvas, rng: Rng, with_aurora: bool) -> None:
    colors = sky_colors(rng, NIGHT)
    paint_sky(canvas, colors, canvas.bottom * 1.1)
    paint_stars(canvas, rng, 260)
    if with_aurora:
        for _ in range(rng.integers(2, 4)):
            _curtain(canvas, rng)
    else:
        _milky_way(canvas, rng)
        _clouds(canvas, rng, [colors[0], colors[0], mix(colors[-1], colors[1], 0.5)], 3.0)


def _curtain(canvas: Canvas, rng: Rng) -> None:
    foot = rng.uniform(-0.1, 0.6) + 0.25 * np.sin(canvas.x * rng.uniform(1, 3) + rng.uniform(0, 6))
    rise = foot - canvas.y
    rays = fractal_noise(rng, canvas.shape, 9, octaves=2, stretch=0.3)[:1]
    fade = np.exp(-np.maximum(rise, 0) * rng.uniform(1.5, 3)) * (1 / (1 + np.exp(-rise * 30)))
    hue = rng.choice([rng.uniform(0.36, 0.5), rng.uniform(0.75, 1.0)])
    canvas.glow(oklch(0.82, 0.19, float(hue)), fade * (0.25 + 0.75 * rays))


def _milky_way(canvas: Canvas, rng: Rng) -> None:
    _, across = canvas.local(0, rng.uniform(-0.4, 0.1), rng.uniform(-1, 1))
    dust = fractal_noise(rng, canvas.shape, 3, octaves=5)
    band = bell(across + 0.5 * (dust - 0.5), rng.uniform(0.25, 0.5)) * dust
    canvas.glow(oklch(0.8, 0.08, rng.random()), 0.6 * band)
