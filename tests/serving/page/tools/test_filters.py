"""Filters and the timeline of the page: counts, chips, spans, keys."""

from collections import Counter
from pathlib import Path

from selenium import webdriver
from selenium.webdriver import ActionChains, Keys

from live_page import Page
from live_server import LiveServer
from page_modules import until
from page_tools import EVIL, chips, key, labeled, taken_of, tick, values, wait_shown


def test_filters_of_a_kind_are_joined_by_or_and_kinds_by_and(page: Page, tool_store: Path) -> None:
    folders, communities = labeled(tool_store, "folder"), labeled(tool_store, "community")
    assert values(page, "folder") == dict(Counter(folders.values()))
    names = sorted(set(folders.values()))
    tick(page, f"folder={names[0]}")
    wait_shown(page, {i for i, name in folders.items() if name == names[0]})
    # The other folders keep their counts, so that one more can be chosen.
    assert values(page, "folder") == dict(Counter(folders.values()))
    tick(page, f"folder={names[1]}")
    two = {i for i, name in folders.items() if name in names[:2]}
    wait_shown(page, two)
    tops = Counter(path[0] for i, path in communities.items() if i in two)
    until(lambda: {k: v for k, v in values(page, "community").items() if len(k) == 1} == dict(tops))
    tick(page, "community=1")
    wait_shown(page, {i for i in two if communities[i].startswith("1.")})
    assert chips(page) == [
        f"Folder: {names[0]}",
        f"Folder: {names[1]}",
        "Community: " + chips(page)[2][11:],
    ]
    page.click(".filter-chip .chip-take")
    wait_shown(page, {i for i, n in folders.items() if n == names[1] and communities[i][0] == "1"})
    page.browser.back()
    wait_shown(page, {i for i in two if communities[i].startswith("1.")})
    page.click("#filter-chips .clear")
    wait_shown(page, set(folders))
    assert not page.js("return document.querySelector('#filter-chips').offsetHeight")


def test_a_filter_with_a_hostile_name(page: Page, tool_store: Path) -> None:
    classes = labeled(tool_store, "class")
    page.click(".facet[data-kind=class] .more")
    assert EVIL in values(page, "class")
    tick(page, f"class={EVIL}")
    wait_shown(page, {i for i, name in classes.items() if name == EVIL})
    assert chips(page) == [f"Class: {EVIL}"]
    assert page.js("return document.querySelectorAll('img[src=\"x\"]').length") == 0


def test_many_values_are_searched_and_shown_in_steps(page: Page) -> None:
    assert len(values(page, "class")) == 8
    page.click(".facet[data-kind=class] .more")
    assert len(values(page, "class")) == 20
    field = page.one(".facet[data-kind=class] input[type=search]")
    field.send_keys("CLASS 1")
    expected = {"class 1", *(f"class {n}" for n in range(10, 20))}
    assert set(values(page, "class")) == expected
    field.send_keys("zzz")
    assert values(page, "class") == {}
    assert "None of this name" in page.text(".facet[data-kind=class]")


def test_values_beyond_those_listed_are_found(page: Page, tool_store: Path) -> None:
    motifs = labeled(tool_store, "motif")
    panel = ".facet[data-kind=motif]"
    field = page.one(f"{panel} input[type=search]")
    assert field.get_attribute("placeholder") == f"Search {len(motifs)}"
    field.send_keys("MOTIF 7")
    until(lambda: set(values(page, "motif")) == {"motif 70", "motif 71"})
    field.send_keys(Keys.BACKSPACE * 2, " 6")
    until(lambda: len(values(page, "motif")) == 8)
    assert page.text(f"{panel} .more") == "Show 2 more"
    page.click(f"{panel} .more")
    assert set(values(page, "motif")) == {f"motif {n}" for n in range(60, 70)}
    tick(page, "motif=motif 68")
    wait_shown(page, {i for i, motif in motifs.items() if motif == "motif 68"})
    until(lambda: len(values(page, "motif")) == 10)
    field = page.one(f"{panel} input[type=search]")
    field.send_keys(Keys.BACKSPACE, "zzz")
    page.wait("return document.querySelector(arguments[0]).textContent.includes('None of')", panel)


