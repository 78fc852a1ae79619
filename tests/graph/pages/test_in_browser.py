"""Tests of the pages in Chromium, from file://: drawing, interaction, offline use, injection."""

import io
import os
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

from browser import console_errors, requests
from imgrec.store.store import Store
from site_in_browser import EVIL, HOSTILE, click_at, opened, sized, spot_of, until
from site_stores import (
    all_pages,
    clusters,
    data_of,
    keep_classes,
    make_store,
    pages_of,
    plain_names,
    site_of,
)

__all__ = ["sized"]
BUDGET_MS = 2000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("with spaces and ü")
    path = make_store(folder, plain_names(84), clusters(84))
    return site_of(path, folder / "site", page_size=10).index.parent


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    path = make_store(folder, HOSTILE, clusters(len(HOSTILE), 2))
    with Store.create(path) as store:
        ids = store.catalog.ids("ok").tolist()
        store.catalog.labels.replace(EVIL, dict.fromkeys(ids, EVIL))
        entries = store.catalog.entries(ids)
        even = [e.id for e in entries if HOSTILE.index(os.fsencode(e.path)) % 2 == 0]
        folders = {i: EVIL if i in even else f"more {EVIL}" for i in ids}
        store.catalog.labels.replace("folder", folders)
    # A class that the classifier is sure of becomes the name of a community.
    keep_classes(path, {i: [(EVIL if i in even else "plain", 0.9), ("x", 0.1)] for i in ids})
    return site_of(path, folder / "site").index.parent


