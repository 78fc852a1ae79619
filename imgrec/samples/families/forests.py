"""Forests: conifers or bare trunks in rows, each row nearer and darker, in mist."""

from __future__ import annotations

import math

import numpy as np

from imgrec.samples.canvas import Canvas, Stencil
from imgrec.samples.noise import fractal_noise, swell
from imgrec.samples.palette import WHITE, Array, Rng, mix, oklch
from imgrec.samples.scenery import DAY, DUSK, NIGHT, paint_sky, paint_stars, paint_sun, sky_colors
from imgrec.samples.shapes import bell, smoothstep

TIERS = 6


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a forest."""
    night = rng.random() < 0.15
    colors = sky_colors(rng, NIGHT if night else DAY + DUSK)
    paint_sky(canvas, colors, canvas.bottom * 0.5)
    if night:
        paint_stars(canvas, rng, 150)
    pale = mix(colors[-1], WHITE, 0.4)
    sun = rng.uniform(-0.7, 0.7) * canvas.right, rng.uniform(-0.6, 0.0) * canvas.bottom
    if rng.random() < 0.7:
        paint_sun(canvas, *sun, rng.uniform(0.06, 0.16), pale)
    near = oklch(
        rng.uniform(0.12, 0.3),
        rng.uniform(0.02, 0.08),
        rng.choice([rng.uniform(0.35, 0.6), rng.random()]),
    )
    if rng.random() < 0.65:
        _conifers(canvas, rng, colors[-1], near)
    else:
        _trunks(canvas, rng, colors[-1], near)
    if rng.random() < 0.4:
        _beams(canvas, rng, sun, pale)
    canvas.finish(rng, vignette=0.22, grain=0.015)


def _conifers(canvas: Canvas, rng: Rng, far: Array, near: Array) -> None:
    count = int(rng.integers(3, 6))
    slender = rng.uniform(0.15, 0.26)
    for i in range(count):
        depth = (i + 1) / count
        ground = canvas.bottom * (-0.1 + 0.95 * depth) + 0.12 * swell(rng, canvas.x, 1.6)[0]
        stencil = canvas.stencil()
        height = 0.28 + 0.75 * depth**1.5
        for outline in _conifer_row(rng, canvas, ground, height, slender):
            stencil.polygon(outline)
        below = canvas.y - ground[None, :]
        mask = np.maximum(stencil.alpha(), canvas.inside(-below))
        color = mix(far, near, 0.2 + 0.8 * depth)
        mist = (1 - depth) * 0.85 * smoothstep(-0.25 * height, 0.5 * height, below)
        canvas.paint(mix(color, far, mist), mask)


def _conifer_row(rng: Rng, canvas: Canvas, ground: Array, height: float, slender: float) -> Array:
    """Return the outlines (trees, points, 2) of a row of conifers on a ground line."""
    count = math.ceil(2.2 * canvas.right / (height * slender)) + 1
    steps = height * slender * rng.uniform(0.6, 1.4, count)
    x = np.cumsum(steps) * (2 * canvas.right / steps.sum()) - canvas.right
    tall = height * rng.uniform(0.55, 1.15, count)
    foot = np.interp(x, canvas.x[0], ground) + 0.22 * tall
    share = np.arange(1, TIERS + 1) / TIERS
    outer = share * (tall * slender)[:, None] * rng.uniform(0.8, 1.15, (count, TIERS))
    y = foot[:, None] - tall[:, None] * (1 - share)
    # The right side from the top down: to the tip of each tier, then back in below it.
    side_x = np.stack([outer, outer * 0.55], 2).reshape(count, -1)
    side_y = np.stack([y, y - tall[:, None] * 0.015], 2).reshape(count, -1)
    all_x = np.concatenate([np.zeros((count, 1)), side_x, -side_x[:, ::-1]], 1) + x[:, None]
    all_y = np.concatenate([(foot - tall)[:, None], side_y, side_y[:, ::-1]], 1)
    return np.stack([all_x, all_y], 2)


def _trunks(canvas: Canvas, rng: Rng, far: Array, near: Array) -> None:
    count = int(rng.integers(4, 7))
    birch = rng.random() < 0.4
    bark = fractal_noise(
        rng, canvas.shape, 34 if birch else 14, octaves=2, stretch=4 if birch else 0.25
    )
    for i in range(count):
        depth = (i + 1) / count
        color = mix(far, near, 0.15 + 0.85 * depth)
        if birch:
            pale = mix(far, WHITE, 0.5)
            color = mix(far, pale, 0.25 + 0.75 * depth) * (1 - 0.75 * smoothstep(0.6, 0.75, bark))
        else:
            color = color * (0.75 + 0.5 * bark)
        stencil = canvas.stencil()
        width = 0.03 + 0.13 * depth**2
        for x in np.arange(-canvas.right, canvas.right, width * rng.uniform(3, 5)):
            _trunk(stencil, rng, float(x) + rng.normal(0, width), width, canvas.bottom)
        ground = canvas.bottom * (0.25 + 0.65 * depth) + 0.08 * swell(rng, canvas.x, 2.2)
        canvas.paint(color, stencil.alpha())
        canvas.paint(mix(far, near, 0.1 + 0.7 * depth), canvas.inside(ground - canvas.y))
        canvas.paint(far, 0.35 * (1 - depth) * bell(canvas.y - ground, 0.5))


def _trunk(stencil: Stencil, rng: Rng, x: float, width: float, bottom: float) -> None:
    lean = rng.normal(0, 0.08)
    half = width * rng.uniform(0.3, 0.55)
    top, foot = -bottom - 0.05, bottom + 0.05
    stencil.polygon(
        [
            (x + lean - half * 0.6, top),
            (x + lean + half * 0.6, top),
            (x + half, foot),
            (x - half, foot),
        ]
    )
    for _ in range(rng.integers(1, 4)):
        y = rng.uniform(-0.9, 0.3) * bottom
        at = x + lean * (bottom - y) / (2 * bottom)
        reach, rise = rng.choice((-1, 1)) * width * rng.uniform(1.5, 4), rng.uniform(0.1, 0.35)
        stencil.line(
            [(at, y), (at + reach * 0.5, y - rise * 0.35), (at + reach, y - rise)], half / 3
        )


def _beams(canvas: Canvas, rng: Rng, sun: tuple[float, float], color: Array) -> None:
    angle = np.arctan2(canvas.y - sun[1], canvas.x - sun[0])
    rays = np.clip(swell(rng, angle, 9.0, count=4), 0, 1) ** 2
    distance = np.hypot(canvas.x - sun[0], canvas.y - sun[1])
    canvas.glow(color, rays * 0.45 * bell(distance, 1.4))
