"""Limits of the report: reached exactly, one less and one more; both ends and both sides."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imgrec.derived.clusters import Clusters
from imgrec.neighbors.neighbors import Neighbors
from imgrec.reporting import links
from imgrec.reporting.facts.catalog import Files
from imgrec.reporting.facts.clusters import groups_of
from imgrec.reporting.facts.health import Groups, loners, shown_groups
from imgrec.reporting.figures.bars import ticks
from imgrec.reporting.figures.histogram import Histogram, log_edges, log_ticks
from imgrec.reporting.figures.picture_rows import Row, _spread
from imgrec.reporting.links import links_from
from imgrec.store.store import Store
from site_stores import clusters, make_store, plain_names

_DAY_NS = 86_400 * 10**9


@pytest.mark.parametrize("count", [0, 7, 8, 9])
def test_as_many_groups_as_a_figure_shows(count: int) -> None:
    groups = Groups(tuple((2 * i, 2 * i + 1) for i in range(count)))
    assert len(shown_groups(groups)) == min(count, 8)


@pytest.mark.parametrize("count", [1, 23, 24, 25])
def test_as_many_loners_as_a_figure_shows(count: int) -> None:
    ids = np.arange(1, count + 1)
    distances = np.linspace(0, 1, count, dtype=np.float32)[:, None]
    found, nearest = loners(Neighbors(ids, ids[:, None], distances))
    assert found.tolist() == ids[::-1][:24].tolist()
    assert nearest.tolist() == distances[::-1, 0][:24].tolist()


def _files(widths: list[int], heights: list[int], days: list[int] | None = None) -> Files:
    count = len(widths)
    times = np.array(days or [1] * count, np.int64) * _DAY_NS
    return Files(np.arange(count), np.array(widths), np.array(heights), np.ones(count, int), times)


@pytest.mark.parametrize(
    ("width", "height", "kind"),
    [
        (102, 100, "square"), (103, 100, "landscape"), (100, 102, "square"),
        (100, 103, "portrait"), (1, 1, "square"), (1, 30_000, "portrait"),
    ],
)  # fmt: skip
def test_both_sides_of_what_is_square(width: int, height: int, kind: str) -> None:
    found = dict(_files([width], [height]).orientations())
    assert found == {"landscape": 0, "portrait": 0, "square": 0} | {kind: 1}


def test_a_picture_of_an_unknown_side_has_no_shape() -> None:
    files = _files([0, 5, 0, 4], [5, 0, 0, 4])
    assert files.known.tolist() == [False, False, False, True]
    assert files.aspects().tolist() == [1]
    assert files.megapixels().tolist() == [16e-6]


@pytest.mark.parametrize(("on_one_day", "known"), [(7, True), (8, True), (9, False), (10, False)])
def test_times_of_copying_are_those_of_one_day(on_one_day: int, known: bool) -> None:
    days = [400] * on_one_day + [400 + 365 * (i + 1) for i in range(10 - on_one_day)]
    years = _files([1] * 10, [1] * 10, days).years()
    assert bool(years) == known
    assert sum(count for _, count in years) == (10 if known else 0)


def test_years_without_pictures_are_counted_too() -> None:
    years = _files([1] * 4, [1] * 4, [400, 401, 400 + 3 * 365, 402 + 3 * 365]).years()
    assert years == (("1971", 2), ("1972", 0), ("1973", 0), ("1974", 2))
    # A year begins at midnight UTC.
    assert _files([1] * 2, [1] * 2, [364, 365]).years() == (("1970", 1), ("1971", 1))


@pytest.mark.parametrize(("share", "named"), [(2, False), (3, True), (4, True)])
def test_a_label_dominates_from_three_tenths_on(tmp_path: Path, share: int, named: bool) -> None:
    path = make_store(tmp_path, [f"f{i}/a.jpg".encode() for i in range(10)], clusters(10))
    with Store.create(path) as store:
        store.catalog.labels.replace("color", dict.fromkeys(range(1, share + 1), "red"))
        found = Clusters(
            np.arange(1, 11), np.ones(10, np.int32), np.zeros(10, np.float32), np.array([1])
        )
        (one,) = groups_of(store.catalog, found)
    assert (("red", share / 10) in one.dominant) == named


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_links_to_as_many_communities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(links, "_MOST", most)
    path = make_store(tmp_path, plain_names(12), clusters(12))
    site = tmp_path / "site"
    (site / "pages").mkdir(parents=True)
    (site / "index.html").touch()
    with Store.create(path) as store:
        labels = {i: str(i % 4 + 1) for i in range(1, 13)}
        store.catalog.labels.replace("community", labels)
        for number in range(1, 5):
            (site / "pages" / f"community-{number}.html").touch()
        found = links_from(store, tmp_path / "report", site, None)
        assert len(found.communities) == min(most, 4)
        # A page that is gone gives its place to the next.
        (site / "pages" / "community-1.html").unlink()
        found = links_from(store, tmp_path / "report", site, None)
        assert len(found.communities) == min(most, 3)
    # The names are those that the store keeps; it keeps none.
    assert {link.text for link in found.communities} <= {f"Community {n}" for n in (2, 3, 4)}


@pytest.mark.parametrize(
    "most", [0, 0.1, 0.9999, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 999, 1000, 12_345]
)
def test_ticks_are_round_few_and_within(most: float) -> None:
    found = ticks(most)
    assert found[0] == 0
    assert found[-1] <= most * (1 + 1e-6)
    assert len(found) <= 6
    if most > 1:
        assert len(found) >= 2
        assert all(tick == int(tick) for tick in found)


@pytest.mark.parametrize(("low", "high"), [(1, 1.0001), (1, 2), (1, 10), (1e-3, 1e9), (5, 5e20)])
def test_ticks_of_any_range_are_two_to_seven(low: float, high: float) -> None:
    found = log_ticks(low, high)
    assert 2 <= len(found) <= 7
    assert found == sorted(found)
    assert low <= found[0] < found[-1] <= high


@pytest.mark.parametrize("values", [[1.0], [5.0, 5.0], [1e-3, 1e3], [0.999, 1.001]])
def test_bins_hold_every_value(values: list[float]) -> None:
    numbers = np.array(values)
    histogram = Histogram.of(numbers, log_edges(numbers))
    assert histogram.counts.sum() == len(values)
    assert histogram.edges[0] <= numbers.min()
    assert histogram.edges[-1] >= numbers.max()


def test_values_beyond_both_ends_count_in_the_outermost_bins() -> None:
    found = Histogram.of(np.array([-9.0, 0.0, 1.0, 2.0, 99.0]), np.array([0.0, 1.0, 2.0]))
    assert found.counts.tolist() == [2, 3]


@pytest.mark.parametrize("count", [9, 10, 11, 30])
def test_the_first_ones_of_both_halves_are_shown(count: int) -> None:
    row = Row("", "", list(range(count)), split=4)
    shown = _spread(row, 5, 2)
    assert len(shown) == min(count, 10)
    assert shown[:4] == [0, 1, 2, 3]
    assert shown[4:] == list(range(4, min(count, 10)))
    late = _spread(replace(row, split=count - 2), 5, 2)
    assert set(late) >= {count - 2, count - 1}
    assert late == sorted(late)
