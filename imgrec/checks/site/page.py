"""Check one page of a network site: its URLs, neighbors, picture files and thumbnail sheet.

What can be judged by itself is reported at once; what depends on other pages (links to elements,
to pictures, next and previous) is recorded in `Site` and checked when all pages have been read.
"""

import posixpath
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from imgrec.checks.findings import Check, Place, file_problem, shortened, unreadable
from imgrec.checks.site.data import PageData, id_of, read_data
from imgrec.checks.site.html import Address, PageHtml, css_addresses, parse_html
from imgrec.checks.site.index import PictureIndex
from imgrec.checks.site.links import (
    Stray,
    Target,
    check_target,
    picture_file,
    quoted,
    resolved,
    stray_lines,
)
from imgrec.checks.site.sheets import check_cells, check_sheet

# Limit of a page and its thumbnail sheet together.
MAX_BYTES = 1_500_000
_READABLE_BYTES = 64 << 20
_UNREAD = "the browser shows it wrong, or not at all"


@dataclass
class Site:
    """What is known of a site, filled while its pages are read one after the other.

    Attributes:
        folder: absolute path.
        files: paths of all files, relative to `folder`.
        pages: those of the HTML files; a page's number is its position here.
        index: the pictures of each page.
        links: number of a page to the numbers of the pages that it links to.
        steps: for "prev" and "next", number of a page to that of the page it names.
        anchors: element ids of each page, by its number.
        named: links to elements: number of the page, number of the other page, element id.
        gone: number of a page to how many picture files it links to are absent, and some URLs.
        hrefs: number of links to picture files on all pages.
    """

    folder: Path
    files: frozenset[str]
    pages: Sequence[str]
    index: PictureIndex
    links: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    steps: dict[str, dict[int, int]] = field(default_factory=lambda: {"prev": {}, "next": {}})
    anchors: list[set[str]] = field(default_factory=list)
    named: list[tuple[int, int, str]] = field(default_factory=list)
    gone: dict[int, tuple[int, str]] = field(default_factory=dict)
    hrefs: int = 0

    def __post_init__(self) -> None:
        self.numbers = {page: number for number, page in enumerate(self.pages)}
        self.anchors = [set() for _ in self.pages]


def check_page(site: Site, number: int) -> Check[None]:
    """Check a page by itself, and record what depends on other pages."""
    name = site.pages[number]
    place, path = Place(name), site.folder / name
    text = yield from _read(place, path)
    if text is None:
        return
    try:
        html = parse_html(text)
    except ValueError as error:
        yield place.error(f"it is not valid HTML ({error})", _UNREAD)
        return
    data = yield from read_data(place, html.data)
    site.anchors[number] = html.anchors
    site.index.add_page(number, data.pictures)
    yield from _check_addresses(site, number, html, data)
    yield from _check_near(site, number, data)
    yield from _check_hrefs(site, number, data)
    yield from _check_sheet(site, place, html, data, path.stat().st_size)


def _read(place: Place, path: Path) -> Check[str | None]:
    problem = file_problem(path, "the page")
    if problem is None and path.stat().st_size > _READABLE_BYTES:
        problem = f"the page has {path.stat().st_size / 1e6:,.0f} MB"
    if problem:
        yield place.error(problem, _UNREAD)
        return None
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        yield place.error(unreadable("the page", error), _UNREAD)
    except UnicodeDecodeError as error:
        yield place.error(f"it is not valid UTF-8 (byte {error.start:,})", _UNREAD)
    return None


def _check_addresses(site: Site, number: int, html: PageHtml, data: PageData) -> Check[None]:
    """Check all URLs of a page except those of neighbors and picture files."""
    name, ours = site.pages[number], set(data.hrefs)
    place = Place(name)
    targets = [Address(target, followed=True) for target in data.targets]
    claims: list[tuple[int, None, int]] = []
    strays: dict[Stray, list[str]] = defaultdict(list)
    for address in dict.fromkeys([*html.addresses, *targets]):
        # Links to picture files are checked by `_check_hrefs`.
        if address.followed and address.text in ours:
            continue
        target = resolved(address, name)
        if isinstance(target, Stray):
            strays[target].append(address.text)
        elif target and (yield from check_target(place, address, target, site.files)):
            claims += _followed(site, number, address, target)
    yield from stray_lines(place, strays)
    inside = [picture for picture, _, page in claims if page == number]
    missing = [str(picture) for picture in inside if picture not in data.pictures]
    if missing:
        yield place.error(
            f"it links to the pictures {shortened(missing)}, which are not on it",
            "a click does nothing",
        )
    site.index.add_claims(number, [claim for claim in claims if claim[2] != number])


