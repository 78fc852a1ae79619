"""Image registration: map one picture onto another, from coarse to fine.

`imgrec.duplicates.placement` finds the orientation and the place to within a pixel of a 32 pixel
plane. From there on both pictures are repeatedly reduced to a common frame, the rectangle that both
show, at 32, 64, 128 and 256 pixels. In each frame a scale and a shift per axis, a gain and an
offset are fitted by Gauss-Newton least squares, and the frame is cut anew by them. Residuals are
weighted (Cauchy), so that a stamp does not pull the fit. Frames are reduced from the pixels of both
pictures directly, to the resolution of the coarser of the two: both are blurred alike.

A crop, a border and a change of size are all described by two axis-parallel boxes, so rotation by a
few degrees and perspective are not fitted.

Source: Lucas and Kanade, An iterative image registration technique, 1981, extended by gain and
offset and iteratively reweighted.
"""

from dataclasses import dataclass, replace

import numpy as np
from numba import types
from numpy.typing import NDArray
from PIL import Image

from imgrec.duplicates.placement import (
    DOWN,
    RIGHT,
    SCALE,
    SCALE_DOWN,
    SCORE,
    TURN,
    Plane,
    find_places,
)
from imgrec.system.compiling import compiled

Pixels = NDArray[np.uint8]
# (left, top, right, bottom) in pixels.
PixelBox = tuple[float, float, float, float]

COARSE_PX = 32
FINE_PX = 256
_LEVELS = (32, 64, 128, FINE_PX)
# Correlation of coarse planes below which a place is not looked at.
_LEAST_SCORE = 0.35
# What an orientation must gain over the picture as it is: symmetric pictures are not turned.
_UPRIGHT_BONUS = 0.02
# Distance of two coarse places, as a share of the width, that refine to the same.
_SAME_PLACE = 0.02
# Side of a box that is too small to look at, pixels.
_SMALLEST_PX = 8
# Deviation of the pixels of a rim from its color, and the share of them that keep to it.
_RIM_LEVELS, _RIM_SHARE = 16, 0.98
# Shortest side of a common frame, as a share of that of its picture.
_LEAST_COVER = 0.45
# Unknowns of a fit: scale and shift across and down, gain, offset.
_UNKNOWNS = 6
_STEPS = 8
_DAMPING = 300.0
_SATURATED = 250

_PLANE = types.Array(types.float32, 2, "C")
_FIT = types.Array(types.float64, 1, "C")
_SYSTEM = types.Array(types.float64, 2, "C")
_LINES = types.Array(types.uint8, 3, "A", readonly=True)
_COLOR = types.Array(types.float64, 1, "C")
_NUMBER = types.float64
_Fit = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Registration:
    """Where two pictures show the same.

    Attributes:
        turn: 0 to 7, as `Comparison.turn`: from the first picture to the second.
        a: box of the first picture, turned, that the second shows too, in pixels.
        b: the same part of the second, in pixels.
        score: correlation of the coarse planes, -1 to 1.
    """

    turn: int
    a: PixelBox
    b: PixelBox
    score: float


@compiled(_PLANE, _PLANE, _FIT, _NUMBER, _SYSTEM, returns=_NUMBER)
def _fill_system(a: Plane, b: Plane, fit: _Fit, width: float, system: _Fit) -> float:
    """Fill the normal equations (6, 7) of one step; return the mean absolute residual.

    Args:
        a: frame of the first picture (h, w).
        b: frame of the second (h, w).
        fit: scale - 1 across, shift, scale - 1 down, shift, gain, offset.
        width: residual of weight ½.
        system: output, upper half.
    """
    height, columns = b.shape
    row = np.empty(_UNKNOWNS + 1)
    system[:] = 0.0
    total, count = 0.0, 0
    for i in range(height):
        v = i + 0.5 - height / 2
        y = (1 + fit[2]) * v + fit[3] + height / 2 - 0.5
        if y < 0 or y > height - 1:
            continue
        top = min(int(y), height - 2)
        for j in range(columns):
            u = j + 0.5 - columns / 2
            x = (1 + fit[0]) * u + fit[1] + columns / 2 - 0.5
            if x < 0 or x > columns - 1:
                continue
            left = min(int(x), columns - 2)
            here, under = a[top, left], a[top + 1, left]
            to_right, under_right = a[top, left + 1] - here, a[top + 1, left + 1] - under
            above = here + to_right * (x - left)
            below = under + under_right * (x - left)
            value = above + (below - above) * (y - top)
            residual = b[i, j] - fit[4] * value - fit[5]
            if (b[i, j] > _SATURATED and residual < 0) or (value > _SATURATED and residual > 0):
                # Clipped: the original brightness is unknown.
                continue
            total += abs(residual)
            count += 1
            weight = 1 / (1 + (residual / width) ** 2)
            row[1] = fit[4] * (to_right + (under_right - to_right) * (y - top))
            row[3] = fit[4] * (below - above)
            row[0], row[2] = row[1] * u, row[3] * v
            row[4], row[5], row[6] = value, 1.0, residual
            for k in range(_UNKNOWNS):
                for m in range(k, _UNKNOWNS + 1):
                    system[k, m] += weight * row[k] * row[m]
    return total / max(count, 1)


