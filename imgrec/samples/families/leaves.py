"""Leaves: blades with midrib and side veins, one large, strewn about or paired on a sprig."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from imgrec.samples.backdrop import paint_bokeh, paint_wall
from imgrec.samples.canvas import Canvas
from imgrec.samples.layout import spiral_spots
from imgrec.samples.noise import fractal_noise
from imgrec.samples.palette import Array, Rng, look_up, mix, oklch, ramp
from imgrec.samples.shapes import bell, smoothstep


@dataclass(frozen=True)
class _Leaf:
    width: float
    belly: float
    veins: int
    slant: float
    teeth: float
    lobes: float
    table: Array
    rib: Array


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint leaves."""
    if rng.random() < 0.35:
        paint_bokeh(canvas, rng, rng.random(), 0.04)
    else:
        paint_wall(canvas, rng)
    layout = rng.choice(["single", "strewn", "sprig"], p=[0.35, 0.35, 0.3])
    {"single": _single, "strewn": _strewn, "sprig": _sprig}[layout](canvas, rng)
    canvas.finish(rng, vignette=0.15, grain=0.015)


def _kind(rng: Rng) -> _Leaf:
    hue = rng.choice([rng.uniform(0.28, 0.42), rng.uniform(0.05, 0.25), rng.random()])
    lightness, chroma = rng.uniform(0.42, 0.72), rng.uniform(0.06, 0.16)
    drift = rng.normal(0, 0.06)
    return _Leaf(
        width=rng.uniform(0.16, 0.42),
        belly=rng.uniform(0.6, 1.5),
        veins=int(rng.integers(5, 13)),
        slant=rng.uniform(0.5, 1.3),
        teeth=float(rng.choice([0.0, rng.uniform(0.02, 0.06)])),
        lobes=float(rng.choice([0.0, 0.0, rng.uniform(0.2, 0.45)])),
        table=ramp(
            [
                oklch(lightness * 0.62, chroma, hue),
                oklch(lightness, chroma, hue + drift / 2),
                oklch(min(lightness * 1.3, 0.93), chroma, hue + drift),
            ]
        ),
        rib=oklch(rng.uniform(0.75, 0.92), chroma * 0.6, hue + drift),
    )


def _single(canvas: Canvas, rng: Rng) -> None:
    length = rng.uniform(1.5, 1.9)
    angle = rng.uniform(0, 2 * math.pi)
    if canvas.right > 1.2 or canvas.bottom > 1.2:
        upright = math.pi / 2 if canvas.bottom > 1.2 else 0.0
        angle, length = upright + rng.uniform(-0.5, 0.5), length * 1.1
    x, y = -math.cos(angle) * length * 0.52, -math.sin(angle) * length * 0.52
    _paint(canvas, rng, _kind(rng), (x, y, angle, length))


def _strewn(canvas: Canvas, rng: Rng) -> None:
    kinds = [_kind(rng) for _ in range(rng.integers(1, 4))]
    count = int(rng.integers(6, 14))
    for i, (x, y) in enumerate(spiral_spots(canvas, rng, count, 1.0)):
        length, angle = rng.uniform(0.5, 0.95), rng.uniform(0, 6.3)
        root_x, root_y = x - math.cos(angle) * length / 2, y - math.sin(angle) * length / 2
        _paint(canvas, rng, kinds[i % len(kinds)], (root_x, root_y, angle, length))


def _sprig(canvas: Canvas, rng: Rng) -> None:
    kind = _kind(rng)
    tall = canvas.bottom >= canvas.right
    heading = (-math.pi / 2 if tall else 0.0) + rng.uniform(-0.3, 0.3)
    span = 1.75 * max(canvas.right, canvas.bottom)
    bend, pairs = rng.uniform(-0.5, 0.5), int(rng.integers(4, 9))
    t = np.linspace(0, 1, 24)
    along, off = (t - 0.52) * span, bend * (t - 0.5) ** 2
    cos, sin = math.cos(heading), math.sin(heading)
    stem = np.stack([along * cos - off * sin, along * sin + off * cos], 1)
    stencil = canvas.stencil()
    stencil.line(stem, 0.026)
    canvas.paint(kind.rib * 0.62, stencil.alpha())
    opening = rng.uniform(0.6, 1.15)
    for i in range(pairs):
        share = 0.12 + 0.8 * i / pairs
        x, y = float(np.interp(share, t, stem[:, 0])), float(np.interp(share, t, stem[:, 1]))
        length = (1.15 - 0.5 * share) * min(0.8, span / pairs * 1.7)
        for side in (-1, 1):
            _paint(canvas, rng, kind, (x, y, heading + side * opening, length))
    x, y = stem[-3].tolist()
    _paint(canvas, rng, kind, (x, y, heading, 0.4))


def _paint(canvas: Canvas, rng: Rng, leaf: _Leaf, place: tuple[float, float, float, float]) -> None:
    x, y, angle, length = place
    half = length * 0.62
    near = canvas.window(x + math.cos(angle) * length / 2, y + math.sin(angle) * length / 2, half)
    if 0 in near.shape:
        return
    u, v = near.local(x, y, angle, length)
    v = v + rng.uniform(-0.18, 0.18) * (u - 0.5) ** 2
    side = np.abs(v)
    t = np.clip(u, 0.001, 0.999)
    profile = leaf.width * np.sin(math.pi * t**leaf.belly) ** 0.85
    if leaf.lobes:
        profile = profile * (1 - leaf.lobes * (0.5 + 0.5 * np.cos((t + 0.1) * 5.2 * 2 * math.pi)))
    if leaf.teeth:
        saw = (t * 26 + side * 20) % 1
        profile = profile * (1 - leaf.teeth * 2 * saw)
    beyond = np.maximum(np.abs(u - 0.5) - 0.5, 0)
    edge = np.where(beyond > 0, np.hypot(side, beyond), side - profile) * length * 0.9
    shift = max(1, round(0.016 / near.pixel))
    near.rgb[:, shift:, shift:] *= 1 - 0.32 * bell(np.maximum(edge, 0), 0.03)[:-shift, :-shift]
    near.paint(_surface(near, rng, leaf, u, v), near.inside(edge))
    stalk = np.maximum(side - 0.012, np.abs(u + 0.02) - 0.1)
    near.paint(leaf.rib * 0.75, near.inside(stalk * length))


def _surface(near: Canvas, rng: Rng, leaf: _Leaf, u: Array, v: Array) -> Array:
    side = np.abs(v)
    blotch = fractal_noise(rng, near.shape, 3, octaves=3)
    phase = (u - side * leaf.slant) * leaf.veins
    phase = phase - np.floor(phase)
    fold = 0.2 * np.sign(v) * smoothstep(0, 0.02, side) + 0.25 * (phase - 0.5)
    tone = 0.45 + 0.9 * (blotch - 0.5) + 0.5 * side / leaf.width - 0.25
    color = look_up(leaf.table, tone + 0.35 * fold)
    middle = bell(v, 0.012 + 0.012 * (1 - u))
    branch = 0.6 * bell((phase - 0.5) / leaf.veins, 0.006)
    return mix(color, leaf.rib, np.clip(middle + branch, 0, 0.9))