def test_communities_open_and_the_focus_stays(page: Page) -> None:
    assert set(values(page, "community")) == {"1", "2", "3"}
    expander = page.one(".facet[data-kind=community] .expander")
    assert expander.get_attribute("aria-expanded") == "false"
    expander.send_keys(Keys.ENTER)
    assert set(values(page, "community")) == {"1", "1.1", "1.2", "2", "3"}
    assert page.browser.switch_to.active_element.get_attribute("aria-expanded") == "true"
    page.one("input[data-filter='community=1.2']").send_keys(Keys.SPACE)
    page.wait("return document.querySelector('.filter-chip')")
    until(lambda: page.js("return document.activeElement.dataset.filter") == "community=1.2")


def test_the_bar_of_a_value_begins_below_its_text(page: Page) -> None:
    page.click(".facet[data-kind=community] .expander")
    rows = page.js("""
      return [...document.querySelectorAll(".facet[open] li[style*='--percent']")].map((row) => {
        const bar = getComputedStyle(row, "::after");
        const text = row.querySelector(".facet-name").getBoundingClientRect();
        const edge = row.getBoundingClientRect().left;
        return [row.closest(".facet").dataset.kind, text.left - edge, parseFloat(bar.left),
          parseFloat(bar.width), Number(row.style.getPropertyValue("--percent"))];
      });
    """)
    assert len({text for kind, text, *_ in rows if kind == "community"}) == 2
    for kind, text, left, _, _ in rows:
        assert abs(left - text) <= 1, kind
    # Of one list all on one scale.
    for kind in {row[0] for row in rows}:
        scales = [row[3] / row[4] for row in rows if row[0] == kind]
        assert max(scales) - min(scales) < 0.02, kind


def _bars(page: Page) -> dict[str, int]:
    script = """
      return [...document.querySelectorAll(".time-bar")].map((bar) =>
        [bar.dataset.span, Number(bar.ariaLabel.match(/: (\\d+)/)[1])])
    """
    return dict(page.js(script))


def test_a_year_opens_its_months_and_a_drag_takes_a_span(page: Page, tool_store: Path) -> None:
    taken = taken_of(tool_store)
    years = Counter(date[:4] for date in taken.values())
    assert _bars(page) == {str(year): years[str(year)] for year in range(2017, 2022)}
    page.one(".time-bar[data-span='2019']").click()
    wait_shown(page, {i for i, date in taken.items() if date[:4] == "2019"})
    months = Counter(date[:7] for date in taken.values())
    assert _bars(page) == {f"2019-{m:02}": months[f"2019-{m:02}"] for m in range(1, 13)}
    first, last = (page.one(f".time-bar[data-span='2019-0{m}']") for m in (7, 8))
    ActionChains(page.browser).click_and_hold(first).move_to_element(last).release().perform()
    expected = {i for i, date in taken.items() if date[:7] in ("2019-07", "2019-08")}
    wait_shown(page, expected)
    assert page.js("return new URLSearchParams(location.search).getAll('where')") == [
        "taken=2019-07..2019-08"
    ]
    pressed = "document.querySelectorAll('.time-bar[aria-pressed=true]')"
    assert page.js(f"return [...{pressed}].map(b => b.dataset.span)") == ["2019-07", "2019-08"]
    assert chips(page) == ["Date: Jul 2019 – Aug 2019"]
    page.js("[...document.querySelectorAll('.time-head button')].at(-1).click()")
    wait_shown(page, set(labeled(tool_store, "folder")))


def test_the_timeline_by_keys(page: Page, tool_store: Path) -> None:
    taken = taken_of(tool_store)
    page.js("document.querySelector('.time-bar').focus()")
    for _ in range(2):
        key(page, Keys.ARROW_RIGHT)
    for _ in range(2):
        key(page, Keys.ARROW_RIGHT, Keys.SHIFT)
    key(page, Keys.ENTER)
    wait_shown(page, {i for i, date in taken.items() if "2019" <= date[:4] <= "2021"})
    assert chips(page) == ["Date: 2019 – 2021"]


def test_the_timeline_is_hidden_without_dates(
    server: LiveServer, browser: webdriver.Chrome
) -> None:
    opened = Page(browser, server)
    opened.enter()
    opened.wait("return document.querySelector('.facet')")
    assert opened.js("return document.querySelector('#timeline').hidden") is True
