"""Name what differs in two registered pictures: cropped, bordered, brighter, gray, a part.

Each name comes from its own measurement on the common frame, or on the strips that only one of the
two pictures has. A strip of even color is a border, any other strip was cut off by a crop. Where
the strip has the color of the paper beside it, a crop and a border leave the same picture.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation, maximum_filter, minimum_filter

from imgrec.duplicates.block_map import BLOCK_PX, MARGIN_PX, BlockMap
from imgrec.duplicates.comparison import Box, Difference
from imgrec.duplicates.orientation import inverse_turn, turned_box
from imgrec.duplicates.registration import PixelBox, Pixels, Registration, clipped, frame_size

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
_TONES = 12
# Share of pixels in even ground from which only those are compared.
_EVEN_GROUND = 0.05
# Longest side of the frames on which brightness, color and parts are compared.
_NAMING_PX = 128
# Drawings: side of a cell, its ink in levels, distance of paper from its level, cells with ink that
# are needed, and the change of contrast that is named.
_CELL_PX, _INK, _PAPER, _FEWEST_INKED, _INK_CHANGE = 8, 4.0, 8.0, 6, 0.12
# Mean chroma below which a picture has no color to lose, and the share of it that is left.
_COLORED, _GRAY = 3.0, 0.35
# Blocks that differ: explained share, and mean squared difference of structured and flat ones.
_DIFFERING, _DIFFERING_ERROR, _FLAT_ERROR = 0.5, 40.0, 150.0
_FEWEST_BLOCKS = 2
# Pixels that differ: levels beyond those around them, the factor where the brightness differs too,
# their number, and the level from which they are clipped.
_DEVIATION, _ALTERED, _FEWEST_PIXELS, _CLIPPED = 9.0, 1.5, 6, 245


Planes = NDArray[np.float64]
PixelSize = tuple[int, int]


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


def _part(pixels: Pixels, box: PixelBox, size: tuple[int, int]) -> Planes:
    """Return a box of a picture, Y Cb Cr, reduced to a size (w, h): (h, w, 3)."""
    picture = Image.fromarray(pixels)
    reduced = picture.resize(size, Image.Resampling.BOX, clipped(box, picture.size))
    return np.asarray(reduced.convert("YCbCr"), dtype=np.float64)


def _tones(a: Planes, b: Planes) -> tuple[Planes, Planes]:
    """Return tones of A (t,), ascending, and the medians of what they are in B, (t,)."""
    order = np.argsort(a, axis=None, kind="stable")
    levels = [float(part.mean()) for part in np.array_split(a.ravel()[order], _TONES)]
    changes = [float(np.median(part)) for part in np.array_split((b - a).ravel()[order], _TONES)]
    return np.array(levels), np.array(levels) + np.array(changes)


def _with_tones(plane: Planes, levels: Planes, others: Planes) -> Planes:
    """Return a plane in which these levels became others, both ascending, and those between too."""
    below, above = np.minimum(plane - levels[0], 0), np.maximum(plane - levels[-1], 0)
    return np.asarray(np.interp(plane, levels, others) + below + above)


def _cells(plane: Planes) -> Planes:
    """Return the means of squares of a plane, as many as fit."""
    rows, columns = plane.shape[0] // _CELL_PX, plane.shape[1] // _CELL_PX
    inside = plane[: rows * _CELL_PX, : columns * _CELL_PX]
    return np.asarray(inside.reshape(rows, _CELL_PX, columns, _CELL_PX).mean(axis=(1, 3)))


def _ink_ratio(a: Planes, b: Planes) -> float:
    """Return the contrast of ink to paper in B, as a share of that in A; 1 where none is seen.

    Paper is the level of most pixels. Means of cells are compared, in which the amount of ink is
    the same however sharp the lines are.
    """
    paper_a, paper_b = float(np.median(a)), float(np.median(b))
    if (np.abs(a - paper_a) < _PAPER).mean() < 0.5:
        return 1.0
    ink_a, ink_b = _cells(paper_a - a), _cells(paper_b - b)
    inked = np.abs(ink_a) > _INK
    return float(np.median(ink_b[inked] / ink_a[inked])) if inked.sum() >= _FEWEST_INKED else 1.0


def _is_brighter(a: Planes, b: Planes) -> bool:
    """Return True if tones of A are others in B: those of even ground, or of ink on paper."""
    even = np.maximum(_spread(a), _spread(b)) < _EVEN
    # Beside an edge the tones depend on the sharpness.
    levels, others = _tones(a[even], b[even]) if even.mean() > _EVEN_GROUND else _tones(a, b)
    changed = np.abs(others - levels).max() > _BRIGHTER
    return bool(changed or abs(_ink_ratio(a, b) - 1) > _INK_CHANGE)


def _is_gray(a: Planes, b: Planes, common: NDArray[np.bool_], least: float) -> bool:
    """Return True if one of two pictures has lost its color.

    Args:
        a: chroma planes (h, w, 2).
        b: the same of the other.
        common: pixels that are no part of a stamp (h, w).
        least: chroma that is a color.
    """
    chroma = [np.abs(planes - 128).max(axis=2)[common] for planes in (a, b)]
    # Thin lines in color are few pixels: the most colored ones count.
    most = [float(np.sort(values)[-max(values.size // 20, 1) :].mean()) for values in chroma]
    return max(most) > least and min(most) < _GRAY * max(most)


def _is_bleached(a: Planes, b: Planes) -> NDArray[np.bool_]:
    """Return which pixels (h, w) of two frames (h, w, 3) lost their color by being white in one."""
    brighter, darker = (a, b) if a[..., 0].mean() > b[..., 0].mean() else (b, a)
    chroma = [np.abs(planes[..., 1:] - 128).mean() for planes in (brighter, darker)]
    return np.asarray((brighter[..., 0] > _CLIPPED) & (chroma[0] < chroma[1]))


def _range(plane: Planes) -> tuple[Planes, Planes]:
    """Return the lowest and the highest of the 3 x 3 pixels around each of a plane (h, w)."""
    return minimum_filter(plane, 3), maximum_filter(plane, 3)


def _spread(plane: Planes) -> Planes:
    low, high = _range(plane)
    return high - low


def _beyond(a: Planes, b: Planes) -> Planes:
    """Return how far each pixel of B lies outside the range of those around it in A, (h, w)."""
    low, high = _range(a)
    return np.asarray(np.maximum(np.maximum(b - high, low - b), 0.0))


def _grown(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return marked pixels (h, w) and those around: where a stamp lies on ink, it is not marked."""
    grown = binary_dilation(marked, np.ones((11, 11), bool))
    return np.asarray(grown, dtype=bool)


