"""Put a picture into a larger cell whose rest repeats its edges, as `numpy.pad` with `edge` does.

So neither compression nor interpolation mixes the pictures of neighboring cells.
"""

from typing import Any

from numpy.typing import NDArray


def put_into(cell: NDArray[Any], picture: NDArray[Any], top: int = 0, left: int = 0) -> None:
    """Fill a cell (h, w, …) with a picture (i, j, …), which lies within it.

    Args:
        cell: overwritten.
        picture: of one pixel at least.
        top: rows above the picture.
        left: columns to its left.
    """
    bottom, right = top + picture.shape[0], left + picture.shape[1]
    cell[top:bottom, left:right] = picture
    cell[top:bottom, :left] = picture[:, :1]
    cell[top:bottom, right:] = picture[:, -1:]
    # Whole rows, and thereby the corners.
    cell[:top] = cell[top]
    cell[bottom:] = cell[bottom - 1]
