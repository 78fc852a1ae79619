"""Where a picture of a store is in a logdir: which runs show it, and in which row of their table.

The tables of a logdir name a picture by its path as it is shown, in which what cannot be shown is
replaced, and which may be that of two pictures. A row is named only if no other could be meant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from imgrec.collection import Entry
from imgrec.store.store import Store
from imgrec.store.written_from import is_written_from
from imgrec.system.output_folder import LOGDIR
from imgrec.system.regular_files import read_regular
from projector.compose import METADATA
from projector.files.metadata import place_cells
from projector.manifest import read_manifest

# Some 100,000 rows of a kilobyte.
_MOST_BYTES = 1 << 27


@dataclass(frozen=True)
class Place:
    """Where a run shows a picture.

    Attributes:
        run: its name.
        row: of its table, from 1.
    """

    run: str
    row: int


def places_of(store: Store, logdir: Path, entry: Entry) -> list[Place]:
    """Return where a picture is shown, by run; nothing of a logdir of another store.

    Args:
        store: open.
        logdir: somebody else may have written it.
        entry: of the picture.
    """
    logdir = logdir.resolve()
    if not is_written_from(store.path, LOGDIR, logdir):
        return []
    marks = list(_marks(store, entry))
    found = []
    for run in read_manifest(logdir).runs.values():
        row = _row(logdir / run.folder / METADATA, marks)
        if row is not None:
            found.append(Place(run.folder, row))
    return sorted(found, key=lambda place: place.run)


def _marks(store: Store, entry: Entry) -> Iterator[bytes]:
    """Yield what only the line of this picture has."""
    others = [root for root in store.catalog.roots() if root != entry.root]
    twins = [root for root in others if store.catalog.find_path(f"{root}/{entry.path}")]
    # A table of pictures of several roots has their names before the paths.
    if not twins:
        yield place_cells(entry, with_root=False).encode()
    if others and PurePosixPath(entry.root).name not in {PurePosixPath(one).name for one in twins}:
        yield place_cells(entry, with_root=True).encode()


def _row(table: Path, marks: list[bytes]) -> int | None:
    """Return the row of a table, from 1, that alone has one of the marks; None for none."""
    try:
        data = read_regular(table, _MOST_BYTES)
    except (OSError, ValueError):
        return None
    for mark in marks:
        if data.count(mark) == 1:
            # The header ends with the first line break.
            return data.count(b"\n", 0, data.index(mark))
    return None
