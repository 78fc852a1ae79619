"""The files of one run: what the page needs to show one set of pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

from imgrec.catalog import Ids
from imgrec.encoders.spec import Vectors
from imgrec.thumbs import ThumbStore
from projector.bookmarks import View, bookmarks_text
from projector.collection import Collection
from projector.config import CONFIG_NAME, Embedding, config_text
from projector.events import EVENTS, event_bytes
from projector.metadata import LABEL, metadata_text
from projector.pieces import Piece, digest, piece_of
from projector.plan import PAGE, WHOLE, Run, run_name
from projector.sprite import VERSION, Grid, build_sprite, grid_for, write_sprite
from projector.tensor import tensor_bytes
from projector.views import Layouts

TENSOR, METADATA, SPRITE, BOOKMARKS = (
    "tensor.bytes",
    "metadata.tsv",
    "sprite.webp",
    "bookmarks.json",
)
_LAYING = Lock()  # two threads that lay small pictures take longer than one after the other
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
class Composer:
    """Composes the runs of a collection.

    Attributes:
        collection: whose runs they are.
        layouts: makes the views.
        colours: the word of each picture.
        page_of: the number of its page for each picture.
        thumbs: the thumbnails.
        laid: called with 1 for each thumbnail laid, from any thread.
    """

    collection: Collection
    layouts: Layouts
    colours: Mapping[int, str]
    page_of: Mapping[int, int]
    thumbs: ThumbStore
    laid: Callable[[int], object] = lambda count: None

    def compose(self, run: Run) -> Composed:
        """Return the files of a run; its layouts are made here, its sprite when it is written.

        Raises:
            StoreError: a picture is not in the catalogue, or has no vector.
            ProjectorError: a vector is not finite.
        """
        collection, grid = self.collection, grid_for(len(run.ids))
        entries = collection.store.catalog.entries(run.ids)
        page_of = {} if run.kind == PAGE else self.page_of
        labels = collection.labels(run, self.colours, page_of)
        columns, few = collection.tensor.take(run.ids), collection.reduction.take(run.ids)
        views, axes = self.layouts.views(run, few, collection.coloured_by)
        rows, count = columns.shape
        name = collection.feature.name
        embedding = Embedding(name, rows, count, TENSOR, METADATA, SPRITE, grid.cell_px, BOOKMARKS)
        pieces = (
            piece_of(EVENTS, event_bytes(_place(run))),
            piece_of(CONFIG_NAME, config_text([embedding])),
            piece_of(TENSOR, tensor_bytes(columns)),
            piece_of(METADATA, metadata_text(entries, labels)),
            _bookmarks(views, axes, count),
            self._sprite(run.ids, grid),
        )
        title = run_name(run, len(collection.ids), entries)
        return Composed(title, pieces, grid.cell_px, tuple(view.name for view in views))

    def _sprite(self, ids: Ids, grid: Grid) -> Piece:
        """An id stands for one content, so the ids tell what is on the sheet."""
        key = digest(f"{VERSION} {grid}".encode(), ids.astype("<i8").tobytes())
        write = partial(_write_sprite, ids, self.thumbs, grid, self.laid)
        return Piece(SPRITE, key, write, slow=True)


def _write_sprite(
    ids: Ids, thumbs: ThumbStore, grid: Grid, laid: Callable[[int], object], path: Path
) -> None:
    with _LAYING:
        sheet = build_sprite(ids, thumbs.get, grid, laid)
    write_sprite(path, sheet)


def _bookmarks(views: list[View], axes: Vectors, columns: int) -> Piece:
    """The text is made when it is written: of a run that did not change it is not needed."""
    described = f"{columns} {[(view.name, view.tab, view.colour) for view in views]}"
    key = digest(described.encode(), axes.tobytes(), *(view.positions.tobytes() for view in views))

    def write(path: Path) -> None:
        path.write_text(bookmarks_text(views, axes, columns, LABEL), "utf-8", newline="\n")

    return Piece(BOOKMARKS, key, write)


def _place(run: Run) -> int:
    """Return the place of a run in the list, which no other run moves."""
    return _LAST if run.kind == WHOLE else 1 + run.number
