"""Weaves: plain, twill, basket and herringbone cloth in stripes and checks of dyed yarn."""

from __future__ import annotations

import math

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.noise import fractal_noise
from imgrec.samples.palette import Array, Rng, harmony


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a piece of cloth."""
    # In a canvas unit, which is half the short side.
    threads = rng.uniform(9, 24)
    u, v = canvas.local(
        0, 0, float(rng.choice([0.0, rng.normal(0, 0.12), math.pi / 4])), 1 / threads
    )
    drape = fractal_noise(rng, canvas.shape, 1.3, octaves=2)
    u = u + (drape - 0.5) * rng.uniform(0, 3.5)
    v = v + (drape[::-1, ::-1] - 0.5) * rng.uniform(0, 3.5)
    column, row = np.floor(u), np.floor(v)
    over = _over(rng, column, row)
    warp, weft = _yarns(rng)
    color = np.where(over, _dyed(warp, column), _dyed(weft, row))
    across = np.where(over, u - column, v - row) - 0.5
    along = np.where(over, v - row, u - column) - 0.5
    round_light = np.sqrt(np.clip(1 - np.square(across * 1.9), 0, 1))
    bend = 0.82 + 0.18 * np.cos(along * math.pi * rng.uniform(0.9, 1.4))
    twist = 0.92 + 0.08 * np.sin((along * 2 + across) * rng.uniform(9, 15))
    light = (0.4 + 0.72 * round_light) * bend * twist * (1.04 - 0.25 * across)
    fiber = fractal_noise(rng, canvas.shape, 50, octaves=1)
    canvas.rgb[...] = color * (light * (0.9 + 0.2 * fiber))
    folds = drape - np.roll(drape, max(canvas.shape) // 24, axis=1)
    canvas.rgb[...] *= 1 + np.clip(folds, -0.25, 0.25) * rng.uniform(0.3, 1.6)
    canvas.finish(rng, vignette=0.2, grain=0.02)


def _over(rng: Rng, column: Array, row: Array) -> Array:
    """Return a boolean mask of where the warp is above the weft."""
    kind = rng.choice(["plain", "twill", "basket", "herringbone", "satin"])
    if kind == "basket":
        column, row = np.floor(column / 2), np.floor(row / 2)
    elif kind == "herringbone":
        column = np.abs(column % 16 - 8)
    step, repeat, raised = {"twill": (1, 4, 2), "herringbone": (1, 4, 2), "satin": (2, 5, 1)}.get(
        kind, (1, 2, 1)
    )
    over: Array = (column * step + row) % repeat < raised
    return over


def _yarns(rng: Rng) -> tuple[Array, Array]:
    """Return one repeat of yarn colors (3, m) for the warp, and one for the weft."""
    colors = harmony(rng, 4, (0.28, 0.92), (0.03, 0.16))
    order = [int(i) for i in rng.permutation(4)]
    style = rng.choice(["tartan", "stripe", "plain", "check"])
    if style == "plain":
        warp, weft = [order[0]] * 2, [order[1]] * 2
    elif style == "check":
        size = int(rng.integers(3, 9))
        warp = [order[0]] * size + [order[1]] * size
        weft = warp
    else:
        sett: list[int] = []
        for _ in range(rng.integers(3, 7)):
            sett += [order[rng.integers(4)]] * int(rng.choice([1, 2, 3, 5, 8]))
        warp = sett + sett[::-1]
        weft = warp if style == "tartan" else [order[0]]
    table = np.concatenate(colors, axis=1)[:, :, 0]  # (3, 4)
    return table[:, warp], table[:, weft]


def _dyed(repeat: Array, number: Array) -> Array:
    index = (number % repeat.shape[1]).astype(np.intp)
    colors: Array = np.take(repeat, index, axis=1)
    return colors