@pytest.fixture(params=["site", "hostile"])
def any_site(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def test_every_page_is_drawn_offline_and_shows_each_picture_once(
    browser: webdriver.Chrome, any_site: Path
) -> None:
    shown: list[int] = []
    for page in all_pages(any_site):
        drawn_ms = opened(browser, page)
        assert drawn_ms < BUDGET_MS
        assert console_errors(browser) == []
        asked = requests(browser)
        assert len(asked) >= 7
        assert [a for a in asked if not a.startswith(any_site.as_uri() + "/")] == []
        assert browser.find_elements(By.CSS_SELECTOR, "img, iframe, object") == []
        if page in pages_of(any_site):
            shown += browser.execute_script("return nodes.getIds()")
    with Store.open(any_site.parent / "store") as store:
        assert sorted(shown) == store.catalog.ids("ok").tolist()


def test_the_pictures_themselves_are_on_the_canvas(browser: webdriver.Chrome, site: Path) -> None:
    page = pages_of(site)[0]
    opened(browser, page)
    sheet = np.asarray(Image.open(site / "sheets" / f"{page.stem}.jpg")).astype(int)
    seen = np.asarray(Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB"))
    for node in data_of(page)["nodes"]:
        left, top, width, height = node["cell"]
        x, y = spot_of(browser, node["id"])
        there = seen[y, x].astype(int)
        assert np.abs(there - sheet[top + height // 2, left + width // 2]).max() < 16


def test_a_click_opens_the_panel_and_escape_closes_it(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[1]
    data = data_of(page)
    node = data["nodes"][0]
    told = data["data"]["pictures"][str(node["id"])]
    opened(browser, page)
    panel = browser.find_element(By.ID, "panel")
    assert not panel.is_displayed()
    click_at(browser, spot_of(browser, node["id"]))
    until(browser, "return !panel.hidden")
    assert browser.find_element(By.ID, "name").text == node["name"]
    assert browser.find_element(By.ID, "folder").text == told["folder"]
    assert browser.current_url.endswith(f"#{node['id']}")
    address = browser.find_element(By.ID, "full").get_attribute("href") or ""
    assert Path(urllib.parse.unquote(address.removeprefix("file://"))).is_file()
    assert len(browser.find_elements(By.CSS_SELECTOR, "#near a")) == len(told["near"]) == 12
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    until(browser, "return panel.hidden && selected === null")
    assert console_errors(browser) == []


def test_a_neighbor_on_another_page_is_opened_and_selected_there(
    browser: webdriver.Chrome, site: Path
) -> None:
    page, picture, near = next(
        (page, picture, near)
        for page in pages_of(site)
        for picture, told in data_of(page)["data"]["pictures"].items()
        for near in told["near"]
        if len(near) > 3
    )
    opened(browser, page, f"#{picture}")
    assert browser.find_element(By.ID, "panel").is_displayed()
    link = browser.find_element(By.CSS_SELECTOR, f'#near a[href="{near[3]}.html#{near[0]}"]')
    link.click()
    until(browser, f"return window.imgrecDrawn && selected === {near[0]} && !panel.hidden")
    assert f"/{near[3]}.html#{near[0]}" in browser.current_url
    x, y = spot_of(browser, near[0])
    width, height = browser.execute_script("return [panel.offsetLeft, innerHeight]")
    assert 0 < x < width
    assert 0 < y < height
    browser.back()
    until(browser, f"return window.imgrecDrawn && selected === {picture}")
    assert console_errors(browser) == []


def test_the_list_is_drawn_when_opened_and_closed_when_a_name_is_chosen(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    opened(browser, page)
    summary = browser.find_element(By.CSS_SELECTOR, ".listing summary")
    summary.click()
    until(browser, "return list.querySelectorAll('canvas').length === page.nodes.length")
    row = browser.find_elements(By.CSS_SELECTOR, ".listing a")[4]
    picture = (row.get_attribute("href") or "").partition("#")[2]
    row.click()
    until(browser, f"return selected === {picture} && !panel.hidden && !list.open")
    summary.click()
    until(browser, "return list.open")
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    until(browser, "return !list.open && !panel.hidden")
    summary.click()
    until(browser, "return list.open")
    browser.find_element(By.ID, "facts").click()
    until(browser, "return !list.open && !panel.hidden")
    assert console_errors(browser) == []


@pytest.mark.parametrize(("width", "height", "rows"), [(1280, 657, 3), (800, 600, 2)])
def test_the_panel_shows_neighbors_without_scrolling_and_covers_no_selected_picture(
    browser: webdriver.Chrome,
    site: Path,
    sized: Callable[[int, int], None],
    width: int,
    height: int,
    rows: int,
) -> None:
    sized(width, height)
    page = pages_of(site)[0]
    for node in data_of(page)["nodes"]:
        opened(browser, page)
        click_at(browser, spot_of(browser, node["id"]))
        until(browser, f"return selected === {node['id']} && !panel.hidden")
        x, y = spot_of(browser, node["id"])
        half_width, panel_left, bottom = browser.execute_script(
            "return [arguments[0] / 2 * network.getScale(), panel.getBoundingClientRect().left,"
            " panel.getBoundingClientRect().bottom]",
            node["width"],
        )
        assert half_width - 1 <= x <= panel_left - half_width + 1
        assert 0 < y < bottom
        lowest = browser.execute_script(
            "return [...document.querySelectorAll('#near a')].map("
            "(link) => link.getBoundingClientRect().bottom)"
        )[4 * rows - 1]
        assert lowest <= bottom
        shown = browser.execute_script(
            "return [part('large').offsetWidth, nodesById.get(selected)]"
        )
        assert shown[0] <= 1.5 * shown[1]["cell"][2]


def test_other_edges_are_dim_while_a_picture_is_selected(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    opened(browser, page)
    opacities = (
        "return [...new Set(Object.values(network.body.edges).map("
        "(edge) => edge.getFormattingValues().opacity))].sort()"
    )
    assert browser.execute_script(opacities) == [0.35]
    browser.execute_script("location.hash = page.nodes[0].id")
    until(browser, "return !panel.hidden")
    assert browser.execute_script(opacities) == [0.06, 0.8]
    browser.execute_script("location.hash = ''")
    until(browser, "return panel.hidden")
    assert browser.execute_script(opacities) == [0.35]


def test_lines_of_pixels_can_be_hit_and_absent_pictures_have_no_link(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    path = make_store(
        tmp_path, plain_names(8), np.ones((8, 4), np.float32), {0: (3000, 2), 1: (2, 3000)}
    )
    (tmp_path / "pictures").rename(tmp_path / "away")
    site_of(path, tmp_path / "site")
    (page,) = pages_of(tmp_path / "site")
    opened(browser, page)
    for node in data_of(page)["nodes"]:
        scale = browser.execute_script("return network.getScale()")
        assert min(node["width"], node["height"]) * scale >= 24
        x, y = spot_of(browser, node["id"])
        click_at(browser, (x + round(node["width"] * scale / 2) - 4, y))
        until(browser, f"return selected === {node['id']} && !panel.hidden")
        assert not browser.find_element(By.ID, "full").is_displayed()
        size = browser.execute_script(
            "return [part('large').offsetWidth, part('large').offsetHeight]"
        )
        assert min(size) >= 24
        ActionChains(browser).send_keys(Keys.ESCAPE).perform()
        until(browser, "return panel.hidden")
    assert console_errors(browser) == []


def test_a_click_on_a_community_leads_down_to_its_pictures(
    browser: webdriver.Chrome, site: Path
) -> None:
    targets = data_of(site / "index.html")["data"]["targets"]
    opened(browser, site / "index.html")
    click_at(browser, spot_of(browser, 2))
    until(browser, "return page.data.up && window.imgrecDrawn")
    middle = site / targets["2"]
    assert browser.current_url == middle.as_uri()
    click_at(browser, spot_of(browser, 1))
    until(browser, "return document.body.className === 'pictures' && window.imgrecDrawn")
    crumbs = browser.find_elements(By.CSS_SELECTOR, ".crumbs a")
    assert [urllib.parse.unquote(c.get_attribute("href") or "") for c in crumbs] == [
        "file://" + str(page) for page in (site / "index.html", middle)
    ]
    crumbs[0].click()
    until(browser, "return document.body.className === 'overview' && !page.data.up")
    browser.find_elements(By.CSS_SELECTOR, ".communities a")[2].send_keys(Keys.ENTER)
    until(browser, "return page.data.up")
    assert browser.current_url == (site / targets["3"]).as_uri()


def test_a_bundle_lists_its_pictures_and_each_leads_to_it(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    path = make_store(tmp_path, [*plain_names(10), *HOSTILE[:6]], np.ones((16, 4), np.float32))
    with Store.open(path) as store:
        ids = store.catalog.ids("ok").tolist()
    site_of(path, tmp_path / "site", groups=[[ids[3], ids[0], ids[10], ids[12]]])
    (page,) = pages_of(tmp_path / "site")
    opened(browser, page, f"#{ids[12]}")
    until(browser, f"return selected === {ids[3]} && !panel.hidden && part('bundle').open")
    rows = browser.find_elements(By.CSS_SELECTOR, "#members a")
    assert len(rows) == 4
    for row in rows:
        file = urllib.parse.unquote_to_bytes((row.get_attribute("href") or "")[len("file://") :])
        assert Path(os.fsdecode(file)).is_file()
    told = browser.find_element(By.CSS_SELECTOR, "#bundle summary").text
    assert told == "4 nearly identical pictures"
    assert browser.execute_script("return nodes.length") == 13
    assert console_errors(browser) == []


def test_the_name_is_shown_under_the_pointer(browser: webdriver.Chrome, site: Path) -> None:
    page = pages_of(site)[0]
    node = data_of(page)["nodes"][3]
    opened(browser, page)
    actions = ActionChains(browser)
    actions.w3c_actions.pointer_action.move_to_location(*spot_of(browser, node["id"]))
    actions.perform()
    until(browser, "return !hint.hidden")
    assert browser.find_element(By.ID, "hint").text == node["name"]


def test_a_high_screen_gets_the_high_layout(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None]
) -> None:
    sized(390, 800)
    page = pages_of(site)[0]
    opened(browser, page)
    node = data_of(page)["nodes"][0]
    place = browser.execute_script(f"return network.getPositions([{node['id']}])[{node['id']}]")
    assert [place["x"], place["y"]] == pytest.approx(node["tall"], abs=1)
    spots = [spot_of(browser, node["id"]) for node in data_of(page)["nodes"]]
    assert all(0 < x < 390 and 0 < y < 800 for x, y in spots)
    assert browser.execute_script("return document.documentElement.scrollWidth") == 390


def test_hostile_names_are_text_and_nothing_else(browser: webdriver.Chrome, hostile: Path) -> None:
    opened(browser, hostile / "index.html")
    listed = browser.find_element(By.CSS_SELECTOR, ".communities").text
    assert f"{EVIL} 100" in listed
    name = EVIL[:32]
    assert name in listed
    assert any(node["name"].startswith(name) for node in data_of(hostile / "index.html")["nodes"])
    names = set()
    for page in pages_of(hostile):
        opened(browser, page)
        for picture in data_of(page)["data"]["pictures"]:
            browser.execute_script("location.hash = arguments[0]", picture)
            until(browser, f"return selected === {picture}")
            name, labels, address = browser.execute_script(
                "return [part('name').innerText, part('labels').innerText, part('full').href]"
            )
            names.add(name)
            assert EVIL in labels
            assert "90\N{NBSP}%" in labels
            assert address.startswith("file://")
            file = urllib.parse.unquote_to_bytes(address.removeprefix("file://"))
            assert Path(os.fsdecode(file)).is_file()
        assert browser.find_elements(By.CSS_SELECTOR, "main img, aside script") == []
        assert console_errors(browser) == []
    assert {"a b.jpg", "ümläut ß.jpg", "quo\"te's.jpg", "tab here.jpg", "new line.jpg"} <= names
    assert {"script><img src=x onerror=alert(1)>.jpg", "javascript:alert(3).jpg"} <= names
    assert {"&lt;b&gt; %41 #7 ?q.jpg", "{{ 7*7 }}{% raw %}.jpg", "not�utf�8.jpg"} <= names


def test_the_largest_page_is_drawn_in_time_and_within_its_size(
    browser: webdriver.Chrome,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    path = make_store(tmp_path, plain_names(250), np.ones((250, 4), np.float32))
    site_of(path, tmp_path / "site", page_size=250, k=249)
    (page,) = pages_of(tmp_path / "site")
    assert len(data_of(page)["nodes"]) == 250
    sheet = tmp_path / "site" / "sheets" / f"{page.stem}.jpg"
    assert page.stat().st_size + sheet.stat().st_size < 1_500_000
    drawn_ms = opened(browser, page)
    record_property("drawn_ms", drawn_ms)
    assert drawn_ms < BUDGET_MS
