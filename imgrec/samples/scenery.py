"""Elements of outdoor pictures: sky gradients, sun, stars, clouds and reflections in water."""

from __future__ import annotations

import numpy as np

from imgrec.samples.canvas import Canvas
from imgrec.samples.noise import fractal_noise
from imgrec.samples.palette import Array, Rng, hex_color, look_up, mix, oklch, ramp, turned
from imgrec.samples.shapes import bell, smoothstep

# Sky gradients as hexadecimal sRGB colors, from the zenith to the horizon.
DAY = (
    "1f6fb5 5fa8dc a9d6f0 e6f4fa",
    "2b3a67 7d6b91 e8a598 fbe3b9",
    "a8c8e8 cfd6ee f2d6dc fbecd8",
    "2f6f63 7fbfa0 cfe8c6 fbf7dc",
    "8a5a44 c99b7a ecd2b0 f8ecd8",
    "0a2a43 2e6f95 9fd3dd f3fbf7",
    "4a545e 78828a a9b0b3 d9d8d2",
    "0b3b4c 1f7a86 73c0b4 e8ecc8",
)
DUSK = (
    "2a1a4a 8a2f6b e5563d fbb040 ffe29a",
    "0d1b3e 2d3f78 7a6aa8 d69fb8",
    "5a2a4f b0507a f09a9a fddcc4",
    "6b3b12 c27a24 f2b84b fdf0c0",
    "1d1147 51308f a070d0 f0c6e8",
    "22040f 6b0f24 c8323a f59b6b",
    "12263f 35577a c98b6b f6cf95",
)
NIGHT = (
    "05070f 0b1430 182a55 33508a",
    "08060f 1a1033 3a2259 6a4580",
    "040c10 0a2229 14424a 2f7074",
    "0a0a0c 1a1c22 2e333d 565d68",
)


def sky_colors(rng: Rng, kinds: tuple[str, ...] = DAY + DUSK) -> list[Array]:
    """Return the colors of a random sky gradient, zenith first, with small random shifts."""
    recipe = kinds[rng.integers(len(kinds))].split()
    return turned(
        [hex_color(c) for c in recipe], rng.uniform(-0.05, 0.05), rng.uniform(-0.04, 0.04)
    )


def paint_sky(canvas: Canvas, colors: list[Array], horizon: float) -> None:
    """Fill the canvas with a sky gradient that reaches its last color at y = `horizon`."""
    top = -canvas.bottom
    canvas.rgb[...] = look_up(ramp(colors), (canvas.y - top) / (horizon - top))


def paint_sun(canvas: Canvas, x: float, y: float, radius: float, color: Array) -> None:
    """Paint a disc with a wide soft halo."""
    distance = np.hypot(canvas.x - x, canvas.y - y)
    canvas.glow(color, 0.55 * bell(distance, radius * 6) + 0.35 * bell(distance, radius * 2.2))
    canvas.paint(np.minimum(color * 1.12, 1), canvas.inside(distance - radius))


def paint_stars(canvas: Canvas, rng: Rng, count: int) -> None:
    """Scatter stars: many faint points, and a few bright ones with a halo."""
    height, width = canvas.shape
    rows, columns = rng.integers(0, height, count), rng.integers(0, width, count)
    canvas.rgb[:, rows, columns] += (rng.random(count) ** 3 * 0.9).astype(np.float32)
    for _ in range(rng.integers(3, 9)):
        x, y = rng.uniform(-1, 1) * canvas.right, rng.uniform(-1, 1) * canvas.bottom
        near = canvas.window(x, y, 0.08)
        distance = np.hypot(near.x - x, near.y - y)
        near.glow(oklch(0.95, 0.05, rng.random()), 0.9 * bell(distance, rng.uniform(0.012, 0.03)))


def mirror_below(canvas: Canvas, shore: float, ripple: float, tint: Array, depth: float) -> None:
    """Replace the area below the shore by a rippled reflection of the area above it.

    Args:
        canvas: the whole canvas.
        shore: y of the shore.
        ripple: amplitude of the waves' displacement, about 1.
        tint: color of the water.
        depth: share of that color, 0..1.
    """
    row = int(np.searchsorted(canvas.y[:, 0], shore))
    down = np.arange(canvas.shape[0] - row, dtype=np.float32)
    wave = np.sin(down * 1.1 + 3 * np.sin(down * 0.23)) * (0.5 + down * 0.05) * ripple
    source = np.clip(row - 1 - down * 1.25 + wave, 0, row - 1).astype(np.intp)
    canvas.rgb[:, row:] = mix(canvas.rgb[:, source], tint, depth)


def cloud_cover(
    rng: Rng, shape: tuple[int, int], cells: float, cover: float, stretch: float
) -> tuple[Array, Array]:
    """Return the density and the light of clouds, both (h, w) and 0..1.

    Args:
        rng: random source of the shapes.
        shape: (h, w) in pixels.
        cells: approximate number of clouds along the short side.
        cover: 0 (clear) to 1 (overcast).
        stretch: factor by which clouds are longer along x than along y.
    """
    noise = fractal_noise(rng, shape, cells, octaves=5, gain=0.55, stretch=stretch)
    low = 0.72 - 0.4 * cover
    density = smoothstep(low, low + 0.22, noise)
    offset = max(2, min(shape) // 40)
    above = np.roll(noise, offset, axis=0)
    above[:offset] = noise[:offset]
    light = np.clip(0.62 + 4.2 * (noise - above), 0, 1)
    return density, light


def paint_clouds(canvas: Canvas, cover: tuple[Array, Array], lit: Array, dark: Array) -> None:
    """Blend clouds over the canvas, from their shadow color to their lit color."""
    density, light = cover
    canvas.paint(mix(dark, lit, light), density)
