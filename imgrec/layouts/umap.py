"""UMAP positions of pictures, optimized from a given fuzzy graph and initial positions.

umap-learn usually searches neighbors and computes a spectral start itself. Here both come from the
store: the same graph serves all layouts, and similar collections get similar maps.
"""

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import ImgrecError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Positions = NDArray[np.float32]
# With fewer pictures the initial positions are returned.
FEWEST = 8
_MIN_DIST, _SPREAD = 0.1, 1.0
# After 200 epochs groups still move; after 500 there is nothing new to see.
_EPOCHS = 300
_EPOCHS_OF_MANY = 200
_MANY = 10_000
# As a share of the spread: equal pictures must not start on one point.
_JITTER = 0.01
# In units of the radius that holds 95 % of the pictures.
_FAR = 2.0


def umap_layout(graph: "csr_array", start: NDArray[np.floating], seed: int = 0) -> Positions:
    """Return the UMAP positions (n, c) of pictures, centered, within -1 and 1.

    Args:
        graph: (n, n) symmetric, the weights from 0 to 1.
        start: (n, c) finite initial positions, in any unit.
        seed: the same gives the same bytes.

    Raises:
        ImgrecError: numba, which umap-learn needs, has no writable cache folder.

    Source: McInnes, Healy, Melville 2018, UMAP, as in umap-learn; in one thread, as it is not
    reproducible with more.
    """
    begin = scattered(start, seed)
    if len(begin) < FEWEST:
        return framed(begin)
    with warnings.catch_warnings():
        # It warns that TensorFlow is absent, which only parametric UMAP needs.
        warnings.simplefilter("ignore", ImportWarning)
        try:
            from umap.umap_ import find_ab_params, simplicial_set_embedding
        # Raised by numba without a writable cache folder.
        except RuntimeError as error:
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
