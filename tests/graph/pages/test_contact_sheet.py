"""Tests of contact sheets: every picture once, in orders checked by hand, usable by keys."""

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

from browser import console_errors
from graph.pages.contact_sheet import captions_of, orders_of
from graph.pages.likeness import likeness_order
from imgrec.checks.site.check import check_site
from imgrec.collection import Entry
from imgrec.store.store import Store
from site_in_browser import opened, sized, until
from site_stores import clusters, data_of, make_store, pages_of, plain_names, site_of

__all__ = ["sized"]
COLORS = ("red", "blue", "black")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contact")
    path = make_store(folder, plain_names(84), clusters(84))
    with Store.create(path) as store:
        ids = store.catalog.ids("ok").tolist()
        store.catalog.labels.replace("color", {i: COLORS[i % 3] for i in ids})
    return site_of(path, folder / "site", page_size=10).index.parent


def shown(browser: webdriver.Chrome) -> list[tuple[str, list[int]]]:
    """Return the headings of a contact sheet and the ids below each."""
    found: list[tuple[str, list[int]]] = browser.execute_script(
        "return [...contact.querySelectorAll('section')].map((section) => ["
        "section.querySelector('h2')?.firstChild.textContent ?? '',"
        "[...section.querySelectorAll('a')].map((link) => Number(link.hash.slice(1)))])"
    )
    return [(heading, ids) for heading, ids in found]


def test_every_page_has_a_sheet_of_all_its_pictures_and_the_doctor_finds_no_fault(
    site: Path,
) -> None:
    with Store.open(site.parent / "store") as store:
        every = store.catalog.ids("ok").tolist()
    for page in [site / "index.html", *sorted((site / "pages").glob("*.html"))]:
        name = page.name
        sheet = site / "contact" / name
        assert f'contact/{name}"' in page.read_text("utf-8")
        data = data_of(sheet)["data"]
        ids = [row[0] for row in data["contact"]]
        assert len(set(ids)) == len(ids)
        if page in pages_of(site):
            assert sorted(ids) == sorted(node["id"] for node in data_of(page)["nodes"])
        for groups in data["orders"].values():
            order = [i for _, numbers in groups for i in numbers]
            assert sorted(order) == list(range(len(ids)))
    whole = data_of(site / "contact" / "index.html")["data"]["contact"]
    assert sorted(row[0] for row in whole) == every
    assert check_site(site).findings == ()


@pytest.mark.parametrize("damage", ["[9, 'x', 99, [0,0,1,1]]", "[1]", "7", "[1, 'x', 0, [0]]"])
def test_the_doctor_names_rows_that_are_invalid(site: Path, damage: str, tmp_path: Path) -> None:
    # With the pictures beside it, which the pages link to.
    copy = Path(shutil.copytree(site.parent, tmp_path / "all")) / "site"
    sheet = copy / "contact" / "index.html"
    text = sheet.read_text("utf-8")
    sheet.write_text(text.replace('"contact":[', f'"contact":[{damage.replace(chr(39), chr(34))},'))
    (finding,) = check_site(copy).findings
    assert "1 row of its contact sheet" in str(finding)


def test_pictures_that_are_alike_stand_side_by_side() -> None:
    groups = np.arange(40) % 4
    pairs = {
        (a, b): 0.9 - 0.001 * (b - a) for a in range(40) for b in range(a + 1, 40)
        if groups[a] == groups[b]
    }  # fmt: skip
    order = likeness_order(40, pairs)
    assert sorted(order) == list(range(40))
    # Four groups, so three changes between neighbors.
    assert sum(groups[a] != groups[b] for a, b in pairwise(order)) == 3
    assert order == likeness_order(40, pairs)
    # A chain is put in its order, from either end.
    chain = likeness_order(9, {(i, i + 1): 0.8 for i in range(8)})
    assert chain in (list(range(9)), list(range(9))[::-1])
    assert [likeness_order(n, {}) for n in (1, 2)] == [[0], [0, 1]]


def test_orders_are_by_color_wheel_month_and_megapixels() -> None:
    found = orders_of(
        [3, 2, 1, 0, 4],
        ["blue", "red", "", "blue", "red"],
        ["2020-01-02T10:00:00", "", "2019-12-31", "2019-12-01", "2020-01-01"],
        [13_000_000, 100, 0, 30_000_000, 12_000_000],
    )
    assert found["likeness"] == [("", [3, 2, 1, 0, 4])]
    assert found["color"] == [("red", [1, 4]), ("blue", [3, 0]), ("without a color", [2])]
    assert found["date"] == [
        ("December 2019", [3, 2]), ("January 2020", [4, 0]), ("without a date", [1]),
    ]  # fmt: skip
    assert found["size"] == [
        ("24 megapixels or more", [3]), ("12 to 24 megapixels", [0, 4]),
        ("less than 1 megapixel", [1]), ("of unknown size", [2]),
    ]  # fmt: skip
    # What tells nothing is not offered.
    assert list(orders_of([0, 1], ["", ""], ["", ""], [5, 5])) == ["likeness"]
    # Of many months the headings are years.
    months = [f"{2000 + i // 12}-{i % 12 + 1:02d}" for i in range(30)]
    by_date = orders_of(range(30), [""] * 30, months, [5] * 30)["date"]
    assert [heading for heading, _ in by_date] == ["2000", "2001", "2002"]


