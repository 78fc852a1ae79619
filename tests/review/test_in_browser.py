"""The page in Chromium, from file://: what it shows, lists as bytes, keys, sizes, no injection."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver import Keys

from browser import requests
from imgrec.review.path_list import local_paths, null_separated, quoted_lines
from imgrec.review.reviewed import counts, going
from review_in_browser import Made, click, find, saved, states_shown
from site_in_browser import press, sized, until

__all__ = ["sized"]


def test_it_requests_its_own_files_only_and_shows_every_picture(
    page: webdriver.Chrome, made: Made
) -> None:
    shown: dict[str, str] = {}
    while True:
        shown |= states_shown(page)
        page.execute_script("for (const i of document.querySelectorAll('img')) i.loading = 'eager'")
        images = "[...document.querySelectorAll('.file img')]"
        until(page, f"return {images}.every(i => i.complete && i.naturalWidth)")
        if page.execute_script("return document.getElementById('next').disabled"):
            break
        page.execute_script("document.getElementById('next').click()")
    folder = made[0].parent.as_uri()
    assert [one for one in requests(page) if not one.startswith(folder)] == []
    members = [member for group in made[1].groups for member in group]
    assert len(shown) == len({Path(member.entry.path).name for member in members}) == len(members)
    said = {"yes": "Stays", "no": "Could go", "look": "Look first"}
    expected = {m.entry.path: "Link" if m.kind == "link" else said[m.keep] for m in members}
    plain = {path: state for path, state in expected.items() if "/" not in path}
    assert plain.items() <= shown.items()
    assert sum(state == "Could go" for state in shown.values()) == len(going(made[1].groups))


def test_no_name_is_markup(page: webdriver.Chrome) -> None:
    find(page, "hostile.png")
    assert (
        page.execute_script("return document.querySelectorAll('img:not(.frame img)').length") == 0
    )
    assert (
        page.execute_script("return document.querySelectorAll('main script, main b b').length") == 0
    )
    texts = page.execute_script("return document.querySelector('main').textContent")
    assert "<img src=x onerror=alert(1)>" in texts
    assert "{{ 7*7 }}{% raw %}.jpg" in texts
    assert "\u202e" not in texts
    hrefs = page.execute_script("return [...document.querySelectorAll('a.name')].map(a => a.href)")
    assert all(href.startswith("file:///") for href in hrefs)
    assert page.execute_script("return document.querySelectorAll('a.name').length") > 10


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_lists_hold_the_very_bytes_of_the_names(
    by_hand: bool, page: webdriver.Chrome, made: Made
) -> None:
    files = going(made[1].groups)
    if by_hand:
        find(page, "resized half.png")
        click(page, "resized half.png", ".yes")
        files = [file for file in files if file.entry.path != "resized half.png"]
    paths = local_paths(files)
    assert saved(page, "save0") == null_separated(paths)
    assert saved(page, "save") == quoted_lines(paths)[0]
    left = page.execute_script("return document.getElementById('left').textContent")
    assert left == "1 name with a line break: only in the list for xargs -0."
    page.execute_script("lists.copy = text => { window.copied = text; return true; }")
    page.execute_script("document.getElementById('copy').click()")
    lines = until(page, "return window.copied").split("\n")
    # Names that are not Unicode cannot be copied as text.
    assert len(lines) >= len(paths) - 3
    assert set(lines) <= set(quoted_lines(paths)[0].decode("utf-8", "surrogateescape").split("\n"))


def test_totals_are_those_of_the_review(page: webdriver.Chrome, made: Made) -> None:
    total = counts(made[1].groups)
    told = page.execute_script("return document.getElementById('going').textContent")
    assert told.startswith(f"{total.same} files could go · ")
    assert (
        page.execute_script("return document.querySelector('.about').textContent") == total.line()
    )


@pytest.mark.parametrize(("width", "rule"), [(1400, "found"), (760, "folder"), (1000, "folder")])
def test_no_bar_hides_the_head_of_a_group_reached_by_keys(
    width: int, rule: str, page: webdriver.Chrome, sized: Callable[[int, int], None]
) -> None:
    sized(width, 800)
    page.execute_script(
        "const rule = document.getElementById('rule');"
        "rule.value = arguments[0]; rule.dispatchEvent(new Event('change')); rule.blur()", rule
    )  # fmt: skip
    page.execute_script("document.activeElement.blur()")
    press(page, "j", "j", "k", "j")
    places = """
      const [tools, head] = [document.querySelector('.tools'),
        document.activeElement.closest('section').querySelector('h2')];
      return [tools, head].map(e => e.getBoundingClientRect()).flatMap(b => [b.top, b.bottom]);
    """
    until(page, "return document.activeElement.closest('section')")
    top, tools, head, _ = page.execute_script(places)
    assert top == 0
    assert head >= tools


def test_keys_lead_through_groups_files_and_pages(page: webdriver.Chrome) -> None:
    here = """
      const file = document.activeElement.closest('.file');
      return file && [file.closest('section').dataset.group, file.dataset.number];
    """
    press(page, "j")
    first = page.execute_script(here)
    press(page, "j")
    second = page.execute_script(here)
    assert [int(second[0]) - int(first[0]), first[1], second[1]] == [1, "0", "0"]
    press(page, Keys.ARROW_RIGHT)
    assert page.execute_script(here) == [second[0], "1"]
    press(page, Keys.ARROW_LEFT, "k")
    assert page.execute_script(here) == first
    press(page, "]")
    assert page.execute_script("return document.getElementById('page').textContent")[0] == "2"
    press(page, "[", "?")
    assert page.execute_script("return document.getElementById('help').open")
    press(page, Keys.ESCAPE)
    find(page, "resized half.png")
    click(page, "resized half.png", ".picture")
    assert page.execute_script("return compare.isOpen()")
    press(page, "x")
    assert states_shown(page)["resized half.png"] != "Could go"
    press(page, "x", Keys.ESCAPE)
    assert states_shown(page)["resized half.png"] == "Could go"
    assert not page.execute_script("return compare.isOpen()")
    # The focus is where it was.
    name = "document.activeElement.closest('.file')?.querySelector('.name').textContent"
    until(page, f"return {name} === 'resized half.png'")


@pytest.mark.parametrize("width", [1400, 900, 400, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(
    width: int, scheme: str, page: webdriver.Chrome, sized: Callable[[int, int], None]
) -> None:
    sized(width, 800)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    beyond = """
      return [...document.querySelectorAll(arguments[0])].filter(e => {
        const box = e.getBoundingClientRect();
        return box.width && (box.right > innerWidth + 0.5 || box.left < -0.5);
      }).map(e => e.outerHTML.slice(0, 80));
    """
    assert page.execute_script(beyond, "body *") == []
    find(page, "hostile.png")
    assert page.execute_script(beyond, "body *") == []
    click(page, "hostile.png", ".picture")
    assert page.execute_script(beyond, "#compare *") == []
    press(page, Keys.ESCAPE)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
