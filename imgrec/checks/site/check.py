"""All that is wrong with a network site, as its pages would show it."""

from collections import defaultdict
from pathlib import Path

from imgrec.checks.findings import Check, CheckReport, Finding, Place, collected, shortened
from imgrec.checks.site.files import START, check_listed, list_files, read_manifest
from imgrec.checks.site.index import PictureIndex, reachable
from imgrec.checks.site.page import Site, check_css, check_page
from imgrec.system.text import counted


def check_site(site: Path) -> CheckReport:
    """Return what a network site holds and what is wrong with it; writes nothing.

    Files are read one at a time; of each page only numbers are kept.

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
    pages = sorted(file for file in files if file.endswith(".html"))
    known = Site(site.resolve(), files, pages, PictureIndex(pages))
    for number in range(len(pages)):
        collected(check_page(known, number), findings)
    for sheet in sorted(file for file in files if file.endswith(".css")):
        collected(check_css(known, sheet), findings)
    pictures = collected(_check_whole(known, place, manifest.pictures), findings)
    if any(finding.severity == "error" for finding in findings):
        return CheckReport((), tuple(findings))
    what = f"{counted(len(pages), 'page')}, {counted(pictures, 'picture')}"
    return CheckReport(((place.name, what),), tuple(findings))


def _check_whole(site: Site, place: Place, wanted: int | None) -> Check[int]:
    """Check what can be told when all pages were read; return how many pictures they show."""
    pictures = yield from site.index.check(place, wanted)
    yield from _check_anchors(site)
    yield from _check_steps(site)
    if START in site.numbers:
        found = reachable(site.links, site.numbers[START])
        lost = [page for page, number in site.numbers.items() if number not in found]
        if lost:
            yield place.error(
                f"no way leads from {START} to {shortened(lost)}", "nobody finds its pictures"
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
            f"it links to {shortened(names)}, and no element there has that name",
            "a click opens the page, but not the place in it",
        )


def _check_steps(site: Site) -> Check[None]:
    """Previous and next have to be each other's way back."""
    for rel, back in (("next", "prev"), ("prev", "next")):
        for number, other in site.steps[rel].items():
            if site.steps[back].get(other) != number:
                yield Place(site.pages[number]).error(
                    f"its {rel} page is {site.pages[other]}, whose {back} page is another or none",
                    "going on page by page skips some or goes round",
                )


def _check_gone(site: Site, place: Place) -> Check[None]:
    """Report pictures that are not there any more: all at once where not one is."""
    gone = sum(count for count, _ in site.gone.values())
    effect = '"Open the picture" shows that there is no such file'
    if gone and gone == site.hrefs:
        _, names = next(iter(site.gone.values()))
        what = f"no picture that its pages link to is there ({gone:,} in all)"
        yield place.warning(f"{what}: {names}", effect)
        return
    for number, (count, names) in site.gone.items():
        what = f"{counted(count, 'picture')} it links to {'is' if count == 1 else 'are'} gone"
        yield Place(site.pages[number]).warning(f"{what}: {names}", effect)
