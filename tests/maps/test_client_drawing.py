"""What the map draws, from dots to every picture once, in real Chromium from `file://`."""

from pathlib import Path

import numpy as np
import pytest

from browser import requests
from map_folder import MadeMap, write_map_folder
from map_page import MapPage


def _near(found: np.ndarray, expected: tuple[int, int, int], tolerance: int = 14) -> bool:
    return bool(np.abs(found.astype(int) - expected).max() <= tolerance)


def test_every_picture_is_a_dot_in_the_color_of_its_group(page: MapPage, made: MadeMap) -> None:
    page.js("document.querySelector('.names').hidden = true")
    pixels = page.pixels()
    colors = page.do("core.theme.palette")
    checked = 0
    for row in range(0, 3000, 37):
        group = int(made.groups[row])
        x, y, *_ = page.box(row)
        covered = page.js(
            "return document.elementFromPoint(arguments[0], arguments[1])?.className", x, y
        )
        if group >= len(colors) or covered != "canvas":
            continue
        # A dot of four pixels is blended with the ground at its rim.
        around = pixels[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].reshape(-1, 3)
        assert any(_near(one, tuple(colors[group])) for one in around), row
        checked += 1
    assert checked > 20


def test_thumbnails_show_their_own_picture(page: MapPage, made: MadeMap) -> None:
    # The frames of labels are not of the pictures.
    row = int(np.flatnonzero(made.levels == 2)[0])
    page.look_at(row, 3)
    page.do("core.colorBy(-1)")
    page.js("document.querySelector('.names').hidden = true")
    pixels, checked = page.pixels(), 0
    for one in page.shown():
        x, y, w, h = page.box(one)
        if not (x - w > 400 and x + w < 1240 and y - h > 160 and y + h < 780):
            continue
        assert _near(pixels[round(y), round(x)], made.color(one)), one
        width, tall = made.side(one)
        assert w / h == np.float64(width) / tall
        checked += 1
    assert checked > 10


def test_what_is_visible_stays_visible_on_the_way_down(page: MapPage, made: MadeMap) -> None:
    row = int(np.flatnonzero(made.levels == 0)[3])
    before: set[int] = set()
    for level in range(made.depth + 1):
        page.look_at(row, level)
        seen = page.do("[core.camera.seen()].map(({left, top, right, bottom}) =>"
                       " [left, top, right, bottom])[0]")  # fmt: skip
        places = (made.cells.astype(float) + 0.5) * (65536 / (16 << made.depth))
        within = ((places > seen[:2]) & (places < seen[2:])).all(axis=1)
        shown = set(page.shown())
        assert shown <= set(np.flatnonzero(made.levels <= level).tolist())
        assert set(np.flatnonzero(within & (made.levels <= level)).tolist()) <= shown
        # Those at the edge have left the view.
        assert {one for one in before if within[one]} <= shown
        before = shown
    assert row in before


@pytest.mark.parametrize("width", [390, 1280])
def test_a_map_that_rests_shows_each_thumbnail_whole(page: MapPage, width: int) -> None:
    page.size(width, 800)
    page.wait("return imgrecMap.view.core.camera.width === arguments[0]", width)
    tops: list[int] = []
    # In steps of a fifth of a level, from where all is seen.
    for step in range(20):
        page.do(f"core.camera.fly({{scale: core.home().scale * 2 ** ({step} / 5)}}, 0)")
        assert page.do("core.scene.shown.alpha.filter((alpha) => alpha < 1).length") == 0, step
        tops.append(page.do("core.scene.detail.top"))
    assert tops == sorted(tops)
    assert tops[0] == -1 and tops[-1] >= 2


def test_levels_fade_in_and_out_one_after_the_other(page: MapPage) -> None:
    found = page.do("""(() => {
      const depth = new map.Depth();
      const near = map.scaleShowing(2);
      const at = (rest, scale, ...times) => times.map((now) => depth.at(rest, scale, now));
      return [
        at(0, near, 0, 5000),
        at(2, near, 9000, 9020, 9100, 9200, 9300, 9500),
        at(-1, near, 9600, 9650, 9999),
        [depth.isFading, ...at(2, near, 20000)],
        (depth.jump(), at(2, near, 20001)),
        at(-1, near / 64, 30000),
      ];
    })()""")
    rests, deeper, higher, begins, jumps, far = found
    assert rests == [0, 0]
    # At its first frame it has waited, and not faded, for four seconds.
    assert deeper[0] == 0 and deeper[-1] == 2
    assert deeper == sorted(deeper) and len(set(deeper)) > 4
    assert higher[0] == 2 and higher[-1] == -1 and -1 < higher[1] < 2
    assert begins == [False, -1]
    assert jumps == [2]
    # Cells of level 2 would be of a pixel.
    assert far == [-1]


