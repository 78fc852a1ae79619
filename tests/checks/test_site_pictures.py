"""Test the doctor on network sites: faults of the pictures of pages."""

from pathlib import Path
from typing import Any

import pytest

from edited_sites import change, lines, only, picture_page
from imgrec.checks import check_site
from site_stores import data_of


def test_a_picture_on_two_pages(site: Path) -> None:
    first, second = sorted(site.glob("pages/*.html"))[:2]
    (key, picture), *_ = data_of(first)["data"]["pictures"].items()
    change(second, lambda data: data["data"]["pictures"].update({key: {**picture, "near": []}}))
    assert f'its pictures "{key}" are on pages/{first.name} too; they are shown twice' in only(site)


def test_a_picture_on_no_page(site: Path) -> None:
    page = picture_page(site)
    key = next(iter(data_of(page)["data"]["pictures"]))
    change(page, lambda data: data["data"]["pictures"].pop(key))
    found = "\n".join(lines(check_site(site)))
    assert f'its data lack the pictures "{key}"' in found
    assert f'it links to the pictures "{key}", which are not on it' in found
    assert "23 pictures are on its pages, but site.json says 24" in found


def test_a_neighbor_that_is_elsewhere(site: Path) -> None:
    page = picture_page(site)

    def away(data: Any) -> None:
        for picture in data["data"]["pictures"].values():
            for row in picture["near"]:
                if len(row) > 4:
                    row[0] = 10**15
                    return

    change(page, away)
    assert f'pages/{page.name}: it links to the pictures "1000000000000000" on pages/' in only(site)


def test_a_neighbor_that_should_be_here(site: Path) -> None:
    page = picture_page(site)
    change(
        page,
        lambda d: next(iter(d["data"].get("pictures", {}).values()))["near"].append([999, 0, "x"]),
    )
    assert f'its most similar pictures "pages/{page.name}#999" do not exist' in only(site)


def test_a_neighbor_with_the_cell_of_another(site: Path) -> None:
    page = picture_page(site)

    def shift(data: Any) -> None:
        rows = [row for p in data["data"]["pictures"].values() for row in p["near"]]
        next(row for row in rows if len(row) > 4)[4][0] += 1

    change(page, shift)
    assert "differ from those on their own pages; the list of most similar" in only(site)


def test_pictures_that_are_gone(site: Path) -> None:
    page = picture_page(site)
    change(
        page,
        lambda d: next(iter(d["data"].get("pictures", {}).values())).update(href="../gone.jpg"),
    )
    line = only(site)
    assert line.startswith(f"warning pages/{page.name}: 1 picture file it links to is absent")
    assert '"../gone.jpg"' in line
    for each in site.glob("pages/*.html"):
        change(
            each, lambda d: [p.update(href="x.jpg") for p in d["data"].get("pictures", {}).values()]
        )
    assert 'all 24 picture files that its pages link to are absent: "x.jpg"' in only(site)


@pytest.mark.parametrize("href", ["a" * 5000, "file://[x", "a\0b", "\ud800", "file:///none", "%"])
def test_a_picture_with_an_address_of_no_file(site: Path, href: str) -> None:
    page = picture_page(site)
    change(page, lambda d: next(iter(d["data"].get("pictures", {}).values())).update(href=href))
    assert "1 picture file it links to is absent" in only(site)


def test_pictures_that_no_page_links_to_are_no_fault(site: Path) -> None:
    for each in site.glob("pages/*.html"):
        change(
            each, lambda d: [p.update(href=None) for p in d["data"].get("pictures", {}).values()]
        )
    assert lines(check_site(site)) == []


@pytest.mark.parametrize(
    ("href", "what"),
    [
        ("javascript:alert(1)", "runs a script"),
        ("https://example.org/a.jpg", "leads to the internet"),
        ("//example.org/a.jpg", "leads to the internet"),
        ("data:text/html,x", "leads out of the folder"),
    ],
)
@pytest.mark.parametrize("of", ["pictures", "others"])
def test_a_picture_with_another_address(site: Path, of: str, href: str, what: str) -> None:
    change(picture_page(site), lambda d: next(iter(d["data"][of].values())).update(href=href))
    assert f'"{href}" {what}' in only(site)
