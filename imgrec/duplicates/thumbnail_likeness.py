"""Tell from miniatures whether two pictures may be similar, in any of the eight orientations.

A cheap filter before files are read. Planes of 16 pixels are compared at every place and size
(`imgrec.duplicates.placement`), which rejects most pairs; the most promising places are then
registered on planes of 64 pixels, and the share of structured blocks that is explained is the
answer. A share from about 0.3 deserves the files.

Measured on a development set of 23 alterations: below 0.3 were 0.5 % of altered photos and 2 % of
altered drawings (crops by 20 % on all sides, drawings under a large stamp); 0.1 ms a rejected pair
and 1.5 ms one that is registered. Two photos of one kind may reach 0.9: nothing is decided here.

Miniatures are squares of 64 pixels, whatever the aspect of their pictures (`Miniatures`); planes
here have square pixels again.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.distances.kernels import compiled
from imgrec.duplicates.block_map import explained_share
from imgrec.duplicates.placement import (
    DOWN,
    RIGHT,
    SCALE,
    SCALE_DOWN,
    SCORE,
    TURN,
    Places,
    Plane,
    find_places,
    shrink,
    turned,
)
from imgrec.duplicates.registration import fit_frames, smooth

_SMALL_PX, _LARGE_PX, _FULL_PX = 16, 32, 64
# Correlation of small planes below which a pair is rejected.
_LEAST_SCORE = 0.55
# Where it is turned too, a picture is looked for at this share of the other's size and more.
_LEAST_TURNED = 0.8
# Correlation of the upright pictures from which no orientation is tried.
_ENOUGH = 0.93
# Places that are registered, at most; later ones must come near to the best.
_TRIES, _NEAR = 2, 0.1
_STEPS = 3
_LEAST_SIDE = 12

_SQUARES = types.Array(types.uint8, 3, "C", readonly=True)
_ASPECTS = types.Array(types.float32, 1, "C", readonly=True)
_ROWS = types.Array(types.int64, 1, "C", readonly=True)
_SHARES = types.Array(types.float64, 1, "C")
_TURNS_OUT = types.Array(types.int8, 1, "C")
_SQUARE = types.Array(types.uint8, 2, "C", readonly=True)
_PLANE = types.Array(types.float32, 2, "C")
_ROW = types.Array(types.float64, 1, "C")
_NUMBER = types.float64


@compiled(_SQUARE, _NUMBER, types.int64, returns=_PLANE)
def _plane(square: NDArray[np.uint8], aspect: float, side_px: int) -> Plane:
    """Return a square miniature as a plane of square pixels, `side_px` long."""
    height = side_px if aspect <= 1 else max(int(side_px / aspect + 0.5), 2)
    width = side_px if aspect >= 1 else max(int(side_px * aspect + 0.5), 2)
    out = np.empty((height, width), np.float32)
    shrink(square.astype(np.float32), out)
    return out


@compiled(_PLANE, _NUMBER, _NUMBER, _NUMBER, _NUMBER, _PLANE)
def _sample(plane: Plane, left: float, top: float, across: float, down: float, out: Plane) -> None:
    """Fill `out` with a box of a plane, given by its corner and the size of an output pixel."""
    height, width = plane.shape
    for i in range(out.shape[0]):
        y = min(max(top + (i + 0.5) * down - 0.5, 0.0), height - 1.001)
        for j in range(out.shape[1]):
            x = min(max(left + (j + 0.5) * across - 0.5, 0.0), width - 1.001)
            k, m = int(y), int(x)
            above = plane[k, m] + (plane[k, m + 1] - plane[k, m]) * (x - m)
            below = plane[k + 1, m] + (plane[k + 1, m + 1] - plane[k + 1, m]) * (x - m)
            out[i, j] = above + (below - above) * (y - k)


@compiled(_PLANE, _PLANE, _ROW, returns=_NUMBER)
def _registered_share(a: Plane, b: Plane, place: Places) -> float:
    """Return the explained share of two planes (h, w), from a place (6,)."""
    scale, scale_down = place[SCALE], place[SCALE_DOWN]
    right, down = place[RIGHT], place[DOWN]
    for _ in range(2):
        # The box that both show, in pixels of B, and its resolution: the coarser of the two.
        left, top = max(0.0, -right / scale), max(0.0, -down / scale_down)
        wide = min(float(b.shape[1]), (a.shape[1] - right) / scale) - left
        high = min(float(b.shape[0]), (a.shape[0] - down) / scale_down) - top
        width, height = int(wide * min(scale, 1.0)), int(high * min(scale_down, 1.0))
        if width < _LEAST_SIDE or height < _LEAST_SIDE:
            return 0.0
        frame_a, frame_b = (
            np.empty((height, width), np.float32),
            np.empty((height, width), np.float32),
        )
        step, step_down = wide / width, high / height
        _sample(b, left, top, step, step_down, frame_b)
        _sample(
            a, scale * left + right, scale_down * top + down, scale * step, scale_down * step_down,
            frame_a,
        )  # fmt: skip
        fit = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 0.0])
        fit_frames(frame_a, frame_b, _STEPS, fit)
        if abs(fit[0]) > 0.3 or abs(fit[2]) > 0.3:
            return 0.0
        middle = (
            scale * left + right + scale * step * (width / 2 + fit[1] - (1 + fit[0]) * width / 2)
        )
        middle_down = scale_down * top + down
        middle_down += scale_down * step_down * (height / 2 + fit[3] - (1 + fit[2]) * height / 2)
        scale *= 1 + fit[0]
        scale_down *= 1 + fit[2]
        right, down = middle - scale * left, middle_down - scale_down * top
    return float(explained_share(frame_a, frame_b))


@compiled(_SQUARES, _ASPECTS, _ROWS, _ROWS, _SHARES, _TURNS_OUT)
def fill_shares(
    luminance: NDArray[np.uint8],
    aspects: NDArray[np.float32],
    first: Ids,
    second: Ids,
    shares: NDArray[np.float64],
    turns: NDArray[np.int8],
) -> None:
    """Fill, for p pairs of miniatures, the share of structure that is explained, and the turn.

    Args:
        luminance: miniatures (m, 64, 64), uint8.
        aspects: width / height of each, (m,).
        first: rows of the first pictures, (p,).
        second: rows of the second pictures, (p,).
        shares: (p,), output, 0 to 1; 0 where the pair was rejected.
        turns: (p,), output: orientation 0 to 7, as `Comparison.turn`.
    """
    for pair in range(len(first)):
        i, j = first[pair], second[pair]
        shares[pair], turns[pair] = 0.0, 0
        small_a = _plane(luminance[i], aspects[i], _SMALL_PX)
        small_b = _plane(luminance[j], aspects[j], _SMALL_PX)
        large_a = _plane(luminance[i], aspects[i], _LARGE_PX)
        large_b = _plane(luminance[j], aspects[j], _LARGE_PX)
        places = find_places(small_a, small_b, large_a, large_b, _LEAST_TURNED, _ENOUGH)
        order = np.argsort(-places[:, SCORE])
        best = places[order[0], SCORE]
        if best < _LEAST_SCORE:
            continue
        raw_a = _plane(luminance[i], aspects[i], _FULL_PX)
        raw_b = _plane(luminance[j], aspects[j], _FULL_PX)
        full_b = np.empty_like(raw_b)
        smooth(raw_b, full_b)
        for k in order[:_TRIES]:
            if places[k, SCORE] < max(best - _NEAR, _LEAST_SCORE):
                break
            turn = int(places[k, TURN])
            upright = turned(raw_a, turn)
            full_a = np.empty_like(upright)
            smooth(upright, full_a)
            place = places[k].copy()
            # Pixels of the small planes are not exactly square: rounded sides.
            across = small_a.shape[0] if turn % 2 else small_a.shape[1]
            down = small_a.shape[1] if turn % 2 else small_a.shape[0]
            of_a, of_a_down = full_a.shape[1] / across, full_a.shape[0] / down
            place[SCALE] *= of_a * small_b.shape[1] / full_b.shape[1]
            place[SCALE_DOWN] *= of_a_down * small_b.shape[0] / full_b.shape[0]
            place[RIGHT] *= of_a
            place[DOWN] *= of_a_down
            share = _registered_share(full_a, full_b, place)
            if share > shares[pair]:
                shares[pair], turns[pair] = share, turn
