"""The page in Chromium, from file://: states, choices, lists as bytes, comparison, no injection."""

import io
import random
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys

from browser import console_errors, requests
from imgrec import Store
from imgrec.review.page import write_page
from imgrec.review.path_list import local_paths, null_separated, quoted_lines
from imgrec.review.review import Review
from imgrec.review.reviewed import counts, going
from review_pages import make_review_store, review_of
from site_in_browser import sized, until

__all__ = ["sized"]

Made = tuple[Path, Review]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("hostile & <b> ü")
    with Store.open(make_review_store(folder)) as store:
        review = review_of(store)
        page = write_page(store, review, folder / "out", workers=0, page_size=4)
    return page, review


@pytest.fixture
def page(made: Made, browser: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """Open the page with nothing remembered."""
    browser.get(made[0].as_uri())
    browser.execute_script("localStorage.clear()")
    _reload(browser, made)
    yield browser
    assert console_errors(browser) == []


def _reload(browser: webdriver.Chrome, made: Made) -> None:
    browser.get("about:blank")
    requests(browser), console_errors(browser)
    browser.get(made[0].as_uri())
    until(
        browser,
        "return document.querySelector('.file') && !document.getElementById('list').disabled",
    )


def _press(browser: webdriver.Chrome, *keys: str) -> None:
    ActionChains(browser).send_keys(*keys).perform()


def _states(browser: webdriver.Chrome) -> dict[str, str]:
    """Return what is said of each file of the page, by its name."""
    script = """
      return [...document.querySelectorAll('.file')].map(
        file => ['.name', '.strip'].map(part => file.querySelector(part).textContent));
    """
    return dict(browser.execute_script(script))


def _click(browser: webdriver.Chrome, name: str, selector: str) -> None:
    script = """
      for (const file of document.querySelectorAll('.file'))
        if (file.querySelector('.name').textContent === arguments[0])
          return file.querySelector(arguments[1]).click();
      throw new Error(arguments[0]);
    """
    browser.execute_script(script, name, selector)


def _find(browser: webdriver.Chrome, name: str) -> None:
    """Turn the pages until a file is shown."""
    while name not in _states(browser):
        assert browser.execute_script("return !document.getElementById('next').disabled")
        browser.execute_script("document.getElementById('next').click()")


def _saved(browser: webdriver.Chrome, button: str) -> bytes:
    script = """
      lists.save = parts => { window.saved = parts.flatMap(part => [...part]); };
      document.getElementById('list').click();
      document.getElementById(arguments[0]).click();
      document.querySelector('#make .close').click();
      return window.saved;
    """
    return bytes(browser.execute_script(script, button))


def test_it_requests_its_own_files_only_and_shows_every_picture(
    page: webdriver.Chrome, made: Made
) -> None:
    shown: dict[str, str] = {}
    while True:
        shown |= _states(page)
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
    _find(page, "hostile.png")
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
        _find(page, "resized half.png")
        _click(page, "resized half.png", ".yes")
        files = [file for file in files if file.entry.path != "resized half.png"]
    paths = local_paths(files)
    assert _saved(page, "save0") == null_separated(paths)
    assert _saved(page, "save") == quoted_lines(paths)[0]
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


def test_a_group_keeps_a_file_and_choices_are_remembered(
    page: webdriver.Chrome, made: Made
) -> None:
    names = ["resized.png", "resized half.png", "resized again.webp"]
    _find(page, names[0])

    def states() -> list[str]:
        return [_states(page)[name] for name in names]

    assert states() == ["Stays", "Could go", "Could go"]
    _click(page, names[0], ".no")
    assert states() == ["Stays", "Could go", "Could go"]
    assert "One file of a group stays" in page.execute_script(
        "return document.getElementById('told').textContent"
    )
    _click(page, names[1], ".yes")
    _click(page, names[0], ".no")
    # The third was compared with the first only.
    assert states() == ["Could go", "Stays", "Look first"]
    words = """
      return [...document.querySelectorAll('.file.goes')].filter(
        file => file.querySelector('.name').textContent === arguments[0]
      ).map(file => file.querySelector('.words').textContent);
    """
    # The third stays, and the first was compared with it.
    assert page.execute_script(words, names[0]) == ["chosen by hand"]
    _click(page, names[2], ".no")
    assert page.execute_script(words, names[0]) == ["by hand: what stays is smaller"]
    unknown = "by hand: no file that stays is known to be the same"
    assert page.execute_script(words, names[2]) == [unknown]
    _click(page, names[2], ".yes")
    _reload(page, made)
    _find(page, names[0])
    assert states() == ["Could go", "Stays", "Stays"]
    assert page.execute_script(words, names[0]) == ["chosen by hand"]
    page.execute_script("document.getElementById('undo').click()")
    assert states() == ["Stays", "Could go", "Could go"]


def test_another_rule_changes_what_stays_and_the_command(
    made: Made, page: webdriver.Chrome
) -> None:
    script = """
      const rule = document.getElementById('rule'), folder = document.getElementById('folder');
      rule.value = arguments[0]; rule.dispatchEvent(new Event('change'));
      folder.value = arguments[1]; folder.dispatchEvent(new Event('input'));
      document.getElementById('list').click();
      document.querySelector('#make .close').click();
      return document.getElementById('command').textContent;
    """
    store = shlex.quote(str(made[0].parent.parent / "store"))
    told = page.execute_script(script, "found", "")
    assert told == f"imgrec duplicates --store {store} --keep largest,oldest --trash"
    assert page.execute_script(script, "newest", "").endswith("--keep newest --trash")
    told = page.execute_script(script, "folder", "/it's; rm -rf")
    assert told.endswith(" --keep 'in:/it'\"'\"'s; rm -rf' --trash")
    _find(page, "hostile.png")
    folder = page.execute_script(
        "return [...document.querySelectorAll('.folder')].map(f => f.textContent)"
        ".find(f => f.endsWith('/hostile'))"
    )
    page.execute_script(script, "folder", folder)
    assert _states(page)["hostile.png"] == "Could go"
    kept = """
      const file = [...document.querySelectorAll('.file')].find(
        file => file.querySelector('.name').textContent === 'hostile.png');
      return [...file.closest('section').querySelectorAll('.strip.kept')].length;
    """
    assert page.execute_script(kept) == 1


def _random_group(rng: random.Random) -> list[dict[str, Any]]:
    """Return the files of a group as the page gets them, valid by the rules of `groups.py`."""
    files: list[dict[str, Any]] = []
    for _ in range(rng.randint(1, 3)):
        first, content = len(files), len(files)
        kind, keep = ("kept", "yes") if not files else ("similar", "look")
        files.append(_file(rng, kind, keep, first, content))
        for _ in range(rng.randint(0, 3)):
            kind = rng.choice(["copy", "same", "same", "link"])
            of = content if kind == "copy" else len(files)
            file = _file(rng, kind, "no", first, of)
            if kind == "copy":
                file["pixels"] = files[first]["pixels"]
            if kind == "link":
                beside = rng.choice(files[first:])
                file |= {"keep": beside["keep"], "content": beside["content"],
                         "pixels": beside["pixels"]}  # fmt: skip
            elif kind == "same" and file["pixels"] > 1.02 * files[first]["pixels"]:
                file["keep"] = "look"
            files.append(file)
    return files


def _file(rng: random.Random, kind: str, keep: str, same: int, content: int) -> dict[str, Any]:
    return {
        "kind": kind, "keep": keep, "same": same, "content": content, "bytes": rng.randint(1, 5),
        "pixels": rng.choice([100, 101, 200, 300]), "time": rng.randint(1, 5),
        "folder": rng.choice(["/a", "/a/b", "/c"]),
    }  # fmt: skip


def _is_compared(files: list[dict[str, Any]], one: int, other: int) -> bool:
    """True if two files, or files of their bytes, were compared: one is `same` as the other."""
    contents = files[one]["content"], files[other]["content"]
    pairs = {(file["content"], files[file["same"]]["content"])
             for file in files if file["kind"] == "same"}  # fmt: skip
    return contents[0] == contents[1] or contents in pairs or contents[::-1] in pairs


def _is_safe(files: list[dict[str, Any]], number: int, states: list[str]) -> bool:
    return any(
        other != number and states[other] != "no" and file["kind"] != "link"
        and _is_compared(files, number, other)
        and (file["content"] == files[number]["content"]
             or files[number]["pixels"] <= 1.02 * file["pixels"])
        for other, file in enumerate(files)
    )  # fmt: skip


def test_whatever_rule_a_file_that_goes_has_one_that_stays(page: webdriver.Chrome) -> None:
    rng = random.Random(5)
    groups = [_random_group(rng) for _ in range(400)]
    rules = [
        {"name": name, "folder": "/a"}
        for name in ("found", "largest", "oldest", "newest", "folder")
    ]
    chosen = [
        {str(rng.randrange(len(group))): rng.choice(["yes", "no"])} if rng.random() < 0.5 else {}
        for group in groups
    ]
    script = """
      const [groups, rules, chosen] = arguments;
      return groups.map((group, n) => rules.map(rule => decide.states(group, rule, chosen[n])));
    """
    went = 0
    for group, of_rules, by_hand in zip(
        groups, page.execute_script(script, groups, rules, chosen), chosen, strict=True
    ):
        for rule, states in zip(rules, of_rules, strict=True):
            if rule["name"] == "found" and not by_hand:
                assert states == [file["keep"] for file in group]
            for number, state in enumerate(states):
                if str(number) in by_hand:
                    assert state == by_hand[str(number)]
                elif group[number]["kind"] == "link":
                    assert state != "no" or (rule["name"] == "found" and not by_hand)
                elif state == "no":
                    went += 1
                    assert _is_safe(group, number, states), (group, rule, by_hand, states)
            if not by_hand:
                assert any(
                    s != "no" and f["kind"] != "link" for s, f in zip(states, group, strict=True)
                )
    assert went > 1000


def test_a_choice_is_forgotten_where_the_name_has_another_content(
    made: Made, page: webdriver.Chrome
) -> None:
    name = "resized half.png"
    _find(page, name)
    _click(page, name, ".yes")
    by_hand = "return !document.getElementById('undo').hidden"
    assert page.execute_script(by_hand)
    facts = next(f for f in made[0].parent.glob("data/facts-*.js") if name in f.read_text("utf-8"))
    text = facts.read_text("utf-8")
    try:
        facts.write_text(re.sub(r'"bytes":(\d+)', r'"bytes":1\1', text), "utf-8")
        _reload(page, made)
        assert not page.execute_script(by_hand)
    finally:
        facts.write_text(text, "utf-8")
    _reload(page, made)
    assert page.execute_script(by_hand)


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
    _press(page, "j", "j", "k", "j")
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
    _press(page, "j")
    first = page.execute_script(here)
    _press(page, "j")
    second = page.execute_script(here)
    assert [int(second[0]) - int(first[0]), first[1], second[1]] == [1, "0", "0"]
    _press(page, Keys.ARROW_RIGHT)
    assert page.execute_script(here) == [second[0], "1"]
    _press(page, Keys.ARROW_LEFT, "k")
    assert page.execute_script(here) == first
    _press(page, "]")
    assert page.execute_script("return document.getElementById('page').textContent")[0] == "2"
    _press(page, "[", "?")
    assert page.execute_script("return document.getElementById('help').open")
    _press(page, Keys.ESCAPE)
    _find(page, "resized half.png")
    _click(page, "resized half.png", ".picture")
    assert page.execute_script("return compare.isOpen()")
    _press(page, "x")
    assert _states(page)["resized half.png"] != "Could go"
    _press(page, "x", Keys.ESCAPE)
    assert _states(page)["resized half.png"] == "Could go"
    assert not page.execute_script("return compare.isOpen()")
    # The focus is where it was.
    name = "document.activeElement.closest('.file')?.querySelector('.name').textContent"
    until(page, f"return {name} === 'resized half.png'")


def _stage(browser: webdriver.Chrome) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the pixels of the stage of the comparison."""
    until(browser, "return document.querySelector('#stage canvas')")
    browser.execute_script(
        "for (const mark of document.querySelectorAll('#stage .mark')) mark.remove()"
    )
    canvas = browser.find_element("css selector", "#stage canvas")
    return np.asarray(Image.open(io.BytesIO(canvas.screenshot_as_png)).convert("RGB"))


@pytest.mark.parametrize("turn", range(8))
def test_the_difference_is_bright_where_a_part_differs_and_black_elsewhere(
    turn: int, page: webdriver.Chrome
) -> None:
    name = f"turned{turn} part.png" if turn else "stamped part.png"
    _find(page, name)
    _click(page, name, ".picture")
    _press(page, "3")
    pixels = _stage(page)
    height, width = pixels.shape[:2]
    assert abs(width / height - 4 / 3) < 0.03
    inside = pixels[int(0.13 * height) : int(0.27 * height), int(0.63 * width) : int(0.87 * width)]
    assert inside.min() > 200
    outside = pixels.copy()
    outside[int(0.06 * height) : int(0.34 * height), int(0.56 * width) : int(0.94 * width)] = 0
    assert np.mean(outside) < 12
    _press(page, "2")
    assert page.execute_script("return !document.getElementById('slide').hidden")
    _press(page, "1")
    assert page.execute_script("return document.querySelectorAll('#stage img').length") == 2
    _press(page, Keys.ESCAPE)


@pytest.mark.parametrize("turn", range(8))
def test_the_box_is_where_it_is_in_the_turned_picture(turn: int, page: webdriver.Chrome) -> None:
    name = f"turned{turn} part.png" if turn else "stamped part.png"
    _find(page, name)
    script = """
      const frame = [...document.querySelectorAll('.file')].find(
        file => file.querySelector('.name').textContent === arguments[0]).querySelector('.frame');
      const [a, b] = [frame, frame.querySelector('.mark')].map(e => e.getBoundingClientRect());
      return [(b.left - a.left) / a.width, (b.top - a.top) / a.height,
              (b.right - a.left) / a.width, (b.bottom - a.top) / a.height];
    """
    left, top, right, bottom = page.execute_script(script, name)
    source = page.execute_script(
        "return [...document.querySelectorAll('.file')].find(f => f.querySelector('.name')"
        ".textContent === arguments[0]).querySelector('img').src", name
    )  # fmt: skip
    file = Path(made_path(source))
    white = np.asarray(Image.open(file).convert("L")) > 240
    height, width = white.shape
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    found = columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
    assert np.allclose((left, top, right, bottom), found, atol=0.02)


@pytest.mark.parametrize("name", ["cropped within.png", "cropped beyond.png"])
def test_a_crop_is_laid_over_the_part_that_it_shows(name: str, page: webdriver.Chrome) -> None:
    _find(page, name)
    _click(page, name, ".picture")
    _press(page, "1")
    script = """
      return [...document.querySelectorAll('#stage .frame')].map(frame => {
        const mark = frame.querySelector('.mark'), a = frame.getBoundingClientRect();
        const b = mark && mark.getBoundingClientRect();
        return b && [(b.left - a.left) / a.width, (b.top - a.top) / a.height,
                     (b.right - a.left) / a.width, (b.bottom - a.top) / a.height];
      });
    """
    of_kept, of_file = page.execute_script(script)
    if "within" in name:
        assert np.allclose(of_kept, (0.1, 0.1, 0.9, 0.9), atol=0.015)
        assert of_file is None
    else:
        assert of_kept is None
        borders = 40 / 480, 40 / 380, 440 / 480, 340 / 380
        assert np.allclose(of_file, borders, atol=0.015)
    _press(page, "3")
    pixels = _stage(page)
    height, width = pixels.shape[:2]
    assert pixels[height // 5 : height * 4 // 5, width // 5 : width * 4 // 5].mean() < 30
    _press(page, Keys.ESCAPE)


def made_path(address: str) -> str:
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(address).path)


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
    _find(page, "hostile.png")
    assert page.execute_script(beyond, "body *") == []
    _click(page, "hostile.png", ".picture")
    assert page.execute_script(beyond, "#compare *") == []
    _press(page, Keys.ESCAPE)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
