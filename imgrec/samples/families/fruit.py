"""Fruit: apples, pears, citrus, plums and berries on a table, whole or cut across."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from imgrec.samples.backdrop import paint_shadow, paint_table
from imgrec.samples.canvas import Canvas
from imgrec.samples.noise import fractal_noise
from imgrec.samples.palette import WHITE, Array, Rng, look_up, mix, oklch, ramp
from imgrec.samples.shapes import bell, dome, smoothstep


@dataclass(frozen=True)
class _Fruit:
    shape: str
    table: Array
    flesh: Array
    peel: Array
    gloss: float
    speckle: float
    leafy: bool


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a fruit still life."""
    horizon = rng.uniform(-0.2, 0.35) * canvas.bottom
    paint_table(canvas, rng, horizon)
    fruit = _kind(rng)
    other = _kind(rng) if rng.random() < 0.35 else fruit
    for i, (x, y, radius) in enumerate(_places(canvas, rng, horizon)):
        kind = other if i % 2 else fruit
        paint_shadow(canvas, x, y + radius * 0.9, radius, 0.55)
        if kind.shape == "citrus" and rng.random() < 0.45:
            _slice(canvas, rng, kind, (x, y, radius))
        else:
            _whole(canvas, rng, kind, (x, y, radius))
    canvas.finish(rng, vignette=0.2, grain=0.015)


def _kind(rng: Rng) -> _Fruit:
    shape = str(rng.choice(["apple", "pear", "citrus", "lemon", "plum", "berry"]))
    hue = float(rng.choice([rng.uniform(0.02, 0.36), rng.random()], p=[0.8, 0.2]))
    lightness, chroma = rng.uniform(0.55, 0.82), rng.uniform(0.12, 0.2)
    blush = hue + rng.choice([-1, 1]) * rng.uniform(0.01, 0.12)
    table = ramp(
        [
            oklch(lightness * 0.28, chroma * 0.6, hue - 0.03),
            oklch(lightness * 0.65, chroma, blush),
            oklch(lightness, chroma, hue),
            oklch(min(lightness * 1.25, 0.95), chroma * 0.8, hue + 0.03),
        ]
    )
    return _Fruit(
        shape=shape,
        table=table,
        flesh=oklch(min(lightness + 0.12, 0.88), chroma * 0.95, hue),
        peel=oklch(lightness, chroma, hue),
        gloss=rng.uniform(0.25, 0.9),
        speckle=rng.uniform(0.0, 0.12),
        leafy=bool(rng.random() < 0.6),
    )


def _places(canvas: Canvas, rng: Rng, horizon: float) -> list[tuple[float, float, float]]:
    """Return x, y and radius of each fruit, the farthest first."""
    count = int(rng.choice([1, 2, 3, 4, 5, 7]))
    size = {1: 0.58, 2: 0.46, 3: 0.4}.get(count, 0.31)
    low = min(horizon + 0.1, canvas.bottom - size * 1.6)
    spots = []
    for i in range(count):
        spread = (i + 0.5) / count * 2 - 1
        x = 0.72 * canvas.right * spread + rng.normal(0, 0.05)
        y = low + rng.uniform(0, max(canvas.bottom - size * 1.2 - low, 0.05))
        spots.append((x, y, size * rng.uniform(0.85, 1.15)))
    return sorted(spots, key=lambda spot: spot[1] + spot[2])


def _outline(shape: str, u: Array, v: Array) -> Array:
    """Return the distance from the fruit's center as a share of its radius in that direction."""
    distance = np.hypot(u, v)
    if shape == "apple":
        top = bell(u, 0.28) * smoothstep(0.2, -0.6, v)
        foot = bell(u, 0.2) * smoothstep(0.3, 0.8, v)
        return distance / (0.98 - 0.16 * top - 0.07 * foot) * (1 + 0.06 * smoothstep(-0.2, 0.9, v))
    if shape == "pear":
        neck = smoothstep(0.1, -1.0, v)
        return np.hypot(u * (1 + 0.75 * neck), v * (0.95 - 0.25 * neck))
    if shape == "lemon":
        tip = smoothstep(0.65, 1.1, np.abs(u)) * bell(v, 0.3)
        return np.hypot(u * 0.96, v * 1.22) - 0.2 * tip
    if shape == "plum":
        return np.hypot(u * 1.08, v * 0.95) + 0.05 * bell(u, 0.08) * smoothstep(0.4, -0.9, v)
    return distance


