"""The map of a written site: all pictures, nested, as the store says, the same bytes again."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from graph.__main__ import main
from graph.pages.site import SiteSummary
from imgrec.checks import check_site
from imgrec.collection.kinds import COMMUNITY
from imgrec.maps.reader import SiteMap
from imgrec.store.site_link import page_file
from imgrec.store.store import Store
from site_stores import clusters, color_of, data_of, make_store, plain_names
from site_stores import site_of as written
from thumb_parts import write_thumbs

N = 60
_ODD = b"kind0/\xff \n%#.jpg"


def site_of(store: Path, out: Path, **options: Any) -> SiteSummary:
    return written(store, out, **{"map": True} | options)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store of 60 pictures and a site of it."""
    folder = tmp_path_factory.mktemp("map")
    make_store(folder, [_ODD, *plain_names(N)[1:]], clusters(N), {1: (30, 128)})
    with Store.create(folder / "store") as store:
        store.catalog.labels.add("class", {i: "cat" if i % 3 else "dog" for i in range(1, N)})
        store.catalog.labels.add("alone", {i: f"value {i}" for i in range(1, N)})
        with store.catalog.transaction() as db:
            db.executemany(
                "INSERT INTO metadata (image_id, name, value) VALUES (?, 'taken', ?)",
                [(i, f"20{10 + i % 5}-07-{1 + i % 28:02d}T12:00:00") for i in range(1, N - 5)],
            )
    site_of(folder / "store", folder / "site", page_size=12)
    return folder


@pytest.fixture(scope="module")
def found(work: Path) -> SiteMap:
    return SiteMap.open(work / "site")


@pytest.fixture(scope="module")
def store(work: Path) -> Iterator[Store]:
    with Store.open(work / "store") as opened:
        yield opened


def test_the_doctor_finds_nothing(work: Path) -> None:
    report = check_site(work / "site")
    assert report.findings == ()
    assert report.holdings[0][1].endswith(f"{N} pictures, a map")


def test_every_picture_has_its_row_and_shows_its_own_color(found: SiteMap, store: Store) -> None:
    points = found.points(0)
    assert points.ids.tolist() == store.catalog.ids("ok").tolist()
    names = [
        _ODD.decode("utf-8", "surrogateescape"),
        *(name.decode() for name in plain_names(N)[1:]),
    ]
    number = {name: i for i, name in enumerate(names)}
    paths = found.details(0)["paths"]
    seen = set()
    for x, y in found.tiles[found.depth].tolist():
        tile = found.tile(found.depth, x, y)
        image = np.asarray(Image.open(io.BytesIO(tile.image)).convert("RGB")).astype(int)
        for slot, row in zip(tile.slots.tolist(), tile.rows.tolist(), strict=True):
            seen.add(row)
            cell = x * 16 + slot % 16, y * 16 + slot // 16
            assert points.cells[row].tolist() == list(cell)
            top, left = slot // 16 * 64, slot % 16 * 64
            middle = image[top + 20 : top + 28, left + 4 : left + 10].mean(axis=(0, 1))
            assert np.abs(middle - color_of(number[paths[row]])).max() < 16
    assert seen == set(range(N))
    narrow = paths.index("kind1/001.jpg")
    assert points.sides[narrow].tolist() == [15, 64]


def test_details_say_what_the_catalog_says_and_pages_show_the_pictures(
    work: Path, found: SiteMap, store: Store
) -> None:
    details, ids = found.details(0), found.points(0).ids.tolist()
    entries = store.catalog.entries(ids)
    assert details["paths"] == [entry.path for entry in entries]
    assert details["sizes"] == [[entry.width, entry.height] for entry in entries]
    assert details["taken"][0] == "2011-07-02T12:00:00"
    assert details["taken"][-1] == ""
    root = found.facts["roots"][details["roots"][0]]
    assert (work / "site" / "map" / root).resolve() == work / "pictures"
    assert found.facts["pages"] is True
    for i, page in zip(ids, details["page"], strict=True):
        file = work / "site" / page_file(details["pages"][page])
        assert str(i) in data_of(file)["data"]["pictures"]


def test_neighbors_are_the_nearest_by_cosine(found: SiteMap, store: Store) -> None:
    vectors = store.feature("mini").load()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similar = unit @ unit.T
    np.fill_diagonal(similar, -9)
    near = found.near(0)
    assert near.rows.shape == (N, 8)
    assert near.rows.tolist() == np.argsort(-similar, axis=1, kind="stable")[:, :8].tolist()
    wanted = np.take_along_axis(similar, near.rows.astype(int), 1)
    assert np.abs(near.similarity / 255 - wanted).max() < 0.003


