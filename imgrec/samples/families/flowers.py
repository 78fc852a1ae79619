"""Flowers: whorls of petals around a center, one large or several, before soft foliage."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from imgrec.samples.backdrop import paint_bokeh, paint_wall
from imgrec.samples.canvas import Canvas
from imgrec.samples.layout import spiral_spots
from imgrec.samples.palette import Array, Rng, look_up, oklch, ramp
from imgrec.samples.shapes import bell, dome, smoothstep


@dataclass(frozen=True)
class _Species:
    petals: int
    whorls: int
    width: float
    point: float
    heart: float
    notch: float
    table: Array
    middle: Array
    stripes: float


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint one to nine flowers of one species."""
    if rng.random() < 0.7:
        paint_bokeh(canvas, rng, rng.choice([rng.uniform(0.3, 0.5), rng.random()]))
    else:
        paint_wall(canvas, rng)
    species = _species(rng)
    for x, y, radius in _places(canvas, rng):
        if rng.random() < 0.75:
            _leaves(canvas, rng, x, y, radius)
        _flower(canvas, rng, species, (x, y, radius))
    canvas.finish(rng, vignette=0.2)


def _species(rng: Rng) -> _Species:
    hue, lightness = rng.random(), rng.uniform(0.55, 0.92)
    chroma = rng.uniform(0.06, 0.2)
    inner = oklch(lightness * rng.uniform(0.55, 1.0), chroma * 1.1, hue + rng.normal(0, 0.05))
    outer = oklch(lightness, chroma, hue)
    tip = oklch(
        min(lightness * 1.12, 0.97), chroma * rng.uniform(0.3, 1), hue + rng.normal(0, 0.04)
    )
    petals = int(rng.choice([4, 5, 5, 6, 8, 10, 13, 18]))
    return _Species(
        petals=petals,
        whorls=int(rng.integers(1, 4)) if petals < 13 else int(rng.integers(1, 3)),
        width=rng.uniform(0.75, 1.25) if petals < 9 else rng.uniform(0.8, 1.1),
        point=rng.uniform(0.35, 1.1),
        heart=rng.uniform(0.12, 0.34),
        notch=float(rng.choice([0.0, 0.0, 0.12])),
        table=ramp([inner, outer, outer, tip]),
        middle=oklch(rng.uniform(0.3, 0.85), 0.13, rng.choice([0.25, 0.2, 0.1, rng.random()])),
        stripes=rng.uniform(0, 0.25),
    )


def _places(canvas: Canvas, rng: Rng) -> list[tuple[float, float, float]]:
    """Return x, y and radius of each flower, the smallest and farthest first."""
    if rng.random() < 0.5:
        return [(rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2), rng.uniform(0.65, 1.0))]
    count = int(rng.integers(3, 9))
    radii = np.sort(rng.uniform(0.25, 0.55, count)).tolist()
    spots = spiral_spots(canvas, rng, count, 0.85)
    return [(x, y, radius) for (x, y), radius in zip(spots, radii, strict=True)]


def _flower(canvas: Canvas, rng: Rng, species: _Species, place: tuple[float, float, float]) -> None:
    x, y, radius = place
    near = canvas.window(x, y, radius * 1.08)
    squash, turn = rng.uniform(0.75, 1.0), rng.uniform(0, 6.3)
    u, v = near.local(x, y, rng.uniform(0, 6.3), radius)
    v = v / squash
    distance, angle = np.hypot(u, v), np.arctan2(v, u)
    near.shade(0.35 * bell(np.maximum(distance - 0.75, 0), 0.16))
    for whorl in range(species.whorls):
        size = 1 - 0.27 * whorl
        _whorl(
            near,
            species,
            distance / size,
            angle + turn + whorl * math.pi / species.petals,
            radius * size,
        )
    _heart(near, rng, species, distance / species.heart, angle, radius * species.heart)


def _whorl(near: Canvas, species: _Species, distance: Array, angle: Array, radius: float) -> None:
    turns = angle * (species.petals / (2 * math.pi))
    # Of an even number of petals, every other one overlaps its neighbors.
    sets = 2 if species.petals % 2 == 0 else 1
    for k in range(sets):
        phase = turns / sets + k / sets
        # Angle from the axis of the petal, in units of the pitch between petals.
        across = (phase - np.floor(phase + 0.5)) * sets
        _petals(near, species, distance, across, radius)


def _petals(near: Canvas, species: _Species, distance: Array, across: Array, radius: float) -> None:
    spread = across / species.width
    reach = np.clip(1 - np.abs(spread) ** (2 / species.point) * 1.4, 0, 1)
    reach = np.sqrt(reach) if species.point < 0.8 else reach
    reach = reach - species.notch * bell(spread, 0.16)
    edge = (distance - reach) * radius
    fold = 1 - 0.38 * smoothstep(0.1, 0.75, np.abs(spread)) + 0.08 * bell(spread, 0.1)
    veins = 1 - species.stripes * (0.5 + 0.5 * np.cos(spread * 40)) * smoothstep(0.9, 0.3, distance)
    depth = 0.62 + 0.38 * smoothstep(0.05, 0.6, distance)
    near.paint(look_up(species.table, distance) * (fold * veins * depth), near.inside(edge))


def _heart(
    near: Canvas, rng: Rng, species: _Species, distance: Array, angle: Array, radius: float
) -> None:
    near.shade(0.45 * smoothstep(1.7, 0.9, distance))
    dots = np.sin(distance * 17) * np.sin(angle * rng.integers(9, 19) + distance * 9)
    shade = 0.45 + 0.5 * dome(distance * 0.92) + 0.16 * dots
    near.paint(species.middle * shade, near.inside((distance - 1) * radius))


def _leaves(canvas: Canvas, rng: Rng, x: float, y: float, radius: float) -> None:
    color = oklch(rng.uniform(0.3, 0.55), rng.uniform(0.05, 0.12), rng.uniform(0.33, 0.44))
    for _ in range(rng.integers(2, 5)):
        angle = rng.uniform(0, 6.3)
        near = canvas.window(x, y, radius * 1.5)
        u, v = near.local(x, y, angle, radius)
        profile = 0.24 * np.sin(np.clip(u / 1.4, 0, 0.999) * math.pi)
        vein = 0.8 + 0.2 * np.sign(v) + 0.15 * np.sin(u * 40 - np.abs(v) * 50)
        near.paint(color * vein, near.inside((np.abs(v) - profile) * radius) * (u > 0) * (u < 1.4))