def _whole(canvas: Canvas, rng: Rng, fruit: _Fruit, place: tuple[float, float, float]) -> None:
    x, y, radius = place
    near = canvas.window(x, y, radius * 1.4)
    tilt = rng.uniform(-0.9, 0.9) if fruit.shape == "lemon" else rng.uniform(-0.25, 0.25)
    u, v = near.local(x, y, tilt, radius)
    rim = _outline(fruit.shape, u, v)
    if fruit.shape == "berry":
        _cluster(canvas, rng, fruit, place)
        return
    noise = fractal_noise(rng, near.shape, 3, octaves=3, stretch=0.5)
    pores = fractal_noise(rng, near.shape, 30, octaves=1)
    sx, sy = near.local(x, y, 0.0, radius)
    height = dome(np.minimum(rim, 1))
    day = np.clip(0.5 * height - 0.42 * sx - 0.5 * sy, 0, 1)
    tone = 0.2 + 0.78 * day + 0.16 * (noise - 0.5) + fruit.speckle * (pores - 0.5)
    color = look_up(fruit.table, tone)
    bounce = 0.16 * smoothstep(0.6, 1.0, rim) * smoothstep(0.0, 0.8, sx + sy)
    color = color + bounce * (fruit.peel - color * 0.3)
    spot = bell(np.hypot(sx + 0.36, (sy + 0.42) * 1.2), 0.17) * fruit.gloss
    color = mix(color, WHITE, np.clip(spot, 0, 0.95))
    near.paint(color, near.inside((rim - 1) * radius))
    if fruit.shape in ("apple", "pear", "plum", "citrus"):
        _stalk(near, rng, fruit, u, v, radius)


def _stalk(near: Canvas, rng: Rng, fruit: _Fruit, u: Array, v: Array, radius: float) -> None:
    top = {"apple": -0.72, "pear": -1.25, "plum": -0.98, "citrus": -0.9}[fruit.shape]
    if fruit.shape == "apple":
        near.shade(0.5 * bell(np.hypot(u, (v + 0.74) * 2), 0.2))
    lean = rng.uniform(-0.5, 0.5)
    rise = top - v
    stalk = np.maximum(
        np.abs(u - lean * rise**2) - 0.035 - 0.05 * rise * (rise > 0), np.abs(rise - 0.1) - 0.16
    )
    near.paint(oklch(0.33, 0.05, 0.17), near.inside(stalk * radius))
    if fruit.leafy:
        cos, sin = math.cos(-0.5 + lean), math.sin(-0.5 + lean)
        lu, lv = u * cos + (v - top + 0.12) * sin, (v - top + 0.12) * cos - u * sin
        blade = np.abs(lv) - 0.17 * np.sin(np.clip(lu / 0.62, 0, 1) * math.pi)
        color = oklch(rng.uniform(0.42, 0.6), 0.12, rng.uniform(0.33, 0.4))
        tone = 0.85 + 0.3 * (lv < 0) - 0.25 * bell(lv, 0.015)
        near.paint(color * tone, near.inside(blade * radius) * ((lu > 0) & (lu < 0.62)))


def _cluster(canvas: Canvas, rng: Rng, fruit: _Fruit, place: tuple[float, float, float]) -> None:
    x, y, radius = place
    grain = radius * rng.uniform(0.26, 0.36)
    for row in range(5):
        for column in range(5 - row):
            bx = x + (column - (4 - row) / 2) * grain * 1.5 + rng.normal(0, grain * 0.22)
            by = y - radius * 0.5 + row * grain * 1.2 + rng.normal(0, grain * 0.22)
            near = canvas.window(bx, by, grain * 1.1)
            u, v = near.local(bx, by, 0.0, grain)
            distance = np.hypot(u, v)
            day = np.clip(0.5 * dome(distance) - 0.4 * u - 0.5 * v, 0, 1)
            color = look_up(fruit.table, 0.1 + 0.8 * day)
            spot = bell(np.hypot(u + 0.35, v + 0.4), 0.2) * fruit.gloss
            near.paint(mix(color, WHITE, spot), near.inside((distance - 1) * grain))


def _slice(canvas: Canvas, rng: Rng, fruit: _Fruit, place: tuple[float, float, float]) -> None:
    x, y, radius = place
    near = canvas.window(x, y, radius * 1.05)
    u, v = near.local(x, y, rng.uniform(0, 6.3), radius)
    distance, angle = np.hypot(u, v), np.arctan2(v, u)
    segments = int(rng.integers(8, 12))
    pitch = angle * segments / (2 * math.pi)
    # 0 on the axis of a segment, 1 on its wall.
    across = np.abs(pitch - np.floor(pitch) - 0.5) * 2
    gap = (1 - across) * distance * math.pi / segments
    pulp = fractal_noise(rng, near.shape, 14, octaves=2)
    cell = np.minimum(np.minimum(gap - 0.018, 0.84 - distance), distance - 0.1)
    pith = oklch(0.95, 0.03, 0.25)
    color = mix(fruit.peel, pith, near.inside((distance - 0.93) * radius))
    juicy = fruit.flesh * (0.72 + 0.3 * distance + 0.3 * (pulp - 0.4))
    color = mix(color, juicy, near.inside((0.012 - cell) * radius))
    near.paint(color, near.inside((distance - 1) * radius))
