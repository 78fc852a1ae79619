"""Render charts as PNG and SVG, byte for byte reproducible, and as inline SVG for the page.

Pictures in them become links, relative to the place of the file (`imgrec.reporting.picture_links`).

Reproducible: no dates or versions in metadata, a fixed salt of element ids. Inline SVG has no fixed
size (it scales with the page) and its theme colors are replaced by CSS variables, so that it
follows the light or dark theme.
"""

import base64
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from imgrec.reporting.figures.canvas import DPI
from imgrec.reporting.figures.chart import Chart
from imgrec.reporting.figures.style import THEMED, styled
from imgrec.reporting.picture_links import NAME, PICTURE, PictureLinks, Target

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
# Matplotlib adds a target from version 3.11 on.
_PICTURE_ID = re.compile(rf'<a xlink:href="{PICTURE}([0-9]+)"[^>]*>')
_MARK = re.compile(rf'<a xlink:href="({PICTURE}|{NAME})([0-9]+)"[^>]*>(.*?)</a>', re.DOTALL)
_HEIGHT = re.compile(r'(<svg[^>]*?) height="[^"]*"')


@dataclass(frozen=True)
class Drawing:
    """A chart as drawn: its pictures are marked by their ids, and do not lead anywhere yet.

    Attributes:
        texts: SVG at each width.
        png: at the first width, at double density.
    """

    texts: tuple[str, ...]
    png: bytes


@dataclass(frozen=True)
class Rendered:
    """A chart with its files.

    Attributes:
        chart: the chart.
        svg: SVG file at the first width.
        png: PNG file at the first width, at double density.
        inline: SVG elements for the page, one for each width.
        pictures: how many pictures the first of them shows.
    """

    chart: Chart
    svg: bytes
    png: bytes
    inline: tuple[str, ...]
    pictures: int = 0


def draw_chart(chart: Chart) -> Drawing:
    """Draw a chart at all its widths.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    texts, png = [], b""
    for number, width_px in enumerate(chart.widths_px):
        with styled(f"{chart.name}-{number}"):
            figure = chart.draw(width_px)
            texts.append(_svg_text(figure))
            if not number:
                png = _png_bytes(figure)
    return Drawing(tuple(texts), png)


def render(
    chart: Chart, drawing: Drawing, links: PictureLinks, page: Path, files: Path
) -> Rendered:
    """Return the files of a chart, with links from its pictures.

    Args:
        chart: to be written.
        drawing: of it.
        links: where its pictures are to be seen.
        page: absolute path of the folder of the page.
        files: absolute path of the folder of the SVG file.
    """
    texts = drawing.texts
    targets = links.of(int(i) for text in texts for i in _PICTURE_ID.findall(text))
    svg = linked(texts[0], targets, files).encode("utf-8")
    inline = tuple(inlined(linked(text, targets, page)) for text in texts)
    return Rendered(chart, svg, drawing.png, inline, len(_PICTURE_ID.findall(texts[0])))


def linked(svg: str, targets: Mapping[int, Target], folder: Path) -> str:
    """Return an SVG whose marks of pictures are links, each with the picture's path as tooltip.

    Args:
        svg: as drawn.
        targets: of all its pictures.
        folder: absolute path of the folder of the file or page that the SVG will be in.
    """

    def link(found: re.Match[str]) -> str:
        mark, target = found[1], targets[int(found[2])]
        path, href = escape(target.path), escape(target.href(folder))
        # The name beneath a picture leads to the same place: the keyboard stops at one of them.
        how = f'aria-label="{path}"' if mark == PICTURE else 'tabindex="-1" aria-hidden="true"'
        start, end = (f'<a xlink:href="{href}" {how}>', "</a>") if href else ("<g>", "</g>")
        return f"{start}<title>{path}</title>{found[3]}{end}"

    return _MARK.sub(link, svg)


def inlined(svg: str) -> str:
    """Return an SVG as an element for the page: scalable, and in the page's theme colors."""
    element = _HEAD.sub("", svg, count=1)
    element = _HEIGHT.sub(r"\1", _SIZE.sub(r"\1\2", element, count=1), count=1)
    for color, variable in THEMED.items():
        element = element.replace(color, f"var({variable})")
    # What is only looked at has its text in the figure; links must be reached.
    hidden = "" if "<a " in element else 'aria-hidden="true" '
    return element.replace("<svg ", f'<svg {hidden}focusable="false" ', 1).strip()


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
