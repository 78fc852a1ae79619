"""The timeline and the section on metadata: counts by hand, and what is said without any."""

import numpy as np
import pytest

from imgrec.reporting.facts.catalog import Files
from imgrec.reporting.facts.metadata import Timeline, Told, timeline_of
from imgrec.reporting.sections.metadata import metadata_section, timeline_section


def told(timeline: Timeline | None = None, **counts: int) -> Told:
    return Told(10, max(counts.values(), default=0), counts, timeline, (), ())


def test_months_between_the_first_and_the_last_are_counted_too() -> None:
    line = timeline_of({"2018-11": 3, "2019-02": 1, "2018": 2})
    assert line.counts == (("2018-11", 3), ("2018-12", 0), ("2019-01", 0), ("2019-02", 1))
    assert (line.by_month, line.first, line.last, line.unplaced) == (True, "2018-11", "2019-02", 2)


@pytest.mark.parametrize(("last", "by_month"), [("2019-12", True), ("2020-01", False)])
def test_more_than_sixty_months_are_shown_by_year(last: str, by_month: bool) -> None:
    line = timeline_of({"2015-01": 1, last: 2, "2016": 4})
    assert line.by_month == by_month
    assert len(line.counts) == (60 if by_month else 6)
    assert sum(count for _, count in line.counts) + line.unplaced == 7


def test_years_alone_are_a_timeline_of_years() -> None:
    line = timeline_of({"1999": 1, "2001": 2})
    assert line.counts == (("1999", 1), ("2000", 0), ("2001", 2))
    assert not line.by_month


def test_file_times_take_the_place_of_dates_and_it_is_said() -> None:
    line = Timeline((("2019", 4), ("2020", 6)), False, False, "2019", "2020")
    section = timeline_section(told(line))
    assert section.lines == (
        "No picture says when it was taken. These are the years in which files were last modified, "
        "2019 to 2020, as the file system records them.",
    )
    assert [chart.title for chart in section.charts] == ["Files by year"]
    assert "last modification" in section.charts[0].draw(400).axes[0].get_xlabel()


def test_without_any_date_one_line_says_so() -> None:
    section = timeline_section(told())
    assert not section.charts
    assert "No picture says when it was taken, and file times do not show it" in section.lines[0]
    section = metadata_section(told())
    assert not section.charts
    assert "the files hold no EXIF, XMP or IPTC" in section.lines[0]


@pytest.mark.parametrize("width_px", [400, 1040])
def test_the_columns_are_the_counts(width_px: int) -> None:
    line = timeline_of({"2018-11": 3, "2019-02": 1})
    (chart,) = timeline_section(told(line, taken=4)).charts
    (axes,) = chart.draw(width_px).axes
    assert [bar.get_height() for bar in axes.patches] == [3, 0, 0, 1]
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["2018-11", "2018-12", "2019-01", "2019-02"]
    assert chart.alt == "Pictures by month, 2018-11 to 2019-02; most in 2018-11, 3."


def test_many_months_do_not_name_all_columns() -> None:
    line = timeline_of({"2015-01": 1, "2019-12": 2})
    (chart,) = timeline_section(told(line, taken=3)).charts
    assert len(chart.draw(1040).axes[0].get_xticks()) <= 12
    assert len(chart.draw(400).axes[0].get_xticks()) <= 5


def test_places_are_counted_with_what_becomes_of_them() -> None:
    lines = metadata_section(told(taken=9, latitude=2)).lines
    assert lines[0] == "9 of 10 pictures hold metadata in EXIF, XMP or IPTC."
    assert lines[1].startswith(
        "2 pictures hold the place where they were taken. imgrec keeps it in"
    )
    assert (
        "1 picture holds the place where it was taken."
        in metadata_section(told(latitude=1)).lines[1]
    )
    assert (
        metadata_section(told(taken=9)).lines[1] == "No picture holds the place where it was taken."
    )


def test_cameras_and_lenses_are_listed_with_their_numbers() -> None:
    found = Told(10, 9, {"camera": 9, "iso": 3}, None, (("<b>Canon</b>", 6), ("NIKON D700", 3)), ())
    charts = {chart.name: chart for chart in metadata_section(found).charts}
    assert list(charts) == ["metadata", "cameras"]
    assert charts["metadata"].alt == "What pictures say: camera 9, ISO 3."
    assert charts["cameras"].alt == "Cameras: <b>Canon</b> 6, NIKON D700 3."
    texts = [text.get_text() for text in charts["metadata"].draw(440).axes[0].texts]
    assert {"camera", "9 · 90 %", "ISO", "3 · 30 %"} <= {*texts}


def test_file_times_are_those_of_the_catalog() -> None:
    times = np.array([18_000, 18_001, 18_700]) * 86_400 * 10**9
    files = Files(np.arange(3), np.ones(3, int), np.ones(3, int), np.ones(3, int), times)
    # Days 18,000 and 18,700 are 2019-04-14 and 2021-03-14.
    assert files.years() == (("2019", 2), ("2020", 0), ("2021", 1))
