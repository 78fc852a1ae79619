"""Butterflies: two pairs of mirrored wings with bands, veins and eyespots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgrec.samples.backdrop import paint_bokeh, paint_wall
from imgrec.samples.canvas import Canvas
from imgrec.samples.layout import spiral_spots
from imgrec.samples.palette import Array, Rng, harmony, look_up, mix, oklch, ramp
from imgrec.samples.shapes import bell, smoothstep


@dataclass(frozen=True)
class _Wing:
    heading: float
    length: float
    spread: float
    waves: float
    sharpness: float


@dataclass(frozen=True)
class _Species:
    fore: _Wing
    hind: _Wing
    table: Array
    dark: Array
    border: float
    veins: int
    spots: int
    eye: Array
    rings: float


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint one to six butterflies."""
    if rng.random() < 0.65:
        paint_bokeh(canvas, rng, rng.random())
    else:
        paint_wall(canvas, rng)
    species = _species(rng)
    alone = rng.random() < 0.55
    count = 1 if alone else int(rng.integers(2, 7))
    for x, y in spiral_spots(canvas, rng, count, 0.12 if alone else 0.75):
        size = rng.uniform(0.85, 1.0) if alone else rng.uniform(0.35, 0.55)
        _butterfly(canvas, species, (x, y, rng.normal(0, 0.4), size), rng.uniform(0.65, 1.0))
        if not alone and rng.random() < 0.4:
            species = _species(rng)
    canvas.finish(rng, vignette=0.2, grain=0.015)


def _species(rng: Rng) -> _Species:
    hue = rng.random()
    return _Species(
        fore=_Wing(
            rng.uniform(-0.85, -0.5),
            rng.uniform(0.92, 1.05),
            rng.uniform(0.5, 0.75),
            float(rng.choice([0.0, 0.03])),
            rng.uniform(0.7, 1.3),
        ),
        hind=_Wing(
            rng.uniform(0.55, 0.85),
            rng.uniform(0.62, 0.85),
            rng.uniform(0.6, 0.9),
            float(rng.choice([0.0, 0.05])),
            rng.uniform(0.8, 1.6),
        ),
        table=ramp(harmony(rng, 4, (0.45, 0.9), (0.1, 0.19))[:: int(rng.choice((-1, 1)))]),
        dark=oklch(rng.uniform(0.1, 0.25), 0.03, hue),
        border=rng.uniform(0.05, 0.28),
        veins=int(rng.integers(5, 9)),
        spots=int(rng.choice([0, 6, 8, 10])),
        eye=oklch(rng.uniform(0.75, 0.95), rng.uniform(0.03, 0.18), rng.random()),
        rings=float(rng.choice([0.0, rng.uniform(8, 16)])),
    )


def _butterfly(
    canvas: Canvas, species: _Species, place: tuple[float, float, float, float], fold: float
) -> None:
    x, y, angle, size = place
    near = canvas.window(x, y, size * 1.12)
    if 0 in near.shape:
        return
    u, v = near.local(x, y, angle, size)
    side = np.abs(u) / fold
    _shadow(near, side, v, species)
    for wing in (species.hind, species.fore):
        _wing(near, species, wing, side, v, size)
    _body(near, species, u, v, size)


def _polar(wing: _Wing, side: Array, v: Array) -> tuple[Array, Array]:
    """Return the distance from the wing's root, and the angle from its axis by its spread."""
    dx, dy = side - 0.03, v + 0.04
    distance = np.hypot(dx, dy)
    across = (np.arctan2(dy, dx) - wing.heading) / wing.spread
    return distance, across


def _reach(wing: _Wing, across: Array) -> Array:
    profile = np.clip(1 - np.abs(across) ** (2 * wing.sharpness), 0, 1)
    scallop = 1 - wing.waves * (1 + np.cos(across * 16))
    reach: Array = wing.length * (0.12 + 0.88 * np.sqrt(profile)) * scallop * (profile > 0)
    return reach


def _shadow(near: Canvas, side: Array, v: Array, species: _Species) -> None:
    for wing in (species.hind, species.fore):
        distance, across = _polar(wing, side, v - 0.07)
        near.shade(0.25 * smoothstep(0.08, -0.08, distance - _reach(wing, across)))


def _wing(near: Canvas, species: _Species, wing: _Wing, side: Array, v: Array, size: float) -> None:
    distance, across = _polar(wing, side, v)
    reach = _reach(wing, across)
    share = distance / np.maximum(reach, 0.05)
    color = look_up(species.table, np.clip(share * 0.95 + 0.12 * across, 0, 1))
    if species.rings:
        color = color * (0.86 + 0.2 * smoothstep(-0.3, 0.3, np.sin(share * species.rings)))
    phase = across * species.veins / 2
    vein = bell((phase - np.round(phase)) * distance, 0.028) * smoothstep(0.15, 0.3, share)
    rim = smoothstep(1 - species.border - 0.04, 1 - species.border + 0.04, share)
    root = 0.6 * smoothstep(0.35, 0.0, distance)
    color = mix(color, species.dark, np.clip(0.75 * vein + rim + root, 0, 1))
    if species.spots:
        dots = across * species.spots / 2
        dots = (dots - np.floor(dots) - 0.5) * 2 / species.spots * wing.spread * distance
        spot = np.hypot(dots, distance - reach * (1 - species.border * 0.5))
        color = mix(color, species.eye, smoothstep(0.04, 0.022, spot))
    eyespot = np.hypot(across * wing.spread * distance, distance - 0.62 * wing.length)
    if species.spots != 8:
        ring = smoothstep(0.15, 0.13, eyespot)
        color = mix(color, species.dark, ring * 0.8)
        color = mix(color, species.eye, smoothstep(0.1, 0.08, eyespot))
        color = mix(color, species.dark, smoothstep(0.055, 0.04, eyespot))
    sheen = 1.05 - 0.22 * smoothstep(-0.2, 1.0, across) + 0.1 * bell(share - 0.5, 0.2)
    near.paint(color * sheen, near.inside((distance - reach) * size))


def _body(near: Canvas, species: _Species, u: Array, v: Array, size: float) -> None:
    width = 0.035 + 0.018 * np.cos(np.clip((v - 0.02) * 7, -3, 3))
    body = np.maximum(np.abs(u) - width, np.abs(v - 0.1) - 0.36)
    light = 1.5 - np.clip(np.abs(u + 0.015) / 0.06, 0, 1) + 0.15 * np.sin(v * 55)
    near.paint(species.dark * light + 0.05, near.inside(body * size))
    head = np.hypot(u, v + 0.29) - 0.055
    near.paint(species.dark * 1.3, near.inside(head * size))
    feeler = np.abs(np.abs(u) - 0.02 - 0.55 * np.square(v + 0.3) * 2) - 0.009
    club = np.hypot(np.abs(u) - 0.155, v + 0.65) - 0.022
    reach = np.where((v < -0.3) & (v > -0.65), feeler, np.float32(1))
    near.paint(species.dark, near.inside(np.minimum(reach, club) * size))
