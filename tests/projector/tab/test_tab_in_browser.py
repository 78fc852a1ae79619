"""The tab in the page of TensorBoard, in Chromium."""

from pathlib import Path

import pytest
from selenium.webdriver import Chrome

import page_modules
from browser import console_errors, requests
from imgrec.search.recommender import Recommender
from logdirs import only_run, table
from projector_page import open_projector
from site_in_browser import until
from tab_page import TabPage
from tab_server import BELOW, TabServer


@pytest.fixture
def page(browser: Chrome, server: TabServer) -> TabPage:
    requests(browser)
    console_errors(browser)
    return TabPage(browser, server)


def _tile_is_drawn(page: TabPage) -> None:
    page.wait(
        "const images = [...document.querySelectorAll('.tile img')];"
        "return images.length > 3 && images.every((i) => i.complete && i.naturalWidth > 0)"
    )


def test_the_tab_shows_all_pictures_and_asks_for_nothing_elsewhere(page: TabPage) -> None:
    page.enter()
    assert page.text("#count").startswith("24 pictures")
    _tile_is_drawn(page)
    tabs = page.in_parent("return document.body.textContent")
    assert "imgrec" in tabs.lower()
    page.browser.switch_to.default_content()
    # Other tabs have errors of their own: hparams of TensorBoard 2.16 fails with today's protobuf.
    assert [one for one in console_errors(page.browser) if BELOW in one] == []
    asked = [one for one in requests(page.browser) if "/imgrec" in one]
    assert any("/api/thumbs/" in one for one in asked)
    assert all(one.startswith(f"{page.server.origin}/data/plugin") for one in asked)


def test_a_search_finds_what_a_query_finds(page: TabPage, made: Path) -> None:
    page.enter()
    first = page.ids()[0]
    page.js("document.querySelector(`.tile[data-id='${arguments[0]}']`).focus()", first)
    page.press("s")
    page.wait("return document.querySelector('#chips .chip')")
    page.settle()
    assert page.query() == f"?like={first}"
    with Recommender.open(made / "store") as recommender:
        found = recommender.query([first], k=20).results
    page.wait_ids([one.id for one in found])
    _tile_is_drawn(page)
    # Back is the list again, in the same tab.
    page.back()
    page.wait("return !document.querySelector('#chips .chip')")
    assert page.in_parent("return location.hash").startswith("#imgrec")


def test_a_link_leads_to_a_picture(page: TabPage) -> None:
    page.enter(fragment="#imgrec&p.imgrec.id=17")
    page.wait("return document.getElementById('large').open && location.hash === '#id=17'")
    page.wait("return document.querySelector('#large-head h2')?.textContent")
    # Another link in the open page, such as one of the user's notes.
    page.in_parent("location.hash = '#imgrec&p.imgrec.id=5'")
    page.wait("return location.hash === '#id=5'")
    page.in_parent("location.hash = '#imgrec&p.imgrec.id=javascript:alert(1)'")
    assert page.query() == "#id=5"


def test_a_link_leads_to_a_place_on_the_map(page: TabPage) -> None:
    page.show("#imgrec&p.imgrec.id=17&p.imgrec.view=map")
    page.into_frame()
    page.wait("return document.querySelector('#map .imgrec-map.ready')")
    opened = (
        "const done = arguments[0];"
        f"{page_modules.IMPORT}('on-map.js').then((m) => m.atlas())"
        ".then(({view}) => done(view.ids[view.core.state.open]))"
    )
    page_modules.until(lambda: page.browser.execute_async_script(opened) == 17)
    # The map writes where it looks once it rests.
    page.wait("return location.search.includes('&x=')")
    assert page.query().startswith("?view=map&id=17&x=")
    page.browser.switch_to.default_content()
    assert [one for one in console_errors(page.browser) if BELOW in one] == []


def test_the_last_of_two_links_counts(page: TabPage) -> None:
    # What the store holds comes when the test says.
    script = """
      const real = window.fetch;
      window.fetch = async (address, ...more) => {
        if (address === "api/store") await new Promise((go) => { top.letGo = go; });
        return real(address, ...more);
      };
    """
    command = "Page.addScriptToEvaluateOnNewDocument"
    added = page.browser.execute_cdp_cmd(command, {"source": script})
    try:
        page.show("#imgrec&p.imgrec.id=17&p.imgrec.view=map")
        page.wait("return Boolean(window.letGo)")
        page.js("location.hash = '#imgrec&p.imgrec.id=5'")
        page.into_frame()
        page.wait("return location.hash === '#id=5'")
    finally:
        page.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    page.js("top.letGo()")
    page.wait("return document.documentElement.classList.contains('has-map')")
    page.settle()
    assert page.query() == "#id=5"
    assert page.js("return document.querySelector('#large').open")


def test_a_picture_is_found_in_the_projector(page: TabPage, made: Path) -> None:
    page.enter(fragment="#imgrec&p.imgrec.id=17")
    page.wait("return document.querySelector('#in-projector button')")
    told = page.text("#in-projector dl")
    run = only_run(made / "log")
    (path,) = page.js("return [document.querySelector('#large-head h2').title]")
    rows = [row for row, cells in enumerate(table(run), 1) if path.endswith(cells["path"])]
    assert rows == [17]
    assert told == f"projector{run.name}, row 17"
    page.click("#in-projector button")
    page.browser.switch_to.default_content()
    page.wait("return location.hash.startsWith('#projector')")


def test_the_projector_works_beside_the_tab(page: TabPage) -> None:
    assert open_projector(page.browser, f"{page.server.origin}/#projector") == 24


def test_the_network_is_reached_in_its_sandbox(page: TabPage) -> None:
    page.enter()
    page.wait("return document.querySelectorAll('#links a').length === 1")
    link = page.js("return document.querySelector('#links a').href")
    assert link.startswith(f"{page.server.origin}/data/plugin/imgrec/files/")
    page.js("location.hash = '#id=17'")
    community = "[...document.querySelectorAll('#large-head a')].find(a => /comm/.test(a.text))"
    page.wait(f"return {community}?.hidden === false")
    page_of_it = page.js(f"return {community}.href")
    page.browser.switch_to.default_content()
    for address in (link, page_of_it):
        page.browser.get("about:blank")
        console_errors(page.browser)
        page.browser.get(address)
        until(page.browser, "return window.imgrecDrawn")
        assert page.js("return self.origin") == "null"
        # A community's page looks for the files of its pictures beside the site, where none is.
        if address == link:
            assert console_errors(page.browser) == []


def test_a_picture_from_outside_and_a_collection(page: TabPage, photos: Path) -> None:
    page.enter()
    first = sorted(photos.rglob("*.jpg"))[0]
    page.drop(first)
    page.wait("return document.querySelector('#chips .chip')")
    page.settle()
    assert len(page.ids()) > 3
    named = page.js("return document.getElementById('said').textContent")
    assert "server" not in named.lower()


def test_what_a_page_of_an_earlier_start_is_told(page: TabPage) -> None:
    page.enter()
    said = page.browser.execute_async_script(
        "const done = arguments[0];"
        f"{page_modules.IMPORT}('api.js')"
        ".then((m) => m.get('../of-an-earlier-start/api/store')).catch((e) => done(e.message))"
    )
    assert said == "TensorBoard was started anew. Load its page again."
