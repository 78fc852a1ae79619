"""Boards and puzzles in one style: chess, go, checkers, sudoku, crosswords, tile maps, music."""

from PIL import Image

from near_pairs.content import Content
from near_pairs.look import Look

_PIECES = "♔♕♖♗♘♙♚♛♜♝♞♟"


def chess(look: Look, content: Content) -> Image.Image:
    """Draw a chess position; one choice a square."""
    look.height = look.width = min(look.width, look.height)
    image, draw = look.canvas()
    side, fill = look.width // 8, look.rng.uniform(0.25, 0.6)
    look.family = 0
    for square in range(64):
        x, y = square % 8 * side, square // 8 * side
        shade = look.accent if (square % 8 + square // 8) % 2 else (235, 230, 215)
        draw.rectangle((x, y, x + side, y + side), shade)
        piece = content.below(26)
        if piece < 26 * fill:
            text = _PIECES[piece % 12]
            look.write(
                image,
                (x + side * 0.1, y - side * 0.05),
                text,
                round(side * 0.85),
                color=(20, 20, 20),
            )
    return image


def go(look: Look, content: Content) -> Image.Image:
    """Draw a go position."""
    look.height = look.width = min(look.width, look.height)
    look.ground = (220, 179, 92) if look.rng.random() < 0.6 else (255, 255, 255)
    image, draw = look.canvas()
    lines = (9, 13, 19)[look.rng.integers(3)]
    step = look.width / (lines + 1)
    for line in range(1, lines + 1):
        draw.line((step, line * step, lines * step, line * step), (60, 40, 20))
        draw.line((line * step, step, line * step, lines * step), (60, 40, 20))
    radius = step * 0.45
    for point in range(lines * lines):
        x, y = (point % lines + 1) * step, (point // lines + 1) * step
        stone = content.below(4)
        if stone < 2:
            shade = ((15, 15, 15), (245, 245, 245))[stone]
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), shade, (30, 30, 30))
    return image


def sudoku(look: Look, content: Content) -> Image.Image:
    """Draw a sudoku."""
    look.height = look.width = min(look.width, look.height)
    image, draw = look.canvas()
    side = look.width / 9
    for cell in range(81):
        x, y = cell % 9 * side, cell // 9 * side
        draw.rectangle((x, y, x + side, y + side), None, look.between(0.4))
        digit = content.below(18)
        if digit < 9:
            look.write(image, (x + side * 0.3, y + side * 0.12), str(digit + 1), round(side * 0.65))
    for line in range(4):
        draw.line((0, line * side * 3, look.width, line * side * 3), look.ink, 3)
        draw.line((line * side * 3, 0, line * side * 3, look.height), look.ink, 3)
    return image


def crossword(look: Look, content: Content) -> Image.Image:
    """Draw a crossword, partly filled in."""
    image, draw = look.canvas()
    count = int(look.rng.integers(8, 18))
    side = look.width / count
    for cell in range(count * int(look.height // side + 1)):
        x, y = cell % count * side, cell // count * side
        if look.rng.random() < 0.2:
            draw.rectangle((x, y, x + side, y + side), look.ink)
            continue
        draw.rectangle((x, y, x + side, y + side), None, look.ink)
        look.write(image, (x + side * 0.2, y + side * 0.1), content.letters(1), round(side * 0.7))
    return image


def tiles(look: Look, content: Content) -> Image.Image:
    """Draw the map of a game in tiles of a few kinds."""
    image, draw = look.canvas()
    side = int(look.rng.integers(10, 40))
    shades = [tuple(int(c) for c in look.rng.integers(30, 230, 3)) for _ in range(5)]
    for y in range(0, look.height, side):
        for x in range(0, look.width, side):
            kind = content.below(5)
            draw.rectangle((x, y, x + side - 1, y + side - 1), shades[kind])
            if kind == 1:
                draw.ellipse((x + 2, y + 2, x + side - 3, y + side - 3), shades[0])
            elif kind == 2:
                draw.line((x, y, x + side, y + side), look.ink)
    return image


def music(look: Look, content: Content) -> Image.Image:
    """Draw staves with notes."""
    image, draw = look.canvas()
    gap = int(look.rng.integers(6, 16))
    top = gap * 3
    while top + gap * 7 < look.height:
        for line in range(5):
            draw.line((gap, top + line * gap, look.width - gap, top + line * gap), look.ink)
        for x in range(gap * 4, look.width - gap * 2, gap * 3):
            y = top + content.below(9) * gap / 2
            is_open = content.below(3) == 0
            head = (x, y - gap / 2, x + gap * 1.3, y + gap / 2)
            draw.ellipse(head, look.ground if is_open else look.ink, look.ink, 2)
            draw.line((x + gap * 1.3, y, x + gap * 1.3, y - gap * 3), look.ink, 2)
        top += gap * 9
    return image
