"""Dense square signs of strokes, as in scripts whose signs differ by one small stroke.

No font with such a script can be counted on in a test. A sign is a code point of the private use
area; it is drawn from its number, as two parts side by side or on top of each other.
"""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

FIRST = 0xE000
_OVER = 4


def is_sign(letter: str) -> bool:
    """Return True for a code point that is drawn as a sign."""
    return FIRST <= ord(letter) < FIRST + 0x1000


@lru_cache(maxsize=4096)
def sign(letter: str, size_px: int, *, bold: bool) -> Image.Image:
    """Return the ink of a sign as a mask "L" of size_px × size_px, 255 where there is ink."""
    side = size_px * _OVER
    mask = Image.new("L", (side, side))
    draw = ImageDraw.Draw(mask)
    number = ord(letter) - FIRST
    # Thirty parts make nine hundred signs; neighbors share one part.
    first, second = divmod(number, 30)
    half, whole = side / 2, float(side)
    boxes = [(0.0, 0.0, half, whole), (half, 0.0, whole, whole)]
    if number % 3 == 0:
        boxes = [(0.0, 0.0, whole, half), (0.0, half, whole, whole)]
    width = max(_OVER, round(side * (0.11 if bold else 0.07)))
    for part, box in zip((first, second), boxes, strict=True):
        _draw_part(draw, part, box, width)
    return mask.resize((size_px, size_px), Image.Resampling.BOX)


def _draw_part(
    draw: ImageDraw.ImageDraw, part: int, box: tuple[float, float, float, float], width: int
) -> None:
    left, top, right, bottom = box
    rng = np.random.default_rng([part, 77])
    across = [left + (right - left) * share for share in (0.12, 0.5, 0.88)]
    down = [top + (bottom - top) * share for share in (0.1, 0.37, 0.63, 0.9)]
    for _ in range(4):
        kind = rng.integers(3)
        x, other_x = sorted(rng.choice(3, 2, replace=False).tolist())
        y, other_y = sorted(rng.choice(4, 2, replace=False).tolist())
        start = (across[x], down[y])
        end = [
            (across[other_x], down[y]),
            (across[x], down[other_y]),
            (across[other_x], down[other_y]),
        ]
        draw.line([start, end[kind]], fill=255, width=width)
