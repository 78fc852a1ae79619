"""Charts of one style: bars, lines, pies, gauges, scatter plots."""

import math

from PIL import Image

from near_pairs.content import Content
from near_pairs.look import Look


def bars(look: Look, content: Content) -> Image.Image:
    """Draw a bar chart with values and names."""
    image, draw = look.canvas()
    size = max(10, min(look.type_px, 24))
    count, base = int(look.rng.integers(4, 14)), look.height - size * 3
    across = (look.width - size * 4) / count
    has_values = look.rng.random() < 0.5
    for line in range(6):
        y = base - line * (base - size * 3) / 5
        draw.line((size * 3, y, look.width, y), look.between(0.15))
        look.write(image, (2, y - size), str(line * 20), size)
    for bar in range(count):
        value = content.within(1, 20)
        x, y = size * 3 + bar * across, base - value / 20 * (base - size * 3)
        draw.rectangle((x + across * 0.15, y, x + across * 0.85, base), look.accent)
        if has_values:
            look.write(image, (x + across * 0.2, y - size * 1.2), str(value * 5), size)
        if across > size * 3:
            look.write(image, (x + across * 0.15, base + 4), content.letters(2), size)
    return image


def lines(look: Look, content: Content) -> Image.Image:
    """Draw curves through points; another value moves one point."""
    image, draw = look.canvas()
    size = max(10, min(look.type_px, 20))
    count, series = int(look.rng.integers(5, 20)), int(look.rng.integers(1, 4))
    width = int(look.rng.integers(1, 5))
    draw.line((size * 2, 0, size * 2, look.height - size * 2), look.ink)
    base = look.height - size * 2
    draw.line((size * 2, base, look.width, base), look.ink)
    for number in range(series):
        shade = (look.accent, look.ink, look.between(0.5))[number]
        points = [
            (
                size * 2 + (look.width - size * 3) * place / (count - 1),
                base - content.within(1, 16) / 17 * base,
            )
            for place in range(count)
        ]
        draw.line(points, shade, width, "curve")
        if look.rng.random() < 0.5:
            for x, y in points:
                draw.ellipse((x - 3, y - 3, x + 3, y + 3), shade)
    look.write(image, (look.width // 3, 4), look.words(content, 2), size)
    return image


def pie(look: Look, content: Content) -> Image.Image:
    """Draw a pie chart with a legend of shares."""
    image, draw = look.canvas()
    size = max(10, min(look.type_px, 24, look.height // 14))
    parts = [content.within(2, 12) for _ in range(int(look.rng.integers(3, 8)))]
    side = min(look.width * 2 // 3, look.height) - size * 2
    start = -90.0
    for number, part in enumerate(parts):
        end = start + 360 * part / sum(parts)
        share = (number + 1) / (len(parts) + 1)
        shade = look.accent if number == 0 else look.between(share)
        draw.pieslice((size, size, size + side, size + side), start, end, shade, look.ground)
        x, y = look.width * 2 // 3 + 4, size + number * size * 2
        draw.rectangle((x, y, x + size, y + size), shade)
        look.write(image, (x + size * 1.3, y), f"{part * 100 // sum(parts)} %", size)
        start = end
    return image


def scatter(look: Look, content: Content) -> Image.Image:
    """Draw points in a frame with an axis."""
    image, draw = look.canvas()
    size, radius = max(10, min(look.type_px, 20)), int(look.rng.integers(3, 9))
    frame = (size * 2, size, look.width - size, look.height - size * 2)
    draw.rectangle(frame, None, look.ink)
    for _ in range(int(look.rng.integers(10, 60))):
        x = frame[0] + (frame[2] - frame[0]) * (content.below(30) + 0.5) / 30
        y = frame[1] + (frame[3] - frame[1]) * (content.below(30) + 0.5) / 30
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), look.accent)
    for tick in range(5):
        x = frame[0] + (frame[2] - frame[0]) * tick / 5
        look.write(image, (x, frame[3] + 3), str(tick * 2), size)
    return image


def gauge(look: Look, content: Content) -> Image.Image:
    """Draw clocks or gauges whose hands point elsewhere."""
    image, draw = look.canvas()
    across = int(look.rng.integers(1, 4))
    side = look.width // across
    for number in range(across * max(1, look.height // side)):
        x, y = number % across * side, number // across * side
        box = (x + 8, y + 8, x + side - 8, y + side - 8)
        draw.ellipse(box, look.between(0.06), look.ink, max(2, side // 60))
        middle, reach = (x + side / 2, y + side / 2), side / 2 - 12
        for mark in range(12):
            angle = mark * math.tau / 12
            near, far = reach * 0.85, reach * 0.97
            ends = [
                (middle[0] + r * math.sin(angle), middle[1] - r * math.cos(angle))
                for r in (near, far)
            ]
            draw.line(ends, look.ink, 2)
        for length, steps in ((0.55, 12), (0.8, 60)):
            angle = content.below(steps) * math.tau / steps
            tip = (
                middle[0] + reach * length * math.sin(angle),
                middle[1] - reach * length * math.cos(angle),
            )
            draw.line([middle, tip], look.ink, max(2, side // 50))
    return image
