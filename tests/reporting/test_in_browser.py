"""Test the report in Chromium, from file:// : offline, within the window, no injected markup."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from browser import console_errors, requests
from imgrec import index_folders
from pictures import picture
from reports import add_classes, write
from stores import HERE

_EVIL = "<img src=x onerror=alert(1)>"
_NAMES = (f"{_EVIL}.jpg", "quo\"te's.jpg", "tab\there.jpg", "$x_1$ & 漢字.jpg", "`code`.jpg")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a collection with hostile names, in a folder with a hostile name."""
    folder = tmp_path_factory.mktemp("hostile & <b>")
    for place in ("one", _EVIL):
        (folder / place).mkdir(parents=True)
        for number in range(8):
            name = _NAMES[number] if number < len(_NAMES) else f"{number}.jpg"
            image = picture("discs" if place == "one" else "stripes", number // 2)
            image.save(folder / place / name, quality=90)
    index_folders([folder / "one", folder / _EVIL], folder / "store", HERE)
    # An encoder has a name of plain letters and these signs; classes have any name.
    classes = [f"class {number} {_EVIL}" for number in range(6)]
    add_classes(folder / "store", "one_net", "two_ .:/@+=,()-", names=classes)
    return write(folder / "store", folder / "out")


@pytest.fixture
def opened(browser: webdriver.Chrome, page: Path) -> Iterator[webdriver.Chrome]:
    console_errors(browser), requests(browser)
    browser.get(page.as_uri())
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def _set_width(browser: webdriver.Chrome, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def test_the_page_requests_nothing_but_itself(opened: webdriver.Chrome, page: Path) -> None:
    assert [a.partition("#")[0] for a in requests(opened)] == [page.as_uri()]
    assert console_errors(opened) == []
    assert opened.execute_script("return document.images.length") == 0
    assert opened.execute_script("return document.scripts.length") == 0


def test_pictures_in_figures_are_decoded(opened: webdriver.Chrome) -> None:
    script = """
      const done = arguments[0];
      const images = [...document.querySelectorAll("svg image")];
      Promise.all(images.map(i => {
        const probe = new Image();
        probe.src = i.getAttribute("xlink:href");
        return probe.decode().then(() => probe.naturalWidth, () => 0);
      })).then(done);
    """
    widths = opened.execute_async_script(script)
    assert len(widths) > 100
    assert min(widths) > 0


@pytest.mark.parametrize("width", [1280, 800, 390, 320])
def test_nothing_is_wider_than_the_window(opened: webdriver.Chrome, width: int) -> None:
    _set_width(opened, width)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width
    beyond = """
      return [...document.querySelectorAll("body *:not(svg *)")].filter(e => {
        const box = e.getBoundingClientRect();
        return box.width && (box.right > innerWidth + 0.5 || box.left < -0.5)
               && !e.closest("nav ol, code");
      }).map(e => e.outerHTML.slice(0, 80));
    """
    assert opened.execute_script(beyond) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_no_text_of_a_figure_is_cut_or_written_over_another(
    opened: webdriver.Chrome, width: int
) -> None:
    _set_width(opened, width)
    script = """
      const found = [];
      for (const svg of document.querySelectorAll("svg")) {
        const frame = svg.getBoundingClientRect();
        if (!frame.width) continue;
        const texts = [...svg.querySelectorAll("text")].map(t => [t, t.getBoundingClientRect()]);
        const name = svg.closest("figure").id;
        for (const [t, box] of texts)
          if (box.left < frame.left - 1 || box.right > frame.right + 1)
            found.push([name, "cut", t.textContent]);
        if (name === "figure-clusters") continue;  // numbers stand where pictures are
        texts.forEach(([t, a], i) => texts.slice(i + 1).forEach(([u, b]) => {
          if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2
              && b.top < a.bottom - 2) found.push([name, t.textContent, u.textContent]);
        }));
      }
      return found;
    """
    assert opened.execute_script(script) == []


def test_each_width_has_its_own_figures(opened: webdriver.Chrome) -> None:
    shown = """
      return [...document.querySelectorAll(arguments[0])].filter(e => e.offsetWidth).length;
    """
    figures = opened.execute_script("return document.querySelectorAll('figure').length")
    for width, there, gone in ((1280, "wide", "narrow"), (390, "narrow", "wide")):
        _set_width(opened, width)
        assert opened.execute_script(shown, f".{there}") > 4
        assert opened.execute_script(shown, f".{gone}") == 0
        assert opened.execute_script(shown, ".drawing") == figures


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_of_page_and_figures_can_be_read(opened: webdriver.Chrome, theme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": theme}]
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    contrast = """
      const light = rgb => {
        const [r, g, b] = rgb.match(/[0-9.]+/g).slice(0, 3).map(v => v / 255)
          .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const card = light(getComputedStyle(document.querySelector("figure")).backgroundColor);
      return [...document.querySelectorAll("svg text, h3, figcaption p, dd")].map(e => {
        const style = getComputedStyle(e), own = light(e.closest("svg") ? style.fill : style.color);
        return (Math.max(own, card) + 0.05) / (Math.min(own, card) + 0.05);
      });
    """
    ratios = opened.execute_script(contrast)
    assert len(ratios) > 100
    assert min(ratios) > 4.5


def test_names_are_shown_as_they_are_and_never_run(opened: webdriver.Chrome) -> None:
    text = opened.execute_script("return document.body.innerText")
    assert _EVIL in opened.execute_script("return document.body.textContent")
    assert f"What is in {_EVIL}, one" in text
    figure = opened.execute_script(
        "return document.querySelector('#figure-duplicates').textContent"
    )
    assert "<img src" in figure
    assert opened.execute_script("return document.querySelectorAll('img').length") == 0


def test_no_line_begins_with_the_full_stop_after_a_command(opened: webdriver.Chrome) -> None:
    apart = """
      return [...document.querySelectorAll("p code")].filter((code) => {
        const text = code.nextSibling;
        if (!/^[.,;:)]/.test(text?.data ?? "")) return false;
        const sign = document.createRange();
        sign.setStart(text, 0);
        sign.setEnd(text, 1);
        const last = [...code.getClientRects()].at(-1);
        return Math.abs(sign.getBoundingClientRect().left - last.right) > 1;
      }).map((code) => code.textContent);
    """
    for width in range(300, 420, 4):
        _set_width(opened, width)
        assert opened.execute_script(apart) == [], width


def test_it_prints_the_wide_figures_on_white(opened: webdriver.Chrome) -> None:
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    # About the width of a sheet of paper.
    _set_width(opened, 700)
    shown = opened.execute_script(
        "return [...document.querySelectorAll('.wide')].every(e => e.offsetWidth > 0)"
        " && [...document.querySelectorAll('.narrow, nav')].every(e => !e.offsetWidth)"
    )
    assert shown
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert opened.execute_script(ground) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", [390, 800, 1280, 1920])
def test_a_figure_that_is_alone_fills_its_card(opened: webdriver.Chrome, width: int) -> None:
    _set_width(opened, width)
    card, text, drawing = opened.execute_script("""
      const shelf = document.querySelector(".halves");
      while (shelf.children.length > 1) shelf.lastElementChild.remove();
      const [card] = shelf.children;
      return [card, ...["figcaption", ".drawing"].map((one) => card.querySelector(one))]
        .map((one) => one.getBoundingClientRect().toJSON());
    """)
    # The padding of the card.
    inner = 24 if width < 720 else 46
    assert card["right"] - drawing["right"] <= inner
    if width < 720:
        assert drawing["top"] >= text["bottom"]
    else:
        # The text stands beside it.
        assert text["left"] - card["left"] <= inner
        assert text["right"] < drawing["left"]
        assert text["width"] > 150


def test_the_contents_lead_to_the_sections(opened: webdriver.Chrome) -> None:
    targets = opened.execute_script(
        "return [...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))"
    )
    assert targets == [
        "classes",
        "clusters",
        "maps",
        "timeline",
        "metadata",
        "health",
        "pictures",
        "neighbors",
        "training",
        "links",
    ]
    for target in targets:
        assert opened.execute_script("return !!document.getElementById(arguments[0])", target)
