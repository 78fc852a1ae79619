"""Similarities of candidate pairs, computed on thumbnails in two stages.

Sketches reject most pairs; the few that pass are compared on miniatures. Pairs are processed in
blocks, so memory is bounded and results can be saved after each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.duplicates.miniatures import Sketches, Thumbnail, miniatures_of, sketches_of
from imgrec.system.threads import in_threads

Similarities = NDArray[np.float32]
Rows = NDArray[np.intp]
# Pairs whose sketches are less similar get similarity 0 without a closer look.
_LEAST_SKETCH = 0.75


@dataclass(frozen=True)
class Sizes:
    """How many pairs are processed at a time.

    Attributes:
        block: pairs whose results are yielded together.
        close: pairs whose miniatures are in memory, 4.6 kB a picture.
        task: pairs that a thread takes.
    """

    block: int = 1 << 17
    close: int = 1 << 14
    task: int = 256


SIZES = Sizes()


def similarities_of(pairs: Ids, thumbnail: Thumbnail) -> Similarities:
    """Return the similarity (p,) of each pair, 0 to 1, symmetric in its pictures.

    1 means equal thumbnails apart from brightness; 0 means that the sketches already differed.

    Args:
        pairs: (p, 2) ids.
        thumbnail: returns the JPEG bytes of a picture's thumbnail.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    found = [similarities for _, similarities in similarities_by_block(pairs, thumbnail)]
    return np.concatenate([*found, np.zeros(0, np.float32)])


def similarities_by_block(
    pairs: Ids,
    thumbnail: Thumbnail,
    done: Callable[[int], object] = lambda count: None,
    sizes: Sizes = SIZES,
    sketched: Callable[[Ids], Sketches] | None = None,
) -> Iterator[tuple[Ids, Similarities]]:
    """Yield blocks of pairs with their similarities, as `similarities_of` returns them.

    Every picture is decoded once for its sketch (256 bytes), and again for each block in which
    it is compared closely.

    Args:
        pairs: (p, 2) ids.
        thumbnail: returns the JPEG bytes of a picture's thumbnail.
        done: called with the number of pairs finished since the last call.
        sizes: how many pairs are processed at a time.
        sketched: returns the sketches of some ids; None: they are made here, of the thumbnails.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    ids, rows = _rows_of(pairs)
    sketches = sketched(ids) if sketched else sketches_of(ids, thumbnail)
    for start in range(0, len(pairs), sizes.block):
        part = slice(start, start + sizes.block)
        yield (
            pairs[part],
            _similarities(
                pairs[part], sketch_fits(rows[part], sketches, sizes.task), thumbnail, done, sizes
            ),
        )


def _similarities(
    pairs: Ids,
    fits: NDArray[np.float64],
    thumbnail: Thumbnail,
    done: Callable[[int], object],
    sizes: Sizes,
) -> Similarities:
    """Return the similarities (p,) of pairs of ids (p, 2), by their sketches' fits (p, 6)."""
    found = np.zeros(len(pairs), np.float32)
    alike = np.flatnonzero(fits[:, -1] >= _LEAST_SKETCH)
    done(len(pairs) - len(alike))
    for start in range(0, len(alike), sizes.close):
        close = alike[start : start + sizes.close]
        found[close] = _close_similarities(pairs[close], fits[close], thumbnail, sizes.task)
        done(len(close))
    return found


def sketch_fits(rows: Rows, sketches: Sketches, task: int) -> NDArray[np.float64]:
    """Return the fits (p, 6) of pairs of rows (p, 2) of sketches; a thread takes `task` pairs."""
    # Imported here, since it imports numba.
    from imgrec.duplicates.alignment import UNKNOWNS, fit_sketches

    fits = np.zeros((len(rows), UNKNOWNS + 1))

    def fill(part: slice) -> None:
        first, second = np.ascontiguousarray(rows[part].T)
        fit_sketches(sketches.luminance, sketches.aspects, first, second, fits[part])

    in_threads(fill, _parts(len(rows), task))
    return fits


def _close_similarities(
    pairs: Ids, fits: NDArray[np.float64], thumbnail: Thumbnail, task: int
) -> NDArray[np.float64]:
    """Return the similarities (p,) of pairs of ids (p, 2), starting from the sketches' fits."""
    from imgrec.duplicates.alignment import fit_miniatures

    ids, rows = _rows_of(pairs)
    minis = miniatures_of(ids, thumbnail)

    def fill(part: slice) -> None:
        first, second = np.ascontiguousarray(rows[part].T)
        planes = minis.luminance, minis.color, minis.aspects
        fit_miniatures(*planes, first, second, fits[part])

    in_threads(fill, _parts(len(rows), task))
    return fits[:, -1]


def _rows_of(pairs: Ids) -> tuple[Ids, Rows]:
    """Return the unique ids (m,) of pairs (p, 2), and the pairs as rows (p, 2) of these."""
    ids, rows = np.unique(pairs, return_inverse=True)
    # NumPy 2.0 alone keeps the shape of the inverse.
    return ids, rows.reshape(pairs.shape)


def _parts(count: int, task: int) -> list[slice]:
    return [slice(start, start + task) for start in range(0, count, task)]
