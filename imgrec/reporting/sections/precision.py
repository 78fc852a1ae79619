"""The section on neighbors: precision of each feature and metric, folders as ground truth."""

from collections.abc import Sequence

from imgrec.reporting.facts.precision import LEAST, Folders, Precision
from imgrec.reporting.figures.bars import Bar, Bars
from imgrec.reporting.figures.chart import NARROW_PX, WIDE_PX, Chart, Section, percent
from imgrec.reporting.figures.style import SECOND, SERIES

# Multiple of chance that the best precision must reach to mean anything.
_NO_BETTER = 1.5


def choice_section(folders: Folders | None, found: Sequence[Precision]) -> Section:
    """Return the section on neighbors; a single line if the folders are not usable.

    Args:
        folders: the query pictures; None if the folders are not usable as ground truth.
        found: the precision of each feature and metric, in descending order.
    """
    name, title = "neighbors", "Quality of neighbors"
    if folders is None or not found:
        return Section(name, title, (
            "The folders cannot serve as ground truth here. Needed are two or more folders with "
            f"at least {LEAST} pictures each, which together hold at least half of all pictures, "
            "and none of them more than nine tenths of these.",
        ))  # fmt: skip
    return Section(name, title, _lines(folders, found), (_chart(folders, found),))


def _lines(folders: Folders, found: Sequence[Precision]) -> tuple[str, ...]:
    best = found[0]
    asked = (
        f"{len(folders.ids):,} pictures in {folders.count:,} folders were used as queries, each "
        "left out of its own answer and compared with all the others"
        + (f" ({folders.pictures:,} are in such folders)." if folders.pictures > len(folders.ids)
           else ".")
    )  # fmt: skip
    if best.at[5] < _NO_BETTER * folders.chance:
        return asked, (
            "No combination is much better than chance: the folders do not reflect what the "
            "pictures show, so they cannot tell which metric to choose."
        )
    return asked, (
        f"The best is {best.feature} with {best.metric}: {100 * best.at[5]:.0f} % of a picture's "
        f"five nearest are in its folder; by chance it would be {percent(folders.chance)}."
    )


def _chart(folders: Folders, found: Sequence[Precision]) -> Chart:
    rows = [
        Bar(
            f"{p.feature}, {p.metric}",
            p.at[5],
            f"{100 * p.at[5]:.1f} · {100 * p.at[1]:.1f}",
            mark=p.at[1],
        )
        for p in found
    ]
    bars = Bars(
        rows, "%", keys=((SERIES, "of the 5 nearest"), (SECOND, "of the nearest")),
        line=(folders.chance, f"chance {100 * folders.chance:.1f}"), percent=True, name_px=240,
    )  # fmt: skip
    best = found[0]
    return Chart(
        "precision",
        "Precision: nearest pictures in the same folder",
        "For each feature and metric: the share of the five nearest pictures (bar) and of the "
        "nearest one (mark) that are in a folder of the same name.",
        f"Precision at 5 of {len(found)} features and metrics: {best.feature} with {best.metric} "
        f"{100 * best.at[5]:.1f} %, chance {100 * folders.chance:.1f} %.",
        bars.draw,
        (WIDE_PX, NARROW_PX),
    )
