"""Sprites laid by worker processes: each lays bands of a sheet, which are joined and written."""

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

_BAND = 1_000  # thumbnails, or a row where that has more: a quarter of a second of work
_LAYING = Lock()  # two threads that lay small pictures take longer than one after the other
_Bands = list[tuple[slice, "Future[Image.Image]"]]  # cells, and the pixels of these rows


@dataclass(frozen=True)
class Sheets:
    """Makes the sprites of a logdir, from any thread.

    Attributes:
        folder: of the thumbnails.
        thumbs: opened from there.
        workers: lay them; None for this process alone.
        laid: called with how many more thumbnails are laid, from any thread.
    """

    folder: Path
    thumbs: ThumbStore
    workers: Workers | None = None
    laid: Callable[[int], object] = lambda count: None

    def begin(self, ids: Ids, grid: Grid) -> Callable[[Path], None]:
        """Let the sprite of some pictures (n,) be laid, the i-th in cell i.

        Returns:
            What writes it to a path; to be called once, from any thread. It raises StoreError
            where a picture has no thumbnail and ProjectorError where one is damaged.
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
            with _LAYING:
                sheet = build_sprite(ids, self.thumbs.get, grid, self.laid)
        write_sprite(path, sheet)

    def _joined(self, ids: Ids, grid: Grid, begun: _Bands) -> Image.Image:
        sheet = build_sprite(ids[:0], self.thumbs.get, grid)
        while begun:
            cells, future = begun.pop(0)  # and with it its pixels
            sheet.paste(self._laid(future, ids[cells], grid), grid.corner_px(cells.start))
            self.laid(len(ids[cells]))
        return sheet

    def _laid(self, future: "Future[Image.Image]", ids: Ids, grid: Grid) -> Image.Image:
        try:
            return future.result()
        except WorkerDiedError:  # killed, or such processes cannot be started here
            if self.workers is None or self.workers.stopped:
                raise
            return _band(ids, self.thumbs, grid)


def bands(count: int, grid: Grid) -> Iterator[slice]:
    """Yield the cells of each band: whole rows of the grid that together hold `count` cells."""
    step = max(1, _BAND // grid.per_side) * grid.per_side
    return (slice(start, min(count, start + step)) for start in range(0, count, step))


def _band(ids: Ids, thumbs: ThumbStore, grid: Grid) -> Image.Image:
    """Return the sheet of some pictures (m,), as many rows of it as they take."""
    return build_sprite(ids, thumbs.get, grid, rows=-(-len(ids) // grid.per_side))


def _laid_by_worker(folder: Path, ids: Ids, grid: Grid) -> Image.Image:
    return _band(ids, _opened(folder), grid)


@cache
def _opened(folder: Path) -> ThumbStore:
    """The thumbnails of the one store that a worker knows in its life."""
    return ThumbStore.open(folder)
