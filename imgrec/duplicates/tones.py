"""Whether a picture has few tones, as drawings, charts, boards and documents do.

What is drawn has a ground, an ink and a few colors between them, each of one value, so that a few
ranges of luminance hold nearly all pixels. Light falls on what is photographed: even a plain wall
or a white sheet gets shades, and they stay through any compression, which rounds within blocks and
not over the picture.
"""

import numpy as np
from PIL import Image

# Ranges of luminance that are looked at, and levels of 255 of each.
_RANGES, _RANGE_LEVELS = 4, 3


def tone_share(image: Image.Image) -> float:
    """Return the share of pixels, 0 to 1, in the four fullest ranges of three levels of luminance.

    The ranges do not overlap; each is the fullest of what the others leave.
    """
    left = np.array(image.convert("L").histogram(), np.int64)
    pixels, most = left.sum(), 0
    for _ in range(_RANGES):
        sums = np.convolve(left, np.ones(_RANGE_LEVELS, np.int64), "valid")
        start = int(sums.argmax())
        most += int(sums[start])
        left[start : start + _RANGE_LEVELS] = 0
    return float(most / pixels)
