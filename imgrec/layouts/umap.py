"""UMAP positions of pictures, from a graph that is there already and a place to begin."""

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import ImgrecError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Positions = NDArray[np.float32]
FEWEST = 8  # pictures: fewer are left where they begin
_MIN_DIST, _SPREAD = 0.1, 1.0
_EPOCHS = 300  # after 200 groups still move, after 500 nothing new is seen
_EPOCHS_OF_MANY = 200
_MANY = 10_000
_JITTER = 0.01  # of the spread: equal pictures must not begin on one point
_FAR = 2.0  # times the radius that holds 95 % of the pictures


def umap_layout(graph: "csr_array", start: NDArray[np.floating], seed: int = 0) -> Positions:
    """Return the UMAP positions (n, c) of pictures, centered, within -1 and 1.

    Args:
        graph: (n, n) symmetric, the weights from 0 to 1.
        start: (n, c) finite positions to begin with, in any unit.
        seed: the same gives the same bytes.

    Raises:
        ImgrecError: umap-learn finds no place for what it compiles.

    Source: McInnes, Healy, Melville 2018, UMAP, as in umap-learn; in one thread, with more it
    is not repeatable.
    """
    begin = scattered(start, seed)
    if len(begin) < FEWEST:
        return framed(begin)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # it would like to have TensorFlow
        try:
            from umap.umap_ import find_ab_params, simplicial_set_embedding
        except RuntimeError as error:  # of numba, which finds no place for what it compiles
            raise ImgrecError(
                f"umap-learn cannot be loaded ({error}): set NUMBA_CACHE_DIR to a folder that can "
                "be written"
            ) from error

    a, b = find_ab_params(_SPREAD, _MIN_DIST)
    made, _ = simplicial_set_embedding(
        data=None, graph=graph, n_components=begin.shape[1], initial_alpha=1.0, a=a, b=b,
        gamma=1.0, negative_sample_rate=5, init=begin,
        n_epochs=_EPOCHS if len(begin) <= _MANY else _EPOCHS_OF_MANY,
        random_state=np.random.RandomState(seed),
        metric="euclidean", metric_kwds={}, densmap=False, densmap_kwds={}, output_dens=False,
    )  # fmt: skip
    return framed(made)


def framed(positions: NDArray[np.floating]) -> Positions:
    """Return positions (n, c) centered, within -1 and 1, none far from all others.

    Those beyond `_FAR` radii are drawn in to less than twice that, in their order: the page
    shows the box around all points, and one that is far away would leave the others a dot.
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
    """Return the start centered, with a spread of 1 along its widest axis, and a jitter."""
    centered = np.asarray(start, np.float64) - np.mean(start, axis=0, dtype=np.float64)
    spread = float(centered.std(axis=0).max())
    noise = np.random.default_rng(seed).standard_normal(centered.shape)
    return centered / spread + _JITTER * noise if spread > 0 else noise
