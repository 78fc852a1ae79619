"""A scene of smooth blobs, sampled at squares of pixels with a known shift and scale."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]


def seen(
    side: int,
    across: float = 1,
    down: float = 1,
    right: float = 0,
    below: float = 0,
    seed: int = 0,
) -> Plane:
    """Return a scene (side, side), 40 to 180, scaled and shifted on each axis."""
    places = (np.arange(side) + 0.5) / side - 0.5
    return _scene(across * places[None] + right, down * places[:, None] + below, seed)


def _scene(u: Plane, v: Plane, seed: int) -> Plane:
    """Return the brightness of a scene at continuous coordinates."""
    rng = np.random.default_rng(seed)
    total = np.zeros(np.broadcast_shapes(u.shape, v.shape))
    for x, y, width, height in rng.uniform([-0.6, -0.6, 0.05, -1], [0.6, 0.6, 0.15, 1], (40, 4)):
        total += height * np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * width**2))
    return np.asarray(110 + 70 * np.tanh(total))
