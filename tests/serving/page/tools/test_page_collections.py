"""Collections on the page: made, changed, undone, filtered by, exported, copied."""

from pathlib import Path

import pytest
from selenium import webdriver

from imgrec import Store
from live_page import Page
from live_server import live
from page_modules import until
from page_tools import (
    EVIL,
    add_to,
    chips,
    listed,
    mark,
    members,
    press_bar,
    save_as,
    tick,
    wait_shown,
)


@pytest.mark.usefixtures("emptied")
def test_a_collection_is_made_changed_undone_and_filtered_by(page: Page, tool_store: Path) -> None:
    ids = page.ids()
    mark(page, ids[0], ids[1], ids[2])
    name = f"best {EVIL}"
    add_to(page, name)
    until(lambda: members(tool_store, name) == set(ids[:3]))
    until(lambda: listed(page) == {name: 3})
    page.wait("return document.querySelector('#notice button')")
    assert page.text("#notice span") == f"3 pictures added to “{name}”"
    # One that is there already stays when the others are taken back.
    mark(page, ids[3])
    page.click(".selection-acts .main")
    page.wait("return document.querySelector('dialog.ask .choice')")
    page.click("dialog.ask .choice")
    until(lambda: members(tool_store, name) == set(ids[:4]))
    page.wait("return /already there/.test(document.querySelector('#notice span')?.textContent)")
    page.click("#notice button")
    until(lambda: members(tool_store, name) == set(ids[:3]))
    until(lambda: listed(page) == {name: 3})
    tick(page, f"collection={name}")
    wait_shown(page, set(ids[:3]))
    assert chips(page) == [f"Collection: {name}"]
    press_bar(page, "Clear")
    mark(page, ids[1])
    press_bar(page, "Remove from…")
    page.wait("return document.querySelector('dialog.ask .choice')")
    page.click("dialog.ask .choice")
    wait_shown(page, {ids[0], ids[2]})
    assert page.js("return document.querySelectorAll('img[src=\"x\"]').length") == 0


@pytest.mark.usefixtures("emptied")
def test_what_another_tab_makes_is_listed_when_one_comes_back(page: Page) -> None:
    ids = page.ids()
    mark(page, ids[0])
    press_bar(page, "Remove from…")
    assert page.wait("return document.querySelector('dialog.ask p')?.textContent") == (
        "There is no collection yet."
    )
    page.escape()
    page.api("/api/collections/there", {"add": ids[:2]})
    page.js("document.dispatchEvent(new Event('visibilitychange'))")
    until(lambda: listed(page) == {"there": 2})


@pytest.mark.usefixtures("emptied")
def test_the_way_back_shows_a_collection_as_it_is_now(page: Page, tool_store: Path) -> None:
    ids = page.ids()
    mark(page, ids[0])
    add_to(page, "best")
    until(lambda: listed(page) == {"best": 1})
    tick(page, "collection=best")
    wait_shown(page, {ids[0]})
    page.click(".filter-chip .chip-take")
    page.wait("return !document.querySelector('.filter-chip')")
    page.settle()
    mark(page, ids[5])
    page.click(".selection-acts .main")
    page.wait("return document.querySelector('dialog.ask .choice')")
    page.click("dialog.ask .choice")
    until(lambda: members(tool_store, "best") == {ids[0], ids[5]})
    until(lambda: listed(page) == {"best": 2})
    page.back()
    page.wait("return document.querySelector('.filter-chip')")
    wait_shown(page, {ids[0], ids[5]})


@pytest.mark.usefixtures("emptied")
def test_a_collection_is_deleted_only_after_a_question(page: Page, tool_store: Path) -> None:
    ids = page.ids()
    mark(page, ids[0], ids[5])
    add_to(page, "best")
    until(lambda: listed(page) == {"best": 2})
    for press, left in (("Keep it", True), ("Delete", False)):
        page.click("#collections .menu-button")
        page.click("#collections .choice.danger")
        page.wait("return document.querySelector('dialog.ask')")
        page.js(
            "[...document.querySelectorAll('dialog.ask button')]"
            ".find(b => b.textContent === arguments[0]).click()",
            press,
        )
        until(lambda left=left: bool(members(tool_store, "best")) is left)  # type: ignore[misc]
    page.wait("return document.querySelector('#collections').hidden")
    page.wait("return document.querySelector('#notice button')")
    page.click("#notice button")
    until(lambda: members(tool_store, "best") == {ids[0], ids[5]})


@pytest.mark.usefixtures("emptied")
def test_a_collection_is_exported_and_copied(
    page: Page, tool_store: Path, downloads: Path, exports: Path
) -> None:
    ids = page.ids()
    mark(page, ids[0], ids[5])
    add_to(page, "best")
    until(lambda: listed(page) == {"best": 2})
    save_as(page, "#collections", "Save paths")
    found = until(
        lambda: [f for f in downloads.iterdir() if f.suffix == ".txt" and f.stat().st_size]
    )
    files = found[0].read_text().splitlines()
    with Store.open(tool_store) as opened:
        assert sorted(files) == sorted(e.location for e in opened.catalog.entries([ids[0], ids[5]]))
    save_as(page, "#collections", "Copy files")
    until(lambda: len([*(exports / "best").glob("*.jpg")]) == 2)
    copied = {path.read_bytes() for path in (exports / "best").glob("*.jpg")}
    assert copied == {Path(file).read_bytes() for file in files}
    page.wait("return /2 files copied/.test(document.querySelector('#notice').textContent)")


@pytest.mark.usefixtures("emptied")
def test_without_a_folder_the_command_is_shown(tool_store: Path, browser: webdriver.Chrome) -> None:
    with live(tool_store) as server:
        opened = Page(browser, server)
        opened.size(1280, 900)
        opened.enter()
        mark(opened, *opened.ids()[:2])
        add_to(opened, "it's best")
        until(lambda: listed(opened) == {"it's best": 2})
        save_as(opened, "#collections", "Copy files…")
        command = opened.wait("return document.querySelector('dialog.ask code')?.textContent")
        assert command == "imgrec collections 'it'\\''s best' --copy FOLDER"
        opened.escape()
        opened.js("sessionStorage.clear()")
