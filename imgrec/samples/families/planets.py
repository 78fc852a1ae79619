"""Planets: a lit globe with bands, land or craters, rings and moons, before the stars."""

from __future__ import annotations

import math

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.noise import fractal_noise, sharpen
from imgrec.samples.palette import WHITE, Array, Rng, harmony, look_up, mix, oklch, ramp
from imgrec.samples.scenery import paint_stars
from imgrec.samples.shapes import bell, dome, lambert, smoothstep


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a planet."""
    _space(canvas, rng)
    radius = rng.uniform(0.38, 0.8)
    x, y = rng.uniform(-0.3, 0.3) * canvas.right, rng.uniform(-0.25, 0.25) * canvas.bottom
    azimuth, tilt = rng.uniform(0, 2 * math.pi), rng.uniform(-0.7, 0.7)
    light = (math.cos(azimuth), math.sin(azimuth), rng.uniform(0.45, 1.3))
    ringed = radius < 0.6 and rng.random() < 0.75
    rings = _Rings(rng, x, y, radius, tilt) if ringed else None
    if rings:
        rings.paint(canvas, front=False)
    _globe(canvas, rng, (x, y, radius, tilt), light)
    if rings:
        rings.paint(canvas, front=True)
    for _ in range(rng.integers(0, 3)):
        _moon(canvas, rng, light)


def _space(canvas: Canvas, rng: Rng) -> None:
    canvas.rgb[...] = oklch(rng.uniform(0.05, 0.2), 0.04, rng.random())
    if rng.random() < 0.7:
        hue = rng.random()
        for _ in range(2):
            cloud = sharpen(fractal_noise(rng, canvas.shape, 1.5, octaves=5, gain=0.55), 2.6)
            color = oklch(rng.uniform(0.4, 0.7), 0.14, hue + rng.uniform(-0.15, 0.15))
            canvas.glow(color, cloud**2 * rng.uniform(0.3, 0.8))
    paint_stars(canvas, rng, 220)


def _globe(
    canvas: Canvas,
    rng: Rng,
    place: tuple[float, float, float, float],
    light: tuple[float, float, float],
) -> None:
    x, y, radius, tilt = place
    near = canvas.window(x, y, radius * 1.35)
    u, v = near.local(x, y, 0.0, radius)
    distance = np.hypot(u, v)
    w = dome(distance)
    air = oklch(0.8, 0.13, rng.random())
    toward = np.clip(0.55 + 0.5 * (u * light[0] + v * light[1]), 0, 1)
    near.glow(air, bell(np.maximum(distance - 0.97, 0), rng.uniform(0.05, 0.16)) * toward * 0.9)
    day = lambert(u, v, w, light)
    surface = _surface(near, rng, *near.local(x, y, tilt, radius), w)
    lit = surface * (0.03 + 0.97 * smoothstep(0, 1.05, day))
    rim = (1 - w) ** 3 * smoothstep(0, 0.5, day)
    near.paint(mix(lit, air, 0.75 * rim), near.inside((distance - 1) * radius))


def _surface(canvas: Canvas, rng: Rng, u: Array, v: Array, w: Array) -> Array:
    kind = rng.choice(["bands", "land", "rock", "swirl"])
    noise = fractal_noise(rng, canvas.shape, rng.uniform(2.5, 5), octaves=5, gain=0.55)
    bulge = 1 + 0.35 * (1 - w)
    if kind == "bands":
        table = ramp(_shuffled(rng, harmony(rng, 7, (0.42, 0.92), (0.03, 0.13))))
        latitude = np.arcsin(np.clip(v, -1, 1)) / 3.1 + 0.5
        wobble = fractal_noise(rng, canvas.shape, 5, octaves=3, stretch=4) - 0.5
        return look_up(table, latitude + 0.12 * wobble + 0.03 * (noise - 0.5))
    if kind == "swirl":
        table = ramp(_shuffled(rng, harmony(rng, 6, (0.35, 0.9), (0.06, 0.17))))
        return look_up(table, 0.5 + 0.4 * np.sin(3 * v * bulge + 9 * (noise - 0.5) + 2 * u))
    if kind == "land":
        return _land(rng, canvas.shape, noise, v)
    table = ramp(harmony(rng, 4, (0.28, 0.82), (0.01, 0.1)))
    return look_up(table, sharpen(noise, 3.2))


def _land(rng: Rng, shape: tuple[int, int], noise: Array, v: Array) -> Array:
    sea, land = rng.random(), rng.random()
    table = ramp(
        [
            oklch(0.28, 0.1, sea),
            oklch(0.42, 0.12, sea),
            oklch(0.58, 0.11, sea),
            oklch(0.62, 0.1, land),
            oklch(0.5, 0.09, land + 0.05),
            oklch(0.75, 0.06, land - 0.05),
        ]
    )
    color = look_up(table, sharpen(noise, 3.4))
    clouds = smoothstep(0.52, 0.7, fractal_noise(rng, shape, 5, octaves=4, stretch=2.2))
    ice = smoothstep(0.78, 0.9, np.abs(v) + 0.25 * (noise - 0.5))
    return mix(color, WHITE, np.maximum(clouds * 0.85, ice))


def _shuffled(rng: Rng, colors: list[Array]) -> list[Array]:
    return [colors[i] for i in rng.permutation(len(colors))]


class _Rings:
    """The rings of a planet, painted in two halves: behind the globe and in front of it."""

    def __init__(self, rng: Rng, x: float, y: float, radius: float, tilt: float) -> None:
        self._place = x, y, tilt, radius
        self._squash = rng.uniform(0.12, 0.4)
        self._table = ramp(_shuffled(rng, harmony(rng, 6, (0.45, 0.92), (0.02, 0.1))))
        self._inner, self._outer = rng.uniform(1.25, 1.45), rng.uniform(1.8, 2.3)
        self._gaps = rng.uniform(20, 60)

    def paint(self, canvas: Canvas, front: bool) -> None:
        x, y, tilt, radius = self._place
        near = canvas.window(x, y, radius * self._outer)
        u, v = near.local(x, y, tilt, radius)
        distance = np.hypot(u, v / self._squash)
        share = (distance - self._inner) / (self._outer - self._inner)
        soft = smoothstep(0, 0.06, share) * smoothstep(1, 0.94, share)
        alpha = soft * (0.6 + 0.3 * np.sin(share * self._gaps) * np.sin(share * 13))
        near.paint(look_up(self._table, share), alpha * ((v > 0) == front))


def _moon(canvas: Canvas, rng: Rng, light: tuple[float, float, float]) -> None:
    radius = rng.uniform(0.04, 0.13)
    x, y = rng.uniform(-0.9, 0.9) * canvas.right, rng.uniform(-0.9, 0.9) * canvas.bottom
    near = canvas.window(x, y, radius * 1.1)
    u, v = near.local(x, y, 0.0, radius)
    distance = np.hypot(u, v)
    day = lambert(u, v, dome(distance), light)
    color = oklch(rng.uniform(0.65, 0.9), rng.uniform(0.0, 0.08), rng.random())
    near.paint(color * (0.04 + day), near.inside((distance - 1) * radius))
