"""Each rule on network sites at its edge: what must be reported, and what must not."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edited_sites import add, change, manifest, picture_page, sheet_of, sound_site
from imgrec.checks import check_site
from imgrec.checks.site import page as site_page
from imgrec.checks.site.data import MAX_NODES
from site_stores import data_of


@pytest.fixture(scope="module")
def sound(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound_site(photo_store, tmp_path_factory.mktemp("sound-edges"), page_size=8)


@pytest.fixture
def site(sound: Path) -> Path:
    """A copy beside the sound one, so that relative links to the pictures stay right."""
    copy = sound.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    return Path(shutil.copytree(sound, copy))


def _found(site: Path) -> list[str]:
    return [f"{f.severity} {f.place}: {f.problem}" for f in check_site(site).findings]


def _check(site: Path, *said: str) -> None:
    """Assert that a site has exactly the findings that contain these texts, in this order."""
    found = _found(site)
    assert len(found) == len(said), found
    assert all(text in line for text, line in zip(said, found, strict=True)), found


def test_the_copy_is_sound(site: Path) -> None:
    _check(site)


@pytest.mark.parametrize("nodes", [MAX_NODES, MAX_NODES + 1])
def test_as_many_nodes_as_are_drawn_quickly(site: Path, nodes: int) -> None:
    page = picture_page(site)
    data = data_of(page)
    more: Any = {
        str(10**6 + i): {"href": None, "near": []} for i in range(nodes - len(data["nodes"]))
    }
    cell = data["nodes"][0]["cell"]
    change(page, lambda d: d["nodes"].extend({"id": int(i), "cell": cell} for i in more))
    change(page, lambda d: d["data"]["pictures"].update(more))
    manifest(site, pictures=24 + len(more))
    _check(site, *["it has 251 nodes, more than 250"] * (nodes > MAX_NODES))


@pytest.mark.parametrize("beyond", [(0, 0), (1, 0), (0, 1)])
def test_a_cell_that_ends_where_the_sheet_ends(site: Path, beyond: tuple[int, int]) -> None:
    page = picture_page(site)
    with Image.open(sheet_of(page)) as sheet:
        width, height = sheet.size
    add(page, f'<i data-cell="{width - 8 + beyond[0]} {height - 9 + beyond[1]} 8 9"></i>')
    _check(site, *["1 cell of"] * any(beyond))


@pytest.mark.parametrize(
    ("cell", "is_one"),
    [
        ([4, 4, 1, 1], True), ([0, 0, 10, 10], True),
        ([4, 4, 0, 10], False), ([4, 4, 10, 0], False), ([-1, 4, 10, 10], False),
        ([4, -1, 10, 10], False), ([4, 4, 10], False), ([4, 4, 10, 10, 1], False),
        ([4, 4, 10.5, 10], False), ([4, 4, True, 10], False), ([4, 4, 1 << 15, 10], False),
        ([4, 4, 10, 1 << 15], False), ([1 << 63, 4, 10, 10], False), (None, False),
    ],
)  # fmt: skip
def test_a_cell_of_a_node(site: Path, cell: object, is_one: bool) -> None:
    page = picture_page(site)
    # A picture that no other page names, whose cell may differ.
    more: Any = {"77": {"href": None, "near": []}}
    change(page, lambda d: d["nodes"].append({"id": 77, "cell": cell}))
    change(page, lambda d: d["data"]["pictures"].update(more))
    manifest(site, pictures=25)
    _check(site, *["1 node without a unique id or a cell"] * (not is_one))


@pytest.mark.parametrize("number", [0, 2**63 - 1, 2**63, -1, "7", "-7", "٣", 1.5, True, None])
def test_an_id_of_a_node(site: Path, number: object) -> None:
    page = picture_page(site)
    cell = data_of(page)["nodes"][0]["cell"]
    key = str(number)
    right = key in ("0", str(2**63 - 1), "7") and number != "-7"
    used = str(number) in data_of(page)["data"]["pictures"] or any(
        str(number) in data_of(p)["data"].get("pictures", {}) for p in site.glob("pages/*.html")
    )
    change(page, lambda d: d["nodes"].append({"id": number, "cell": cell}))
    if right and not used:
        more: Any = {key: {"href": None, "near": []}}
        change(page, lambda d: d["data"]["pictures"].update(more))
        manifest(site, pictures=25)
        _check(site)
    else:
        assert _found(site)


def test_a_neighbor_of_an_id_beyond_64_bits_is_a_finding(site: Path) -> None:
    page = picture_page(site)
    change(
        page, lambda d: next(iter(d["data"]["pictures"].values()))["near"].append([2**63, 0, ""])
    )
    add(page, f'<a href="#{2**63}">x</a>')
    _check(
        site,
        "its data of the pictures",
        f"{page.name}: it links to",
    )


def test_a_cell_that_its_own_page_does_not_know_is_no_contradiction(site: Path) -> None:
    """A picture without a node has no cell on its page, so none that could differ."""
    page = picture_page(site)
    number, cell = next(
        (row[0], row[4]) for p in data_of(page)["data"]["pictures"].values() for row in p["near"]
        if len(row) > 4
    )  # fmt: skip
    other = next(
        p
        for p in site.glob("pages/*.html")
        if str(number) in data_of(p)["data"].get("pictures", {})
    )
    assert other != page
    change(other, lambda d: d.update(nodes=[n for n in d["nodes"] if n["id"] != number]))
    _check(site)
    node = {"id": number, "cell": [cell[0] + 1, *cell[1:]]}
    change(other, lambda d: d["nodes"].append(node))
    assert any("differ from those on their own pages" in line for line in _found(site))


@pytest.mark.parametrize("rel", ["prev", "next"])
def test_a_step_that_nothing_leads_back_from(site: Path, rel: str) -> None:
    first, last = site / "index.html", site / "index.html"
    while step := re.search(r'rel="next" href="([^"]+)"', last.read_text("utf-8")):
        last = (last.parent / step[1]).resolve()
    where, target = (first, last) if rel == "prev" else (last, first)
    link = ("pages/" + target.name) if rel == "prev" else "../index.html"
    add(where, f'<a rel="{rel}" href="{link}">x</a>')
    back = "next" if rel == "prev" else "prev"
    name = f"pages/{target.name}" if rel == "prev" else "index.html"
    _check(site, f"its {rel} page is {name}, but the {back} page of that is not this page")


def test_a_step_is_one_of_several_relations_of_a_link(site: Path) -> None:
    page = site / "index.html"
    text = page.read_text("utf-8")
    assert text.count('rel="next"') == 1
    page.write_text(text.replace('rel="next"', 'rel="noopener NEXT"'), "utf-8")
    _check(site)
    page.write_text(text.replace('rel="next"', 'rel="nextto"'), "utf-8")
    _check(site, "its prev page is index.html, but the next page of that is not this page")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_only_a_jpeg_has_an_end_marker(site: Path, kind: str) -> None:
    sheet = sheet_of(picture_page(site))
    Image.open(sheet).save(sheet, kind)
    _check(site)
    if kind == "JPEG":
        sheet.write_bytes(sheet.read_bytes()[:-2])
        _check(site, "is cut short")


def test_a_sheet_that_browsers_do_not_show(site: Path) -> None:
    sheet = sheet_of(picture_page(site))
    Image.open(sheet).save(sheet, "TIFF")
    _check(site, "is not a picture, or is damaged")


@pytest.mark.parametrize("over", [0, 1])
def test_a_page_that_weighs_as_much_as_it_may(
    site: Path, monkeypatch: pytest.MonkeyPatch, over: int
) -> None:
    page = picture_page(site)
    # The heaviest by far.
    add(page, f"<!--{'x' * 500_000}-->")
    total = page.stat().st_size + sheet_of(page).stat().st_size
    monkeypatch.setattr(site_page, "MAX_BYTES", total - over)
    _check(site, *["MB with its sheet, more than"] * over)


@pytest.mark.parametrize("over", [0, 1])
def test_a_page_of_the_size_that_is_read(
    site: Path, monkeypatch: pytest.MonkeyPatch, over: int
) -> None:
    page = picture_page(site)
    add(page, f"<!--{'x' * 1_000_000}-->")
    monkeypatch.setattr(site_page, "_READABLE_BYTES", page.stat().st_size - over)
    assert any("the page has 1 MB" in line for line in _found(site)) == bool(over)


@pytest.mark.parametrize(
    ("href", "there"),
    [
        ("../../notes%20of%20mine.txt", True), ("../../notes of mine.txt", True),
        ("../../notes%20of%20mine.txt?a#b", True), ("../../notes%20of%20mine.txt#b?a", True),
        ("../../notes%2520of%20mine.txt", False), ("../../notes.txt", False),
        ("../..", False), (" ../../notes of\tmine.txt", False),
        ("\n../../notes of mine.txt ", True),
    ],
)  # fmt: skip
def test_the_file_that_a_picture_links_to(site: Path, href: str, there: bool) -> None:
    (site.parent / "notes of mine.txt").touch()
    page = picture_page(site)
    change(page, lambda d: next(iter(d["data"]["pictures"].values())).update(href=href))
    _check(site, *["1 picture file it links to is absent"] * (not there))


@pytest.mark.parametrize("host", ["", "localhost", "somewhere"])
def test_the_host_of_a_file_address_is_not_a_part_of_its_path(site: Path, host: str) -> None:
    (site.parent / "a.jpg").touch()
    href = f"FILE://{host}{site.parent.resolve() / 'a.jpg'}"
    change(
        picture_page(site), lambda d: next(iter(d["data"]["pictures"].values())).update(href=href)
    )
    _check(site)


def test_a_picture_file_is_linked_to_and_not_loaded(site: Path) -> None:
    page = picture_page(site)
    href = next(iter(data_of(page)["data"]["pictures"].values()))["href"]
    add(page, f'<a href="{href}">x</a>')
    _check(site)
    add(page, f'<img src="{href}">')
    _check(site, "leads out of the folder")


def test_of_a_repeated_attribute_the_first_counts(site: Path) -> None:
    page = picture_page(site)
    add(page, '<a href="../index.html" href="none.html">x</a>')
    _check(site)
    add(page, '<a href="none.html" href="../index.html">x</a>')
    _check(site, "leads to pages/none.html, which is absent")


def test_a_folder_that_is_a_link_is_no_file_of_the_site(site: Path) -> None:
    (site.parent / "mine").mkdir(exist_ok=True)
    (site / "pages" / "empty").mkdir()
    # An empty folder holds nothing that could be lost.
    _check(site)
    (site / "pages" / "link").symlink_to(site.parent / "mine")
    _check(site, 'site.json does not list "pages/link"')


@pytest.mark.parametrize(
    ("css", "said"),
    [
        ("a { background: url(vis.png) }", "leads to assets/vis.png, which is absent"),
        ("a { background: url('page.css') }", ""),
        ('a { background: url("data:image/png;base64,AA") }', ""),
        ("@import 'page.css';", ""),
        ('@import "https://example.org/x.css";', "leads to the internet"),
        ("a { content: 'https://example.org' }", ""),
    ],
)
def test_the_addresses_of_a_style_sheet(site: Path, css: str, said: str) -> None:
    with (site / "assets" / "page.css").open("a") as file:
        file.write(css)
    _check(site, *[said] * bool(said))


@pytest.mark.parametrize(("pictures", "said"), [(23, "says 23"), (24, ""), (25, "says 25")])
def test_the_number_of_pictures(site: Path, pictures: int, said: str) -> None:
    manifest(site, pictures=pictures)
    _check(site, *[said] * bool(said))


def test_an_element_that_a_link_names(site: Path) -> None:
    page = picture_page(site)
    add(page, '<b id="one"></b><a name="two"></a><a href="#one">x</a><a href="#two">x</a>')
    _check(site)
    add(page, '<a href="#three">x</a>')
    _check(site, f'it links to "pages/{page.name}#three", but no element there has that id')


def test_all_pictures_gone_is_one_finding_and_all_but_one_is_one_of_each_page(site: Path) -> None:
    pages = [p for p in site.glob("pages/*.html") if "pictures" in data_of(p)["data"]]
    assert len(pages) > 2
    for page in pages:
        change(page, lambda d: [p.update(href="no.jpg") for p in d["data"]["pictures"].values()])
    _check(site, "all 24 picture files that its pages link to are absent")
    href = (site.parent / "a.jpg").resolve().as_uri()
    (site.parent / "a.jpg").touch()
    change(pages[0], lambda d: next(iter(d["data"]["pictures"].values())).update(href=href))
    found = _found(site)
    assert len(found) == len(pages)
    assert all(line.startswith("warning pages/") for line in found)
