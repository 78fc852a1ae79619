"""Colors and fonts of the figures; in the page, the theme colors become CSS variables.

Source: Okabe and Ito 2008, Color Universal Design: eight colors that people with any kind of
color blindness tell apart.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Used for nothing else, so that the page can find and replace them by CSS variables.
INK, QUIET, LINE, CARD = "#1d2733", "#566373", "#dfe4ea", "#fffffe"
SERIES, SECOND, PALE = "#0072b3", "#b84e00", "#a9cde4"
THEMED = {
    INK: "--ink", QUIET: "--quiet", LINE: "--line", CARD: "--card",
    SERIES: "--series", SECOND: "--second", PALE: "--pale",
}  # fmt: skip
OKABE_ITO = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
SWATCHES = {
    "black": "#16181b", "white": "#ffffff", "gray": "#8e949b", "beige": "#dcc9a6",
    "brown": "#7f5539", "red": "#c8312e", "orange": "#e8862b", "yellow": "#f2ce3b",
    "green": "#4b8f4a", "turquoise": "#3aada8", "blue": "#2f63b5", "purple": "#7b4fa0",
    "pink": "#e79ab8",
}  # fmt: skip
TEXT_PX, SMALL_PX = 12.5, 11
_STYLE: dict[str, Any] = {
    "figure.facecolor": CARD, "axes.facecolor": "none", "savefig.facecolor": CARD,
    "font.family": ["DejaVu Sans"], "font.size": SMALL_PX, "text.color": INK,
    "axes.labelcolor": QUIET, "axes.labelsize": SMALL_PX, "axes.edgecolor": LINE,
    "xtick.color": LINE, "ytick.color": LINE, "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET, "axes.spines.top": False, "axes.spines.right": False,
    "axes.spines.left": False, "axes.grid": True, "axes.grid.axis": "y", "axes.axisbelow": True,
    "grid.color": LINE, "grid.linewidth": 1, "ytick.major.size": 0, "axes.linewidth": 1,
    "axes.unicode_minus": False, "text.parse_math": False, "image.composite_image": False,
    "svg.fonttype": "none", "patch.linewidth": 0,
}  # fmt: skip


@contextmanager
def styled(salt: str = "imgrec") -> Iterator[None]:
    """Apply the report's style to figures made and saved in this block, and nothing else.

    A `matplotlibrc` of the user or of the folder one works in has no part in it.

    Args:
        salt: of the element ids in SVG; two figures of one page need different ones.
    """
    # Without a writable home, matplotlib logs where its font list is.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.style import context

    style: Any = {**_STYLE, "svg.hashsalt": salt}
    with context(style, after_reset=True), warnings.catch_warnings():
        # Browsers find a font for any letter; a PNG has boxes for those that DejaVu Sans lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield
