"""Links between the live page, the network pages and the report."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from selenium.webdriver import Chrome

from browser import console_errors
from graph.pages.site import write_site
from imgrec.store.store import Store
from live_page import Page
from live_server import live
from logdirs import only_run, table
from page_modules import call
from projector import ProjectorOptions, write_logdir
from reports import write


@pytest.fixture
def page(browser: Chrome, photo_store: Path, tmp_path: Path) -> Iterator[Page]:
    copytree(photo_store, tmp_path / "store")
    with Store.open(tmp_path / "store") as store:
        write_site(store, tmp_path / "a & b")
    write(tmp_path / "store", tmp_path / "report", "--maps", "none", "--clusters", "3")
    with live(tmp_path / "store") as server:
        yield Page(browser, server)
        browser.get("about:blank")


def test_the_network_and_the_report_are_reached_and_lead_back(page: Page) -> None:
    page.enter()
    console_errors(page.browser)
    page.wait("return document.querySelectorAll('#links a').length === 2")
    links = page.js("return [...document.querySelectorAll('#links a')].map((a) => a.href)")
    for link, folder in zip(links, ("site", "report"), strict=True):
        page.browser.get(link)
        assert page.query() == "" and page.browser.current_url.endswith(f"/{folder}/index.html")
        assert page.text("h1, header")
    image_id = page.api("/api/list", {"k": 1})["pictures"][0]["id"]
    page.go("", f"#id={image_id}")
    community = "[...document.querySelectorAll('#large-head a')].find(a => /comm/.test(a.text))"
    page.wait(f"return {community}?.hidden === false")
    page.browser.get(page.js(f"return {community}.href"))
    back = f"{page.server.origin}/?like={image_id}"
    live_link = "[...document.links].find((a) => a.href === arguments[0])"
    page.wait(f"return {live_link}", back)
    page.js(f"{live_link}.click()", back)
    page.wait("return document.querySelector('#chips .chip')")
    page.settle()
    assert page.query() == f"?like={image_id}"
    assert console_errors(page.browser) == []


def test_the_projector_is_named_where_its_logdir_is(
    browser: Chrome, photo_store: Path, tmp_path: Path
) -> None:
    copytree(photo_store, tmp_path / "store")
    with Store.open(tmp_path / "store") as store:
        write_logdir(store, tmp_path / "log", options=ProjectorOptions(methods=()))
    run = only_run(tmp_path / "log")
    with live(tmp_path / "store", "--logdir", str(tmp_path / "log")) as server:
        page = Page(browser, server)
        page.enter("", "#id=17")
        page.wait("return document.querySelector('#in-projector dd')")
        path = page.api("/api/pictures/17")["picture"]["path"]
        rows = [row for row, cells in enumerate(table(run), 1) if cells["path"] == path]
        assert page.text("#in-projector") == f"projector{run.name}, row {rows[0]}"
        browser.get("about:blank")


def test_a_page_that_is_not_served_has_no_address(page: Page) -> None:
    page.enter()
    given = [
        ("/x/pages/community-1.html#17", "/files/s/site/index.html"),
        ("C:\\x\\pages\\community-1-2.html#17", "/files/s/site/index.html"),
        ("/x/pages/community-1.html#17", None),
        ("//evil.example/community-1.html#17", "/files/s/site/index.html"),
        ("javascript:alert(1)//pages/a.html", "/files/s/site/index.html"),
    ]
    assert call(
        page.browser, "large-facts.js", "given.map(([a, b]) => m.servedPage(a, b))", given
    ) == [
        "/files/s/site/pages/community-1.html#17",
        "/files/s/site/pages/community-1-2.html#17",
        "",
        "",
        "",
    ]
