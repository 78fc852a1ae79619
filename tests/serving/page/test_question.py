"""What is asked: pictures dropped, pasted, chosen; words; moved, taken out, too many."""

from pathlib import Path

import pytest
from selenium.webdriver import Keys

from imgrec.search.choices import INDEXES_EXPLAINED
from live_page import Page
from pictures import picture

# Lets names of pictures that the results do not have wait until they are released.
_LATE_NAMES = """
  const ask = window.fetch;
  const late = new Promise((released) => { window.release = released; });
  window.fetch = async (path, ...others) => {
    if (String(path).startsWith("api/pictures/")) await late;
    return ask(path, ...others);
  };
"""
_CHIPS = "return document.querySelectorAll('#chips .chip').length"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Write a picture that the collection does not have."""
    path = tmp_path / "from <outside>.jpg"
    picture("discs", 901).save(path, quality=92)
    return path


def _chips(page: Page, number: int) -> None:
    page.wait(f"{_CHIPS} === {number}")
    page.settle()


def test_drop_paste_choose_and_reload(page: Page, outside: Path, tmp_path: Path) -> None:
    page.drop(outside)
    _chips(page, 1)
    # An address cannot carry it; this tab's history does.
    assert page.query() == "?like=upload"
    assert page.text(".chip-name") == outside.name
    page.wait(
        "const i = document.querySelector('.chip-picture img'); return i.complete && i.naturalWidth"
    )
    first = page.ids()[:10]
    page.browser.refresh()
    page.settle()
    _chips(page, 1)
    page.wait_ids(first)
    assert page.text(".chip-name") == outside.name

    pasted, chosen = tmp_path / "pasted.jpg", tmp_path / "chosen.png"
    picture("stripes", 902).save(pasted)
    picture("checks", 903).save(chosen)
    page.paste(pasted)
    _chips(page, 2)
    page.one("#choose").send_keys(str(chosen))
    _chips(page, 3)
    # The third is dropped where unwanted ones are.
    other = tmp_path / "other.jpg"
    picture("checks", 904).save(other)
    page.drop(other, "#drop .half.not")
    _chips(page, 4)
    assert page.query() == "?like=upload,upload,upload,~upload"
    assert page.text(".side.not .chip-name") == "other.jpg"
    # Back takes out one after the other.
    page.back()
    _chips(page, 3)
    page.settle()
    page.back()
    _chips(page, 2)
    # Somebody else who is given the address is told.
    page.js("history.replaceState(null, '', location.href)")
    page.browser.refresh()
    page.settle()
    assert "drop it again" in page.text("#said")


def test_a_chip_gets_its_name_after_the_answer(page: Page) -> None:
    script = page.browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": _LATE_NAMES}
    )
    try:
        page.go("?like=3")
        page.js("release()")
        path = page.api("/api/pictures/3")["picture"]["path"]
        page.wait("return document.querySelector('.chip-picture').title === arguments[0]", path)
    finally:
        page.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def test_you_have_this_already(page: Page, collection: Path) -> None:
    page.drop(collection / "discs" / "003.jpg")
    _chips(page, 1)
    assert "3 places" in page.wait("return document.querySelector('#chips .same')?.textContent")
    links = page.js(
        "return [...document.querySelectorAll('#chips .same a')].map(a => a.textContent)"
    )
    paths = {"discs/003.jpg", "copies/first.jpg", "copies/second.jpg"}
    assert {link for link in links if any(link.endswith(path) for path in paths)} == set(links)
    assert len(links) == 3
    page.click("#chips .same a")
    page.wait("return document.querySelector('#large[open]')")
    page.escape()
    page.wait("return location.hash === ''")
    # A link within the page takes nothing out of the question.
    page.one(".skip").send_keys(Keys.ENTER)
    page.wait("return location.hash === '#results'")
    _chips(page, 1)
    page.back()
    page.wait("return location.hash === ''")
    _chips(page, 1)
    assert not page.text("#said")
    # Before the link and the question nothing was asked.
    page.js("setTimeout(() => history.go(-2))")
    page.wait("return location.search === ''")
    _chips(page, 0)


_TAKEN = """
  const [kind, types, done] = arguments;
  const transfer = new DataTransfer();
  for (const type of types) {
    if (type === "Files") transfer.items.add(new File(["x"], "a.png", {type: "image/png"}));
    else transfer.setData(type, "red dress");
  }
  const how = {bubbles: true, cancelable: true, dataTransfer: transfer, clipboardData: transfer};
  const event = kind === "paste" ? new ClipboardEvent(kind, how) : new DragEvent(kind, how);
  document.getElementById("words").dispatchEvent(event);
  return event.defaultPrevented;
