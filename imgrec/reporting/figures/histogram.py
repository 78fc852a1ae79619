"""Histograms, on a linear or logarithmic scale."""

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
# Right, top and bottom.
_MARGINS_PX = (20, 24, 44)


@dataclass(frozen=True)
class Histogram:
    """Counts of values between edges.

    Attributes:
        counts: (b,) number of values in each bin.
        edges: (b + 1,) ascending.
    """

    counts: NDArray[np.int64]
    edges: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[np.number], edges: NDArray[np.float64]) -> "Histogram":
        """Count values (n,) by bin; those beyond the edges count in the first or last bin."""
        inside = np.clip(values.astype(np.float64), edges[0], edges[-1])
        return cls(np.histogram(inside, edges)[0].astype(np.int64), edges)


def log_edges(values: NDArray[np.number]) -> NDArray[np.float64]:
    """Return bin edges of equal ratio that cover all values (n,) > 0.

    Each power of ten has 8, 16 or 32 bins: more if the values span less, for 14 bins or more.
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
        histogram: the counts.
        across: label of the x axis, with its unit.
        upwards: label of the y axis.
        logarithmic: True for a logarithmic x axis.
        places: ticks of the x axis, as (value, name).
        named: names the values of a logarithmic x axis, in place of `places`.
        line: a value marked by a vertical line, and its name.
    """

    histogram: Histogram
    across: str
    upwards: str = "pictures"
    logarithmic: bool = False
    places: Sequence[tuple[float, str]] = ()
    named: Callable[[float], str] | None = None
    line: tuple[float, str] | None = None

    def draw(self, width_px: int) -> "Figure":
        """Return the chart as a figure."""
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

    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    low, high = axes.get_xlim()
    if named:
        places = [(value, named(value)) for value in log_ticks(low, high)]
    if places:
        inside = [(value, name) for value, name in places if low <= value <= high]
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks([value for value, _ in inside], [name for _, name in inside])


def log_ticks(low: float, high: float) -> list[float]:
    """Return two to seven round tick values in a range on a logarithmic scale.

    In a short range, which has hardly a power of ten, they are multiples of a step.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 2, 5)):
        found = [s * 10.0**p for p in powers for s in steps if low <= s * 10.0**p <= high]
        if _FEWEST_TICKS <= len(found) <= _MOST_TICKS:
            return found
    # More than seven powers of ten: every second or third.
    if len(found) > _MOST_TICKS:
        found = [10.0**p for p in powers if low <= 10.0**p <= high]
        return found[:: math.ceil(len(found) / _MOST_TICKS)]
    return _multiples(low, high)


def _multiples(low: float, high: float) -> list[float]:
    """Return three to seven multiples of a step in a range, those of the longest round step."""
    unit = 10.0 ** math.floor(math.log10(high - low))
    # A step is at most twice the next one, so that where two multiples are too few, seven are
    # the most; of a quarter of the unit there are always three.
    for step in (5 * unit, 2.5 * unit, 2 * unit, unit, unit / 2, unit / 4):
        numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
        if len(numbers) >= _FEWEST_TICKS:
            break
    return [min(max(number * step, low), high) for number in numbers]
