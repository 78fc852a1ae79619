"""The width of the sharpest edges of a picture, where it is sharpest.

A photo may be blurred behind what it shows, so the blur of the whole says little: the tiles with
the most structure are looked at, and the sharpest of them counts. Across each edge of a tile, the
steepest step between two neighbors is compared with the whole rise: a rise within one pixel gives
100, one over five pixels 20. That does not depend on how strong the edge is, so a dull picture is
not a blurred one.

Pictures are compared at one scale, at which the shorter side has 512 px; smaller ones are not
enlarged.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.pictures.compiled import measuring

_SHORT_PX = 512
# Tiles that are looked at, and their side at that scale.
_TILES, _TILE_PX = 4, 64
# Length in pixels over which an edge rises at most; a longer one is no edge but a shade.
_SPAN = 10
# Rise of luma from which it is an edge: the deviation of the whole picture, within these limits.
_LEAST_RISE, _MOST_RISE = 16, 40
# Pixels of edges that a tile needs, and the share of the steepest of them that is not looked at.
_LEAST_EDGES, _STEEPEST = 40, 0.05


def sharpest_edges(
    image: Image.Image, pixels: NDArray[np.uint8], shades: NDArray[np.uint8]
) -> float | None:
    """Return the sharpness, 0 to 100; None of a picture without contrast or too small to tell.

    Args:
        image: upright RGB.
        pixels: of the image, (h, w, 4), see `imgrec.pictures.pixel_memory`.
        shades: its thumbnail in gray (h, w), uint8.
    """
    side = min(_TILE_PX, *image.size)
    if side <= 2 * _SPAN or int(shades.max()) - int(shades.min()) < _LEAST_RISE:
        return None
    rise = int(min(_MOST_RISE, max(_LEAST_RISE, shades.std())))
    tiles = _tiles(image, pixels, _structured(shades), side)
    loops = measuring()
    found = _sharpness(tiles, rise) if loops is None else _sharpness_by_loops(loops, tiles, rise)
    return 100 * max(found)


def _structured(shades: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Return the centers of the tiles with the most structure, as shares of width and height."""
    height, width = shades.shape
    block = max(1, min(height, width) * _TILE_PX // _SHORT_PX)
    sums = _block_steps(shades, block)
    most = np.argsort(-sums, axis=None, kind="stable")[:_TILES]
    rows, columns = np.unravel_index(most, sums.shape)
    return [
        ((column + 0.5) * block / width, (row + 0.5) * block / height)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def _block_steps(shades: NDArray[np.uint8], block: int) -> NDArray[np.int64]:
    """Return the sums of the steps between neighbors in blocks of shades (h, w).

    What is left of the picture after the last block belongs to it.
    """
    loops = measuring()
    if loops is not None:
        sums = np.empty([side // block for side in shades.shape], np.int64)
        loops.block_steps(shades, block, sums)
        return sums
    steps = np.zeros(shades.shape, np.int64)
    steps[:, 1:] = _apart(shades[:, 1:], shades[:, :-1])
    steps[1:] += _apart(shades[1:], shades[:-1])
    down, across = (np.arange(side // block) * block for side in shades.shape)
    found: NDArray[np.int64] = np.add.reduceat(np.add.reduceat(steps, down, axis=0), across, axis=1)
    return found


def _tiles(
    image: Image.Image,
    pixels: NDArray[np.uint8],
    centers: list[tuple[float, float]],
    side: int,
) -> NDArray[np.uint8]:
    """Return tiles (n, side, side) of a picture in gray, at the scale of this module.

    Args:
        image: upright RGB.
        pixels: of the image, (h, w, 4).
        centers: of the tiles, as shares of the width and the height.
        side: of a tile in pixels, at that scale.
    """
    covered = min(round(side * max(1.0, min(image.size) / _SHORT_PX)), *image.size)
    width, height = image.size
    corners = [
        (
            min(max(0, round(x * width - covered / 2)), width - covered),
            min(max(0, round(y * height - covered / 2)), height - covered),
        )
        for x, y in centers
    ]
    tiles = np.empty((len(corners), side, side), np.uint8)
    loops = measuring()
    if loops is not None and covered == side:
        loops.luma(pixels, np.array(corners, np.int64), tiles)
        return tiles
    for (left, top), out in zip(corners, tiles, strict=True):
        tile = image.crop((left, top, left + covered, top + covered)).convert("L")
        out[:] = np.asarray(tile.resize((side, side), Image.Resampling.BILINEAR))
    return tiles


def _sharpness(tiles: NDArray[np.uint8], rise: int) -> list[float]:
    """Return the steepest step of the edges of each tile (n, side, side), a share of the rise."""
    # Each row is looked along, and each column.
    lines = np.stack([tiles, tiles.transpose(0, 2, 1)], axis=1)
    before, after = lines[..., :-1], lines[..., 1:]
    high, low = np.maximum(before, after), np.minimum(before, after)
    middle = slice(_SPAN // 2 - 1, -(_SPAN // 2 - 1))
    steps = (high - low)[..., middle]
    for reach in (2, 4, 2):
        high = np.maximum(high[..., :-reach], high[..., reach:])
        low = np.minimum(low[..., :-reach], low[..., reach:])
    rises = high - low
    edges = rises >= rise
    return [
        _steepest(step[edge], whole[edge])
        for step, whole, edge in zip(steps, rises, edges, strict=True)
    ]


def _sharpness_by_loops(loops: ModuleType, tiles: NDArray[np.uint8], rise: int) -> list[float]:
    """Return what `_sharpness` does."""
    count, side, _ = tiles.shape
    steps, rises = np.empty((2, count, 2 * side * side), np.uint8)
    counts = np.empty(count, np.int64)
    loops.edges(tiles, _SPAN, rise, steps, rises, counts)
    return [_steepest(steps[i, :m], rises[i, :m]) for i, m in enumerate(counts.tolist())]


def _steepest(steps: NDArray[np.uint8], rises: NDArray[np.uint8]) -> float:
    """Return the share of the rise in one step, of the edges of a tile; 0 if it has too few."""
    if len(steps) < _LEAST_EDGES:
        return 0.0
    shares = np.divide(steps, rises, dtype=np.float32)
    place = int((1 - _STEEPEST) * len(shares))
    return float(np.partition(shares, place)[place])


def _apart(some: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.uint8]:
    apart: NDArray[np.uint8] = np.maximum(some, others) - np.minimum(some, others)
    return apart
