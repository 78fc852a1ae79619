"""Pictures of screens: chats, dialogs, settings, source code, terminals, slides, posts."""

from PIL import Image

from near_pairs.content import Content
from near_pairs.look import Look

_CODE = (
    "return",
    "value",
    "index",
    "count",
    "self",
    "None",
    "True",
    "False",
    "name",
    "path",
    "key",
)


def chat(look: Look, content: Content) -> Image.Image:
    """Draw a chat: bubbles left and right with times."""
    look.width, look.height = sorted((look.width, look.height))
    image, draw = look.canvas()
    look.type_px = max(10, min(look.type_px, look.width // 14))
    size, y = look.type_px, look.type_px * 2
    draw.rectangle((0, 0, look.width, y), look.accent)
    look.write(image, (size, size // 3), look.label(), bold=True)
    y += size
    while y < look.height:
        is_mine = look.rng.random() < 0.5
        count = int(look.rng.integers(1, 4))
        width = min(look.width - size * 3, size * 5 * count)
        x = look.width - width - size if is_mine else size
        shade = look.between(0.08) if is_mine else look.between(0.16)
        draw.rounded_rectangle((x, y, x + width, y + size * 3), size // 2, shade)
        look.write(image, (x + size // 2, y + size // 3), look.words(content, count))
        small = max(9, size * 2 // 3)
        look.write(image, (x + size // 2, y + size * 2), content.time(), small)
        y += round(size * 3.6)
    return image


def dialog(look: Look, content: Content) -> Image.Image:
    """Draw a message box in front of a window."""
    image, draw = look.canvas()
    look.type_px = max(10, min(look.type_px, look.width // 20, look.height // 12))
    size = look.type_px
    for _ in range(12):
        x, y = int(look.rng.integers(look.width)), int(look.rng.integers(look.height))
        draw.rectangle(
            (x, y, x + size * 6, y + size), look.between(float(look.rng.uniform(0, 0.3)))
        )
    box = (look.width // 8, look.height // 4, look.width * 7 // 8, look.height * 3 // 4)
    draw.rectangle(box, look.between(0.05), look.ink)
    draw.rectangle((box[0], box[1], box[2], box[1] + size * 2), look.accent)
    look.write(image, (box[0] + size, box[1] + size // 3), look.label(), bold=True)
    look.write(image, (box[0] + size, box[1] + size * 3), look.words(content, 3))
    code = f"{look.label()} 0x{content.letters(4, '0123456789ABCDEF')}"
    look.write(image, (box[0] + size, box[1] + size * 5), code)
    for button in range(2):
        x = box[2] - size * 7 * (button + 1)
        draw.rectangle((x, box[3] - size * 3, x + size * 6, box[3] - size), look.between(0.2))
        look.write(image, (x + size // 2, box[3] - size * 3 + size // 2), look.word(content))
    return image


def settings(look: Look, content: Content) -> Image.Image:
    """Draw a list of settings with switches, sliders and values."""
    image, draw = look.canvas()
    size = max(10, min(look.type_px, look.width // 20))
    step, y = round(size * 2.4), size
    while y + step < look.height:
        look.write(image, (size, y), look.label(), size)
        x = look.width - size * 5
        kind = look.rng.integers(3)
        if kind == 0:
            is_on = content.below(2)
            shade = look.accent if is_on else look.between(0.3)
            draw.rounded_rectangle((x, y, x + size * 2, y + size), size // 2, shade)
            knob = x + size * is_on
            draw.ellipse((knob + 1, y + 1, knob + size - 1, y + size - 1), look.ground)
        elif kind == 1:
            draw.line((x, y + size // 2, x + size * 4, y + size // 2), look.between(0.4), 3)
            knob = x + round(content.below(5) * size * 0.9)
            draw.ellipse((knob, y, knob + size, y + size), look.accent)
        else:
            look.write(image, (x, y), f"{content.digits(2)} %", size)
        draw.line((size, y + step - size, look.width, y + step - size), look.between(0.12))
        y += step
    return image


def code(look: Look, content: Content) -> Image.Image:
    """Draw lines of source code with colors of syntax."""
    image, _ = look.canvas()
    look.family, size = 2, max(10, min(look.type_px, 26))
    step, y = round(size * 1.45), size
    number, depth = 1, 0
    while y + size < look.height:
        look.write(image, (4, y), f"{number:3d}", size, color=look.between(0.4))
        x = size * 3.0 + depth * size * 2
        for _ in range(int(look.rng.integers(1, 6))):
            kind = look.rng.integers(4)
            shade = (look.ink, look.accent, look.between(0.7), look.ink)[kind]
            choice = content.one_of(_CODE) if kind < 3 else content.digits(2)
            look.write(image, (x, y), choice, size, color=shade)
            x += size * 4.6
            look.write(image, (x - size, y), content.one_of("=+-*().,:<>"), size)
        depth = int(look.rng.integers(0, 4))
        y, number = y + step, number + 1
    return image


def slide(look: Look, content: Content) -> Image.Image:
    """Draw a slide: a title, a few points, an ornament."""
    look.width, look.height = (
        max(look.width, look.height),
        round(max(look.width, look.height) * 0.6),
    )
    image, draw = look.canvas()
    size = max(14, min(look.type_px, look.height // 10))
    draw.rectangle((0, 0, size // 2, look.height), look.accent)
    look.write(image, (size * 2, size), look.words(content, 2), round(size * 1.6), bold=True)
    y = size * 4
    while y + size * 2 < look.height:
        draw.ellipse((size * 2, y + size // 3, size * 2.4, y + size * 0.7), look.accent)
        look.write(image, (size * 3, y), look.words(content, 3), size)
        y += round(size * 1.9)
    number = str(content.within(1, 60))
    look.write(image, (look.width - size * 2, look.height - size * 1.5), number, max(10, size // 2))
    return image


def phone(look: Look, content: Content) -> Image.Image:
    """Draw a start screen: a clock, tiles with counts, a bar of charge."""
    look.width, look.height = sorted((look.width, look.height))
    image, draw = look.canvas()
    size = max(10, look.width // 24)
    look.write(image, (size, 4), content.time(), size)
    charge = content.below(10)
    draw.rectangle((look.width - size * 4, 6, look.width - size, 6 + size), None, look.ink)
    right = look.width - size * 4 + round(charge * size * 0.3)
    draw.rectangle((look.width - size * 4, 6, right, 6 + size), look.ink)
    look.write(image, (size * 4, size * 3), content.time(), size * 5, bold=True)
    side = look.width // 4
    for place in range(20):
        x, y = place % 4 * side, size * 10 + place // 4 * side
        shade = (look.accent, look.between(0.3), look.between(0.6))[look.rng.integers(3)]
        draw.rounded_rectangle((x + 6, y + 6, x + side - 12, y + side - 12), side // 6, shade)
        count = content.below(6)
        if count:
            dot = (x + side - 12 - size, y + 2, x + side - 12 + size // 2, y + 2 + size * 1.5)
            draw.ellipse(dot, (220, 40, 40))
            look.write(image, (dot[0] + size // 3, dot[1]), str(count), size, color=(255, 255, 255))
    return image
