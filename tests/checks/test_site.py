"""Test the doctor on network sites: a sound site has no findings, each fault is reported."""

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from graph.pages.options import SiteOptions
from graph.pages.site import write_site
from imgrec.checks import CheckReport, check_site
from imgrec.checks.site import files as site_files
from imgrec.checks.site.html import Address, css_addresses, parse_html
from imgrec.checks.site.links import Stray, Target, resolved
from imgrec.doctor import main
from imgrec.store.store import Store
from imgrec.system.output_folder import SITE

_DATA = re.compile(r'(<script type="application/json" id="page">)(.*?)(</script>)', re.DOTALL)


def plain(**options: Any) -> SiteOptions:
    """A site of pages without a map, with every picture on its own, drawn in this process."""
    return SiteOptions(**{"groups": (), "workers": 0, "map": False} | options)


@pytest.fixture(scope="module")
def sound(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    shutil.copytree(photo_store, folder / "store")
    with Store.open(folder / "store") as store:
        write_site(store, folder / "site", plain(page_size=4))
    return folder / "site"


@pytest.fixture
def site(sound: Path, tmp_path: Path) -> Path:
    """A copy in another folder, with absolute links to the picture files."""
    copy = tmp_path / "site"
    shutil.copytree(sound, copy)
    for page in copy.glob("pages/*.html"):
        change(page, lambda data: _absolute(data, sound))
    return copy


def _absolute(data: Any, sound: Path) -> None:
    for picture in data["data"].get("pictures", {}).values():
        picture["href"] = Path(sound, "pages", picture["href"]).resolve().as_uri()


def data_of(page: Path) -> Any:
    found = _DATA.search(page.read_text("utf-8"))
    assert found
    return json.loads(found[2])


def write_data(page: Path, data: Any) -> None:
    changed = json.dumps(data).replace("<", "\\u003c")
    text = page.read_text("utf-8")
    page.write_text(_DATA.sub(lambda found: found[1] + changed + found[3], text), "utf-8")


def change(page: Path, edit: Callable[[Any], object]) -> None:
    """Edit the embedded data of a page."""
    data = data_of(page)
    edit(data)
    write_data(page, data)


def replace(page: Path, old: str, new: str) -> None:
    text = page.read_text("utf-8")
    assert old in text
    page.write_text(text.replace(old, new, 1), "utf-8")


def add(page: Path, html: str) -> None:
    replace(page, "<main>", f"<main>{html}")


def picture_page(site: Path) -> Path:
    """Return a page of pictures that have neighbors on other pages."""
    for page in sorted(site.glob("pages/*.html")):
        near = [
            row for of_one in data_of(page)["data"].get("pictures", {}).values()
            for row in of_one["near"] if len(row) > 4
        ]  # fmt: skip
        if near:
            return page
    raise AssertionError("no page links to another")


def manifest(site: Path, **changes: Any) -> None:
    described = json.loads((site / "site.json").read_text("utf-8")) | changes
    (site / "site.json").write_text(json.dumps(described), "utf-8")


def lines(report: CheckReport) -> list[str]:
    return [f"{f.severity} {f.place}: {f.problem}; {f.effect}" for f in report.findings]


def only(site: Path) -> str:
    """Check a site and return its only finding as a line."""
    (line,) = lines(check_site(site))
    return line


def test_a_site_with_bundles_is_sound_and_names_all_their_pictures(
    store: Store, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    ids = store.catalog.ids("ok").tolist()
    write_site(store, site, plain(page_size=4, groups=[ids[:3], ids[5:7]]))
    assert lines(check_site(site)) == []
    page = next(
        page for page in site.glob("pages/*.html")
        if str(ids[1]) in data_of(page)["data"].get("pictures", {})
    )  # fmt: skip
    change(page, lambda data: data["data"]["pictures"].pop(str(ids[1])))
    assert any(f'its data lack the pictures "{ids[1]}"' in line for line in lines(check_site(site)))


def test_ours_is_sound(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = len([sound / "index.html", *sound.glob("pages/*.html")])
    sheets = len(list(sound.glob("contact/*.html")))
    assert pages > 5
    assert main(["--site", str(sound)]) == 0
    line, last = capsys.readouterr().out.splitlines()
    assert line == f"ok       {sound}: {pages} pages, {sheets} contact sheets, 24 pictures"
    assert last.startswith("1 folder checked, 0 errors, 0 warnings, ")


def test_the_format_is_that_of_graph() -> None:
    assert SITE.format == site_files.FORMAT


def test_a_copy_is_sound(site: Path) -> None:
    assert lines(check_site(site)) == []


def test_one_picture_and_many_pages_each(store: Store, tmp_path: Path) -> None:
    for size in (1, 250):
        write_site(store, tmp_path / "site", plain(page_size=size))
        assert lines(check_site(tmp_path / "site")) == []


def test_exit_codes(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "notes.txt").write_text("mine")
    assert main(["--site", str(site)]) == 0
    (site / "assets" / "page.css").unlink()
    assert main(["--site", str(site)]) == 1
    assert main([]) == 2
    captured = capsys.readouterr()
    nothing = "nothing to check: name --store DIR, --logdir DIR or --site DIR"
    assert captured.err == f"imgrec doctor: {nothing}\n"
    with pytest.raises(SystemExit) as stop:
        main(["--site", str(tmp_path / "none")])
    assert stop.value.code == 2


def test_both_are_checked(sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").mkdir()
    assert main(["--site", str(sound), "--logdir", str(tmp_path / "log")]) == 1
    out = capsys.readouterr().out
    assert "error    " in out
    assert f"ok       {sound}: " in out


# Faults of files.


def test_a_folder_that_is_not_a_site(tmp_path: Path) -> None:
    assert "site.json is absent: this folder was not written by imgrec graph" in only(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 99}', "[" * 100_000])
def test_an_invalid_manifest(site: Path, text: str) -> None:
    (site / "site.json").write_text(text)
    assert only(site).startswith("error")


@pytest.mark.parametrize("files", [None, 3, [3], {"a": 1}])
def test_a_manifest_without_files(site: Path, files: Any) -> None:
    manifest(site, files=files)
    assert "has no list of files" in only(site)


def test_a_manifest_without_a_number(site: Path) -> None:
    manifest(site, pictures="24")
    assert only(site).startswith("warning")


def test_another_number_of_pictures(site: Path) -> None:
    manifest(site, pictures=25)
    assert (
        "24 pictures are on its pages, but site.json says 25; some pictures are on no page"
        in only(site)
    )
    manifest(site, pictures=23)
    assert "some pictures do not belong to the site" in only(site)


def test_a_file_that_the_manifest_does_not_list(site: Path) -> None:
    (site / "pages" / "notes.txt").write_text("mine")
    line = only(site)
    assert line.startswith("warning")
    assert 'site.json does not list "pages/notes.txt"' in line


def test_a_file_that_is_gone(site: Path) -> None:
    (site / "assets" / "panel.js").unlink()
    found = lines(check_site(site))
    assert any('site.json lists "assets/panel.js", which is absent' in line for line in found)
    assert sum("leads to assets/panel.js, which is absent; a part of the page" in f for f in found)


def test_no_first_page(site: Path) -> None:
    (site / "index.html").unlink()
    assert any("the site has no first page to open" in line for line in lines(check_site(site)))


def test_a_page_that_is_gone(site: Path) -> None:
    page = picture_page(site)
    page.unlink()
    found = "\n".join(lines(check_site(site)))
    assert f"leads to pages/{page.name}, which is absent; a click shows" in found
    assert re.search(rf'its most similar pictures "{page.name}#\d+".* do not exist', found)
    assert "pictures are on its pages, but site.json says 24" in found


# Faults of pictures.


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


# Faults of URLs.


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


# Faults of sheets and data.


def sheet_of(page: Path) -> Path:
    return Path(page.parent, data_of(page)["sheet"]).resolve()


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


def test_invalid_page_data(site: Path) -> None:
    page = picture_page(site)
    text = page.read_text("utf-8")
    for new, what in (
        ("", "there is no <script"),
        ('<script type="application/json" id="page">{,}</script>', "its data are not valid JSON"),
        ('<script type="application/json" id="page">[]</script>', "its data lack the nodes"),
    ):
        page.write_text(_DATA.sub(new, text), "utf-8")
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


def test_names_that_would_break_the_page(store: Store, tmp_path: Path) -> None:
    """Line breaks and control characters in a link do not break the report."""
    write_site(store, tmp_path / "site", plain())
    add(tmp_path / "site" / "index.html", '<a href="&#10;\x1b[31m</script>.html">x</a>')
    out = main(["--site", str(tmp_path / "site")])
    assert out == 1


_VALUES = (
    None,
    True,
    -1,
    0,
    1.5,
    10**30,
    float("nan"),
    "",
    "x",
    "-1",
    "../..",
    [],
    [[]],
    {},
    {"a": 1},
)


def _mutated(value: Any, chance: random.Random) -> Any:
    """Return a JSON value with one random part of it changed or removed."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        kept = dict(value)
        if chance.random() < 0.2:
            kept.pop(key)
            return kept
        return kept | {key: _mutated(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        return [*value[:place], _mutated(value[place], chance), *value[place + 1 :]]
    return chance.choice(_VALUES)


@pytest.mark.parametrize("seed", range(12))
def test_random_damage_never_raises(site: Path, seed: int) -> None:
    chance = random.Random(seed)
    files = sorted(path for path in site.rglob("*") if path.is_file() and "vis-" not in path.name)
    for _ in range(6):
        path = chance.choice(files)
        data = bytearray(path.read_bytes())
        for _ in range(chance.randrange(1, 9)):
            at = chance.randrange(len(data)) if data else 0
            data[at : at + chance.randrange(20)] = chance.randbytes(chance.randrange(20))
        path.write_bytes(bytes(data[: chance.randrange(len(data) + 1)] if seed % 3 == 0 else data))
        assert isinstance(check_site(site), CheckReport)


@pytest.mark.parametrize("seed", range(12))
def test_random_json_never_raises(site: Path, seed: int) -> None:
    chance = random.Random(seed)
    for page in sorted(site.rglob("*.html")):
        data = data_of(page)
        for _ in range(chance.randrange(1, 9)):
            data = _mutated(data, chance)
        write_data(page, data)
        assert isinstance(check_site(site), CheckReport)


@pytest.mark.parametrize(
    "html", ["<![foo", "<!", "<a href=", "<script>", "&#xffffffff;", "\0<a\0>"]
)
def test_markup_that_is_broken(html: str) -> None:
    with suppress(ValueError):
        parse_html(html)


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


def test_a_site_of_odd_names_is_sound(odd_store: tuple[Path, Any], tmp_path: Path) -> None:
    shutil.copytree(odd_store[0], tmp_path / "store")
    with Store.open(tmp_path / "store") as store:
        write_site(store, tmp_path / "site", plain(page_size=3))
    assert lines(check_site(tmp_path / "site")) == []