@compiled(_SYSTEM)
def _solve(system: _Fit) -> None:
    """Solve symmetric equations (6, 7), given as upper half, in place: into the last column."""
    for k in range(_UNKNOWNS):
        for i in range(k + 1, _UNKNOWNS):
            factor = system[k, i] / system[k, k]
            for j in range(i, _UNKNOWNS + 1):
                system[i, j] -= factor * system[k, j]
    for k in range(_UNKNOWNS - 1, -1, -1):
        for j in range(k + 1, _UNKNOWNS):
            system[k, _UNKNOWNS] -= system[k, j] * system[j, _UNKNOWNS]
        system[k, _UNKNOWNS] /= system[k, k]


@compiled(_PLANE, _PLANE, types.int64, _FIT)
def fit_frames(a: Plane, b: Plane, steps: int, fit: _Fit) -> None:
    """Improve a fit (6,) of two frames (h, w) by at most `steps` weighted Gauss-Newton steps."""
    system = np.empty((_UNKNOWNS, _UNKNOWNS + 1))
    half_height, half_width = b.shape[0] / 2, b.shape[1] / 2
    width = 1e6
    for step in range(steps):
        residual = _fill_system(a, b, fit, width, system)
        # The first step measures the residual only roughly: weights begin with the second.
        width = max(1.5 * residual, 4.0)
        system[0, 0] += _DAMPING * half_width * half_width
        system[1, 1] += _DAMPING
        system[2, 2] += _DAMPING * half_height * half_height
        system[3, 3] += _DAMPING
        system[4, 4] += 500.0
        system[4, 6] += 500.0 * (1 - fit[4])
        system[5, 5] += 4.0
        _solve(system)
        moved = 0.0
        for k in range(4):
            reach = (half_width, 1.0, half_height, 1.0)[k]
            change = min(max(system[k, 6], -1.5 / reach), 1.5 / reach)
            fit[k] += change
            moved += abs(change) * reach
        fit[4] = min(max(fit[4] + system[4, 6], 0.2), 5.0)
        fit[5] += system[5, 6]
        if moved < 0.03 and step > 1:
            break


@compiled(_PLANE, _PLANE)
def smooth(plane: Plane, out: Plane) -> None:
    """Fill `out` with a binomially smoothed plane (1 2 1)."""
    height, width = plane.shape
    rows = np.empty((height, width), np.float32)
    for i in range(height):
        above, below = max(i - 1, 0), min(i + 1, height - 1)
        for j in range(width):
            rows[i, j] = (plane[above, j] + 2 * plane[i, j] + plane[below, j]) / 4
    for i in range(height):
        for j in range(width):
            left, right = rows[i, max(j - 1, 0)], rows[i, min(j + 1, width - 1)]
            out[i, j] = (left + 2 * rows[i, j] + right) / 4


def turned_pixels(pixels: Pixels, turn: int) -> Pixels:
    """Return pixels (h, w, ...) mirrored left to right if `turn` > 3, then turned by quarters."""
    return np.ascontiguousarray(np.rot90(pixels[:, ::-1] if turn > 3 else pixels, turn % 4))


def luminance(pixels: Pixels) -> Image.Image:
    """Return the luminance of RGB pixels (h, w, 3) as a picture."""
    return Image.fromarray(pixels).convert("L")


