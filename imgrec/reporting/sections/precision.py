"""The section on quality: which feature and metric finds pictures of the same folder."""

from collections.abc import Sequence

from imgrec.reporting.facts.precision import LEAST, Folders, Precision
from imgrec.reporting.figures.bars import Bar, Bars
from imgrec.reporting.figures.chart import NARROW_PX, WIDE_PX, Chart, Section, percent
from imgrec.reporting.figures.style import SECOND, SERIES

_NO_BETTER = 1.5  # times chance


def choice_section(folders: Folders | None, found: Sequence[Precision]) -> Section:
    """Return the section; one line where folders tell nothing.

    Args:
        folders: the pictures asked, None where folders tell nothing.
        found: the precision of all features and metrics, the best first.
    """
    name, title = "quality", "Quality"
    if folders is None or not found:
        return Section(name, title, (
            f"Folders do not tell what is alike here: two or more with at least {LEAST} pictures "
            "are needed that hold at least half of all pictures, none of them more than nine "
            "tenths.",
        ))  # fmt: skip
    return Section(name, title, _lines(folders, found), (_chart(folders, found),))


def _lines(folders: Folders, found: Sequence[Precision]) -> tuple[str, ...]:
    best = found[0]
    asked = (
        f"{len(folders.ids):,} pictures in {folders.count:,} folders were asked, each left out of "
        "its own answer and compared with all others of them"
        + (f" ({folders.pictures:,} are in such folders)." if folders.pictures > len(folders.ids)
           else ".")
    )  # fmt: skip
    if best.at[5] < _NO_BETTER * folders.chance:
        return asked, (
            "No way does much better than chance: the folders do not say what is seen in the "
            "pictures, and this cannot tell which metric to take."
        )
    return asked, (
        f"The best is {best.feature} under {best.metric}: of the five nearest of a picture "
        f"{100 * best.at[5]:.0f} % lie in its folder, by chance {percent(folders.chance)} would."
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
        "quality",
        "How many of the nearest lie in the same folder",
        "For each feature and metric: the share of the five nearest pictures (bar) and of the "
        "nearest one (mark) that lie in a folder of the same name.",
        f"Precision at 5 of {len(found)} ways: {best.feature} under {best.metric} "
        f"{100 * best.at[5]:.1f} %, chance {100 * folders.chance:.1f} %.",
        bars.draw,
        (WIDE_PX, NARROW_PX),
    )
