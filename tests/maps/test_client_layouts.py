"""Layouts, colors, names and the minimap of the map."""

from itertools import pairwise

import numpy as np
import pytest

from map_folder import MadeMap, other_positions
from map_page import MapPage


def test_another_layout_has_the_pictures_at_its_places(page: MapPage, made: MadeMap) -> None:
    page.do("core.showLayout('pca')")
    assert page.js("return document.querySelector('.tools select').value") == "pca"
    expected = other_positions(made)
    found = page.do("[...core.places.positions]")
    assert np.array_equal(np.reshape(found, (-1, 2)), expected)
    for row in (0, 1, 57, 2999):
        x, y, *_ = page.box(row)
        px, py = page.do("core.camera.toUnits(given[0], given[1] - document.querySelector("
                         "'.imgrec-map').getBoundingClientRect().top)", x, y)  # fmt: skip
        assert np.allclose((px, py), expected[row], atol=1)


def test_pictures_move_between_layouts(page: MapPage) -> None:
    # Frames at times of the test's own: a busy machine may draw none on the way.
    seen = page.do("""core.showLayout('pca').then(() => {
      const start = performance.now();
      return [0, 200, 400, 600, 900].map((after) => {
        core.scene.draw(start + after);
        return core.scene.moved;
      });
    })""")
    assert seen[0] == 0
    assert seen[-1] == 1
    assert all(one < other for one, other in pairwise(seen))


@pytest.mark.parametrize("before_ms", [1, 1e-3, 1e-6, 1e-9])
def test_no_thumbnail_stays_where_the_last_frame_comes_just_before_the_end(
    page: MapPage, before_ms: float
) -> None:
    page.do("core.showLayout('grid')")
    # Frames go on as long as they are asked for.
    left = page.do("""core.showLayout('pca').then(() => {
      const start = performance.now();
      core.scene.draw(start);
      core.camera.fly(core.home(), 0);
      for (let now = start + 800 - given[0]; now < start + 5000 && core.scene.draw(now); now += 16);
      return [core.scene.moved, core.scene.detail.top, core.scene.shown.rows.length];
    })""", before_ms)  # fmt: skip
    assert left == [1, -1, 0]


def test_nothing_moves_where_motion_is_reduced(page: MapPage) -> None:
    page.media(prefers_reduced_motion="reduce")
    assert not page.do("core.moves()")
    assert (
        page.do(
            "core.showLayout('pca').then(() => { core.scene.draw(0); return core.scene.moved; })"
        )
        == 1
    )
    before = page.do("core.camera.scale")
    assert page.do("(core.zoom(2), core.camera.scale)") == 2 * before


def test_thumbnails_are_of_their_pictures_in_another_layout(page: MapPage, made: MadeMap) -> None:
    page.do("core.showLayout('pca')")
    page.do("core.colorBy(-1)")
    page.do("core.camera.fly({x: 30000, y: 30000, scale: map.scaleShowing(2)}, 0)")
    page.js("document.querySelector('.names').hidden = true")
    pixels, checked = page.pixels(), 0
    for one in page.shown():
        x, y, w, h = page.box(one)
        if x - w > 400 and x + w < 1240 and y - h > 160 and y + h < 780:
            assert np.abs(pixels[round(y), round(x)].astype(int) - made.color(one)).max() < 15
            checked += 1
    assert checked > 10


# What is seen of the thumbnails: their number, how strong the faintest is, their side, and that of
# a cell in which one stands.
_THUMBNAILS = """
  const { shown, detail } = core.scene;
  return [shown.rows.length, Math.min(...shown.alpha), shown.side,
    core.camera.scale * map.cellUnits(detail.top)];
"""


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_the_grid_shows_pictures_from_where_all_is_seen(page: MapPage, width: int) -> None:
    page.size(width, 800)
    page.wait("return imgrecMap.view.core.camera.width === arguments[0]", width)
    page.do("core.showLayout('grid')")
    assert page.do("core.isHome")
    count, faintest, *_ = page.do(f"(() => {{ {_THUMBNAILS} }})()")
    # 3,000 pictures are 55 columns of cells of level 2.
    assert count >= 14 * 14
    assert faintest > 0.9
    # None is cut off.
    right, bottom = page.do("""core.scene.shown.rows.map((row) => core.scene.boxOf(row)).reduce(
      (most, { x, y, w, h }) => [Math.max(most[0], x + w), Math.max(most[1], y + h)], [0, 0])""")
    inside = page.do("[core.root.clientWidth, core.root.clientHeight]")
    assert (right, bottom) <= tuple(inside) and bottom <= inside[1]
    page.do("core.showLayout('pca')")
    assert page.do("core.scene.shown.rows.length") == 0


