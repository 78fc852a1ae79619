"""The sections on when pictures were taken, and on what their files say beside that."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from imgrec.pictures.metadata_names import (
    APERTURE,
    CAMERA,
    EXPOSURE,
    FOCAL,
    ISO,
    KEYWORD,
    LATITUDE,
    LENS,
    RATING,
    TAKEN,
    TITLE,
)
from imgrec.reporting.facts.catalog import Counts
from imgrec.reporting.facts.metadata import Timeline, Told
from imgrec.reporting.figures.bars import Bar, Bars
from imgrec.reporting.figures.chart import NARROW_PX, WIDE_PX, Chart, Section, percent
from imgrec.reporting.figures.histogram import Columns, Histogram
from imgrec.system.text import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = {
    TAKEN: "date", CAMERA: "camera", LENS: "lens", EXPOSURE: "exposure time", APERTURE: "aperture",
    ISO: "ISO", FOCAL: "focal length", LATITUDE: "place (GPS)", RATING: "rating", TITLE: "title",
    KEYWORD: "keywords",
}  # fmt: skip
# Names on the axis of a wide figure, and of a narrow one.
_NAMED, _NAMED_NARROW = 12, 5
_NARROW_PX = 600


def timeline_section(told: Told) -> Section:
    """Return the section on when pictures were taken; one line if nothing tells it."""
    line = told.timeline
    if line is None:
        text = "No picture says when it was taken, and file times do not show it: all are in one "
        text += "year, or most on one day."
        return Section("timeline", "Timeline", (text,))
    return Section("timeline", "Timeline", _timeline_lines(told, line), (_timeline_chart(line),))


def metadata_section(told: Told) -> Section:
    """Return the section on metadata; one line if no picture has any."""
    if not told.counts:
        text = "No picture says when, where or with what it was taken: the files hold no EXIF, XMP "
        text += "or IPTC that imgrec reads."
        return Section("metadata", "Metadata", (text,))
    charts = [_coverage_chart(told)]
    for name, title, counts in (
        ("cameras", "Cameras", told.cameras),
        ("lenses", "Lenses", told.lenses),
    ):
        if counts:
            charts.append(_list_chart(name, title, counts))
    return Section("metadata", "Metadata", _metadata_lines(told), tuple(charts))


def _timeline_lines(told: Told, line: Timeline) -> tuple[str, ...]:
    if not line.taken:
        return (
            "No picture says when it was taken. These are the years in which files were last "
            f"modified, {line.first} to {line.last}, as the file system records them.",
        )
    dated = told.counts.get(TAKEN, 0)
    lines = [
        f"{dated:,} of {counted(told.pictures, 'picture')} say when they were taken, from "
        f"{line.first} to {line.last}."
    ]
    if line.unplaced:
        lines.append(f"{counted(line.unplaced, 'picture')} with a year and no month are not drawn.")
    return tuple(lines)


def _timeline_chart(line: Timeline) -> Chart:
    span = "month" if line.by_month else "year"
    title = f"Pictures by {span}" if line.taken else "Files by year"
    text = (
        f"The {span} in which each picture was taken, by its own clock: "
        f"`imgrec query --where taken={line.first}..{line.last}`."
        if line.taken
        else "Photographs that were never edited or copied keep the year they were taken."
    )
    most = max(line.counts, key=lambda pair: pair[1])
    spoken = f"{title}, {line.first} to {line.last}; most in {most[0]}, {most[1]:,}."
    return Chart(
        "timeline", title, text, spoken, partial(_draw_timeline, line, span), (WIDE_PX, NARROW_PX)
    )


def _draw_timeline(line: Timeline, span: str, width_px: int) -> "Figure":
    counts = np.array([count for _, count in line.counts], np.int64)
    edges = np.arange(len(counts) + 1, dtype=np.float64)
    most = _NAMED if width_px > _NARROW_PX else _NAMED_NARROW
    step = -(-len(counts) // most)
    places = [(k + 0.5, line.counts[k][0]) for k in range(0, len(counts), step)]
    of = "taken" if line.taken else "of the last modification"
    return Columns(Histogram(counts, edges), f"{span} {of}", places=places).draw(width_px)


def _metadata_lines(told: Told) -> tuple[str, ...]:
    pictures = counted(told.pictures, "picture")
    lines = [f"{told.described:,} of {pictures} hold metadata in EXIF, XMP or IPTC."]
    places = told.counts.get(LATITUDE, 0)
    if places:
        lines.append(
            f"{counted(places, 'picture')} {'hold' if places > 1 else 'holds'} the place where "
            f"{'they were' if places > 1 else 'it was'} taken. imgrec keeps it in the store alone: "
            "it is in no page, logdir, table or thumbnail. The files themselves still hold it."
        )
    else:
        lines.append("No picture holds the place where it was taken.")
    return tuple(lines)


def _coverage_chart(told: Told) -> Chart:
    named = {shown: told.counts[name] for name, shown in _SHOWN.items() if name in told.counts}
    rows = [
        Bar(shown, count / told.pictures, f"{count:,} · {percent(count / told.pictures)}")
        for shown, count in named.items()
    ]
    return Chart(
        "metadata",
        "What pictures say",
        "The share of the readable pictures whose file has a value, in EXIF, XMP or IPTC. Each can "
        "be searched: docs/guides/metadata.md.",
        f"What pictures say: {_spoken(named)}.",
        Bars(rows, "share of pictures, %", most=1.0, percent=True).draw,
    )


def _list_chart(name: str, title: str, counts: Counts) -> Chart:
    rows = [Bar(shown, count, f"{count:,}") for shown, count in counts]
    kind = name[:-1] if name == "cameras" else "lens"
    return Chart(
        name,
        title,
        f"The most frequent ones, as the files name them. Any word of a name finds it: "
        f"`imgrec query --where {kind}=WORD`.",
        f"{title}: {_spoken(dict(counts))}.",
        Bars(rows, "pictures").draw,
    )


def _spoken(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
