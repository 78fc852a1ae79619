"""The report for everybody: axe-core finds nothing, and every link leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import pytest
from PIL import Image, ImageFilter
from selenium import webdriver

from axe import violations
from browser import console_errors
from graph.__main__ import main as write_graph
from imgrec import index_folders
from pictures import picture
from reports import add_classes, write
from stores import HERE


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with all sections: two splits with a copy, wrong labels, a dark and a soft picture.

    The store has a network site that the report links to.
    """
    folder = tmp_path_factory.mktemp("all sections")
    for split in ("train", "test"):
        for family in ("stripes", "discs"):
            (folder / "photos" / split / family).mkdir(parents=True)
            for seed in range(9 if split == "train" else 7):
                name = folder / "photos" / split / family / f"{seed}.png"
                other = "discs" if family == "stripes" else "stripes"
                wrong = split == "train" and seed == 8
                image = picture(other if wrong else family, seed + 20 * (split == "test"))
                image.save(name)
    first = folder / "photos" / "train" / "stripes" / "0.png"
    (folder / "photos" / "test" / "stripes" / "copy.png").write_bytes(first.read_bytes())
    with Image.open(first) as image:
        dark = image.point([value // 12 for value in range(256)] * 3)
        dark.filter(ImageFilter.GaussianBlur(3)).save(first.with_name("dark.png"))
    index_folders([folder / "photos"], folder / "store", HERE)
    add_classes(folder / "store", "one_net", "two_net")
    argv = ["--store", str(folder / "store"), "--out", str(folder / "my site"), "--workers", "0"]
    assert write_graph(argv) == 0
    return write(folder / "store", folder / "out")


@pytest.fixture
def opened(browser: webdriver.Chrome, page: Path) -> Iterator[webdriver.Chrome]:
    console_errors(browser)
    browser.get(page.as_uri())
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(opened: webdriver.Chrome, theme: str, width: int) -> None:
    features = [{"name": "prefers-color-scheme", "value": theme}]
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    figures = opened.execute_script(
        "return [...document.querySelectorAll('figure')].map(f => f.id)"
    )
    assert {
        *("figure-flaws", "figure-picture-flaws", "figure-wrong-labels", "figure-split-copies"),
        *("figure-classes-explained", "figure-diverse", "figure-outliers", "figure-map-umap"),
    } <= {*figures}
    assert violations(opened) == []
    assert console_errors(opened) == []
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width


def test_every_link_leads_somewhere(opened: webdriver.Chrome, page: Path) -> None:
    hrefs: list[str] = opened.execute_script("""
      return [...document.querySelectorAll("a")].map(a => a.getAttribute("href")
        || a.getAttributeNS("http://www.w3.org/1999/xlink", "href") || "none");
    """)
    ids = set(opened.execute_script("return [...document.querySelectorAll('[id]')].map(e => e.id)"))
    assert len(hrefs) > 200
    for href in set(hrefs):
        address = urlsplit(href)
        if not address.path:
            assert address.fragment in ids, href
            continue
        path = unquote(address.path)
        file = Path(url2pathname(address.path)) if address.scheme == "file" else page.parent / path
        assert file.is_file(), href
    kinds = {unquote(href).rpartition(".")[2].partition("#")[0] for href in hrefs}
    assert {"html", "svg", "csv"} <= kinds
    svgs = [*(page.parent / "figures").glob("*.svg")]
    inside = [(svg, href) for svg in svgs for href in _links(svg)]
    assert len(inside) > 100
    for svg, href in inside:
        assert (svg.parent / unquote(urlsplit(href).path)).is_file(), (svg.name, href)


def _links(svg: Path) -> set[str]:
    return {*re.findall(r'<a xlink:href="([^"]+)"', svg.read_text("utf-8"))}


def test_commands_name_the_store_that_was_named(page: Path) -> None:
    html = page.read_text("utf-8")
    store = page.parents[1] / "store"
    commands = re.findall(r"<code>(imgrec [^<]+)</code>", html)
    assert len(commands) > 5
    for command in commands:
        if not command.startswith("imgrec tensorboard"):
            assert str(store) in command and "--store" in command, command
