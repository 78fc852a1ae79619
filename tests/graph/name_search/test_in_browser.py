"""The search box in Chromium, from file://: typing, keyboard, results, injection."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from selenium import webdriver
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from browser import console_errors, requests
from imgrec.store.store import Store
from search_box import names_shown, searched
from site_in_browser import EVIL, HOSTILE, opened, press, sized, until
from site_stores import clusters, data_of, make_store, pages_of, site_of

__all__ = ["sized"]


def test_typing_and_enter_lead_to_the_picture_with_its_panel_open(
    browser: webdriver.Chrome, site: Path
) -> None:
    opened(browser, site / "index.html")
    press(browser, "/", "plage 00")
    until(browser, "return told.textContent === '10 pictures'")
    assert names_shown(browser) and all("plage 00" in name for name in names_shown(browser))
    press(browser, "7")
    until(browser, "return told.textContent === '1 picture'")
    assert browser.execute_script("return query.getAttribute('aria-expanded')") == "true"
    until(browser, "return document.querySelector('#found canvas').style.width")
    press(browser, Keys.ENTER)
    until(browser, "return window.imgrecDrawn && document.body.className === 'pictures'")
    until(browser, "return typeof panel !== 'undefined' && !panel.hidden")
    assert browser.find_element(By.ID, "name").text == "plage 007.jpg"
    assert browser.find_element(By.ID, "folder").text == "Été à Séville"
    assert console_errors(browser) == []
    assert [a for a in requests(browser) if not a.startswith(site.as_uri() + "/")] == []


def test_a_picture_of_the_same_page_is_selected_there_and_escape_is_for_the_box_first(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    node = data_of(page)["nodes"][2]
    opened(browser, page)
    press(browser, Keys.CONTROL + "k")
    assert names_shown(browser) == []
    assert searched(browser, node["name"].partition(".")[0])[0] == node["name"]
    press(browser, Keys.ARROW_DOWN, Keys.ENTER)
    until(browser, f"return selected === {node['id']} && !panel.hidden")
    assert not browser.find_element(By.CSS_SELECTOR, ".answers").is_displayed()
    press(browser, "/")
    until(browser, "return document.querySelector('.answers').checkVisibility()")
    press(browser, Keys.ESCAPE)
    assert not browser.find_element(By.CSS_SELECTOR, ".answers").is_displayed()
    assert browser.find_element(By.ID, "panel").is_displayed()
    press(browser, Keys.ESCAPE)
    assert browser.execute_script("return query.value") == ""
    press(browser, Keys.ESCAPE)
    until(browser, "return panel.hidden")
    assert console_errors(browser) == []


def test_enter_means_the_answer_to_all_that_was_typed(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    first, second = data_of(page)["nodes"][:2]
    opened(browser, page)
    searched(browser, first["name"])
    browser.execute_script(
        "query.value = arguments[0]; query.dispatchEvent(new Event('input'));"
        "query.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }))",
        second["name"],
    )
    until(browser, f"return selected === {second['id']} && !panel.hidden")


_TYPED_AND_CLOSED = """
const [query, done] = [document.getElementById("query"), arguments[arguments.length - 1]];
query.focus();
query.value = arguments[0];
query.dispatchEvent(new Event("input"));
query.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
window.imgrecSearch.find(arguments[0]).then(
  () => setTimeout(() => done(document.querySelector(".search .answers").hidden), 50));
