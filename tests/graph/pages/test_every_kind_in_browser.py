"""Tests of every kind of page in Chromium, light and dark: accessibility, no console message."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver import Keys

from axe import violations
from imgrec.store.store import Store
from site_in_browser import opened, press, sized, until
from site_stores import clusters, keep_classes, make_store, pages_of, plain_names, site_of

__all__ = ["sized"]
COLORS = ("red", "blue", "black")
DATES = ("2019-07-04", "2019-08-01", "2021-01-01")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kinds")
    path = make_store(folder, plain_names(60), clusters(60))
    with Store.create(path) as store:
        ids = store.catalog.ids("ok").tolist()
        store.catalog.labels.replace("color", {i: COLORS[i % 3] for i in ids})
        store.catalog.labels.replace("taken", {i: DATES[i % 3] for i in ids})
    keep_classes(path, {i: [(("dress", "hat")[i % 2], 0.7), ("sandal", 0.2)] for i in ids})
    # A bundle, whose pictures the panel lists.
    found = site_of(path, folder / "site", page_size=12, groups=[ids[:9:4]])
    return found.index.parent


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, browser: webdriver.Chrome) -> Iterator[str]:
    """Set the colors that the user prefers."""
    wanted: str = request.param
    features = [{"name": "prefers-color-scheme", "value": wanted}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    yield wanted
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def overview(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    # Its edges are drawn.
    press(browser, Keys.ARROW_RIGHT)


def pictures(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, pages_of(site)[0])
    press(browser, Keys.ARROW_RIGHT)
    until(browser, "return !hint.hidden")


def panel(browser: webdriver.Chrome, site: Path) -> None:
    page = next(page for page in pages_of(site) if '"members":' in page.read_text("utf-8"))
    opened(browser, page)
    node = browser.execute_script("return page.nodes.find(({ members }) => members).id")
    browser.execute_script("location.hash = arguments[0]", node)
    until(browser, f"return selected === {node} && !panel.hidden")
    browser.execute_script("part('bundle').open = true")


def picture_list(browser: webdriver.Chrome, site: Path) -> None:
    pictures(browser, site)
    browser.execute_script("list.querySelector('summary').click()")
    until(browser, "return list.querySelectorAll('canvas').length === page.nodes.length")


def large_view(browser: webdriver.Chrome, site: Path) -> None:
    pictures(browser, site)
    press(browser, "l")
    until(browser, "return view.open && document.querySelector('.chosen .frame img')")


def large_view_of_two(browser: webdriver.Chrome, site: Path) -> None:
    large_view(browser, site)
    press(browser, Keys.ARROW_RIGHT)
    until(browser, "return document.querySelector('.beside .frame img')")


def ask_for_keys(browser: webdriver.Chrome) -> None:
    press(browser, "?")
    until(browser, "return help.open")


def keys(browser: webdriver.Chrome, site: Path) -> None:
    pictures(browser, site)
    ask_for_keys(browser)


def keys_of_an_overview(browser: webdriver.Chrome, site: Path) -> None:
    overview(browser, site)
    ask_for_keys(browser)


def search_for(browser: webdriver.Chrome, query: str) -> None:
    press(browser, "/")
    press(browser, query)
    until(browser, "return !document.querySelector('.answers').hidden")


def results(browser: webdriver.Chrome, site: Path) -> None:
    pictures(browser, site)
    search_for(browser, "dress")
    press(browser, Keys.ARROW_DOWN)
    until(browser, "return document.querySelector('#found [aria-selected=true]')")


def nothing_found(browser: webdriver.Chrome, site: Path) -> None:
    overview(browser, site)
    search_for(browser, "zzzz")
    until(browser, "return document.getElementById('told').textContent === 'Nothing found'")


def sheet(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "contact" / "index.html")


def sheet_by_color(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "contact" / pages_of(site)[0].name, "#color")
    press(browser, Keys.ARROW_RIGHT)


def keys_of_a_sheet(browser: webdriver.Chrome, site: Path) -> None:
    sheet(browser, site)
    ask_for_keys(browser)


def results_on_a_sheet(browser: webdriver.Chrome, site: Path) -> None:
    sheet(browser, site)
    search_for(browser, "color:red")
    until(browser, "return document.querySelectorAll('#found a').length > 5")


KINDS = (
    *(overview, keys_of_an_overview, nothing_found),
    *(pictures, panel, picture_list, large_view, large_view_of_two, keys, results),
    *(sheet, sheet_by_color, keys_of_a_sheet, results_on_a_sheet),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_rule_of_accessibility_is_broken_and_the_console_is_empty(
    browser: webdriver.Chrome,
    site: Path,
    scheme: str,
    kind: Callable[[webdriver.Chrome, Path], None],
) -> None:
    kind(browser, site)
    is_dark = browser.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches")
    assert is_dark == (scheme == "dark")
    # Neither errors nor warnings nor notes.
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert violations(browser) == []


@pytest.mark.parametrize("kind", [overview, panel, sheet_by_color], ids=lambda kind: kind.__name__)
def test_no_rule_is_broken_on_a_phone(
    browser: webdriver.Chrome,
    site: Path,
    sized: Callable[[int, int], None],
    kind: Callable[[webdriver.Chrome, Path], None],
) -> None:
    sized(390, 844)
    kind(browser, site)
    assert violations(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") == 390
