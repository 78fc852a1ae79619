r"""The near-duplicates of a store as a CSV file, one row per picture, for a person or a script.

A path is untrusted text and goes into a file that spreadsheets open. Two invariants hold for it:

- No cell is a formula (CSV injection): a value that starts with `=`, `+`, `-` or `@` is prefixed
  by an apostrophe, and so is one that starts with an apostrophe.
- The escaping is reversible: a backslash is doubled, an unprintable character becomes its Python
  escape such as `\n` or `\u2028`, and a byte that is not UTF-8 the surrogate escape `\udcfc`.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from imgrec.collection import Entry
from imgrec.collection.kinds import DUPLICATES
from imgrec.duplicates.near import COPY, NEAR, NearDuplicates, find_near
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
    """Summary of a written duplicates CSV.

    Attributes:
        file: path of the CSV file.
        groups: number of groups.
        pictures: number of pictures in all groups.
        copies: number of pictures with the same bytes as the representative of their group.
        near: number of near-duplicates that are not copies.
        spare_bytes: size of the files of all copies and near-duplicates.
        warnings: one line for each problem that did not stop the export, such as labels that could
            not be written to the store.
    """

    file: Path
    groups: int
    pictures: int
    copies: int
    near: int
    spare_bytes: int
    warnings: tuple[str, ...] = ()

    def report(self) -> str:
        """Return the summary as two lines of text: the counts, then the path of the file."""
        if not self.groups:
            return f"no duplicates found\n{printable(str(self.file))}\n"
        return (
            f"{counted(self.groups, 'group')} of {counted(self.pictures, 'picture')}: "
            f"{counted(self.copies, 'copy')}, {counted(self.near, 'near-duplicate')} "
            f"({self.spare_bytes / 1e6:.1f} MB) beside the {self.groups:,} to keep\n"
            f"{printable(str(self.file))}\n"
        )


def write_duplicates(
    store: Store, file: Path | str, encoder: str | None = None, *, quiet: bool = True
) -> TableSummary:
    """Find the near-duplicates of a store, write them as a CSV file and keep the groups as labels.

    Args:
        store: open.
        file: path of the CSV file; an existing one is replaced. It must end in .csv, so that a
            mistyped command cannot replace a picture.
        encoder: name of the feature to compare; None for the default feature of the store.
        quiet: show no progress bar.

    Raises:
        ImgrecError: `file` does not end in .csv or is a folder, its parent folder does not exist,
            or the store has no such feature.
        OSError: the file cannot be written, for example in a read-only folder or on a full disk.
    """
    file = Path(file)
    if file.suffix.lower() != ".csv" or file.is_dir():
        raise ImgrecError(f"{file} is not a CSV file: give the path of a file that ends in .csv")
    if not file.parent.is_dir():
        raise ImgrecError(
            f"the folder {file.parent} does not exist: create it before writing {file.name}"
        )
    found = find_near(store, encoder, quiet=quiet)
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


def table(found: NearDuplicates, entries: Mapping[int, Entry]) -> str:
    """Return the CSV text: a header of `COLUMNS`, then one row per picture, group by group."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(found, entries))
    return buffer.getvalue()


def _rows(found: NearDuplicates, entries: Mapping[int, Entry]) -> Iterator[list[object]]:
    for group, kinds, similarities in zip(
        found.groups, found.kinds, found.similarities, strict=True
    ):
        for image_id, kind, similarity in zip(group, kinds, similarities, strict=True):
            entry = entries[image_id]
            named = [_cell(entry.path), _cell(entry.root), kind, f"{similarity:.3f}"]
            size = [entry.width, entry.height, entry.format, entry.size]
            yield [group[0], image_id, *named, *size, "yes" if image_id == group[0] else "no"]


def _cell(name: str) -> str:
    """Return a name escaped for a cell: unprintable characters and formula prefixes."""
    escaped = "".join(map(_escaped, name))
    return f"'{escaped}" if escaped.startswith(_QUOTED) else escaped


def _escaped(letter: str) -> str:
    if letter.isprintable() and letter != "\\":
        return letter
    return letter.encode("unicode_escape").decode("ascii")
