"""`make screenshots`: draws the pictures of the documentation from the sample collection."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageOps
from selenium import webdriver
from selenium.webdriver import Keys

from browser import chromium
from imgrec import Recommender, Store, neighbors_of
from imgrec.maps.reader import SiteMap
from imgrec.neighbors.graph import closest_id
from imgrec.samples.sheet import family_sheet
from imgrec.search.grid import answer_grid
from live_page import Page
from live_server import live
from map_page import MapPage
from projector_clicks import (
    bookmarks,
    choose_tensor,
    click_bookmark,
    click_bookmarks,
    tensor_names,
)
from projector_page import click, open_projector, picture_of_page, positions_px, served
from site_in_browser import press
from tour import write_tour

_QUALITY = 88
# Many pictures in one need less.
_PAGE_QUALITY = 74
_DESKTOP, _PHONE, _PAPER = (1280, 800), (390, 844), (714, 900)


def main() -> int:
    """Draw all screenshots."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("store", "logdir", "site", "report", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
        for name, image in _projector(browser, arguments.logdir):
            _save(image, out / f"projector{name}.jpg")
        for name, image in network_pictures(browser, arguments.site.resolve()):
            _save(image, out / f"{name}.jpg", _PAGE_QUALITY)
        for name, image in map_pictures(browser, arguments.site.resolve()):
            _save(image, out / f"{name}.jpg", _PAGE_QUALITY)
        length_s = write_tour(browser, arguments.site, arguments.report, out / "tour.webp")
        sys.stdout.write(f"{out / 'tour.webp'}  {length_s:.1f} s\n")
        for name, image in live_pictures(browser, arguments.store):
            _save(image, out / f"{name}.jpg", _PAGE_QUALITY)
    with Store.open(arguments.store) as store:
        (entry,) = store.catalog.entries([closest_id(neighbors_of(store))])
        _save(answer_grid(store, Recommender(store).query([entry.path])), out / "query.jpg")
    with Image.open(arguments.report / "figures" / "map-umap.png") as figure:
        _save(_half(figure), out / "report.jpg")
    _save(_half(family_sheet(0)), out / "samples.jpg")
    return 0


