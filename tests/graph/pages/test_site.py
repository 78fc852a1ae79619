"""Tests of a whole site: complete, consistent links, reproducible, replaced atomically."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import networkx as nx
import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from graph.__main__ import details, main
from graph.communities.facts import CommunityFacts
from graph.exports.write import export
from graph.pages.page import Renderer
from graph.pages.site import SiteSummary
from imgrec.errors import ImgrecError, StoreError
from imgrec.query import main as query
from imgrec.store.store import Store
from site_stores import (
    all_pages,
    clusters,
    data_of,
    keep_classes,
    make_store,
    pages_of,
    plain_names,
    site_of,
)


class Links(HTMLParser):
    """Collector of the URLs in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.addresses += [v for k, v in attributes if k in ("href", "src") and v]


def links_of(page: Path) -> list[str]:
    parser = Links()
    parser.feed(page.read_text("utf-8"))
    return parser.addresses


def test_every_picture_is_on_exactly_one_page(store_path: Path, site: Path) -> None:
    shown = [node["id"] for page in pages_of(site) for node in data_of(page)["nodes"]]
    with Store.open(store_path) as store:
        assert sorted(shown) == store.catalog.ids("ok").tolist()


def test_no_page_is_fuller_than_asked_and_edges_stay_on_their_page(site: Path) -> None:
    for page in all_pages(site):
        data = data_of(page)
        ids = [node["id"] for node in data["nodes"]]
        assert 1 <= len(ids) <= 8
        assert len(data["edges"]) <= 3 * len(ids)
        assert {edge[end] for edge in data["edges"] for end in ("from", "to")} <= set(ids)
        assert data["options"]["physics"] == {"enabled": False}


def test_classes_name_communities_and_stand_beside_their_pictures(tmp_path: Path) -> None:
    # All in one folder, with names that say nothing: only the classes tell them apart.
    names = [f"all/{i:03d}.jpg".encode() for i in range(48)]
    path = make_store(tmp_path, names, clusters(48))
    of_kind = [("golden retriever", 0.9), ("running shoe", 0.7), ("alp", 0.2), ("sandal", 0.3)]
    with Store.open(path) as store:
        numbers = {e.id: int(Path(e.path).stem) for e in store.catalog.entries(range(1, 49))}
    # Of the third kind nobody is sure; of the fourth either of two classes is half sure.
    other = {3: ("clog", 0.3)}
    found = {
        i: [of_kind[n % 4], other.get(n % 4, ("hay", 0.02))] for i, n in numbers.items()
    }  # fmt: skip
    keep_classes(path, found)
    site = site_of(path, tmp_path / "site").index.parent
    nodes = data_of(site / "index.html")["nodes"]
    captions = {re.split(r" \(| · ", node["name"])[0]: node["name"] for node in nodes}
    assert "golden retriever" in captions and "running shoe" in captions
    assert "sandal, clog" in captions or "clog, sandal" in captions
    assert len([name for name in captions if name.startswith("Community")]) == 1
    assert captions["golden retriever"].endswith("golden retriever 90\N{NBSP}%")
    # The single folder of all pictures is not told.
    assert not any("all 100" in caption for caption in captions.values())
    for page in pages_of(site):
        data = data_of(page)
        for node in data["nodes"]:
            name, share = found[node["id"]][0]
            told = f"{name} {round(100 * share)}\N{NBSP}%"
            assert node["class"] == told
            labels = data["data"]["pictures"][str(node["id"])]["labels"]
            assert labels[0] == ["class", told, name]
            assert "confidence" not in [kind for kind, *_ in labels]
    directory = (site / "search" / "words-0.js").read_text("utf-8")
    assert '"retriever"' in directory


def test_every_link_leads_to_a_file_and_none_to_the_net(site: Path) -> None:
    for page in all_pages(site):
        addresses = [a for a in links_of(page) if a != "data:,"]
        data = data_of(page)
        for picture in data["data"].get("pictures", {}).values():
            addresses.append(picture["href"])
            addresses += [f"{near[3]}.html#{near[0]}" for near in picture["near"] if len(near) > 3]
        addresses += data["data"].get("targets", {}).values()
        for address in addresses:
            file, _, fragment = address.partition("#")
            assert "//" not in address
            target = page.parent / file if file else page
            assert target.is_file(), address
            if fragment:
                assert int(fragment) in {node["id"] for node in data_of(target)["nodes"]}


