"""Tests of the keyboard on network pages, in Chromium: focus, ring, arrows, help."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

from browser import console_errors
from site_in_browser import DRAWN_WITHIN_S, click_at, opened, press, sized, spot_of, until
from site_stores import clusters, data_of, make_store, pages_of, plain_names, site_of

__all__ = ["sized"]
ACCENT = (47, 111, 219)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    path = make_store(folder, plain_names(84), clusters(84))
    return site_of(path, folder / "site", page_size=10).index.parent


def has_ring(browser: webdriver.Chrome, node: int) -> bool:
    """Return True if the screen shows the accent color on all four sides of a node."""
    x, y = spot_of(browser, node)
    half = browser.execute_script(
        "const node = nodesById.get(arguments[0]), scale = network.getScale();"
        "return [node.width / 2 * scale + 4, node.height / 2 * scale + 4]",
        node,
    )
    seen = np.asarray(Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB"))
    sides = [(x - half[0], y), (x + half[0], y), (x, y - half[1]), (x, y + half[1])]
    colors = np.array([seen[round(row), round(column)] for column, row in sides], int)
    return bool((np.abs(colors - ACCENT).max(axis=1) < 40).all())


def gets_ring(browser: webdriver.Chrome, node: int) -> bool:
    """Return True as soon as a node has a ring: a busy machine paints late."""
    stop = time.monotonic() + DRAWN_WITHIN_S
    while not (found := has_ring(browser, node)) and time.monotonic() < stop:
        time.sleep(0.05)
    return found


def test_a_page_has_the_focus_from_the_start_and_shows_where(
    browser: webdriver.Chrome, site: Path
) -> None:
    for page in (site / "index.html", pages_of(site)[0]):
        opened(browser, page)
        first = browser.execute_script("return firstNode()")
        assert browser.execute_script("return document.activeElement === box")
        assert browser.execute_script("return focused") == first
        until(browser, "return !box.matches(':hover')")
        assert gets_ring(browser, first)
        press(browser, Keys.ARROW_RIGHT)
        second = until(browser, f"return focused !== {first} && focused")
        assert browser.execute_script("return said.textContent !== ''")
        assert gets_ring(browser, second)
        assert not has_ring(browser, first)


def test_the_network_is_one_stop_of_the_tab_key(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    stops = (
        "return [...box.querySelectorAll('a, [tabindex]')]"
        ".filter((one) => one.tabIndex >= 0).length"
    )
    assert browser.execute_script(stops) == 0
    browser.execute_script("document.getElementById('helper').focus()")
    press(browser, Keys.TAB)
    assert browser.execute_script(
        "return document.activeElement === box && said.textContent !== ''"
    )
    opened(browser, pages_of(site)[0])
    assert browser.execute_script(stops) == 0
    press(browser, Keys.TAB)
    assert browser.execute_script("return document.activeElement.id") == "closer"
    ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    assert browser.execute_script("return document.activeElement === box && !hint.hidden")


def test_a_click_gives_the_keys_to_the_network(browser: webdriver.Chrome, site: Path) -> None:
    page = pages_of(site)[0]
    node = data_of(page)["nodes"][0]["id"]
    opened(browser, page)
    browser.find_element(By.ID, "query").click()
    click_at(browser, spot_of(browser, node))
    until(browser, f"return selected === {node} && document.activeElement === box")
    press(browser, Keys.ARROW_RIGHT)
    assert browser.execute_script("return focused") == node


def test_keys_work_where_the_focus_was_lost_and_after_a_neighbor_was_followed(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    node = data_of(page)["nodes"][0]["id"]
    opened(browser, page, f"#{node}")
    until(browser, "return !panel.hidden")
    here = browser.find_element(By.CSS_SELECTOR, "#near a[href^='#']")
    other = int((here.get_attribute("href") or "").partition("#")[2])
    browser.execute_script("arguments[0].focus()", here)
    press(browser, Keys.ENTER)
    until(browser, f"return selected === {other} && document.activeElement === box")
    assert browser.execute_script("return focused") == other
    browser.execute_script("box.blur()")
    assert browser.execute_script("return document.activeElement === document.body")
    press(browser, Keys.HOME)
    assert browser.execute_script("return document.activeElement === box")
    assert browser.execute_script("return focused === firstNode()")
    browser.back()
    until(browser, f"return selected === {node}")


def test_the_help_lists_the_keys_and_gives_the_focus_back(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    opened(browser, page)
    press(browser, "?")
    until(browser, "return help.open")
    told = browser.find_element(By.ID, "help").text
    assert all(word in told for word in ("Enter", "Space", "Page Up", "search", "?"))
    press(browser, Keys.ESCAPE)
    until(browser, "return !help.open && document.activeElement === box")
    # Escape was for the dialog alone.
    assert browser.current_url == page.as_uri()
    browser.find_element(By.ID, "helper").click()
    until(browser, "return help.open")
    click_at(browser, (20, 20))
    until(browser, "return !help.open")
    press(browser, "/", "?")
    assert browser.execute_script("return query.value") == "?"
    assert not browser.execute_script("return help.open")
    assert console_errors(browser) == []


def test_a_touch_screen_has_no_ring(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None]
) -> None:
    sized(390, 800)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    opened(browser, site / "index.html")
    assert browser.execute_script("return matchMedia('(pointer: coarse)').matches")
    assert browser.execute_script("return focused") is None
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_the_keyboard_leads_through_the_network_and_back(
    browser: webdriver.Chrome, site: Path
) -> None:
    opened(browser, site / "index.html")
    browser.execute_script("document.getElementById('helper').focus()")
    press(browser, Keys.TAB)
    until(
        browser,
        "return document.activeElement === box && focused !== null && said.textContent !== ''",
    )
    assert browser.execute_script("return said.textContent.startsWith('Community')")
    reached = {browser.execute_script("return focused")}
    ways = (Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_LEFT, Keys.ARROW_UP)
    for key in ways * 2:
        before = browser.execute_script("return {...positioned(nodesById.get(focused)), focused}")
        press(browser, key)
        after = browser.execute_script("return {...positioned(nodesById.get(focused)), focused}")
        reached.add(after["focused"])
        if after["focused"] != before["focused"]:
            axis, sign = {
                Keys.ARROW_RIGHT: ("x", 1), Keys.ARROW_LEFT: ("x", -1),
                Keys.ARROW_DOWN: ("y", 1), Keys.ARROW_UP: ("y", -1),
            }[key]  # fmt: skip
            assert (after[axis] - before[axis]) * sign > 0
    assert len(reached) >= 3
    number = browser.execute_script("return focused")
    press(browser, Keys.ENTER)
    until(browser, "return page.data.up && window.imgrecDrawn")
    targets = data_of(site / "index.html")["data"]["targets"]
    assert browser.current_url == (site / targets[str(number)]).as_uri()
    press(browser, Keys.HOME, Keys.ENTER)
    until(browser, "return document.body.className === 'pictures' && window.imgrecDrawn")
    press(browser, Keys.HOME, Keys.ENTER)
    until(browser, "return !panel.hidden && selected === focused")
    press(browser, Keys.ENTER)
    until(browser, "return document.activeElement === part('full')")
    press(browser, Keys.ESCAPE)
    until(browser, "return panel.hidden && document.activeElement === box")
    scale = browser.execute_script("return network.getScale()")
    press(browser, "+")
    until(browser, f"return network.getScale() > {scale}")
    press(browser, Keys.ESCAPE)
    until(browser, "return document.body.className === 'overview' && window.imgrecDrawn")
    press(browser, Keys.ESCAPE)
    until(browser, "return !page.data.up && window.imgrecDrawn")
    # The community that was left has the focus on the page above.
    assert browser.current_url == f"{(site / 'index.html').as_uri()}#{number}"
    assert browser.execute_script("return focused") == number
    assert console_errors(browser) == []


def test_every_node_is_reached_by_arrows(browser: webdriver.Chrome, site: Path) -> None:
    for page in [site / "index.html", pages_of(site)[0]]:
        opened(browser, page)
        reached = browser.execute_script(
            "const seen = new Set([firstNode()]);"
            "for (const id of seen) for (const way of Object.values(DIRECTIONS)) {"
            "  const next = nodeTowards(id, way); if (next !== null) seen.add(next); }"
            "return [...seen].sort((a, b) => a - b)"
        )
        assert reached == sorted(node["id"] for node in data_of(page)["nodes"])
