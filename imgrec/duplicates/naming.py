"""Name what differs in two registered pictures: cropped, bordered, brighter, gray, a part.

Each name comes from its own measurement on the common frame, or on the strips that only one of the
two pictures has. A strip of even color is a border, any other strip was cut off by a crop. Where
the strip has the color of the paper beside it, a crop and a border leave the same picture.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.duplicates.block_map import BLOCK_PX, MARGIN_PX, BlockMap
from imgrec.duplicates.comparison import Box, Difference
from imgrec.duplicates.registration import PixelBox, Pixels, clipped

# Width of a strip that counts, as a share of the picture's side, and in pixels.
_LEAST_STRIP, _LEAST_STRIP_PX = 0.012, 2.0
# Pixels beside the common frame that mix both sides of its edge.
_BLEND_PX = 2
# Deviation from the median within an even strip, levels, and the share of pixels that keep to it.
_EVEN, _EVEN_SHARE = 14, 0.985
# Relative difference of the widths of a border.
_EQUAL = 0.15
# Change of brightness, in levels, from which it is named.
_BRIGHTER = 5.0
_TONES = 8
_TONE_PX = 64
# Mean chroma below which a picture has no color to lose, and the share of it that is left.
_COLORED, _GRAY = 2.5, 0.35
# Blocks that differ: explained share, and mean squared difference of structured and flat ones.
_DIFFERING, _DIFFERING_ERROR, _FLAT_ERROR = 0.5, 40.0, 150.0
_FEWEST_BLOCKS = 2


def _strips(pixels: Pixels, box: PixelBox) -> Iterator[tuple[int, float, Pixels, Pixels]]:
    """Yield the strips outside of a box: side, width, pixels, and the line within beside it."""
    height, width = pixels.shape[:2]
    for side in range(4):
        length = width if side % 2 == 0 else height
        size = box[side] if side < 2 else length - box[side]
        if size < max(_LEAST_STRIP * length, _LEAST_STRIP_PX):
            continue
        # Turned so that the strip is at the left.
        upright = pixels if side % 2 == 0 else pixels.transpose(1, 0, 2)
        if side > 1:
            upright = upright[:, ::-1]
        keep = max(int(size) - _BLEND_PX, 1)
        beside = min(int(np.ceil(size)) + _BLEND_PX, length - 1)
        low, high = (box[1], box[3]) if side % 2 == 0 else (box[0], box[2])
        inner = upright[int(low) : max(int(high), int(low) + 1), beside : beside + 2]
        yield side, size, upright[:, :keep], inner


def _color(strip: Pixels) -> tuple[NDArray[np.float64], bool]:
    """Return the median color (3,) of pixels, and whether they are even."""
    colors = strip.reshape(-1, 3)
    median = np.median(colors, axis=0)
    near = (np.abs(colors - median) <= _EVEN).all(axis=1)
    return median, bool(near.mean() >= _EVEN_SHARE)


def _outside(pixels: Pixels, box: PixelBox) -> Difference:
    """Return the names of what a picture shows outside of a box: a border, or what was cut off."""
    cut, framed = 0, 0
    widths = np.zeros(4)
    for side, width, strip, inner in _strips(pixels, box):
        color, is_even = _color(strip)
        widths[side] = width
        if not is_even:
            cut += 1
        elif np.abs(_color(inner)[0] - color).max() > _EVEN:
            framed += 1
    if not widths.any():
        return Difference.NONE
    if framed > cut:
        return Difference.BORDERED
    if cut:
        return Difference.CROPPED
    # Paper all around: who cut it off evenly may as well have added it.
    apart, most = np.abs(widths[:2] - widths[2:]), np.maximum(widths[:2], widths[2:])
    is_equal = (most > 0) & (apart <= np.maximum(_EQUAL * most, 2.0))
    return Difference.CROPPED | (Difference.BORDERED if is_equal.any() else Difference.NONE)


def _part(pixels: Pixels, box: PixelBox, side_px: int) -> NDArray[np.float64]:
    """Return a box of a picture, Y Cb Cr, reduced to a longest side, (h, w, 3)."""
    picture = Image.fromarray(pixels)
    size = (side_px, side_px)
    inside = clipped(box, picture.size)
    reduced = picture.resize(size, Image.Resampling.BOX, inside).convert("YCbCr")
    return np.asarray(reduced, dtype=np.float64)


def _is_brighter(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Return True if levels of A became others in B: medians of what tones of A are in B."""
    order = np.argsort(a, kind="stable")
    changes = (b - a)[order]
    medians = [np.median(part) for part in np.array_split(changes, _TONES)]
    return bool(np.abs(medians).max() > _BRIGHTER)


def _is_gray(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Return True if one of two pictures has lost its color: chroma planes (h, w, 2)."""
    chroma = [float(np.abs(planes - 128).mean()) for planes in (a, b)]
    return max(chroma) > _COLORED and min(chroma) < _GRAY * max(chroma)


def differing_blocks(blocks: BlockMap) -> NDArray[np.bool_]:
    """Return which blocks differ (r, c): those of a stamp, a watermark, other words."""
    structured = blocks.structured.any(axis=0)
    least = np.where(structured, _DIFFERING_ERROR, _FLAT_ERROR)
    return (blocks.explained < _DIFFERING) & (blocks.error > least)


def differing_box(differing: NDArray[np.bool_], frame: tuple[int, int], a: PixelBox) -> PixelBox:
    """Return the smallest box around blocks that differ, in pixels of the picture of box `a`.

    Args:
        differing: blocks that differ (r, c), at least one.
        frame: size (w, h) of the common frame.
        a: box of the common frame in that picture.
    """
    rows, columns = np.flatnonzero(differing.any(axis=1)), np.flatnonzero(differing.any(axis=0))
    box = []
    for axis, line in enumerate((columns, rows, columns, rows)):
        block = line[0] if axis < 2 else line[-1] + 1
        share = (MARGIN_PX + BLOCK_PX * float(block)) / frame[axis % 2]
        low, high = a[axis % 2], a[axis % 2 + 2]
        box.append(low + (high - low) * min(share, 1.0))
    return box[0], box[1], box[2], box[3]


def turned_back(box: Box, turn: int) -> Box:
    """Return a box of a turned picture in the picture before `turn`, both in shares."""
    left, top, right, bottom = box
    for _ in range(turn % 4):
        # One quarter counterclockwise takes (x, y) to (y, 1 - x).
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return (1 - right, top, 1 - left, bottom) if turn > 3 else (left, top, right, bottom)


def name_differences(
    a: Pixels, b: Pixels, turn: int, box_a: PixelBox, box_b: PixelBox, blocks: BlockMap
) -> Difference:
    """Return what differs in two registered pictures.

    Args:
        a: the first picture, turned, (h, w, 3) RGB.
        b: the second.
        turn: 0 to 7, which led to `a`.
        box_a: what both show, in pixels of `a`.
        box_b: the same of `b`.
        blocks: the block map of the common frame.
    """
    found = _outside(a, box_a) | _outside(b, box_b)
    if turn > 3:
        found |= Difference.MIRRORED
    if turn % 4:
        found |= Difference.TURNED
    of_a, of_b = _part(a, box_a, _TONE_PX), _part(b, box_b, _TONE_PX)
    if _is_brighter(of_a[..., 0].ravel(), of_b[..., 0].ravel()):
        found |= Difference.BRIGHTNESS
    if _is_gray(of_a[..., 1:], of_b[..., 1:]):
        found |= Difference.GRAY
    if differing_blocks(blocks).sum() >= _FEWEST_BLOCKS:
        found |= Difference.PART
    return found
