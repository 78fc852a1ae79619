"""Find the duplicates of a store for a person, and write them: the labels, the table, the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.duplicates.comparison import Difference
from imgrec.duplicates.find import find_duplicates
from imgrec.duplicates.groups import Duplicates
from imgrec.duplicates.keep_rules import KeepRules
from imgrec.duplicates.labels import keep_duplicate_labels
from imgrec.review.path_list import local_paths, null_separated, quoted_lines
from imgrec.review.reviewed import Counts, ReviewedGroup, counts, going, reviewed
from imgrec.review.table import check_table, table
from imgrec.store.store import Store
from imgrec.system.atomic_files import write_bytes, write_text
from imgrec.system.progress import planned
from imgrec.system.stage_costs import (
    FILES,
    GROUPS,
    NEIGHBORS,
    REVIEW_END,
    REVIEW_PICTURES,
    THUMBNAILS,
    weights_of,
)
from imgrec.system.text import counted

# In order, those of the page too.
_STAGES = (NEIGHBORS, THUMBNAILS, FILES, GROUPS, REVIEW_PICTURES, REVIEW_END)


@dataclass(frozen=True)
class Review:
    """The duplicates of a store.

    Attributes:
        groups: by the path of their first file.
        rules: by which the files to keep were chosen.
        warnings: one line for each problem that stopped nothing, such as labels that could not be
            written to the store.
        encoder: the feature that was asked for, None for those of the store.
    """

    groups: tuple[ReviewedGroup, ...]
    rules: KeepRules
    warnings: tuple[str, ...] = ()
    encoder: str | None = None

    @property
    def counts(self) -> Counts:
        """What is in the groups."""
        return counts(self.groups)


@dataclass(frozen=True)
class TableSummary:
    """Summary of a written table of duplicates.

    Attributes:
        file: path of the CSV file.
        counts: what is in it.
        warnings: see `Review`.
    """

    file: Path
    counts: Counts
    warnings: tuple[str, ...] = ()


def review(
    store: Store,
    rules: KeepRules | None = None,
    encoder: str | None = None,
    *,
    workers: int | None = None,
    quiet: bool = True,
) -> Review:
    """Return the duplicates of a store, and keep the groups as labels.

    Args:
        store: open.
        rules: which file of a group is kept.
        encoder: name of the feature whose neighbors are compared; None for those of the store.
        workers: processes that compare files; None for one per core.
        quiet: show no progress bar.

    Raises:
        StoreError: the store has no such feature, or a thumbnail is absent or damaged.
    """
    rules = rules or KeepRules()
    weights = weights_of(_STAGES, store.catalog.totals.counts()["ok"])
    with planned(weights, quiet=quiet):
        found = find_duplicates(store, rules, encoder=encoder, workers=workers, quiet=quiet)
        warnings = keep_duplicate_labels(store, found)
        shown = reviewed(found, store.catalog)
    return Review(shown, rules, (*_unread(found), *warnings), encoder)


def _unread(found: Duplicates) -> list[str]:
    """Return a warning line if files of the groups could not be compared."""
    unread = sum(Difference.UNREAD in m.comparison.differences for m in found.members())
    if not unread:
        return []
    files = counted(unread, "file")
    return [f"{files} not compared: gone, changed since the last imgrec index, or unreadable"]


def write_duplicates(
    store: Store, file: Path | str, encoder: str | None = None, *, quiet: bool = True
) -> TableSummary:
    """Find the duplicates of a store, write them as a CSV file and keep the groups as labels.

    Args:
        store: open.
        file: path of the CSV file, which must end in .csv; an existing one is replaced.
        encoder: name of the feature whose neighbors are compared; None for those of the store.
        quiet: show no progress bar.

    Raises:
        ImgrecError: `file` cannot be a table (`check_table`), or the store has no such feature.
        OSError: the file cannot be written, for example in a read-only folder or on a full disk.
    """
    file = Path(file)
    check_table(file)
    found = review(store, encoder=encoder, quiet=quiet)
    write_text(file, table(found.groups))
    return TableSummary(file, found.counts, found.warnings)


def write_list(file: Path, groups: Sequence[ReviewedGroup]) -> tuple[str, ...]:
    """Write the files that could go in shell quotes, one a line; return warnings.

    Raises:
        OSError: the file cannot be written.
    """
    data, broken = quoted_lines(local_paths(going(groups)))
    write_bytes(file, data)
    if not broken:
        return ()
    names = counted(broken, "name")
    return (f"{names} with a line break cannot be in {file}: --list0 has them",)


def write_list0(file: Path, groups: Sequence[ReviewedGroup]) -> None:
    """Write the files that could go, each ended by a NUL.

    Raises:
        OSError: the file cannot be written.
    """
    write_bytes(file, null_separated(local_paths(going(groups))))
