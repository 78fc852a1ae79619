"""Compare ratios with those that were kept: which are worse by more than their repeats vary.

A ratio counts as changed if its median differs from the kept one by more than `TOLERANCE`, and the
middle halves of the repeats, from the first to the third quartile, do not overlap: the first leaves
out what nobody would notice, the second what the machine does by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from machine import rows
from ratio import Ratio

# Share of the kept median.
TOLERANCE = 0.25
SAME, BETTER, WORSE, NEW = "same", "better", "REGRESSION", "new"
HEADS = ("ours / the alternative", "ratio now", "ratio kept", "change", "verdict")


@dataclass(frozen=True)
class Compared:
    """A ratio beside the kept one.

    Attributes:
        now: as measured.
        kept: as it was; None if none was kept.
    """

    now: Ratio
    kept: Ratio | None

    @property
    def change(self) -> float | None:
        """The share by which the median is larger; negative if it is smaller, None without kept."""
        return None if self.kept is None else self.now.median / self.kept.median - 1

    @property
    def verdict(self) -> str:
        """`SAME`, `BETTER`, `WORSE`, or `NEW` if none was kept."""
        if self.kept is None:
            return NEW
        if _clearly_less(self.kept, self.now):
            return WORSE
        return BETTER if _clearly_less(self.now, self.kept) else SAME

    def line(self) -> list[str]:
        """Return the cells of a table row with the columns `HEADS`."""
        kept = "" if self.kept is None else f"{self.kept.median:.3g}"
        change = "" if self.change is None else f"{self.change:+.0%}"
        return [self.now.name, f"{self.now.median:.3g}", kept, change, self.verdict]


def _clearly_less(less: Ratio, more: Ratio) -> bool:
    return more.median > less.median * (1 + TOLERANCE) and more.middle[0] > less.middle[1]


def compared(now: Sequence[Ratio], kept: Mapping[str, Ratio]) -> list[Compared]:
    """Return each ratio beside the kept one of the same name."""
    return [Compared(ratio, kept.get(ratio.name)) for ratio in now]


def best_of(first: Sequence[Ratio], second: Sequence[Ratio]) -> list[Ratio]:
    """Return the first ratios, each replaced by the second of its name if that is smaller."""
    again = {ratio.name: ratio for ratio in second}
    return [min(one, again.get(one.name, one), key=lambda ratio: ratio.median) for one in first]


def table(found: Sequence[Compared]) -> str:
    """Return a Markdown table with a line for each ratio."""
    return rows(HEADS, [one.line() for one in found])
