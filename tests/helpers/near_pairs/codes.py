"""Codes and plates: two-dimensional codes, bar codes, license plates, badges, captchas."""

from PIL import Image, ImageDraw

from near_pairs.content import Content
from near_pairs.look import Look

# The left codes of EAN-13 (seven modules a digit). Source: GS1 General Specifications, 5.2.1.
_EAN = (
    "0001101", "0011001", "0010011", "0111101", "0100011",
    "0110001", "0101111", "0111011", "0110111", "0001011",
)  # fmt: skip


def matrix_code(look: Look, content: Content) -> Image.Image:
    """Draw modules of a two-dimensional code with three finders; each byte is one choice."""
    image, _ = look.canvas()
    modules = int(look.rng.integers(21, 58))
    side = max(2, min(look.width, look.height) * 4 // 5 // modules)
    left, top = (look.width - modules * side) // 2, (look.height - modules * side) // 3
    draw = ImageDraw.Draw(image)
    black, white = ((0, 0, 0), (255, 255, 255))
    draw.rectangle(
        (left - side * 2, top - side * 2, left + (modules + 2) * side, top + (modules + 2) * side),
        white,
    )
    for row in range(0, modules, 2):
        for column in range(0, modules, 4):
            bits = content.below(256)
            for bit in range(8):
                x, y = left + (column + bit % 4) * side, top + (row + bit // 4) * side
                is_inside = column + bit % 4 < modules and row + bit // 4 < modules
                if bits >> bit & 1 and is_inside:
                    draw.rectangle((x, y, x + side - 1, y + side - 1), black)
    for row, column in ((0, 0), (0, modules - 7), (modules - 7, 0)):
        _finder(draw, left + column * side, top + row * side, side)
    look.write(image, (left, top + (modules + 3) * side), content.digits(4), max(10, side * 4))
    return image


def _finder(draw: ImageDraw.ImageDraw, x: int, y: int, side: int) -> None:
    for inset, shade in ((-1, 255), (0, 0), (1, 255), (2, 0)):
        box = (
            x + inset * side,
            y + inset * side,
            x + (7 - inset) * side - 1,
            y + (7 - inset) * side - 1,
        )
        draw.rectangle(box, (shade,) * 3)


def bar_code(look: Look, content: Content) -> Image.Image:
    """Draw a label with a bar code, its number below, and a few words."""
    image, draw = look.canvas()
    draw.rectangle((8, 8, look.width - 8, look.height - 8), (255, 255, 255))
    digits = content.digits(12)
    pattern = "101" + "".join(_EAN[int(d)] for d in digits) + "101"
    module = max(1, (look.width - 32) // len(pattern))
    for place, bit in enumerate(pattern):
        if bit == "1":
            x = 16 + place * module
            draw.rectangle((x, 24, x + module - 1, look.height * 2 // 3), (0, 0, 0))
    size = max(12, module * 6)
    look.write(image, (16, look.height * 2 // 3 + 4), digits, size, color=(0, 0, 0))
    return image


def plate(look: Look, content: Content) -> Image.Image:
    """Draw a license plate on the back of a car."""
    image, draw = look.canvas()
    body = look.accent
    draw.rectangle((0, look.height // 5, look.width, look.height), body)
    draw.rounded_rectangle(
        (look.width // 8, look.height // 10, look.width * 7 // 8, look.height // 2),
        20,
        (60, 70, 80),
    )
    for x in (look.width // 20, look.width * 17 // 20):
        draw.ellipse(
            (x, look.height // 2, x + look.width // 10, look.height * 3 // 5), (200, 30, 30)
        )
    width = round(look.width * look.rng.uniform(0.2, 0.6))
    size = width // 7
    left, top = (look.width - width) // 2, look.height * 13 // 20
    draw.rectangle((left, top, left + width, top + size * 3 // 2), (245, 245, 240), (0, 0, 0), 2)
    text = f"{content.letters(2)} {content.digits(4)}"
    look.language, look.family = "en", 0
    look.write(
        image, (left + size // 2, top + size // 5), text, size, color=(10, 10, 10), bold=True
    )
    return image


def badge(look: Look, content: Content) -> Image.Image:
    """Draw name badges with a portrait in a few strokes."""
    image, draw = look.canvas()
    size = max(12, min(look.type_px, look.width // 16))
    draw.rectangle((0, 0, look.width, size * 3), look.accent)
    side = look.width // 3
    x, y = size, size * 4
    draw.rectangle((x, y, x + side, y + side), look.between(0.15))
    skin = ((240, 200, 170), (200, 150, 110), (120, 80, 55), (90, 60, 40))[content.below(4)]
    draw.ellipse((x + side * 0.3, y + side * 0.2, x + side * 0.7, y + side * 0.75), skin)
    hair = ((30, 20, 10), (180, 140, 60), (120, 120, 120))[content.below(3)]
    draw.chord((x + side * 0.27, y + side * 0.13, x + side * 0.73, y + side * 0.6), 180, 360, hair)
    for row in range(3):
        text = look.word(content) if row < 2 else content.digits(5)
        look.write(image, (x + side + size, y + row * size * 2), text, size, bold=row == 0)
    return image
