"""Vases: turned vessels with glazes and bands, some with a dry twig, on a table."""

from __future__ import annotations

import math

import numpy as np

from imgrec.samples.backdrop import paint_shadow, paint_table
from imgrec.samples.canvas import Canvas
from imgrec.samples.noise import fractal_noise, swell
from imgrec.samples.palette import WHITE, Array, Rng, harmony, look_up, mix, oklch, ramp
from imgrec.samples.shapes import bell, smoothstep

# Radius at even steps of height from lip to foot, as a share of the height.
PROFILES = (
    (0.12, 0.10, 0.16, 0.30, 0.36, 0.33, 0.24, 0.16),
    (0.24, 0.15, 0.13, 0.22, 0.34, 0.34, 0.24, 0.17),
    (0.08, 0.07, 0.07, 0.10, 0.24, 0.36, 0.35, 0.22),
    (0.30, 0.27, 0.25, 0.24, 0.24, 0.24, 0.23, 0.22),
    (0.36, 0.30, 0.24, 0.19, 0.16, 0.14, 0.15, 0.22),
    (0.18, 0.26, 0.36, 0.40, 0.38, 0.32, 0.24, 0.18),
    (0.26, 0.17, 0.24, 0.33, 0.27, 0.17, 0.14, 0.24),
    (0.42, 0.44, 0.43, 0.40, 0.35, 0.28, 0.20, 0.16),
)


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint one to three vases."""
    paint_table(canvas, rng, rng.uniform(0.1, 0.55) * canvas.bottom)
    count = int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2]))
    tallest = min(1.9 * canvas.bottom, 2.6 * canvas.right / count, 1.75)
    spots = [
        (
            (i + 0.5) / count * 2 - 1 + rng.normal(0, 0.05),
            rng.uniform(0.7, 0.94),
            rng.uniform(0.6, 1),
        )
        for i in range(count)
    ]
    for x, foot, size in sorted(spots, key=lambda spot: spot[1]):
        height = tallest * (size if count > 1 else max(size, 0.8))
        place = x * canvas.right * 0.85, foot * canvas.bottom, height
        twig = rng.random() < 0.4
        if twig:
            place = place[0], place[1], height * 0.62
            _twigs(canvas, rng, place)
        _vase(canvas, rng, place)
    canvas.finish(rng, vignette=0.2, grain=0.015)


def _vase(canvas: Canvas, rng: Rng, place: tuple[float, float, float]) -> None:
    x, foot, height = place
    profile = np.array(PROFILES[rng.integers(len(PROFILES))]) * rng.uniform(0.8, 1.1, 8)
    paint_shadow(canvas, x, foot, height * profile[-1] * 1.3, 0.6)
    near = canvas.window(x, foot - height / 2, height * 0.56, height * 0.56)
    top = foot - height
    t = (near.y[:, 0] - top) / height
    radius = _smooth(profile, t)[:, None]
    u = (near.x - x) / height
    # Lip and foot are ellipses: circles seen slightly from above.
    bend = 0.07 * np.sqrt(np.clip(1 - np.square(u / np.maximum(radius, 0.01)), 0, 1)) * radius / 0.3
    across = np.clip(u / np.maximum(radius, 0.01), -1, 1)
    down = t[:, None] - bend
    wide = np.abs(u) - radius
    ends = np.maximum(-t[:, None], down - 1.0)
    color = _glaze(near, rng, across, down)
    near.paint(color, near.inside(np.maximum(wide, ends) * height))
    lip = float(profile[0])
    hole = np.hypot(u / lip, t[:, None] / (0.2 * lip + 0.01)) - 1
    rim = color * 1.2
    near.paint(rim, near.inside(hole * lip * height * 0.25))
    near.paint(color * 0.25, near.inside((hole + 0.13) * lip * height * 0.25))


def _smooth(profile: Array, t: Array) -> Array:
    """Return the radius at heights t by Catmull-Rom interpolation of a profile."""
    at = np.clip(t, 0, 0.9999) * (len(profile) - 1)
    i = at.astype(np.intp)
    f = (at - i).astype(np.float32)
    padded = np.concatenate([profile[:1], profile, profile[-1:]]).astype(np.float32)
    a, b, c, d = (padded[i + k] for k in range(4))
    bent: Array = b + f / 2 * (c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)))
    return bent


def _glaze(near: Canvas, rng: Rng, across: Array, down: Array) -> Array:
    noise = fractal_noise(rng, near.shape, 5, octaves=4)
    colors = harmony(rng, 4, (0.35, 0.92), (0.03, 0.15))
    table = ramp([colors[i] for i in rng.permutation(4)])
    angle = np.arcsin(across) / math.pi + 0.5
    style = rng.choice(["plain", "bands", "drip", "zigzag", "dapple", "flutes"])
    if style == "plain":
        tone = 0.3 + 0.4 * down + 0.2 * (noise - 0.5)
    elif style == "bands":
        tone = np.floor(down * rng.integers(5, 12)) * 0.37 % 1
    elif style == "drip":
        edge = rng.uniform(0.3, 0.6) + 0.16 * swell(rng, angle.astype(np.float32), 18)
        tone = 0.15 + 0.7 * smoothstep(-0.015, 0.015, down - edge) + 0.1 * (noise - 0.5)
    elif style == "zigzag":
        teeth = np.abs((angle * rng.integers(5, 10)) % 1 - 0.5)
        wave = (down * rng.integers(4, 9) + 0.7 * teeth) % 1
        tone = np.where(wave < 0.5, 0.2, 0.8).astype(np.float32)
    elif style == "dapple":
        tone = smoothstep(0.46, 0.56, fractal_noise(rng, near.shape, rng.uniform(8, 16), octaves=2))
    else:
        tone = 0.35 + 0.25 * np.abs(np.sin(angle * 22)) + 0.3 * down
    color = look_up(table, np.clip(tone, 0.02, 0.98))
    day = 0.3 + 0.82 * np.clip(np.cos((across + 0.38) * 1.25), 0, 1) + 0.06 * (noise - 0.5)
    gleam = rng.uniform(0, 0.75) * bell(across + 0.45, 0.1) * smoothstep(0.02, 0.2, down)
    gleam = gleam * smoothstep(0.95, 0.5, down)
    bounce = 0.1 * smoothstep(0.7, 1.0, across)
    color = color * (day + bounce)
    return mix(color, WHITE, np.clip(gleam, 0, 1))


def _twigs(canvas: Canvas, rng: Rng, place: tuple[float, float, float]) -> None:
    x, foot, height = place
    bark = oklch(rng.uniform(0.25, 0.45), 0.04, rng.uniform(0.1, 0.25))
    bud = oklch(rng.uniform(0.55, 0.9), rng.uniform(0.05, 0.16), rng.random())
    stencil = canvas.stencil()
    blossoms: list[Array] = []
    for _ in range(rng.integers(2, 6)):
        lean, rise = rng.uniform(-0.45, 0.45), rng.uniform(0.45, 0.85) * height
        t = np.linspace(0, 1, 12)
        way = np.stack([x + lean * t**1.6 * height, foot - height * 0.95 - rise * t], 1)
        stencil.line(way, 0.018)
        blossoms.extend(way[3:] + rng.normal(0, 0.035, (9, 2)))
    canvas.paint(bark, stencil.alpha())
    for bx, by in np.array(blossoms).tolist():
        size = rng.uniform(0.022, 0.05)
        near = canvas.window(bx, by, size * 1.2)
        distance = np.hypot(near.x - bx, near.y - by)
        light = 1.1 - 4 * (near.y - by) - 3 * (near.x - bx)
        near.paint(bud * np.clip(light, 0.6, 1.25), near.inside(distance - size))
