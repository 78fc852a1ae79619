"""The map in the page: shown, painted, ringed; what is marked there and in the grid."""

import base64
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.select import Select

from axe import violations
from browser import console_errors
from live_page import Page
from live_server import LiveServer, live
from page_map import atlas, painted, rest
from page_modules import call, until
from page_tools import file_in, mark, marked_count, press_bar, save_as

_WIDTHS = ((390, 844), (1280, 800), (1920, 1080))


@pytest.fixture(scope="module")
def server(mapped: tuple[Path, Path]) -> Iterator[LiveServer]:
    """Serve a store that has a map."""
    with live(mapped[0]) as running:
        yield running


def _count(page: Page) -> int:
    found: int = page.api("/api/store")["images"]
    return found


def _ids(page: Page) -> list[int]:
    return [int(one) for one in atlas(page, "[...view.ids]")]


def _selected(page: Page) -> set[int]:
    return {int(one) for one in atlas(page, "view.selected().map((row) => view.ids[row])")}


def _ringed(page: Page) -> list[int]:
    return [int(i) for i in atlas(page, "[...(core.rings ?? [])].map((row) => view.ids[row])")]


def test_the_switch_shows_the_map_and_the_grid_again(page: Page) -> None:
    first = page.ids()
    page.wait("return document.querySelector('#views:not([hidden])')")
    assert not page.one("#map").is_displayed()
    page.one("#views [data-view=map]").click()
    rest(page)
    assert page.query() == "?view=map"
    assert page.one("#map canvas").is_displayed() and not page.one(".tile").is_displayed()
    assert _ids(page) == list(range(1, _count(page) + 1))
    # The map ends where the window does.
    bottom = page.js("return document.querySelector('#map').getBoundingClientRect().bottom")
    assert 700 < bottom <= 800
    page.back()
    page.wait("return location.search === ''")
    assert page.one(".tile").is_displayed() and not page.one("#map").is_displayed()
    assert page.ids() == first
    page.press("v")
    page.wait("return location.search === '?view=map'")
    assert page.one("#map canvas").is_displayed()
    page.browser.refresh()
    page.settle()
    rest(page)
    page.press("v")
    page.wait("return location.search === ''")
    columns = "return document.querySelector('#grid').ariaColCount"
    assert page.ids()[: len(first)] == first and int(page.js(columns)) > 3


@pytest.mark.parametrize("width", [900, 1280])
def test_the_grid_is_where_it_was_after_the_map(page: Page, width: int) -> None:
    page.size(width, 800)
    page.go()
    page.wait("return document.querySelector('#views:not([hidden])')")
    page.js("scrollTo(0, 700)")
    page.press("v")
    rest(page)
    # All of the map is in sight.
    top, bottom = page.js(
        "const {top, bottom} = document.querySelector('#map').getBoundingClientRect();"
        "return [top, bottom]"
    )
    assert 100 < top < bottom <= 800
    page.press("v")
    page.wait("return Math.abs(scrollY - 700) < 2")
    # Another answer begins at its first picture.
    page.press("v")
    rest(page)
    call(page.browser, "state.js", "m.state.change({pictures: [{id: 3}]})")
    page.wait("return location.search === '?like=3&view=map'")
    page.settle()
    page.press("v")
    page.wait("return location.search === '?like=3'")
    assert page.js("return scrollY") == 0


def test_results_that_come_while_the_map_is_shown_fill_the_grid(page: Page) -> None:
    page.go("?like=3")
    columns = page.js("return document.querySelector('#grid').ariaColCount")
    page.go("?view=map")
    rest(page)
    call(page.browser, "state.js", "m.state.change({pictures: [{id: 3}]})")
    page.wait("return location.search === '?like=3&view=map'")
    page.settle()
    page.press("v")
    page.wait("return location.search === '?like=3'")
    expected = page.api("/api/search", {"pictures": [3], "k": 20})["results"]
    page.wait_ids([one["id"] for one in expected])
    assert page.js("return document.querySelector('#grid').ariaColCount") == columns


