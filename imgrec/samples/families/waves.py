"""Waves: crest before crest with foam, in bands, scales or rollers under a low sun."""

from __future__ import annotations

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.noise import fractal_noise, swell
from imgrec.samples.palette import WHITE, Array, Rng, harmony, look_up, mix, oklch, ramp
from imgrec.samples.scenery import DAY, DUSK, NIGHT, paint_sky, paint_sun, sky_colors
from imgrec.samples.shapes import bell, smoothstep


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint waves."""
    kind = rng.choice(["rollers", "scales", "open"], p=[0.45, 0.2, 0.35])
    if kind == "scales":
        _scales(canvas, rng)
    elif kind == "rollers":
        _rollers(canvas, rng)
    else:
        _open_sea(canvas, rng)
    canvas.finish(rng, vignette=0.15, grain=0.015)


def _water(rng: Rng) -> tuple[Array, Array]:
    """Return the colors of deep and of shallow water."""
    hue = rng.choice([rng.uniform(0.5, 0.72), rng.random()], p=[0.65, 0.35])
    deep = oklch(rng.uniform(0.2, 0.38), rng.uniform(0.04, 0.11), hue)
    shallow = oklch(rng.uniform(0.6, 0.8), rng.uniform(0.06, 0.13), hue - rng.uniform(0.02, 0.1))
    return deep, shallow


def _rollers(canvas: Canvas, rng: Rng) -> None:
    colors = sky_colors(rng)
    paint_sky(canvas, colors, 0.0)
    pale = mix(colors[-1], WHITE, 0.4)
    if rng.random() < 0.7:
        x, y = rng.uniform(-0.7, 0.7) * canvas.right, -rng.uniform(0.3, 0.8) * canvas.bottom
        paint_sun(canvas, x, y, rng.uniform(0.12, 0.34), pale)
    deep, shallow = _water(rng)
    count = int(rng.integers(4, 9))
    steep, rate = rng.uniform(0.06, 0.16), rng.uniform(1.5, 4)
    foam_noise = fractal_noise(rng, canvas.shape, 16, octaves=2)
    top = -rng.uniform(0.1, 0.5) * canvas.bottom
    for i in range(count):
        depth = (i + 0.6) / count
        line = swell(rng, canvas.x, rate * (1.6 - depth))
        crest = (
            top
            + (canvas.bottom - top) * (i / count)
            - steep * (0.4 + depth) * (1.4 * np.abs(line) + 0.4 * line)
        )
        below = canvas.y - crest
        band = (canvas.bottom - top) / count * 1.6
        table = ramp([mix(shallow, pale, 0.35 * (1 - depth)), mix(shallow, deep, 0.6), deep])
        body = look_up(
            table, np.clip(below / band, 0, 1) * (0.55 + 0.45 * depth) + 0.25 * (depth - 0.5)
        )
        thickness = 0.02 + 0.045 * depth
        foam = smoothstep(thickness, thickness * 0.5, below + thickness * 1.6 * (foam_noise - 0.5))
        streak = 0.35 * bell(below - 0.11 - 0.05 * line, 0.018)
        canvas.shade(0.22 * bell(np.minimum(below, 0), 0.05))
        canvas.paint(mix(body, WHITE, np.clip(foam * 0.9 + streak, 0, 1)), canvas.inside(-below))


def _scales(canvas: Canvas, rng: Rng) -> None:
    radius = rng.uniform(0.2, 0.42)
    rings = int(rng.integers(3, 6))
    table = ramp(harmony(rng, rings + 1, (0.28, 0.93), (0.03, 0.14)))
    light = rng.random() < 0.5
    step = radius / 2
    canvas.rgb[...] = table[:, :1, None]
    rows = int(2 * canvas.bottom / step) + 4
    for row in range(rows):
        y = -canvas.bottom + (row - 0.5) * step
        near = canvas.window(0, y, canvas.right + 1, radius * 1.03)
        u = (near.x + canvas.right) / (2 * radius) + 0.5 * (row % 2)
        u = (u - np.floor(u) - 0.5) * 2 * radius
        distance = np.hypot(u, near.y - y) / radius
        ring = np.floor(distance * rings)
        inner = distance * rings - ring
        soft = np.minimum(inner, 1 - inner) * radius / rings / canvas.pixel
        share = (ring + 0.5) / rings
        color = look_up(table, share if light else 1 - share)
        edge = 1 - 0.5 * np.clip(1 - soft, 0, 1) - 0.28 * smoothstep(0.1, 1.0, inner)
        fade = 0.75 + 0.35 * (y + canvas.bottom) / (2 * canvas.bottom)
        near.paint(color * (edge * fade), near.inside((distance - 1) * radius))


def _open_sea(canvas: Canvas, rng: Rng) -> None:
    colors = sky_colors(rng, DAY + DUSK + NIGHT)
    horizon = rng.uniform(-0.5, 0.15) * canvas.bottom
    paint_sky(canvas, colors, horizon)
    pale = mix(colors[-1], WHITE, 0.5)
    x = rng.uniform(-0.5, 0.5) * canvas.right
    paint_sun(canvas, x, horizon - rng.uniform(0.0, 0.5), rng.uniform(0.08, 0.22), pale)
    deep, shallow = _water(rng)
    depth = np.maximum(canvas.y - horizon, 1e-3)
    distance = 0.35 / (depth + 0.06)
    chop = np.zeros(canvas.shape, np.float32)
    for k in range(5):
        rate, slant = 5 * 1.6**k, rng.normal(0, 0.35)
        phase = rate * (distance * 2.2 + slant * canvas.x * (0.4 + 0.6 * distance))
        wobble = 2.5 * swell(rng, canvas.x * (0.5 + distance) + depth * 3, 2.0 + k)
        chop += (1 - np.abs(np.sin(phase + wobble))) ** 2 * (0.75**k)
    chop = chop / 1.6 * smoothstep(0.0, 0.25, depth)
    table = ramp([deep, mix(deep, shallow, 0.5), shallow, mix(shallow, pale, 0.7)])
    water = look_up(table, 0.2 + 0.45 * chop)
    water = mix(water, colors[-1], 0.75 * np.exp(-depth * 5))
    glint = bell(canvas.x - x, 0.12 + 0.35 * depth) * smoothstep(0.35, 0.8, chop + 0.25)
    water = mix(water, pale, np.clip(glint * 0.9, 0, 1))
    foam = smoothstep(1.05, 1.35, chop * (0.8 + 0.6 * depth))
    canvas.paint(mix(water, WHITE, foam * 0.8), canvas.inside(horizon - canvas.y))
