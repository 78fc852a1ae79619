"""A picture of how dense a map is where, for browsers that cannot draw the map itself."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.maps.pyramid import Cells, side_of

SIDE_PX = 512
_LEVEL = 5
# A blue that is seen on light and dark ground.
_COLOR = (74, 130, 222)


def density_png(cells: Cells, depth: int) -> bytes:
    """Return a PNG of 512 × 512 pixels: the more pictures at a place, the more opaque it is.

    Args:
        cells: (n, 2) of the pictures.
        depth: the level of these cells.
    """
    pixels = np.zeros((SIDE_PX, SIDE_PX, 4), np.uint8)
    pixels[..., :3] = _COLOR
    pixels[..., 3] = _opacity(cells, depth)
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _opacity(cells: Cells, depth: int) -> NDArray[np.uint8]:
    """Return 0 to 255 for each pixel, by the root of the number of pictures there."""
    level = min(depth, _LEVEL)
    side = side_of(level)
    x, y = cells.astype(np.int64).T >> (depth - level)
    counts = np.bincount(y * side + x, minlength=side**2).reshape(side, side)
    shares = np.sqrt(counts / counts.max())
    seen = np.where(counts > 0, 0.25 + 0.75 * shares, 0)
    return np.kron(np.rint(255 * seen), np.ones((SIDE_PX // side,) * 2)).astype(np.uint8)
