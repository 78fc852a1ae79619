"""Marked pictures, and what is saved of them and of results."""

import csv
import io
import json
from pathlib import Path

from PIL import Image
from selenium.webdriver import ActionChains, Keys

from live_page import Page
from page_modules import until
from page_tools import EVIL, file_in, key, mark, marked_count, mounted, press_bar, save_as


def test_marks_by_box_key_and_range(page: Page) -> None:
    ids = page.ids()
    assert marked_count(page) == ""
    mark(page, ids[1])
    assert marked_count(page) == "1 marked"
    page.js("document.querySelectorAll('.tile')[3].focus()")
    key(page, "m")
    assert marked_count(page) == "2 marked"
    box = page.one(f".tile[data-id='{ids[7]}'] .mark")
    ActionChains(page.browser).key_down(Keys.SHIFT).click(box).key_up(Keys.SHIFT).perform()
    assert marked_count(page) == "6 marked"
    marked = (
        "return [...document.querySelectorAll('.tile.is-marked')].map((t) => Number(t.dataset.id))"
    )
    assert page.js(marked) == [ids[1], *ids[3:8]]
    page.browser.refresh()
    mounted(page)
    until(lambda: marked_count(page) == "6 marked")
    press_bar(page, "Clear")
    assert marked_count(page) == ""
    page.click("#notice button")
    assert marked_count(page) == "6 marked"


def test_searching_with_the_marked(page: Page) -> None:
    ids = page.ids()
    mark(page, ids[0], ids[4])
    press_bar(page, "Search with these")
    expected = page.api("/api/search", {"pictures": [ids[0], ids[4]], "k": 10})["results"]
    page.wait_ids([hit["id"] for hit in expected])
    page.go()
    press_bar(page, "Clear")
    mark(page, *ids[1:7])
    medoids = page.api("/api/medoids", {"ids": ids[1:7]})["ids"]
    assert len(medoids) == 5 and set(medoids) < set(ids[1:7])
    press_bar(page, "Search with these")
    page.wait("return location.search === arguments[0]", f"?like={','.join(map(str, medoids))}")


def test_all_within_are_marked(page: Page) -> None:
    every = page.api("/api/search", {"pictures": [3], "k": 200})["results"]
    limit = every[64]["distance"] + 1e-4
    page.go(f"?like=3&within={limit}")
    mark(page, page.ids()[0])
    press_bar(page, "Mark all within")
    near = {hit["id"] for hit in every if hit["distance"] <= limit}
    until(lambda: marked_count(page) == f"{len(near)} marked")


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8"), newline="")))


def test_results_are_saved_in_every_form(page: Page, downloads: Path) -> None:
    page.go("?like=3")
    hits = page.api("/api/search", {"pictures": [3], "k": 60})["results"]
    save_as(page, "#saving", "CSV")
    rows = _rows(file_in(downloads, "results.csv"))
    assert [(int(row["rank"]), int(row["id"])) for row in rows] == [
        (h["rank"], h["id"]) for h in hits
    ]
    assert [row["file"] for row in rows] == [hit["file"] for hit in hits]
    assert any(row["class"] == EVIL for row in rows)
    save_as(page, "#saving", "JSON")
    assert json.loads(file_in(downloads, "results.json").read_text()) == hits
    save_as(page, "#saving", "Paths")
    assert file_in(downloads, "results.txt").read_text().splitlines() == [
        hit["file"] for hit in hits
    ]
    save_as(page, "#saving", "Picture of the grid")
    with Image.open(file_in(downloads, "results.png")) as image:
        assert image.format == "PNG" and min(image.size) > 300


def test_the_marked_are_saved(page: Page, downloads: Path) -> None:
    ids = page.ids()
    mark(page, ids[2], ids[0])
    save_as(page, "#selection", "CSV")
    rows = _rows(file_in(downloads, "marked.csv"))
    assert [int(row["id"]) for row in rows] == [ids[2], ids[0]]
    assert all(Path(row["file"]).is_file() for row in rows)
    save_as(page, "#selection", "Picture of the grid")
    with Image.open(file_in(downloads, "marked.png")) as image:
        assert (
            image.format == "PNG"
            and len(image.convert("RGB").resize((32, 32)).getcolors(1024)) > 20
        )
