"""Grids of values: calendars, spreadsheets, timetables, score sheets."""

import calendar as months

from PIL import Image

from near_pairs.content import Content
from near_pairs.look import Look


def calendar(look: Look, content: Content) -> Image.Image:
    """Draw the page of a month; some days hold an appointment or a mark."""
    image, draw = look.canvas()
    look.type_px = max(10, min(look.type_px, look.width // 20))
    size, head = look.type_px, look.type_px * 3
    year, month = 2000 + content.below(30), 1 + content.below(12)
    look.write(image, (size, size // 2), f"{year}-{month:02d}", size * 3 // 2, bold=True)
    across, down = look.width / 7, (look.height - head) / 6
    for row, week in enumerate((months.monthcalendar(2001, 9) * 2)[:6]):
        for column in range(7):
            x, y = column * across, head + row * down
            draw.rectangle((x, y, x + across, y + down), None, look.between(0.3))
            look.write(image, (x + 3, y + 2), str(week[column] or ""), color=look.between(0.7))
            kind = content.below(9)
            if kind < 2:
                box = (x + 3, y + size * 1.5, x + across - 3, y + size * 1.5 + max(4, size // 2))
                draw.rectangle(box, (look.accent, look.ink)[kind])
            elif kind == 2:
                look.write(image, (x + across / 2, y + 2), "×", bold=True)
    return image


def spreadsheet(look: Look, content: Content) -> Image.Image:
    """Draw rows and columns of numbers."""
    image, draw = look.canvas()
    look.type_px = max(10, min(look.type_px, 22))
    size = look.type_px
    width, height = size * int(look.rng.integers(4, 8)), round(size * look.rng.uniform(1.5, 2.2))
    is_signed = look.rng.random() < 0.4
    for row in range(look.height // height + 1):
        for column in range(look.width // width + 1):
            x, y = column * width, row * height
            if row == 0 or column == 0:
                draw.rectangle((x, y, x + width, y + height), look.between(0.12))
            draw.rectangle((x, y, x + width, y + height), None, look.between(0.2))
            if row == 0 or column == 0:
                text = str(row) if column == 0 else chr(64 + column % 26)
            else:
                sign = "-+"[content.below(2)] if is_signed else ""
                text = sign + content.digits(3)
            look.write(image, (x + 4, y + (height - size) // 3), text)
    return image


def timetable(look: Look, content: Content) -> Image.Image:
    """Draw departures: a time, a destination, a platform per row."""
    image, draw = look.canvas()
    size = max(10, min(look.type_px, look.width // 22))
    step, y = round(size * look.rng.uniform(1.5, 2.4)), size
    row = 0
    while y + step < look.height:
        if row % 2:
            draw.rectangle((0, y - size // 4, look.width, y + step - size // 4), look.between(0.1))
        look.write(image, (size, y), content.time(), size, bold=True)
        look.write(image, (size * 5, y), look.word(content), size)
        look.write(image, (look.width - size * 3, y), str(content.within(1, 24)), size)
        y, row = y + step, row + 1
    return image


def scoreboard(look: Look, content: Content) -> Image.Image:
    """Draw a score: two names, big figures, a table below."""
    image, draw = look.canvas()
    big, half = max(24, look.height // 5), look.width // 2
    draw.rectangle((0, 0, look.width, big * 2), look.accent)
    for side in range(2):
        look.write(
            image, (half * side + big // 2, big // 4), str(content.below(10)), big, bold=True
        )
        look.write(image, (half * side + 8, big * 3 // 2), look.word(content), max(10, big // 5))
    y, size = big * 2 + 8, max(10, min(look.type_px, 24))
    while y + size < look.height:
        look.write(image, (8, y), look.label(), size)
        look.write(image, (half, y), str(content.below(100)), size)
        look.write(image, (half * 3 // 2, y), str(content.below(100)), size)
        y += size * 2
    return image
