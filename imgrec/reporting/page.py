"""Compose the page: one HTML file without scripts that loads nothing, not even other files.

All text is plain until the template escapes it. Only the SVG drawn by imgrec and the style sheet
are inserted as markup; names inside the SVG were escaped by matplotlib.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from imgrec.reporting.figures.chart import Chart, Section
from imgrec.reporting.figures.render import Rendered
from imgrec.reporting.links import Links
from imgrec.system.advice import with_store
from imgrec.system.file_names import printable

FIGURES, TABLES = "figures", "tables"
_CODE = re.compile(r"`([^`]+)`")
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Head:
    """The top of the page, in plain text.

    Attributes:
        title: heading and title of the page.
        about: one line below it.
        facts: (name, value), in order.
    """

    title: str
    about: str
    facts: tuple[tuple[str, str], ...]


def page_html(
    head: Head,
    sections: Sequence[Section],
    drawn: Mapping[str, Rendered],
    links: Links,
    store: Path | None = None,
) -> str:
    """Return the HTML of a report.

    Args:
        head: top of the page.
        sections: in order.
        drawn: rendered charts, by name.
        links: to the network site and the projector.
        store: as commands in texts name it; None where they find it without being told.
    """
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, finalize=_shown,
    )  # fmt: skip
    style = Markup((_TEMPLATES / "report.css").read_text("utf-8"))
    environment.filters |= {"told": partial(_told_of, store), "shelves": shelves}
    template = environment.get_template("report.html")
    return template.render(
        head=head, sections=sections, links=links, style=style, figures=FIGURES, tables=TABLES,
        svg=_inline(drawn), pictures={name: rendered.pictures for name, rendered in drawn.items()},
    )  # fmt: skip


def told(text: str) -> Markup:
    """Return a text as escaped HTML, with text between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(printable(text)))))


def _told_of(store: Path | None, text: str) -> Markup:
    return told(with_store(text, store))


def shelves(charts: Sequence[Chart]) -> list[list[Chart]]:
    """Return the charts grouped for layout: each wide one alone, others side by side."""
    return [list(group) for _, group in groupby(charts, key=_shelf)]


def _shelf(chart: Chart) -> str:
    return chart.name if len(chart.widths_px) > 1 else ""


def _inline(drawn: Mapping[str, Rendered]) -> dict[str, list[Markup]]:
    """Return the inline SVG as markup: drawn by imgrec, with escaped names."""
    return {name: [Markup(svg) for svg in rendered.inline] for name, rendered in drawn.items()}


def _shown(value: object) -> object:
    """Return a string as valid Unicode in one line; file names may be neither."""
    return printable(value) if type(value) is str else value
