"""Where a picture of a store is in a logdir: which runs show it, and in which row of their table.

The tables of a logdir name a picture by its path as it is shown, in which what cannot be shown is
replaced, and which may be that of two pictures. A row is named only if no other could be meant.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from imgrec.collection import Entry
from imgrec.serving.answers import ProjectorPlace
from imgrec.store.store import Store
from imgrec.store.written_from import is_written_from
from imgrec.system.file_names import printable
from imgrec.system.json_files import json_or_none
from imgrec.system.output_folder import LOGDIR, MARKER_BYTES
from imgrec.system.regular_files import read_regular

# Some 100,000 rows of a kilobyte.
_MOST_BYTES = 1 << 27
_TABLE = "metadata.tsv"
_RUNS = {"runs": {str: {"folder": str, "title": str}}}
# What stands for an empty cell.
_EMPTY = "-"


def places_of(store: Store, logdir: Path, entry: Entry) -> list[ProjectorPlace]:
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
    for run in _runs(logdir):
        row = _row(logdir / run / _TABLE, marks)
        if row is not None:
            found.append(ProjectorPlace(run, row))
    return sorted(found, key=lambda place: place.run)


def _marks(store: Store, entry: Entry) -> Iterator[bytes]:
    """Yield what only the line of this picture has."""
    others = [root for root in store.catalog.roots() if root != entry.root]
    twins = [root for root in others if store.catalog.find_path(f"{root}/{entry.path}")]
    # A table of pictures of several roots has their names before the paths.
    if not twins:
        yield _cells(entry, entry.path)
    if others and PurePosixPath(entry.root).name not in {PurePosixPath(one).name for one in twins}:
        yield _cells(entry, f"{PurePosixPath(entry.root).name}/{entry.path}")


def _runs(logdir: Path) -> list[str]:
    """Return the folders of the runs; none that leads out of the logdir."""
    marker = json_or_none(logdir / LOGDIR.marker, _RUNS, most_bytes=MARKER_BYTES)
    folders = [described["folder"] for described in marker["runs"].values()] if marker else []
    return [one for one in folders if PurePosixPath(one).name == one != ".."]


def _cells(entry: Entry, path: str) -> bytes:
    """Return the cells name and path of a picture, between tabs; see `projector.files.metadata`."""
    cells = (printable(cell).strip() or _EMPTY for cell in (PurePosixPath(entry.path).name, path))
    return "".join(f"\t{cell}" for cell in (*cells, "")).encode()


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
