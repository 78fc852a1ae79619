"""Test the doctor on network sites: faults of sheets and of the data of pages."""

import os
import re
from pathlib import Path

import pytest
from PIL import Image

from edited_sites import add, change, lines, manifest, only, picture_page, replace_data, sheet_of
from imgrec.checks import check_site
from site_stores import data_of


def test_a_sheet_that_is_gone(site: Path) -> None:
    page = picture_page(site)
    sheet_of(page).unlink()
    found = "\n".join(lines(check_site(site)))
    assert f"pages/{page.name}: the sheet sheets/{page.stem}.jpg is absent; the page shows" in found


def test_a_sheet_that_is_no_picture(site: Path) -> None:
    page = picture_page(site)
    sheet_of(page).write_bytes(b"nothing")
    assert "is not a picture, or is damaged; the page shows empty frames" in only(site)


def test_a_sheet_cut_short(site: Path) -> None:
    sheet = sheet_of(picture_page(site))
    sheet.write_bytes(sheet.read_bytes()[:-40])
    assert "is cut short; thumbnails are gray" in only(site)


def test_a_smaller_sheet(site: Path) -> None:
    Image.new("RGB", (64, 64)).save(sheet_of(picture_page(site)))
    assert re.search(r"\d+ cells of \d+ are not on the sheet of 64 x 64 px", only(site))


@pytest.mark.parametrize("cell", ["4 4 9999 10", "1 2 3", "a b c d", "-4 4 10 10", ""])
def test_a_cell_in_a_list(site: Path, cell: str) -> None:
    add(picture_page(site), f'<canvas data-cell="{cell}"></canvas>')
    assert "1 cell of" in only(site)


def test_a_cell_on_another_sheet_is_that_of_scripts(site: Path) -> None:
    add(picture_page(site), '<canvas data-cell="9999 0 1 1" data-sheet="x"></canvas>')
    assert lines(check_site(site)) == []


def test_a_page_that_is_too_heavy(site: Path) -> None:
    page = picture_page(site)
    add(page, "<!--" + "x" * 1_500_000 + "-->")
    line = only(site)
    assert line.startswith(f"warning pages/{page.name}: it has 1.5 MB with its sheet")


def test_too_many_nodes(site: Path) -> None:
    page = picture_page(site)
    cell = data_of(page)["nodes"][0]["cell"]
    more = {str(10**6 + i): {"href": None, "near": []} for i in range(250)}
    change(page, lambda d: d["nodes"].extend({"id": int(i), "cell": cell} for i in more))
    change(page, lambda d: d["data"]["pictures"].update(more))
    manifest(site, pictures=274)
    line = only(site)
    assert line.startswith("warning")
    assert "nodes, more than 250; the page takes longer" in line


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ("", "there is no <script"),
        ('<script type="application/json" id="page">{,}</script>', "its data are not valid JSON"),
        ('<script type="application/json" id="page">[]</script>', "its data lack the nodes"),
    ],
)
def test_invalid_page_data(site: Path, html: str, what: str) -> None:
    replace_data(picture_page(site), html)
    assert any(what in line for line in lines(check_site(site)))


def test_a_page_that_is_not_utf8(site: Path) -> None:
    page = picture_page(site)
    page.write_bytes(page.read_bytes().replace(b"<main>", b"<main>\xff"))
    assert any(f"pages/{page.name}: it is not valid UTF-8 (byte " in line
               for line in lines(check_site(site)))  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(site: Path) -> None:
    page = picture_page(site)
    page.unlink()
    os.mkfifo(page)
    assert any("the page is not a regular file" in line for line in lines(check_site(site)))