def _projector(browser: webdriver.Chrome, logdir: Path) -> Iterator[tuple[str, Image.Image]]:
    """Yield the screenshots of docs/guides/projector.md by the suffix of their file name."""
    with served(logdir) as server:
        open_projector(browser, server.address)
        # Wait until the rotating view shows the first PCA.
        time.sleep(3)
        yield "", picture_of_page(browser)
        click_bookmark(browser, bookmarks(browser)[0])
        time.sleep(2)
        yield "-map", picture_of_page(browser)
        click_bookmarks(browser)
        positions = positions_px(browser)
        click(browser, positions[len(positions) // 2])
        # In a lower window the list of neighbors is not visible.
        browser.set_window_size(1280, 1080)
        time.sleep(2)
        yield "-picture", picture_of_page(browser)
        browser.set_window_size(1280, 800)
        # Reload, so that no point is selected.
        open_projector(browser, server.address)
        choose_tensor(browser, tensor_names(browser)[1])
        click_bookmark(browser, bookmarks(browser)[0])
        click_bookmarks(browser)
        time.sleep(2)
        yield "-colors", picture_of_page(browser)


def network_pictures(browser: webdriver.Chrome, site: Path) -> Iterator[tuple[str, Image.Image]]:
    """Yield the screenshots of docs/guides/network.md by name: light, then dark, a phone, paper."""
    page = next(
        page.name
        for page in sorted((site / "pages").glob("*.html"))
        if 'class="pictures"' in page.read_text("utf-8")
    )
    _look(browser, _DESKTOP)
    yield "network", _page(browser, site / "index.html")
    yield "community", _page(browser, site / "pages" / page)
    press(browser, Keys.ARROW_RIGHT, "l", Keys.ARROW_RIGHT)
    time.sleep(1)
    yield "large-view", picture_of_page(browser)
    yield "contact-sheet", _page(browser, site / "contact" / "index.html", "#color")
    _look(browser, _DESKTOP, scheme="dark")
    yield "network-dark", _page(browser, site / "pages" / page)
    _look(browser, _PHONE)
    phone = [_page(browser, site / name) for name in ("index.html", f"pages/{page}")]
    phone.append(_page(browser, site / "contact" / page))
    yield "network-phone", _beside(phone)
    _look(browser, _PAPER)
    _page(browser, site / "pages" / page)
    _look(browser, _PAPER, media="print")
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    time.sleep(0.5)
    # The margins of the paper.
    yield "network-print", ImageOps.expand(picture_of_page(browser), 40, "white")
    _look(browser, None)


def map_pictures(browser: webdriver.Chrome, site: Path) -> Iterator[tuple[str, Image.Image]]:
    """Yield the screenshots of docs/guides/map.md by name: from far, from near."""
    page = MapPage(browser)
    _look(browser, _DESKTOP)
    page.open(site / "map" / "index.html")
    yield "map", picture_of_page(browser)
    page.click(".imgrec-map .legend summary")
    largest = max(SiteMap.open(site).names(), key=lambda name: int(name["weight"]))
    page.look_at(largest["row"], 1)
    yield "map-near", picture_of_page(browser)
    _look(browser, None)


def live_pictures(browser: webdriver.Chrome, store: Path) -> Iterator[tuple[str, Image.Image]]:
    """Yield the screenshots of docs/guides/live-page.md by name."""
    with live(store) as server:
        page = Page(browser, server)
        _look(browser, _DESKTOP)
        page.enter()
        wanted, other, unwanted = page.ids()[0], page.ids()[7], page.ids()[12]
        page.go(f"?like={wanted},{other},~{unwanted}")
        time.sleep(2)
        yield "live-page", picture_of_page(browser)
        page.press("g", Keys.ARROW_RIGHT, "l")
        time.sleep(2)
        yield "live-large", picture_of_page(browser)
        page.go(f"?like={wanted}&view=map")
        time.sleep(4)
        yield "live-map", picture_of_page(browser)
        _look(browser, _PHONE, scheme="dark")
        page.go()
        time.sleep(1)
        phone = [picture_of_page(browser)]
        page.go(f"?like={wanted},{other}")
        time.sleep(1)
        phone.append(picture_of_page(browser))
        page.press("g", "l")
        time.sleep(1)
        phone.append(picture_of_page(browser))
        yield "live-phone", _beside(phone)
        _look(browser, None)


def _look(
    browser: webdriver.Chrome, size: tuple[int, int] | None, scheme: str = "light", media: str = ""
) -> None:
    """Set the size of the window, the colors that are preferred and the medium; None resets."""
    if size is None:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
        return
    width, height = size
    shape = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == _PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def _page(browser: webdriver.Chrome, page: Path, fragment: str = "") -> Image.Image:
    # A fragment alone would load nothing.
    browser.get("about:blank")
    browser.get(page.resolve().as_uri() + fragment)
    while not browser.execute_script("return window.imgrecDrawn"):  # type: ignore[no-untyped-call]
        time.sleep(0.05)
    # Thumbnails of several sheets arrive one after the other.
    time.sleep(1)
    return picture_of_page(browser)


def _beside(images: Sequence[Image.Image], gap_px: int = 20) -> Image.Image:
    """Return images of one height side by side."""
    width = sum(image.width + gap_px for image in images) - gap_px
    whole = Image.new("RGB", (width, images[0].height), "white")
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width + gap_px
    return whole


def _half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2))


def _save(image: Image.Image, path: Path, quality: int = _QUALITY) -> None:
    image.convert("RGB").save(path, quality=quality, optimize=True)
    sys.stdout.write(f"{path}  {image.width} x {image.height}\n")


if __name__ == "__main__":
    sys.exit(main())