def test_communities_and_those_above_are_linked_both_ways(site: Path) -> None:
    seen = []
    for page in all_pages(site):
        targets = data_of(page)["data"].get("targets", {}).values()
        for target in targets:
            below = (page.parent / target).resolve()
            seen.append(below)
            assert target in links_of(page)
            up, _, node = data_of(below)["data"]["up"].partition("#")
            assert (below.parent / up).resolve() == page.resolve()
            assert data_of(page)["data"]["targets"][node] == target
            assert up in links_of(below)
    assert sorted(seen) == sorted(page.resolve() for page in all_pages(site)[1:])


def test_no_page_only_leads_on_to_two_others(tmp_path: Path) -> None:
    path = make_store(tmp_path, plain_names(60), clusters(60))
    site = site_of(path, tmp_path / "site", page_size=12).index.parent
    with Store.open(path) as store:
        labels = store.catalog.labels.of_kind("community")
    # Each of the four communities of 15 is on two pages, which stand on the overview instead.
    assert sorted(set(labels.values())) == [f"{i}.{j}" for i in range(1, 5) for j in (1, 2)]
    overview = data_of(site / "index.html")
    targets = overview["data"]["targets"]
    assert sorted(targets.values()) == [
        f"pages/community-{name}.html" for name in sorted(set(labels.values()))
    ]
    assert len(all_pages(site)) == 9
    assert "60 pictures · 4 communities · 9 pages" in (site / "index.html").read_text("utf-8")
    assert sorted(map(int, targets)) == sorted(node["id"] for node in overview["nodes"])
    # Parts of one community are the most similar, and are joined on the overview.
    edges = {frozenset((edge["from"], edge["to"])) for edge in overview["edges"]}
    number = {file: int(node) for node, file in targets.items()}
    for i in range(1, 5):
        both = (number[f"pages/community-{i}.{j}.html"] for j in (1, 2))
        assert frozenset(both) in edges
    for page in pages_of(site):
        assert [link for link in links_of(page) if link.endswith("community-1.html")] == []


def test_a_community_on_an_overview_shows_four_to_nine_of_its_pictures(tmp_path: Path) -> None:
    path = make_store(tmp_path, plain_names(60), clusters(60))
    site = site_of(path, tmp_path / "site").index.parent
    with Store.open(path) as store:
        thumbs = store.thumbs()
        sheet = np.asarray(Image.open(site / "sheets" / "index.jpg"), int)
        labels = store.catalog.labels.of_kind("community")
        colors = {
            i: np.asarray(Image.open(io.BytesIO(thumbs.get(i)), formats=["JPEG"])).mean((0, 1))
            for i in labels
        }
    for node in data_of(site / "index.html")["nodes"]:
        assert len(node["cells"]) == 9 and node["cell"] == node["cells"][0]
        assert len(set(map(tuple, node["cells"]))) == 9
        own = np.array([color for i, color in colors.items() if labels[i] == str(node["id"])])
        for left, top, width, height in node["cells"]:
            shown = sheet[top : top + height, left : left + width].mean((0, 1))
            assert np.abs(own - shown).max(axis=1).min() < 4


def test_the_way_by_next_leads_through_every_page_once(site: Path) -> None:
    page, seen = site / "index.html", []
    while True:
        seen.append(page)
        found = re.search(r'rel="next" href="([^"]+)"', page.read_text("utf-8"))
        if not found:
            break
        after = (page.parent / found[1]).resolve()
        before = re.search(r'rel="prev" href="([^"]+)"', after.read_text("utf-8"))
        assert before
        assert (after.parent / before[1]).resolve() == page.resolve()
        page = after
    assert sorted(p.resolve() for p in seen) == sorted(p.resolve() for p in all_pages(site))


