"""Papers of one layout: invoices, forms, letters, receipts, tickets, labels."""

from PIL import Image, ImageDraw

from near_pairs.content import Content
from near_pairs.look import Look


def invoice(look: Look, content: Content) -> Image.Image:
    """Draw an invoice: a head, an address, numbered items with amounts, a sum."""
    image, draw = look.canvas()
    size, margin = look.type_px, look.width // 12
    step = round(size * look.rng.uniform(1.35, 2.0))
    y = margin
    if look.rng.random() < 0.7:
        draw.rectangle((0, 0, look.width, size * 3), look.accent)
    look.write(image, (margin, y // 2), look.label() + " " + look.label(), size * 3 // 2, bold=True)
    y += size * 3
    side = margin if look.rng.random() < 0.5 else look.width // 2
    for _ in range(3):
        look.write(image, (side, y), look.words(content, 2) + " " + content.digits(2))
        y += step
    look.write(image, (margin, y), f"{look.label()} {content.digits(6)}   {content.date()}")
    y += step * 2
    is_ruled, right = look.rng.random() < 0.5, look.width - margin - size * 4
    for row in range(int(look.rng.integers(3, 12))):
        if y > look.height - step * 4:
            break
        if is_ruled:
            draw.line((margin, y - 2, look.width - margin, y - 2), look.between(0.3))
        elif row % 2:
            draw.rectangle((margin, y - 2, look.width - margin, y + step - 3), look.between(0.06))
        look.write(image, (margin, y), f"{row + 1}  {look.word(content)}")
        look.write(image, (right, y), content.amount())
        y += step
    draw.line((right, y, look.width - margin, y), look.ink, 2)
    look.write(image, (right, y + size // 3), content.amount(), bold=True)
    return image


def form(look: Look, content: Content) -> Image.Image:
    """Draw a form: boxes with names above them, filled in; ticks and crosses."""
    image, draw = look.canvas()
    size, margin = look.type_px, look.width // 14
    columns = int(look.rng.integers(1, 4)) if size < look.width // 30 else 1
    width, height = (look.width - margin) // columns, round(size * look.rng.uniform(3.0, 4.2))
    y = margin
    look.write(image, (margin, y // 2), look.label() + " " + look.label(), size * 5 // 4, bold=True)
    y += size * 2
    while y + height < look.height:
        for column in range(columns):
            x = margin + column * width
            small = max(9, size * 2 // 3)
            look.write(image, (x, y), look.label(), small, color=look.between(0.6))
            top, bottom = y + small + 4, y + height - 4
            draw.rectangle((x, top, x + width - margin, bottom), None, look.between(0.5))
            kind = look.rng.integers(4)
            if kind == 0:
                _ticks(look, content, image, (x + 4, top + 4), bottom - top - 8)
            elif kind == 1:
                look.write(image, (x + 5, top + 3), content.date())
            elif kind == 2:
                look.write(image, (x + 5, top + 3), content.digits(5))
            else:
                look.write(image, (x + 5, top + 3), look.word(content))
        y += height
    return image


def _ticks(
    look: Look, content: Content, image: Image.Image, place: tuple[int, int], side: int
) -> None:
    draw = ImageDraw.Draw(image)
    x, y = place
    for _ in range(3):
        draw.rectangle((x, y, x + side, y + side), None, look.ink)
        if content.below(2):
            draw.line((x, y, x + side, y + side), look.ink, max(1, side // 8))
            draw.line((x, y + side, x + side, y), look.ink, max(1, side // 8))
        x += side * 2


def letter(look: Look, content: Content) -> Image.Image:
    """Draw a page of running text, of which a few words are choices."""
    image, _ = look.canvas()
    size, margin = look.type_px, round(look.width * look.rng.uniform(0.05, 0.14))
    step, y = round(size * look.rng.uniform(1.2, 1.8)), margin
    while y + size < look.height - margin // 2:
        x: float = margin
        while x < look.width - margin - size * 5:
            word = look.word(content) if look.rng.random() < 0.25 else look.label()
            # A fixed pitch, so that another word does not move the rest of the page.
            look.write(image, (x, y), word)
            x += size * 5.5
        y += step if look.rng.random() < 0.9 else 2 * step
    return image


def receipt(look: Look, content: Content) -> Image.Image:
    """Draw a till receipt: narrow, items and prices, a sum, a time."""
    look.width = min(look.width, max(220, look.height // 2, look.type_px * 16))
    look.height = max(look.height, look.width)
    look.type_px = min(look.type_px, look.width // 16)
    image, draw = look.canvas()
    size = look.type_px
    step, y = round(size * 1.4), size
    look.write(image, (look.width // 4, y), look.label(), size * 3 // 2, bold=True)
    y += size * 3
    look.write(image, (size, y), f"{content.date()} {content.time()}")
    y += step * 2
    while y < look.height - step * 5:
        look.write(image, (size, y), look.word(content))
        look.write(image, (look.width - size * 4, y), f"{content.within(1, 9)}.{content.digits(2)}")
        y += step
    draw.line((size, y, look.width - size, y), look.ink)
    look.write(image, (look.width - size * 5, y + 4), content.amount(), bold=True)
    look.write(image, (size, y + step * 2), "No. " + content.digits(6))
    return image


def ticket(look: Look, content: Content) -> Image.Image:
    """Draw a ticket: origin and destination, a date, a seat, a gate."""
    look.width, look.height = max(look.width, look.height), min(look.width, look.height) * 2 // 3
    look.type_px = max(10, min(look.type_px, look.width // 24, look.height // 9))
    image, draw = look.canvas()
    size, third = look.type_px, look.width // 3
    draw.rectangle((0, 0, look.width, size * 2), look.accent)
    look.write(image, (size, size // 3), look.label() + " " + look.label(), bold=True)
    y = size * 3
    look.write(image, (size, y), content.letters(3), size * 2, bold=True)
    look.write(image, (size + third, y), content.letters(3), size * 2, bold=True)
    y += size * 3
    for column, value in enumerate(
        (content.date(), content.time(), content.letters(1) + content.digits(2))
    ):
        x = size + column * third
        look.write(image, (x, y), look.label(), max(9, size * 2 // 3), color=look.between(0.6))
        look.write(image, (x, y + size), value)
    cut = look.width - third + size
    for dash in range(0, look.height, 12):
        draw.line((cut, dash, cut, dash + 6), look.between(0.4), 2)
    look.write(image, (cut + size, size * 3), content.digits(3), size * 2, bold=True)
    return image
