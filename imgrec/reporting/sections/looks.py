"""The section on the pictures themselves: blurred, dark, clipped, empty, tiny, of a screen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog
from imgrec.pictures.metadata_names import BRIGHTNESS, CLIPPED, SHARPNESS
from imgrec.reporting.facts.looks import FLAWS, SIDE, Flaw, Found, Looks
from imgrec.reporting.figures.bars import Bar, Bars
from imgrec.reporting.figures.chart import NARROW_PX, WIDE_PX, Chart, Section, percent
from imgrec.reporting.figures.histogram import Columns, Histogram
from imgrec.reporting.figures.picture_rows import Row, Sheet
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.reporting.tables import picture_table
from imgrec.system.text import counted

# Bins of measures from 0 to 100.
_EDGES = np.arange(0, 101, 2.5)
_SIDE_PX = 80
# Pictures of a row that are looked up; a wide figure has room for no more.
_DRAWN = 24


@dataclass(frozen=True)
class _Scale:
    """How the values of a measure are drawn: title of the chart, label of the axis, caption."""

    title: str
    across: str
    text: str


# The measures that are drawn.
_SCALES = {
    SHARPNESS: _Scale(
        "Sharpness",
        "sharpness",
        "100 by the width in pixels of the sharpest edges, where the shorter side has 512 px. "
        "Photos in focus have 40 to 80, the same blurred by 2 px 18 to 27. A picture with nothing "
        "to focus on has none.",
    ),
    BRIGHTNESS: _Scale(
        "Brightness",
        "mean brightness, % of white",
        "A photo of medium exposure has about 50 %. One with three stops less light has about 20 "
        "%, and so may one of a night or of black cloth.",
    ),
    CLIPPED: _Scale(
        "Pure black and white",
        "pixels that are pure black or pure white, %",
        "These pixels have no detail left: too much light, too little, or a background that was "
        "cut out. A photo with two stops too much light has more than 25 %.",
    ),
}


def look_section(looks: Looks, catalog: Catalog, thumbnails: Thumbnails) -> Section:
    """Return the section on the pictures themselves.

    Args:
        looks: the facts.
        catalog: of the pictures.
        thumbnails: of the pictures.
    """
    charts = [_flaw_chart(looks)]
    charts += [
        _scale_chart(flaw, looks.values[flaw.measure][1])
        for flaw in FLAWS
        if flaw.measure in _SCALES and flaw.measure in looks.values
    ]
    if looks.flawed:
        charts.append(_worst_chart(looks, catalog, thumbnails))
    return Section("pictures", "Quality of pictures", _lines(looks), tuple(charts))


def _lines(looks: Looks) -> tuple[str, ...]:
    lines = []
    if looks.flawed:
        share = percent(looks.flawed / looks.pictures)
        verb = "is" if looks.flawed == 1 else "are"
        lines.append(
            f"{counted(looks.flawed, 'picture')} ({share}) {verb} beyond a limit from which "
            "pictures are worth a look. That need not be a fault: a night is dark, and a product "
            "on white has much pure white."
        )
    elif looks.measured:
        lines.append("No picture is beyond a limit from which pictures are worth a look.")
    missing = looks.pictures - looks.measured
    if missing:
        some = f"{missing:,} of {counted(looks.pictures, 'picture')}"
        lines.append(
            f"{some if looks.measured else 'The pictures'} were not measured, because an older "
            "imgrec read them. Delete the folder `thumbs` of the store, then run `imgrec index`: "
            "it reads and measures all pictures again, and keeps their vectors."
        )
    return tuple(lines)


def _flaw_chart(looks: Looks) -> Chart:
    rows = [_flaw_bar(one, looks) for one in looks.found]
    told = ", ".join(f"{one.flaw.title} {len(one.ids):,}" for one in looks.found)
    return Chart(
        "flaws",
        "Pictures worth a look",
        "How many pictures are beyond each limit. What is measured can be searched: "
        "`imgrec query --where sharpness=..30`.",
        f"Bar chart of pictures beyond a limit: {told}.",
        Bars(rows, "pictures").draw,
    )


def _flaw_bar(found: Found, looks: Looks) -> Bar:
    of = looks.pictures if found.flaw.measure == SIDE else looks.measured
    if not of:
        return Bar(found.flaw.title, 0, "not measured")
    return Bar(found.flaw.title, len(found.ids), _told(found, of))


def _told(found: Found, of: int) -> str:
    return f"{len(found.ids):,} · {percent(len(found.ids) / of)}"


def _scale_chart(flaw: Flaw, values: NDArray[np.float64]) -> Chart:
    scale, bound = _SCALES[flaw.measure], "up to" if flaw.low else "from"
    columns = Columns(
        Histogram.of(values, _EDGES), scale.across,
        line=(flaw.limit, f"{flaw.name} {bound} {flaw.limit:g}"),
    )  # fmt: skip
    return Chart(
        flaw.measure,
        scale.title,
        scale.text,
        f"Histogram of {flaw.measure}, {values.min():g} to {values.max():g}, median "
        f"{np.median(values):g}; the limit is {flaw.limit:g}.",
        columns.draw,
    )


def _worst_chart(looks: Looks, catalog: Catalog, thumbnails: Thumbnails) -> Chart:
    flawed = [one for one in looks.found if len(one.ids)]
    rows = [_row(one, looks) for one in flawed]
    told = "; ".join(f"{one.flaw.title}, {one.flaw.bound}: {len(one.ids):,}" for one in flawed)
    return Chart(
        "picture-flaws",
        "The worst of each",
        "A row for each limit, the worst picture first; below each its name and its value. A "
        "picture may be in several rows. The table lists all that are beyond a limit.",
        f"Rows of pictures. {told}.",
        Sheet(rows, thumbnails, side_px=_SIDE_PX).draw,
        (WIDE_PX, NARROW_PX),
        _table(flawed, catalog),
    )


def _row(found: Found, looks: Looks) -> Row:
    of = looks.pictures if found.flaw.measure == SIDE else looks.measured
    return Row(
        found.flaw.title,
        f"{_told(found, of)} · {found.flaw.bound}",
        found.ids[:_DRAWN].tolist(),
        [found.flaw.shown(value) for value in found.values[:_DRAWN].tolist()],
    )


def _table(flawed: Sequence[Found], catalog: Catalog) -> str:
    """Return all pictures beyond a limit, one a row for each limit, as CSV text."""
    every = [(one.flaw, i, v) for one in flawed
             for i, v in zip(one.ids.tolist(), one.values.tolist(), strict=True)]  # fmt: skip
    columns: dict[str, Sequence[object]] = {
        "flaw": [flaw.name for flaw, _, _ in every],
        "measure": [flaw.measure for flaw, _, _ in every],
        "value": [f"{value:g}" for _, _, value in every],
        "limit": [f"{flaw.limit:g}" for flaw, _, _ in every],
    }
    return picture_table(catalog, (i for _, i, _ in every), columns)
