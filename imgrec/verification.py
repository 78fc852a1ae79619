"""How similar two pictures are, found on their thumbnails: sketches first, the few left in full."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from imgrec.catalog import Ids
from imgrec.miniatures import Thumbnail, miniatures_of, sketches_of
from imgrec.threads import in_threads

Similarities = NDArray[np.float32]
_LEAST_SKETCH = 0.75  # what is less alike as a sketch is not looked at further
_BLOCK_PAIRS = 1 << 14  # whose miniatures are in memory at a time, 4.6 kB each
_TASK_PAIRS = 256


def similarities_of(
    pairs: Ids, thumbnail: Thumbnail, done: Callable[[int], object] = lambda count: None
) -> Similarities:
    """Return how similar the two pictures of each pair are, 0 to 1.

    1 is the same pixels; 0 is also said of what is too unlike to be looked at closely.

    Args:
        pairs: (p, 2) ids.
        thumbnail: gives the JPEG of a picture.
        done: called with the number of pairs that were done.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    found = np.zeros(len(pairs), np.float32)
    fits = _sketch_fits(pairs, thumbnail)
    alike = np.flatnonzero(fits[:, -1] >= _LEAST_SKETCH)
    done(len(pairs) - len(alike))
    for start in range(0, len(alike), _BLOCK_PAIRS):
        block = alike[start : start + _BLOCK_PAIRS]
        found[block] = _miniature_similarities(pairs[block], fits[block], thumbnail)
        done(len(block))
    return found


def _sketch_fits(pairs: Ids, thumbnail: Thumbnail) -> NDArray[np.float64]:
    """Return the fits (p, 6) of the sketches of pairs."""
    from imgrec.alignment import UNKNOWNS, fit_sketches  # late: it imports numba

    ids, rows = np.unique(pairs, return_inverse=True)
    rows = rows.reshape(pairs.shape)
    sketches, fits = sketches_of(ids, thumbnail), np.zeros((len(pairs), UNKNOWNS + 1))

    def fill(part: slice) -> None:
        first, second = np.ascontiguousarray(rows[part].T)
        fit_sketches(sketches.luminance, sketches.aspects, first, second, fits[part])

    in_threads(fill, _parts(len(pairs)))
    return fits


def _miniature_similarities(
    pairs: Ids, fits: NDArray[np.float64], thumbnail: Thumbnail
) -> NDArray[np.float64]:
    """Return the similarities (p,) of pairs whose sketches fit so."""
    from imgrec.alignment import fit_miniatures

    ids, rows = np.unique(pairs, return_inverse=True)
    rows, minis = rows.reshape(pairs.shape), miniatures_of(ids, thumbnail)

    def fill(part: slice) -> None:
        first, second = np.ascontiguousarray(rows[part].T)
        planes = minis.luminance, minis.colour, minis.aspects
        fit_miniatures(*planes, first, second, fits[part])

    in_threads(fill, _parts(len(pairs)))
    return fits[:, -1]


def _parts(count: int) -> list[slice]:
    return [slice(start, start + _TASK_PAIRS) for start in range(0, count, _TASK_PAIRS)]
