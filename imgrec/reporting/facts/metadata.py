"""Facts about metadata: how many pictures say when, where and with what they were taken."""

from collections.abc import Mapping
from dataclasses import dataclass

from imgrec.collection import Catalog
from imgrec.pictures.metadata_names import CAMERA, LENS
from imgrec.reporting.facts.catalog import Counts, Files

# Months that a timeline shows, at most; one of more is by year.
MOST_MONTHS = 60
# Cameras and lenses that are listed.
_MOST_LISTED = 12


@dataclass(frozen=True)
class Timeline:
    """How many pictures are of each month or year, empty ones included.

    Attributes:
        counts: by month, such as "2019-07", or by year, ascending.
        by_month: True if by month.
        taken: True if the dates are those of the metadata, False if they are file times.
        first: the earliest month or year.
        last: the latest.
        unplaced: pictures that say a year alone, where months are shown.
    """

    counts: Counts
    by_month: bool
    taken: bool
    first: str
    last: str
    unplaced: int = 0


@dataclass(frozen=True)
class Told:
    """What the readable pictures of a catalog say of themselves.

    Attributes:
        pictures: number of readable pictures.
        described: number of them that have any metadata.
        counts: number of them that have a value, by name of `NAMES`.
        timeline: None if nothing tells when pictures are of.
        cameras: the most frequent ones, then the number of pictures of each.
        lenses: likewise.
    """

    pictures: int
    described: int
    counts: Mapping[str, int]
    timeline: Timeline | None
    cameras: Counts
    lenses: Counts

    @classmethod
    def of(cls, catalog: Catalog, files: Files) -> "Told":
        """Return what the readable pictures of a catalog say."""
        table = catalog.metadata
        months = table.months()
        return cls(
            len(files.ids),
            table.count_described(),
            table.counts(),
            timeline_of(months) if months else _by_files(files),
            tuple(table.tally(CAMERA).items())[:_MOST_LISTED],
            tuple(table.tally(LENS).items())[:_MOST_LISTED],
        )


def timeline_of(months: Mapping[str, int], most_months: int = MOST_MONTHS) -> Timeline:
    """Return a timeline by month, or by year if the months are too many.

    Args:
        months: {"2019-07": number of pictures}, or {"2019": …} of those that say no month.
        most_months: that are shown.
    """
    names = sorted(months)
    exact = [name for name in names if len(name) == 7]
    if exact:
        first, last = _index(exact[0]), _index(exact[-1])
        if last - first < most_months:
            counts = tuple((_month(k), months.get(_month(k), 0)) for k in range(first, last + 1))
            unplaced = sum(months[name] for name in names if len(name) < 7)
            return Timeline(counts, True, True, exact[0], exact[-1], unplaced)
    first, last = int(names[0][:4]), int(names[-1][:4])
    years = dict.fromkeys(range(first, last + 1), 0)
    for name, count in months.items():
        years[int(name[:4])] += count
    counts = tuple((str(year), count) for year, count in years.items())
    return Timeline(counts, False, True, names[0], names[-1])


def _by_files(files: Files) -> Timeline | None:
    years = files.years()
    return Timeline(years, False, False, years[0][0], years[-1][0]) if years else None


def _index(month: str) -> int:
    return 12 * int(month[:4]) + int(month[5:]) - 1


def _month(index: int) -> str:
    return f"{index // 12:04}-{index % 12 + 1:02}"
