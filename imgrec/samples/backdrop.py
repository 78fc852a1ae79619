"""Backgrounds of still lifes: walls, table tops, out-of-focus foliage (bokeh), shadows."""

from __future__ import annotations

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.palette import WHITE, Array, Rng, look_up, mix, oklch, ramp
from imgrec.samples.shapes import bell, smoothstep


def wall_color(rng: Rng) -> Array:
    """Return a random color of low chroma, light or dark."""
    lightness = rng.choice([rng.uniform(0.2, 0.38), rng.uniform(0.5, 0.7), rng.uniform(0.78, 0.94)])
    return oklch(
        float(lightness), rng.uniform(0.01, 0.1 if lightness < 0.75 else 0.05), rng.random()
    )


def paint_wall(canvas: Canvas, rng: Rng) -> Array:
    """Fill the canvas with a wall lit from the upper left; return its color."""
    color = wall_color(rng)
    lit, dark = mix(color, WHITE, 0.3), color * np.float32(rng.uniform(0.5, 0.8))
    u, v = canvas.x + 0.4 * canvas.right, canvas.y + 0.5 * canvas.bottom
    reach = np.hypot(u / canvas.right, v / canvas.bottom)
    canvas.rgb[...] = look_up(ramp([lit, color, dark]), reach / 2.1)
    return color


def paint_table(canvas: Canvas, rng: Rng, horizon: float) -> None:
    """Paint a wall and, below the horizon, a table top that fades towards it."""
    wall = paint_wall(canvas, rng)
    color = mix(wall_color(rng), wall, 0.3)
    depth = np.clip((canvas.y - horizon) / (canvas.bottom - horizon), 0, 1)
    table = look_up(ramp([color * 0.72, color, mix(color, WHITE, 0.22)]), depth)
    edge = smoothstep(-0.012, 0.012, canvas.y - horizon)
    light = 1 - 0.25 * np.abs(canvas.x - 0.2) / canvas.right
    canvas.paint(table * light, edge)


def paint_bokeh(canvas: Canvas, rng: Rng, hue: float, spread: float = 0.06) -> None:
    """Fill the canvas with out-of-focus foliage: a soft gradient and large pale discs."""
    dark, light = sorted(rng.uniform(0.25, 0.85, 2).tolist())
    first = oklch(dark, rng.uniform(0.03, 0.1), hue)
    second = oklch(light, rng.uniform(0.03, 0.1), hue + rng.uniform(-spread, spread))
    angle = rng.uniform(0, 6.3)
    slope = (canvas.x * np.cos(angle) + canvas.y * np.sin(angle)).astype(np.float32)
    canvas.rgb[...] = look_up(ramp([first, second]), 0.5 + 0.35 * slope)
    for _ in range(rng.integers(8, 18)):
        _paint_disc(canvas, rng, oklch(rng.uniform(0.6, 0.95), 0.09, hue + rng.normal(0, spread)))


def _paint_disc(canvas: Canvas, rng: Rng, color: Array) -> None:
    x, y = rng.uniform(-1, 1) * canvas.right, rng.uniform(-1, 1) * canvas.bottom
    radius = rng.uniform(0.08, 0.4)
    near = canvas.window(x, y, radius * 1.2)
    distance = np.hypot(near.x - x, near.y - y)
    soft = smoothstep(radius, radius * rng.uniform(0.55, 0.9), distance)
    near.paint(color, soft * rng.uniform(0.1, 0.4))


def paint_shadow(canvas: Canvas, x: float, y: float, reach: float, amount: float = 0.5) -> None:
    """Darken the ground under an object at (x, y); the shadow falls to the lower right."""
    near = canvas.window(x, y, reach * 2.6)
    u, v = near.x - (x + 0.25 * reach), near.y - y
    near.shade(amount * bell(np.hypot(u / 1.25, v / 0.32), reach * 0.95))
