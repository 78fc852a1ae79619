r"""The duplicates as a table, a line a picture, that a person or a script can act on.

A cell is never a formula: what begins like one gets an apostrophe before it, and so does what
begins with an apostrophe. Names are told so that they can be had back: a backslash is doubled,
what cannot be printed is `\n`, `\u2028` or the like, and bytes that are not UTF-8 are `\udcfc`,
as Python reads them.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from imgrec.collection import Entry
from imgrec.collection.kinds import DUPLICATES
from imgrec.duplicates.find import COPY, NEAR, Duplicates, find_duplicates
from imgrec.errors import ImgrecError
from imgrec.labels.keep import keep_labels
from imgrec.store.store import Store
from imgrec.system.atomic_files import write_text
from imgrec.system.file_names import printable
from imgrec.system.text import counted

COLUMNS = (
    *("group", "id", "path", "root", "kind", "similarity"),
    *("width", "height", "format", "bytes", "keep"),
)
_QUOTED = ("=", "+", "-", "@", "'")


@dataclass(frozen=True)
class TableSummary:
    """What was written.

    Attributes:
        file: the table.
        groups: in it.
        pictures: in the groups.
        copies: pictures that are copies of what is to be kept.
        near: those that are nearly the same.
        spare_bytes: of copies and near-duplicates.
        warnings: one line each, of what could not be kept in the store.
    """

    file: Path
    groups: int
    pictures: int
    copies: int
    near: int
    spare_bytes: int
    warnings: tuple[str, ...] = ()

    def report(self) -> str:
        """Return two lines that tell it."""
        if not self.groups:
            return f"no picture is there more than once\n{printable(str(self.file))}\n"
        return (
            f"{counted(self.groups, 'group')} of {counted(self.pictures, 'picture')}: "
            f"{counted(self.copies, 'copy')}, {counted(self.near, 'near-duplicate')} "
            f"({self.spare_bytes / 1e6:.1f} MB) beside the {self.groups:,} to keep\n"
            f"{printable(str(self.file))}\n"
        )


def write_duplicates(
    store: Store, file: Path | str, encoder: str | None = None, *, quiet: bool = True
) -> TableSummary:
    """Find the duplicates of a store, write their table and keep their groups as labels.

    Args:
        store: open.
        file: replaced where it is there; ends in .csv, so that no picture is.
        encoder: the feature compared; by default the store's own.
        quiet: no progress bar.

    Raises:
        ImgrecError: the file is no name for a table, or there is no such feature.
        OSError: the folder is absent, read-only or full.
    """
    file = Path(file)
    if file.suffix.lower() != ".csv" or file.is_dir():
        raise ImgrecError(f"{file} is no name for a table: name a file that ends in .csv")
    if not file.parent.is_dir():
        raise ImgrecError(f"there is no folder {file.parent} for {file.name}: make it first")
    found = find_duplicates(store, encoder, quiet=quiet)
    entries = {e.id: e for e in store.catalog.entries(chain.from_iterable(found.groups))}
    write_text(file, table(found, entries))
    warnings = keep_labels(store, DUPLICATES, found.labels())
    kinds = list(chain.from_iterable(found.kinds))
    return TableSummary(
        file=file,
        groups=len(found.groups),
        pictures=len(entries),
        copies=kinds.count(COPY),
        near=kinds.count(NEAR),
        spare_bytes=sum(entries[i].size for group in found.groups for i in group[1:]),
        warnings=tuple(warnings),
    )


def table(found: Duplicates, entries: Mapping[int, Entry]) -> str:
    """Return the CSV text: a line with the columns, then one a picture, group by group."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(found, entries))
    return buffer.getvalue()


def _rows(found: Duplicates, entries: Mapping[int, Entry]) -> Iterator[list[object]]:
    for group, kinds, similarities in zip(
        found.groups, found.kinds, found.similarities, strict=True
    ):
        for image_id, kind, similarity in zip(group, kinds, similarities, strict=True):
            entry = entries[image_id]
            named = [_cell(entry.path), _cell(entry.root), kind, f"{similarity:.3f}"]
            size = [entry.width, entry.height, entry.format, entry.size]
            yield [group[0], image_id, *named, *size, "yes" if image_id == group[0] else "no"]


def _cell(name: str) -> str:
    """Return a name as it stands in the table."""
    told = "".join(map(_told, name))
    return f"'{told}" if told.startswith(_QUOTED) else told


def _told(letter: str) -> str:
    if letter.isprintable() and letter != "\\":
        return letter
    return letter.encode("unicode_escape").decode("ascii")