@pytest.mark.parametrize(
    ("path", "labels", "told"),
    [
        ("dress/red-dress-001.jpg", {"folder": "dress", "class": "gown"}, ""),
        ("dress/91c4b8c1-fd2f-47ea-b496-8191d36a2e3b.jpg", {"folder": "dress"}, "dress"),
        ("2019/IMG_1234.JPG", {"folder": "2019", "class": "tabby, tabby cat"}, "tabby"),
        ("2019/0001.jpg", {"folder": "2019"}, ""),
        ("\u202eevil/17.jpg", {"folder": "\u202eevil"}, "evil"),
    ],
)
def test_a_name_that_says_nothing_is_told_by_folder_or_class(
    path: str, labels: dict[str, str], told: str
) -> None:
    entry = Entry(1, "/root", path, 10, 1, None, 1, 1, "JPEG", "ok", None)
    assert captions_of([entry], {1: labels}) == [told]


def test_pictures_of_one_folder_are_told_by_their_classes() -> None:
    paths = ["shoes/91c4b8c1.jpg", "shoes/7702aa31.jpg", "shoes/0b4411de.jpg", "shoes/red-boot.jpg"]
    entries = [
        Entry(i, "/root", path, 10, 1, None, 1, 1, "JPEG", "ok", None)
        for i, path in enumerate(paths)
    ]
    labels = {i: {"folder": "shoes"} for i in range(4)}
    assert captions_of(entries, labels) == ["shoes", "shoes", "shoes", ""]
    labels[0]["class"], labels[1]["class"] = "sandal", "running shoe, trainer"
    assert captions_of(entries, labels) == ["sandal", "running shoe", "shoes", ""]
    # Of two folders each tells more than the class, and all of one class tell nothing.
    labels[1]["folder"] = "worn"
    assert captions_of(entries, labels) == ["shoes", "worn", "shoes", ""]
    labels = {i: {"folder": "shoes", "class": "clog"} for i in range(4)}
    assert captions_of(entries, labels) == ["shoes", "shoes", "shoes", ""]


def test_a_caption_keeps_the_end_of_a_long_name(
    browser: webdriver.Chrome, tmp_path: Path, sized: Callable[[int, int], None]
) -> None:
    sized(1280, 800)
    names = [f"a-long-name-of-a-family-{i:06d}.jpg".encode() for i in range(8)]
    site_of(make_store(tmp_path, names, clusters(8, 1)), tmp_path / "site")
    (page,) = pages_of(tmp_path / "site")
    opened(browser, tmp_path / "site" / "contact" / page.name)
    told = browser.execute_script(
        "return links.map((link) => {"
        "const [start, end] = link.querySelector('.caption').children;"
        "const frame = link.getBoundingClientRect(), seen = end.getBoundingClientRect();"
        "return [start.textContent + end.textContent, seen.left > frame.left + 30"
        " && seen.right <= frame.right, start.scrollWidth > start.clientWidth,"
        "link.getAttribute('aria-label')]; })"
    )
    assert sorted(told) == [[name.decode()[:-4], True, True, name.decode()] for name in names]


