"""What the map draws, from dots to every picture once, in real Chromium from `file://`."""

from pathlib import Path

import numpy as np

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
