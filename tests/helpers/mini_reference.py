"""A reference implementation of `mini`: one picture at a time, in double precision.

Angles by the arctangent, distances by SciPy, neighborhoods by filters: it shares no method and no
code with the encoder.
"""

import numpy as np
from scipy import ndimage
from scipy.spatial.distance import mahalanobis

Map = np.ndarray  # (h, w)


def reference(pixels: np.ndarray) -> np.ndarray:
    """Return the vector (512,) of one picture (64, 64, 3), uint8."""
    shrink = _triangles(32, 64, 1.5)
    red, green, blue = (shrink @ (pixels[:, :, c] / 255) @ shrink.T for c in range(3))
    colors = [(red + green + blue) / 3, red - green, (red + green) / 2 - blue]
    figure = _figure(np.stack(colors))
    layout = [_cells(color, 4) for color in colors]
    layout = [layout[0] - 0.5, 2 * layout[1], 2 * layout[2]]
    blocks = [
        (1.0, _edges(colors, 8, 6)),
        (1.0, _edges([figure], 6, 5)),
        (0.2, _unit(_cells(figure, 5).ravel() - 0.33)),
        (0.2, _unit(np.append(np.ravel(layout) / 4, 0.2))),
    ]
    return _unit(np.concatenate([np.sqrt(share) * block for share, block in blocks]))


def _triangles(n_out: int, n_in: int, reach: float = 1.0) -> np.ndarray:
    """Return triangle filters (n_out, n_in) around evenly spaced centers; each row sums to 1."""
    half = reach * n_in / n_out
    rows = np.zeros((n_out, n_in))
    for i, j in np.ndindex(n_out, n_in):
        rows[i, j] = max(0.0, 1 - abs((j + 0.5) - (i + 0.5) * n_in / n_out) / half)
    return rows / rows.sum(axis=1, keepdims=True)


def _cells(values: Map, grid: int) -> Map:
    rows = _triangles(grid, len(values))
    return rows @ values @ rows.T


def _figure(colors: np.ndarray) -> Map:
    """Return how far, 0 to 1, each color of (3, 32, 32) is from those of the 2 px border."""
    inside = np.zeros(colors.shape[1:], dtype=bool)
    inside[2:-2, 2:-2] = True
    rim = colors[:, ~inside]
    inverse = np.linalg.inv(np.cov(rim, bias=True) + 0.001 * np.eye(3))
    places = colors.reshape(3, -1).T
    far = np.array([mahalanobis(place, rim.mean(axis=1), inverse) for place in places])
    return (far / (far + 2 * far.mean() + 0.5)).reshape(inside.shape)


def _edges(maps: list[Map], bins: int, grid: int) -> np.ndarray:
    """Return a histogram (bins * grid**2,) of gradients, of the steepest map at each place."""
    steps = [-1, 0, 1]
    across = np.stack([ndimage.correlate1d(m, steps, axis=1, mode="nearest") for m in maps])
    down = np.stack([ndimage.correlate1d(m, steps, axis=0, mode="nearest") for m in maps])
    steepest = np.hypot(across, down).argmax(axis=0)[None]
    x = np.take_along_axis(across, steepest, axis=0)[0]
    y = np.take_along_axis(down, steepest, axis=0)[0]
    angle, strength = np.arctan2(y, x), np.hypot(x, y)
    spread = [
        strength * np.maximum(0, np.cos(2 * (angle - k * np.pi / bins))) ** 4 for k in range(bins)
    ]
    cells = np.stack([_cells(of_bin, grid) for of_bin in spread])
    cells -= cells.mean(axis=0) / 2
    energy = ndimage.uniform_filter((cells**2).sum(axis=0), 3, mode="nearest")
    block = (cells / np.sqrt(energy + 0.02**2)).ravel() / grid
    return block / np.sqrt((block**2).sum() + 0.2**2)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(np.linalg.norm(vector), 1e-6)