def test_the_deepest_level_shows_every_picture_once(page: MapPage, made: MadeMap) -> None:
    scale = page.do("map.scaleShowing(core.pictures.deepest)")
    step = 700 / scale
    found: list[int] = []
    for y in np.arange(step / 2, 65536 + step / 2, step):
        for x in np.arange(step / 2, 65536 + step / 2, step):
            page.do("core.camera.fly({x: given[0], y: given[1], scale: given[2]}, 0)", x, y, scale)
            left, top = x - step / 2, y - step / 2
            for row in page.shown():
                px, py = (made.cells[row] + 0.5) * (65536 / (16 << made.depth))
                if left <= px < left + step and top <= py < top + step:
                    found.append(row)
    assert sorted(found) == list(range(len(made.ids)))


def test_thumbnails_do_not_overlap(page: MapPage, made: MadeMap) -> None:
    row = int(np.flatnonzero(made.levels == 1)[5])
    page.look_at(row, 2)
    boxes = np.array([page.box(one) for one in page.shown()])
    assert len(boxes) > 20
    dx = np.abs(boxes[:, None, 0] - boxes[None, :, 0])
    dy = np.abs(boxes[:, None, 1] - boxes[None, :, 1])
    apart = (dx >= boxes[:, None, 2] + boxes[None, :, 2]) | (
        dy >= boxes[:, None, 3] + boxes[None, :, 3]
    )
    assert (apart | np.eye(len(boxes), dtype=bool)).all()


def test_only_files_of_the_map_are_loaded(page: MapPage, map_file: Path) -> None:
    requests(page.browser)
    page.open(map_file)
    page.look_at(5, 3)
    asked = requests(page.browser)
    assert asked
    site = map_file.parents[1].as_uri()
    assert all(one.startswith((site, "about:")) for one in asked)


def test_a_missing_tile_is_said_and_the_rest_works(
    page: MapPage, made: MadeMap, tmp_path: Path
) -> None:
    file = write_map_folder(tmp_path, made, tiles=False)
    page.open(file)
    page.look_at(5, 2)
    assert "cannot be read" in page.text(".trouble")
    assert page.shown() == []
    page.do("core.camera.fly(core.home(), 0)")
    assert page.do("core.scene.pick(...Object.values(core.scene.boxOf(7)).slice(0, 2))") >= 0
    page.browser.get_log("browser")  # type: ignore[no-untyped-call]


def test_a_lost_context_is_restored(page: MapPage, made: MadeMap) -> None:
    page.look_at(5, 3)
    before = page.shown()
    page.js("window.lost = imgrecMap.view.core.scene.gl.getExtension('WEBGL_lose_context');"
            "lost.loseContext()")  # fmt: skip
    page.wait("return imgrecMap.view.core.scene.isLost")
    page.js("lost.restoreContext()")
    page.wait("return !imgrecMap.view.core.scene.isLost")
    page.settle()
    assert sorted(page.shown()) == sorted(before)
    page.do("core.colorBy(-1)")
    x, y, *_ = page.box(5)
    assert _near(page.pixels()[round(y), round(x)], made.color(5))


def test_without_webgl_the_density_and_a_reason_are_shown(page: MapPage, map_file: Path) -> None:
    script = page.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": (
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "  return kind === 'webgl2' ? null : get.call(this, kind, ...rest); };")})  # fmt: skip
    try:
        page.open(map_file)
    finally:
        page.browser.execute_cdp_cmd(
            "Page.removeScriptToEvaluateOnNewDocument", {"identifier": script["identifier"]}
        )
    assert "WebGL 2" in page.text(".fallback")
    page.wait("return document.querySelector('.fallback img').naturalWidth")