def test_neighbors_are_those_of_the_vectors(site: Path) -> None:
    vectors = clusters(60).astype(float)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Store.open(site.parent / "store") as store:
        by_id = dict(zip(store.feature().ids.tolist(), store.feature().load(), strict=True))
    for page in pages_of(site):
        for picture, told in data_of(page)["data"]["pictures"].items():
            mine = by_id[int(picture)] / np.linalg.norm(by_id[int(picture)])
            others = {
                i: float(mine @ v / np.linalg.norm(v))
                for i, v in by_id.items()
                if i != int(picture)
            }
            best = sorted(others.values(), reverse=True)[:12]
            assert [near[1] for near in told["near"]] == pytest.approx(best, abs=1e-3)
            assert all(others[n[0]] == pytest.approx(n[1], abs=1e-3) for n in told["near"])


def test_the_same_store_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    path = make_store(tmp_path, plain_names(40), clusters(40))
    first, second = tmp_path / "first", tmp_path / "second"
    for out, hash_seed in ((first, "1"), (second, "2")):
        command = [sys.executable, "-m", "graph", "--store", str(path), "--out", str(out)]
        done = subprocess.run(
            [*command, "--page-size", "6", "--seed", "3"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1].endswith(f" s: {out / 'index.html'}")
        assert "Traceback" not in done.stderr
    files = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(second) for p in second.rglob("*") if p.is_file())
    assert [f for f in files if (first / f).read_bytes() != (second / f).read_bytes()] == []


@pytest.mark.parametrize(
    "vectors",
    [
        np.array([[1, 0], [0, 1]], np.float32),
        np.array([[1, 0], [-1, 0], [0, 1]], np.float32),
        np.array([[1, 2], [1, 2], [5, -1]], np.float32),
        np.ones((20, 4), np.float32),
        np.zeros((20, 4), np.float32),
    ],
    ids=["two", "three", "two-identical", "all-identical", "zero"],
)
def test_odd_collections(tmp_path: Path, vectors: np.ndarray) -> None:
    path = make_store(tmp_path, plain_names(len(vectors)), vectors)
    site_of(path, tmp_path / "site", page_size=7)
    shown = [n["id"] for page in pages_of(tmp_path / "site") for n in data_of(page)["nodes"]]
    assert sorted(shown) == sorted(labels_in(path)) == list(range(1, len(vectors) + 1))


