"""Mosaics: tesserae, hexagons or square tiles with bevels and grout that form a larger figure."""

from __future__ import annotations

import math

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.layout import tile_number
from imgrec.samples.noise import fractal_noise, sharpen
from imgrec.samples.palette import Array, Rng, harmony, look_up, oklch, ramp
from imgrec.samples.shapes import smoothstep

# For each pixel: x and y of its tile's center, its distance to the tile's edge, its shading.
Tiles = tuple[Array, Array, Array, Array]


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a mosaic."""
    kind = rng.choice(["shards", "squares", "hexagons", "triangles"], p=[0.4, 0.25, 0.2, 0.15])
    pitch = rng.uniform(0.12, 0.28)
    tiles = {"shards": _shards, "squares": _squares, "hexagons": _hexagons, "triangles": _triangles}
    at_x, at_y, inset, tilt = tiles[kind](canvas, rng, pitch)
    colors = harmony(rng, 5, (0.28, 0.93), (0.04, 0.17))
    if rng.random() < 0.5:
        colors = [colors[i] for i in rng.permutation(5)]
    figure = _figure(canvas, rng, at_x, at_y)
    scatter = tile_number(at_x, at_y)
    color = look_up(ramp(colors), np.clip(figure + 0.22 * (scatter - 0.5), 0, 1))
    color = color * (0.9 + 0.2 * tile_number(at_y + 3, at_x))
    bevel = smoothstep(0.0, 0.22 * pitch, inset)
    color = color * (1 + 0.22 * (1 - bevel) * tilt + 0.06 * tilt)
    grout = oklch(rng.choice([0.18, 0.3, 0.85, 0.95]), 0.02, rng.random())
    width = pitch * rng.uniform(0.02, 0.055)
    canvas.rgb[...] = grout
    canvas.paint(color, np.clip((inset - width) / canvas.pixel + 0.5, 0, 1))
    if rng.random() < 0.5:
        glaze = fractal_noise(rng, canvas.shape, 20, octaves=2) - 0.5
        canvas.rgb[...] *= 1 + 0.22 * glaze
    canvas.finish(rng, vignette=0.2)


def _shards(canvas: Canvas, rng: Rng, pitch: float) -> Tiles:
    """Return a Voronoi tiling with random seeds on a jittered grid."""
    rows = math.ceil(2 * canvas.bottom / pitch) + 4
    columns = math.ceil(2 * canvas.right / pitch) + 4
    jitter = rng.uniform(0.3, 0.45)
    shift = rng.uniform(-jitter, jitter, (2, rows, columns))
    seeds_x = ((np.arange(columns) + shift[0] - 1.5) * pitch - canvas.right).astype(np.float32)
    seeds_y = ((np.arange(rows)[:, None] + shift[1] - 1.5) * pitch - canvas.bottom).astype(
        np.float32
    )
    column = ((canvas.x + canvas.right) / pitch + 1.5 + 0.5).astype(np.intp)
    row = ((canvas.y + canvas.bottom) / pitch + 1.5 + 0.5).astype(np.intp)
    nearest = np.full(canvas.shape, 1e9, np.float32)
    second = nearest.copy()
    at_x, at_y = np.zeros_like(nearest), np.zeros_like(nearest)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            sx, sy = seeds_x[row + down, column + right], seeds_y[row + down, column + right]
            distance = np.square(canvas.x - sx) + np.square(canvas.y - sy)
            closer = distance < nearest
            second = np.minimum(second, np.maximum(distance, nearest))
            nearest = np.minimum(nearest, distance)
            at_x, at_y = np.where(closer, sx, at_x), np.where(closer, sy, at_y)
    inset = (np.sqrt(second) - np.sqrt(nearest)) * np.float32(0.5)
    return at_x, at_y, inset, _tilt(canvas.x - at_x, canvas.y - at_y, pitch)


def _tilt(du: Array, dv: Array, pitch: float) -> Array:
    """Return the shading of a pillow-shaped tile lit from the upper left, about -1..1."""
    return np.clip((-du - dv) / pitch, -1, 1)


def _squares(canvas: Canvas, rng: Rng, pitch: float) -> Tiles:
    angle = float(rng.choice([0.0, math.pi / 4, rng.uniform(0, 1.5)]))
    u, v = canvas.local(0, 0, angle, pitch)
    row = np.floor(v)
    stagger = float(rng.choice([0.0, 0.5, 0.33])) * row
    u = u + stagger
    column = np.floor(u)
    du, dv = u - column - 0.5, v - row - 0.5
    inset = (0.5 - np.maximum(np.abs(du), np.abs(dv))) * pitch
    cos, sin = math.cos(angle), math.sin(angle)
    tilt = _tilt((du * cos - dv * sin) * pitch, (du * sin + dv * cos) * pitch, pitch)
    cu, cv = column + 0.5 - stagger, row + 0.5
    return (cu * cos - cv * sin) * pitch, (cu * sin + cv * cos) * pitch, inset, tilt


def _hexagons(canvas: Canvas, rng: Rng, pitch: float) -> Tiles:
    u, v = canvas.local(0, 0, float(rng.choice([0.0, math.pi / 6])), pitch)
    height = math.sqrt(3)
    first_u, first_v = np.round(u), np.round(v / height) * height
    second_u, second_v = np.floor(u) + 0.5, (np.floor(v / height) + 0.5) * height
    nearer = np.hypot(u - first_u, v - first_v) < np.hypot(u - second_u, v - second_v)
    cu, cv = np.where(nearer, first_u, second_u), np.where(nearer, first_v, second_v)
    du, dv = u - cu, v - cv
    reach = np.maximum(np.abs(du), np.abs(du) * 0.5 + np.abs(dv) * (height / 2))
    return cu * pitch, cv * pitch, (0.5 - reach) * pitch, _tilt(du * pitch, dv * pitch, pitch)


def _triangles(canvas: Canvas, rng: Rng, pitch: float) -> Tiles:
    side = pitch * 1.5
    u, v = canvas.local(0, 0, rng.uniform(0, 1), side)
    height = math.sqrt(3) / 2
    a, b = u - v / (2 * height), v / height
    fa, fb = a - np.floor(a), b - np.floor(b)
    upper = (fa + fb > 1).astype(np.float32)
    third = np.abs(1 - fa - fb)
    wall_a, wall_b = np.abs(upper - fa), np.abs(upper - fb)
    inset = np.minimum(np.minimum(wall_a, wall_b), third) * (height * side)
    ca, cb = np.floor(a) + (1 + upper) / 3, np.floor(b) + (1 + upper) / 3
    cu, cv = ca + cb / 2, cb * height
    return cu * side, cv * side, inset, (2 * upper - 1) * 0.8


def _figure(canvas: Canvas, rng: Rng, x: Array, y: Array) -> Array:
    """Return the motif of the mosaic: a tone 0..1 that is constant within each tile."""
    cx, cy = rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5)
    distance, angle = np.hypot(x - cx, y - cy), np.arctan2(y - cy, x - cx)
    style = rng.choice(["rings", "spiral", "waves", "cloud", "petals", "fade"])
    if style == "rings":
        return 0.5 + 0.5 * np.sin(distance * rng.uniform(4, 9))
    if style == "spiral":
        return 0.5 + 0.5 * np.sin(distance * rng.uniform(4, 8) + angle * rng.integers(1, 4))
    if style == "waves":
        return 0.5 + 0.5 * np.sin(y * rng.uniform(3, 7) + 1.2 * np.sin(x * rng.uniform(1.5, 4)))
    if style == "petals":
        return np.clip(distance * (1.1 + 0.5 * np.cos(angle * rng.integers(4, 9))), 0, 1)
    if style == "fade":
        return 0.5 + 0.45 * (x * np.float32(cx) + y * np.float32(cy)) / max(math.hypot(cx, cy), 0.1)
    grid = sharpen(fractal_noise(rng, (64, 64), 2, octaves=2), 2.6)
    rows = np.clip((y / canvas.bottom + 1) * 32, 0, 63).astype(np.intp)
    columns = np.clip((x / canvas.right + 1) * 32, 0, 63).astype(np.intp)
    return grid[rows, columns]
