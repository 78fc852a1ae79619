"""`make screenshots`: the pictures of the README, drawn by the program from its sample."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from selenium import webdriver

from browser import chromium
from imgrec import Recommender, Store, neighbors_of
from imgrec.grid import answer_grid
from imgrec.knn import closest_id
from imgrec.samples.sheet import family_sheet
from projector_page import open_projector, picture_of_page, served

_QUALITY = 88


def main() -> int:
    """Draw all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("store", "logdir", "site", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
        _save(_projector(browser, arguments.logdir), out / "projector.jpg")
        _save(_page(browser, arguments.site / "index.html"), out / "network.jpg")
        pages = sorted((arguments.site / "pages").glob("*.html"))
        _save(_page(browser, pages[0]), out / "community.jpg")
    with Store.open(arguments.store) as store:
        (entry,) = store.catalog.entries([closest_id(neighbors_of(store))])
        _save(answer_grid(store, Recommender(store).query([entry.path])), out / "query.jpg")
    sheet = family_sheet(0)
    _save(sheet.resize((sheet.width // 2, sheet.height // 2)), out / "samples.jpg")
    return 0


def _projector(browser: webdriver.Chrome, logdir: Path) -> Image.Image:
    with served(logdir) as server:
        open_projector(browser, server.address)
        time.sleep(3)  # the first PCA turns into view
        return picture_of_page(browser)


def _page(browser: webdriver.Chrome, page: Path) -> Image.Image:
    browser.get(page.resolve().as_uri())
    while not browser.execute_script("return window.imgrecDrawn"):  # type: ignore[no-untyped-call]
        time.sleep(0.05)
    return picture_of_page(browser)


def _save(image: Image.Image, path: Path) -> None:
    image.convert("RGB").save(path, quality=_QUALITY, optimize=True)
    sys.stdout.write(f"{path}  {image.width} x {image.height}\n")


if __name__ == "__main__":
    sys.exit(main())
