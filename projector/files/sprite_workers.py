"""Draw sprites in worker processes: each draws bands of a sheet, which are pasted together.

Decoding thousands of thumbnails is the slow part, and bands of whole rows are independent. A band
that a killed worker did not deliver is drawn in this process, so that the result is the same with
any number of workers.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from threading import Lock

from PIL import Image

from imgrec.collection import Ids
from imgrec.store.thumbnails import ThumbStore
from imgrec.system.worker import WorkerDiedError
from imgrec.system.workers import Workers
from projector.files.sprite import Grid, build_sprite, write_sprite

# Thumbnails per band, about a quarter of a second of work; at least one row.
_BAND = 1_000
# Held while drawing in this process: two threads take longer than one after the other.
_DRAWING = Lock()
# Cells of each band, and the future of its pixels.
_Bands = list[tuple[slice, "Future[Image.Image]"]]


@dataclass(frozen=True)
class Sheets:
    """Draws the sprites of a logdir; thread-safe.

    Attributes:
        folder: of the thumbnails.
        thumbs: the same thumbnails, opened.
        workers: processes that draw; None to draw in this process.
        laid: progress callback, called with the number of new thumbnails, from any thread.
    """

    folder: Path
    thumbs: ThumbStore
    workers: Workers | None = None
    laid: Callable[[int], object] = lambda count: None

    def begin(self, ids: Ids, grid: Grid) -> Callable[[Path], None]:
        """Start drawing the sprite of some pictures (n,), the i-th in cell i; do not wait.

        Returns:
            A function that waits for the sprite and writes it to a path. Call it once, from any
            thread. It raises StoreError if a picture has no thumbnail, and ProjectorError if one
            is damaged.
        """
        begun: _Bands = []
        if self.workers is not None:
            for cells in bands(len(ids), grid):
                laid = self.workers.submit(_laid_by_worker, self.folder, ids[cells], grid)
                begun.append((cells, laid))
        return partial(self._write, ids, grid, begun)

    def _write(self, ids: Ids, grid: Grid, begun: _Bands, path: Path) -> None:
        if begun:
            sheet = self._joined(ids, grid, begun)
        else:
            with _DRAWING:
                sheet = build_sprite(ids, self.thumbs.get, grid, self.laid)
        write_sprite(path, sheet)

    def _joined(self, ids: Ids, grid: Grid, begun: _Bands) -> Image.Image:
        sheet = build_sprite(ids[:0], self.thumbs.get, grid)
        while begun:
            # Popped, so that the pixels of the band are freed after pasting.
            cells, future = begun.pop(0)
            sheet.paste(self._laid(future, ids[cells], grid), grid.corner_px(cells.start))
            self.laid(len(ids[cells]))
        return sheet

    def _laid(self, future: "Future[Image.Image]", ids: Ids, grid: Grid) -> Image.Image:
        try:
            return future.result()
        except WorkerDiedError:
            # It was killed, or the system cannot start worker processes.
            if self.workers is None or self.workers.stopped:
                raise
            return _band(ids, self.thumbs, grid)


def bands(count: int, grid: Grid) -> Iterator[slice]:
    """Yield the cells of each band: whole rows of the grid, until `count` cells are covered."""
    step = max(1, _BAND // grid.per_side) * grid.per_side
    return (slice(start, min(count, start + step)) for start in range(0, count, step))


def _band(ids: Ids, thumbs: ThumbStore, grid: Grid) -> Image.Image:
    """Return a sheet with some pictures (m,), with only as many rows as they need."""
    return build_sprite(ids, thumbs.get, grid, rows=-(-len(ids) // grid.per_side))


def _laid_by_worker(folder: Path, ids: Ids, grid: Grid) -> Image.Image:
    return _band(ids, _opened(folder), grid)


@cache
def _opened(folder: Path) -> ThumbStore:
    """Return the opened thumbnails, cached for the lifetime of the worker process."""
    return ThumbStore.open(folder)