def test_a_question_paints_all_pictures_and_rings_its_results(page: Page) -> None:
    page.go("?view=map")
    rest(page)
    assert painted(page) is None and _ringed(page) == []
    page.go("?like=3&view=map")
    rest(page)
    until(lambda: painted(page))
    token = page.api("/api/map")["map"]
    expected = page.api(f"/api/map/{token}/distances", {"pictures": [3]})
    steps = np.frombuffer(base64.b64decode(expected["distances"]), np.uint8)
    assert painted(page) == steps.tolist() and len(steps) == _count(page)
    results = page.api("/api/search", {"pictures": [3], "k": 60})["results"]
    rings = _ringed(page)
    assert set(rings) <= {one["id"] for one in results} and rings[0] == results[0]["id"]
    assert set(page.ids()) <= set(rings)
    # A filter leaves most out; without a question nothing is painted.
    call(page.browser, "state.js", "m.state.change({where: ['folder=discs']})")
    until(lambda: (painted(page) or []).count(255) > 50)
    call(page.browser, "state.js", "m.state.change(m.EMPTY)")
    until(lambda: painted(page) is None and _ringed(page) == [])


def test_what_is_asked_about_is_marked(page: Page) -> None:
    page.go("?like=3,~9&view=map")
    rest(page)
    pinned = "[...core.pins].map((row) => view.ids[row])"
    until(lambda: atlas(page, pinned) == [3])
    page.wait("return document.querySelector('#map .legend .sign .pin')")
    call(page.browser, "state.js", "m.state.change({pictures: [{id: 5}, {id: 60}]})")
    until(lambda: atlas(page, pinned) == [5, 60])
    call(page.browser, "state.js", "m.state.change(m.EMPTY)")
    until(lambda: atlas(page, pinned) == [])


_LOOKS = "[core.state.layout, core.state.kind, core.camera.x, core.camera.y, core.camera.scale]"
_TITLE = "return document.querySelector('#map .legend summary').textContent"
_CHOSEN = "return document.querySelector('#map select[title=Color]').selectedOptions[0].textContent"


def test_where_one_looks_on_the_map_is_in_the_address(page: Page) -> None:
    page.go("?like=3&view=map")
    rest(page)
    atlas(page, "core.showLayout(core.facts.layouts.at(-1).name)")
    atlas(page, "core.camera.fly({x: 20000, y: 30000, scale: 0.05}, 0)")
    rest(page)
    looks = atlas(page, _LOOKS)
    query = f"?like=3&view=map&{atlas(page, 'imgrecMap.fragmentOf(core)')}"
    assert "&x=" in query and "&layout=" in query
    page.wait("return location.search === arguments[0]", query)
    page.browser.refresh()
    page.settle()
    rest(page)
    # Five decimals of the width of the map.
    assert atlas(page, _LOOKS)[:2] == looks[:2]
    assert np.allclose(atlas(page, _LOOKS)[2:], looks[2:], rtol=0.01, atol=1)
    # Another question is asked from the same place; the way back leads to the place of the first.
    call(page.browser, "state.js", "m.state.change({pictures: [{id: 5}]})")
    page.wait("return location.search.startsWith('?like=5&view=map&x=')")
    atlas(page, "core.fly(core.home())")
    rest(page)
    page.wait("return !/&x=/.test(location.search)")
    page.back()
    page.wait("return location.search === arguments[0]", query)
    until(lambda: np.allclose(atlas(page, _LOOKS)[2:], looks[2:], rtol=0.01, atol=1))
    # The grid looks nowhere, and the map is found where it was left.
    page.press("v")
    page.wait("return location.search === '?like=3'")
    page.press("v")
    page.wait("return location.search === arguments[0]", query)


