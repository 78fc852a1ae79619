"""The name search index: time, memory and size to write it, and files read by a search."""

import random
import shutil
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from selenium import webdriver

from browser import chromium, requests
from graph.name_search.documents import CommunityDocument, PictureDocument
from graph.name_search.index import write_search
from graph.pages.network import Drawing
from graph.pages.page import PageText, Renderer, assets
from graph.pages.sheet import build_sheet
from imgrec.pictures.decoding import thumbnail
from machine import rows
from measuring import apart, tell

_QUERIES = (
    # Two of five pictures.
    "img",
    "img 0042",
    "beach",
    "dogs beach",
    "2014 greece",
    "20190704",
    "7f3a",
    "a",
    "1",
    "jpg 1 2 3",
    # An eighth of all pictures is in this folder.
    "downloads png",
    "nothing has this",
)
_RUNS = 5
_A_PAGE = 160
_PLACES = (
    *("greece", "norway", "lisbon", "vienna", "berlin"),
    *("home", "garden", "office", "lake", "mountains"),
)
_EVENTS = ("summer", "winter", "wedding", "birthday", "trip", "party", "market", "workshop")
_THINGS = (
    *("beach", "dogs", "cat", "red", "blue", "dress", "shirt", "house", "tree", "river"),
    *("night", "light", "old", "new", "city", "street", "car", "bike", "boat", "sunset"),
    *("snow", "cake", "child", "mother", "portrait", "family", "bridge", "window", "flower"),
)
_CELL = (4, 4, 128, 96)


def measured(count: int) -> str:
    """Return the time to write the index of `count` pictures, and to answer searches."""
    with tempfile.TemporaryDirectory() as name:
        site = Path(name) / "site"
        tell(f"search: index of {count} names")
        (seconds, size, files), memory_mb = apart(written, site, count)
        told = (
            f"{count:,} pictures, {len(_groups(count)):,} communities: {seconds:.1f} s, "
            f"{memory_mb:.0f} MB of memory, the names among them; {files:,} files, "
            f"{size / 1e6:.1f} MB, {size / count:.0f} bytes a picture\n"
        )
        if not shutil.which("chromedriver"):
            return told + "\nno Chromium and chromedriver on this machine\n"
        tell("search: queries")
        return told + "\n" + _searched(site, Path(name) / "profile")


def written(site: Path, count: int) -> tuple[float, int, int]:
    """Write an index of realistic names; return seconds, bytes, files."""
    site.mkdir()
    started = time.perf_counter()
    write_search(site, pictures(count), _groups(count))
    seconds = time.perf_counter() - started
    sizes = [path.stat().st_size for path in (site / "search").iterdir()]
    return seconds, sum(sizes), len(sizes)


def pictures(count: int) -> Iterator[PictureDocument]:
    """Yield pictures named like those of cameras, phones, people and programs.

    Folders have 50 to 2,000 pictures. Two of three pictures of a folder are on adjacent pages, the
    others anywhere.
    """
    rng = random.Random(0)
    pages = count // _A_PAGE + 1
    left, folder, kind = 0, "", 0
    for i in range(count):
        if not left:
            left, kind = rng.randrange(50, 2000), rng.randrange(5)
            folder = f"{rng.randrange(2003, 2025)}/{rng.choice(_EVENTS)} {rng.choice(_PLACES)}"
            folder = "downloads" if not rng.randrange(8) else folder
        left -= 1
        near = rng.random() < 2 / 3
        page = (i // _A_PAGE + rng.randrange(4)) % pages if near else rng.randrange(pages)
        yield PictureDocument(i + 1, _name(rng, kind, i), folder, f"community-{page + 1}", _CELL)


def _name(rng: random.Random, kind: int, i: int) -> str:
    if kind < 2:
        return f"IMG_{i % 10_000:04d}.JPG"
    if kind == 2:
        day = f"{rng.randrange(2012, 2025)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}"
        return f"{day}_{rng.randrange(86_400):06d}.jpg"
    if kind == 3:
        return f"{rng.choice(_THINGS)} {rng.choice(_THINGS)}-{rng.randrange(200)}.jpeg"
    return f"{uuid.UUID(int=rng.getrandbits(128))}.png"


def _groups(count: int) -> list[CommunityDocument]:
    return [
        CommunityDocument(f"Community {i}", "160 pictures", (f"community-{i}",), None)
        for i in range(1, count // _A_PAGE + 2)
    ]


def _searched(site: Path, profile: Path) -> str:
    _write_page(site)
    with chromium(profile) as browser:
        lines = [[query, *_asked(browser, site, query)] for query in _QUERIES]
    heads = ["query", "pictures", "files", "kB", "first search, ms", "second search, ms"]
    return (
        rows(heads, lines)
        + f"\nEach in a newly loaded page, median of {_RUNS}. Files and bytes include `index.js`, "
        "which every search reads, and no thumbnails; the second search has all files in memory.\n"
    )


def _asked(browser: webdriver.Chrome, site: Path, query: str) -> list[str]:
    first, again, read = [], [], set()
    for _ in range(_RUNS):
        browser.get((site / "index.html").as_uri())
        requests(browser)
        count, *spent_ms = browser.execute_async_script(  # type: ignore[no-untyped-call]
            "const [query, done] = arguments, { find } = imgrecSearch;"
            "const timed = async () => {"
            "  const start = performance.now(), found = await find(query);"
            "  return [found.pictures.count, performance.now() - start];"
            "};"
            "timed().then(([count, first]) => timed().then(([, again]) => "
            "done([count, first, again])));",
            query,
        )
        first.append(spent_ms[0])
        again.append(spent_ms[1])
        read = {address.rpartition("/")[2] for address in requests(browser)}
    size = sum((site / "search" / name).stat().st_size for name in read)
    times = [f"{statistics.median(of_runs):.1f}" for of_runs in (first, again)]
    return [f"{count:,}", str(len(read)), f"{size / 1e3:.0f}", *times]


def _write_page(site: Path) -> None:
    """Write a page with the search box and without pictures."""
    (site / "assets").mkdir()
    for name, data in assets().items():
        (site / "assets" / name).write_bytes(data)
    sheet = build_sheet([thumbnail(Image.new("RGB", (64, 64)))])
    (site / "sheet.jpg").write_bytes(sheet.jpeg)
    texts = "overview", "Search", "Search", "", "", "", "sheet.jpg", "contact.html"
    view = PageText(*texts, data={"maxScale": 1, "targets": {}})
    (site / "index.html").write_text(Renderer().render(view, Drawing([], [])), "utf-8")