def small_plane(picture: Image.Image, side_px: int) -> Plane:
    """Return the luminance plane, float32, reduced to a longest side of about `side_px`."""
    share = min(side_px / max(picture.size), 1.0)
    size = (max(round(picture.width * share), 2), max(round(picture.height * share), 2))
    return np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=np.float32)


def clipped(box: PixelBox, size: tuple[int, int]) -> PixelBox:
    """Return a box without what rounding left outside of a picture of this size (w, h)."""
    return max(box[0], 0.0), max(box[1], 0.0), min(box[2], size[0]), min(box[3], size[1])


def frame(picture: Image.Image, box: PixelBox, size: tuple[int, int]) -> Plane:
    """Return a box of a picture at a size (w, h), smoothed, float32 (h, w)."""
    reduced = picture.resize(size, Image.Resampling.BILINEAR, clipped(box, picture.size))
    plane = np.ascontiguousarray(np.asarray(reduced, dtype=np.float32))
    out = np.empty_like(plane)
    smooth(plane, out)
    return out


def _span(scale: float, shift: float, a: int, b: int) -> tuple[float, float, float, float]:
    """Return the span that both show along one axis: of B, then of A; pixels."""
    low, high = max(0.0, -shift / scale), min(float(b), (a - shift) / scale)
    return low, high, scale * low + shift, scale * high + shift


def boxes(
    scales: tuple[float, float],
    shifts: tuple[float, float],
    a: tuple[int, int],
    b: tuple[int, int],
) -> tuple[PixelBox, PixelBox]:
    """Return the boxes of A and of B that both show, for pictures of these sizes (w, h)."""
    across = _span(scales[0], shifts[0], a[0], b[0])
    down = _span(scales[1], shifts[1], a[1], b[1])
    return (across[2], down[2], across[3], down[3]), (across[0], down[0], across[1], down[1])


def frame_size(a: PixelBox, b: PixelBox, side_px: int) -> tuple[int, int]:
    """Return the size (w, h) of a common frame, not larger than either box has pixels."""
    width, height = min(a[2] - a[0], b[2] - b[0]), min(a[3] - a[1], b[3] - b[1])
    share = min(side_px / max(width, height, 1.0), 1.0)
    return max(round(width * share), 8), max(round(height * share), 8)


def _is_large(box: PixelBox, picture: Image.Image) -> bool:
    across, down = (box[2] - box[0]) / picture.width, (box[3] - box[1]) / picture.height
    return min(across, down) > _LEAST_COVER


def refine(
    a: Image.Image, b: Image.Image, start: Registration, side_px: int
) -> Registration | None:
    """Return a registration improved at one level, None where the pictures hardly overlap."""
    if not (_is_large(start.a, a) or _is_large(start.b, b)):
        return None
    width, height = frame_size(start.a, start.b, side_px)
    frame_a, frame_b = frame(a, start.a, (width, height)), frame(b, start.b, (width, height))
    fit = np.array([0.0, 0, 0, 0, 1, 0])
    fit_frames(frame_a, frame_b, _STEPS, fit)
    if max(abs(fit[0]), abs(fit[2])) > 0.3:
        return None
    scales, shifts = [], []
    for axis, length in ((0, width), (1, height)):
        share_a = (start.a[axis + 2] - start.a[axis]) / length
        share_b = (start.b[axis + 2] - start.b[axis]) / length
        scale, shift = 1 + fit[2 * axis], fit[2 * axis + 1]
        scales.append(share_a * scale / share_b)
        middle = start.a[axis] + share_a * (length / 2 + shift - scale * length / 2)
        shifts.append(middle - scales[-1] * start.b[axis])
    box_a, box_b = boxes((scales[0], scales[1]), (shifts[0], shifts[1]), a.size, b.size)
    if box_a[2] - box_a[0] < _SMALLEST_PX or box_a[3] - box_a[1] < _SMALLEST_PX:
        return None
    return replace(start, a=box_a, b=box_b)


def refine_all(a: Image.Image, b: Image.Image, start: Registration) -> Registration | None:
    """Return a registration improved at all levels, None where the pictures hardly overlap."""
    where: Registration | None = start
    for side_px in _LEVELS:
        if where is None:
            break
        where = refine(a, b, where, side_px)
    return where


