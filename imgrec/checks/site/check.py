"""Check a network site: each page by itself, then what the pages say of each other.

Pages are read one at a time; what has to be compared between pages is kept as numbers (`Site`,
`PictureIndex`). Invariants that are checked: each picture is on exactly one page; each link leads
to a file of the site and to an element that exists; next and previous are inverse; every page can
be reached from index.html; nothing is loaded from the network.
"""

from collections import defaultdict
from pathlib import Path

from imgrec.checks.findings import Check, CheckReport, Finding, Place, collected, shortened
from imgrec.checks.site.files import START, check_listed, list_files, read_manifest
from imgrec.checks.site.index import PictureIndex, reachable
from imgrec.checks.site.map import check_map
from imgrec.checks.site.page import Site, check_css, check_page
from imgrec.maps.format import FOLDER as MAP_FOLDER
from imgrec.system.text import counted

# Folder of the contact sheets in a site.
_CONTACT = "contact/"
_MAP = f"{MAP_FOLDER}/"


def check_site(site: Path) -> CheckReport:
    """Check a network site; return what it holds and its faults. Nothing is written.

    Files are read one at a time; only numbers are kept of each page.

    Args:
        site: a folder written by `imgrec graph`.
    """
    findings: list[Finding] = []
    place = Place(str(site))
    manifest = collected(read_manifest(place, site), findings)
    if manifest is None:
        return CheckReport((), tuple(findings))
    files = frozenset(collected(list_files(site), findings))
    collected(check_listed(place, manifest, files), findings)
    mapped = any(file.startswith(_MAP) for file in files)
    pages = []
    if manifest.network:
        pages = sorted(file for file in files if file.endswith(".html"))
        pages = [page for page in pages if not page.startswith(_MAP)]
    known = Site(site.resolve(), files, pages, PictureIndex(pages))
    for number in range(len(pages)):
        collected(check_page(known, number), findings)
    for sheet in sorted(file for file in files if file.endswith(".css")):
        collected(check_css(known, sheet), findings)
    pictures = manifest.pictures or 0
    if manifest.network:
        pictures = collected(_check_whole(known, place, manifest.pictures), findings)
    if mapped or not manifest.network:
        collected(check_map(site.resolve(), files, manifest.pictures), findings)
    if any(finding.severity == "error" for finding in findings):
        return CheckReport((), tuple(findings))
    # Counted as imgrec graph does: a contact sheet is no page of the network.
    sheets = sum(page.startswith(_CONTACT) for page in pages)
    what = [counted(len(pages) - sheets, "page"), counted(pictures, "picture")]
    what = what if manifest.network else what[1:]
    what[1:1] = [counted(sheets, "contact sheet")] if sheets else []
    what += ["a map"] if mapped else []
    return CheckReport(((place.name, ", ".join(what)),), tuple(findings))


def _check_whole(site: Site, place: Place, wanted: int | None) -> Check[int]:
    """Run the checks that need all pages; return the number of different pictures on them."""
    pictures = yield from site.index.check(place, wanted)
    yield from _check_anchors(site)
    yield from _check_steps(site)
    if START in site.numbers:
        found = reachable(site.links, site.numbers[START])
        lost = [page for page, number in site.numbers.items() if number not in found]
        if lost:
            yield place.error(
                f"no chain of links leads from {START} to {shortened(lost)}",
                "a visitor cannot reach the pictures there",
            )
    yield from _check_gone(site, place)
    return pictures


def _check_anchors(site: Site) -> Check[None]:
    lost: dict[int, dict[str, None]] = defaultdict(dict)
    for number, other, anchor in site.named:
        if anchor not in site.anchors[other]:
            lost[number][f"{site.pages[other]}#{anchor}"] = None
    for number, names in lost.items():
        yield Place(site.pages[number]).error(
            f"it links to {shortened(names)}, but no element there has that id",
            "a click opens the page, but does not scroll to the place",
        )


def _check_steps(site: Site) -> Check[None]:
    """Check that the links of rel="next" and rel="prev" are inverse to each other."""
    for rel, back in (("next", "prev"), ("prev", "next")):
        for number, other in site.steps[rel].items():
            if site.steps[back].get(other) != number:
                yield Place(site.pages[number]).error(
                    f"its {rel} page is {site.pages[other]}, but the {back} page of that is not "
                    "this page",
                    "paging through the site skips pages or goes in circles",
                )


def _check_gone(site: Site, place: Place) -> Check[None]:
    """Report linked picture files that are absent: in one finding if all of them are."""
    gone = sum(count for count, _ in site.gone.values())
    effect = '"Open the picture" shows a "file not found" page'
    if gone and gone == site.hrefs:
        _, names = next(iter(site.gone.values()))
        what = f"all {gone:,} picture files that its pages link to are absent"
        yield place.warning(f"{what}: {names}", effect)
        return
    for number, (count, names) in site.gone.items():
        what = (
            f"{counted(count, 'picture file')} it links to {'is' if count == 1 else 'are'} absent"
        )
        yield Place(site.pages[number]).warning(f"{what}: {names}", effect)