def test_colors_are_those_of_the_labels(found: SiteMap, store: Store) -> None:
    kinds = [label["kind"] for label in found.facts["labels"]]
    # Of the kind `alone` no two pictures have the same value.
    assert kinds == ["community", "class", "year", "folder"]
    ids = found.points(0).ids.tolist()
    for kind, number in (("class", 1), ("folder", 3)):
        label = found.facts["labels"][number]
        codes = found.label(number, 0).tolist()
        labels = store.catalog.labels.of_kind(kind)
        read = [label["values"][code - 1] if code else None for code in codes]
        assert read == [labels.get(i) for i in ids]
        assert label["counts"] == [read.count(value) for value in label["values"]]
    communities = store.catalog.labels.of_kind(COMMUNITY)
    codes = found.label(0, 0)
    firsts = np.array([communities[i].split(".")[0] for i in ids])
    for code in set(codes.tolist()):
        assert len(set(firsts[codes == code])) == 1
    assert len(set(codes.tolist())) == len(set(firsts))


def test_the_grid_has_a_place_for_each_picture_without_gaps(found: SiteMap) -> None:
    grid = found.layout("grid", 0).astype(float)
    # 60 pictures: seven rows of eight, and one of four; each in the middle of a cell of level 0.
    cells = grid / 4_096 - 0.5
    assert (cells == cells.round()).all()
    columns, rows = (cells - cells.min(axis=0)).astype(int).T
    places = sorted(zip(rows.tolist(), columns.tolist(), strict=True))
    assert places == [divmod(place, 8) for place in range(N)]
    assert cells.min(axis=0).tolist() == [4, 4]


def test_layouts_are_the_grid_the_principal_plane_and_time(found: SiteMap) -> None:
    assert found.layouts == ["grid", "pca", "time"]
    time = found.layout("time", 0)
    taken = np.array(found.details(0)["taken"])
    dated = taken != ""
    order = np.argsort(time[dated][:, 0], kind="stable")
    assert (np.sort(taken[dated]) == taken[dated][order]).all()
    assert time[~dated][:, 0].max() < time[dated][:, 0].min()
    # Bands of classes do not overlap: that of most pictures is the first.
    codes, heights = found.label(1, 0), time[:, 1]
    assert heights[codes == 1].max() < heights[codes == 2].min()
    plane = found.layout("pca", 0).astype(float)
    firsts = found.label(0, 0)
    within = np.mean([np.ptp(plane[firsts == code], axis=0).max() for code in set(firsts.tolist())])
    assert within < np.ptp(plane, axis=0).max() / 2


def test_similar_pictures_are_near_each_other(found: SiteMap, store: Store) -> None:
    kinds = np.array([path.split("/")[0] for path in found.details(0)["paths"]])
    cells = found.points(0).cells.astype(float)
    away = np.linalg.norm(cells[:, None] - cells, axis=2)
    np.fill_diagonal(away, np.inf)
    assert (kinds[away.argmin(axis=1)] == kinds).mean() > 0.9


def test_the_same_store_gives_the_same_bytes(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work / "store", tmp_path / "store")
    shutil.copytree(work / "pictures", tmp_path / "pictures")
    # Without what the first run kept.
    shutil.rmtree(tmp_path / "store" / "layouts")
    with Store.open(tmp_path / "store") as opened:
        roots = opened.catalog.roots()
    assert roots
    site_of(tmp_path / "store", tmp_path / "site", page_size=12, workers=2, workers_from=1)
    for path in sorted((work / "site" / "map").rglob("*")):
        # The way to the pictures is another one.
        if path.is_file() and path.name not in ("index.html", "map.json"):
            other = tmp_path / "site" / path.relative_to(work / "site")
            assert other.read_bytes() == path.read_bytes(), path


