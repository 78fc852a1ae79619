"""Test the doctor on network sites: faults of addresses."""

import json
import re
import shutil
from pathlib import Path

import pytest

from edited_sites import add, change, lines, manifest, only, picture_page
from imgrec.checks import check_site
from imgrec.checks.site.html import Address, css_addresses
from imgrec.checks.site.links import Stray, Target, resolved
from site_stores import data_of


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ('<a href="none.html">x</a>', '"none.html" leads to pages/none.html, which is absent'),
        ('<a href="#99999">x</a>', 'links to the pictures "99999", which are not on it'),
        ('<a href="#nowhere">x</a>', "but no element there has that id"),
        ('<a href="javascript:alert(1)">x</a>', "runs a script; a click runs the code"),
        ('<a href=" java&#10;script:alert(1)">x</a>', "runs a script; a click runs the code"),
        ('<a href="JaVaScRiPt&colon;alert(1)">x</a>', "runs a script; a click runs the code"),
        ('<a href="../../elsewhere.html">x</a>', "leads out of the folder; a click leaves"),
        ('<a href="..\\..\\elsewhere.html">x</a>', "leads out of the folder; a click leaves"),
        ('<a href="/etc/passwd">x</a>', "leads out of the folder; a click leaves"),
        ('<a href="file:///etc/passwd">x</a>', "leads out of the folder; a click leaves"),
        ('<a href="http://example.org">x</a>', "leads to the internet; a click leaves"),
        ('<a href="//example.org">x</a>', "leads to the internet; a click leaves"),
        ('<form action="https://example.org">', "leads to the internet; a click leaves"),
        (
            '<img src="https://example.org/x.png">',
            "leads to the internet; the page is incomplete offline",
        ),
        (
            '<img srcset="a.png 1x, //example.org/x.png 2x">',
            "leads to the internet; the page is incomplete",
        ),
        (
            '<script src="//example.org/x.js"></script>',
            "leads to the internet; the page is incomplete offline",
        ),
        (
            '<p style="background: url(http://example.org/x)">',
            "leads to the internet; the page is incomplete",
        ),
        (
            "<style>@import 'https://example.org/x.css';</style>",
            "leads to the internet; the page is incomplete",
        ),
        (
            '<meta http-equiv="refresh" content="0; url=https://example.org">',
            "leads to the internet",
        ),
        ('<img src="../gone.png">', "leads to gone.png, which is absent; a part of the page"),
        ('<img src="../../x.png">', "leads out of the folder; a part of the page is missing"),
    ],
)
def test_an_address(site: Path, html: str, what: str) -> None:
    page = picture_page(site)
    add(page, html)
    (line, *more) = [line for line in lines(check_site(site)) if "a.png" not in line]
    assert not more
    assert line.startswith(f"error pages/{page.name}: ")
    assert what in line


def test_a_link_to_a_picture_of_the_page_may_leave(site: Path) -> None:
    page = picture_page(site)
    href = next(iter(data_of(page)["data"]["pictures"].values()))["href"]
    add(page, f'<a href="{href}">x</a><img src="data:image/png;base64,AAAA">')
    assert lines(check_site(site)) == []


def test_a_style_sheet_that_asks_the_net(site: Path) -> None:
    with (site / "assets" / "page.css").open("a") as file:
        file.write("body { background: url( 'https://example.org/x.png' ) }")
    assert only(site).startswith('error assets/page.css: "https://example.org/x.png" leads to')


def test_a_fragment_of_another_page(site: Path) -> None:
    first, second = sorted(site.glob("pages/*.html"))[:2]
    add(first, f'<a href="{second.name}#77777">x</a>')
    assert f'it links to the pictures "77777" on pages/{second.name}, which are not there' in only(
        site
    )


def test_a_target_that_is_gone(site: Path) -> None:
    page = site / "index.html"
    key = next(iter(data_of(page)["data"]["targets"]))
    change(page, lambda data: data["data"]["targets"].update({key: "pages/none.html"}))
    assert '"pages/none.html" leads to pages/none.html, which is absent' in only(site)
    change(page, lambda data: data["data"]["targets"].pop(key))
    assert f'index.html: the nodes "{key}" have no target' in only(site)
    change(page, lambda data: data["data"].pop("targets"))
    assert "its data lack the targets of its nodes" in only(site)


def test_next_and_previous(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    page = next(page for page in pages if page.parent == site and 'rel="next"' in page.read_text())
    text = page.read_text("utf-8")
    found = re.search(r'rel="next" href="([^"]*)"', text)
    assert found
    other = next(p for p in sorted(site.glob("pages/*.html")) if p.name not in found[1])
    page.write_text(text.replace(found[0], f'rel="next" href="pages/{other.name}"'), "utf-8")
    report = "\n".join(lines(check_site(site)))
    assert f"its next page is pages/{other.name}, but the prev page of that is not this" in report


def test_a_page_that_no_link_reaches(site: Path) -> None:
    page = site / "pages" / "lonely.html"
    other = picture_page(site)
    shutil.copy(other, page)
    change(page, lambda data: data["data"].update(pictures={}) or data.update(nodes=[], edges=[]))
    text = re.sub(r'href="(#[^"]*)"', 'href="lonely.html"', page.read_text("utf-8"))
    page.write_text(re.sub(r' rel="(next|prev)"', "", text), "utf-8")
    listed = json.loads((site / "site.json").read_text("utf-8"))["files"]
    manifest(site, files=[*listed, "pages/lonely.html"])
    assert (
        'no chain of links leads from index.html to "pages/lonely.html"; a visitor cannot'
        in only(site)
    )


def test_where_addresses_lead() -> None:
    page = "pages/a.html"
    for text, expected in (
        ("b.html#7", Target("pages/b.html", "7")),
        ("../index.html?x=1#%20a", Target("index.html", " a")),
        ("", Target(page, "")),
        ("#7", Target(page, "7")),
        ("./b%2Fc.html", Target("pages/b/c.html", "")),
    ):
        assert resolved(Address(text), page) == expected
    assert resolved(Address("data:,"), page) is None
    assert isinstance(resolved(Address("data:,", followed=True), page), Stray)
    assert [a.text for a in css_addresses("url(a) url( \"b\" ) url('c') @import 'd'")] == list(
        "abcd"
    )
