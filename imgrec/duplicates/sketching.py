"""The sketches of many thumbnails, made by worker processes.

Most of what a sketch of a small JPEG takes is Python between the calls of the decoder, so threads
would wait for each other.
"""

from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from imgrec.collection import Ids
from imgrec.duplicates.miniatures import DRAFT, SMALL_PX, Sketches, sketches_of
from imgrec.store.thumbnails import ThumbStore
from imgrec.system.workers import in_order

# Sketches that a process makes at a time, and the least that are worth the start of processes.
_TASK = 2_000
_WORKERS_FROM = 10_000


def sketches_by(
    workers: int,
    folder: Path,
    ids: Ids,
    side_px: int = SMALL_PX,
    draft: int = DRAFT,
    *,
    least: int = _WORKERS_FROM,
    task: int = _TASK,
) -> Sketches:
    """Return the sketches of pictures (m,), as `sketches_of` does.

    Args:
        workers: number of processes; 0 makes them in this process.
        folder: of the thumbnails.
        ids: of the pictures.
        side_px: as of `sketches_of`.
        draft: as of `sketches_of`.
        least: number of pictures from which on processes are started.
        task: number of sketches that a process makes at a time.

    Raises:
        StoreError: a thumbnail is absent or damaged.
        WorkersError: a process was killed, or none can be started.
    """
    if not workers or len(ids) < max(1, least):
        return sketches_of(ids, ThumbStore.open(folder).get, side_px, draft)
    tasks = (ids[start : start + task] for start in range(0, len(ids), task))
    parts = [*in_order(partial(_sketched, folder, side_px, draft), tasks, workers)]
    return Sketches(
        np.concatenate([part.luminance for part in parts]),
        np.concatenate([part.aspects for part in parts]),
    )


def _sketched(folder: Path, side_px: int, draft: int, ids: Ids) -> Sketches:
    return sketches_of(ids, _thumbs(folder).get, side_px, draft)


# In a worker process, which serves one call of `sketches_by`.
@lru_cache(maxsize=1)
def _thumbs(folder: Path) -> ThumbStore:
    return ThumbStore.open(folder)
