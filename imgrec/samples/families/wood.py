"""Wood: planks, parquet or the end of a log, with rings, pores and knots."""

from __future__ import annotations

import math

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.layout import tile_number
from imgrec.samples.noise import fractal_noise
from imgrec.samples.palette import Array, Rng, look_up, oklch, ramp
from imgrec.samples.shapes import bell, smoothstep


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a wooden surface."""
    kind = rng.choice(["planks", "parquet", "log"], p=[0.5, 0.25, 0.25])
    table = _stain(rng)
    if kind == "log":
        _log(canvas, rng, table)
    elif kind == "planks":
        _planks(canvas, rng, table)
    else:
        _parquet(canvas, rng, table)
    canvas.finish(rng, vignette=0.2, grain=0.02)


def _stain(rng: Rng) -> Array:
    """Return the colors of the wood from late to early growth."""
    hue = float(rng.choice([rng.uniform(0.12, 0.24), rng.random()], p=[0.6, 0.4]))
    lightness, chroma = rng.uniform(0.38, 0.8), rng.uniform(0.02, 0.1)
    return ramp(
        [
            oklch(lightness * 0.5, chroma, hue - 0.02),
            oklch(lightness * 0.8, chroma * 1.1, hue),
            oklch(lightness, chroma, hue + 0.01),
            oklch(min(lightness * 1.14, 0.95), chroma * 0.85, hue + 0.03),
        ]
    )


def _pores(canvas: Canvas, rng: Rng, u: Array, v: Array, board: Array) -> Array:
    """Return the streaks (h, w) of fibers along u, from a different part of a texture per board."""
    side = max(canvas.shape)
    texture = fractal_noise(rng, (side, side), 26, octaves=3, gain=0.8, stretch=9)
    scale = side / (2 * max(canvas.right, canvas.bottom))
    down = (v * scale + board * 7 * side).astype(np.intp) % side
    right = (u * scale + board * 3 * side).astype(np.intp) % side
    streaks: Array = texture[down, right]
    return streaks


def _grain(canvas: Canvas, rng: Rng, u: Array, v: Array, board: Array) -> Array:
    """Return the tone 0..1 of boards whose fibers run along u.

    Args:
        canvas: the canvas that the boards are painted on.
        rng: random source of the knots and pores.
        u: coordinate along the fibers, (h, w).
        v: coordinate across the fibers, (h, w).
        board: (h, w) number 0..1 that identifies the board of each pixel.
    """
    waver = fractal_noise(rng, canvas.shape, 1.6, octaves=3) - 0.5
    depth = v + 0.25 * waver * rng.uniform(0.3, 1.0) + 3 * board
    for _ in range(rng.integers(0, 4)):
        ku, kv = rng.uniform(-1, 1), rng.uniform(-1, 1)
        reach = np.hypot((u - ku) * 0.55, v - kv)
        depth = depth + rng.uniform(0.15, 0.3) * bell(reach, 0.18) * np.sign(kv + 0.01)
    rings = np.sin(depth * rng.uniform(14, 40) + 2 * np.sin(u * 1.3 + board * 40))
    pores = _pores(canvas, rng, u, v, board)
    tone: Array = 0.55 + 0.2 * rings + 0.7 * (pores - 0.5) + 0.45 * (board - 0.5)
    return tone


def _planks(canvas: Canvas, rng: Rng, table: Array) -> None:
    upright = bool(rng.random() < 0.5)
    u, v = canvas.local(0, 0, math.pi / 2 if upright else 0.0)
    width, length = rng.uniform(0.22, 0.7), rng.uniform(1.2, 3.5)
    row = np.floor(v / width)
    column = np.floor((u + 2.7 * tile_number(row, row)) / length)
    board = tile_number(row, column)
    tone = _grain(canvas, rng, u, v, board)
    edge = np.abs(v / width - row - 0.5)
    seam = smoothstep(0.5 - 0.035 / width * 0.4, 0.5, edge)
    joint = (u + 2.7 * tile_number(row, row)) / length - column
    seam = np.maximum(seam, smoothstep(0.012 / length, 0.0, np.minimum(joint, 1 - joint)))
    canvas.rgb[...] = look_up(table, tone)
    canvas.shade(0.75 * seam)


def _parquet(canvas: Canvas, rng: Rng, table: Array) -> None:
    size = rng.uniform(0.35, 0.75)
    u, v = canvas.local(0, 0, float(rng.choice([0.0, math.pi / 4])), size)
    column, row = np.floor(u), np.floor(v)
    flip = (column + row) % 2 < 1
    fu, fv = u - column, v - row
    strips = int(rng.integers(3, 6))
    along, across = np.where(flip, fu, fv), np.where(flip, fv, fu)
    strip = np.floor(across * strips)
    board = tile_number(column * 3 + strip, row * 7)
    pores = _pores(canvas, rng, along * size, across * size, board)
    rings = np.sin(
        (across * size + board * 3) * rng.uniform(20, 50) + 2 * np.sin(along * 2 + board * 30)
    )
    canvas.rgb[...] = look_up(
        table, 0.52 + 0.12 * rings + 0.6 * (pores - 0.5) + 0.5 * (board - 0.5)
    )
    edge = np.abs(across * strips - strip - 0.5)
    end = np.abs(along - 0.5)
    canvas.shade(0.6 * np.maximum(smoothstep(0.46, 0.5, edge), smoothstep(0.487, 0.5, end)))


def _log(canvas: Canvas, rng: Rng, table: Array) -> None:
    x, y, radius = rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2), rng.uniform(0.75, 1.0)
    if rng.random() < 0.4:
        radius = rng.uniform(1.4, 2.2)
    u, v = canvas.local(x, y, rng.uniform(0, 6), radius)
    noise = fractal_noise(rng, canvas.shape, 2.2, octaves=4) - 0.5
    distance = np.hypot(u, v * rng.uniform(0.9, 1.1)) + 0.12 * noise
    angle = np.arctan2(v, u)
    count = rng.uniform(45, 110) * radius
    rings = np.sin(distance * count + 4 * np.sin(distance * 9))
    fine = fractal_noise(rng, canvas.shape, 40, octaves=2) - 0.5
    tone = 0.62 + 0.16 * rings + 0.3 * fine - 0.25 * bell(distance, 0.3)
    cracks = np.zeros_like(distance)
    for _ in range(rng.integers(1, 6)):
        off = np.angle(np.exp(1j * (angle - rng.uniform(0, 6.3)))).astype(np.float32)
        cracks = np.maximum(
            cracks, bell(off * distance + 0.03 * noise, 0.008) * smoothstep(0, 0.2, distance)
        )
    color = look_up(table, tone) * (1 - 0.75 * cracks)
    canvas.rgb[...] = table[:, 100, None, None] * rng.uniform(0.6, 1.6)
    canvas.shade(0.6 * smoothstep(1.25, 0.95, distance))
    bark = look_up(table, 0.08 + 0.3 * (0.5 + noise + 2 * fine))
    canvas.paint(bark * 0.75, canvas.inside((distance - 1) * radius))
    canvas.paint(color, canvas.inside((distance - 0.91) * radius))