@compiled(_LINES, _COLOR, returns=types.int64)
def _rim_px(lines: Pixels, color: NDArray[np.float64]) -> int:
    """Return the number of leading lines (n, m, 3) that are of one color but for a few pixels."""
    for i in range(lines.shape[0]):
        near = 0
        for j in range(lines.shape[1]):
            apart = 0.0
            for k in range(3):
                apart = max(apart, abs(lines[i, j, k] - color[k]))
            near += apart <= _RIM_LEVELS
        if near < _RIM_SHARE * lines.shape[1]:
            return i
    return 0


def rim_box(pixels: Pixels) -> PixelBox:
    """Return the box of a picture (h, w, 3) within its outermost rim of even color."""
    height, width = pixels.shape[:2]
    box = []
    for side in range(4):
        lines = pixels if side % 2 else pixels.transpose(1, 0, 2)
        lines = lines[::-1] if side > 1 else lines
        rim = _rim_px(lines, np.median(lines[0], axis=0))
        # The line beside a rim mixes both.
        rim += 1 if rim else 0
        box.append(float(rim if side < 2 else (width, height)[side % 2] - rim))
    if box[2] - box[0] < _SMALLEST_PX or box[3] - box[1] < _SMALLEST_PX:
        return 0.0, 0.0, float(width), float(height)
    return box[0], box[1], box[2], box[3]


def starts(a: Pixels, b: Pixels, box_a: PixelBox, box_b: PixelBox) -> list[Registration]:
    """Return coarse registrations of two pictures, the most promising first.

    Args:
        a: the first picture, (h, w, 3).
        b: the second.
        box_a: the part of the first to look at, in pixels.
        box_b: the part of the second.
    """
    part_a, part_b = luminance(a).crop(box_a), luminance(b).crop(box_b)
    small_a, small_b = small_plane(part_a, COARSE_PX), small_plane(part_b, COARSE_PX)
    large_a, large_b = small_plane(part_a, 2 * COARSE_PX), small_plane(part_b, 2 * COARSE_PX)
    places = find_places(small_a, small_b, large_a, large_b)
    places[places[:, TURN] == 0, SCORE] += _UPRIGHT_BONUS
    found: list[Registration] = []
    for place in places[np.argsort(-places[:, SCORE], kind="stable")]:
        if place[SCORE] < _LEAST_SCORE:
            break
        turn = int(place[TURN])
        across = turn % 2
        size = part_a.size[::-1] if across else part_a.size
        shape = small_a.shape if across else small_a.shape[::-1]
        pixel_a = size[0] / shape[0], size[1] / shape[1]
        pixel_b = part_b.width / small_b.shape[1], part_b.height / small_b.shape[0]
        scales = place[SCALE] * pixel_a[0] / pixel_b[0], place[SCALE_DOWN] * pixel_a[1] / pixel_b[1]
        shifts = place[RIGHT] * pixel_a[0], place[DOWN] * pixel_a[1]
        of_a, of_b = boxes(scales, shifts, size, part_b.size)
        corner = _turned_corner(box_a, a.shape[1], a.shape[0], turn)
        start = Registration(
            turn, _moved(of_a, corner), _moved(of_b, box_b[:2]), float(place[SCORE])
        )
        if not any(_is_near(start, other) for other in found):
            found.append(start)
    return found


def _is_near(one: Registration, other: Registration) -> bool:
    """Return True if two coarse registrations become the same when they are refined."""
    if one.turn != other.turn:
        return False
    apart = np.abs(np.subtract(one.a + one.b, other.a + other.b)).max()
    return bool(apart < _SAME_PLACE * max(one.a[2] - one.a[0], one.b[2] - one.b[0]))


def _turned_corner(box: PixelBox, width: int, height: int, turn: int) -> tuple[float, float]:
    """Return the left top corner of a box after its picture was turned, in pixels."""
    left, top, right, bottom = box
    if turn > 3:
        left, right = width - right, width - left
    return ((left, top), (top, width - right), (width - right, height - bottom),
            (height - bottom, left))[turn % 4]  # fmt: skip


def _moved(box: PixelBox, by: tuple[float, float]) -> PixelBox:
    return box[0] + by[0], box[1] + by[1], box[2] + by[0], box[3] + by[1]