def test_a_sheet_is_printed_whole_and_in_dark_on_white(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None]
) -> None:
    sized(1280, 300)
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    opened(browser, site / "contact" / "index.html")
    # Those far below the window are drawn too, so that they are on paper.
    until(browser, "return links.every((link) => link.querySelector('canvas').style.width)")
    paper = {"media": "print", "features": [dark]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", paper)
    shown = browser.execute_script(
        "return [document.querySelector('h1'), contact.querySelector('.caption')]"
        ".map((one) => getComputedStyle(one).color)"
    )
    hidden = browser.find_elements(By.CSS_SELECTOR, ".search, .orders, button, input")
    seen = [element.is_displayed() for element in hidden]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    assert shown == ["rgb(0, 0, 0)", "rgb(68, 68, 68)"]
    assert not any(seen)
    assert console_errors(browser) == []


def test_a_click_orders_the_sheet_and_the_address_remembers_it(
    browser: webdriver.Chrome, site: Path
) -> None:
    sheet = site / "contact" / "index.html"
    opened(browser, sheet)
    before = shown(browser)
    assert [heading for heading, _ in before] == [""]
    browser.find_element(By.CSS_SELECTOR, "[data-order=color]").click()
    until(browser, "return order === 'color'")
    groups = shown(browser)
    assert [heading for heading, _ in groups] == ["red", "blue", "black"]
    for number, (_, ids) in enumerate(groups):
        assert ids and all(COLORS[i % 3] == COLORS[number] for i in ids)
    assert browser.current_url.endswith("#color")
    browser.refresh()
    until(browser, "return window.imgrecDrawn && order === 'color'")
    assert shown(browser) == groups
    browser.back()
    until(browser, "return order === 'likeness'")
    assert shown(browser) == before
    assert console_errors(browser) == []


def test_keys_lead_through_the_sheet_to_the_picture_and_back(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    opened(browser, page)
    browser.find_element(By.CSS_SELECTOR, ".to-contact").click()
    until(browser, "return document.body.className === 'contact' && window.imgrecDrawn")
    ids = [i for _, group in shown(browser) for i in group]
    focus = "return Number(document.activeElement.hash?.slice(1))"
    assert browser.execute_script(focus) == ids[0]

    def press(*keys: str) -> None:
        ActionChains(browser).send_keys(*keys).perform()

    press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    assert browser.execute_script(focus) == ids[1]
    press(Keys.END)
    assert browser.execute_script(focus) == ids[-1]
    press("?")
    until(browser, "return help.open")
    press(Keys.ESCAPE)
    until(browser, "return !help.open")
    press("2")
    until(browser, "return order === 'color'")
    press(Keys.ESCAPE)
    until(browser, "return document.body.className === 'pictures' && window.imgrecDrawn")
    assert browser.current_url == page.as_uri()
    opened(browser, site / "contact" / page.name)
    press(Keys.ARROW_RIGHT, Keys.ENTER)
    until(browser, f"return document.body.className === 'pictures' && selected === {ids[1]}")
    assert console_errors(browser) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_sheet_fits_the_window_and_draws_what_is_in_view(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None], width: int
) -> None:
    sized(width, 800)
    opened(browser, site / "contact" / "index.html")
    assert browser.execute_script("return document.documentElement.scrollWidth") == width
    until(browser, "return [...contact.querySelectorAll('canvas')].slice(0, 6)"
                   ".every((one) => one.style.width)")  # fmt: skip
    sides = browser.execute_script(
        "return [...contact.querySelectorAll('.grid a')].map((link) => {"
        "const { left, right } = link.getBoundingClientRect(); return [left, right]; })"
    )
    assert all(left >= 0 and right <= width for left, right in sides)
    assert console_errors(browser) == []


def test_headings_count_the_pictures_of_stacks_and_cover_no_ring(
    browser: webdriver.Chrome, tmp_path: Path, sized: Callable[[int, int], None]
) -> None:
    path = make_store(tmp_path, plain_names(40), clusters(40))
    with Store.create(path) as store:
        ids = store.catalog.ids("ok").tolist()
        store.catalog.labels.replace("color", {i: COLORS[i % 3] for i in ids})
    sheet = site_of(path, tmp_path / "site", groups=[ids[:17:4]]).index.parent / "contact"
    opened(browser, sheet / "index.html", "#color")
    told = browser.execute_script(
        "return [document.querySelector('.counts b'), ...contact.querySelectorAll('h2 small')]"
        ".map((one) => parseInt(one.textContent))"
    )
    assert told[0] == sum(told[1:]) == len(ids)
    for width in (390, 1280):
        sized(width, 600)
        opened(browser, sheet / "index.html", "#color")
        cut = browser.execute_script(
            "for (const row of page.data.contact) row[COLUMNS.date] = '2019-02-12 10:03';"
            "page.data.orders.date = page.data.orders.color; show('date');"
            "return links.filter((link) => {"
            "  const [date, ...more] = link.querySelector('.caption').children;"
            "  return more.length || date.textContent !== '2019-02-12'"
            "    || !link.title.endsWith(' 10:03')"
            "    || date.scrollWidth > date.clientWidth; }).length"
        )
        assert cut == 0
        ActionChains(browser).send_keys(Keys.HOME).perform()
        hidden = browser.execute_script(
            "return standing().filter((link) => {"
            "  focusOn(link);"
            "  const { left, right, top, bottom } = link.getBoundingClientRect();"
            "  return [top - 3, bottom + 3].some((y) =>"
            "    document.elementFromPoint((left + right) / 2, y)?.closest('h2, header')"
            "    || y > innerHeight); }).length"
        )
        assert hidden == 0
    assert console_errors(browser) == []