"""


def test_text_is_pasted_and_dropped_into_the_field(page: Page) -> None:
    # Office programs copy a picture of the text, too.
    assert not page.js(_TAKEN, "paste", ["text/plain", "Files"])
    assert not page.js(_TAKEN, "drop", ["text/plain"])
    assert page.js(_TAKEN, "drop", ["text/uri-list"])
    page.wait("return document.querySelector('#said.bad')")
    assert "not fetched" in page.text("#said")
    assert page.query() == ""


def test_what_is_no_picture_is_refused_in_one_line(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_bytes(b"Dear picture, " * 50)
    page.drop(path)
    page.wait("return document.querySelector('#said.bad')")
    assert path.name in page.text("#said")
    assert page.js(_CHIPS) == 0
    page.js(
        "const transfer = new DataTransfer();"
        "transfer.setData('text/uri-list', 'https://example.invalid/a.jpg');"
        "document.body.dispatchEvent(new DragEvent('drop', "
        "{bubbles: true, cancelable: true, dataTransfer: transfer}))"
    )
    assert "not fetched" in page.text("#said")
    # Chromium prints each refused request; nothing else may have been printed.
    printed = [e["message"] for e in page.browser.get_log("browser")]
    assert all("/api/pictures" in line for line in printed)


def test_move_take_out_too_many_clear(page: Page) -> None:
    page.go("?like=3,60,~120")
    _chips(page, 3)
    page.click("#chips .chip:nth-child(2) .chip-act")
    page.wait("return location.search === '?like=3,~120,~60'")
    page.settle()
    page.click("#chips .side.not .chip:nth-child(2) .chip-act")
    page.wait("return location.search === '?like=3,60,~120'")
    page.settle()
    page.click("#chips .side.not .chip .chip-act:last-child")
    page.wait("return location.search === '?like=3,60'")
    # Each has a color of its own and a number.
    colors = page.js(
        "return [...document.querySelectorAll('.chip')].map(c => getComputedStyle(c).borderColor)"
    )
    assert len(set(colors)) == 2
    page.go("?like=1,2,3,4,5")
    _chips(page, 5)
    page.click(".tile .act.want:not([aria-pressed=true])")
    page.wait("return document.querySelector('#said')?.textContent.includes('five')")
    assert page.js(_CHIPS) == 5
    page.js("[...document.querySelectorAll('#chips button')].at(-1).click()")
    page.wait("return location.search === ''")
    assert page.one(".welcome").is_displayed()


def test_words(page: Page) -> None:
    page.press("/")
    assert page.js("return document.activeElement.id") == "words"
    page.press("cloth", Keys.ENTER)
    _chips(page, 1)
    answer = page.api("/api/search", {"text": ["cloth"], "k": 5})
    page.wait_ids([hit["id"] for hit in answer["results"]])
    assert page.query() == "?words=cloth"
    said = page.wait("return document.querySelector('.chip-words small')?.textContent")
    (text,) = answer["texts"]
    assert text["classes"][0] in said or text["note"] in said
    page.one("#words").send_keys("dog")
    page.click("#words-not")
    _chips(page, 2)
    assert page.query() == "?words=cloth&unwanted=dog"
    page.back()
    _chips(page, 1)


def test_more_words_than_a_side_takes(page: Page) -> None:
    page.go("?words=cloth&words=dog&words=cat&words=car&words=boat&unwanted=bird")
    _chips(page, 6)
    field = page.one("#words")
    field.send_keys("house", Keys.ENTER)
    page.wait("return document.querySelector('#said')?.textContent.includes('at most')")
    # What was typed is not lost.
    assert field.get_attribute("value") == "house"
    page.click("#chips .side.not .chip-act")
    page.wait("return document.querySelector('#said')?.textContent.includes('other side')")
    assert page.js(_CHIPS) == 6
    assert page.query().count("words=") == 5


def test_metric_fusion_and_features_keep_the_question(page: Page) -> None:
    page.go("?like=3,60")
    page.click("#compare summary")
    assert page.text("#metric-line")
    options = "return [...document.querySelectorAll('#index option')].map(o => o.value)"
    assert page.js(options) == list(INDEXES_EXPLAINED)
    assert page.text("#index-line") == INDEXES_EXPLAINED["auto"]
    for control, value in (("metric", "euclidean"), ("fuse", "min")):
        page.js(
            "const s = document.getElementById(arguments[0]); s.value = arguments[1];"
            "s.dispatchEvent(new Event('change'))",
            control,
            value,
        )
    page.wait("return location.search === '?like=3,60&metric=euclidean&fuse=min'")
    body = {"pictures": [3, 60], "metric": "euclidean", "fuse": "min", "k": 5}
    page.wait_ids([hit["id"] for hit in page.api("/api/search", body)["results"]])
    page.click("#compare [value=rgb]")
    page.wait("return location.search.includes('feature=rgb')")
    page.click("#compare [value=lite0]")
    page.wait("return location.search.includes('encoder=rgb')")
    body["encoder"] = "rgb"
    page.wait_ids([hit["id"] for hit in page.api("/api/search", body)["results"]])
    page.browser.refresh()
    page.settle()
    page.wait_ids([hit["id"] for hit in page.api("/api/search", body)["results"]])
    page.one("#compare summary").send_keys(Keys.ENTER, Keys.ESCAPE)
    assert not page.js("return document.querySelector('#compare').open")


def test_a_metric_of_histograms_compares_them(page: Page) -> None:
    page.go("?like=3,60&encoder=lite0")
    choose = (
        "const s = document.getElementById('metric'); s.value = arguments[0];"
        "s.dispatchEvent(new Event('change'))"
    )
    page.js(choose, "chi2")
    page.wait("return location.search === '?like=3,60&metric=chi2'")
    body = {"pictures": [3, 60], "metric": "chi2", "k": 5}
    page.wait_ids([hit["id"] for hit in page.api("/api/search", body)["results"]])
    assert page.text("#compare summary") == "Compare: rgb, chi2"
    able = "return [...document.querySelectorAll('#compare [type=checkbox]:enabled')]"
    assert page.js(f"{able}.map((one) => one.value)") == ["rgb"]
    page.js(choose, "cosine")
    page.wait("return location.search === '?like=3,60'")
    assert len(page.js(able)) > 1
