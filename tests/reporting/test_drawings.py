"""Kept drawings of a report: the same as drawn now, whatever changed, and of this user only."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from imgrec import Store
from imgrec.errors import WorkersError
from imgrec.reporting.figures import drawings as kept_drawings
from imgrec.reporting.figures.bars import Bar, Bars
from imgrec.reporting.figures.chart import Chart
from imgrec.reporting.figures.drawings import Drawings
from imgrec.reporting.figures.picture_rows import Row, Sheet
from imgrec.reporting.figures.planes import draw_map
from imgrec.reporting.figures.render import Drawing, draw_chart
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.reporting.options import ReportOptions
from imgrec.reporting.write import write_report
from thumb_parts import write_thumbs

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    return tmp_path / "cache" / "imgrec" / "drawings"


def _chart(draw: "Callable[[int], Figure]", name: str = "chart") -> Chart:
    return Chart(name, "title", "text", "alt", draw, (200,))


def _rows(store: Store, *ids: int, heading: str = "one") -> Chart:
    return _chart(Sheet([Row(heading, "two", ids)], Thumbnails(store), side_px=40).draw)


def _found(store: Store, chart: Chart) -> bool:
    """Return True if a drawing was kept, after comparing it with one that is drawn now."""
    drawings = Drawings(_thumbnails_of(chart) or Thumbnails(store))
    assert drawings.of(chart) == draw_chart(chart)
    return drawings.kept == 1


def _thumbnails_of(chart: Chart) -> Thumbnails | None:
    own = getattr(chart.draw, "__self__", None)
    found = getattr(own, "thumbnails", None)
    return found if isinstance(found, Thumbnails) else None


def test_a_chart_is_drawn_once(store: Store) -> None:
    for make in (
        lambda: _rows(store, 1, 2, 3),
        lambda: _chart(Bars([Bar("a", 1.0, "1")], "unit").draw),
    ):
        assert not _found(store, make())
        assert _found(store, make())


@pytest.mark.parametrize("change", ["heading", "ids", "order", "name", "width", "side"])
def test_other_values_are_drawn(store: Store, change: str) -> None:
    chart = _rows(store, 1, 2)
    assert not _found(store, chart)
    sheet = chart.draw.__self__  # type: ignore[attr-defined]
    other = {
        "heading": _rows(store, 1, 2, heading="other"),
        "ids": _rows(store, 1, 3),
        "order": _rows(store, 2, 1),
        "name": replace(chart, name="another"),
        "width": replace(chart, widths_px=(201,)),
        "side": replace(chart, draw=replace(sheet, side_px=50).draw),
    }[change]
    assert not _found(store, other)
    assert _found(store, chart)


def test_pictures_that_look_or_are_called_otherwise_are_drawn(own_store: Path) -> None:
    with Store.create(own_store) as store:
        assert not _found(store, _rows(store, 1, 2))
        with store.catalog.transaction() as db:
            db.execute("UPDATE images SET path = 'stripes/other name.jpg' WHERE id = 2")
        assert not _found(store, _rows(store, 1, 2))
        assert _found(store, _rows(store, 1, 2))
        thumbs = store.thumbs()
        write_thumbs(store.paths.thumbs, 99, np.array([1]), [thumbs.get(20)])
        assert not _found(store, _rows(store, 1, 2))
        # Another picture than those that it shows makes no difference.
        write_thumbs(store.paths.thumbs, 100, np.array([5]), [thumbs.get(20)])
        assert _found(store, _rows(store, 1, 2))


def test_pictures_that_are_gone_are_no_reason_to_fail_early(own_store: Path) -> None:
    with Store.create(own_store) as store:
        chart = _rows(store, 1, 2)
        assert not _found(store, chart)
        with store.catalog.transaction() as db:
            db.execute("DELETE FROM metadata WHERE image_id = 2")
            db.execute("DELETE FROM labels WHERE image_id = 2")
            db.execute("DELETE FROM images WHERE id = 2")
        assert Thumbnails(store).fingerprint_of([1, 2]) == ""
        assert not _found(store, _rows(store, 1, 3))


def test_a_map_asks_for_the_pictures_that_have_room(store: Store) -> None:
    ids, thumbnails = store.catalog.ids("ok"), Thumbnails(store)
    spots = np.random.default_rng(0).normal(size=(len(ids), 2))
    drawings = Drawings(thumbnails)
    for positions in (spots, spots, spots + np.eye(len(ids), 2)):
        chart = _chart(partial(draw_map, ids, positions, thumbnails, axes=(), kinds=()))
        assert drawings.of(chart) == draw_chart(chart)
    assert drawings.kept == 1


def test_a_function_of_unknown_values_is_drawn_each_time(store: Store) -> None:
    bars = [Bar("a", 1.0, "1")]
    chart = _chart(lambda width_px: Bars(bars, "unit").draw(width_px))
    assert not _found(store, chart)
    bars.append(Bar("b", 2.0, "2"))
    assert not _found(store, chart)


@pytest.mark.parametrize("text", [b"", b"{}", b'{"texts": [1]}', b"[" * 10**5])
def test_a_damaged_file_is_drawn_again(store: Store, cache: Path, text: bytes) -> None:
    assert not _found(store, _rows(store, 1))
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(text)
    assert not _found(store, _rows(store, 1))
    file.write_bytes(whole.replace(b'"png": "', b'"png": "!'))
    assert not _found(store, _rows(store, 1))
    assert _found(store, _rows(store, 1))


@pytest.mark.parametrize(
    "values", [{"texts": []}, {"texts": ["\udcff"]}, {"png": ""}, {"asked": [10**15]}]
)
def test_a_file_of_other_content_is_drawn_again(
    store: Store, cache: Path, values: dict[str, object]
) -> None:
    assert not _found(store, _rows(store, 1))
    (file,) = cache.iterdir()
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
    assert not _found(store, _rows(store, 1))


def test_a_cache_that_cannot_be_written_is_done_without(store: Store, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"a file")
    assert not _found(store, _rows(store, 1))
    assert not _found(store, _rows(store, 1))


def test_the_longest_unused_are_deleted(
    store: Store, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_drawings, "_MOST", 2)
    for picture in (1, 2, 3):
        assert not _found(store, _rows(store, picture))
    assert len([*cache.iterdir()]) == 2


def test_every_chart_of_a_report_can_be_kept(store: Store, tmp_path: Path) -> None:
    options = ReportOptions(methods=(), diverse=3)
    first = write_report(store, tmp_path / "one", options)
    second = write_report(store, tmp_path / "two", options)
    assert (first.kept, second.kept) == (0, second.figures)
    names = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")]
    assert any(name.suffix == ".svg" for name in names)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_worker_processes_draw_the_same_and_what_they_drew_is_kept(
    store: Store, cache: Path
) -> None:
    charts = _charts(store)
    drawings = Drawings(_thumbnails_of(charts[0]) or Thumbnails(store))
    by_workers = [*drawings.all(charts, workers=2)]
    assert by_workers == [draw_chart(chart) for chart in _charts(store)]
    assert drawings.kept == 0
    asked = sorted(json.loads(file.read_text("utf-8"))["asked"] for file in cache.iterdir())
    assert asked == [[], [1, 2, 3], [4]]
    assert [*drawings.all(charts, workers=2)] == by_workers
    assert drawings.kept == 3


def test_where_no_process_can_be_started_it_is_drawn_here(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(function: object, jobs: object, workers: int) -> Iterator[Drawing]:
        raise WorkersError("none")
        yield

    monkeypatch.setattr(kept_drawings, "in_order", broken)
    drawn = [*Drawings(Thumbnails(store)).all(_charts(store), workers=2)]
    assert drawn == [draw_chart(chart) for chart in _charts(store)]


def test_the_figures_of_a_large_report_are_drawn_by_workers(
    store: Store, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ReportOptions(methods=("umap",), diverse=3)
    write_report(store, tmp_path / "one", options)
    shutil.rmtree(cache)
    monkeypatch.setattr("imgrec.reporting.write.WORKERS_FROM", 2)
    monkeypatch.setattr("imgrec.reporting.figures.drawings.draw_chart", None)
    write_report(store, tmp_path / "two", options, workers=2)
    names = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def _charts(store: Store) -> list[Chart]:
    bars = _chart(Bars([Bar("a", 1.0, "1")], "unit").draw, "bars")
    return [_rows(store, 1, 2, 3), bars, replace(_rows(store, 4), name="other")]