def _deviating(a: Planes, b: Planes, known: Difference) -> NDArray[np.bool_]:
    """Return which pixels of two frames (h, w, 3) differ beyond what is known to differ.

    A pixel differs if it is outside the range of its neighborhood in the other frame, both ways,
    after the tones and the saturation of A are brought to those of B.
    """
    factor = _ALTERED if known & Difference.BRIGHTNESS else 1.0
    tones = a[..., 0]
    if known & Difference.BRIGHTNESS:
        tones = _with_tones(tones, *_tones(tones, b[..., 0]))
    planes = [(tones, b[..., 0])]
    if not known & Difference.GRAY:
        for channel in (1, 2):
            of_a, of_b = a[..., channel], b[..., channel]
            spread = of_a.var()
            slope = ((of_a - of_a.mean()) * (of_b - of_b.mean())).mean() / max(spread, 1.0)
            slope = min(max(slope, 0.0), 2.0)
            planes.append((slope * of_a + np.median(of_b - slope * of_a), of_b))
    found = np.zeros(tones.shape, bool)
    for of_a, of_b in planes:
        found |= np.minimum(_beyond(of_a, of_b), _beyond(of_b, of_a)) > factor * _DEVIATION
    if known & Difference.BRIGHTNESS:
        # Clipped: what it was is not known.
        found &= (tones < _CLIPPED) & (b[..., 0] < _CLIPPED)
    found[:_BLEND_PX] = found[-_BLEND_PX:] = False
    found[:, :_BLEND_PX] = found[:, -_BLEND_PX:] = False
    return found


