"""Horizontal bar charts: each row is a name, optional thumbnails, a bar, and its number."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgrec.reporting.figures.canvas import Canvas, legend, text_width
from imgrec.reporting.figures.style import LINE, PALE, QUIET, SECOND, SERIES, SMALL_PX
from imgrec.reporting.figures.thumbnails import Thumbnails

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GAP_PX, _TOP_PX, _BELOW_PX, _COLUMN_GAP_PX = 10, 10, 22, 44
_LEAST_BAR_PX = 1.5
# Greatest share of a column that the thumbnails of a row take.
_PICTURES = 0.25
_TICKS = 4


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart.

    Attributes:
        name: label of the row.
        value: length of the bar, at least 0.
        number: text behind the bar.
        behind: length of a pale bar under it; None for none.
        mark: position of a mark on the scale; None for none.
        color: of the bar.
        pictures: ids of pictures between name and bar; the first ones are shown if there is no
            room for all.
    """

    name: str
    value: float
    number: str
    behind: float | None = None
    mark: float | None = None
    color: str = SERIES
    pictures: Sequence[int] = ()

    @property
    def reach(self) -> float:
        """Length of the longest element of the row."""
        return max(self.value, self.behind or 0, self.mark or 0)


@dataclass(frozen=True)
class Bars:
    """A horizontal bar chart.

    Attributes:
        rows: from top to bottom.
        unit: of the values, written below the scale.
        keys: legend, as (color, meaning).
        most: end of the scale; None for the longest row.
        line: a value marked in all rows, and its name; None for none.
        columns: number of columns side by side, on wide figures.
        name_px: maximal width of the names; at most two fifths of a column.
        percent: True if values are shares, 0 to 1, with ticks in percent.
        thumbnails: of the pictures of the rows; None if they have none.
    """

    rows: Sequence[Bar]
    unit: str
    keys: Sequence[tuple[str, str]] = ()
    most: float | None = None
    line: tuple[float, str] | None = None
    columns: int = 1
    name_px: float = 190
    percent: bool = False
    thumbnails: Thumbnails | None = None

    def draw(self, width_px: int) -> "Figure":
        """Return the chart as a figure."""
        columns = self.columns if width_px > 600 else 1
        rows = math.ceil(len(self.rows) / columns)
        top = _TOP_PX + (26 if self.keys or self.line else 0)
        canvas = Canvas(width_px, top + rows * self._row_px + _BELOW_PX)
        if self.keys:
            legend(canvas, _GAP_PX, _TOP_PX + 6, list(self.keys))
        each = (width_px - (columns - 1) * _COLUMN_GAP_PX) / columns
        for column in range(columns):
            part = self.rows[column * rows : (column + 1) * rows]
            if part:
                self._draw_column(canvas, column * (each + _COLUMN_GAP_PX), each, top, part)
        return canvas.figure

    @property
    def _row_px(self) -> float:
        return 36 if any(row.pictures for row in self.rows) else 25

    def _draw_column(
        self, canvas: Canvas, left: float, width: float, top: float, rows: Sequence[Bar]
    ) -> None:
        height = self._row_px
        # Pictures are placed in squares of the row's height.
        fitting = max(1, int(_PICTURES * width / height))
        pictures = min(fitting, max(len(row.pictures) for row in self.rows))
        names = max(text_width(row.name) for row in self.rows)
        name_px = min(names, self.name_px, 0.4 * width)
        first = left + name_px + _GAP_PX
        start = first + (pictures * height + 4 if pictures else 0)
        scale = self._scale(start, left + width, top, top + len(rows) * height)
        self._draw_ticks(canvas, scale)
        for number, row in enumerate(rows):
            y = top + number * height
            if self.thumbnails:
                for place, image_id in enumerate(row.pictures[:pictures]):
                    x = first + place * height
                    canvas.picture(x, y + 2, height - 4, self.thumbnails, image_id)
            canvas.text(left + name_px, y + height / 2, row.name, across="right",
                within_px=name_px)  # fmt: skip
            _draw_bar(canvas, row, scale, y, height)
        if self.line:
            _draw_line(canvas, scale, *self.line)

    def _scale(self, start: float, end: float, top: float, bottom: float) -> "_Scale":
        numbers = max(text_width(row.number, SMALL_PX) for row in self.rows)
        most = self.most or max(row.reach for row in self.rows) or 1
        return _Scale(start, (end - numbers - 10 - start) / most, most, end, top, bottom)

    def _draw_ticks(self, canvas: Canvas, scale: "_Scale") -> None:
        """Draw the grid lines with their values below, and the unit at the right."""
        y, unit = scale.bottom + 10, scale.end - text_width(self.unit, SMALL_PX)
        canvas.text(unit, y, self.unit, size_px=SMALL_PX, color=QUIET)
        free = -math.inf
        for tick in ticks(scale.most):
            x = scale.at(tick)
            canvas.line((x, x), (scale.top, scale.bottom), LINE, zorder=0)
            label = f"{100 * tick:g}" if self.percent else f"{tick:,.10g}"
            half = text_width(label, SMALL_PX) / 2
            # A label that would touch the one before it, or the unit, is left out.
            if x - half > free and x + half + 6 < unit:
                canvas.text(x, y, label, size_px=SMALL_PX, color=QUIET, across="center")
                free = x + half + 6


@dataclass(frozen=True)
class _Scale:
    """A linear scale: `start` is the x of 0, `px` the pixels of 1, `end` the right border."""

    start: float
    px: float
    most: float
    end: float
    top: float
    bottom: float

    def at(self, length: float) -> float:
        return self.start + self.px * length


def ticks(most: float) -> list[float]:
    """Return up to six round tick values from 0 to `most`, whole ones if `most` is a count."""
    if most <= 0:
        return [0.0]
    raw = most / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    # Counts of pictures have no ticks at fractions.
    count = most > 1 and most == int(most)
    steps = [power * m for m in (1, 2, 2.5, 5, 10)]
    step = next(s for s in steps if s >= raw * 0.999 and not (count and s % 1))
    return [step * i for i in range(int(most / step + 1e-9) + 1)]


def _draw_bar(canvas: Canvas, row: Bar, scale: _Scale, y: float, height: float) -> None:
    thick = 0.56 * height
    upper = y + (height - thick) / 2
    if row.behind:
        length = max(_LEAST_BAR_PX, scale.px * row.behind)
        canvas.bar(scale.start, upper, length, thick, PALE)
    if row.value:
        outline = {} if row.color == SERIES else {"edgecolor": QUIET, "linewidth": 0.8}
        length = max(_LEAST_BAR_PX, scale.px * row.value)
        canvas.bar(scale.start, upper, length, thick, row.color, **outline)
    if row.mark is not None:
        x = scale.at(row.mark)
        canvas.line((x, x), (upper - 3, upper + thick + 3), SECOND, linewidth=3, zorder=4)
    canvas.text(scale.at(row.reach) + 7, y + height / 2, row.number, size_px=SMALL_PX,
        color=QUIET, grounded=True)  # fmt: skip


def _draw_line(canvas: Canvas, scale: _Scale, length: float, name: str) -> None:
    x = scale.at(length)
    canvas.line((x, x), (scale.top - 6, scale.bottom), SECOND, linestyle=(0, (3, 2)), linewidth=1.5)
    beside = x + 5 if x + 5 + text_width(name, SMALL_PX) <= scale.end else None
    canvas.text(x - 5 if beside is None else beside, scale.top - 9, name, size_px=SMALL_PX,
        color=SECOND, across="right" if beside is None else "left")  # fmt: skip
