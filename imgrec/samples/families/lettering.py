"""Lettering: a large character or a short word, cut out, raised, outlined or repeated."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from PIL import Image, ImageFilter, ImageFont

from imgrec.samples.canvas import Canvas
from imgrec.samples.noise import fractal_noise
from imgrec.samples.palette import Array, Rng, harmony, look_up, mix, ramp
from imgrec.samples.shapes import smoothstep

WORDS = (
    "ART",
    "SUN",
    "SEA",
    "MOON",
    "HOPE",
    "LOVE",
    "PLAY",
    "WILD",
    "BLUE",
    "OPEN",
    "RAIN",
    "JAZZ",
    "TEA",
    "NORTH",
    "COLOR",
    "LIGHT",
    "MUSIC",
    "DREAM",
    "RIVER",
    "HELLO",
    "STUDIO",
    "FOREST",
)
BOLD = 0.035
CAP_HEIGHT = 0.78
RULER_PX = 100
GLYPHS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789&?!abdeghkmnqrty"


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a piece of lettering."""
    colors = harmony(rng, 5, (0.25, 0.94), (0.04, 0.17))
    if rng.random() < 0.5:
        colors = colors[::-1]
    _ground(canvas, rng, colors[:2])
    layout = rng.choice(["glyph", "word", "stack"], p=[0.45, 0.3, 0.25])
    lines = _lines(rng, layout)
    _draw(canvas, rng, lines, colors)
    canvas.finish(rng, vignette=0.12, grain=0.025)


def _lines(rng: Rng, layout: str) -> list[str]:
    if layout == "glyph":
        return [GLYPHS[rng.integers(len(GLYPHS))]]
    word = WORDS[rng.integers(len(WORDS))]
    if layout == "word":
        return [word]
    if rng.random() < 0.5:
        return [word] * int(rng.integers(3, 6))
    return [WORDS[i] for i in rng.choice(len(WORDS), int(rng.integers(2, 5)), replace=False)]


def _ground(canvas: Canvas, rng: Rng, colors: list[Array]) -> None:
    angle = rng.uniform(0, 2 * math.pi)
    u, v = canvas.local(0, 0, angle)
    style = rng.choice(["gradient", "rays", "stripes", "rings", "dots", "paper"])
    near, far = colors[0], mix(colors[0], colors[1], rng.uniform(0.35, 0.9))
    if style == "gradient":
        share = 0.5 + 0.4 * u
    elif style == "rays":
        spin = np.arctan2(v, u) * int(rng.integers(6, 15))
        share = smoothstep(-0.15, 0.15, np.sin(spin))
    elif style == "stripes":
        share = smoothstep(-0.2, 0.2, np.sin(u * rng.uniform(6, 18)))
    elif style == "rings":
        share = smoothstep(-0.2, 0.2, np.sin(np.hypot(u, v) * rng.uniform(8, 20)))
    elif style == "dots":
        pitch = rng.uniform(9, 18)
        share = smoothstep(0.2, 0.5, np.sin(u * pitch) * np.sin(v * pitch))
    else:
        share = fractal_noise(rng, canvas.shape, 2.5, octaves=5)
    canvas.rgb[...] = look_up(ramp([near, far]), share)
    canvas.shade(0.12 * np.hypot(canvas.x, canvas.y))


def _fit(canvas: Canvas, rng: Rng, lines: list[str]) -> tuple[float, float]:
    """Return the size of the letters and the pitch of the lines, in canvas units."""
    ruler = _ruler()
    widest = max(ruler.getlength(line) for line in lines) / RULER_PX + BOLD * 2
    pitch = 2 * canvas.bottom * 0.9 / len(lines)
    size = min(2 * canvas.right * 0.88 / widest, pitch / CAP_HEIGHT * 0.84)
    return size * rng.uniform(0.84, 1.0), min(size * 0.92, pitch)


@cache
def _ruler() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(RULER_PX)


def _mask(
    canvas: Canvas, lines: list[str], plan: tuple[float, float], offset: tuple[float, float]
) -> Array:
    size, pitch = plan
    stencil = canvas.stencil()
    for i, line in enumerate(lines):
        y = (i - (len(lines) - 1) / 2) * pitch
        stencil.text((offset[0], y + offset[1]), line, size, bold=BOLD)
    return stencil.alpha()


def _draw(canvas: Canvas, rng: Rng, lines: list[str], colors: list[Array]) -> None:
    plan = _fit(canvas, rng, lines)
    body = _mask(canvas, lines, plan, (0, 0))
    reach = max(1, round(plan[0] * rng.uniform(0.03, 0.09) / canvas.pixel))
    style = rng.choice(["extruded", "shadow", "inline", "echo"])
    if style == "extruded":
        side = _swept(body, reach)
        canvas.paint(mix(colors[0], colors[1], 0.2) * 0.5, side)
    elif style == "shadow":
        canvas.shade(0.6 * _blurred(_shifted(body, reach, reach), reach * 0.7))
    elif style == "echo":
        for k in (3, 2, 1):
            canvas.paint(colors[k], _shifted(body, k * reach, k * reach))
    fill = _fill(canvas, rng, colors)
    canvas.paint(fill, body)
    if style == "inline":
        inner = np.clip(_eroded(body, max(1, reach // 2)) - _eroded(body, reach), 0, 1)
        canvas.paint(colors[0], inner)


def _fill(canvas: Canvas, rng: Rng, colors: list[Array]) -> Array:
    table = ramp(colors[2:])
    style = rng.choice(["plain", "fade", "marbled", "hatched"])
    shape = canvas.shape
    if style == "plain":
        return np.broadcast_to(colors[4], (3, *shape))
    if style == "fade":
        u, _ = canvas.local(0, 0, rng.uniform(0, 6.3))
        return look_up(table, 0.5 + 0.6 * u)
    if style == "marbled":
        noise = fractal_noise(rng, shape, 3, octaves=4)
        return look_up(table, 0.5 + 0.5 * np.sin(noise * 18))
    u, _ = canvas.local(0, 0, rng.uniform(0, 6.3))
    return look_up(table, 0.15 + 0.85 * smoothstep(-0.3, 0.3, np.sin(u * rng.uniform(20, 45))))


def _shifted(mask: Array, down: int, right: int) -> Array:
    moved = np.zeros_like(mask)
    height, width = mask.shape
    moved[down:, right:] = mask[: height - down, : width - right]
    return moved


def _blurred(mask: Array, radius_px: float) -> Array:
    coarse = Image.fromarray((mask * 255).astype(np.uint8))
    soft = coarse.filter(ImageFilter.GaussianBlur(radius_px))
    return np.asarray(soft, np.float32) / np.float32(255)


def _swept(mask: Array, reach: int) -> Array:
    """Return the union of the mask shifted by 0 to `reach` pixels to the lower right."""
    total, done = mask, 1
    while done <= reach:
        step = min(done, reach + 1 - done)
        total = np.maximum(total, _shifted(total, step, step))
        done += step
    return total


def _eroded(mask: Array, by_px: int) -> Array:
    for axis in (0, 1):
        mask = np.minimum(np.minimum(mask, np.roll(mask, by_px, axis)), np.roll(mask, -by_px, axis))
    return mask
