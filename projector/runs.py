"""Plan the runs of a logdir, and name them.

The projector shows one run at a time, chosen from a drop-down list, and at most 100,000 points. So
a large collection becomes several runs: an overview (a sample), pages that partition the
collection, and, if possible, one run of all pictures. The name of a run is also a folder name and
part of a URL, so it has only characters that are safe in both.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from imgrec.collection import Entry, Ids
from imgrec.system import stage_costs
from imgrec.system.file_names import printable
from projector.choices import MAX_POINTS
from projector.files.metadata import folder_name
from projector.pages import Pages

OVERVIEW, PAGE, WHOLE = "overview", "page", "whole"
# Characters that are unsafe in file names or URLs.
_UNSAFE = str.maketrans(dict.fromkeys('/\\&#+%?"<>|:*', " "))
_MAX_NAME_BYTES = 60
# Least share of the pictures of a page that a folder must have to be in its name.
_NAMED_SHARE = 0.2
# Most folders in a name.
_NAMED = 2


@dataclass(frozen=True)
class Run:
    """A set of pictures that the projector shows together.

    Attributes:
        kind: `OVERVIEW`, `PAGE` or `WHOLE`.
        number: of a page, from 1; 0 for the other kinds.
        ids: of the pictures, ascending (m,).
    """

    kind: str
    number: int
    ids: Ids

    @property
    def key(self) -> str:
        """Identity of the run, which stays the same when its pictures change."""
        return f"{self.kind} {self.number:04d}"

    @property
    def words(self) -> str:
        """Which pictures it shows, for the user."""
        named = {OVERVIEW: stage_costs.OVERVIEW, WHOLE: stage_costs.ALL}
        return named.get(self.kind, f"page {self.number}")


def plan_runs(ids: Ids, pages: Pages, sample: Ids, *, max_points: int = MAX_POINTS) -> list[Run]:
    """Return the runs of a collection, in the order of the drop-down list.

    A collection that fits on one page is one run. Otherwise the runs are the overview, the pages,
    and all pictures together if they fit into one tensor.

    Args:
        ids: of the pictures, ascending (n,).
        pages: page of each picture, from 0 (n,).
        sample: ids of the overview (m,).
        max_points: most points in one tensor.
    """
    if not pages.any():
        return [Run(WHOLE, 0, ids)]
    order = np.argsort(pages, kind="stable")
    members = np.split(ids[order], np.flatnonzero(np.diff(pages[order])) + 1)
    numbers = np.unique(pages) + 1
    runs = [Run(OVERVIEW, 0, sample)] if len(sample) < len(ids) else []
    runs += [Run(PAGE, int(i), of_page) for i, of_page in zip(numbers, members, strict=True)]
    if len(ids) <= max_points:
        runs.append(Run(WHOLE, 0, ids))
    return runs


def run_name(run: Run, total: int, entries: Sequence[Entry]) -> str:
    """Return a descriptive name of a run that is safe as a folder name and in URLs.

    The page shows about 32 characters of it.

    Args:
        run: with the ids of `entries`.
        total: number of pictures in the collection.
        entries: rows of the pictures; the name of a page has their most frequent folders.
    """
    count = len(run.ids)
    if run.kind == OVERVIEW:
        return f"overview {count:,} of {total:,}"
    if run.kind == WHOLE:
        return f"all {count:,} pictures"
    named = "".join(f", {name}" for name in _frequent(map(folder_name, entries), count))
    return _short(f"{page_label(run.number)}{named}")


def page_label(number: int) -> str:
    """Return the label of a page in the metadata of the other runs."""
    return f"page {number:02d}"


def _frequent(names: Iterable[str], count: int) -> list[str]:
    counts = Counter(names)
    by_count = sorted(counts, key=lambda name: (-counts[name], name))[:_NAMED]
    clean = (" ".join(printable(n).translate(_UNSAFE).split()) for n in by_count
             if counts[n] >= _NAMED_SHARE * count)  # fmt: skip
    return [name for name in clean if name]


def _short(name: str) -> str:
    """Return a name shortened for any file system, without a final dot or space (Windows)."""
    data = name.encode("utf-8")
    if len(data) > _MAX_NAME_BYTES:
        name = data[: _MAX_NAME_BYTES - 3].decode("utf-8", "ignore").rstrip() + "…"
    return name.rstrip(" .")
