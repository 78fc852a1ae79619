"""The files of one run: what the page needs to show one set of pictures."""

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
)
from projector.files.metadata import LABEL, metadata_text
from projector.files.pieces import Piece, digest, piece_of
from projector.files.sprite import VERSION, Grid, grid_for
from projector.files.sprite_workers import Sheets
from projector.layouts import Layouts, PendingLayouts
from projector.runs import PAGE, WHOLE, Run, run_name
from projector.source import ProjectedFeature

TENSOR, METADATA, SPRITE, BOOKMARKS = (
    "tensor.bytes",
    "metadata.tsv",
    "sprite.webp",
    "bookmarks.json",
)
_LAST = 1_000_000  # place of the whole collection in the list of runs: after all pages


@dataclass(frozen=True)
class Composed:
    """A run that can be written.

    Attributes:
        title: what it is called in the page.
        pieces: its files.
        cell_px: side of a thumbnail in the sprite.
        views: the names of its bookmarks.
    """

    title: str
    pieces: tuple[Piece, ...]
    cell_px: int
    views: tuple[str, ...]


@dataclass(frozen=True)
class PendingRun:
    """A run whose slow parts are being made.

    Attributes:
        run: of the collection.
        grid: of its sprite.
        sprite: the sprite.
        layouts: the layouts.
    """

    run: Run
    grid: Grid
    sprite: Piece
    layouts: PendingLayouts


@dataclass(frozen=True)
class Composer:
    """Composes the runs of a collection.

    Attributes:
        collection: whose runs they are.
        layouts: makes the views.
        colors: the word of each picture.
        page_of: the number of its page for each picture.
        sheets: makes the sprites.
        has: whether a file need not be made, by the keys of run, file and content.
    """

    collection: ProjectedFeature
    layouts: Layouts
    colors: Mapping[int, str]
    page_of: Mapping[int, int]
    sheets: Sheets
    has: Callable[[str, str, str], bool]

    def begin(self, run: Run) -> PendingRun:
        """Let the sprite and the layouts of a run be made.

        Raises:
            StoreError: a picture has no vector.
            ProjectorError: a vector is not finite.
        """
        grid = grid_for(len(run.ids))
        return PendingRun(run, grid, self._sprite(run, grid), self.layouts.begin(run))

    def compose(self, begun: PendingRun) -> Composed:
        """Return the files of a run, when its layouts are made.

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
        name = collection.feature.name
        embedding = Embedding(name, rows, count, TENSOR, METADATA, SPRITE, grid.cell_px, BOOKMARKS)
        pieces = (
            piece_of(EVENTS, event_bytes(_place(run))),
            piece_of(CONFIG_NAME, config_text([embedding])),
            piece_of(TENSOR, tensor_bytes(columns)),
            piece_of(METADATA, metadata_text(entries, labels)),
            _bookmarks(views, begun.layouts.axes, count),
            begun.sprite,
        )
        title = run_name(run, len(collection.ids), entries)
        return Composed(title, pieces, grid.cell_px, tuple(view.name for view in views))

    def _sprite(self, run: Run, grid: Grid) -> Piece:
        """An id stands for one content, so the ids tell what is on the sheet."""
        key = digest(f"{VERSION} {grid}".encode(), run.ids.astype("<i8").tobytes())
        if self.has(run.key, SPRITE, key):  # should it be gone by then, it is laid there and then

            def write(path: Path) -> None:
                replace(self.sheets, workers=None).begin(run.ids, grid)(path)

            return Piece(SPRITE, key, write, slow=True)
        return Piece(SPRITE, key, self.sheets.begin(run.ids, grid), slow=True)


def _bookmarks(views: list[Bookmark], axes: Vectors, columns: int) -> Piece:
    """The text is made when it is written: of a run that did not change it is not needed."""
    described = f"{columns} {[(view.name, view.tab, view.color) for view in views]}"
    key = digest(described.encode(), axes.tobytes(), *(view.positions.tobytes() for view in views))

    def write(path: Path) -> None:
        path.write_text(bookmarks_text(views, axes, columns, LABEL), "utf-8", newline="\n")

    return Piece(BOOKMARKS, key, write)


def _place(run: Run) -> int:
    """Return the place of a run in the list, which no other run moves."""
    return _LAST if run.kind == WHOLE else 1 + run.number
