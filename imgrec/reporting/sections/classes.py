"""The section on classes: the most frequent, their confidence, two classifiers compared."""

import numpy as np

from imgrec.reporting.facts.classes import Comparison, Frequency, compare, frequencies_of
from imgrec.reporting.figures.bars import Bar, Bars
from imgrec.reporting.figures.chart import NARROW_PX, WIDE_PX, Chart, Section, percent
from imgrec.reporting.figures.histogram import Columns, Histogram
from imgrec.reporting.figures.picture_rows import Row, Sheet
from imgrec.reporting.figures.style import PALE, SERIES
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.store.classes import Classes
from imgrec.system.text import counted

NAME, TITLE = "classes", "Classes"
_PERCENT = np.arange(0, 101, 5, dtype=np.float64)


def class_section(every: list[Classes], thumbnails: Thumbnails) -> Section:
    """Return the section on classes; a single line if the store has none.

    Args:
        every: the predictions of each classifier, the store's own first.
        thumbnails: of the pictures.
    """
    every = [classes for classes in every if len(classes.ids)]
    if not every:
        return Section(NAME, TITLE, (
            "The store holds no classes. An encoder that knows classes, such as `lite0` or a "
            "torchvision model, computes them: `imgrec index --encoder lite0`.",
        ))  # fmt: skip
    charts = [_frequency_chart(every[0], thumbnails), _confidence_chart(every[0])]
    lines = [_told(every[0])]
    if len(every) > 1:
        comparison = compare(every[0], every[1])
        lines.append(_compared(comparison))
        lines += [_compared(compare(every[0], other)) for other in every[2:]]
        charts += _comparison_charts(comparison, thumbnails)
    return Section(NAME, TITLE, tuple(lines), tuple(charts))


def _told(classes: Classes) -> str:
    seen = len(np.unique(classes.top[:, 0]))
    return (
        f"{classes.encoder} classified {counted(len(classes.ids), 'picture')}; {seen:,} of its "
        f"{len(classes.categories):,} classes are the most probable class of at least one picture."
    )


def _compared(comparison: Comparison) -> str:
    if not comparison.pictures:
        return f"{comparison.one} and {comparison.other} have classified no picture in common."
    return (
        f"{comparison.one} and {comparison.other} predict the same class for "
        f"{percent(comparison.same / comparison.pictures)} of {comparison.pictures:,} pictures; in "
        f"{percent(comparison.within / comparison.pictures)} the class by the first is among the "
        "five most probable by the second."
    )


def _frequency_chart(classes: Classes, thumbnails: Thumbnails) -> Chart:
    found = frequencies_of(classes)
    bars = Bars(
        [_bar(frequency) for frequency in found],
        "pictures",
        keys=((SERIES, "the most probable class"), (PALE, "among the five most probable")),
        columns=2,
        thumbnails=thumbnails,
    )
    best = found[0]
    return Chart(
        "classes",
        f"The most frequent classes by {classes.encoder}",
        f"{_first(len(found))} In front: the pictures whose most probable class it is, their "
        "number and the mean probability; behind: those that have it among their five most "
        "probable. The thumbnails are the pictures for which the class is most probable.",
        f"Bar chart of {len(found)} classes. The most frequent is {best.name} with "
        f"{counted(best.first, 'picture')}; the last shown is {found[-1].name} with "
        f"{found[-1].first:,}.",
        bars.draw,
        (WIDE_PX, NARROW_PX),
    )


def _first(count: int) -> str:
    return f"The {count} most frequent." if count > 1 else "A single class."


def _bar(frequency: Frequency) -> Bar:
    return Bar(
        frequency.name,
        frequency.first,
        f"{frequency.first:,} · {percent(frequency.confidence)}",
        behind=frequency.among,
        pictures=frequency.examples,
    )


def _confidence_chart(classes: Classes) -> Chart:
    shares = 100 * classes.probabilities[:, 0].astype(np.float64)
    median = float(np.median(shares))
    columns = Columns(
        Histogram.of(shares, _PERCENT), "probability of the most probable class, %",
        line=(median, f"median {percent(median / 100)}"),
    )  # fmt: skip
    return Chart(
        "confidence",
        f"Confidence of {classes.encoder}",
        "The probability of each picture's most probable class. If it is low for most pictures, "
        "the classes do not fit the collection, and their names say little.",
        f"Histogram of the probability of the most probable class; its median is "
        f"{percent(median / 100)}.",
        columns.draw,
    )


def _comparison_charts(comparison: Comparison, thumbnails: Thumbnails) -> list[Chart]:
    if not comparison.pictures:
        return []
    charts = [_agreement_chart(comparison)]
    if comparison.disagreements:
        charts.append(_disagreement_chart(comparison, thumbnails))
    return charts


def _agreement_chart(comparison: Comparison) -> Chart:
    share = comparison.same / comparison.pictures
    rows = [Bar(name, same / count, f"{percent(same / count)} of {count:,}")
            for name, count, same in comparison.by_class]  # fmt: skip
    bars = Bars(rows, "%", most=1.0, line=(share, f"overall {percent(share)}"), percent=True)
    least = min(comparison.by_class, key=lambda row: row[2] / row[1])
    return Chart(
        "agreement",
        f"Agreement of {comparison.one} and {comparison.other}",
        f"For the most frequent classes by {comparison.one}: the share of their pictures for which "
        f"{comparison.other} predicts the same. Classes with short bars are unreliable.",
        f"Bar chart of the agreement by class, {share:.0%} overall; the lowest is {least[0]} with "
        f"{least[2] / least[1]:.0%}.",
        bars.draw,
    )


def _disagreement_chart(comparison: Comparison, thumbnails: Thumbnails) -> Chart:
    rows = [
        Row(f"{found.one} / {found.other}", counted(found.count, "picture"), found.examples)
        for found in comparison.disagreements
    ]
    first = comparison.disagreements[0]
    return Chart(
        "disagreements",
        f"Where {comparison.one} and {comparison.other} disagree",
        f"The most frequent pairs of different classes: the class by {comparison.one}, then the "
        f"class by {comparison.other}, of the same pictures; those with the highest confidence of "
        "both first.",
        f"Rows of pictures. The most frequent disagreement is {first.one} against {first.other}, "
        f"{counted(first.count, 'picture')}.",
        Sheet(rows, thumbnails, side_px=56).draw,
    )