def test_distances_give_way_to_a_label_that_is_chosen(page: Page) -> None:
    page.go("?like=3&view=map")
    rest(page)
    page.wait(f"{_TITLE} === 'Distance'")
    assert page.js(_CHOSEN) == "Color: Distance"
    labels = atlas(page, "core.facts.labels.map((label) => label.title)")
    kinds = atlas(page, "core.facts.labels.map((label) => label.kind)")
    for title, kind in [*zip(labels, kinds, strict=True)][:2]:
        chosen = f"Color: {title}"
        select = Select(page.one("#map select[title=Color]"))
        select.select_by_visible_text(chosen)
        page.wait(f"{_TITLE} === arguments[0]", title)
        assert page.js(_CHOSEN) == chosen and painted(page) is None
        page.wait("return location.search.endsWith(arguments[0])", f"&color={kind}")
    page.browser.refresh()
    page.settle()
    rest(page)
    until(lambda: atlas(page, "core.knowsDistances"))
    assert page.js(_TITLE) == labels[1] and painted(page) is None
    Select(page.one("#map select[title=Color]")).select_by_visible_text("Color: Distance")
    page.wait(f"{_TITLE} === 'Distance'")
    assert painted(page)
    page.wait("return !/&color=/.test(location.search)")
    # Without a question there is nothing to choose.
    call(page.browser, "state.js", "m.state.change(m.EMPTY)")
    page.wait(f"{_TITLE} === arguments[0]", labels[0])
    assert "Color: Distance" not in page.text("#map select[title=Color]")


def test_a_limit_of_distance_is_painted(page: Page) -> None:
    every = page.api("/api/search", {"pictures": [3], "k": 200})["results"]
    page.go(f"?like=3&within={every[20]['distance'] + 1e-5}&view=map")
    rest(page)
    until(lambda: painted(page))
    ids, steps = np.array(_ids(page)), np.array(painted(page))
    assert set(ids[steps < 255].tolist()) == {3, *(one["id"] for one in every[:21])}


