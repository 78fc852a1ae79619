"""A canvas measured in pixels, x to the right and y down, without axes; and text that fits."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgrec.reporting.figures.style import CARD, INK, LINE, SMALL_PX, TEXT_PX
from imgrec.reporting.figures.thumbnails import Thumbnails, fitted_size
from imgrec.reporting.picture_links import PICTURE
from imgrec.system.file_names import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# With 72 dots per inch, matplotlib's unit (the point) is one pixel.
DPI = 72


class Canvas:
    """A matplotlib figure with one invisible pair of axes in pixels."""

    def __init__(self, width_px: float, height_px: float) -> None:
        self.figure = new_figure(width_px, height_px)
        self.axes = self.figure.add_axes((0, 0, 1, 1), frameon=False)
        self.axes.set(xlim=(0, width_px), ylim=(height_px, 0))
        self.axes.set_axis_off()
        self.axes.autoscale(False)

    def text(
        self, x: float, y: float, text: str, *, size_px: float = TEXT_PX, color: str = INK,
        across: str = "left", bold: bool = False, within_px: float | None = None,
        url: str | None = None, grounded: bool = False,
    ) -> None:  # fmt: skip
        """Write a line of text, vertically centered at y; shortened to `within_px` if given.

        With `grounded`, lines of the chart do not run through it.
        """
        shown = printable(text)
        if within_px is not None:
            shown = shortened(shown, within_px, size_px, bold)
        self.axes.text(
            x, y, shown, fontsize=size_px, color=color, ha=across, va="center_baseline",
            fontweight="bold" if bold else "normal", clip_on=False, url=url,
            bbox={"facecolor": CARD, "linewidth": 0, "pad": 1} if grounded else None,
        )  # fmt: skip

    def bar(self, x: float, y: float, width: float, height: float, color: str, **style: Any
    ) -> None:  # fmt: skip
        """Fill a rectangle with its upper left corner at (x, y)."""
        from matplotlib.patches import Rectangle

        self.axes.add_patch(Rectangle((x, y), width, height, facecolor=color, **style))

    def line(
        self, x: tuple[float, float], y: tuple[float, float], color: str = LINE, **style: Any
    ) -> None:
        """Draw a line from (x[0], y[0]) to (x[1], y[1])."""
        self.axes.plot(x, y, color=color, solid_capstyle="butt", **{"linewidth": 1, **style})

    def picture(
        self, x: float, y: float, side_px: float, thumbnails: Thumbnails, image_id: int
    ) -> tuple[float, float]:
        """Draw a picture centered in a square with its upper left corner at (x, y).

        Returns:
            Its width and height.
        """
        pixels = thumbnails.get(image_id, side_px)
        width, height = fitted_size(pixels, side_px)
        left, top = x + (side_px - width) / 2, y + (side_px - height) / 2
        extent = (left, left + width, top + height, top)
        draw_picture(self.axes, pixels, extent, url=f"{PICTURE}{image_id}")
        return width, height


def new_figure(width_px: float, height_px: float) -> "Figure":
    """Return an empty figure of a size in pixels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_px / DPI, height_px / DPI), dpi=DPI)


def draw_picture(
    axes: Any, pixels: NDArray[np.uint8], extent: tuple[float, float, float, float], **style: Any
) -> None:
    """Draw pixels (h, w, 3 or 4) at an extent (left, right, bottom, top) in units of the axes."""
    options: dict[str, Any] = {"interpolation": "none", "aspect": "auto", "zorder": 3}
    axes.imshow(pixels, extent=extent, origin="upper", **{**options, **style})


def shortened(text: str, width_px: float, size_px: float = TEXT_PX, bold: bool = False) -> str:
    """Return a text that fits a width: cut in the middle, because names differ at both ends."""
    if text_width(text, size_px, bold) <= width_px:
        return text
    kept = len(text)
    while kept > 2 and text_width(_cut(text, kept), size_px, bold) > width_px:
        kept -= 1
    return _cut(text, kept)


def text_width(text: str, size_px: float = TEXT_PX, bold: bool = False) -> float:
    """Return the width of a line of text in pixels."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    weight = "bold" if bold else "normal"
    font = FontProperties(family=["DejaVu Sans"], size=size_px, weight=weight)
    shown = printable(text)
    return float(text_to_path.get_text_width_height_descent(shown, font, ismath=False)[0])


def legend(canvas: Canvas, x: float, y: float, entries: list[tuple[str, str]]) -> None:
    """Draw a legend of (color, meaning) in one line."""
    for color, text in entries:
        canvas.bar(x, y - 5, 10, 10, color)
        canvas.text(x + 15, y, text, size_px=SMALL_PX)
        x += 15 + text_width(text, SMALL_PX) + 18


def _cut(text: str, kept: int) -> str:
    tail = min(6, kept // 3)
    return f"{text[: kept - tail].rstrip()}…{text[len(text) - tail :].lstrip() if tail else ''}"
