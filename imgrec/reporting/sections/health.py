"""The section on health: files, sizes, failures, duplicates, colors and outliers."""

from collections.abc import Sequence

import numpy as np

from imgrec.collection import Catalog
from imgrec.neighbors.neighbors import Neighbors
from imgrec.reporting.facts.catalog import Counts
from imgrec.reporting.facts.health import (
    LISTED,
    LONERS,
    Groups,
    Health,
    loners,
    shown_groups,
)
from imgrec.reporting.figures.bars import Bar, Bars
from imgrec.reporting.figures.chart import NARROW_PX, WIDE_PX, Chart, Section, percent
from imgrec.reporting.figures.histogram import Columns, Histogram, log_edges
from imgrec.reporting.figures.picture_rows import Row, Sheet
from imgrec.reporting.figures.style import SWATCHES
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.reporting.tables import picture_table
from imgrec.system.text import counted, size_text

_ASPECTS = 2.0 ** np.arange(-2, 2.01, 0.125)
_ASPECT_NAMES = (
    (0.25, "1:4"), (0.5, "1:2"), (9 / 16, ""), (0.75, "3:4"), (1.0, "1:1"),
    (4 / 3, "4:3"), (2.0, "2:1"), (4.0, "4:1"),
)  # fmt: skip
# Bins of the histogram of distances.
_STEPS = 30


def health_section(
    catalog: Catalog, health: Health, neighbors: Neighbors | None, thumbnails: Thumbnails
) -> Section:
    """Return the section on health; a chart without data is left out, or a line says why."""
    charts = [
        _count_chart("formats", "File formats", health.formats, "The formats of the readable "
            "pictures, by content, not by file name. HEIC is readable with `imgrec[heic]`."),
        _failure_chart(health),
        *_size_charts(health),
        _color_chart(health),
        _nearest_chart(neighbors),
        _duplicates_chart(catalog, health.duplicates, thumbnails),
        _outlier_chart(catalog, neighbors, thumbnails),
    ]  # fmt: skip
    return Section("health", "Health", _lines(health), tuple(c for c in charts if c))


def _lines(health: Health) -> tuple[str, ...]:
    counts, found = health.counts, health.duplicates
    lines = [
        f"{counts['ok']:,} pictures are readable, {counts['failed']:,} failed, "
        f"{counts['missing']:,} are missing"
        + (f", {counts['left-out']:,} are left out" if counts["left-out"] else "")
        + (f", {counts['new']:,} are not read yet." if counts["new"] else ".")
    ]
    kind = "files that are the same picture" if found.compared else "identical files"
    kept = "the same picture is" if found.compared else "an identical file is"
    size = size_text(found.spare_bytes)
    lines.append(
        f"{counted(found.spare, 'picture')} ({size}) could be deleted: {kept} kept of each."
        if found.spare
        else f"There are no {kind}."
    )
    if found.similar:
        lines.append(
            f"{counted(found.similar, 'picture')} {'is' if found.similar == 1 else 'are'} similar "
            "to another one: look first, with `imgrec duplicates`."
        )
    if not found.compared:
        lines.append(
            "Pictures that are the same in other files were not searched yet: `imgrec duplicates` "
            "finds them."
        )
    return tuple(lines)


def _count_chart(name: str, title: str, counts: Counts, text: str) -> Chart | None:
    if not counts:
        return None
    total = sum(count for _, count in counts)
    rows = [Bar(label, count, f"{count:,} · {percent(count / total)}") for label, count in counts]
    return Chart(name, title, text, f"{title}: {_spoken(counts)}.", Bars(rows, "pictures").draw)


def _failure_chart(health: Health) -> Chart | None:
    return _count_chart(
        "failures", "Files that could not be read, by reason", health.failures,
        "Why decoding failed; docs/guides/formats.md explains each reason. The files stay in the "
        "catalog and are tried again with `imgrec index --retry-failed`.",
    )  # fmt: skip


def _size_charts(health: Health) -> list[Chart | None]:
    files = health.files
    if not len(files.ids):
        return []
    charts: list[Chart | None] = []
    if files.known.any():
        charts += [_megapixel_chart(files.megapixels())]
    if (files.sizes > 0).any():
        charts.append(_byte_chart(files.sizes[files.sizes > 0]))
    if files.known.any():
        charts += [_aspect_chart(files.aspects()), _count_chart(
            "orientation", "Orientation", files.orientations(),
            "Orientation of the upright pictures, after applying EXIF. Square means that the "
            "sides differ by at most 2 %.",
        )]  # fmt: skip
    return charts


