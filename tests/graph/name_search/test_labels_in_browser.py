"""Tests of the search for labels in Chromium: kinds, chips, dates, plurals, parts of words."""

import json
import urllib.parse
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from browser import console_errors
from imgrec.collection.metadata import add_metadata
from imgrec.pictures.metadata_names import Datum
from imgrec.store.store import Store
from search_box import found_by
from site_in_browser import EVIL, opened, until
from site_stores import clusters, data_of, keep_classes, make_store, pages_of, site_of

COUNT = 24
NAMES = [f"{('t-shirt', 'dress', 'berry')[i % 3]}/img_{i:02d}.jpg".encode() for i in range(COUNT)]
COLORS = ("red", "blue", "green", "red")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    path = make_store(folder, NAMES, clusters(COUNT))
    with Store.create(path) as store:
        ids = store.catalog.ids("ok").tolist()
        store.catalog.labels.replace("color", {i: COLORS[i % 4] for i in ids})
        store.catalog.labels.replace("cluster", {i: str(1 + i % 12) for i in ids})
        store.catalog.labels.replace(EVIL, dict.fromkeys(ids, EVIL))
        for i in ids:
            said = [Datum("taken", f"2019-{1 + i % 12:02d}-03T10:00:00", 1.0)]
            said += [
                Datum("camera", "Canon EOS 5D"),
                Datum("title", "Secret"),
                Datum("keyword", "Bob"),
            ]
            add_metadata(store.catalog.db, i, said)
        store.catalog.db.commit()
    keep_classes(
        path, {i: [("golden retriever" if i % 2 else "cat", 0.9), ("x", 0.1)] for i in ids}
    )
    return site_of(path, folder / "site", page_size=10).index.parent


def count(browser: webdriver.Chrome, query: str) -> int:
    return int(found_by(browser, query)["pictures"]["count"])


def test_what_the_panel_shows_is_found(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    ids = range(1, COUNT + 1)
    red = sum(COLORS[i % 4] == "red" for i in ids)
    expected = {
        **{"red": red, "color:red": red, "color red": red, 'color:"red"': red, "color:re": red},
        **{'color:"re"': 0, "cluster 1": 2, "cluster:1": 2, "cluster:12": 2, "Cluster 12": 2},
        **{"golden retriever": 12, 'class:"golden retriever"': 12, "class golden": 12},
        **{"2019-03": 2, "taken:2019": 24, "taken:2019-03-03": 2, "march 2019": 2, "march": 2},
        **{"canon": 24, 'camera:"Canon EOS 5D"': 24, "red golden march": 0},
        **{"color:red cat": sum(COLORS[i % 4] == "red" and i % 2 == 0 for i in ids)},
        # Titles and keywords stay in the store.
        **{"secret": 0, "bob": 0, "keyword:bob": 0},
    }  # fmt: skip
    assert {query: count(browser, query) for query in expected} == expected
    assert console_errors(browser) == []


def test_a_search_that_finds_nothing_says_what_to_try(
    browser: webdriver.Chrome, site: Path
) -> None:
    opened(browser, site / "index.html")
    box = browser.find_element(By.ID, "query")
    for query, advice in {
        "colour:red": "There is no label colour: try color:red",
        'clas:"golden retriever"': 'There is no label clas: try class:"golden retriever"',
        "weather:wet": "There is no label weather: labels are",
        "red zzz": "A picture must match every word: try fewer words",
        "zzz": "Try the beginning of the word, or another one",
        "color:zzz": "Try the beginning of the value, or the word alone",
    }.items():
        browser.execute_script("query.value = ''; told.textContent = advice.textContent = ''")
        box.send_keys(query)
        until(browser, "return told.textContent === 'Nothing found'")
        shown = browser.find_element(By.ID, "advice")
        until(browser, f"return advice.textContent.startsWith({json.dumps(advice)})")
        assert shown.is_displayed()
    box.clear()
    box.send_keys("color:red")
    until(browser, "return told.textContent.includes('picture')")
    assert not browser.find_element(By.ID, "advice").is_displayed()
    assert console_errors(browser) == []


def test_communities_are_found_by_their_number(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    for page in pages_of(site):
        path = page.stem.removeprefix("community-")
        shown = len(data_of(page)["data"]["pictures"])
        assert count(browser, f"community:{path}") == shown
        assert count(browser, f"community {path}") >= shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        *(("tshirt", 8), ("t-shirt", 8), ("tshirts", 8), ("shirt", 8), ("shirts", 8), ("hir", 8)),
        *(
            ("dresses", 8),
            ("res", 8),
            ("ess", 8),
            ("ss", 0),
            ("berries", 8),
            ("erry", 8),
            ("xyz", 0),
        ),
        # "mg" has two letters only, and stands within a word with a number as a word of its own.
        ("mg", 0),
    ],
)
def test_plurals_compounds_and_parts_of_words(
    browser: webdriver.Chrome, site: Path, query: str, found: int
) -> None:
    opened(browser, site / "index.html")
    assert count(browser, query) == found


def test_a_chip_is_a_link_to_its_search(browser: webdriver.Chrome, site: Path) -> None:
    page = pages_of(site)[0]
    data = data_of(page)
    node = data["nodes"][0]["id"]
    opened(browser, page, f"#{node}")
    until(browser, "return !panel.hidden")
    chips = browser.find_elements(By.CSS_SELECTOR, "#labels a")
    queries = [chip.get_attribute("title").removeprefix("Search ") for chip in chips]
    told = {row[0]: row[-1] for row in data["data"]["pictures"][str(node)]["labels"]}
    # A kind that no query can name has no link.
    assert told.pop(EVIL) == EVIL
    assert queries == [f'{kind}:"{value}"' for kind, value in told.items()]
    assert {"class", "cluster", "color", "folder", "taken", "camera"} == set(told)
    for chip, query in zip(chips, queries, strict=True):
        href = chip.get_attribute("href")
        assert urllib.parse.parse_qs(urllib.parse.urlsplit(href).query) == {"q": [query]}
        assert count(browser, query) >= 1
    chips[queries.index('color:"red"') if 'color:"red"' in queries else 1].click()
    until(browser, "return /picture/.test(told.textContent)")
    assert browser.execute_script("return document.activeElement === query")
    assert browser.execute_script("return query.value") in queries
    about = browser.find_element(By.CSS_SELECTOR, "#found .about").text
    assert about
    # The link opens the same search in a tab of its own.
    browser.get(str(chips_href := page.as_uri() + "?q=" + urllib.parse.quote('class:"cat"')))
    until(browser, "return told.textContent === '12 pictures'")
    assert chips_href in browser.current_url
    assert console_errors(browser) == []


def test_a_chip_of_the_large_view_leads_to_the_search(
    browser: webdriver.Chrome, site: Path
) -> None:
    opened(browser, pages_of(site)[0])
    browser.execute_script("openView(firstNode())")
    browser.find_element(By.CSS_SELECTOR, "#view .chosen .labels a").click()
    until(browser, "return !view.open && /picture/.test(told.textContent)")
    until(browser, "return document.activeElement === query")
    assert console_errors(browser) == []


def test_a_result_says_by_which_label_it_was_found(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    browser.find_element(By.ID, "query").send_keys("red 2019-03")
    until(browser, "return /picture|Nothing/.test(told.textContent)")
    shown = browser.execute_script(
        "return [...document.querySelectorAll('#found .about')].map((about) => about.textContent)"
    )
    assert all("color red" in about and "2019-03-03" in about for about in shown)
    assert bool(shown) == any(COLORS[i % 4] == "red" and i % 12 == 2 for i in range(1, COUNT + 1))
