"""Line drawings in one style: objects of different shape at the same place, comics, plans, maps."""

import math

import numpy as np
from PIL import Image, ImageDraw

from near_pairs.content import Content
from near_pairs.look import Look


def guitar(look: Look, content: Content) -> Image.Image:
    """Draw an instrument: body, neck, strings; its proportions are the content."""
    image, draw = look.canvas()
    pen = max(1, look.width // int(look.rng.integers(120, 400)))
    middle, waist = look.width / 2, look.height * (0.58 + content.below(5) * 0.02)
    upper, lower = (look.width * (0.14 + content.below(6) * 0.02) for _ in range(2))
    long = look.height * (0.07 + content.below(4) * 0.02)
    draw.ellipse(
        (middle - upper, waist - long * 2, middle + upper, waist + long), None, look.ink, pen
    )
    draw.ellipse((middle - lower, waist, middle + lower, waist + long * 3), None, look.ink, pen)
    hole = look.width * (0.03 + content.below(4) * 0.012)
    draw.ellipse((middle - hole, waist - hole, middle + hole, waist + hole), None, look.ink, pen)
    neck, top = (
        look.width * (0.015 + content.below(3) * 0.008),
        look.height * (0.05 + content.below(4) * 0.03),
    )
    draw.rectangle((middle - neck, top, middle + neck, waist - long * 2), None, look.ink, pen)
    frets = content.within(5, 16)
    for fret in range(frets):
        y = top + (waist - long * 2 - top) * fret / frets
        draw.line((middle - neck, y, middle + neck, y), look.ink, pen)
    for string in range(content.within(4, 7)):
        x = middle - neck + string * neck / 3
        draw.line((x, top, x, waist + long * 2), look.between(0.7), 1)
    return image


def chair(look: Look, content: Content) -> Image.Image:
    """Draw a chair or a table in lines."""
    image, draw = look.canvas()
    pen = max(1, look.width // int(look.rng.integers(100, 300)))
    left, right = (
        look.width * (0.2 + content.below(4) * 0.03),
        look.width * (0.7 + content.below(4) * 0.03),
    )
    seat, floor = look.height * (0.5 + content.below(5) * 0.025), look.height * 0.93
    back = look.height * (0.1 + content.below(6) * 0.03)
    slant = look.width * (content.below(5) - 2) * 0.02
    draw.line([(left, back), (left, floor)], look.ink, pen)
    draw.line([(left, seat), (right, seat)], look.ink, pen)
    draw.line([(right, seat), (right + slant, floor)], look.ink, pen)
    top = left + look.width * (0.02 + content.below(3) * 0.02)
    draw.line([(left, back), (top, back), (top, seat)], look.ink, pen)
    for rung in range(content.within(1, 6)):
        y = back + (seat - back) * (rung + 1) / 8
        draw.line([(left, y), (top, y)], look.ink, pen)
    brace = seat + (floor - seat) * (0.3 + content.below(4) * 0.12)
    draw.line([(left, brace), (right, brace)], look.ink, pen)
    return image


def blob(look: Look, content: Content) -> Image.Image:
    """Draw closed outlines, such as fruit, leaves or animals in one stroke."""
    image, draw = look.canvas()
    pen = max(1, look.width // int(look.rng.integers(100, 400)))
    is_hatched = look.rng.random() < 0.4
    for _ in range(int(look.rng.integers(1, 5))):
        center = look.width * look.rng.uniform(0.3, 0.7), look.height * look.rng.uniform(0.3, 0.7)
        reach = min(look.width, look.height) * look.rng.uniform(0.1, 0.3)
        waves = [(k, (content.below(9) - 4) * 0.05, content.below(8)) for k in range(2, 7)]
        points = []
        for step in range(120):
            angle = step * math.tau / 120
            radius = reach * (1 + sum(a * math.cos(k * angle + p) for k, a, p in waves))
            points.append(
                (center[0] + radius * math.cos(angle), center[1] + radius * math.sin(angle))
            )
        draw.line([*points, points[0]], look.ink, pen, "curve")
        if is_hatched:
            for place in range(0, 60, 3):
                draw.line([points[place], points[119 - place]], look.between(0.5), 1)
    return image


def comic(look: Look, content: Content) -> Image.Image:
    """Draw panels with stick figures in other poses, and a word."""
    image, draw = look.canvas()
    across, down = int(look.rng.integers(1, 4)), int(look.rng.integers(1, 4))
    width, height = look.width // across, look.height // down
    for panel in range(across * down):
        x, y = panel % across * width + 6, panel // across * height + 6
        draw.rectangle((x, y, x + width - 12, y + height - 12), None, look.ink, 3)
        size = max(10, height // 12)
        look.write(image, (x + 8, y + 8), look.word(content), size)
        _figure(draw, look, content, (x + width // 2, y + height // 2), height // 5)
    return image


def _figure(
    draw: ImageDraw.ImageDraw, look: Look, content: Content, neck: tuple[int, int], size: int
) -> None:
    x, y = neck
    pen = max(2, size // 15)
    head = size * 0.4
    draw.ellipse((x - head, y - head * 2, x + head, y), look.ground, look.ink, pen)
    mouth = content.below(3)
    draw.arc(
        (x - head / 2, y - head, x + head / 2, y - head / 3),
        (0, 180, 20)[mouth],
        (180, 360, 160)[mouth],
        look.ink,
        pen,
    )
    draw.line((x, y, x, y + size), look.ink, pen)
    for side in (-1, 1):
        angle = content.below(6) * 0.45 - 0.8
        draw.line(
            (
                x,
                y + size / 4,
                x + side * size * math.cos(angle),
                y + size / 4 + size * math.sin(angle),
            ),
            look.ink,
            pen,
        )
        leg = content.below(4) * 0.2 + 0.2
        draw.line(
            (x, y + size, x + side * size * math.sin(leg), y + size + size * math.cos(leg)),
            look.ink,
            pen,
        )


def street_map(look: Look, content: Content) -> Image.Image:
    """Draw streets, blocks, a route and names; the route, pins and names are the content."""
    image, draw = look.canvas()
    size = max(10, min(look.type_px, 18))
    step = int(look.rng.integers(50, 110))
    tilt = float(look.rng.uniform(-0.3, 0.3))
    for x in range(-look.height, look.width + look.height, step):
        draw.line(
            (x, 0, x + tilt * look.height, look.height),
            look.between(0.2),
            int(look.rng.integers(3, 12)),
        )
    for y in range(-look.width, look.height + look.width, step):
        draw.line(
            (0, y, look.width, y - tilt * look.width),
            look.between(0.2),
            int(look.rng.integers(3, 12)),
        )
    for _ in range(int(look.rng.integers(4, 14))):
        place = look.rng.random(2) * (look.width - size * 5, look.height - size)
        look.write(
            image,
            (float(place[0]), float(place[1])),
            look.word(content),
            size,
            color=look.between(0.8),
        )
    for _ in range(int(look.rng.integers(1, 5))):
        across = (content.below(12) + 0.5) / 12 * look.width
        down = (content.below(12) + 0.5) / 12 * look.height
        pin = (across - size, down - size, across + size, down + size)
        draw.ellipse(pin, look.accent, look.ink, 2)
    points = [
        ((place + 0.5) / 5 * look.width, (content.below(8) + 0.5) / 8 * look.height)
        for place in range(5)
    ]
    draw.line(points, look.accent, 4)
    return image


def floor_plan(look: Look, content: Content) -> Image.Image:
    """Draw rooms, doors, windows and measures."""
    image, draw = look.canvas()
    size, wall = max(10, min(look.type_px, 20)), int(look.rng.integers(2, 9))
    columns, rows = int(look.rng.integers(2, 5)), int(look.rng.integers(2, 4))
    across, down = (look.width - 20) / columns, (look.height - 20) / rows
    for room in range(columns * rows):
        x, y = 10 + room % columns * across, 10 + room // columns * down
        draw.rectangle((x, y, x + across, y + down), None, look.ink, wall)
        door = x + (0.1 + content.below(4) * 0.2) * across
        draw.line((door, y + down, door + across * 0.18, y + down), look.ground, wall + 2)
        draw.arc(
            (door, y + down - across * 0.18, door + across * 0.36, y + down + across * 0.18),
            180,
            270,
            look.ink,
        )
        text = f"{content.within(1, 9)},{content.digits(2)} m"
        look.write(image, (x + size, y + down / 3), text, size)
        if content.below(2):
            draw.rectangle(
                (x + across * 0.6, y + down * 0.6, x + across * 0.85, y + down * 0.8),
                None,
                look.ink,
            )
    return image


def scribble(look: Look, content: Content) -> Image.Image:
    """Draw handwriting: loops along lines, each a choice."""
    image, draw = look.canvas()
    size = max(12, min(look.type_px, 40))
    pen, y = max(1, size // 10), size * 2.0
    while y < look.height - size:
        x = float(size)
        while x < look.width - size * 2:
            points = []
            shape = content.below(40)
            rng = np.random.default_rng([shape, 3])
            for k in range(24):
                t = k / 23
                points.append(
                    (
                        x + size * 1.1 * t + size * 0.35 * math.sin(t * math.tau * (1 + shape % 3)),
                        y
                        + size
                        * 0.5
                        * float(rng.uniform(0.5, 1))
                        * math.cos(t * math.tau * (1 + shape % 4)),
                    )
                )
            draw.line(points, look.ink, pen, "curve")
            x += size * 1.2
        y += size * 2
    return image
