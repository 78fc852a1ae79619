"""The tools of the page in Chromium: filters, timeline, distances, folds, marks, collections."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys

from axe import violations
from browser import console_errors
from imgrec import Store, index_folders
from live_page import Page
from live_server import LiveServer, live
from page_modules import until
from pictures import picture
from stores import HERE

EVIL = "<img src=x onerror=alert(1)>"
_DATES = (
    "2017-03-01",
    "2019-06-30",
    "2019-07-01",
    "2019-07-31",
    "2019-08-15",
    "2019-09-01",
    "2021-01-09",
)


def _write_dated(folder: Path) -> None:
    """Write 72 pictures in three folders; those of two have dates and cameras."""
    for family, name in (
        ("stripes", "stripes"),
        ("discs", f"discs {EVIL[1:4]}"),
        ("checks", "checks"),
    ):
        (folder / name).mkdir(parents=True)
        for seed in range(24):
            exif = Image.Exif()
            if family != "checks":
                date = _DATES[seed % len(_DATES)].replace("-", ":")
                exif.get_ifd(0x8769)[0x9003] = f"{date} 10:00:00"
                exif[0x0110] = f"Evil {EVIL}" if seed % 2 else "Plain 5"
            picture(family, seed).save(folder / name / f"{seed:03d}.jpg", exif=exif, quality=90)


def _label(store: Path) -> None:
    """Give pictures communities, twenty classes, and near-copies."""
    with Store.create(store) as opened:
        labels = opened.catalog.labels
        ids = opened.catalog.ids("ok").tolist()
        labels.replace("community", {i: f"{n % 3 + 1}.{n % 2 + 1}" for n, i in enumerate(ids)})
        labels.replace(
            "class", {i: EVIL if n % 20 == 7 else f"class {n % 20}" for n, i in enumerate(ids)}
        )
        first = ids[5]
        labels.replace("duplicates", dict.fromkeys([first, *ids[6:8]], str(first)))
        labels.replace("similar", dict.fromkeys([ids[7], ids[40]], str(ids[7])))


@pytest.fixture(scope="module")
def tool_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tools")
    _write_dated(folder / "photos")
    index_folders([folder / "photos"], folder / "store", HERE)
    _label(folder / "store")
    return folder / "store"


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def tool_server(tool_store: Path, exports: Path) -> Iterator[LiveServer]:
    with live(tool_store, "--exports", str(exports)) as running:
        yield running


@pytest.fixture
def downloads(browser: webdriver.Chrome, tmp_path: Path) -> Path:
    allow = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", allow)
    return tmp_path


@pytest.fixture
def page(tool_server: LiveServer, browser: webdriver.Chrome) -> Iterator[Page]:
    """Open the page, folded nowhere; afterwards its console is empty, and so are collections."""
    browser.get("about:blank")
    console_errors(browser)
    opened = Page(browser, tool_server)
    opened.size(1280, 900)
    opened.colors("light")
    opened.enter()
    opened.js("sessionStorage.clear(); localStorage.setItem('imgrec-folds', 'off')")
    opened.go()
    opened.wait("return document.querySelector('.facet')")
    yield opened
    assert console_errors(browser) == []
    browser.execute_script("sessionStorage.clear(); localStorage.clear()")


def _with(store: Path, kind: str) -> dict[int, str]:
    with Store.open(store) as opened:
        return opened.catalog.labels.of_kind(kind)


def _taken(store: Path) -> dict[int, str]:
    """Return the date of each picture that has one, as EXIF says it."""
    with Store.open(store) as opened:
        found = opened.catalog.metadata.of(opened.catalog.ids("ok").tolist())
    return {i: datum.value for i, data in found.items() for datum in data if datum.name == "taken"}


def _members(store: Path, name: str) -> set[int]:
    with Store.open(store) as opened:
        return set(opened.catalog.labels.ids("collection", name).tolist())


def _values(page: Page, kind: str) -> dict[str, int]:
    """Return the values that a facet shows, with their counts."""
    script = """
      const rows = [...document.querySelectorAll(`.facet[data-kind="${arguments[0]}"] li label`)];
      return rows.map((one) => [one.querySelector("[data-filter]").dataset.filter,
        one.querySelector(".facet-count").textContent]);
    """
    return {
        filter_.partition("=")[2]: int(count.replace(",", ""))
        for filter_, count in page.js(script, kind)
    }


def _tick(page: Page, filter_: str) -> None:
    page.js(
        'document.querySelector(`input[data-filter="${CSS.escape(arguments[0])}"]`).click()',
        filter_,
    )


def _shown(page: Page) -> set[int]:
    """Return the ids of all results, those that the grid has not drawn too."""
    found: list[int] = page.browser.execute_async_script("""
      const done = arguments[0];
      import("/page/results.js").then(async ({results}) => {
        while (!results.get().done && !results.get().error) {
          await results.more();
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        done(results.get().hits.map((hit) => hit.id));
      });
    """)
    assert len(found) == len(set(found))
    return set(found)


def _wait_shown(page: Page, expected: set[int]) -> None:
    assert expected
    until(lambda: _shown(page) == expected, f"never shown: {sorted(expected)}")


def _chips(page: Page) -> list[str]:
    found: list[str] = page.js(
        "return [...document.querySelectorAll('.filter-chip')].map((chip) => "
        "[...chip.querySelectorAll('span')].map((part) => part.textContent).join(': '))"
    )
    return found


def _key(page: Page, key: str, *held: str) -> None:
    actions = ActionChains(page.browser)
    for one in held:
        actions.key_down(one)
    actions.send_keys(key)
    for one in held:
        actions.key_up(one)
    actions.perform()


# Filters


def test_filters_of_a_kind_are_joined_by_or_and_kinds_by_and(page: Page, tool_store: Path) -> None:
    folders, communities = _with(tool_store, "folder"), _with(tool_store, "community")
    assert _values(page, "folder") == dict(Counter(folders.values()))
    names = sorted(set(folders.values()))
    _tick(page, f"folder={names[0]}")
    _wait_shown(page, {i for i, name in folders.items() if name == names[0]})
    # The other folders keep their counts, so that one more can be chosen.
    assert _values(page, "folder") == dict(Counter(folders.values()))
    _tick(page, f"folder={names[1]}")
    two = {i for i, name in folders.items() if name in names[:2]}
    _wait_shown(page, two)
    tops = Counter(path[0] for i, path in communities.items() if i in two)
    until(
        lambda: {k: v for k, v in _values(page, "community").items() if len(k) == 1} == dict(tops)
    )
    _tick(page, "community=1")
    _wait_shown(page, {i for i in two if communities[i].startswith("1.")})
    assert _chips(page) == [
        f"Folder: {names[0]}",
        f"Folder: {names[1]}",
        "Community: " + _chips(page)[2][11:],
    ]
    page.click(".filter-chip .chip-take")
    _wait_shown(page, {i for i, n in folders.items() if n == names[1] and communities[i][0] == "1"})
    page.browser.back()
    _wait_shown(page, {i for i in two if communities[i].startswith("1.")})
    page.click("#filter-chips .clear")
    _wait_shown(page, set(folders))
    assert not page.js("return document.querySelector('#filter-chips').offsetHeight")


def test_a_filter_with_a_hostile_name(page: Page, tool_store: Path) -> None:
    classes = _with(tool_store, "class")
    page.click(".facet[data-kind=class] .more")
    assert EVIL in _values(page, "class")
    _tick(page, f"class={EVIL}")
    _wait_shown(page, {i for i, name in classes.items() if name == EVIL})
    assert _chips(page) == [f"Class: {EVIL}"]
    assert page.js("return document.querySelectorAll('img[src=\"x\"]').length") == 0


def test_many_values_are_searched_and_shown_in_steps(page: Page) -> None:
    assert len(_values(page, "class")) == 8
    page.click(".facet[data-kind=class] .more")
    assert len(_values(page, "class")) == 20
    field = page.one(".facet[data-kind=class] input[type=search]")
    field.send_keys("CLASS 1")
    expected = {"class 1", *(f"class {n}" for n in range(10, 20))}
    assert set(_values(page, "class")) == expected
    field.send_keys("zzz")
    assert _values(page, "class") == {}
    assert "None of this name" in page.text(".facet[data-kind=class]")


def test_communities_open_and_the_focus_stays(page: Page) -> None:
    assert set(_values(page, "community")) == {"1", "2", "3"}
    expander = page.one(".facet[data-kind=community] .expander")
    assert expander.get_attribute("aria-expanded") == "false"
    expander.send_keys(Keys.ENTER)
    assert set(_values(page, "community")) == {"1", "1.1", "1.2", "2", "3"}
    assert page.browser.switch_to.active_element.get_attribute("aria-expanded") == "true"
    page.one("input[data-filter='community=1.2']").send_keys(Keys.SPACE)
    page.wait("return document.querySelector('.filter-chip')")
    until(lambda: page.js("return document.activeElement.dataset.filter") == "community=1.2")


# The timeline


def _bars(page: Page) -> dict[str, int]:
    script = """
      return [...document.querySelectorAll(".time-bar")].map((bar) =>
        [bar.dataset.span, Number(bar.ariaLabel.match(/: (\\d+)/)[1])])
    """
    return dict(page.js(script))


def test_a_year_opens_its_months_and_a_drag_takes_a_span(page: Page, tool_store: Path) -> None:
    taken = _taken(tool_store)
    years = Counter(date[:4] for date in taken.values())
    assert _bars(page) == {str(year): years[str(year)] for year in range(2017, 2022)}
    page.one(".time-bar[data-span='2019']").click()
    _wait_shown(page, {i for i, date in taken.items() if date[:4] == "2019"})
    months = Counter(date[:7] for date in taken.values())
    assert _bars(page) == {f"2019-{m:02}": months[f"2019-{m:02}"] for m in range(1, 13)}
    first, last = (page.one(f".time-bar[data-span='2019-0{m}']") for m in (7, 8))
    ActionChains(page.browser).click_and_hold(first).move_to_element(last).release().perform()
    expected = {i for i, date in taken.items() if date[:7] in ("2019-07", "2019-08")}
    _wait_shown(page, expected)
    assert page.js("return new URLSearchParams(location.search).getAll('where')") == [
        "taken=2019-07..2019-08"
    ]
    pressed = "document.querySelectorAll('.time-bar[aria-pressed=true]')"
    assert page.js(f"return [...{pressed}].map(b => b.dataset.span)") == ["2019-07", "2019-08"]
    assert _chips(page) == ["Date: Jul 2019 – Aug 2019"]
    page.js("[...document.querySelectorAll('.time-head button')].at(-1).click()")
    _wait_shown(page, set(_with(tool_store, "folder")))


def test_the_timeline_by_keys(page: Page, tool_store: Path) -> None:
    taken = _taken(tool_store)
    page.js("document.querySelector('.time-bar').focus()")
    for _ in range(2):
        _key(page, Keys.ARROW_RIGHT)
    for _ in range(2):
        _key(page, Keys.ARROW_RIGHT, Keys.SHIFT)
    _key(page, Keys.ENTER)
    _wait_shown(page, {i for i, date in taken.items() if "2019" <= date[:4] <= "2021"})
    assert _chips(page) == ["Date: 2019 – 2021"]


def test_the_timeline_is_hidden_without_dates(
    server: LiveServer, browser: webdriver.Chrome
) -> None:
    opened = Page(browser, server)
    opened.enter()
    opened.wait("return document.querySelector('.facet')")
    assert opened.js("return document.querySelector('#timeline').hidden") is True


# Distances


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
    _wait_shown(page, near)
    until(lambda: page.text("#histogram output") == f"{len(near)} pictures within {limit:.3f}")
    slider = page.one("#histogram input")
    assert slider.get_attribute("aria-valuetext") == page.text("#histogram output")
    assert f"Within: {limit:g}" in _chips(page)[0]
    slider.send_keys(Keys.END)
    _wait_shown(page, {hit["id"] for hit in every})
    assert page.js("return new URLSearchParams(location.search).has('within')") is False


def test_a_limit_goes_where_distances_mean_something_else(page: Page) -> None:
    page.go("?like=3&within=0.2")
    page.wait("return document.querySelector('.filter-chip')")
    _change(page, {"metric": "euclidean"})
    page.wait("return !document.querySelector('.filter-chip')")


def test_nothing_asked_no_distances(page: Page) -> None:
    assert page.js("return document.querySelector('#histogram').hidden") is True


# Folds and moves


def _change(page: Page, patch: dict[str, Any]) -> None:
    page.browser.execute_async_script(
        "const [patch, done] = arguments;"
        "import('/page/state.js').then((m) => { m.state.change(patch); done(); })",
        patch,
    )


def test_near_copies_fold_and_unfold(page: Page, tool_store: Path) -> None:
    every = set(_with(tool_store, "folder"))
    duplicates, similar = _with(tool_store, "duplicates"), _with(tool_store, "similar")
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
    page.click("button.folded")
    until(lambda: page.ids() == drawn)
    assert _shown(page) == every
    page.go()
    page.wait("return document.querySelector('#folds input')?.checked")


def test_moves_are_the_differences_of_the_orders(page: Page) -> None:
    page.go("?like=3,60")
    _shown(page)
    body: dict[str, Any] = {"pictures": [3, 60], "k": 200}
    before = {hit["id"]: hit["rank"] for hit in page.api("/api/search", body)["results"]}
    assert page.js("return document.querySelector('#moves').textContent") == ""
    _change(page, {"fuse": "min"})
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
    _change(page, {"pictures": [{"id": 9}]})
    page.wait("return !document.querySelector('.note') && document.querySelector('#moves').hidden")


# Marks and saving


def _mark(page: Page, *ids: int) -> None:
    for image_id in ids:
        page.click(f".tile[data-id='{image_id}'] .mark")


_BUTTON = (
    "[...document.querySelectorAll('.selection-acts button')]"
    ".find((one) => one.textContent === arguments[0])"
)


def _bar(page: Page, text: str) -> None:
    """Press a button of the bar of marked pictures."""
    page.js(f"{_BUTTON}.click()", text)


def _mounted(page: Page) -> None:
    page.wait(
        "return document.querySelector('.selection-acts') && document.querySelector('.facet')"
    )


def _count(page: Page) -> str:
    return (
        page.text(".marked-count")
        if page.js("return !document.querySelector('#selection').hidden")
        else ""
    )


def test_marks_by_box_key_and_range(page: Page) -> None:
    ids = page.ids()
    assert _count(page) == ""
    _mark(page, ids[1])
    assert _count(page) == "1 marked"
    page.js("document.querySelectorAll('.tile')[3].focus()")
    _key(page, "m")
    assert _count(page) == "2 marked"
    box = page.one(f".tile[data-id='{ids[7]}'] .mark")
    ActionChains(page.browser).key_down(Keys.SHIFT).click(box).key_up(Keys.SHIFT).perform()
    assert _count(page) == "6 marked"
    marked = (
        "return [...document.querySelectorAll('.tile.is-marked')].map((t) => Number(t.dataset.id))"
    )
    assert page.js(marked) == [ids[1], *ids[3:8]]
    page.browser.refresh()
    _mounted(page)
    until(lambda: _count(page) == "6 marked")
    _bar(page, "Clear")
    assert _count(page) == ""
    page.click("#notice button")
    assert _count(page) == "6 marked"


def test_searching_with_the_marked(page: Page) -> None:
    ids = page.ids()
    _mark(page, ids[0], ids[4])
    _bar(page, "Search with these")
    expected = page.api("/api/search", {"pictures": [ids[0], ids[4]], "k": 10})["results"]
    page.wait_ids([hit["id"] for hit in expected])
    page.go()
    _bar(page, "Clear")
    _mark(page, *ids[1:6])
    assert page.js(f"return {_BUTTON}.disabled", "Search with these") is False
    _mark(page, ids[6])
    assert page.js(f"return {_BUTTON}.disabled", "Search with these") is True


def test_all_within_are_marked(page: Page) -> None:
    every = page.api("/api/search", {"pictures": [3], "k": 200})["results"]
    limit = every[64]["distance"] + 1e-4
    page.go(f"?like=3&within={limit}")
    _mark(page, page.ids()[0])
    _bar(page, "Mark all within")
    near = {hit["id"] for hit in every if hit["distance"] <= limit}
    until(lambda: _count(page) == f"{len(near)} marked")


def _save(page: Page, place: str, text: str) -> None:
    page.click(f"{place} .menu-button")
    page.wait(f"return document.querySelector('{place} .choice')")
    page.js(
        "[...document.querySelectorAll(arguments[0])]"
        ".find((one) => one.textContent === arguments[1]).click()",
        f"{place} .choice", text,
    )  # fmt: skip


def _file(folder: Path, name: str) -> Path:
    until(lambda: (folder / name).is_file() and (folder / name).stat().st_size, f"no {name}")
    return folder / name


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8"), newline="")))


def test_results_are_saved_in_every_form(page: Page, downloads: Path) -> None:
    page.go("?like=3")
    hits = page.api("/api/search", {"pictures": [3], "k": 60})["results"]
    _save(page, "#saving", "CSV")
    rows = _rows(_file(downloads, "results.csv"))
    assert [(int(row["rank"]), int(row["id"])) for row in rows] == [
        (h["rank"], h["id"]) for h in hits
    ]
    assert [row["file"] for row in rows] == [hit["file"] for hit in hits]
    assert any(row["class"] == EVIL for row in rows)
    _save(page, "#saving", "JSON")
    assert json.loads(_file(downloads, "results.json").read_text()) == hits
    _save(page, "#saving", "Paths")
    assert _file(downloads, "results.txt").read_text().splitlines() == [hit["file"] for hit in hits]
    _save(page, "#saving", "Picture of the grid")
    with Image.open(_file(downloads, "results.png")) as image:
        assert image.format == "PNG" and min(image.size) > 300


def test_the_marked_are_saved(page: Page, downloads: Path) -> None:
    ids = page.ids()
    _mark(page, ids[2], ids[0])
    _save(page, "#selection", "CSV")
    rows = _rows(_file(downloads, "marked.csv"))
    assert [int(row["id"]) for row in rows] == [ids[2], ids[0]]
    assert all(Path(row["file"]).is_file() for row in rows)
    _save(page, "#selection", "Picture of the grid")
    with Image.open(_file(downloads, "marked.png")) as image:
        assert (
            image.format == "PNG"
            and len(image.convert("RGB").resize((32, 32)).getcolors(1024)) > 20
        )


# Collections


@pytest.fixture
def emptied(tool_store: Path) -> Iterator[None]:
    yield
    with Store.create(tool_store) as opened:
        opened.catalog.labels.replace("collection", {})


def _add(page: Page, name: str) -> None:
    page.click(".selection-acts .main")
    page.wait("return document.querySelector('dialog.ask')")
    page.one(".new-collection input").send_keys(name, Keys.ENTER)
    page.wait("return !document.querySelector('dialog.ask')")


def _listed(page: Page) -> dict[str, int]:
    return _values(page, "collection")


@pytest.mark.usefixtures("emptied")
def test_a_collection_is_made_changed_undone_and_filtered_by(page: Page, tool_store: Path) -> None:
    ids = page.ids()
    _mark(page, ids[0], ids[1], ids[2])
    name = f"best {EVIL}"
    _add(page, name)
    until(lambda: _members(tool_store, name) == set(ids[:3]))
    until(lambda: _listed(page) == {name: 3})
    page.wait("return document.querySelector('#notice button')")
    assert page.text("#notice span") == f"3 pictures added to “{name}”"
    # One that is there already stays when the others are taken back.
    _mark(page, ids[3])
    page.click(".selection-acts .main")
    page.wait("return document.querySelector('dialog.ask .choice')")
    page.click("dialog.ask .choice")
    until(lambda: _members(tool_store, name) == set(ids[:4]))
    page.wait("return /already there/.test(document.querySelector('#notice span')?.textContent)")
    page.click("#notice button")
    until(lambda: _members(tool_store, name) == set(ids[:3]))
    until(lambda: _listed(page) == {name: 3})
    _tick(page, f"collection={name}")
    _wait_shown(page, set(ids[:3]))
    assert _chips(page) == [f"Collection: {name}"]
    _bar(page, "Clear")
    _mark(page, ids[1])
    _bar(page, "Remove from…")
    page.wait("return document.querySelector('dialog.ask .choice')")
    page.click("dialog.ask .choice")
    _wait_shown(page, {ids[0], ids[2]})
    assert page.js("return document.querySelectorAll('img[src=\"x\"]').length") == 0


@pytest.mark.usefixtures("emptied")
def test_a_collection_is_deleted_only_after_a_question(page: Page, tool_store: Path) -> None:
    ids = page.ids()
    _mark(page, ids[0], ids[5])
    _add(page, "best")
    until(lambda: _listed(page) == {"best": 2})
    for press, left in (("Keep it", True), ("Delete", False)):
        page.click("#collections .menu-button")
        page.click("#collections .choice.danger")
        page.wait("return document.querySelector('dialog.ask')")
        page.js(
            "[...document.querySelectorAll('dialog.ask button')]"
            ".find(b => b.textContent === arguments[0]).click()",
            press,
        )
        until(lambda left=left: bool(_members(tool_store, "best")) is left)  # type: ignore[misc]
    page.wait("return document.querySelector('#collections').hidden")
    page.wait("return document.querySelector('#notice button')")
    page.click("#notice button")
    until(lambda: _members(tool_store, "best") == {ids[0], ids[5]})


@pytest.mark.usefixtures("emptied")
def test_a_collection_is_exported_and_copied(
    page: Page, tool_store: Path, downloads: Path, exports: Path
) -> None:
    ids = page.ids()
    _mark(page, ids[0], ids[5])
    _add(page, "best")
    until(lambda: _listed(page) == {"best": 2})
    _save(page, "#collections", "Save paths")
    found = until(
        lambda: [f for f in downloads.iterdir() if f.suffix == ".txt" and f.stat().st_size]
    )
    files = found[0].read_text().splitlines()
    with Store.open(tool_store) as opened:
        assert sorted(files) == sorted(e.location for e in opened.catalog.entries([ids[0], ids[5]]))
    _save(page, "#collections", "Copy files")
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
        _mark(opened, *opened.ids()[:2])
        _add(opened, "it's best")
        until(lambda: _listed(opened) == {"it's best": 2})
        _save(opened, "#collections", "Copy files…")
        command = opened.wait("return document.querySelector('dialog.ask code')?.textContent")
        assert command == "imgrec collections 'it'\\''s best' --copy FOLDER"
        opened.escape()
        opened.js("sessionStorage.clear()")


# A part of a picture


def test_a_part_is_drawn_by_pointer_and_searched(page: Page) -> None:
    page.go("?like=3", "#id=10")
    page.wait("return document.querySelector('#large .frame.fitted')")
    page.click("#box button")
    area = page.wait("return document.querySelector('.box-area')")
    width, height = area.size["width"], area.size["height"]
    drag = ActionChains(page.browser).move_to_element_with_offset(
        area, -width // 2 + 10, -height // 2 + 10
    )
    drag.click_and_hold().move_by_offset(width // 2, height // 2).release().perform()
    label = page.js("return document.querySelector('.box-drawn').ariaLabel")
    assert "50% wide, 50% high" in label
    page.click("#box .main")
    page.wait("return !document.querySelector('#large').open")
    asked = page.wait("return location.search.includes(':') && location.search")
    page.wait("return document.querySelector('#chips canvas.crop')")
    state = page.browser.execute_async_script(
        "const done = arguments[0];"
        "import('/page/state.js').then((m) => done(m.state.get().pictures))"
    )
    assert state[0]["id"] == 10 and state[0]["box"]["width"] == pytest.approx(0.5, abs=0.02), asked
    expected = page.api("/api/search", {"pictures": state, "k": 10})["results"]
    page.wait_ids([hit["id"] for hit in expected])
    whole = page.api("/api/search", {"pictures": [10], "k": 10})["results"]
    assert [h["distance"] for h in whole] != [h["distance"] for h in expected]


def test_a_part_by_keys(page: Page) -> None:
    page.go("", "#id=10")
    page.wait("return document.querySelector('#large .frame.fitted')")
    page.one("#box button").send_keys(Keys.ENTER)
    page.wait("return document.activeElement.className === 'box-drawn'")
    _key(page, Keys.ARROW_LEFT)
    _key(page, Keys.ARROW_DOWN, Keys.SHIFT)
    assert page.js("return document.activeElement.ariaLabel") == (
        "Box: 23% from the left, 25% from the top, 50% wide, 52% high"
    )
    _key(page, Keys.ESCAPE)
    assert page.js("return document.querySelector('#large').open") is True
    assert not page.all(".box-area")
    page.one("#box button").send_keys(Keys.ENTER)
    _key(page, Keys.ENTER)
    page.wait("return location.search.includes('0.25')")


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.usefixtures("emptied")
def test_axe_finds_nothing_with_everything_open(page: Page, scheme: str, width: int) -> None:
    page.size(width, 900)
    page.colors(scheme)
    page.go("?like=3,60&where=taken=2019")
    page.wait("return document.querySelector('#histogram input')")
    page.one("#folds input").click()
    _change(page, {"fuse": "min"})
    page.wait("return document.querySelector('#moves button')")
    _mark(page, *page.ids()[:2])
    _add(page, "best")
    page.wait("return document.querySelector('#notice button')")
    until(lambda: _listed(page) == {"best": 2})
    page.click("#saving .menu-button")
    assert violations(page.browser) == []
    page.escape()
    assert page.js("return document.documentElement.scrollWidth") <= width
    if width < 600:
        page.click("#side-toggle")
        assert page.js("return document.querySelector('#side').contains(document.activeElement)")
    page.js("document.querySelectorAll('.facet').forEach((one) => { one.open = true; })")
    page.click("#collections .menu-button")
    assert violations(page.browser) == []
    page.click("#collections .choice.danger")
    page.wait("return document.querySelector('dialog.ask')")
    assert violations(page.browser) == []
    page.escape()
    if width < 600:
        page.one("#side .drawer-head .close").click()
        assert page.js("return document.activeElement.id") == "side-toggle"
    page.click(".tile .picture")
    page.wait("return document.querySelector('#large .frame.fitted')")
    page.click("#box button")
    assert violations(page.browser) == []


def test_the_drawer_of_a_phone(page: Page) -> None:
    page.size(390, 844)
    toggle = page.one("#side-toggle")
    assert page.js("return document.querySelector('#side').checkVisibility()") is False
    toggle.send_keys(Keys.ENTER)
    assert page.js("return document.querySelector('#results').inert") is True
    _tick(page, "community=1")
    until(lambda: "(1)" in toggle.text or "(1)" in page.text("#side-toggle"))
    until(lambda: page.text(".drawer-foot") == "Show 24 pictures")
    page.escape()
    assert page.js("return document.querySelector('#side').checkVisibility()") is False
    assert page.js("return document.activeElement.id") == "side-toggle"
    assert page.js("return document.documentElement.scrollWidth") <= 390
