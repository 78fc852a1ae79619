"""Which runs a logdir has, and what the page's drop-down calls them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from imgrec.collection import Entry, Ids
from imgrec.system.file_names import printable
from projector.choices import MAX_POINTS
from projector.files.metadata import folder_name
from projector.pages import Pages

OVERVIEW, PAGE, WHOLE = "overview", "page", "whole"
_UNSAFE = str.maketrans(dict.fromkeys('/\\&#+%?"<>|:*', " "))  # in file names, or in addresses
_MAX_NAME_BYTES = 60
_NAMED_SHARE = 0.2  # of a page: folders with fewer of its pictures are not in its name
_NAMED = 2


@dataclass(frozen=True)
class Run:
    """A set of pictures that the page shows together.

    Attributes:
        kind: `OVERVIEW`, `PAGE` or `WHOLE`.
        number: of a page, from 1; 0 for the other kinds.
        ids: (m,) the pictures, ascending.
    """

    kind: str
    number: int
    ids: Ids

    @property
    def key(self) -> str:
        """What stays when its pictures change."""
        return f"{self.kind} {self.number:04d}"


def plan_runs(ids: Ids, pages: Pages, sample: Ids) -> list[Run]:
    """Return the runs of a collection, in the order of the drop-down.

    All pictures are one run where they fit on a page. Otherwise there is an overview first,
    then the pages, and last all of them once more where one tensor can hold them.

    Args:
        ids: (n,) the pictures, ascending.
        pages: (n,) the page of each, from 0.
        sample: (m,) those of the overview.
    """
    if not pages.any():
        return [Run(WHOLE, 0, ids)]
    order = np.argsort(pages, kind="stable")
    members = np.split(ids[order], np.flatnonzero(np.diff(pages[order])) + 1)
    numbers = np.unique(pages) + 1
    runs = [Run(OVERVIEW, 0, sample)] if len(sample) < len(ids) else []
    runs += [Run(PAGE, int(i), of_page) for i, of_page in zip(numbers, members, strict=True)]
    if len(ids) <= MAX_POINTS:
        runs.append(Run(WHOLE, 0, ids))
    return runs


def run_name(run: Run, total: int, entries: Sequence[Entry]) -> str:
    """Return a name that says what is in a run, fit for a folder and for the page's addresses.

    The page shows some 32 characters of it.

    Args:
        run: its `ids` are those of `entries`.
        total: pictures in the collection.
        entries: of a page, whose most frequent folders are named.
    """
    count = len(run.ids)
    if run.kind == OVERVIEW:
        return f"overview {count:,} of {total:,}"
    if run.kind == WHOLE:
        return f"all {count:,} pictures"
    named = "".join(f", {name}" for name in _frequent(map(folder_name, entries), count))
    return _short(f"{page_label(run.number)}{named}")


def page_label(number: int) -> str:
    """Return how a page is called in the tables of the other runs."""
    return f"page {number:02d}"


def _frequent(names: Iterable[str], count: int) -> list[str]:
    counts = Counter(names)
    by_count = sorted(counts, key=lambda name: (-counts[name], name))[:_NAMED]
    clean = (" ".join(printable(n).translate(_UNSAFE).split()) for n in by_count
             if counts[n] >= _NAMED_SHARE * count)  # fmt: skip
    return [name for name in clean if name]


def _short(name: str) -> str:
    """Cut a name to what any file system takes; a dot or space at its end is not taken by all."""
    data = name.encode("utf-8")
    if len(data) > _MAX_NAME_BYTES:
        name = data[: _MAX_NAME_BYTES - 3].decode("utf-8", "ignore").rstrip() + "…"
    return name.rstrip(" .")
