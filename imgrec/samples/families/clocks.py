"""Clocks: round or square dials with ticks, numerals and hands, on a wall."""

from __future__ import annotations

import math

import numpy as np

from imgrec.samples.backdrop import paint_wall
from imgrec.samples.canvas import Canvas, Stencil
from imgrec.samples.palette import WHITE, Array, Rng, look_up, mix, oklch, ramp
from imgrec.samples.shapes import bell, box_distance, segment_distance, smoothstep

ROMAN = ("XII", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI")


def render(canvas: Canvas, rng: Rng) -> None:
    """Paint a clock."""
    paint_wall(canvas, rng)
    if rng.random() < 0.4:
        _paper(canvas, rng)
    radius = rng.uniform(0.62, 0.9)
    x = rng.uniform(-1, 1) * max(canvas.right - radius, 0) * 0.6
    y = rng.uniform(-1, 1) * max(canvas.bottom - radius, 0) * 0.6
    _clock(canvas.window(x, y, radius * 1.4), rng, (x, y, radius))
    canvas.finish(rng, vignette=0.15, grain=0.015)


def _clock(canvas: Canvas, rng: Rng, place: tuple[float, float, float]) -> None:
    x, y, radius = place
    u, v = canvas.local(x, y, 0.0, radius)
    corner = float(rng.choice([1.0, 1.0, 1.0, 0.3, 0.12]))
    edge = box_distance(u, v, 1, 1, corner)
    if corner < 1:
        edge = edge + 0.12
    canvas.shade(0.5 * smoothstep(0.28, -0.1, box_distance(u - 0.07, v - 0.1, 1, 1, corner)))
    face = _case(canvas, rng, u, v, edge, radius)
    ink = oklch(0.93, 0.03, rng.random()) if face < 0.5 else oklch(0.18, 0.04, rng.random())
    accent = oklch(rng.uniform(0.5, 0.7), 0.19, rng.random())
    _dial(canvas, rng, place, ink)
    _hands(canvas, rng, u, v, radius, ink, accent)
    glare = smoothstep(-0.02, 0.02, -edge - 0.15) * bell(u + v + 0.75, 0.35)
    canvas.glow(WHITE, glare * rng.uniform(0, 0.22))


def _paper(canvas: Canvas, rng: Rng) -> None:
    pitch, angle = rng.uniform(8, 24), rng.choice([0.0, math.pi / 4, math.pi / 2])
    u, v = canvas.local(0, 0, float(angle))
    stripes = smoothstep(-0.2, 0.2, np.sin(u * pitch))
    if rng.random() < 0.4:
        stripes = smoothstep(0.25, 0.45, np.sin(u * pitch) * np.sin(v * pitch))
    canvas.shade(rng.uniform(0.05, 0.16) * stripes)


def _case(canvas: Canvas, rng: Rng, u: Array, v: Array, edge: Array, radius: float) -> float:
    """Paint the case and the face; return the lightness of the face."""
    width = rng.uniform(0.05, 0.2)
    case = oklch(rng.uniform(0.2, 0.85), rng.uniform(0.0, 0.15), rng.random())
    light = 0.5 - 0.36 * (u + v)
    ring = np.clip(-edge / width, 0, 1)
    round_light = np.cos((ring - 0.5) * math.pi)
    turn = np.where(ring < 0.5, light, 1 - light)
    canvas.paint(case * (0.35 + 0.45 * round_light + 0.4 * turn), canvas.inside(edge * radius))
    lightness = float(
        rng.choice([rng.uniform(0.84, 0.97), rng.uniform(0.2, 0.4), rng.uniform(0.7, 0.8)])
    )
    face = oklch(lightness, rng.uniform(0.0, 0.1), rng.random())
    table = ramp([mix(face, WHITE, 0.25), face, face * 0.86])
    color = look_up(table, np.hypot(u + 0.25, v + 0.3) / 1.4)
    color = color * (1 - 0.35 * smoothstep(-0.12, 0.0, edge + width))
    canvas.paint(color, canvas.inside((edge + width) * radius))
    return lightness


def _dial(canvas: Canvas, rng: Rng, place: tuple[float, float, float], ink: Array) -> None:
    x, y, radius = place
    style = rng.choice(["arabic", "roman", "quarters", "ticks", "dots"])
    reach = rng.uniform(0.68, 0.76)
    stencil = canvas.stencil()
    if style != "dots":
        _ticks(stencil, rng, place, reach, bool(rng.random() < 0.6))
    if style in ("arabic", "roman", "quarters"):
        labels = ROMAN if style == "roman" else ("12", *map(str, range(1, 12)))
        size = radius * (rng.uniform(0.15, 0.21) if style != "quarters" else 0.26)
        for hour in range(0, 12, 3 if style == "quarters" else 1):
            angle = hour * math.pi / 6
            spot = x + math.sin(angle) * radius * 0.55, y - math.cos(angle) * radius * 0.55
            stencil.text(spot, labels[hour], size)
    if style == "dots":
        for hour in range(12):
            angle = hour * math.pi / 6
            size = radius * (0.06 if hour % 3 == 0 else 0.035)
            cx, cy = x + math.sin(angle) * radius * 0.66, y - math.cos(angle) * radius * 0.66
            stencil.ellipse([(cx - size, cy - size), (cx + size, cy + size)])
    canvas.paint(ink, stencil.alpha() * 0.92)


def _ticks(
    stencil: Stencil,
    rng: Rng,
    place: tuple[float, float, float],
    reach: float,
    minutes: bool,
) -> None:
    x, y, radius = place
    long = rng.uniform(0.05, 0.1)
    for minute in range(0, 60, 1 if minutes else 5):
        hour = minute % 5 == 0
        angle = minute * math.pi / 30
        sin, cos = math.sin(angle) * radius, -math.cos(angle) * radius
        inner = reach - long * (1.0 if hour else 0.45)
        stencil.line(
            [(x + sin * inner, y + cos * inner), (x + sin * reach, y + cos * reach)],
            radius * (0.03 if hour else 0.011),
        )


def _hands(
    canvas: Canvas, rng: Rng, u: Array, v: Array, radius: float, ink: Array, accent: Array
) -> None:
    minutes = rng.uniform(0, 720)
    slim = rng.uniform(0.6, 1.3)
    taper = bool(rng.random() < 0.5)
    hands = [
        (minutes * math.pi / 360, 0.42, 0.04 * slim, ink),
        (minutes * math.pi / 30, 0.64, 0.027 * slim, ink),
    ]
    if rng.random() < 0.7:
        hands.append((rng.uniform(0, 6.3), 0.68, 0.009, accent))
    for angle, length, width, color in hands:
        tip = math.sin(angle) * length, -math.cos(angle) * length
        du, dv = u + tip[0] * 0.15, v + tip[1] * 0.15
        distance = segment_distance(du, dv, (tip[0] * 1.15, tip[1] * 1.15))
        along = (du * tip[0] + dv * tip[1]) / length**2
        edge = distance - (width * (1.25 - 0.9 * np.clip(along, 0, 1)) if taper else width)
        shift = max(1, round(0.03 * radius / canvas.pixel))
        canvas.rgb[:, shift:, shift:] *= 1 - 0.22 * smoothstep(0.03, -0.01, edge)[:-shift, :-shift]
        canvas.paint(color, canvas.inside(edge * radius))
    hub = np.hypot(u, v)
    canvas.paint(accent, canvas.inside((hub - 0.055) * radius))
    canvas.paint(ink, canvas.inside((hub - 0.02) * radius))
