"""Where the report leads: from pictures to pages or files, to the site and logdir of its store."""

import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

from graph.__main__ import main as write_graph
from imgrec import Store
from imgrec.collection import Entry
from imgrec.reporting.figures.render import linked
from imgrec.reporting.links import links_from, logdir_beside, own_logdir, own_site
from imgrec.reporting.picture_links import Target, name_of
from imgrec.store.site_link import page_in
from imgrec.store.written_from import is_written_from, store_token
from imgrec.system.file_names import printable
from imgrec.system.output_folder import LOGDIR, SITE
from projector.export import ProjectorOptions, write_logdir
from reports import write


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("train/dress/IMG_0017.jpg", "IMG_0017.jpg"),
        ("train/dress/01b3083f-4387-4753-8ae2-a2470dc53f19.jpg", "dress"),
        ("dress/9E107D9D372BB6826BD81D3542A419D6.png", "dress"),
        ("9e107d9d372bb6826bd81d3542a419d6.png", "9e107d9d372bb6826bd81d3542a419d6.png"),
        # A time of day, a word, a short number.
        ("dress/20190714121503123456.jpg", "20190714121503123456.jpg"),
        ("dress/deedfacadefacedecade.jpg", "deedfacadefacedecade.jpg"),
        ("dress/c0ffee42.jpg", "c0ffee42.jpg"),
        ("dr\tess/01b3083f43874753.jpg", printable("dr\tess")),
    ],
)
def test_below_a_picture_is_what_tells_something(path: str, name: str) -> None:
    entry = Entry(1, "/pictures", path, 1, 0, None, 8, 8, "JPEG", "ok", None)
    assert name_of(entry) == name


def _hrefs(page: Path) -> list[str]:
    """Return the targets of all pictures of a page."""
    html = page.read_text("utf-8")
    return re.findall(r'<a xlink:href="([^"]+)" aria-label="[^"]+\.(?:jpg|png)"', html)


