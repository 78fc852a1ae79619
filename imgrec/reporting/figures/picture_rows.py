"""Sheets of thumbnails in rows, each row under a heading: what a group of pictures looks like.

Below each thumbnail is its name (`name_of`); both lead to the picture.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imgrec.reporting.figures.canvas import Canvas, text_width
from imgrec.reporting.figures.style import INK, LINE, QUIET, SMALL_PX, TEXT_PX
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.reporting.picture_links import NAME

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE_PX = 60
_GAP_PX, _HEAD_PX, _CAPTION_PX, _LINE_PX = 6, 24, 17, 13
_NAME_PX = 9.5
_COLUMN_GAP_PX, _NARROW_PX = 36, 600
# Share of a line that the longest row must fill for lines to be as long as it.
_NEARLY_FILLS = 0.8


@dataclass(frozen=True)
class Row:
    """A group of pictures.

    Attributes:
        heading: bold text above the thumbnails; "" for none.
        about: paler text beside the heading.
        ids: picture ids; the first ones are shown if there is no room for all.
        captions: a short text under the name of each picture, or empty.
        split: if not 0, the first `split` pictures and the others are two halves, and the first
            ones of both are shown.
    """

    heading: str
    about: str
    ids: Sequence[int]
    captions: Sequence[str] = ()
    split: int = 0


@dataclass(frozen=True)
class Sheet:
    """Rows of thumbnails.

    Attributes:
        rows: from top to bottom; a row without a heading is a plain grid.
        thumbnails: of the pictures.
        lines: maximal number of lines of a row.
        side_px: side of a thumbnail, adjusted so that lines fill the width.
        step: number of pictures that must not be parted by the end of a line.
        columns: number of rows side by side, on wide figures.
    """

    rows: Sequence[Row]
    thumbnails: Thumbnails
    lines: int = 1
    side_px: float = SIDE_PX
    step: int = 1
    columns: int = 1

    def draw(self, width_px: int) -> "Figure":
        """Return the sheet as a figure."""
        columns = self.columns if width_px > _NARROW_PX else 1
        each = (width_px - (columns - 1) * _COLUMN_GAP_PX) / columns
        fitting = self._fitting(each)
        filling = replace(self, side_px=(each + _GAP_PX) / fitting - _GAP_PX)
        lines = [self.rows[i : i + columns] for i in range(0, len(self.rows), columns)]
        heights = [max(filling._height(row, fitting) for row in line) for line in lines]
        canvas = Canvas(width_px, max(1.0, sum(heights)))
        top = 0.0
        for line, height in zip(lines, heights, strict=True):
            for column, row in enumerate(line):
                left = column * (each + _COLUMN_GAP_PX)
                filling._draw_row(canvas, row, (left, top), fitting, each)
            top += height
        return canvas.figure

    def _fitting(self, width_px: float) -> int:
        """Return how many pictures a line has: what fits, or a little less if no row has more."""
        fitting = max(1, round((width_px + _GAP_PX) / (self.side_px + _GAP_PX)))
        longest = max((len(row.ids) for row in self.rows), default=0)
        if _NEARLY_FILLS * fitting <= longest < fitting:
            fitting = longest
        return max(self.step, fitting - fitting % self.step)

    def _height(self, row: Row, fitting: int) -> float:
        lines = -(-min(len(row.ids), fitting * self.lines) // fitting)
        head = _HEAD_PX + 12 if row.heading else 0
        return head + lines * self._line_px(row)

    def _line_px(self, row: Row) -> float:
        """Return the height of a line of pictures, with their names and captions."""
        return self.side_px + _GAP_PX + _CAPTION_PX + (_LINE_PX if row.captions else 0)

    def _draw_row(
        self, canvas: Canvas, row: Row, corner: tuple[float, float], fitting: int, width_px: float
    ) -> None:
        left, top = corner
        if row.heading:
            _draw_heading(canvas, row, left, top + _HEAD_PX / 2, width_px)
            top += _HEAD_PX
        line_px = self._line_px(row)
        shown, names = _spread(row, fitting, self.lines), self.thumbnails.names(row.ids)
        for place, index in enumerate(shown):
            line, column = divmod(place, fitting)
            x, y = left + column * (self.side_px + _GAP_PX), top + line * line_px
            image_id = int(row.ids[index])
            canvas.picture(x, y, self.side_px, self.thumbnails, image_id)
            middle, below = x + self.side_px / 2, y + self.side_px + 9
            canvas.text(middle, below, names[index], size_px=_NAME_PX, color=QUIET,
                across="center", within_px=self.side_px, url=f"{NAME}{image_id}")  # fmt: skip
            if row.captions:
                canvas.text(middle, below + _LINE_PX, row.captions[index], size_px=_NAME_PX,
                    color=INK, across="center", within_px=self.side_px)  # fmt: skip


def _spread(row: Row, fitting: int, lines: int) -> list[int]:
    """Return the indices of the pictures shown; of a split row, the first ones of both halves."""
    room, count = fitting * lines, len(row.ids)
    if count <= room or not row.split:
        return list(range(min(count, room)))
    first = min(row.split, (room + 1) // 2)
    return [*range(first), *range(row.split, min(count, row.split + room - first))]


def _draw_heading(canvas: Canvas, row: Row, left: float, y: float, width_px: float) -> None:
    canvas.line((left, left + width_px), (y - _HEAD_PX / 2 + 1, y - _HEAD_PX / 2 + 1), LINE)
    most = 0.55 * width_px
    canvas.text(left, y + 1, row.heading, bold=True, color=INK, within_px=most)
    used = min(most, text_width(row.heading, TEXT_PX, bold=True)) + 10
    room = max(20.0, width_px - used)
    canvas.text(left + used, y + 1, _first_parts(row.about, room), size_px=SMALL_PX, color=QUIET,
        within_px=room)  # fmt: skip


def _first_parts(text: str, width_px: float) -> str:
    """Return as many parts of a text, between its commas and dots, as fit a width; at least one.

    A cut within them would join the beginning of one to the end of another.
    """
    parts = re.split("(, | · )", text)
    while len(parts) > 1 and text_width("".join(parts), SMALL_PX) > width_px:
        del parts[-2:]
    return "".join(parts)