def test_what_is_selected_on_the_map_is_marked(page: Page, downloads: Path) -> None:
    page.go("?view=map")
    rest(page)
    canvas = page.one("#map canvas")
    # A rectangle around all pictures: with Shift from one corner to the other.
    width, height = canvas.size["width"], canvas.size["height"]
    actions = ActionChains(page.browser).key_down(Keys.SHIFT)
    actions.move_to_element_with_offset(canvas, 3 - width // 2, 70 - height // 2).click_and_hold()
    actions.move_to_element_with_offset(canvas, 0, 0)
    actions.move_to_element_with_offset(canvas, width // 2 - 3, height // 2 - 3).release()
    actions.key_up(Keys.SHIFT).perform()
    until(lambda: marked_count(page) == f"{_count(page)} marked")
    assert _selected(page) == set(_ids(page))
    some = [2, 5, 9, 60, 61, 62, 63]
    atlas(page, "view.select(given.map((id) => view.rowOf(id)))", some)
    until(lambda: marked_count(page) == "7 marked")
    save_as(page, "#selection", "CSV")
    rows = csv.DictReader(io.StringIO(file_in(downloads, "marked.csv").read_text("utf-8")))
    found = {int(row["id"]): row["path"] for row in rows}
    assert found == {i: page.api(f"/api/pictures/{i}")["picture"]["path"] for i in some}
    page.press("v")
    page.wait("return location.search === ''")
    ticked = page.js(
        "return [...document.querySelectorAll('.tile.is-marked')].map((t) => Number(t.dataset.id))"
    )
    assert set(ticked) == set(page.ids()) & set(some)


def test_what_is_marked_in_the_grid_is_selected_on_the_map(page: Page) -> None:
    ids = page.ids()
    mark(page, ids[0], ids[3])
    page.go("?view=map")
    rest(page)
    assert _selected(page) == {ids[0], ids[3]}
    press_bar(page, "Clear")
    until(lambda: _selected(page) == set())
    page.click("#notice button")
    until(lambda: _selected(page) == {ids[0], ids[3]})


def test_searching_with_more_than_five_takes_those_that_stand_for_them(page: Page) -> None:
    page.go("?view=map")
    rest(page)
    some = page.api("/api/list", {"where": {"folder": "discs"}, "k": 50})["pictures"]
    ids = [one["id"] for one in some]
    atlas(page, "view.select(given.map((id) => view.rowOf(id)))", ids)
    until(lambda: marked_count(page) == f"{len(ids)} marked")
    medoids = page.api("/api/medoids", {"ids": ids})["ids"]
    assert len(medoids) == 5
    press_bar(page, "Search with these")
    page.wait("return location.search.startsWith('?like=')")
    assert page.query() == f"?like={','.join(map(str, medoids))}&view=map"
    until(lambda: painted(page))


def test_a_picture_is_shown_on_the_map_from_the_grid_and_large(page: Page) -> None:
    first, second = page.ids()[:2]
    page.wait("return document.documentElement.classList.contains('has-map')")
    page.click(f".tile[data-id='{first}'] .place")
    rest(page)
    assert page.query().startswith("?view=map")
    assert atlas(page, "view.ids[core.state.open]") == first
    page.press("v")
    page.wait("return location.search === ''")
    page.js("document.querySelector(`.tile[data-id='${arguments[0]}']`).focus()", second)
    page.press("l")
    page.wait("return document.querySelector('#large[open] .place')")
    page.click("#large .place")
    page.wait("return !document.querySelector('#large[open]')")
    until(lambda: atlas(page, "view.ids[core.state.open]") == second)
    assert page.query().startswith("?view=map")
    # The way back leads to the grid, not to the large picture.
    page.back()
    page.wait("return location.search === '' && location.hash === ''")
    assert page.one(".tile").is_displayed()
    assert not page.js("return document.querySelector('#large[open]')")


def test_the_panel_of_the_map_leads_into_the_page(page: Page) -> None:
    page.go("?view=map")
    rest(page)
    atlas(page, "view.show(view.rowOf(given))", 60)
    button = "[...document.querySelectorAll('#map .panel .button')]"
    button += ".find((one) => one.textContent === arguments[0])"
    page.wait(f"return {button}", "Find similar")
    picture = page.wait(f"return {button}?.href", "Open the picture")
    assert picture == f"{page.server.origin}/api/original/60"
    community = page.wait(f"return {button}?.href", "Its community")
    assert community.startswith(f"{page.server.origin}/files/") and community.endswith(".html#60")
    page.js(f"{button}.click()", "Find similar")
    page.wait("return location.search.startsWith('?like=60&view=map&id=60')")
    page.js(f"{button}.click()", "Show large")
    page.wait("return document.querySelector('#large[open]') && location.hash === '#id=60'")
    page.escape()
    page.wait("return !document.querySelector('#large[open]') && location.hash === ''")


def test_without_a_site_there_is_no_switch(browser: webdriver.Chrome, page_store: Path) -> None:
    with live(page_store) as running:
        page = Page(browser, running)
        page.enter()
        page.wait("return document.querySelector('#store-name').textContent")
        assert page.js("return document.querySelector('#views').hidden")
        assert not page.one(".tile .place").is_displayed()
        page.press("v")
        assert page.query() == ""
        page.go("?view=map")
        page.wait("return document.querySelector('.map-error')")
        assert "imgrec graph" in page.text(".map-error")
        page.click(".map-error .button:last-child")
        page.wait("return location.search === ''")
        assert page.one(".tile").is_displayed()
        console_errors(browser)
        browser.get("about:blank")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_is_accessible_and_fits(page: Page, scheme: str) -> None:
    page.colors(scheme)
    page.go("?like=3&view=map")
    rest(page)
    until(lambda: painted(page))
    mark(page, *page.ids()[:3])
    assert violations(page.browser) == []
    for width, height in _WIDTHS:
        page.size(width, height)
        page.wait("return document.documentElement.scrollWidth <= innerWidth")
        rest(page)
