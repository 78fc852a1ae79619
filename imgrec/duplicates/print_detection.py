"""Whether a picture holds print: small marks in rows on even ground, as documents and screens do.

At a smaller size print becomes illegible long before a picture looks different, so a smaller copy
of a document is no substitute for it. Letters are found without reading them: connected marks of
the height of type that stand out from an even ground, each with a neighbor to the right of about
its height. Brushwork, texture and outlines have marks, but few in rows.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imgrec.duplicates.windows import Pixels

# Side of the blocks whose median is the ground; levels by which marks stand out from it.
_BLOCK_PX, _CONTRAST = 32, 40
# Levels within which ground is even, and the least share of such pixels of a block.
_EVEN, _LEAST_EVEN = 8, 0.5
# Heights of type, in pixels, and the least number of pixels of a mark.
_HEIGHTS, _LEAST_AREA = (4, 80), 6
# Marks in rows that make print, and marks that are looked at.
_LEAST_MARKS, _MOST_MARKS = 10, 3000


def has_print(pixels: Pixels, tallest: float = _HEIGHTS[1]) -> bool:
    """Return True if a picture holds at least a word or a number on even ground.

    Args:
        pixels: (h, w, 3).
        tallest: height in pixels above which marks are not looked at.
    """
    boxes = _marks(pixels.mean(-1, dtype=np.float32))
    boxes = boxes[boxes[:, 1] - boxes[:, 0] <= tallest]
    return _in_rows(boxes) >= _LEAST_MARKS


def _marks(light: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the boxes (m, 4) of marks of the height of type: top, bottom, left, right."""
    height, width = (length // _BLOCK_PX * _BLOCK_PX for length in light.shape)
    if not height or not width:
        return np.zeros((0, 4), np.int64)
    light = light[:height, :width]
    blocks = light.reshape(height // _BLOCK_PX, _BLOCK_PX, width // _BLOCK_PX, _BLOCK_PX)
    ground = np.median(blocks, axis=(1, 3))
    distance = np.abs(blocks - ground[:, None, :, None])
    is_even = (distance <= _EVEN).mean(axis=(1, 3)) >= _LEAST_EVEN
    ink = ((distance > _CONTRAST) & is_even[:, None, :, None]).reshape(height, width)
    labels, _ = ndimage.label(ink, np.ones((3, 3)))
    boxes = [
        (rows.start, rows.stop, columns.start, columns.stop)
        for rows, columns in ndimage.find_objects(labels)
        if _HEIGHTS[0] <= rows.stop - rows.start <= _HEIGHTS[1]
        and columns.stop - columns.start <= 3 * (rows.stop - rows.start)
        and (rows.stop - rows.start) * (columns.stop - columns.start) >= _LEAST_AREA
    ]
    return np.array(boxes[:_MOST_MARKS], np.int64).reshape(-1, 4)


def _in_rows(boxes: NDArray[np.int64]) -> int:
    """Return the number of marks that have a neighbor of about their height to the right."""
    top, bottom, left, right = boxes.T
    tall, middle = bottom - top, (top + bottom) / 2
    found = 0
    for k in range(len(boxes)):
        gap, most = left - right[k], np.maximum(tall, tall[k])
        found += bool(
            np.any(
                (gap >= -1)
                & (gap <= most)
                & (np.abs(middle - middle[k]) <= most / 3)
                & (most <= 2 * np.minimum(tall, tall[k]))
            )
        )
    return found
