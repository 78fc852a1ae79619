"""Charts and sections: the text of the report together with how its figures are drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE_PX, NARROW_PX, HALF_PX = 1040, 400, 440


@dataclass(frozen=True)
class Chart:
    """A figure with its texts.

    Attributes:
        name: stem of its file names.
        title: heading.
        text: caption, about two lines; text between backticks is code.
        alt: the figure's content as text, for screen readers.
        draw: from a width in pixels to the figure.
        widths_px: widths at which it is drawn: the first for files and screens, the last for
            phones.
        table: CSV text of what it shows, for a file beside the report; "" for none.
    """

    name: str
    title: str
    text: str
    alt: str
    draw: "Callable[[int], Figure]"
    widths_px: tuple[int, ...] = (HALF_PX,)
    table: str = ""


def percent(share: float) -> str:
    """Return a share, 0 to 1, as a rounded percentage: "12 %", "< 1 %"."""
    rounded = f"{100 * share:.0f} %"
    return "< 1 %" if share > 0 and rounded == "0 %" else rounded


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Attributes:
        name: its id in the page.
        title: heading.
        lines: paragraphs before the figures; text between backticks is code.
        charts: in order.
    """

    name: str
    title: str
    lines: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
