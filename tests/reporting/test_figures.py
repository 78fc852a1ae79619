"""Test the figures: positions, reproducible bytes, and colors safe for color blindness."""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from imgrec.distances.axes import fit_axes
from imgrec.layouts.choices import METHODS
from imgrec.neighbors.graph import neighbors_of
from imgrec.reporting.facts.diverse import Diverse
from imgrec.reporting.facts.maps import Ground, moved_apart, shown_without_overlap
from imgrec.reporting.facts.splits import Sorted
from imgrec.reporting.facts.training import Training
from imgrec.reporting.figures.bars import Bar, Bars, ticks
from imgrec.reporting.figures.canvas import shortened, text_width
from imgrec.reporting.figures.chart import Chart, percent
from imgrec.reporting.figures.histogram import Columns, Histogram, log_edges, log_ticks
from imgrec.reporting.figures.picture_rows import Row, Sheet
from imgrec.reporting.figures.planes import Plane, cluster_colors
from imgrec.reporting.figures.render import Rendered, draw_chart, render
from imgrec.reporting.figures.style import OKABE_ITO, PALE, SECOND, SERIES, THEMED, styled
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.reporting.picture_links import PictureLinks, Target
from imgrec.reporting.sections.training import training_section
from imgrec.store.store import Store
from projector.export import ProjectorOptions, write_logdir
from stored_clusters import clusters_of

_EVIL = "</script><img src=x onerror=alert(1)> $x_1$ & \x00 \ud800 漢字"
_PLACES = (Path("/out"), Path("/out/figures"))
_BOUNDS = (0.0, 0.0, 100.0, 60.0)
# Machado, Oliveira and Fernandes 2009, severity 1: linear RGB as seen without a kind of cone.
_BLINDNESS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
    "none": np.eye(3).tolist(),
}  # fmt: skip


class _NoLinks(PictureLinks):
    """Links of figures without pictures."""

    def __init__(self) -> None:
        pass

    def of(self, ids: Iterable[int]) -> dict[int, Target]:
        assert not list(ids)
        return {}


def _rendered(chart: Chart) -> Rendered:
    return render(chart, draw_chart(chart), _NoLinks(), *_PLACES)


def _seen(color: str, kind: str) -> np.ndarray:
    """Return a color in CIELAB as seen with a kind of color blindness."""
    share = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(_BLINDNESS[kind]) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ linear / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", _BLINDNESS)
def test_colors_are_told_apart_by_everybody(kind: str) -> None:
    for group, least in ((OKABE_ITO, 11), ((SERIES, SECOND, PALE), 30)):
        for one, other in combinations(group, 2):
            assert np.linalg.norm(_seen(one, kind) - _seen(other, kind)) > least, (one, other)


def test_no_color_of_a_group_is_gray() -> None:
    for color in OKABE_ITO:
        _, a, b = _seen(color, "none")
        assert np.hypot(a, b) > 20


def _chart(draw: object, widths_px: tuple[int, ...] = (440,)) -> Chart:
    return Chart("tried", "Tried", "A text.", "An alt.", draw, widths_px)  # type: ignore[arg-type]


def _texts(svg: bytes | str) -> list[str]:
    root = ET.fromstring(svg)
    return [e.text or "" for e in root.iter() if e.tag.rpartition("}")[2] == "text"]


def test_bars_are_as_long_as_their_values() -> None:
    rows = [Bar("a", 40, "40"), Bar("b", 10, "10", behind=30), Bar("c", 0, "0", mark=20)]
    with styled():
        figure = Bars(rows, "pictures").draw(440)
    widths = [p.get_width() for p in figure.axes[0].patches]
    assert widths[0] / widths[1] == pytest.approx(40 / 30)
    assert widths[0] / widths[2] == pytest.approx(4)
    assert len(widths) == 3
    lefts = {round(p.get_x(), 6) for p in figure.axes[0].patches}
    assert len(lefts) == 1
    assert max(p.get_x() + p.get_width() for p in figure.axes[0].patches) < 440


def test_lines_of_a_chart_do_not_run_through_its_numbers() -> None:
    rows = [Bar("a", 0.4, "40 % of 38, most others in b"), Bar("b", 0.9, "90 % of 12")]
    with styled():
        (axes,) = Bars(rows, "%", most=1.0, line=(0.5, "overall"), percent=True).draw(440).axes
    texts = {text.get_text(): text for text in axes.texts}
    for row in rows:
        ground, number = texts[row.number].get_bbox_patch(), texts[row.number]
        assert ground is not None
        assert all(line.get_zorder() < number.get_zorder() for line in axes.lines)


