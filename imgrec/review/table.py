r"""The groups of duplicates as a CSV file, one row per file, for a person or a script.

A path is untrusted text and goes into a file that spreadsheets open. Two invariants hold for it:

- No cell is a formula (CSV injection): a value that starts with `=`, `+`, `-` or `@` is prefixed
  by an apostrophe, and so is one that starts with an apostrophe.
- The escaping is reversible: a backslash is doubled, an unprintable character becomes its Python
  escape such as `\n` or `\u2028`, and a byte that is not UTF-8 the surrogate escape `\udcfc`.

It holds no ids: two stores of one folder give the same table.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from imgrec.errors import ImgrecError
from imgrec.review.reviewed import Reviewed, ReviewedGroup

COLUMNS = (
    *("group", "path", "root", "kind", "keep", "same_as", "differs", "similarity"),
    *("width", "height", "format", "bytes", "taken", "modified"),
)
_QUOTED = ("=", "+", "-", "@", "'")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def table(groups: Sequence[ReviewedGroup]) -> str:
    """Return the CSV text: a header of `COLUMNS`, then one row per file, group by group."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, group in enumerate(groups, 1):
        writer.writerows(_rows(number, group))
    return buffer.getvalue()


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


def cell(name: str) -> str:
    """Return a name escaped for a cell: unprintable characters and formula prefixes."""
    escaped = "".join(map(_escaped, name))
    return f"'{escaped}" if escaped.startswith(_QUOTED) else escaped


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


def _escaped(letter: str) -> str:
    if letter.isprintable() and letter != "\\":
        return letter
    return letter.encode("unicode_escape").decode("ascii")
