"""A figure of the report: what it is called, what it says, and how it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE_PX, NARROW_PX, HALF_PX = 1040, 400, 440


@dataclass(frozen=True)
class Chart:
    """A figure.

    Attributes:
        name: of its files, without suffix.
        title: says what one sees.
        text: explains it in two lines.
        alt: says the same as the figure, for those who do not see it.
        draw: from a width in pixels to the figure.
        widths_px: for which it is drawn: the first for files and screens, the last for phones.
    """

    name: str
    title: str
    text: str
    alt: str
    draw: "Callable[[int], Figure]"
    widths_px: tuple[int, ...] = (HALF_PX,)


def percent(share: float) -> str:
    """Return a share, 0 to 1, as it is written everywhere."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        name: its address in the page.
        title: its heading.
        lines: paragraphs before its figures; what stands between backticks is code.
        charts: in order.
    """

    name: str
    title: str
    lines: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
