"""The large view: beside the query, facts as filters, through the results, back as it was."""

from pathlib import Path
from typing import Any

from selenium.webdriver import Keys

from browser import requests
from live_page import HOSTILE, Page

_OPEN = "return document.querySelector('#large[open]')"
# The file itself is shown.
_WHOLE = """
  const image = document.querySelector(".large-picture");
  return image?.src.endsWith(`/api/original/${arguments[0]}`) && image.naturalWidth > 0;
"""
_CLOSED = "return !document.querySelector('#large[open]')"


def _open_first(page: Page) -> int:
    page.press("g", Keys.ENTER)
    page.wait(_OPEN)
    return page.ids()[0]


def test_opens_beside_the_query_walks_and_comes_back(page: Page) -> None:
    page.go("?like=3,60")
    ids = page.ids()
    assert _open_first(page) == ids[0]
    assert page.query() == f"?like=3,60#id={ids[0]}"
    assert page.js("return document.querySelectorAll('.beside img').length") == 2
    # The original takes the place of the preview.
    page.wait(
        "const i = document.querySelector('.large-picture');"
        "return i.src.endsWith(arguments[0]) && i.naturalWidth > 0",
        f"/api/original/{ids[0]}",
    )
    # The frame lies exactly over the picture, without empty margins.
    ratios = page.wait(
        "const i = document.querySelector('.large-picture'), f = i.getBoundingClientRect();"
        "return f.width && [f.width / f.height, i.naturalWidth / i.naturalHeight]"
    )
    assert abs(ratios[0] / ratios[1] - 1) < 0.02
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    page.wait("return location.hash === arguments[0]", f"#id={ids[1]}")
    # The focus stays within.
    for _ in range(30):
        page.press(Keys.TAB)
        inside = "return document.activeElement === document.body || "
        inside += "document.querySelector('#large').contains(document.activeElement)"
        assert page.js(inside)
    page.click("#large .close-large")
    page.wait(_CLOSED)
    page.wait("return location.hash === ''")
    assert page.js("return Number(document.activeElement.dataset.id)") == ids[1]
    page.press("l")
    page.wait(_OPEN)
    page.back()
    page.wait(_CLOSED)
    page.browser.forward()
    page.wait(_OPEN)
    page.escape()
    page.wait(_CLOSED)
    # It goes back by itself, which would break off what is opened next.
    page.wait("return location.hash === ''")


def test_only_the_picture_that_one_stays_at_is_loaded_whole(page: Page) -> None:
    ids = page.ids()
    _open_first(page)
    page.wait(_WHOLE, ids[0])
    requests(page.browser)
    # A key that is held down.
    page.js(
        "for (let i = 0; i < 8; i += 1) document.querySelector('#large').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))"
    )
    page.wait(_WHOLE, ids[8])
    whole = [one for one in requests(page.browser) if "/api/original/" in one]
    assert {one.rpartition("/")[2] for one in whole} == {str(ids[8])}
    page.click("#large .close-large")
    page.wait(_CLOSED)
    page.wait("return location.hash === ''")


def test_no_picture_is_kept_that_was_large(page: Page) -> None:
    ids = page.ids()[:5]
    for image_id in ids:
        page.click(f".tile[data-id='{image_id}'] .picture")
        page.wait(_OPEN)
        page.wait(_WHOLE, image_id)
        page.click("#large .close-large")
        page.wait(_CLOSED)
        page.wait("return location.hash === ''")
    page.browser.execute_cdp_cmd("DOM.enable", {})
    page.browser.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    detached = page.browser.execute_cdp_cmd("DOM.getDetachedDomNodes", {})["detachedNodes"]
    page.browser.execute_cdp_cmd("DOM.disable", {})
    # The last one may still be known.
    assert sum(_has_picture(one["treeNode"]) for one in detached) <= 1


def _has_picture(node: dict[str, Any]) -> bool:
    """Return True for an image of its own, and for what has been the stage of one."""
    return node["nodeName"] == "IMG" or "stage" in node.get("attributes", [])


def test_keys_show_on_the_buttons_and_say_why_not(page: Page) -> None:
    page.go("?like=3,60,61,62,63")
    _open_first(page)
    pressed = (
        "return [...document.querySelectorAll('#large-head [aria-pressed]')]"
        ".map((one) => one.ariaPressed)"
    )
    assert page.js(pressed) == ["false", "false", "false"]
    page.press("m")
    assert page.js(pressed) == ["false", "false", "true"]
    page.press("+")
    notice = page.one("#notice")
    assert "There are five already" in notice.text
    # It lies over the dialog, not below it.
    assert page.js(
        "const {left, top, width, height} = arguments[0].getBoundingClientRect();"
        "const [x, y] = [left + width / 2, top + height / 2];"
        "return arguments[0].contains(document.elementFromPoint(x, y))",
        notice,
    )
    page.press("m")
    page.escape()
    page.wait(_CLOSED)
    page.wait("return location.hash === ''")


def test_facts_filter_and_buttons_act(page: Page) -> None:
    image_id = next(
        one["id"]
        for one in page.api("/api/list", {"k": 500})["pictures"]
        if one["path"].endswith("discs/003.jpg")
    )
    page.go("", f"#id={image_id}")
    page.wait(_OPEN)
    facts = page.api(f"/api/pictures/{image_id}")
    size = f"{facts['width']} × {facts['height']}"
    page.wait(
        "return document.querySelector('#large-facts').textContent.includes(arguments[0])", size
    )
    assert "2 copies" in page.text("#large-facts")
    copies = page.js(
        "return [...document.querySelectorAll('#large-facts .same button')].map(b => b.textContent)"
    )
    assert sorted(path.split("/")[-1] for path in copies) == ["first.jpg", "second.jpg"]
    original = page.one("#large-head a")
    assert original.get_attribute("href").endswith(f"/api/original/{image_id}")
    assert original.get_attribute("rel") == "noopener"
    page.press("m")
    page.press("+")
    page.wait("return location.search.startsWith('?like=')")
    assert page.js(_OPEN)
    page.js(
        "[...document.querySelectorAll('#large-facts a')].find(a => a.textContent === 'discs')"
        ".click()"
    )
    page.wait(_CLOSED)
    page.wait("return location.search.includes('under=discs')")
    page.settle()
    answer = page.api("/api/search", {"pictures": [image_id], "under": ["discs"], "k": 8})
    page.wait_ids([hit["id"] for hit in answer["results"]])
    page.js("sessionStorage.clear()")


def test_hostile_names_are_shown_as_text(page: Page, collection: Path) -> None:
    assert (collection / "copies" / HOSTILE).exists()
    image_id = next(
        one["id"]
        for one in page.api("/api/list", {"k": 500})["pictures"]
        if "onerror" in one["path"]
    )
    page.go(f"?like={image_id}", f"#id={image_id}")
    page.wait(_OPEN)
    page.wait("return document.querySelector('.chip-name')?.textContent.includes('<img')")
    shown = page.text("#large-head h2")
    assert "<img src=x onerror=alert(1)>" in shown
    assert "\u202e" not in shown
    assert "\n" not in shown
    sources = page.js("return [...document.images].map(i => i.src.replace(location.origin, ''))")
    assert all(one.startswith(("/api/", "data:image/jpeg;base64,")) for one in sources)
    hidden = page.js(
        "return [...document.querySelectorAll('[title], [aria-label]')].map("
        "e => e.title + e.ariaLabel).filter(t => /[\\u202e\\n]/.test(t))"
    )
    assert hidden == []