def differing_blocks(blocks: BlockMap) -> NDArray[np.bool_]:
    """Return which blocks differ (r, c): those of a stamp, a watermark, other words."""
    structured = blocks.structured.any(axis=0)
    least = np.where(structured, _DIFFERING_ERROR, _FLAT_ERROR)
    return (blocks.explained < _DIFFERING) & (blocks.error > least)


def _box_of(marked: NDArray[np.bool_], margin: float, step: float, frame: PixelSize) -> Box:
    """Return the smallest box around marked cells of a frame (w, h), in shares of the frame."""
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    box = []
    for axis, line in enumerate((columns, rows, columns, rows)):
        cell = line[0] if axis < 2 else line[-1] + 1
        box.append(min((margin + step * float(cell)) / frame[axis % 2], 1.0))
    return box[0], box[1], box[2], box[3]


def name_differences(
    a: Pixels, b: Pixels, where: Registration, blocks: BlockMap, frame: PixelSize
) -> tuple[Difference, Box | None]:
    """Return what differs in two registered pictures, and the box of the part that differs.

    Args:
        a: the first picture, turned by the registration, (h, w, 3) RGB.
        b: the second.
        where: the registration.
        blocks: the block map of the common frame.
        frame: size (w, h) of that frame.

    Returns:
        The flags, and the box in shares of `a` before it was turned, None without `PART`.
    """
    found = _outside(a, where.a) | _outside(b, where.b)
    if where.turn > 3:
        found |= Difference.MIRRORED
    if where.turn % 4:
        found |= Difference.TURNED
    size = frame_size(where.a, where.b, _NAMING_PX)
    of_a, of_b = _part(a, where.a, size), _part(b, where.b, size)
    if _is_brighter(of_a[..., 0], of_b[..., 0]):
        found |= Difference.BRIGHTNESS
    stamped = _deviating(of_a, of_b, found | Difference.GRAY)
    common = ~_grown(stamped)
    least = _COLORED
    if found & Difference.BRIGHTNESS and (bleached := _is_bleached(of_a, of_b)).any():
        # White has no color, whatever it was, and pixels beside it have lost a part of theirs.
        common &= ~bleached
        least *= 2
    if common.any() and _is_gray(of_a[..., 1:], of_b[..., 1:], common, least):
        found |= Difference.GRAY
    differing, deviating = differing_blocks(blocks), _deviating(of_a, of_b, found)
    boxes = []
    if differing.sum() >= _FEWEST_BLOCKS:
        boxes.append(_box_of(differing, MARGIN_PX, BLOCK_PX, frame))
    if deviating.sum() >= _FEWEST_PIXELS:
        boxes.append(_box_of(deviating, 0, 1, size))
    if not boxes:
        return found, None
    left, top, right, bottom = np.array(boxes).T
    around = (float(left.min()), float(top.min()), float(right.max()), float(bottom.max()))
    return found | Difference.PART, _in_first(around, a, where)


def _in_first(box: Box, a: Pixels, where: Registration) -> Box:
    """Return a box of the common frame in the first picture before it was turned, in shares."""
    height, width = a.shape[:2]
    left, top, right, bottom = where.a
    shares = [
        (low + (high - low) * edge) / side
        for edge, low, high, side in zip(
            box, (left, top) * 2, (right, bottom) * 2, (width, height) * 2, strict=True
        )
    ]
    return turned_box((shares[0], shares[1], shares[2], shares[3]), inverse_turn(where.turn))
