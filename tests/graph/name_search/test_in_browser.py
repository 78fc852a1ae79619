"""Tests of the search box in Chromium, from file://: typing, keyboard, results, injection."""

import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

from browser import console_errors, requests
from graph.name_search.documents import CommunityDocument, PictureDocument
from graph.name_search.index import write_search
from graph.name_search.parts import joined_words
from graph.words import fold, terms
from imgrec.store.store import Store
from name_documents import category_of, many
from site_in_browser import EVIL, HOSTILE, opened, sized, until
from site_stores import clusters, data_of, make_store, pages_of, site_of

__all__ = ["sized"]
SHOWN, COUNT = 30, 6000
NAMES = [
    *(f"Été à Séville/plage {i:03d}.jpg".encode() for i in range(16)),
    *(f"東京/夜景{i}.jpg".encode() for i in range(8)),
    *(f"holiday/IMG_{i:04d}.JPG".encode() for i in range(40)),
]


def type_into_box(browser: webdriver.Chrome, *keys: str) -> None:
    ActionChains(browser).send_keys(*keys).perform()


def names_shown(browser: webdriver.Chrome) -> list[str]:
    shown: list[str] = browser.execute_script(
        "return [...document.querySelectorAll('#found b')].map((name) => name.textContent)"
    )
    return shown


def searched(browser: webdriver.Chrome, text: str) -> list[str]:
    """Type into the empty box; wait for the results and return the names shown."""
    browser.execute_script("query.value = ''; told.textContent = ''")
    browser.find_element(By.ID, "query").send_keys(text)
    until(browser, "return /picture|commun|Nothing/.test(told.textContent)")
    return names_shown(browser)


def found_by(browser: webdriver.Chrome, query: str) -> dict[str, Any]:
    """Return the result of a query of the index, without the search box."""
    answer: dict[str, Any] = browser.execute_async_script(
        "const done = arguments[1];"
        "imgrecSearch.find(arguments[0]).then(done, (e) => done(String(e)))",
        query,
    )
    return answer


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("with spaces and ü")
    path = make_store(folder, NAMES, clusters(len(NAMES)))
    return site_of(path, folder / "site", page_size=10).index.parent


