"""UMAP positions of pictures, optimized from a given fuzzy graph and initial positions.

UMAP usually searches neighbors and computes a spectral start itself. Here both come from the
store: the same graph serves all layouts, and similar collections get similar maps. The objective
and its forces are UMAP's; the descent is one of our own (`imgrec.layouts.descent`).
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.layouts.descent import descend

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Positions = NDArray[np.float32]
# With fewer pictures the initial positions are returned.
FEWEST = 8
# After 200 epochs groups still move; after 500 there is nothing new to see.
_EPOCHS = 300
_EPOCHS_OF_MANY = 200
_MANY = 10_000
# The side of the box in which the initial positions lie, in UMAP's unit.
_BOX = 10.0
# As a share of the spread: equal pictures must not start on one point.
_JITTER = 0.01
# In units of the radius that holds 95 % of the pictures.
_FAR = 2.0


def umap_layout(
    graph: "csr_array",
    start: NDArray[np.floating],
    seed: int = 0,
    epochs: int | None = None,
    *,
    placed: bool = False,
) -> Positions:
    """Return the UMAP positions (n, c) of pictures, centered, within -1 and 1; c is 2 or 3.

    The same bytes for any number of threads; another processor may give others.

    Args:
        graph: (n, n) symmetric, the weights from 0 to 1.
        start: (n, c) finite initial positions, in any unit.
        seed: the same gives the same bytes.
        epochs: of the descent; None for as many as a start by principal axes needs.
        placed: `start` is in UMAP's unit, as `umap_positions` returns it, and is kept as it is.

    Source: McInnes, Healy, Melville 2018, UMAP.
    """
    return framed(umap_positions(graph, start, seed, epochs, placed=placed))


def umap_positions(
    graph: "csr_array",
    start: NDArray[np.floating],
    seed: int = 0,
    epochs: int | None = None,
    *,
    placed: bool = False,
) -> Positions:
    """Return positions (n, c) as `umap_layout`, but in UMAP's unit, and not centered.

    In this unit joined pictures lie within about 1; part of such a layout is a start for its
    pictures (`placed`).
    """
    begin = np.asarray(start, np.float32) if placed else scattered(start, seed)
    if len(begin) < FEWEST:
        return np.asarray(begin, np.float32)
    if epochs is None:
        epochs = _EPOCHS if len(begin) <= _MANY else _EPOCHS_OF_MANY
    return descend(graph, begin if placed else _boxed(begin), epochs, seed)


def _boxed(start: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return positions that fill the box of UMAP's start, from 0 to `_BOX` along each axis."""
    sides = np.maximum(np.ptp(start, axis=0), np.finfo(np.float32).tiny)
    return np.asarray(_BOX * (start - start.min(axis=0)) / sides)


def framed(positions: NDArray[np.floating]) -> Positions:
    """Return positions (n, c) centered and scaled to -1 to 1, with outliers drawn in.

    Positions beyond `_FAR` radii are moved to less than twice that, in the same order: a page shows
    the bounding box, and one outlier would shrink all others to a dot.
    """
    centered = np.asarray(positions, np.float64) - np.median(positions, axis=0)
    radius = np.linalg.norm(centered, axis=1)
    limit = _FAR * np.quantile(radius, 0.95)
    far = radius > limit
    if limit > 0:
        centered[far] *= (limit * (2 - limit / radius[far]) / radius[far])[:, None]
    centered -= (centered.min(axis=0) + centered.max(axis=0)) / 2
    return np.asarray(centered / max(np.abs(centered).max(), np.finfo(np.float32).tiny), np.float32)


def scattered(start: NDArray[np.floating], seed: int) -> NDArray[np.float64]:
    """Return initial positions (n, c) centered, with standard deviation 1 and a jitter."""
    centered = np.asarray(start, np.float64) - np.mean(start, axis=0, dtype=np.float64)
    spread = float(centered.std(axis=0).max())
    noise = np.random.default_rng(seed).standard_normal(centered.shape)
    return centered / spread + _JITTER * noise if spread > 0 else noise
