"""What the catalog says of a collection, counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Ids

Counts = tuple[tuple[str, int], ...]
SQUARE = 1.02  # width by height, or height by width: up to here it is a square
_NS = 1_000_000_000
_ONE_DAY = 0.8  # of the files from one day: that is when they were copied
_LEAST_YEARS = 2


@dataclass(frozen=True)
class Files:
    """The files of n readable pictures, by ascending id.

    Attributes:
        ids: (n,).
        widths: (n,) of the upright pictures, in pixels; 0 where it is not known.
        heights: (n,) likewise.
        sizes: (n,) bytes.
        mtimes_ns: (n,) when they were last changed, since 1970.
    """

    ids: Ids
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    sizes: NDArray[np.int64]
    mtimes_ns: NDArray[np.int64]

    @classmethod
    def of(cls, catalog: Catalog) -> "Files":
        """Read those of a catalog."""
        table = catalog.file_table()  # (n, 5)
        ids, widths, heights, sizes, mtimes = np.ascontiguousarray(table.T)
        return cls(ids, widths, heights, sizes, mtimes)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether width and height are known (n,)."""
        return (self.widths > 0) & (self.heights > 0)

    def megapixels(self) -> NDArray[np.float64]:
        """Return millions of pixels (m,) of the pictures whose size is known."""
        known = self.known
        return self.widths[known] * self.heights[known] / 1e6

    def aspects(self) -> NDArray[np.float64]:
        """Return width by height (m,) of the pictures whose size is known."""
        known = self.known
        return self.widths[known] / self.heights[known]

    def orientations(self) -> Counts:
        """Return how many are wider than high, higher than wide, and neither."""
        aspects = self.aspects()
        wide, high = int((aspects > SQUARE).sum()), int((aspects < 1 / SQUARE).sum())
        square = len(aspects) - wide - high
        return (("landscape", wide), ("portrait", high), ("square", square))

    def years(self) -> Counts:
        """Return how many files were last changed in each year, UTC, the years between too.

        Nothing where that tells when they were copied: all in one year, or four fifths on one day.
        """
        times = self.mtimes_ns[self.mtimes_ns > 0]
        if not len(times):
            return ()
        days = times // (_NS * 86_400)
        years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        if np.ptp(years) + 1 < _LEAST_YEARS:
            return ()
        if np.unique(days, return_counts=True)[1].max() > _ONE_DAY * len(times):
            return ()
        counts = np.bincount(years - years.min())
        return tuple((str(years.min() + i), int(count)) for i, count in enumerate(counts))


def by_count(values: Mapping[int, str]) -> Counts:
    """Return how often each label occurs, the most frequent first, then by name."""
    return tuple(sorted(Counter(values.values()).items(), key=lambda pair: (-pair[1], pair[0])))


def codes_of(ids: Ids, labels: Mapping[int, str]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the place (n,) of each picture's label among the names, -1 for none; and these."""
    names = sorted({labels[i] for i in ids.tolist() if i in labels})
    places = {name: number for number, name in enumerate(names)}
    codes = (places[labels[i]] if i in labels else -1 for i in ids.tolist())
    return np.fromiter(codes, np.int64, len(ids)), names


def date_of(ns: int) -> str:
    """Return the day of a time in nanoseconds since 1970, UTC, as 2026-01-31."""
    return datetime.fromtimestamp(ns / _NS, UTC).date().isoformat()
