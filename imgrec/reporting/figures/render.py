"""Render charts as PNG and SVG, byte for byte reproducible, and as inline SVG for the page.

Reproducible: no dates or versions in metadata, a fixed salt of element ids. Inline SVG has no fixed
size (it scales with the page) and its theme colors are replaced by CSS variables, so that it
follows the light or dark theme.
"""

import base64
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from imgrec.reporting.figures.canvas import DPI
from imgrec.reporting.figures.chart import Chart
from imgrec.reporting.figures.style import THEMED, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PNG_DENSITY = 2
_JPEG_QUALITY = 76
_NO_DATES = {"Date": None, "Creator": None, "Format": None, "Type": None}
_EMBEDDED = re.compile(r"data:image/png;base64,\s*([A-Za-z0-9+/=\s]+)")
_HEAD = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_GROUP_ID = re.compile(r'(<(?:g|image|use)[^>]*?) id="[^"]*"')
_SIZE = re.compile(r'(<svg[^>]*?) width="[^"]*"([^>]*?)')
_HEIGHT = re.compile(r'(<svg[^>]*?) height="[^"]*"')


@dataclass(frozen=True)
class Rendered:
    """A chart with its files.

    Attributes:
        chart: the chart.
        svg: SVG file at the first width.
        png: PNG file at the first width, at double density.
        inline: SVG elements for the page, one for each width.
    """

    chart: Chart
    svg: bytes
    png: bytes
    inline: tuple[str, ...]


def render(chart: Chart) -> Rendered:
    """Draw a chart at all its widths.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    texts = []
    for number, width_px in enumerate(chart.widths_px):
        with styled(f"{chart.name}-{number}"):
            figure = chart.draw(width_px)
            texts.append(_svg_text(figure))
            if not number:
                png = _png_bytes(figure)
    return Rendered(chart, texts[0].encode("utf-8"), png, tuple(map(inlined, texts)))


def inlined(svg: str) -> str:
    """Return an SVG as an element for the page: scalable, and in the page's theme colors."""
    element = _HEAD.sub("", svg, count=1)
    element = _HEIGHT.sub(r"\1", _SIZE.sub(r"\1\2", element, count=1), count=1)
    for color, variable in THEMED.items():
        element = element.replace(color, f"var({variable})")
    return element.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1).strip()


def with_jpegs(svg: str) -> str:
    """Return an SVG with embedded opaque PNGs replaced by JPEGs, which are a fifth as large."""
    return _EMBEDDED.sub(lambda found: _recompressed(found[1]), svg)


def _recompressed(text: str) -> str:
    data = base64.b64decode(text)
    with Image.open(io.BytesIO(data)) as image:
        if image.mode == "RGBA" and image.getchannel("A").getextrema()[0] != 255:
            return f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"
        buffer = io.BytesIO()
        image.convert("RGB").save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _svg_text(figure: "Figure") -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=_NO_DATES, dpi=_PNG_DENSITY * DPI)
    svg = _GROUP_ID.sub(r"\1", _METADATA.sub("", buffer.getvalue()))
    return with_jpegs(svg)


def _png_bytes(figure: "Figure") -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_PNG_DENSITY * DPI, metadata={"Software": None})
    return buffer.getvalue()
