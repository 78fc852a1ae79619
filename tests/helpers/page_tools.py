"""A store for the tools of the live page, and what a person does with them."""

from pathlib import Path
from typing import Any

from PIL import Image
from selenium.webdriver import ActionChains, Keys

from imgrec import Store
from live_page import Page
from page_modules import IMPORT, until
from pictures import picture

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


def write_dated(folder: Path) -> None:
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


def label(store: Path) -> None:
    """Give pictures communities, twenty classes, a motif each, and near-copies."""
    with Store.create(store) as opened:
        labels = opened.catalog.labels
        ids = opened.catalog.ids("ok").tolist()
        labels.replace("community", {i: f"{n % 3 + 1}.{n % 2 + 1}" for n, i in enumerate(ids)})
        labels.replace(
            "class", {i: EVIL if n % 20 == 7 else f"class {n % 20}" for n, i in enumerate(ids)}
        )
        labels.replace("motif", {i: f"motif {n:02}" for n, i in enumerate(ids)})
        first = ids[5]
        labels.replace("duplicates", dict.fromkeys([first, *ids[6:8]], str(first)))
        labels.replace("similar", dict.fromkeys([ids[7], ids[40]], str(ids[7])))


def labeled(store: Path, kind: str) -> dict[int, str]:
    with Store.open(store) as opened:
        return opened.catalog.labels.of_kind(kind)


def taken_of(store: Path) -> dict[int, str]:
    """Return the date of each picture that has one, as EXIF says it."""
    with Store.open(store) as opened:
        found = opened.catalog.metadata.of(opened.catalog.ids("ok").tolist())
    return {i: datum.value for i, data in found.items() for datum in data if datum.name == "taken"}


def members(store: Path, name: str) -> set[int]:
    with Store.open(store) as opened:
        return set(opened.catalog.labels.ids("collection", name).tolist())


def values(page: Page, kind: str) -> dict[str, int]:
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


def tick(page: Page, filter_: str) -> None:
    page.js(
        'document.querySelector(`input[data-filter="${CSS.escape(arguments[0])}"]`).click()',
        filter_,
    )


def shown_ids(page: Page) -> set[int]:
    """Return the ids of all results, those that the grid has not drawn too."""
    found: list[int] = page.browser.execute_async_script(
        f"const load = {IMPORT};"
        """
      const done = arguments[0];
      load("results.js").then(async ({results}) => {
        while (!results.get().done && !results.get().error) {
          await results.more();
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        done(results.get().hits.map((hit) => hit.id));
      });
    """
    )
    assert len(found) == len(set(found))
    return set(found)


def wait_shown(page: Page, expected: set[int]) -> None:
    assert expected
    until(lambda: shown_ids(page) == expected, f"never shown: {sorted(expected)}")


def chips(page: Page) -> list[str]:
    found: list[str] = page.js(
        "return [...document.querySelectorAll('.filter-chip')].map((chip) => "
        "[...chip.querySelectorAll('span')].map((part) => part.textContent).join(': '))"
    )
    return found


def key(page: Page, key: str, *held: str) -> None:
    actions = ActionChains(page.browser)
    for one in held:
        actions.key_down(one)
    actions.send_keys(key)
    for one in held:
        actions.key_up(one)
    actions.perform()


def change(page: Page, patch: dict[str, Any]) -> None:
    page.browser.execute_async_script(
        "const [patch, done] = arguments;"
        f"{IMPORT}('state.js').then((m) => {{ m.state.change(patch); done(); }})",
        patch,
    )


def mark(page: Page, *ids: int) -> None:
    for image_id in ids:
        page.click(f".tile[data-id='{image_id}'] .mark")


BUTTON = (
    "[...document.querySelectorAll('#selection button')]"
    ".find((one) => one.textContent === arguments[0])"
)


def press_bar(page: Page, text: str) -> None:
    """Press a button of the bar of marked pictures."""
    page.js(f"{BUTTON}.click()", text)


def mounted(page: Page) -> None:
    page.wait(
        "return document.querySelector('.selection-acts') && document.querySelector('.facet')"
    )


def marked_count(page: Page) -> str:
    return (
        page.text(".marked-count")
        if page.js("return !document.querySelector('#selection').hidden")
        else ""
    )


def save_as(page: Page, place: str, text: str) -> None:
    page.click(f"{place} .menu-button")
    page.wait(f"return document.querySelector('{place} .choice')")
    page.js(
        "[...document.querySelectorAll(arguments[0])]"
        ".find((one) => one.textContent === arguments[1]).click()",
        f"{place} .choice", text,
    )  # fmt: skip


def file_in(folder: Path, name: str) -> Path:
    until(lambda: (folder / name).is_file() and (folder / name).stat().st_size, f"no {name}")
    return folder / name


def add_to(page: Page, name: str) -> None:
    page.click(".selection-acts .main")
    page.wait("return document.querySelector('dialog.ask')")
    page.one(".new-collection input").send_keys(name, Keys.ENTER)
    page.wait("return !document.querySelector('dialog.ask')")


def listed(page: Page) -> dict[str, int]:
    return values(page, "collection")
