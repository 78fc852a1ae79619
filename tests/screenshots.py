"""`make screenshots`: draws the pictures of the documentation from the sample collection."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from selenium import webdriver

from browser import chromium
from imgrec import Recommender, Store, neighbors_of
from imgrec.neighbors.graph import closest_id
from imgrec.samples.sheet import family_sheet
from imgrec.search.grid import answer_grid
from projector_clicks import (
    bookmarks,
    choose_tensor,
    click_bookmark,
    click_bookmarks,
    tensor_names,
)
from projector_page import click, open_projector, picture_of_page, positions_px, served
from tour import write_tour

_QUALITY = 88


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
        _save(_page(browser, arguments.site / "index.html"), out / "network.jpg")
        pages = sorted((arguments.site / "pages").glob("*.html"))
        page = next(page for page in pages if 'class="pictures"' in page.read_text("utf-8"))
        _save(_page(browser, page), out / "community.jpg")
        length_s = write_tour(browser, arguments.site, arguments.report, out / "tour.webp")
        sys.stdout.write(f"{out / 'tour.webp'}  {length_s:.1f} s\n")
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


def _page(browser: webdriver.Chrome, page: Path) -> Image.Image:
    browser.get(page.resolve().as_uri())
    while not browser.execute_script("return window.imgrecDrawn"):  # type: ignore[no-untyped-call]
        time.sleep(0.05)
    return picture_of_page(browser)


def _half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2))


def _save(image: Image.Image, path: Path) -> None:
    image.convert("RGB").save(path, quality=_QUALITY, optimize=True)
    sys.stdout.write(f"{path}  {image.width} x {image.height}\n")


if __name__ == "__main__":
    sys.exit(main())
