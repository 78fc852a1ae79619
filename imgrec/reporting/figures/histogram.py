"""Columns standing up: how often a number lies in each stretch of a scale."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.reporting.figures.canvas import new_figure, text_width
from imgrec.reporting.figures.style import INK, SECOND, SERIES, SMALL_PX

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEWEST_TICKS, _MOST_TICKS = 3, 7
_STEPS_A_DECADE, _LEAST_STEPS = (8, 16, 32), 14
_HEIGHT_PX = 240
_MARGINS_PX = (20, 24, 44)  # right, top, bottom


@dataclass(frozen=True)
class Histogram:
    """Counts between edges.

    Attributes:
        counts: (b,).
        edges: (b + 1,) ascending.
    """

    counts: NDArray[np.int64]
    edges: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[np.number], edges: NDArray[np.float64]) -> "Histogram":
        """Count values (n,); those beyond the last edges belong to the outer stretches."""
        inside = np.clip(values.astype(np.float64), edges[0], edges[-1])
        return cls(np.histogram(inside, edges)[0].astype(np.int64), edges)


def log_edges(values: NDArray[np.number]) -> NDArray[np.float64]:
    """Return edges that divide each power of ten into equal ratios, around all values (n,) > 0.

    The narrower the values lie, the finer.
    """
    least, most = np.log10(values.min()), np.log10(values.max())
    steps = next((s for s in _STEPS_A_DECADE if (most - least) * s >= _LEAST_STEPS), None)
    steps = steps or _STEPS_A_DECADE[-1]
    first, last = np.floor(least * steps), np.ceil(most * steps)
    edges: NDArray[np.float64] = 10.0 ** (np.arange(first, max(last, first + 1) + 1) / steps)
    return edges


@dataclass(frozen=True)
class Columns:
    """A chart of a histogram.

    Attributes:
        histogram: what is shown.
        across: what the scale is of, with its unit.
        upwards: what is counted.
        logarithmic: each tick of the scale is ten times the one before.
        places: of the scale that are named: (number, name).
        named: gives the name of a number on a logarithmic scale, in place of `places`.
        line: a number marked on the scale, and what it is called.
    """

    histogram: Histogram
    across: str
    upwards: str = "pictures"
    logarithmic: bool = False
    places: Sequence[tuple[float, str]] = ()
    named: Callable[[float], str] | None = None
    line: tuple[float, str] | None = None

    def draw(self, width_px: int) -> "Figure":
        """Return the figure."""
        figure = new_figure(width_px, _HEIGHT_PX)
        right, top, bottom = _MARGINS_PX
        left = 32 + text_width(f"{int(self.histogram.counts.max()):,}", SMALL_PX)
        box = (left / width_px, bottom / _HEIGHT_PX,
               1 - (left + right) / width_px, 1 - (top + bottom) / _HEIGHT_PX)  # fmt: skip
        axes = figure.add_axes(box)
        counts, edges = self.histogram.counts, self.histogram.edges
        if self.logarithmic:
            axes.set_xscale("log")
        axes.bar(edges[:-1], counts, np.diff(edges) * 0.94, align="edge", color=SERIES)
        axes.set(xlabel=self.across, ylabel=self.upwards, xlim=(edges[0], edges[-1]))
        axes.set_ylim(0, max(1, int(counts.max())) * 1.08)
        axes.tick_params(labelsize=SMALL_PX)
        _name_ticks(axes, self.places, self.named)
        if self.line:
            place, name = self.line
            axes.axvline(place, color=SECOND, linestyle=(0, (3, 2)), linewidth=1.5)
            along = axes.transLimits.transform(axes.transScale.transform((place, 0)))[0]
            side = "left" if along < 0.5 else "right"
            axes.text(place, 1.02, name, color=INK, va="bottom", ha=side,
                transform=axes.get_xaxis_transform())  # fmt: skip
        return figure


def _name_ticks(
    axes: "Axes", places: Sequence[tuple[float, str]], named: Callable[[float], str] | None
) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    low, high = axes.get_xlim()
    if named:
        places = [(value, named(value)) for value in log_ticks(low, high)]
    if places:
        inside = [(value, name) for value, name in places if low <= value <= high]
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks([value for value, _ in inside], [name for _, name in inside])


def log_ticks(low: float, high: float) -> list[float]:
    """Return two to seven numbers between two others, round ones where there are some."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        found = [s * 10.0**p for p in powers for s in steps if low <= s * 10.0**p <= high]
        if _FEWEST_TICKS <= len(found) <= _MOST_TICKS:
            return found
    if len(found) > _MOST_TICKS:  # of many powers of ten every second, or third
        found = [10.0**p for p in powers if low <= 10.0**p <= high]
        return found[:: math.ceil(len(found) / _MOST_TICKS)]
    ratio = high / low  # there is no round one: two that stand well inside
    return [low * ratio**0.25, low * ratio**0.75]
