"""Balloons: hot-air balloons with gores in patterns, drifting before clouds and hills."""

from __future__ import annotations

import math

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.layout import spiral_spots
from imgrec.samples.noise import ridge_noise, swell
from imgrec.samples.palette import WHITE, Array, Rng, harmony, look_up, mix, oklch, ramp
from imgrec.samples.scenery import DAY, DUSK, cloud_cover, paint_clouds, paint_sky, sky_colors
from imgrec.samples.shapes import bell


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint one to nine balloons."""
    colors = sky_colors(rng, DAY + DUSK)
    paint_sky(canvas, colors, canvas.bottom)
    pale = mix(colors[-1], WHITE, 0.6)
    if rng.random() < 0.75:
        cover = cloud_cover(rng, canvas.shape, rng.uniform(1.5, 3), rng.uniform(0.2, 0.55), 2.2)
        paint_clouds(canvas, cover, pale, mix(colors[1], pale, 0.4))
    if rng.random() < 0.5:
        _hills(canvas, rng, colors[-1])
    for x, y, radius in _places(canvas, rng):
        haze = 0.45 * min(max(1.1 - 2.8 * radius, 0), 1)
        _balloon(canvas, rng, (x, y, radius), mix(colors[-1], colors[-2], 0.4), haze)
    canvas.finish(rng, vignette=0.12, grain=0.01)


def _hills(canvas: Canvas, rng: Rng, far: Array) -> None:
    near = oklch(rng.uniform(0.25, 0.5), rng.uniform(0.03, 0.1), rng.random())
    for i in range(3):
        crest = canvas.bottom * (0.55 + 0.15 * i) + 0.08 * swell(rng, canvas.x, 2.5)
        crest = crest + 0.04 * ridge_noise(rng, canvas.shape[1], 4)
        color = mix(far, near, 0.35 + 0.3 * i) * (1.1 - 0.4 * (canvas.y - crest))
        canvas.paint(color, canvas.inside(crest - canvas.y))


def _places(canvas: Canvas, rng: Rng) -> list[tuple[float, float, float]]:
    """Return x, y and radius of each balloon, the farthest first."""
    if rng.random() < 0.3:
        return [(rng.uniform(-0.25, 0.25), rng.uniform(-0.3, -0.1), rng.uniform(0.5, 0.68))]
    count = int(rng.integers(3, 9))
    radii = np.sort(rng.uniform(0.07, 0.42, count)).tolist()
    spots = spiral_spots(canvas, rng, count, 0.8)
    return [
        (x, 0.85 * y - 0.3 * radius, radius) for (x, y), radius in zip(spots, radii, strict=True)
    ]


def _balloon(
    canvas: Canvas, rng: Rng, place: tuple[float, float, float], air: Array, haze: float
) -> None:
    x, y, radius = place
    near = canvas.window(x, y + 0.4 * radius, radius * 1.1, radius * 1.45)
    if 0 in near.shape:
        return
    u, v = (near.x - x) / radius, (near.y - y) / radius
    # A sphere above, drawn in towards the mouth below.
    waist = np.sqrt(np.clip(1 - v * v, 0, 1))
    cone = np.clip(1.0 - 0.18 * v - 0.62 * v * v, 0.16, 1)
    half = np.where(v < 0, waist, np.maximum(cone, 0.16))
    outline = np.maximum(np.abs(u) - half, v - 1.16)
    across = np.clip(u / np.maximum(half, 0.02), -1, 1)
    color = _gores(rng, np.arcsin(across) / math.pi, v)
    light = 0.42 + 0.66 * np.clip(np.cos((across + 0.4) * 1.2), 0, 1) - 0.16 * np.clip(v, -1, 1)
    color = color * light
    gleam = 0.35 * bell(np.hypot(u + 0.42, v + 0.45), 0.3)
    color = mix(color, WHITE, gleam)
    near.paint(mix(color, air, haze), near.inside(outline * radius))
    _basket(near, rng, (x, y, radius), air, haze)


def _gores(rng: Rng, angle: Array, v: Array) -> Array:
    gores = int(rng.integers(8, 17))
    spin = rng.random()
    table = ramp(harmony(rng, 4, (0.45, 0.9), (0.1, 0.19))[:: int(rng.choice((-1, 1)))])
    number = np.floor(angle * gores + spin)
    inside = angle * gores + spin - number
    style = rng.choice(["stripes", "rings", "zigzag", "checks", "spiral"])
    if style == "stripes":
        tone = number * rng.choice([0.5, 0.33, 0.25]) % 1
    elif style == "rings":
        tone = np.floor((v + 1) * rng.integers(2, 5)) * 0.34 % 1 + 0 * number
    elif style == "zigzag":
        tone = np.floor((v + 1) * 3 + np.abs(inside - 0.5) * 2) * 0.4 % 1
    elif style == "checks":
        tone = (number + np.floor((v + 1) * 4)) % 2 * 0.6 + 0.2
    else:
        tone = np.floor(angle * gores + v * 2.2 + spin) * 0.31 % 1
    seam = 1 - 0.22 * bell(np.minimum(inside, 1 - inside), 0.07)
    puff = 0.9 + 0.13 * np.sin(inside * math.pi)
    return look_up(table, 0.06 + 0.88 * tone) * (seam * puff)


def _basket(
    near: Canvas, rng: Rng, place: tuple[float, float, float], air: Array, haze: float
) -> None:
    x, y, radius = place
    stencil = near.stencil()
    for side in (-1, -0.33, 0.33, 1):
        stencil.line(
            [
                (x + side * 0.16 * radius, y + 1.15 * radius),
                (x + side * 0.11 * radius, y + 1.55 * radius),
            ],
            0.012 * radius,
        )
    near.paint(mix(oklch(0.25, 0.03, 0.2), air, haze), stencil.alpha())
    stencil = near.stencil()
    low, high = y + 1.78 * radius, y + 1.53 * radius
    stencil.polygon(
        [
            (x - 0.13 * radius, high),
            (x + 0.13 * radius, high),
            (x + 0.1 * radius, low),
            (x - 0.1 * radius, low),
        ]
    )
    wicker = mix(oklch(rng.uniform(0.35, 0.6), 0.07, 0.17), air, haze)
    weave = 0.9 + 0.2 * np.sin((near.y - y) / radius * 70) * np.sin((near.x - x) / radius * 70)
    near.paint(wicker * weave, stencil.alpha())
