"""Sheets of thumbnails in rows, each row under a heading: what a group of pictures looks like.

Below each thumbnail is the name of its file; both lead to the picture.
"""

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
        color: of a small box before the heading; "" for none.
    """

    heading: str
    about: str
    ids: Sequence[int]
    captions: Sequence[str] = ()
    split: int = 0
    color: str = ""


@dataclass(frozen=True)
class Sheet:
    """Rows of thumbnails.

    Attributes:
        rows: from top to bottom; a row without a heading is a plain grid.
        thumbnails: of the pictures.
        lines: maximal number of lines of a row.
        side_px: side of a thumbnail, adjusted so that lines fill the width.
        step: number of pictures that must not be parted by the end of a line.
    """

    rows: Sequence[Row]
    thumbnails: Thumbnails
    lines: int = 1
    side_px: float = SIDE_PX
    step: int = 1

    def draw(self, width_px: int) -> "Figure":
        """Return the sheet as a figure."""
        fitting = max(1, round((width_px + _GAP_PX) / (self.side_px + _GAP_PX)))
        fitting = max(self.step, fitting - fitting % self.step)
        filling = replace(self, side_px=(width_px + _GAP_PX) / fitting - _GAP_PX)
        heights = [filling._height(row, fitting) for row in self.rows]
        canvas = Canvas(width_px, max(1.0, sum(heights)))
        top = 0.0
        for row, height in zip(self.rows, heights, strict=True):
            filling._draw_row(canvas, row, top, fitting, width_px)
            top += height
        return canvas.figure

    def _height(self, row: Row, fitting: int) -> float:
        lines = -(-min(len(row.ids), fitting * self.lines) // fitting)
        head = _HEAD_PX + 12 if row.heading else 0
        return head + lines * self._line_px(row)

    def _line_px(self, row: Row) -> float:
        """Return the height of a line of pictures, with their names and captions."""
        return self.side_px + _GAP_PX + _CAPTION_PX + (_LINE_PX if row.captions else 0)

    def _draw_row(
        self, canvas: Canvas, row: Row, top: float, fitting: int, width_px: float
    ) -> None:
        if row.heading:
            _draw_heading(canvas, row, top + _HEAD_PX / 2, width_px)
            top += _HEAD_PX
        line_px = self._line_px(row)
        shown, names = _spread(row, fitting, self.lines), self.thumbnails.names(row.ids)
        for place, index in enumerate(shown):
            line, column = divmod(place, fitting)
            x, y = column * (self.side_px + _GAP_PX), top + line * line_px
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


def _draw_heading(canvas: Canvas, row: Row, y: float, width_px: float) -> None:
    canvas.line((0, width_px), (y - _HEAD_PX / 2 + 1, y - _HEAD_PX / 2 + 1), LINE)
    x = 0.0
    if row.color:
        canvas.bar(0, y - 4, 10, 10, row.color)
        x = 16
    most = 0.55 * width_px
    canvas.text(x, y + 1, row.heading, bold=True, color=INK, within_px=most)
    used = x + min(most, text_width(row.heading, TEXT_PX, bold=True)) + 10
    canvas.text(used, y + 1, row.about, size_px=SMALL_PX, color=QUIET,
        within_px=max(20.0, width_px - used))  # fmt: skip
