"""Compose the files of one run: everything that the projector needs to show a set of pictures.

A run is a folder with a config, a tensor, metadata, a sprite and bookmarks. The invariant: row i of
the tensor, line i of the metadata, cell i of the sprite and point i of every bookmark belong to the
same picture. Composing has two steps: `begin` starts the slow parts, layouts and sprite, in worker
processes; `compose` waits for the layouts and returns the files, not yet written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from imgrec.encoders.spec import Vectors
from projector.files.bookmarks import Bookmark, bookmarks_text
from projector.files.formats import (
    CONFIG_NAME,
    EVENTS,
    Embedding,
    config_text,
    event_bytes,
    tensor_bytes,
    tensor_name,
)
from projector.files.metadata import LABEL, metadata_text
from projector.files.pieces import Piece, digest, piece_of
from projector.files.sprite import VERSION, Grid, grid_for
from projector.files.sprite_workers import Sheets
from projector.layouts import Layouts, PendingLayouts
from projector.runs import PAGE, WHOLE, Run, run_name
from projector.source import CLASSES, ProjectedFeature

TENSOR, METADATA, SPRITE, BOOKMARKS = (
    "tensor.bytes",
    "metadata.tsv",
    "sprite.webp",
    "bookmarks.json",
)
# Position of the run of all pictures in the list of runs: after all pages.
_LAST = 1_000_000


@dataclass(frozen=True)
class Composed:
    """A run that is ready to be written.

    Attributes:
        title: its name in the drop-down list of the projector.
        pieces: its files.
        cell_px: side of a thumbnail in the sprite.
        views: names of its bookmarks.
    """

    title: str
    pieces: tuple[Piece, ...]
    cell_px: int
    views: tuple[str, ...]


@dataclass(frozen=True)
class PendingRun:
    """A run whose slow parts are being computed.

    Attributes:
        run: the set of pictures.
        grid: geometry of the sprite.
        sprite: file of the sprite, being drawn.
        layouts: being computed.
    """

    run: Run
    grid: Grid
    sprite: Piece
    layouts: PendingLayouts


@dataclass(frozen=True)
class Composer:
    """Composer of the runs of a collection.

    Attributes:
        collection: the projected feature.
        layouts: computes the layouts.
        colors: color word of each picture, by id.
        page_of: page number of each picture, by id.
        sheets: draws the sprites.
        has: returns True if an up-to-date file can be reused from the existing logdir, given the
            key of the run, the file name and the content key.
    """

    collection: ProjectedFeature
    layouts: Layouts
    colors: Mapping[int, str]
    page_of: Mapping[int, int]
    sheets: Sheets
    has: Callable[[str, str, str], bool]

    def begin(self, run: Run) -> PendingRun:
        """Start computing the sprite and the layouts of a run; do not wait.

        Raises:
            StoreError: a picture has no vector.
            ProjectorError: a vector is not finite.
        """
        grid = grid_for(len(run.ids))
        return PendingRun(run, grid, self._sprite(run, grid), self.layouts.begin(run))

    def compose(self, begun: PendingRun) -> Composed:
        """Return the files of a run; wait until its layouts are computed.

        Raises:
            StoreError: a picture is not in the catalog.
            ProjectorError: a vector is not finite.
        """
        run, collection, grid = begun.run, self.collection, begun.grid
        entries = collection.store.catalog.entries(run.ids)
        page_of = {} if run.kind == PAGE else self.page_of
        labels = collection.labels(run, self.colors, page_of)
        columns = collection.tensor.take(run.ids)
        views = begun.layouts.views(self.layouts.methods, collection.colored_by)
        rows, count = columns.shape
        name = tensor_name(collection.feature.name)
        embedding = Embedding(name, rows, count, TENSOR, METADATA, SPRITE, grid.cell_px, BOOKMARKS)
        pieces = (
            piece_of(EVENTS, event_bytes(_place(run))),
            piece_of(CONFIG_NAME, config_text([embedding])),
            piece_of(TENSOR, tensor_bytes(columns)),
            piece_of(METADATA, metadata_text(entries, labels, {CLASSES})),
            _bookmarks(views, begun.layouts.axes, count),
            begun.sprite,
        )
        title = run_name(run, len(collection.ids), entries)
        return Composed(title, pieces, grid.cell_px, tuple(view.name for view in views))

    def _sprite(self, run: Run, grid: Grid) -> Piece:
        """Return the sprite of a run; its content key is a digest of grid and ids.

        An id always has the same content, so the ids determine the thumbnails.
        """
        key = digest(f"{VERSION} {grid}".encode(), run.ids.astype("<i8").tobytes())
        if self.has(run.key, SPRITE, key):
            # Reused from the existing logdir; drawn in this process if it disappears meanwhile.

            def write(path: Path) -> None:
                replace(self.sheets, workers=None).begin(run.ids, grid)(path)

            return Piece(SPRITE, key, write, slow=True)
        return Piece(SPRITE, key, self.sheets.begin(run.ids, grid), slow=True)


def _bookmarks(views: list[Bookmark], axes: Vectors, columns: int) -> Piece:
    """Return the bookmarks file; its text is generated only if the file is not reused."""
    described = f"{columns} {[(view.name, view.tab, view.color) for view in views]}"
    key = digest(described.encode(), axes.tobytes(), *(view.positions.tobytes() for view in views))

    def write(path: Path) -> None:
        path.write_text(bookmarks_text(views, axes, columns, LABEL), "utf-8", newline="\n")

    return Piece(BOOKMARKS, key, write)


def _place(run: Run) -> int:
    """Return the position of a run in the list; it does not depend on the other runs."""
    return _LAST if run.kind == WHOLE else 1 + run.number
