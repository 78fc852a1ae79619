"""The page of the map: panel, address, keys, fingers, names that would do harm, accessibility."""

from typing import Any

import numpy as np
import pytest
from selenium.webdriver import Keys

from axe import violations
from map_folder import MadeMap, near_rows
from map_page import MapPage


def _open(page: MapPage, row: int) -> None:
    page.do("core.open(given[0], {flies: true})", row)
    page.wait("return document.querySelector('.panel h2')")


def test_a_click_opens_a_picture_and_one_beside_closes_it(page: MapPage, made: MadeMap) -> None:
    row = int(np.flatnonzero(made.levels == 1)[2])
    page.look_at(row, 3)
    x, y, *_ = page.box(row)
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        page.mouse(kind, x, y)
    page.mouse("mouseMoved", 1, 1)
    page.wait("return document.querySelector('.panel h2')")
    assert page.do("core.state.open") == row
    assert page.text(".panel h2") == made.paths[row].split("/")[1]
    page.click(".panel .close")
    assert page.js("return document.querySelector('.panel').hidden")


def test_the_panel_tells_facts_labels_and_neighbors(page: MapPage, made: MadeMap) -> None:
    row = 40
    _open(page, row)
    facts = page.js("return [...document.querySelectorAll('.panel dd')].map(e => e.textContent)")
    group = made.names[made.groups[row]]
    assert facts == [group, "2019-07-14", "640 × 480"]
    labels = page.js(
        "return [...document.querySelectorAll('.panel .labels span')].map(e => e.textContent)"
    )
    assert labels == [group, *(["red"] if made.ids[row] % 2 else [])]
    page.wait("return document.querySelectorAll('.panel .near canvas.drawn').length === 8")
    expected = near_rows(made)[row].tolist()
    assert (
        page.do("core.pictures.near(given[0]).then(near => near.map(one => one.row))", row)
        == expected
    )
    assert page.do("core.state.edges.near.map(one => one.row)") == expected
    # As the network pages write it.
    shown = page.js(
        "return [...document.querySelectorAll('.panel .near small')].map(e => e.textContent)"
    )
    near = page.do("core.pictures.near(given[0])", row)
    assert shown == [f"{one['similar']:.2f}" for one in near]
    page.click(".panel .near button")
    page.wait("return imgrecMap.view.core.state.open === arguments[0]", expected[0])


def test_neighbors_are_their_own_pictures(page: MapPage, made: MadeMap) -> None:
    _open(page, 40)
    page.wait("return document.querySelectorAll('.panel .near canvas.drawn').length === 8")
    found = page.js("""
      return [...document.querySelectorAll(".panel .near canvas")].map((c) =>
        [...c.getContext("2d").getImageData(c.width >> 1, c.height >> 1, 1, 1).data].slice(0, 3));
    """)
    for color, row in zip(found, near_rows(made)[40].tolist(), strict=True):
        assert np.abs(np.subtract(color, made.color(row))).max() < 15


def test_hostile_names_are_text(page: MapPage, made: MadeMap) -> None:
    _open(page, 0)
    title = page.text(".panel h2")
    assert title.startswith("<img src=x onerror=alert(1)> \u2423gpj.exe\u2423")
    assert not page.js("return document.querySelector('.panel h2 img')")
    page.do("core.search('onerror')")
    page.js("document.querySelector('[role=combobox]').focus()")
    page.wait("return document.querySelector('[role=option] b')?.textContent")
    assert not page.js("return document.querySelector('[role=option] img')")
    address = page.do("core.pictures.details(1).then(one => core.pictures.links(1, one).picture)")
    assert address.endswith("pictures/group%200/caf%e9%2050%25.jpg")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "", None])
def test_links_that_are_no_files_or_pages_are_none(page: MapPage, address: str | None) -> None:
    assert page.do("map.safeAddress(given[0])", address) is None
    assert page.do("map.safeAddress('../a%20b.jpg')") == "../a%20b.jpg"


def test_an_id_in_the_address_opens_its_picture(
    page: MapPage, made: MadeMap, map_file: Any
) -> None:
    page.open(map_file, f"#id={made.ids[123]}")
    assert page.do("core.state.open") == 123
    assert 123 in page.shown()
    page.open(map_file, "#id=999999999")
    assert "no picture" in page.text(".trouble")


def test_the_whole_state_is_in_the_address(page: MapPage, made: MadeMap, map_file: Any) -> None:
    page.do("core.showLayout('pca')")
    page.do("core.colorBy(1)")
    page.do("core.look(1)")
    page.do("core.search('picture-00001')")
    page.do("core.camera.fly({x: 20000, y: 30000, scale: 0.05}, 0)")
    page.do("core.open(77)")
    page.wait("return location.hash.includes('id=') && location.hash.includes('q=')")
    fragment = page.do("map.fragmentOf(core)")
    page.wait("return location.hash === '#' + arguments[0]", fragment)
    page.open(map_file, f"#{fragment}")
    page.wait("return imgrecMap.view.core.rings?.length")
    assert page.do("map.fragmentOf(core)") == fragment
    assert page.do("[core.state.layout, core.state.kind, core.state.code, core.state.open]") == [
        "pca", 1, 1, 77]  # fmt: skip
    x, y, scale = page.do("[core.camera.x, core.camera.y, core.camera.scale]")
    assert np.allclose((x, y), (20000, 30000), atol=1)
    assert abs(scale / 0.05 - 1) < 0.01


def test_a_changed_address_is_followed(page: MapPage, made: MadeMap) -> None:
    page.js("location.hash = arguments[0]", f"#id={made.ids[9]}")
    page.wait("return imgrecMap.view.core.state.open === 9")
    page.settle()


