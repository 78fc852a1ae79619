"""The page of a report: one HTML file that needs no net, no script and no other file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from imgrec.reporting.figures.chart import Chart, Section
from imgrec.reporting.figures.render import Rendered
from imgrec.reporting.links import Links
from imgrec.system.file_names import printable

FIGURES = "figures"
_CODE = re.compile(r"`([^`]+)`")
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Head:
    """What stands at the top; all text is plain.

    Attributes:
        title: of the page.
        about: what it tells, in a line.
        facts: (name, value), in order.
    """

    title: str
    about: str
    facts: tuple[tuple[str, str], ...]


def page_html(
    head: Head, sections: Sequence[Section], drawn: Mapping[str, Rendered], links: Links
) -> str:
    """Return the HTML of a report.

    Args:
        head: of the page.
        sections: in order.
        drawn: the figures of their charts, by name.
        links: to what lies beside it.
    """
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, finalize=_shown,
    )  # fmt: skip
    style = Markup((_TEMPLATES / "report.css").read_text("utf-8"))
    environment.filters |= {"told": told, "shelves": shelves}
    template = environment.get_template("report.html")
    return template.render(
        head=head, sections=sections, links=links, style=style, figures=FIGURES, svg=_inline(drawn)
    )


def told(text: str) -> Markup:
    """Return a text as HTML: names in it are escaped, what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(printable(text)))))


def shelves(charts: Sequence[Chart]) -> list[list[Chart]]:
    """Return charts that stand together: each wide one alone, others side by side."""
    return [list(group) for _, group in groupby(charts, key=_shelf)]


def _shelf(chart: Chart) -> str:
    return chart.name if len(chart.widths_px) > 1 else ""


def _inline(drawn: Mapping[str, Rendered]) -> dict[str, list[Markup]]:
    """The elements that we drew ourselves; names in them were escaped when they were written."""
    return {name: [Markup(svg) for svg in rendered.inline] for name, rendered in drawn.items()}


def _shown(value: object) -> object:
    """Names of files are no texts yet: bytes that are not UTF-8, line breaks."""
    return printable(value) if type(value) is str else value