@pytest.fixture(scope="module")
def collection(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site whose index has 6,000 pictures and 40 communities."""
    copy = tmp_path_factory.mktemp("large") / "site"
    shutil.copytree(site, copy)
    shutil.rmtree(copy / "search")
    groups = [CommunityDocument(f"River {i}", "", (f"community-{i}",), None) for i in range(1, 41)]
    write_search(copy, many(COUNT), groups)
    return copy


@cache
def cut() -> list[tuple[PictureDocument, set[str], set[str]]]:
    return [
        (
            p,
            {*terms(p.name), *joined_words(fold(p.name))},
            {*terms(p.folder), *terms(category_of(p))},
        )
        for p in many(COUNT)
    ]


def is_inside(part: str, word: str) -> bool:
    """Return True if a part of three letters or more is within a word of letters."""
    return len(part) >= 3 and part.isalpha() and word.isalpha() and word.find(part) > 0


def ranked_by_hand(words: list[str]) -> tuple[list[int], int]:
    """Return the ids of the best pictures that match all words, and the count (reference)."""

    def of_word(word: str, name: set[str], folder: set[str]) -> int:
        for score, found in (
            (6, word in name),
            (5, word in folder),
            (4, any(w.startswith(word) for w in name)),
            (3, any(w.startswith(word) for w in folder)),
            (2, any(is_inside(word, w) for w in name)),
            (1, any(is_inside(word, w) for w in folder)),
        ):
            if found:
                return score
        return 0

    scored = []
    for picture, name, folder in cut():
        scores = [of_word(word, name, folder) for word in words]
        if all(scores):
            scored.append((-sum(scores), picture.folder, picture.name, picture.id))
    return [row[-1] for row in sorted(scored)[:SHOWN]], len(scored)


def test_scripts_fold_and_cut_as_python_does(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    assigned = [
        chr(i)
        for i in range(sys.maxunicode + 1)
        if unicodedata.category(chr(i)) not in ("Cn", "Cs", "Co")
    ]
    told = browser.execute_script("return arguments[0].map((c) => imgrecTerms.fold(c))", assigned)
    differing = [(c, there) for c, there in zip(assigned, told, strict=True) if fold(c) != there]
    assert differing == []
    texts = [*(name.decode() for name in NAMES), *(p.name for p in many(300)), "x" * 30, "ß 東 🌸❤️"]
    texts += ["".join(assigned[i : i + 40]) for i in range(0, len(assigned), 40)]
    cut = browser.execute_script(
        "return arguments[0].map((text) => imgrecTerms.wordsOf(text))", texts
    )
    for text, words in zip(texts, cut, strict=True):
        assert set(words) <= set(terms(text)), text
        assert bool(words) == bool(terms(text))


def test_answers_are_those_of_a_search_by_hand(browser: webdriver.Chrome, collection: Path) -> None:
    opened(browser, collection / "index.html")
    index = (collection / "search" / "index.js").read_text("utf-8")
    told = json.loads(index[index.index("{") : index.rindex("}") + 1])
    assert len(told["words"]) > 5
    rng = np.random.default_rng(1)
    words = sorted(set().union(*(name | folder for _, name, folder in cut())))
    singles = [word[: rng.integers(1, 6)] for word in rng.choice(words, 40)]
    pairs = [f"{a} {b}" for a, b in zip(singles[::2], ["img", "2019", "r", "jpg"] * 5, strict=True)]
    fixed = ["jpg", "IMG", "riv", "river été", "2019 3", "été house", "夜景 2", "кот jp 1", "zzz"]
    fixed += ["golden", "retr", "running shoe", "shoe river", "golden 2019"]
    fixed += ["each", "ress", "triev", "ouse riv", "oto", "lde 2019"]
    across = [first[:n] for first in told["words"][1:] for n in range(1, len(first))]
    for query in [*singles, *pairs, *fixed, *across]:
        answer = found_by(browser, query)
        ids, count = ranked_by_hand(browser.execute_script(
            "return imgrecTerms.wordsOf(arguments[0])", query
        ))  # fmt: skip
        assert [row["id"] for row in answer["pictures"]["rows"]] == ids, query
        assert answer["pictures"]["count"] == count
    searched(browser, "river 1")
    assert browser.find_element(By.ID, "told").text.startswith("5 of 11 communities")
    groups = found_by(browser, "riv")["groups"]
    assert groups["count"] == 40
    assert [row["name"] for row in groups["rows"]] == [f"River {i}" for i in range(1, 6)]
    assert [row["name"] for row in found_by(browser, "RIVER 12")["groups"]["rows"]] == ["River 12"]


def test_typing_and_enter_lead_to_the_picture_with_its_panel_open(
    browser: webdriver.Chrome, site: Path
) -> None:
    opened(browser, site / "index.html")
    type_into_box(browser, "/", "plage 00")
    until(browser, "return told.textContent === '10 pictures'")
    assert names_shown(browser) and all("plage 00" in name for name in names_shown(browser))
    type_into_box(browser, "7")
    until(browser, "return told.textContent === '1 picture'")
    assert browser.execute_script("return query.getAttribute('aria-expanded')") == "true"
    until(browser, "return document.querySelector('#found canvas').style.width")
    type_into_box(browser, Keys.ENTER)
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
    type_into_box(browser, Keys.CONTROL + "k")
    assert names_shown(browser) == []
    assert searched(browser, node["name"].partition(".")[0])[0] == node["name"]
    type_into_box(browser, Keys.ARROW_DOWN, Keys.ENTER)
    until(browser, f"return selected === {node['id']} && !panel.hidden")
    assert not browser.find_element(By.CSS_SELECTOR, ".answers").is_displayed()
    type_into_box(browser, "/")
    until(browser, "return document.querySelector('.answers').checkVisibility()")
    type_into_box(browser, Keys.ESCAPE)
    assert not browser.find_element(By.CSS_SELECTOR, ".answers").is_displayed()
    assert browser.find_element(By.ID, "panel").is_displayed()
    type_into_box(browser, Keys.ESCAPE)
    assert browser.execute_script("return query.value") == ""
    type_into_box(browser, Keys.ESCAPE)
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
    type_into_box(browser, "/", "holiday")
    until(browser, "return told.textContent === '30 of 40 pictures'")
    active = "return query.getAttribute('aria-activedescendant')"
    states = []
    for key in (Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_DOWN):
        type_into_box(browser, key)
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
    type_into_box(browser, "x")
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


def test_a_class_finds_its_pictures_and_stands_beside_their_folder(
    browser: webdriver.Chrome, collection: Path
) -> None:
    opened(browser, collection / "index.html")
    assert len(searched(browser, "golden retriever")) == SHOWN
    shown = browser.execute_script(
        "return [...document.querySelectorAll('#found .about')].map((about) => about.textContent)"
    )
    assert all(re.fullmatch(r".+/.+ · golden retriever", about) for about in shown)
    found = {row["id"] for row in found_by(browser, "golden retriever")["pictures"]["rows"]}
    assert found <= {p.id for p in many(COUNT) if category_of(p) == "golden retriever"}
    # Without a class only the folder stands there.
    without = next(p for p in many(COUNT) if not category_of(p))
    assert searched(browser, f"{without.name} {without.folder}")[0] == without.name
    about = browser.find_element(By.CSS_SELECTOR, "#found .about").text
    assert about == without.folder


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


@pytest.mark.parametrize("query", ["夜", "夜景", "東京 夜景3", "ETE SEV", "été à séville 1"])
def test_names_of_other_scripts_are_found(
    browser: webdriver.Chrome, site: Path, query: str
) -> None:
    opened(browser, site / "index.html")
    shown = searched(browser, query)
    assert shown
    expected = "夜景" if fold(query)[0] in "夜東" else "plage"
    assert all(expected in name for name in shown)


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
        type_into_box(browser, "/", Keys.BACKSPACE, "plage")
        until(browser, "return told.textContent.startsWith('The search index is missing')")
    shutil.rmtree(copy / "search")
    opened(browser, copy / "index.html")
    type_into_box(browser, "/", "plage")
    until(browser, "return told.textContent.startsWith('The search index is missing')")
    assert names_shown(browser) == []
    type_into_box(browser, Keys.ENTER, Keys.ARROW_DOWN, Keys.ESCAPE)
    assert not browser.find_element(By.CSS_SELECTOR, ".answers").is_displayed()
    console_errors(browser)


def test_what_holds_no_word_finds_nothing_and_says_what_to_type(
    browser: webdriver.Chrome, site: Path
) -> None:
    opened(browser, site / "index.html")
    type_into_box(browser, "/", "?!")
    until(browser, "return told.textContent.startsWith('Type a word of a file name')")
    type_into_box(browser, Keys.BACKSPACE, Keys.BACKSPACE)
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
