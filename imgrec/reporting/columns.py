"""Columns standing up: how often a number lies in each stretch of a scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.reporting.canvas import new_figure
from imgrec.reporting.look import INK, SECOND, SERIES, SMALL_PX

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_TICKS = 7
_STEPS_A_DECADE, _LEAST_STEPS = (8, 16, 32), 14
_HEIGHT_PX = 240
_MARGINS_PX = (54, 20, 24, 44)  # left, right, top, bottom


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
        places: of the scale that are named: (number, name); of many the powers of ten.
        line: a number marked on the scale, and what it is called.
    """

    histogram: Histogram
    across: str
    upwards: str = "pictures"
    logarithmic: bool = False
    places: Sequence[tuple[float, str]] = ()
    line: tuple[float, str] | None = None

    def draw(self, width_px: int) -> "Figure":
        """Return the figure."""
        figure = new_figure(width_px, _HEIGHT_PX)
        left, right, top, bottom = _MARGINS_PX
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
        _name_ticks(axes, self.places)
        if self.line:
            place, name = self.line
            axes.axvline(place, color=SECOND, linestyle=(0, (3, 2)), linewidth=1.5)
            along = axes.transLimits.transform(axes.transScale.transform((place, 0)))[0]
            side = "left" if along < 0.5 else "right"
            axes.text(place, 1.02, name, color=INK, va="bottom", ha=side,
                transform=axes.get_xaxis_transform())  # fmt: skip
        return figure


def _name_ticks(axes: object, places: Sequence[tuple[float, str]]) -> None:
    from matplotlib.axes import Axes
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    assert isinstance(axes, Axes)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if places:
        low, high = axes.get_xlim()
        inside = [(value, name) for value, name in places if low <= value <= high]
        if len(inside) > _MOST_TICKS:
            inside = [place for place in inside if _is_power_of_ten(place[0])]
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks([value for value, _ in inside], [name for _, name in inside])


def _is_power_of_ten(value: float) -> bool:
    return bool(abs(np.log10(value) % 1 - 0.5) > 0.49)