@pytest.mark.parametrize(("width_px", "columns"), [(1040, 2), (400, 1)])
def test_rows_of_a_wide_sheet_stand_side_by_side(store: Store, width_px: int, columns: int) -> None:
    rows = [Row(f"group {n}", "2 times", [2 * n + 1, 2 * n + 2]) for n in range(5)]
    with styled():
        (axes,) = Sheet(rows, Thumbnails(store), columns=2).draw(width_px).axes
    heads = {t.get_text(): t.get_position() for t in axes.texts if t.get_text()[:5] == "group"}
    assert len({x for x, _ in heads.values()}) == columns
    assert len({y for _, y in heads.values()}) == -(-5 // columns)
    assert len(axes.images) == 10
    extents = [image.get_extent() for image in axes.images]
    assert max(right for _, right, _, _ in extents) <= width_px
    for (l1, r1, b1, t1), (l2, r2, b2, t2) in combinations(extents, 2):
        assert r1 <= l2 or r2 <= l1 or b1 <= t2 or b2 <= t1


@pytest.mark.parametrize(("count", "filled"), [(14, True), (4, False)])
def test_lines_are_filled_if_the_longest_row_nearly_does(
    store: Store, count: int, filled: bool
) -> None:
    with styled():
        (axes,) = Sheet([Row("", "", range(1, count + 1))], Thumbnails(store)).draw(1040).axes
    centers = [sum(image.get_extent()[:2]) / 2 for image in axes.images]
    step = centers[1] - centers[0]
    assert len(centers) == count
    assert (centers[-1] + step > 1040) == filled


@pytest.mark.parametrize(
    ("count", "drawn", "told"),
    [(48, 48, "The table lists them in this order"),
     (60, 48, "The first 48 are drawn, the table lists all in this order")],
)  # fmt: skip
def test_a_diverse_subset_is_drawn_as_far_on_phones_as_elsewhere(
    store: Store, count: int, drawn: int, told: str
) -> None:
    ids = np.resize(store.catalog.ids("ok"), count)
    found = Diverse(ids, np.linspace(0, 1, count), 0.5)
    facts = Training(Sorted({}, {}), None, {}, (), {}, False, found)
    (chart,) = training_section(facts, store.catalog, Thumbnails(store)).charts
    assert chart.title == f"A diverse subset of {count} pictures"
    assert told in chart.text
    for width_px in chart.widths_px:
        with styled():
            (axes,) = chart.draw(width_px).axes
        assert len(axes.images) == drawn
    assert len(chart.table.splitlines()) == count + 1


@pytest.mark.parametrize("width_px", [230, 300, 400, 1040])
def test_beside_a_heading_stand_whole_parts(store: Store, width_px: int) -> None:
    about = "186 pictures · t-shirt 67 %, jersey 48 %, gray 34 %"
    with styled():
        (axes,) = Sheet([Row("t-shirt", about, [1])], Thumbnails(store)).draw(width_px).axes
    (shown,) = (text.get_text() for text in axes.texts if text.get_text()[:3] == "186")
    assert shown in {about, *(about[: part.start()] for part in re.finditer(", | · ", about))}
    assert (shown == about) == (width_px >= 400)


def test_names_are_drawn_as_text_and_never_as_markup() -> None:
    bars = Bars([Bar(_EVIL, 3, "3"), Bar("x" * 400, 1, "1")], "pictures")
    rendered = _rendered(_chart(bars.draw))
    texts = _texts(rendered.svg)
    assert any("<img src=x" in text and "$x_1$" in text for text in texts) or any(
        text.startswith("</script>") for text in texts
    )
    assert b"<img" not in rendered.svg
    assert b"<script" not in rendered.svg
    assert "<img" not in rendered.inline[0]
    (long,) = [text for text in texts if text.startswith("xxx")]
    assert "…" in long
    assert text_width(long) < 0.41 * 440


def test_a_figure_has_reproducible_bytes_and_no_date(store: Store) -> None:
    row = Row("one", "two", [1, 2, 3], ["a", "b", "c"])
    sheet, links = Sheet([row], Thumbnails(store)), PictureLinks(store, None, ())
    chart = _chart(sheet.draw, (1040, 400))
    first, second = (render(chart, draw_chart(chart), links, *_PLACES) for _ in range(2))
    assert (first.svg, first.png, first.inline) == (second.svg, second.png, second.inline)
    assert not re.search(rb"\d{4}-\d\d-\d\dT", first.svg)
    with Image.open(io.BytesIO(first.png)) as image:
        assert image.width == 2 * 1040
        assert not image.text
    assert first.svg.count(b"data:image/jpeg") == 3
    assert b"data:image/png" not in first.svg


def test_settings_of_the_user_change_no_figure() -> None:
    chart = _chart(Bars([Bar("a", 1.0, "1"), Bar("b", 2.0, "2")], "unit").draw, (400,))
    before = draw_chart(chart)
    with rc_context({"path.sketch": (1, 100, 2), "savefig.facecolor": "red", "lines.linewidth": 9}):
        assert draw_chart(chart) == before


def test_inline_figures_use_the_css_colors_and_share_no_ids() -> None:
    counts = Histogram.of(np.arange(50.0), np.linspace(0, 50, 6))
    columns = Columns(counts, "number, units", line=(20.0, "here"))
    rendered = _rendered(_chart(columns.draw, (440, 400)))
    wide, narrow = rendered.inline
    for color, variable in THEMED.items():
        assert color not in wide
        assert color.encode() not in rendered.svg or f"var({variable})" in wide
    assert "var(--series)" in wide and "var(--ink)" in wide
    names = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (wide, narrow)]
    used = [set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", svg)) for svg in (wide, narrow)]
    assert not names[0] & names[1]
    for named, pairs in zip(names, used, strict=True):
        assert {a or b for a, b in pairs} <= named
    head = wide[: wide.index(">")]
    assert " width=" not in head and " height=" not in head and "viewBox" in head
    assert {"number, units", "pictures", "here"} <= set(_texts(rendered.svg))


@pytest.mark.parametrize("most", [1, 950, 400_000, 40_000_000])
def test_numbers_and_names_of_axes_have_room(most: int) -> None:
    columns = Columns(Histogram(np.array([most, 1]), np.array([1.0, 10, 100])), "units")
    with styled():
        figure = columns.draw(440)
        FigureCanvasAgg(figure).draw()
        (axes,) = figure.axes
        labels = [axes.yaxis.label, axes.xaxis.label, *axes.get_yticklabels()]
        boxes = [label.get_window_extent() for label in labels if label.get_text()]
    assert min(box.x0 for box in boxes) >= 0
    assert min(box.y0 for box in boxes) >= 0
    assert boxes[0].x1 <= min(box.x0 for box in boxes[2:])


def test_histograms_count_every_value() -> None:
    values = np.random.default_rng(0).lognormal(size=500)
    edges = log_edges(values)
    assert edges[0] <= values.min() <= values.max() <= edges[-1] * (1 + 1e-12)
    assert np.diff(np.log(edges)) == pytest.approx(np.log(edges[1] / edges[0]))
    assert Histogram.of(values, edges).counts.sum() == 500
    assert Histogram.of(np.array([-5.0, 99.0]), np.array([0.0, 1, 2])).counts.tolist() == [1, 1]
    assert len(log_edges(np.array([7, 7]))) == 2


@given(st.floats(1e-6, 1e9))
def test_ticks_are_few_round_and_within(most: float) -> None:
    found = ticks(most)
    assert found[0] == 0
    assert 2 <= len(found) <= 6
    assert found[-1] <= most * (1 + 1e-9)
    step = found[1]
    assert f"{step:e}"[:3] in {"1.0", "2.0", "2.5", "5.0"}


@given(st.floats(1e-6, 1e9), st.floats(1.001, 1e12))
def test_logarithmic_ticks_are_few_and_within(low: float, ratio: float) -> None:
    found = log_ticks(low, low * ratio)
    assert 2 <= len(found) <= 7
    assert found == sorted(set(found))
    assert low <= found[0] and found[-1] <= low * ratio


def test_logarithmic_ticks_are_round_if_possible() -> None:
    assert log_ticks(0.5, 2000) == [1, 10, 100, 1000]
    assert log_ticks(9_000, 110_000) == [10_000, 20_000, 50_000, 100_000]
    assert log_ticks(0.15, 0.36) == pytest.approx([0.15, 0.2, 0.25, 0.3, 0.35])
    assert log_ticks(0.1545, 0.393) == pytest.approx([0.2, 0.25, 0.3, 0.35])
    assert log_ticks(7, 7.2) == pytest.approx([7, 7.1, 7.2])


def test_counts_have_no_ticks_between_them() -> None:
    assert ticks(3) == [0, 1, 2, 3]
    assert ticks(1) == [0, 0.25, 0.5, 0.75, 1]
    assert ticks(0) == [0]


def test_percentages_are_formatted_alike() -> None:
    assert [percent(s) for s in (0, 0.001, 0.005, 0.006, 0.5, 1)] == [
        "0 %", "< 1 %", "< 1 %", "1 %", "50 %", "100 %"
    ]  # fmt: skip


@given(st.text(max_size=60), st.integers(20, 200))
@settings(max_examples=40)
def test_a_line_is_cut_until_it_fits(text: str, width_px: int) -> None:
    clean = "".join(c for c in text if c.isprintable() and c.isascii())
    cut = shortened(clean, width_px)
    assert text_width(cut) <= width_px or len(cut) <= 3
    assert cut == clean or "…" in cut


@given(st.integers(0, 300), st.integers(0, 10**6), st.sampled_from([6.0, 15.0, 70.0]))
@settings(max_examples=30)
def test_pictures_of_a_map_never_overlap_and_none_that_fits_is_left_out(
    count: int, seed: int, side: float
) -> None:
    rng = np.random.default_rng(seed)
    centers = rng.uniform(-5, 105, (count, 2))
    order = rng.permutation(count).tolist()
    shown = shown_without_overlap(centers, side, order, _BOUNDS, gap=1)
    low, high = np.array(_BOUNDS[:2]) + side / 2, np.array(_BOUNDS[2:]) - side / 2
    inside = ((centers >= low) & (centers <= high)).all(axis=1)
    assert inside[shown].all()
    apart = np.abs(centers[:, None] - centers[None]).max(axis=2) >= side + 1
    for one, other in combinations(shown, 2):
        assert apart[one, other]
    for row in set(np.flatnonzero(inside).tolist()) - set(shown):
        assert not apart[row, shown].all()


def test_pictures_are_moved_no_farther_than_they_must() -> None:
    alone = np.array([[20.0, 20.0], [80.0, 40.0]])
    assert moved_apart(alone, 10, _BOUNDS) == pytest.approx(alone)
    crowd = np.random.default_rng(0).uniform(20, 40, (12, 2))
    moved = moved_apart(crowd, 8, _BOUNDS, gap=2)
    apart = np.abs(moved[:, None] - moved[None]).max(axis=2)
    assert (apart[~np.eye(12, dtype=bool)] >= 10 - 1e-6).all()
    assert moved[0] == pytest.approx(crowd[0])
    assert (np.abs(moved - crowd).max(axis=1) < 40).all()
    assert (moved >= 4).all() and (moved <= [96, 56]).all()


def test_neighboring_clusters_have_different_colors() -> None:
    grid = np.stack(np.meshgrid(np.arange(6), np.arange(5)), axis=-1).reshape(-1, 2) * 10.0
    colors = cluster_colors(np.repeat(grid, 4, axis=0), np.repeat(np.arange(1, 31), 4))
    assert set(colors.values()) <= set(OKABE_ITO)
    for one, other in combinations(range(30), 2):
        if np.abs(grid[one] - grid[other]).sum() <= 10:
            assert colors[one + 1] != colors[other + 1]


@pytest.mark.parametrize(
    "positions", [np.zeros((1, 2)), np.zeros((5, 2)), np.array([[1.0, 2], [3, 2]])]
)
def test_planes_without_extent_are_drawn_in_the_middle(positions: np.ndarray) -> None:
    plane = Plane.of(positions, 1040)
    assert np.isfinite(plane.points).all()
    assert (plane.points[:, 1] == plane.height / 2).all()
    up = Plane.of(np.array([[0.0, 0], [1, 1]]), 400).points
    assert up[1, 1] < up[0, 1] and up[1, 0] > up[0, 0]


def test_maps_are_those_that_the_projector_has_made(
    own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(own_store) as store:
        write_logdir(store, tmp_path / "log", options=ProjectorOptions(workers=0))
    kept = {path.name for path in (own_store / "layouts" / "mini").iterdir()}
    assert {name.split("-")[0] for name in kept} == {"umap", "tsne"}

    def fail(*_: object) -> None:
        raise AssertionError("computed twice")

    monkeypatch.setattr("imgrec.reporting.facts.maps.make_layout", fail)
    with Store.open(own_store) as store:
        spec, feature = store.spec(), store.feature()
        ground = Ground.of(store, spec, feature, clusters_of(store), neighbors_of(store), 0)
        for method in METHODS:
            positions = ground.layout(method)
            assert positions.shape == (24, 2)
            saved = [
                np.load(p) for p in (own_store / "layouts" / "mini").glob(f"{method}-2d-*/*.npy")
            ]
            assert np.array_equal(positions, saved[0])
        vectors = feature.load().astype(np.float64)
        centered = vectors - vectors.mean(axis=0)
        s = np.linalg.svd(centered, compute_uv=False)
        share = s[:2] ** 2 / (s**2).sum()
        told = [int(re.search(r"(\d+) %", name)[1]) for name in ground.axis_names]  # type: ignore[index]
        assert told == pytest.approx(100 * share, abs=0.6)
        axes = fit_axes(vectors.astype(np.float32), 2).project(vectors.astype(np.float32))
        assert np.abs(ground.axes[:, :2]) == pytest.approx(np.abs(axes), abs=1e-3)