"""


def test_results_that_arrive_after_escape_do_not_open_the_box_again(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    name = data_of(page)["nodes"][0]["name"]
    opened(browser, page)
    closed = browser.execute_async_script(_TYPED_AND_CLOSED, name)
    assert closed is True
    assert name in searched(browser, name)


def test_arrows_move_the_active_option_and_turn_around(
    browser: webdriver.Chrome, site: Path
) -> None:
    opened(browser, site / "index.html")
    press(browser, "/", "holiday")
    until(browser, "return told.textContent === '30 of 40 pictures'")
    active = "return query.getAttribute('aria-activedescendant')"
    states = []
    for key in (Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_DOWN):
        press(browser, key)
        states.append(browser.execute_script(active))
        (chosen,) = browser.find_elements(By.CSS_SELECTOR, "#found [aria-selected=true]")
        assert chosen.get_attribute("id") == states[-1]
        frame, row = browser.execute_script(
            "return [document.querySelector('.answers'), arguments[0]].map((shown) => "
            "[shown.getBoundingClientRect().top, shown.getBoundingClientRect().bottom])",
            chosen,
        )
        assert frame[0] <= row[0]
        assert row[1] <= frame[1]
    assert states == ["found-0", "found-1", "found-0", "found-29", "found-0"]
    press(browser, "x")
    until(browser, "return told.textContent === 'Nothing found'")
    assert browser.execute_script(active) is None
    roles = browser.execute_script(
        "return [query.getAttribute('role'), found.getAttribute('role'),"
        " query.getAttribute('aria-controls'), query.labels[0].textContent]"
    )
    assert roles == [
        "combobox",
        "listbox",
        "found",
        "Search names, folders, classes, colors, dates",
    ]


def test_results_of_a_page_stand_together_below_its_title(
    browser: webdriver.Chrome, site: Path
) -> None:
    opened(browser, site / "index.html")
    searched(browser, "holiday")
    groups = browser.execute_script(
        "return [...document.querySelectorAll('#found [role=group]')].map((group) => ["
        "document.getElementById(group.getAttribute('aria-labelledby')).textContent,"
        "[...group.querySelectorAll('a')].map((link) => link.href)])"
    )
    assert len(groups) > 1
    assert len({title for title, _ in groups}) == len(groups)
    for title, links in groups:
        (page,) = {link.partition("#")[0] for link in links}
        file = site / "pages" / page.rpartition("/")[2]
        shown = {node["id"] for node in data_of(file)["nodes"]}
        assert {int(link.partition("#")[2]) for link in links} <= shown
        path = re.search(r"(?<=^Community )[\d.]+$|(?<=\()[\d.]+(?=\)$)", title)
        assert path and file.stem == f"community-{path[0]}"


def test_a_community_is_found_and_opened(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, pages_of(site)[0])
    # Community 3 itself has two pages, so it is no page.
    name = searched(browser, "community 3")[0]
    path = name.removeprefix("Community ")
    assert path in ("3.1", "3.2")
    title = browser.find_element(By.CSS_SELECTOR, "#found .title").text
    assert title == "Communities"
    browser.find_element(By.CSS_SELECTOR, "#found a").click()
    until(browser, f"return document.querySelector('h1').textContent === {name!r}")
    assert browser.current_url == (site / "pages" / f"community-{path}.html").as_uri()


def test_only_sheets_of_results_in_view_are_loaded(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    requests(browser)
    searched(browser, "holiday")
    until(browser, "return document.querySelector('#found canvas').style.width")
    asked = [address.removeprefix(site.as_uri() + "/") for address in requests(browser)]
    sheets = [address for address in asked if address.startswith("sheets/")]
    assert 1 <= len(sheets) < len(browser.find_elements(By.CSS_SELECTOR, "#found [role=group]"))
    scripts = [address for address in asked if address.startswith("search/")]
    files = ("documents-0", "index", "parts", "words-0")
    assert sorted(scripts) == [f"search/{name}.js" for name in files]


def test_without_the_index_the_box_says_so_and_the_page_works(
    browser: webdriver.Chrome, site: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    (copy / "search" / "words-0.js").write_text("")
    opened(browser, copy / "index.html")
    for _ in range(2):
        press(browser, "/", Keys.BACKSPACE, "plage")
        until(browser, "return told.textContent.startsWith('The search index is missing')")
    shutil.rmtree(copy / "search")
    opened(browser, copy / "index.html")
    press(browser, "/", "plage")
    until(browser, "return told.textContent.startsWith('The search index is missing')")
    assert names_shown(browser) == []
    press(browser, Keys.ENTER, Keys.ARROW_DOWN, Keys.ESCAPE)
    assert not browser.find_element(By.CSS_SELECTOR, ".answers").is_displayed()
    console_errors(browser)


def test_what_holds_no_word_finds_nothing_and_says_what_to_type(
    browser: webdriver.Chrome, site: Path
) -> None:
    opened(browser, site / "index.html")
    press(browser, "/", "?!")
    until(browser, "return told.textContent.startsWith('Type a word of a file name')")
    press(browser, Keys.BACKSPACE, Keys.BACKSPACE)
    until(browser, "return document.querySelector('.answers').hidden")


def test_hostile_names_are_found_as_text_and_open_their_pictures(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    path = make_store(tmp_path, HOSTILE, clusters(len(HOSTILE), 2))
    site = site_of(path, tmp_path / "site").index.parent
    with Store.open(path) as store:
        ids = store.catalog.ids("ok").tolist()
    opened(browser, site / "index.html")
    shown = searched(browser, "jpg")
    assert len(shown) == len(ids)
    assert "script><img src=x onerror=alert(1)>.jpg" in shown
    assert "not�utf�8.jpg" in shown
    assert browser.find_elements(By.CSS_SELECTOR, "#found img, #found script") == []
    links = browser.execute_script(
        "return [...document.querySelectorAll('#found a')].map((link) => link.href)"
    )
    assert all(link.startswith(site.as_uri() + "/pages/community-") for link in links)
    assert {int(link.partition("#")[2]) for link in links} == set(ids)
    assert len(searched(browser, f"{EVIL} onerror")) >= 1
    assert console_errors(browser) == []


def test_the_box_fits_a_phone(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None]
) -> None:
    sized(390, 800)
    for page in (site / "index.html", pages_of(site)[0]):
        opened(browser, page)
        searched(browser, "holiday")
        frame = browser.execute_script(
            "const frame = document.querySelector('.answers').getBoundingClientRect();"
            "return [frame.left, frame.right, frame.bottom, document.documentElement.scrollWidth]"
        )
        assert frame[0] >= 0
        assert frame[1] <= 390
        assert frame[2] <= 800
        assert frame[3] == 390