def _followed(
    site: Site, number: int, address: Address, target: Target
) -> list[tuple[int, None, int]]:
    """Record a link to a page; return the picture that its fragment names as a claim, if any."""
    other = site.numbers.get(target.file)
    if other is None or not address.followed:
        return []
    site.links[number].add(other)
    for rel in address.rel.split():
        if rel in site.steps:
            site.steps[rel][number] = other
    if not target.fragment:
        return []
    picture = id_of(target.fragment)
    if picture is None:
        site.named.append((number, other, target.fragment))
        return []
    return [(picture, None, other)]


def _check_near(site: Site, number: int, data: PageData) -> Check[None]:
    """Check the neighbors that a page lists for its pictures."""
    name = site.pages[number]
    place, absent, claims = Place(name), dict[str, None](), []
    for near in data.near:
        if near.page is None:
            if near.id not in data.pictures:
                absent[f"{name}#{near.id}"] = None
            continue
        target = resolved(Address(f"{near.page}.html"), name)
        other = site.numbers.get(target.file) if isinstance(target, Target) else None
        if other is None:
            absent[f"{near.page}.html#{near.id}"] = None
        else:
            claims.append((near.id, near.cell, other))
    if absent:
        yield place.error(
            f"its most similar pictures {shortened(absent)} do not exist",
            "a click on them shows nothing",
        )
    site.index.add_claims(number, claims)


def _check_hrefs(site: Site, number: int, data: PageData) -> Check[None]:
    """Check the links to picture files, the only ones that may leave the site's folder."""
    name = site.pages[number]
    folder = str(site.folder / posixpath.dirname(name))
    strays: dict[Stray, list[str]] = defaultdict(list)
    gone: list[str] = []
    for href in data.hrefs:
        file = picture_file(href, folder)
        if isinstance(file, Stray):
            strays[file].append(href)
            continue
        site.hrefs += 1
        if not _is_there(file):
            gone.append(href)
    for href in data.hrefs_elsewhere:
        # Whether the file is there is checked on its own page.
        file = picture_file(href, folder)
        if isinstance(file, Stray):
            strays[file].append(href)
    if gone:
        site.gone[number] = (len(gone), shortened(gone))
    yield from stray_lines(Place(name), strays)


def _is_there(file: str) -> bool:
    # A name that is too long, or holds characters that no file name can.
    with suppress(OSError, ValueError):
        return Path(file).is_file()
    return False


def _check_sheet(
    site: Site, place: Place, html: PageHtml, data: PageData, page_bytes: int
) -> Check[None]:
    if data.sheet is None:
        return
    target = resolved(Address(data.sheet), place.name)
    if isinstance(target, Stray):
        yield place.error(f"its sheet {quoted(data.sheet)} {target.problem}", target.effect)
        return
    if target is None:
        yield place.error("its sheet is a data: URL, not a file", "no pictures are drawn")
        return
    if data.sheet_is_elsewhere:
        return
    path = site.folder / target.file
    size = yield from check_sheet(place, target.file, path)
    if size is None:
        return
    yield from check_cells(place, data.cells, html.cells, size)
    total = page_bytes + path.stat().st_size
    if total > MAX_BYTES:
        yield place.warning(
            f"it has {total / 1e6:.1f} MB with its sheet, more than {MAX_BYTES / 1e6:.1f} MB",
            "the page takes long to open",
        )


def check_css(site: Site, name: str) -> Check[None]:
    """Check the URLs that a style sheet loads."""
    place = Place(name)
    text = yield from _read(place, site.folder / name)
    strays: dict[Stray, list[str]] = defaultdict(list)
    for address in css_addresses(text or ""):
        target = resolved(address, name)
        if isinstance(target, Stray):
            strays[target].append(address.text)
        elif target:
            yield from check_target(place, address, target, site.files)
    yield from stray_lines(place, strays)