def test_thumbnails_of_the_grid_touch_however_near_one_looks(page: MapPage) -> None:
    page.do("core.showLayout('grid')")
    page.js("document.querySelector('.names').hidden = true")
    for scale in ("map.scaleShowing(1)", "map.scaleShowing(2)", "2 * map.scaleShowing(2)"):
        page.do(f"core.camera.fly({{x: 32768, y: 32768, scale: {scale}}}, 0)")
        _, _, side, cell = page.do(f"(() => {{ {_THUMBNAILS} }})()")
        assert side > 0.9 * cell, scale
        ground = page.do("core.theme.ground")
        inside = page.pixels()[200:700, 400:1200].astype(int)
        assert (np.abs(inside - ground).max(axis=2) > 20).mean() > 0.55, scale


def test_a_layout_ends_at_the_last_level_that_shows_another_picture(page: MapPage) -> None:
    page.do("core.showLayout('grid')")
    assert page.do("core.places.deepest") == 2
    assert page.do("Math.max(...core.places.levels)") == 2


def test_a_legend_counts_values_and_looks_at_one(page: MapPage, made: MadeMap) -> None:
    counts = np.bincount(made.groups)
    shown = page.js(
        "return [...document.querySelectorAll('.legend li')].map((li) =>"
        " ['span', 'small'].map((part) => li.querySelector(part).textContent))"
    )
    assert shown == [[name, f"{n:,}"] for name, n in zip(made.names, counts.tolist(), strict=True)]
    page.click(".legend li:nth-child(3) button")
    page.settle()
    assert page.do("core.state.code") == 3
    colors = page.do(
        "core.pictures.codes(0).then((codes) => [...map.colorsOf(core.pictures.count, core.theme,"
        " {label: core.facts.labels[0], codes}, core.state)])"
    )
    assert np.array_equal(np.reshape(colors, (-1, 4))[:, 3] == 255, made.groups == 2)
    assert page.one(".legend [aria-pressed=true]").text.startswith("group 2")
    page.click(".legend li:nth-child(3) button")
    assert page.do("core.state.code") is None


@pytest.mark.parametrize("width", [1280, 390])
def test_a_legend_wraps_names_instead_of_cutting_them(page: MapPage, width: int) -> None:
    page.size(width, 800)
    page.do("core.facts.labels[0].values[1] = 'longsleeve \u00b7 t-shirt \u00b7 turquoise (12)',"
            "core.events.emit('color')")  # fmt: skip
    page.js("document.querySelector('.legend').open = true")
    cut = page.js(
        "return [...document.querySelectorAll('.legend span')].filter((name) =>"
        " name.scrollWidth > name.clientWidth || name.scrollHeight > name.clientHeight + 1).length"
    )
    assert cut == 0
    heights = page.js(
        "return [...document.querySelectorAll('.legend span')].map((name) => name.clientHeight)"
    )
    assert heights[1] > 1.5 * heights[0]


def test_pictures_without_a_value_are_counted_as_none(page: MapPage, made: MadeMap) -> None:
    page.do("core.colorBy(1)")
    odd = int((made.ids % 2).sum())
    texts = [one.text.split("\n") for one in page.all(".legend li")]
    assert texts == [["red", f"{odd:,}"], ["none", f"{3000 - odd:,}"]]


def test_a_distance_is_painted_over_the_colors(page: MapPage) -> None:
    page.js(
        "const n = 3000; window.bytes = new Uint8Array(n).fill(255); bytes[7] = 0; bytes[8] = 254;"
    )
    page.do("core.paint(bytes)")
    near, far = page.do("core.theme.near"), page.do("core.theme.far")
    colors = page.do("[7, 8, 9].map(row => [...map.colorsOf(3000, core.theme,"
                     " {distances: bytes}, {}).subarray(4 * row, 4 * row + 4)])")  # fmt: skip
    assert colors[0] == [*near, 255]
    assert colors[1][:3] == far
    assert colors[2][3] < colors[1][3] < colors[0][3]
    assert page.text(".legend summary") == "Distance"
    page.do("core.paint(null)")
    assert page.text(".legend summary") == "Group"


def test_distances_are_painted_by_rank(page: MapPage) -> None:
    rng = np.random.default_rng(3)
    # As of photographs: few are near, most are nearly as far as each other.
    bytes_ = np.clip(rng.normal(215, 12, 3000), 0, 254).astype(np.uint8)
    bytes_[:20] = rng.integers(0, 120, 20)
    bytes_[20:60] = 255
    found = page.js("return imgrecMap.ranksOf(Uint8Array.from(arguments[0]))", bytes_.tolist())
    known = bytes_[bytes_ < 255]
    nearer = np.array([(known < one).sum() for one in range(255)])
    assert np.allclose(found, np.minimum(nearer / nearer[known.max()], 1))
    colors = page.js(
        "return [...imgrecMap.colorsOf(3000, imgrecMap.view.core.theme,"
        " {distances: Uint8Array.from(arguments[0])}, {})]", bytes_.tolist()
    )  # fmt: skip
    shown = np.array(colors).reshape(-1, 4)
    # Half of the way from near to far in color are a quarter of the pictures.
    near, far = (np.array(page.do(f"core.theme.{end}")) for end in ("near", "far"))
    share = (shown[60:, :3] - near) @ (far - near) / ((far - near) @ (far - near))
    assert 0.2 < (share < 0.5).mean() < 0.3
    for nothing in ([], [255, 255], [7, 7]):
        asked = "return imgrecMap.ranksOf(Uint8Array.from(arguments[0]))"
        assert set(page.js(asked, nothing)) <= {0, 1}