def _files(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def own(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a copy of the store."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.copytree(work / "store", tmp_path / "store")
    return tmp_path


def test_a_site_can_be_a_map_and_nothing_else(own: Path) -> None:
    summary = site_of(own / "store", own / "site", network=False)
    assert summary.pages == 0
    assert {path.split("/")[0] for path in _files(own / "site")} == {
        *("index.html", "site.json", "assets", "map"),
    }  # fmt: skip
    assert 'url=map/index.html"' in (own / "site" / "index.html").read_text()
    assert SiteMap.open(own / "site").facts["pages"] is False
    report = check_site(own / "site")
    assert report.findings == ()
    assert report.holdings[0][1] == f"{N} pictures, a map"


def test_a_site_can_be_without_a_map(own: Path, work: Path) -> None:
    site_of(own / "store", own / "site", page_size=12, map=False)
    files = _files(own / "site")
    assert not [file for file in files if file.startswith("map/")]
    assert not [
        file for file, data in files.items() if b'map/index.html"' in data and file.endswith("html")
    ]
    assert check_site(own / "site").findings == ()
    # And the other way round, over the old site.
    site_of(own / "store", own / "site", page_size=12)
    linked = (own / "site" / "index.html").read_text()
    assert 'href="map/index.html"' in linked
    page = next((own / "site" / "pages").glob("*.html")).read_text()
    assert 'id="on-map"' in page
    assert check_site(own / "site").findings == ()


def test_only_tiles_that_changed_are_drawn_anew(own: Path) -> None:
    site_of(own / "store", own / "site", page_size=12)
    before = SiteMap.open(own / "site")
    stamps = {p: p.read_bytes() for p in (own / "site" / "map").glob("[0-9]/*.js")}
    row = int(before.tile(before.depth, *before.tiles[before.depth][0].tolist()).rows[0])
    picture = int(before.points(0).ids[row])
    buffer = io.BytesIO()
    Image.new("RGB", (128, 10), "magenta").save(buffer, "JPEG")
    with Store.create(own / "store") as store:
        write_thumbs(store.paths.thumbs, 9, np.array([picture]), [buffer.getvalue()])
    site_of(own / "store", own / "site", page_size=12)
    after = SiteMap.open(own / "site")
    assert after.points(0).sides[row].tolist() == [64, 5]
    changed = [p for p, data in stamps.items() if p.read_bytes() != data]
    assert changed
    assert {p.name for p in changed} < {p.name for p in stamps} or len(changed) < len(stamps)
    cell = after.points(0).cells[row].astype(int)
    for path in changed:
        level = int(path.parent.name)
        x, y = (cell >> (after.depth - level) >> 4).tolist()
        assert path.name == f"{x}_{y}.js"


def test_a_damaged_thumbnail_is_a_gray_slot_and_a_warning(own: Path) -> None:
    with Store.create(own / "store") as store:
        write_thumbs(store.paths.thumbs, 9, np.array([5]), [b"no picture"])
    for _ in range(2):
        summary = site_of(own / "store", own / "site", network=False)
        assert len(summary.warnings) == 1
        assert "the map shows picture 5 in gray" in summary.warnings[0]
    assert check_site(own / "site").findings == ()


def test_the_command_writes_a_map_only(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--store", str(own / "store"), "--out", str(own / "site"), "--workers", "0", "--quiet"]
    assert main([*asked, "--map-only"]) == 0
    assert "map written" in capsys.readouterr().out
    assert main([*asked, "--map-only"]) == 0
    assert "nothing new" in capsys.readouterr().out
    assert json.loads((own / "site" / "site.json").read_text())["network"] is False
    assert main([*asked, "--map-only", "--no-previews"]) == 2
    assert "which --map-only leaves out" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([*asked, "--map-only", "--no-map"])
    assert "not allowed with argument" in capsys.readouterr().err


@pytest.mark.parametrize("pictures", [2, 5, 9])
def test_a_small_collection_has_a_map_too(pictures: int, tmp_path: Path) -> None:
    make_store(tmp_path, plain_names(pictures), clusters(pictures))
    site_of(tmp_path / "store", tmp_path / "site")
    assert check_site(tmp_path / "site").findings == ()
    found = SiteMap.open(tmp_path / "site")
    assert found.pictures == pictures
    details = found.details(0)
    for path in details["pages"]:
        assert (tmp_path / "site" / page_file(path)).is_file()


def test_links_to_the_map_lead_to_its_page(work: Path) -> None:
    site = work / "site"
    assert 'href="map/index.html" class="to-map"' in (site / "index.html").read_text()
    for page in site.glob("pages/*.html"):
        text = page.read_text()
        assert 'href="../map/index.html" class="to-map"' in text
        assert ('id="on-map"' in text) == ('id="panel"' in text)
