"""The groups of duplicates as a CSV file, one row per file, for a person or a script.

Names are escaped as `imgrec.system.csv_cells` says, so that no cell is a formula.
It holds no ids: two stores of one folder give the same table.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from imgrec.errors import ImgrecError
from imgrec.review.reviewed import Reviewed, ReviewedGroup
from imgrec.system.csv_cells import cell, csv_text

COLUMNS = (
    *("group", "path", "root", "kind", "keep", "same_as", "differs", "similarity"),
    *("width", "height", "format", "bytes", "taken", "modified"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def table(groups: Sequence[ReviewedGroup]) -> str:
    """Return the CSV text: a header of `COLUMNS`, then one row per file, group by group."""
    numbered = enumerate(groups, 1)
    return csv_text(COLUMNS, (row for number, group in numbered for row in _rows(number, group)))


def check_table(file: Path) -> None:
    """Check the path of a table before anything is computed.

    Raises:
        ImgrecError: it does not end in .csv, so that a mistyped command could replace a picture, is
            a folder, or its folder does not exist.
    """
    if file.suffix.lower() != ".csv" or file.is_dir():
        raise ImgrecError(f"{file} is not a CSV file: give the path of a file that ends in .csv")
    if not file.parent.is_dir():
        raise ImgrecError(
            f"the folder {file.parent} does not exist: create it before writing {file.name}"
        )


def modified(mtime_ns: int) -> str:
    """Return the time of a file as ISO 8601 in UTC, to the second; "" for one out of range."""
    try:
        time = _EPOCH + timedelta(seconds=mtime_ns // 10**9)
    except OverflowError:
        return ""
    return time.isoformat().replace("+00:00", "Z")


def _rows(number: int, group: ReviewedGroup) -> Iterator[list[object]]:
    for member in group:
        entry = member.entry
        yield [
            number,
            cell(entry.path),
            cell(entry.root),
            member.kind,
            member.keep,
            _same_as(member),
            member.differs,
            f"{member.comparison.score:.3f}",
            entry.width,
            entry.height,
            entry.format,
            entry.size,
            cell(member.taken),
            modified(entry.mtime_ns),
        ]


def _same_as(member: Reviewed) -> str:
    """Return the location of the kept file that a file equals; "" for one that is kept itself."""
    return "" if member.kept.id == member.entry.id else cell(member.kept.location)