# Boxes of the names within the map, and the places of all pictures on it.
_SEEN = """
  const { core } = imgrecMap.view;
  const { left, top } = core.canvas.getBoundingClientRect();
  const boxes = [...document.querySelectorAll(".name > span")].map((name) => {
    const box = name.getBoundingClientRect();
    return [box.left - left, box.top - top, box.right - left, box.bottom - top];
  });
  const { positions } = core.places;
  const at = (row) => core.camera.toScreen(positions[2 * row], positions[2 * row + 1]);
  return [boxes, Array.from({ length: core.pictures.count }, (_, row) => at(row))];
"""


def test_no_name_lies_over_a_picture_that_is_asked_about(page: MapPage) -> None:
    boxes, places = (np.array(found) for found in page.js(_SEEN))
    assert len(boxes) > 2
    for box in boxes[:4]:
        middle = (box[:2] + box[2:]) / 2
        row = int(np.argmin(np.linalg.norm(places - middle, axis=1)))
        page.do(f"core.pin([{row}])")
        page.settle()
        shown = np.array(page.js(_SEEN)[0])
        covers = (shown[:, :2] <= places[row]) & (places[row] <= shown[:, 2:])
        assert not covers.all(axis=1).any()
        assert len(shown) >= len(boxes) // 2


def test_names_stand_over_their_groups_without_overlap(page: MapPage, made: MadeMap) -> None:
    names = page.js("return [...document.querySelectorAll('.name > span')].map(e => {"
                    "const r = e.getBoundingClientRect();"
                    "return [e.textContent, r.left, r.top, r.right, r.bottom]})")  # fmt: skip
    assert names
    for i, (text, left, top, right, bottom) in enumerate(names):
        group = made.names.index(text)
        members = np.flatnonzero(made.groups == group)
        middle = np.median(made.cells[members], axis=0)
        nearest = members[np.abs(made.cells[members] - middle).sum(axis=1).argmin()]
        x, y, *_ = page.box(int(nearest))
        assert abs((left + right) / 2 - x) < 40
        assert abs(bottom - y) < 40
        for _, a, b, c, d in names[:i]:
            assert right <= a or c <= left or bottom <= b or d <= top


def test_from_far_a_picture_stands_above_a_name(page: MapPage, made: MadeMap) -> None:
    page.wait("return document.querySelector('.name.pictured canvas.drawn')")
    page.wait("return !document.querySelector('.name.pictured canvas:not(.drawn)')")
    found = page.js("""
      return [...document.querySelectorAll(".name.pictured")].map((name) => {
        const canvas = name.querySelector("canvas");
        const [x, y] = [canvas.width >> 1, canvas.height >> 1];
        const color = canvas.getContext("2d").getImageData(x, y, 1, 1).data;
        return [name.textContent, ...color.slice(0, 3)];
      });
    """)
    assert found
    for text, *color in found:
        members = np.flatnonzero(made.groups == made.names.index(text))
        middle = np.median(made.cells[members], axis=0)
        row = int(members[np.abs(made.cells[members] - middle).sum(axis=1).argmin()])
        assert np.abs(np.subtract(color, made.color(row))).max() < 15
    page.look_at(5, 2)
    assert page.shown()
    assert not page.all(".name.pictured")


def test_the_axes_of_a_layout_are_told(page: MapPage) -> None:
    assert page.js("return document.querySelector('.axes').hidden")
    page.do("core.showLayout('pca')")
    assert page.text(".axes") == "\u2194 first axis \u00b7 \u2195 second axis"


def test_the_minimap_goes_where_it_is_pressed(page: MapPage) -> None:
    page.do("core.camera.fly({scale: map.scaleShowing(2)}, 0)")
    page.js("""
      const mini = document.querySelector(".minimap");
      const { left, top } = mini.getBoundingClientRect();
      const press = { clientX: left + 66, clientY: top + 66, pointerId: 1, bubbles: true };
      mini.setPointerCapture = () => {};
      mini.dispatchEvent(new PointerEvent("pointerdown", press));
    """)
    page.settle()
    box = page.do("core.places.box")
    x, y = page.do("[core.camera.x, core.camera.y]")
    assert abs(x - (box["left"] + box["right"]) / 2) < 2
    assert abs(y - (box["top"] + box["bottom"]) / 2) < 2
    sides = page.js("const s = document.querySelector('.minimap .frame').style;"
                    "return [s.left, s.top, s.width, s.height].map(parseFloat)")  # fmt: skip
    assert abs(sides[0] + sides[2] / 2 - 66) < 2
    assert sides[2] < 66


def test_dark_pages_have_their_own_colors(page: MapPage) -> None:
    light = page.pixels()[790, 640]
    page.media(prefers_color_scheme="dark")
    page.settle()
    dark = page.pixels()[790, 640]
    assert light.min() > 200
    assert dark.max() < 60