@pytest.mark.parametrize(
    "fragment",
    ["#x=nan&y=1&z=2", "#z=99", "#layout=../evil&color=%3Cb%3E&look=-1", "#id=1e400", "#%"],
)
def test_what_an_address_cannot_mean_is_left_out(
    page: MapPage, map_file: Any, fragment: str
) -> None:
    page.open(map_file, fragment)
    assert page.do("core.isHome")
    assert page.do("core.state.layout") == "map"


def test_keys_move_zoom_and_open(page: MapPage, made: MadeMap) -> None:
    page.focus()
    home = page.do("[core.camera.x, core.camera.y, core.camera.scale]")
    page.press("+", "+", "+", "+")
    page.settle()
    assert page.do("core.camera.scale") > 4 * home[2]
    x = page.do("core.camera.x")
    page.press(Keys.ARROW_RIGHT)
    page.settle()
    assert page.do("core.camera.x") > x
    page.press("0")
    page.settle()
    assert page.do("core.isHome")
    page.look_at(5, 3)
    page.press(Keys.ENTER)
    page.wait("return document.querySelector('.panel h2')")
    assert page.do("core.state.open") == 5
    assert page.js("return document.querySelector('.panel').contains(document.activeElement)")
    page.escape()
    assert page.do("core.state.open") == -1
    assert page.js("return document.activeElement.className") == "canvas"
    page.press("t")
    page.settle()
    assert page.shown() == []
    page.press("?")
    assert page.one(".help").is_displayed()
    page.escape()
    assert not page.one(".help").is_displayed()


def test_the_wheel_zooms_at_the_pointer(page: MapPage) -> None:
    before = page.do("core.camera.toUnits(300, 200)")
    page.js("""
      const canvas = document.querySelector(".canvas");
      const { left, top } = canvas.getBoundingClientRect();
      canvas.dispatchEvent(new WheelEvent("wheel", {
        deltaY: -200, clientX: left + 300, clientY: top + 200, cancelable: true, bubbles: true }));
    """)
    page.settle()
    # The browser gives events whole pixels.
    pixel = 1 / page.do("core.camera.scale")
    assert np.allclose(page.do("core.camera.toUnits(300, 200)"), before, atol=pixel)


def _touch(page: MapPage, kind: str, *points: tuple[float, float]) -> None:
    fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
    page.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def test_fingers_pan_pinch_and_rest(page: MapPage, made: MadeMap) -> None:
    page.do("core.camera.fly({scale: map.scaleShowing(1)}, 0)")
    x, scale = page.do("[core.camera.x, core.camera.scale]")
    _touch(page, "touchStart", (640, 400))
    _touch(page, "touchMove", (600, 400))
    _touch(page, "touchMove", (540, 400))
    _touch(page, "touchEnd")
    page.settle()
    assert abs(page.do("core.camera.x") - x - 100 / scale) < 12 / scale
    _touch(page, "touchStart", (600, 400), (700, 400))
    _touch(page, "touchMove", (550, 400), (750, 400))
    _touch(page, "touchEnd")
    page.settle()
    assert abs(page.do("core.camera.scale") / scale - 2) < 0.05
    row = page.shown()[-1]
    page.look_at(row, 1)
    px, py, *_ = page.box(row)
    _touch(page, "touchStart", (px, py))
    page.wait("return imgrecMap.view.core.state.hover >= 0")
    page.wait("return !document.querySelector('.tip').hidden")
    _touch(page, "touchEnd")
    assert page.do("core.state.open") == -1


def test_a_double_tap_zooms_once(page: MapPage) -> None:
    page.do("core.camera.fly({scale: map.scaleShowing(1)}, 0)")
    scale = page.do("core.camera.scale")
    page.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        for _ in range(2):
            _touch(page, "touchStart", (640, 400))
            _touch(page, "touchEnd")
        page.js("await new Promise((done) => setTimeout(done, 400))")
        page.settle()
        assert abs(page.do("core.camera.scale") / scale - 2) < 0.01
    finally:
        page.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_a_pointer_over_a_dot_shows_name_picture_and_edges(page: MapPage, made: MadeMap) -> None:
    x, y, *_ = page.box(40)
    page.mouse("mouseMoved", x, y)
    page.wait("return imgrecMap.view.core.state.hover >= 0")
    row = page.do("core.state.hover")
    page.wait("return document.querySelector('.tip canvas.drawn')")
    assert made.paths[row].endswith(page.text(".tip span"))
    page.wait("return imgrecMap.view.core.state.edges")
    assert page.do("core.state.edges.near.map(one => one.row)") == near_rows(made)[row].tolist()
    page.mouse("mouseMoved", 640, 10)
    page.wait("return imgrecMap.view.core.state.hover === -1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_keeps_people_out(page: MapPage, scheme: str, width: int) -> None:
    page.size(width, 844)
    page.media(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    page.do("core.search('group 1')")
    _open(page, 5)
    page.do("core.select([1, 2, 3, 4, 5])")
    page.wait("return document.querySelectorAll('.typical canvas.drawn').length === 5")
    assert violations(page.browser) == []
    assert page.js("return document.documentElement.scrollWidth") == width


def test_the_view_leaves_nothing_behind(page: MapPage) -> None:
    assert page.js("return Object.keys(window).filter(k => k.startsWith('imgrec')).sort()") == [
        "imgrecMap", "imgrecMapData"]  # fmt: skip
    page.js("imgrecMap.view.destroy()")
    assert page.js("return document.querySelector('#map').childElementCount") == 0