def test_pictures_lead_to_their_files_and_then_to_their_pages(
    own_store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    page = write(own_store, out, "--maps", "none", "--clusters", "3")
    with Store.open(own_store) as store:
        files = {Path(entry.location).resolve() for entry in store.catalog.entries_with("ok")}
    found = {(out / unquote(href)).resolve() for href in _hrefs(page)}
    assert found and found <= files
    svg = (out / "figures" / "outliers.svg").read_text("utf-8")
    places = re.findall(r'<a xlink:href="([^"]+)"', svg)
    assert {(out / "figures" / unquote(place)).resolve() for place in places} <= files
    site = tmp_path / "my site"
    assert write_graph(["--store", str(own_store), "--out", str(site), "--workers", "0"]) == 0
    found_on = [href.partition("#") for href in _hrefs(write(own_store, out, "--maps", "none"))]
    with Store.open(own_store) as store:
        labels = store.catalog.labels.of_kind("community")
    assert found_on
    for file, _, image_id in found_on:
        expected = site / f"pages/community-{labels[int(image_id)]}.html"
        assert (out / unquote(file)).resolve() == expected.resolve()


def test_a_community_without_a_page_gives_its_place_to_those_below_it(
    own_store: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    (site / "pages").mkdir(parents=True)
    (site / "index.html").touch()
    # Community 1 would only lead on to 1.1 and 1.2; 1.2 has a page, and so have its parts.
    for path in ("1.1", "1.2", "1.2.1", "1.2.2", "2"):
        (site / "pages" / f"community-{path}.html").touch()
    paths = ["1.1"] * 4 + ["1.2.1"] * 3 + ["1.2.2"] * 6 + ["2"] * 10 + ["3"]
    with Store.create(own_store) as store:
        labels = dict(zip(store.catalog.ids("ok").tolist(), paths, strict=True))
        store.catalog.labels.replace("community", labels)
        found = links_from(store, tmp_path / "out", site, None).communities
    assert [(link.text, link.about) for link in found] == [
        ("Community 2", "10 pictures"),
        ("Community 1.2", "9 pictures"),
        ("Community 1.1", "4 pictures"),
    ]
    assert found[1].href == "../site/pages/community-1.2.html"


def test_names_are_visible_below_the_pictures(own_store: Path, tmp_path: Path) -> None:
    page = write(own_store, tmp_path / "out", "--maps", "none")
    html = page.read_text("utf-8")
    outliers = html.split('id="figure-outliers"')[1].split("</figure>")[0]
    paths = re.findall(r'aria-label="([^"]+\.(?:jpg|png))"', outliers)
    shown = re.findall(r"<text[^>]*>([^<]+)</text>", outliers)
    assert paths
    for path in paths:
        # A long name is cut in the middle.
        assert any(path.rpartition("/")[2].startswith(text.split("…")[0]) for text in shown)
    table = (tmp_path / "out" / "tables" / "outliers.csv").read_text("utf-8")
    assert 'href="tables/outliers.csv"' in outliers
    assert [path in table for path in paths] == [True] * len(paths)


@pytest.mark.parametrize("attributes", ["", ' target="_blank"'])
def test_marks_of_any_matplotlib_become_links(tmp_path: Path, attributes: str) -> None:
    drawn = f'<a xlink:href="picture:7"{attributes}><image/></a>'
    found = linked(drawn, {7: Target("a.jpg", tmp_path / "a.jpg")}, tmp_path)
    assert found == '<a xlink:href="a.jpg" aria-label="a.jpg"><title>a.jpg</title><image/></a>'


def test_a_folder_that_is_not_there_is_not_linked(own_store: Path, tmp_path: Path) -> None:
    with Store.create(own_store) as store:
        store.catalog.db.execute("UPDATE roots SET path = '/nowhere/photos'")
    page = write(own_store, tmp_path / "out", "--maps", "none")
    assert _hrefs(page) == []
    assert "<title>" in page.read_text("utf-8").split("figure-outliers")[1]


@pytest.mark.parametrize("label", ["../../x", "1/../2", "", "1.", "x", "1\n"])
def test_a_label_that_is_no_community_has_no_page(tmp_path: Path, label: str) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "x.html").touch()
    (tmp_path / "pages" / "community-1.html").touch()
    assert page_in(tmp_path, "1") == tmp_path / "pages" / "community-1.html"
    assert page_in(tmp_path, label) is None


def test_hostile_paths_are_escaped_in_links(tmp_path: Path) -> None:
    drawn = '<a xlink:href="picture:7"><image/></a><a xlink:href="name:7"><text>n</text></a>'
    path = '"><script>alert(1)</script>.jpg'
    target = Target(path, tmp_path / path)
    found = linked(drawn, {7: target}, tmp_path)
    assert "<script" not in found and '""' not in found
    assert found.count("&quot;&gt;&lt;script&gt;") == 3
    assert found.count('tabindex="-1"') == 1
    nowhere = linked(drawn, {7: Target(path)}, tmp_path)
    assert "<a " not in nowhere and "<image/>" in nowhere


def test_sites_and_logdirs_of_another_store_are_not_linked(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path(shutil.copytree(own_store, tmp_path / "other store"))
    site, logdir = tmp_path / "site", tmp_path / "log"
    assert write_graph(["--store", str(other), "--out", str(site), "--workers", "0"]) == 0
    with Store.open(other) as store:
        write_logdir(store, logdir, options=ProjectorOptions(methods=(), workers=0))
    assert is_written_from(other, SITE, site) and is_written_from(other, LOGDIR, logdir)
    assert own_site(other, None) == (site.resolve(), [])
    assert logdir_beside(other, tmp_path / "out") == logdir.resolve()
    assert own_site(own_store, site)[0] is None
    assert own_logdir(own_store, tmp_path / "out", None) == (None, [])
    capsys.readouterr()
    options = ("--maps", "none", "--site", str(site), "--logdir", str(logdir))
    html = write(own_store, tmp_path / "out", *options).read_text("utf-8")
    assert "There is no network of communities yet" in html
    assert "There is no projector logdir yet" in html
    error = capsys.readouterr().err
    assert f"{site} holds no site that was written from" in error
    assert f"{logdir} holds no logdir that was written from" in error
    assert error.count("\n") == 2


def test_a_store_and_its_site_can_move_together(tmp_path: Path) -> None:
    first = store_token(tmp_path / "a" / "store", tmp_path / "a" / "site")
    assert store_token(tmp_path / "b" / "store", tmp_path / "b" / "site") == first
    assert store_token(tmp_path / "b" / "store2", tmp_path / "b" / "site") != first
    assert re.fullmatch("[0-9a-f]{32}", first)
