"""Skylines: rows of towers with lit windows before a sky, mirrored in water in some."""

from __future__ import annotations

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.palette import WHITE, Array, Rng, mix, oklch
from imgrec.samples.scenery import (
    DAY,
    DUSK,
    NIGHT,
    mirror_below,
    paint_sky,
    paint_stars,
    paint_sun,
    sky_colors,
)
from imgrec.samples.shapes import bell


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a city skyline."""
    hour = rng.choice(["day", "dusk", "night"], p=[0.3, 0.4, 0.3])
    colors = sky_colors(rng, {"day": DAY, "dusk": DUSK, "night": NIGHT}[hour])
    ground = canvas.bottom * (rng.uniform(0.45, 0.7) if rng.random() < 0.45 else 1.0)
    paint_sky(canvas, colors, ground)
    if hour == "night":
        paint_stars(canvas, rng, 140)
    pale = mix(colors[-1], WHITE, 0.5)
    if rng.random() < 0.75:
        x, y = rng.uniform(-0.8, 0.8) * canvas.right, rng.uniform(-0.75, 0.1) * canvas.bottom
        paint_sun(canvas, x, y, rng.uniform(0.08, 0.3), pale)
    near = oklch(rng.uniform(0.12, 0.3), rng.uniform(0.01, 0.07), rng.random())
    lamp = oklch(rng.uniform(0.8, 0.92), rng.uniform(0.05, 0.14), rng.choice([0.22, 0.2, 0.6]))
    lit = {"day": 0.12, "dusk": 0.35, "night": 0.5}[hour]
    rows = int(rng.integers(3, 5))
    tallest = rng.uniform(0.75, 1.0) * (ground + canvas.bottom)
    for row in range(rows):
        depth = (row + 1) / rows
        color = mix(colors[-1], near, 0.25 + 0.75 * depth)
        _row(canvas, rng, (depth, ground, tallest * (1.05 - 0.6 * depth)), color, lamp, lit)
        canvas.paint(colors[-1], 0.3 * (1 - depth) * bell(canvas.y - ground, 0.45))
    if ground < canvas.bottom:
        tint = mix(near, colors[0], 0.5)
        mirror_below(canvas, ground, 1.0, tint, rng.uniform(0.25, 0.5))
    canvas.finish(rng, vignette=0.15, grain=0.015)


def _row(
    canvas: Canvas,
    rng: Rng,
    plan: tuple[float, float, float],
    color: Array,
    lamp: Array,
    lit: float,
) -> None:
    depth, ground, tallest = plan
    x = -canvas.right - rng.uniform(0, 0.2)
    middle = rng.uniform(-0.4, 0.4) * canvas.right
    while x < canvas.right:
        width = (0.1 + 0.16 * depth) * rng.uniform(0.6, 1.5)
        hill = 0.55 + 0.45 * float(np.exp(-(((x - middle) / (0.7 * canvas.right)) ** 2)))
        height = tallest * hill * rng.uniform(0.35, 1.0)
        tone = color * np.float32(rng.uniform(0.85, 1.12))
        _tower(canvas, rng, (x, ground, width, height), tone)
        if rng.random() < 0.25 + 0.75 * depth:
            _windows(canvas, rng, (x, ground, width, height), lamp, lit * depth)
        x += width * rng.uniform(0.8, 1.35)


def _tower(canvas: Canvas, rng: Rng, body: tuple[float, float, float, float], color: Array) -> None:
    x, ground, width, height = body
    reach = height * 1.3 / 2
    near = canvas.window(x + width / 2, ground - reach, width * 0.6, reach)
    right, roof = x + width, ground - height
    stencil = near.stencil()
    stencil.box([(x, roof), (right, ground + 0.1)])
    top = rng.choice(["flat", "step", "spire", "slant", "dome"])
    center = x + width / 2
    if top == "step":
        stencil.box([(x + width * 0.18, roof - width * 0.3), (right - width * 0.18, roof)])
        stencil.box([(x + width * 0.34, roof - width * 0.55), (right - width * 0.34, roof)])
    elif top == "spire":
        stencil.polygon(
            [(x + width * 0.2, roof), (center, roof - width * 0.9), (right - width * 0.2, roof)]
        )
        stencil.line([(center, roof - width * 0.6), (center, roof - width * 1.4)], 0.012)
    elif top == "slant":
        stencil.polygon([(x, roof), (right, roof - width * 0.5), (right, roof)])
    elif top == "dome":
        stencil.ellipse([(x, roof - width * 0.4), (right, roof + width * 0.4)])
    light = 1.12 - 0.3 * (near.x - x) / width
    near.paint(color * light, stencil.alpha())


def _windows(
    canvas: Canvas, rng: Rng, body: tuple[float, float, float, float], lamp: Array, lit: float
) -> None:
    x, ground, width, height = body
    near = canvas.window(x + width / 2, ground - height / 2, width * 0.42, height / 2 - 0.04)
    pitch_x = max(width * 0.84 / rng.integers(3, 7), 4.2 * canvas.pixel)
    pitch_y = pitch_x * rng.uniform(0.9, 1.6)
    u = (near.x - x - width * 0.08) / pitch_x
    v = (near.y - ground + height) / pitch_y
    column = np.clip(np.floor(u), 0, 15).astype(np.intp)
    row = np.clip(np.floor(v), 0, 127).astype(np.intp)
    grid = rng.random((128, 16), dtype=np.float32)
    bright = np.where(grid < lit, 0.45 + 0.55 * rng.random((128, 16), dtype=np.float32), 0.07)
    open_x = np.clip((0.36 - np.abs(u - np.floor(u) - 0.5)) * pitch_x / near.pixel + 0.5, 0, 1)
    open_y = np.clip((0.32 - np.abs(v - np.floor(v) - 0.5)) * pitch_y / near.pixel + 0.5, 0, 1)
    near.paint(lamp, bright[row, column].astype(np.float32) * open_x * open_y)
