"""Compose the files of one run: everything that the projector needs to show a set of pictures.

A run is a folder with a config, a tensor, metadata, a sprite and bookmarks. The tensor is listed
twice: with the sprite, and as dots with metadata and bookmarks for colors. The invariant: row i of
the tensor, line i of the metadata, cell i of the sprite and point i of every bookmark belong to the
same picture. Composing has two steps: `begin` starts the slow parts, layouts and sprite, in worker
processes; `compose` waits for the layouts and returns the files, not yet written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imgrec.collection.kinds import CLASS, CLUSTER, COMMUNITY, CONFIDENCE, FOLDER
from imgrec.encoders.spec import Vectors
from projector.files.bookmarks import Bookmark, bookmarks_text
from projector.files.formats import (
    CONFIG_NAME,
    EVENTS,
    Embedding,
    config_text,
    dots_name,
    event_bytes,
    tensor_bytes,
    tensor_name,
)
from projector.files.groups import Groups, groups_of
from projector.files.metadata import LABEL, dots_text, pictures_text
from projector.files.pieces import Piece, digest, piece_of
from projector.files.sprite import VERSION, Grid, grid_for
from projector.files.sprite_workers import Sheets
from projector.files.telling import point_labels
from projector.layouts import Layouts, PendingLayouts
from projector.runs import PAGE, WHOLE, Run, run_name
from projector.source import SEARCHED, ProjectedFeature

TENSOR, METADATA, SPRITE, BOOKMARKS = (
    "tensor.bytes",
    "metadata.tsv",
    "sprite.webp",
    "bookmarks.json",
)
DOTS_METADATA, DOTS_BOOKMARKS = "dots_metadata.tsv", "dots_bookmarks.json"
# Position of the run of all pictures in the list of runs: after all pages.
_LAST = 1_000_000


@dataclass(frozen=True)
class Composed:
    """A run that is ready to be written.

    Attributes:
        title: its name in the drop-down list of the projector.
        pieces: its files.
        cell_px: side of a thumbnail in the sprite.
        views: names of the bookmarks of its pictures.
        colors: what the bookmarks of its dots are colored by, in words.
    """

    title: str
    pieces: tuple[Piece, ...]
    cell_px: int
    views: tuple[str, ...]
    colors: tuple[str, ...]


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
        methods, layouts = self.layouts.methods, begun.layouts
        entries = collection.store.catalog.entries(run.ids)
        labels = collection.labels(run, self.colors, {} if run.kind == PAGE else self.page_of)
        points = point_labels(entries, labels, collection.communities.words)
        groups = groups_of(entries, labels, collection.communities.of, SEARCHED)
        colors = _colors(groups)
        columns = collection.tensor.take(run.ids)
        views = layouts.views(methods)
        dots = layouts.colored(methods, [(one.kind, one.column) for one in colors])
        confidence = [labels[entry.id].get(CONFIDENCE, "") for entry in entries]
        texts = {one.column: one.values for one in groups}
        pieces = (
            piece_of(EVENTS, event_bytes(_place(run))),
            piece_of(CONFIG_NAME, config_text(self._embeddings(columns, grid.cell_px))),
            piece_of(TENSOR, tensor_bytes(columns)),
            piece_of(METADATA, pictures_text(entries, points, self._named(labels))),
            piece_of(DOTS_METADATA, dots_text(entries, points, texts, confidence)),
            _bookmarks(BOOKMARKS, views, layouts.axes, columns.shape[1]),
            _bookmarks(DOTS_BOOKMARKS, dots, layouts.axes, columns.shape[1]),
            begun.sprite,
        )
        title = run_name(run, len(collection.ids), entries)
        shown = tuple(view.name for view in views)
        return Composed(title, pieces, grid.cell_px, shown, tuple(one.kind for one in colors))

    def _embeddings(self, tensor: Vectors, cell_px: int) -> tuple[Embedding, Embedding]:
        """Return the two entries of the config: pictures, and dots of the same tensor (m, c)."""
        (rows, columns), feature = tensor.shape, self.collection.feature.name
        return (
            Embedding(
                tensor_name(feature), rows, columns, TENSOR, METADATA, SPRITE, cell_px, BOOKMARKS
            ),
            Embedding(
                dots_name(feature), rows, columns, TENSOR, DOTS_METADATA, None, 0, DOTS_BOOKMARKS
            ),
        )

    def _named(self, labels: Mapping[int, Mapping[str, str]]) -> dict[int, dict[str, str]]:
        """Return labels with names of communities instead of their paths."""
        named = self.collection.communities.of
        return {
            image_id: {
                kind: named(value) if kind == COMMUNITY and value else value
                for kind, value in kinds.items()
            }
            for image_id, kinds in labels.items()
        }

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


def _colors(groups: Sequence[Groups]) -> list[Groups]:
    """Return the groups that have a bookmark: by folder, by class, by community or else cluster."""
    by_kind = {one.kind: one for one in groups}
    wanted = [CLASS, COMMUNITY if COMMUNITY in by_kind else CLUSTER]
    folders = [by_kind[FOLDER]] if by_kind[FOLDER].parts else []
    return folders + [by_kind[kind] for kind in wanted if kind in by_kind]


def _bookmarks(name: str, views: list[Bookmark], axes: Vectors, columns: int) -> Piece:
    """Return the bookmarks file; its text is generated only if the file is not reused."""
    described = f"{columns} {LABEL} {[(view.name, view.tab, view.color) for view in views]}"
    key = digest(described.encode(), axes.tobytes(), *(view.positions.tobytes() for view in views))

    def write(path: Path) -> None:
        path.write_text(bookmarks_text(views, axes, columns, LABEL), "utf-8", newline="\n")

    return Piece(name, key, write)


def _place(run: Run) -> int:
    """Return the position of a run in the list; it does not depend on the other runs."""
    return _LAST if run.kind == WHOLE else 1 + run.number
