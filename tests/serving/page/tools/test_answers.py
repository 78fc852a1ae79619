"""What is told of an answer: distances and a limit, near-copies, how ranks moved."""

from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver import Keys

from live_page import Page
from live_server import LiveServer
from page_modules import IMPORT, until
from page_tools import change, chips, key, labeled, shown_ids, wait_shown


def _limit(page: Page, value: float) -> None:
    page.js(
        "const r = document.querySelector('#histogram input'); r.value = arguments[0];"
        "r.dispatchEvent(new Event('input'))",
        value,
    )


def test_the_limit_is_told_and_asked(page: Page) -> None:
    page.go("?like=3")
    page.wait("return document.querySelector('#histogram input')")
    every = page.api("/api/search", {"pictures": [3], "k": 200})["results"]
    assert page.text("#histogram output").startswith("All ")
    limit = round(every[20]["distance"], 3)
    near = {hit["id"] for hit in every if hit["distance"] <= limit}
    _limit(page, limit)
    wait_shown(page, near)
    until(lambda: page.text("#histogram output") == f"{len(near)} pictures within {limit:.3f}")
    slider = page.one("#histogram input")
    assert slider.get_attribute("aria-valuetext") == page.text("#histogram output")
    assert f"Within: {limit:g}" in chips(page)[0]
    slider.send_keys(Keys.END)
    wait_shown(page, {hit["id"] for hit in every})
    assert page.js("return new URLSearchParams(location.search).has('within')") is False


def test_a_limit_goes_where_distances_mean_something_else(page: Page) -> None:
    page.go("?like=3&within=0.2")
    page.wait("return document.querySelector('.filter-chip')")
    change(page, {"metric": "euclidean"})
    page.wait("return !document.querySelector('.filter-chip')")


def test_a_limit_that_is_being_chosen_is_not_that_of_another_question(page: Page) -> None:
    page.go("?like=3")
    page.wait("return document.querySelector('#histogram input')")
    page.browser.execute_async_script(
        "const done = arguments[0];"
        "const r = document.querySelector('#histogram input'); r.value = 0.2;"
        "r.dispatchEvent(new Event('input'));"
        f"{IMPORT}('actions.js').then((m) => {{ m.clear(); setTimeout(done, 600); }})"
    )
    assert page.query() == ""


def test_nothing_asked_no_distances(page: Page) -> None:
    assert page.js("return document.querySelector('#histogram').hidden") is True


def test_near_copies_fold_and_unfold(page: Page, tool_store: Path) -> None:
    every = set(labeled(tool_store, "folder"))
    duplicates, similar = labeled(tool_store, "duplicates"), labeled(tool_store, "similar")
    group = {*duplicates, *similar}
    assert len(group) == 4
    assert not page.all(".folded")
    page.one("#folds input").click()
    badge = page.wait("return document.querySelector('button.folded')")
    assert badge.text == "+3"
    drawn = page.ids()
    assert len(group & set(drawn)) == 1
    badge.click()
    page.wait("return document.querySelector('button.folded[aria-expanded=true]')")
    until(lambda: len(group & set(page.ids())) == 4)
    at = [place for place, i in enumerate(page.ids()) if i in group]
    assert at == list(range(at[0], at[0] + 4))
    page.js("document.querySelector('button.folded').closest('.tile').focus()")
    key(page, "f")
    until(lambda: page.ids() == drawn)
    assert page.js("return document.activeElement.matches('.tile:has(.folded)')")
    # One of them folds all of them again, and the first has the focus then.
    key(page, "f")
    until(lambda: len(group & set(page.ids())) == 4)
    key(page, Keys.ARROW_RIGHT)
    assert page.js("return document.activeElement.matches('.of-fold')")
    key(page, "f")
    until(lambda: page.ids() == drawn)
    assert page.js("return document.activeElement.matches('.tile:has(.folded)')")
    assert shown_ids(page) == every
    page.go()
    page.wait("return document.querySelector('#folds input')?.checked")


def test_files_of_the_same_bytes_fold_without_labels(
    server: LiveServer, browser: webdriver.Chrome
) -> None:
    opened = Page(browser, server)
    opened.size(1280, 900)
    opened.enter()
    (group,) = opened.api("/api/copies")["groups"]
    assert len(group) == 3
    # Two of the three, and another picture.
    opened.go("?where=folder%3Dcopies")
    badge = opened.wait("return document.querySelector('button.folded')")
    assert badge.text == "+1"
    assert len(opened.ids()) == 2 and len({*group} & {*opened.ids()}) == 1


def test_moves_are_the_differences_of_the_orders(page: Page) -> None:
    page.go("?like=3,60")
    shown_ids(page)
    body: dict[str, Any] = {"pictures": [3, 60], "k": 200}
    before = {hit["id"]: hit["rank"] for hit in page.api("/api/search", body)["results"]}
    assert page.js("return document.querySelector('#moves').textContent") == ""
    change(page, {"fuse": "min"})
    after = page.api("/api/search", {**body, "fuse": "min"})["results"]
    assert [hit["id"] for hit in after] != list(before)
    page.wait("return document.querySelector('.note.up')")
    page.wait_ids([hit["id"] for hit in after[:10]])
    notes = page.js(
        "return [...document.querySelectorAll('.tile')].slice(0, 10)"
        ".map((tile) => tile.querySelector('.note')?.textContent ?? '')"
    )
    moves = [before[hit["id"]] - hit["rank"] for hit in after[:10]]
    assert notes == [f"▲{by}" if by > 0 else f"▼{-by}" if by else "" for by in moves]
    assert any(notes)
    page.click("#moves button")
    page.wait("return !document.querySelector('.note')")
    page.click("#moves button")
    page.wait("return document.querySelector('.note.up')")
    change(page, {"pictures": [{"id": 9}]})
    page.wait("return !document.querySelector('.note') && document.querySelector('#moves').hidden")
