"""How similar two pictures are, found on their thumbnails: by sketches, the few left in full."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.duplicates.miniatures import Sketches, Thumbnail, miniatures_of, sketches_of
from imgrec.system.threads import in_threads

Similarities = NDArray[np.float32]
Rows = NDArray[np.intp]
_LEAST_SKETCH = 0.75  # what is less alike as a sketch is not looked at closely
_BLOCK_PAIRS = 1 << 17
_CLOSE_PAIRS = 1 << 14  # whose miniatures are in memory at a time, 4.6 kB a picture
_TASK_PAIRS = 256


def similarities_of(pairs: Ids, thumbnail: Thumbnail) -> Similarities:
    """Return how similar the two pictures of each pair are, 0 to 1, whichever comes first.

    1 is the same thumbnail, brightness aside; 0 is said of what is too unlike to be looked at
    closely.

    Args:
        pairs: (p, 2) ids.
        thumbnail: gives the JPEG of a picture.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    found = [similarities for _, similarities in similarities_by_block(pairs, thumbnail)]
    return np.concatenate([*found, np.zeros(0, np.float32)])


def similarities_by_block(
    pairs: Ids, thumbnail: Thumbnail, done: Callable[[int], object] = lambda count: None
) -> Iterator[tuple[Ids, Similarities]]:
    """Yield some of the pairs and their similarities at a time, as `similarities_of` finds them.

    Every picture is decoded once for its sketch, of 256 bytes, and those that are looked at
    closely once more, or a few times where they are in many pairs.

    Args:
        pairs: (p, 2) ids.
        thumbnail: gives the JPEG of a picture.
        done: called with the number of pairs that were done.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    ids, rows = _rows_of(pairs)
    sketches = sketches_of(ids, thumbnail)
    for start in range(0, len(pairs), _BLOCK_PAIRS):
        block = slice(start, start + _BLOCK_PAIRS)
        yield pairs[block], _similarities(pairs[block], rows[block], sketches, thumbnail, done)


def _similarities(
    pairs: Ids, rows: Rows, sketches: Sketches, thumbnail: Thumbnail, done: Callable[[int], object]
) -> Similarities:
    found, fits = np.zeros(len(pairs), np.float32), sketch_fits(rows, sketches)
    alike = np.flatnonzero(fits[:, -1] >= _LEAST_SKETCH)
    done(len(pairs) - len(alike))
    for start in range(0, len(alike), _CLOSE_PAIRS):
        close = alike[start : start + _CLOSE_PAIRS]
        found[close] = _close_similarities(pairs[close], fits[close], thumbnail)
        done(len(close))
    return found


def sketch_fits(rows: Rows, sketches: Sketches) -> NDArray[np.float64]:
    """Return the fits (p, 6) of pairs of rows (p, 2) of sketches."""
    from imgrec.duplicates.alignment import UNKNOWNS, fit_sketches  # late: it imports numba

    fits = np.zeros((len(rows), UNKNOWNS + 1))

    def fill(part: slice) -> None:
        first, second = np.ascontiguousarray(rows[part].T)
        fit_sketches(sketches.luminance, sketches.aspects, first, second, fits[part])

    in_threads(fill, _parts(len(rows)))
    return fits


def _close_similarities(
    pairs: Ids, fits: NDArray[np.float64], thumbnail: Thumbnail
) -> NDArray[np.float64]:
    """Return the similarities (p,) of pairs of ids (p, 2) whose sketches fit so."""
    from imgrec.duplicates.alignment import fit_miniatures

    ids, rows = _rows_of(pairs)
    minis = miniatures_of(ids, thumbnail)

    def fill(part: slice) -> None:
        first, second = np.ascontiguousarray(rows[part].T)
        planes = minis.luminance, minis.color, minis.aspects
        fit_miniatures(*planes, first, second, fits[part])

    in_threads(fill, _parts(len(rows)))
    return fits[:, -1]


def _rows_of(pairs: Ids) -> tuple[Ids, Rows]:
    """Return the ids (m,) of pairs (p, 2), each once, and the pairs as rows of them."""
    ids, rows = np.unique(pairs, return_inverse=True)
    return ids, rows.reshape(pairs.shape)  # numpy 2.0 gave the shape, others do not


def _parts(count: int) -> list[slice]:
    return [slice(start, start + _TASK_PAIRS) for start in range(0, count, _TASK_PAIRS)]