def test_one_picture_is_too_few(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_store(tmp_path, plain_names(1), np.ones((1, 3), np.float32))
    assert main(["--store", str(path), "--out", str(tmp_path / "site")]) == 2
    told = capsys.readouterr().err
    assert "neighbors need 2 pictures" in told
    assert told.count("\n") == 1
    assert not (tmp_path / "site").exists()


def test_the_command_writes_labels_and_tells_what_it_did(
    store_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "with space" / "site"
    assert main(["--store", str(store_path), "--out", str(out), "--page-size", "20", "-v"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d+ edges(, \d+ bundles?)? \(mini, k = 8\)", lines[0])
    assert lines[1] == "15 nearest of 60 pictures, exact"
    assert lines[2] == "4 communities by Louvain (python-louvain) in 2 levels"
    assert re.fullmatch(
        r"modularity 0\.\d{3} of the graph with near-duplicates as one node, "
        r"0\.\d{3} of the exported graph",
        lines[3],
    )
    assert lines[4] == "1 level of pages below the overview"
    last = r"60 pictures, 4 communities, 5 pages, map written, [\d.]+ [kM]B, \d+(\.\d)? s: "
    assert re.fullmatch(last + re.escape(str(out / "index.html")), lines[-1])
    assert len(lines) == 6
    with Store.open(store_path) as store:
        labels = store.catalog.labels.of(store.catalog.ids("ok"))
    assert {label["community"] for label in labels.values()} == {"1", "2", "3", "4"}
    of_kind = {label["folder"]: label["community"] for label in labels.values()}
    assert all(of_kind[label["folder"]] == label["community"] for label in labels.values())


def test_labels_that_cannot_be_kept_do_not_stop_the_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_store(tmp_path, plain_names(8), clusters(8))
    with FileLock(path / "lock"):
        assert main(["--store", str(path), "--out", str(tmp_path / "site")]) == 0
    captured = capsys.readouterr()
    assert "community labels were not kept: another run is writing" in captured.err
    (line,) = captured.out.splitlines()
    assert Path(line.partition(": ")[2]).is_file()


def test_a_site_is_replaced_and_nothing_else_is(store_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    site_of(store_path, out, page_size=8)
    before = set(all_pages(out))
    site_of(store_path, out, page_size=60)
    after = set(all_pages(out))
    assert after - before and before - after
    listed = json.loads((out / "site.json").read_text("utf-8"))["files"]
    sheets = set((out / "contact").glob("*.html"))
    assert {sheet.name for sheet in sheets} == {page.name for page in after}
    assert after | sheets == {out / file for file in listed if file.endswith(".html")}
    (out / "mine.txt").write_text("keep")
    with pytest.raises(ImgrecError, match=r"mine\.txt"):
        site_of(store_path, out)
    assert (out / "mine.txt").read_text() == "keep"


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return the bytes of everything in a folder by relative path, None for folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(
    "mine",
    ["pages/my.txt", "pages/mydir/", "pages/a/b/c.txt", "sheets/x.jpg", "assets/a.css", "notes/"],
)
def test_a_site_with_a_file_of_the_users_stays_as_it_is(
    store_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], mine: str
) -> None:
    out = tmp_path / "site"
    site_of(store_path, out)
    path = out / mine
    if mine.endswith("/"):
        path.mkdir()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("keep")
    before = contents(tmp_path)
    assert main(["--store", str(store_path), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "/".join(mine.split("/")[:2]) in told
    assert contents(tmp_path) == before


def test_a_link_of_the_users_in_a_site_stays(store_path: Path, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    site_of(store_path, out)
    elsewhere.mkdir()
    (elsewhere / "a.txt").write_text("keep")
    (out / "pages" / "link").symlink_to(elsewhere)
    with pytest.raises(ImgrecError, match="holds pages/link, which"):
        site_of(store_path, out)
    assert (out / "pages" / "link" / "a.txt").read_text() == "keep"


def test_a_file_that_comes_while_pages_are_drawn_is_kept(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, render = tmp_path / "site", Renderer.render
    site_of(store_path, out)

    def rendered(self: Renderer, *arguments: Any) -> str:
        (out / "pages" / "late.txt").write_text("keep")
        return render(self, *arguments)

    monkeypatch.setattr(Renderer, "render", rendered)
    with pytest.raises(ImgrecError, match=r"pages/late\.txt"):
        # With other pages than before, so that they are drawn.
        site_of(store_path, out, page_size=9)
    assert (out / "pages" / "late.txt").read_text() == "keep"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_site_tells_its_files_and_one_that_does_not_is_refused(
    store_path: Path, tmp_path: Path
) -> None:
    out = tmp_path / "site"
    site_of(store_path, out, page_size=8)
    manifest = json.loads((out / "site.json").read_text())
    there = {name for name, data in contents(out).items() if data is not None}
    assert {*manifest["files"], "site.json"} == there
    older = {"format": 1, "written_by": "imgrec 0.1.0", "overview": ["index.html"], "pages": 2}
    (out / "site.json").write_text(json.dumps(older))
    with pytest.raises(ImgrecError, match="of another version"):
        site_of(store_path, out)


def test_the_list_of_a_page_has_the_order_of_folders_and_names(site: Path) -> None:
    for page in pages_of(site):
        text = page.read_text("utf-8").partition('<details class="listing">')[2]
        rows = re.findall(r'href="#(\d+)".*?>(\d+\.jpg) <small class="about">(\w+)<', text)
        assert {int(i) for i, _, _ in rows} == {node["id"] for node in data_of(page)["nodes"]}
        places = [(folder, name) for _, name, folder in rows]
        assert places == sorted(places)


def test_pictures_that_are_not_there_are_not_linked(tmp_path: Path) -> None:
    path = make_store(tmp_path, plain_names(8), clusters(8))
    (tmp_path / "pictures").rename(tmp_path / "away")
    site_of(path, tmp_path / "site")
    for page in pages_of(tmp_path / "site"):
        assert {p["href"] for p in data_of(page)["data"]["pictures"].values()} == {None}


def test_the_report_counts_with_the_right_words(tmp_path: Path) -> None:
    facts = CommunityFacts("leiden", "igraph", 1, 1, -1e-9, 0.5)
    one = SiteSummary(tmp_path, "mini", 1, "exact", 1, 1, facts, 1, 0, 1, 0)
    quality = (
        "modularity 0.000 of the graph with near-duplicates as one node, "
        "0.500 of the exported graph"
    )
    assert details(one).splitlines() == [
        "1 edge (mini, k = 1)",
        "exact",
        "1 community by Leiden (igraph)",
        quality,
        "1 level of pages below the overview",
    ]
    facts = replace(facts, method="louvain", communities=2, levels=2)
    many = replace(one, pictures=2000, edges=2, communities=facts, pages=2, bundles=3)
    assert details(many).splitlines() == [
        "2 edges, 3 bundles (mini, k = 1)",
        "exact",
        "2 communities by Louvain (igraph) in 2 levels",
        quality,
        "1 level of pages below the overview",
    ]


def test_places_that_are_refused(store_path: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "a.txt").write_text("a")
    with pytest.raises(ImgrecError, match="no site of ours"):
        site_of(store_path, full)
    with pytest.raises(ImgrecError, match="is a file"):
        site_of(store_path, full / "a.txt")
    with pytest.raises(ImgrecError, match="no site of ours"):
        site_of(store_path, store_path)
    assert [p.name for p in full.iterdir()] == ["a.txt"]


def test_a_failure_half_way_leaves_the_old_site(tmp_path: Path) -> None:
    path = make_store(tmp_path, plain_names(12), clusters(12))
    out = tmp_path / "site"
    site_of(path, out)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    with Store.open(path) as store:
        part = store.paths.thumbs / "part-000000"
    (part / "thumbs.bin").write_bytes(b"")
    with pytest.raises(StoreError):
        site_of(path, out, seed=1)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert not list(tmp_path.glob(".tmp-*"))


@pytest.mark.parametrize(
    "arguments", [["--page-size", "251"], ["--page-size", "0"], ["--k", "0"], ["--encoder", "no"]]
)
def test_arguments_out_of_bounds_are_told_in_one_line(
    store_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    command = ["--store", str(store_path), "--out", str(tmp_path / "site"), *arguments]
    try:
        code = main(command)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    told = capsys.readouterr().err
    assert (code, told.count("\n")) == (2, 1)
    assert len(told) < 300


def test_names_are_told_by_folders(tmp_path: Path) -> None:
    named = [b"dress/%d.jpg", b"hat/%d.jpg", b"shoe/%d.jpg", b"new york/%d.jpg"]
    path = make_store(tmp_path, [named[i % 4] % i for i in range(48)], clusters(48))
    site_of(path, tmp_path / "site")
    text = (tmp_path / "site" / "index.html").read_text("utf-8")
    found = re.findall(r'class="text"><b>(.*?)</b>', text)
    told = [re.fullmatch(r"(.*) \(([1-4])\)", name) for name in found]
    assert sorted(one[1] for one in told if one) == ["dress", "hat", "new york", "shoe"]
    assert sorted(one[2] for one in told if one) == ["1", "2", "3", "4"]


@pytest.fixture(scope="module")
def bundled_site(store_path: Path) -> Path:
    """Return a site whose first pictures are a bundle of five and one of two."""
    with Store.open(store_path) as store:
        ids = store.catalog.ids("ok").tolist()
    groups = [[ids[8], ids[0], ids[4], ids[12], ids[16]], [ids[1], ids[5]]]
    return site_of(
        store_path, store_path.parent / "bundled", page_size=8, groups=groups
    ).index.parent


def test_a_bundle_is_one_node_that_lists_all_its_pictures(
    store_path: Path, bundled_site: Path
) -> None:
    with Store.open(store_path) as store:
        ids = store.catalog.ids("ok").tolist()
        by_id = {entry.id: entry for entry in store.catalog.entries(ids)}
    shown, nodes = [], {}
    for page in pages_of(bundled_site):
        data = data_of(page)
        shown += [int(i) for i in data["data"]["pictures"]]
        nodes.update({node["id"]: (node, data["data"]["pictures"]) for node in data["nodes"]})
    assert sorted(shown) == ids
    assert len(nodes) == 60 - 4 - 1
    node, told = nodes[ids[8]]
    assert node["members"] == [ids[8], ids[0], ids[4], ids[12], ids[16]]
    for member in node["members"][1:]:
        assert member not in nodes
        assert "near" not in told[str(member)]
        assert told[str(member)]["name"] == Path(by_id[member].path).name
        assert told[str(member)]["href"].endswith(by_id[member].path)
    others = [near[0] for near in told[str(ids[8])]["near"]]
    assert len(others) == 12
    assert not set(others) & set(node["members"])
    manifest = json.loads((bundled_site / "site.json").read_text())
    assert manifest["pictures"] == 60


def test_labels_are_pages_and_stay_with_the_pictures(tmp_path: Path) -> None:
    path = make_store(tmp_path, plain_names(90), clusters(90, 6))
    command = ["--store", str(path), "--out", str(tmp_path / "site"), "--page-size", "6"]
    assert main(command) == 0
    with Store.open(path) as store:
        first = store.catalog.labels.of(store.catalog.ids("ok"))
    for page in pages_of(tmp_path / "site"):
        for picture in data_of(page)["data"]["pictures"]:
            assert page.name == f"community-{first[int(picture)]['community']}.html"
    before = contents(tmp_path / "site")
    assert main(command) == 0
    with Store.open(path) as store:
        assert store.catalog.labels.of(store.catalog.ids("ok")) == first
    assert contents(tmp_path / "site") == before


def labels_in(store_path: Path) -> dict[int, str]:
    with Store.open(store_path) as store:
        return {
            i: labels["community"]
            for i, labels in store.catalog.labels.of(store.catalog.ids("ok")).items()
        }


def test_numbers_stay_when_a_store_grows(tmp_path: Path) -> None:
    path = make_store(tmp_path, plain_names(200), clusters(200, 7))
    later = [3, 70]

    def set_status(status: str) -> None:
        with Store.create(path) as store:
            rows = [(status, i) for i in later]
            store.catalog.db.executemany("UPDATE images SET status = ? WHERE id = ?", rows)

    command = ["--store", str(path), "--out", str(tmp_path / "site"), "--page-size", "20"]
    set_status("missing")
    assert main(command) == 0
    before = labels_in(path)
    set_status("ok")
    assert main([*command, "--seed", "5"]) == 0
    after = labels_in(path)
    assert set(after) == {*before, *later}
    for number in {label.partition(".")[0] for label in before.values()}:
        members = [i for i, label in before.items() if label.partition(".")[0] == number]
        stayed = [i for i in members if after[i].partition(".")[0] == number]
        assert len(stayed) > 0.9 * len(members)


def test_a_query_prints_the_page_to_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_store(tmp_path, plain_names(20), clusters(20))
    monkeypatch.chdir(tmp_path)
    asked = ["kind0/000.jpg", "--store", "store", "-k", "2"]
    assert query(asked) == 0
    assert "page of" not in capsys.readouterr().out
    assert main(["--store", "store", "--out", "a site"]) == 0
    capsys.readouterr()
    assert query([*asked, "--json"]) == 0
    for result in json.loads(capsys.readouterr().out)["results"]:
        page, _, picture = result["page"].partition("#")
        assert not Path(page).is_absolute()
        assert picture == str(result["id"])
        assert picture in data_of(tmp_path / page)["data"]["pictures"]
    # In a pipe only where asked for.
    assert query(asked) == 0
    assert "page of" not in capsys.readouterr().out
    assert query([*asked, "--pages"]) == 0
    # As a link that a terminal opens, whatever the folder is called.
    first = capsys.readouterr().out.partition("page of 1: ")[2].splitlines()[0]
    address, _, picture = first.partition("#")
    page = Path(url2pathname(urlsplit(address).path))
    assert address.startswith("file:///") and page.parent == tmp_path / "a site" / "pages"
    assert picture in data_of(page)["data"]["pictures"]
    (tmp_path / "b").mkdir()
    for folder in ("store", "a site"):
        (tmp_path / folder).rename(tmp_path / "b" / folder)
    moved = ["kind0/000.jpg", "--store", str(tmp_path / "b" / "store"), "-k", "1", "--json"]
    assert query(moved) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["page"].startswith(str(tmp_path / "b" / "a site"))
    (tmp_path / "b" / "a site").rename(tmp_path / "gone")
    assert query(moved) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["page"] is None


def test_workers_write_the_same_bytes(tmp_path: Path) -> None:
    path = make_store(tmp_path, plain_names(30), clusters(30))
    for workers in (0, 2):
        site_of(path, tmp_path / str(workers) / "site", workers=workers, workers_from=0)
    assert contents(tmp_path / "0" / "site") == contents(tmp_path / "2" / "site")


def test_either_library_may_be_asked_for(store_path: Path, tmp_path: Path) -> None:
    made = {
        engine: site_of(store_path, tmp_path / engine, louvain=engine)
        for engine in ("igraph", "python-louvain")
    }
    facts = {engine: summary.communities for engine, summary in made.items()}
    assert {engine: found.library for engine, found in facts.items()} == {
        "igraph": "igraph", "python-louvain": "python-louvain"
    }  # fmt: skip
    assert facts["igraph"].modularity == pytest.approx(facts["python-louvain"].modularity, abs=0.02)


def method_of(summary: SiteSummary) -> tuple[str, str]:
    return summary.communities.method, summary.communities.library


def test_a_store_remembers_how_its_communities_were_found(tmp_path: Path) -> None:
    path, out = make_store(tmp_path, plain_names(40), clusters(40)), tmp_path / "site"
    assert method_of(site_of(path, out)) == ("louvain", "python-louvain")
    assert method_of(site_of(path, out, communities="leiden")) == ("leiden", "igraph")
    assert method_of(site_of(path, out)) == ("leiden", "igraph")
    described = json.loads((out / "site.json").read_text())["communities"]
    assert (described["method"], described["communities"]) == ("leiden", 4)
    assert method_of(site_of(path, out, louvain="igraph")) == ("louvain", "igraph")
    assert method_of(site_of(path, out)) == ("louvain", "python-louvain")
    assert method_of(site_of(path, out, communities="leiden")) == ("leiden", "igraph")
    with FileLock(path / "lock"):
        # The labels stay those of Leiden, and so does what is remembered.
        assert method_of(site_of(path, tmp_path / "other", communities="louvain"))[0] == "louvain"
    assert method_of(site_of(path, out)) == ("leiden", "igraph")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--out", "site", "--communities", "leiden", "--louvain", "igraph"], "leave it out for L"),
        (["--gexf", "a.gexf", "--communities", "leiden"], "--communities needs --out SITE"),
    ],
)
def test_methods_that_cannot_be_used(
    store_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], told: str
) -> None:
    assert main(["--store", str(store_path), *more]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("method", ["louvain", "leiden"])
def test_the_modularity_of_the_exported_graph_is_that_of_networkx(
    tmp_path: Path, method: str
) -> None:
    vectors = clusters(80) + np.random.default_rng(1).normal(scale=0.2, size=(80, 8)).astype("f4")
    path = make_store(tmp_path, plain_names(80), vectors)
    # The pages have one node for each group.
    groups = [(i, i + 1) for i in range(1, 21, 2)]
    summary = site_of(path, tmp_path / "site", communities=method, groups=groups)
    gexf, graphml = tmp_path / "a.gexf", tmp_path / "a.graphml"
    with Store.open(path) as store:
        export(store, {"gexf": gexf, "graphml": graphml})
    told = details(summary)
    assert ", 10 bundles (" in told
    printed = re.search(r"modularity ([\d.]+) of the graph with .* ([\d.]+) of the exported", told)
    assert printed
    assert printed[1] != printed[2]
    for made in (nx.read_gexf(gexf), nx.read_graphml(graphml)):
        parts: dict[str, set[Any]] = {}
        for node, community in made.nodes(data="community"):
            parts.setdefault(community.partition(".")[0], set()).add(node)
        found = nx.community.modularity(nx.Graph(made), parts.values())
        assert float(printed[2]) == pytest.approx(found, abs=0.00051)
        said = f"modularity {found:.3f} of this graph by their first number"
        assert said in gexf.read_text("utf-8")
        assert said in graphml.read_text("utf-8")
    assert f"communities by {method.title()}" in gexf.read_text("utf-8")