def _megapixel_chart(megapixels: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> Chart:
    median = float(np.median(megapixels))
    columns = Columns(
        Histogram.of(megapixels, log_edges(megapixels)), "megapixels (million pixels)",
        logarithmic=True, named=_plain, line=(median, f"median {median:.3g}"),
    )  # fmt: skip
    return Chart(
        "megapixels",
        "Size in pixels",
        "Width times height of each picture. Pictures below 0.1 megapixels are more likely icons "
        "or previews than photographs.",
        f"Histogram of megapixels, {megapixels.min():.3g} to {megapixels.max():.3g}, median "
        f"{median:.3g}.",
        columns.draw,
    )


def _byte_chart(sizes: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> Chart:
    median = float(np.median(sizes))
    columns = Columns(
        Histogram.of(sizes, log_edges(sizes)), "file size, bytes", logarithmic=True,
        named=size_text, line=(median, f"median {size_text(median)}"),
    )  # fmt: skip
    return Chart(
        "bytes",
        "Size on disk",
        f"All files together take {size_text(float(sizes.sum()))}. The largest are the first "
        "candidates if disk space is short.",
        f"Histogram of file sizes, {size_text(float(sizes.min()))} to "
        f"{size_text(float(sizes.max()))}, median {size_text(median)}.",
        columns.draw,
    )


def _aspect_chart(aspects: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> Chart:
    columns = Columns(
        Histogram.of(aspects, _ASPECTS), "width : height", logarithmic=True,
        places=[(value, name) for value, name in _ASPECT_NAMES if name],
    )  # fmt: skip
    return Chart(
        "aspect",
        "Aspect ratio",
        "Width divided by height: portrait pictures to the left, landscape to the right. Ratios "
        "beyond 1:4 or 4:1 are counted in the outermost bars.",
        f"Histogram of aspect ratios, from {aspects.min():.2f} to {aspects.max():.2f}.",
        columns.draw,
    )


def _color_chart(health: Health) -> Chart | None:
    if not health.colors:
        return None
    total = sum(count for _, count in health.colors)
    rows = [
        Bar(word, count, f"{count:,} · {percent(count / total)}", color=SWATCHES[word])
        for word, count in health.colors
    ]
    return Chart(
        "colors",
        "Dominant colors",
        "The color of the main subject, by a rule that gives the background little weight. "
        "It is the label `color`: `imgrec query --where color=red`.",
        f"Dominant colors: {_spoken(health.colors)}.",
        Bars(rows, "pictures").draw,
    )


def _nearest_chart(neighbors: Neighbors | None) -> Chart | None:
    if neighbors is None:
        return None
    nearest = neighbors.distances[:, 0].astype(np.float64)
    edges = np.linspace(0, max(float(nearest.max()), 1e-3), _STEPS + 1)
    columns = Columns(Histogram.of(nearest, edges), "cosine distance to the nearest other picture")
    return Chart(
        "nearest",
        "Distance to the nearest picture",
        "The distance of each picture to its most similar one, 0 if identical. A peak at the left "
        "is copies and series; a tail to the right is pictures unlike all others.",
        f"Histogram of the distance to the nearest picture, {nearest.min():.2f} to "
        f"{nearest.max():.2f}.",
        columns.draw,
    )


def _outlier_chart(
    catalog: Catalog, neighbors: Neighbors | None, thumbnails: Thumbnails
) -> Chart | None:
    if neighbors is None:
        return None
    ids, distances = loners(neighbors, LISTED)
    shown, names = ids.tolist()[:LONERS], thumbnails.names(ids.tolist()[:8])
    captions = [f"{distance:.2f}" for distance in distances.tolist()]
    sheet = Sheet([Row("", "", shown, captions[:LONERS])], thumbnails, lines=6, side_px=80)
    return Chart(
        "outliers",
        "Outliers: pictures unlike all others",
        "The pictures farthest from their nearest neighbor, in descending order; below each its "
        "cosine distance to it. They are often damaged, empty or in the wrong folder. The table "
        f"lists {counted(len(ids), 'picture')}.",
        f"Thumbnails: {', '.join(names)}{' and more' * (len(shown) > len(names))}.",
        sheet.draw,
        (WIDE_PX, NARROW_PX),
        picture_table(catalog, ids.tolist(), {"distance": distances.tolist()}),
    )


def _duplicates_chart(catalog: Catalog, groups: Groups, thumbnails: Thumbnails) -> Chart | None:
    shown = shown_groups(groups)
    if not shown:
        return None
    entries = {entry.id: entry for entry in catalog.entries([group[0] for group in shown])}
    rows = [Row(entries[group[0]].path, f"{len(group):,} times", group) for group in shown]
    return Chart(
        "duplicates",
        "Same and similar pictures" if groups.compared else "Identical files",
        "The largest groups; the first picture of each is the one to keep. "
        "`imgrec duplicates` shows all groups, and what differs.",
        f"Rows of pictures: the largest of {counted(len(groups.groups), 'group')} has "
        f"{len(shown[0]):,}.",
        Sheet(rows, thumbnails, side_px=56, columns=2 if max(map(len, shown)) < 9 else 1).draw,
        (WIDE_PX, NARROW_PX),
    )


def _plain(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _spoken(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts)
