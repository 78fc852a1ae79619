"""The thumbnail stage: which candidate pairs deserve that their files are read.

Every picture is decoded once from its thumbnail, to a plane of 576 bytes, in worker processes where
there are many; pairs are matched in threads by compiled code (`thumbnail_match`), and most are
rejected.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.duplicates.miniatures import Sketches
from imgrec.duplicates.sketching import sketches_by
from imgrec.system.threads import in_threads

# Pairs whose result is yielded together, and pairs that a thread takes.
BLOCK = 1 << 17
_TASK = 256
_DRAFT = 2
# Score from which on a pair deserves its files. Measured on photos: 1 of 100 pairs with one
# alteration, and 2 of 100 with two, score less, and 91 of 100 pairs of neighbors.
_LEAST_SCORE = 0.2


def deserving_by_block(
    pairs: Ids,
    folder: Path,
    workers: int = 0,
    done: Callable[[int], object] = lambda count: None,
    block: int = BLOCK,
) -> Iterator[tuple[Ids, NDArray[np.bool_]]]:
    """Yield blocks of pairs (b, 2), with a mask (b,) of those whose files deserve to be compared.

    Args:
        pairs: (p, 2) ids.
        folder: of the thumbnails.
        workers: processes that decode thumbnails; 0 for this one alone.
        done: called with the number of pairs finished since the last call.
        block: number of pairs whose results are yielded together.

    Raises:
        StoreError: a thumbnail is absent or damaged.
        WorkersError: a process was killed, or none can be started.
    """
    if not len(pairs):
        return
    ids, rows = np.unique(pairs, return_inverse=True)
    # NumPy 2.0 alone keeps the shape of the inverse.
    rows = rows.reshape(pairs.shape)
    planes = planes_of(ids, folder, workers)
    for start in range(0, len(pairs), block):
        part = slice(start, start + block)
        yield pairs[part], scores_of(rows[part], planes) >= _LEAST_SCORE
        done(len(pairs[part]))


def planes_of(ids: Ids, folder: Path, workers: int = 0) -> Sketches:
    """Return planes (m, 24, 24) of pictures (m,).

    Raises:
        StoreError: a thumbnail is absent or damaged.
        WorkersError: a process was killed, or none can be started.
    """
    from imgrec.duplicates.thumbnail_match import SIDE_PX

    return sketches_by(workers, folder, ids, SIDE_PX, _DRAFT)


def scores_of(rows: NDArray[np.intp], planes: Sketches) -> NDArray[np.float32]:
    """Return the score (p,) of pairs of rows (p, 2) of planes, as `match_thumbnails` gives it."""
    # Imported here, since it imports numba.
    from imgrec.duplicates.thumbnail_match import match_thumbnails

    scores = np.empty(len(rows), np.float32)

    def fill(part: slice) -> None:
        first, second = np.ascontiguousarray(rows[part].T)
        match_thumbnails(planes.luminance, planes.aspects, first, second, scores[part])

    in_threads(fill, _parts(len(rows)))
    return scores


def _parts(count: int) -> list[slice]:
    return [slice(start, start + _TASK) for start in range(0, count, _TASK)]
