"""Limits of the network: reached exactly, one less and one more; and both halves of its pages."""

import argparse
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

import graph.__main__ as command
from graph.addresses import check_page_size
from graph.choices import AUTO, IGRAPH, LEIDEN, LOUVAIN, PYTHON_LOUVAIN
from graph.communities.comparison import SIMILAR, compare
from graph.communities.detection import MOST_IN_PYTHON, chosen_engine
from graph.communities.tree import Community, Grower
from graph.communities.weights import joined
from graph.name_search import documents
from graph.name_search.documents import CommunityDocument, PictureDocument, document_files
from graph.pages.network import EDGES_A_NODE, drawn_edges
from graph.pages.sheet import build_sheet, shelves
from graph.picture_facts import clipped, main_classes, main_folders
from imgrec.pictures.decoding import thumbnail
from site_stores import clusters, make_store, plain_names, site_of


@pytest.mark.parametrize("size", [0, 1, 249, 250, 251])
def test_the_pictures_of_a_page(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--out", "site", "--page-size", str(size)]
    parser: argparse.ArgumentParser = command._parser("imgrec graph")
    if 1 <= size <= 250:
        assert parser.parse_args(words).page_size == size
        check_page_size(size)
        return
    with pytest.raises(SystemExit):
        parser.parse_args(words)
    assert f"{size} is" in capsys.readouterr().err
    with pytest.raises(ValueError, match=f"the page size is {size}: give a number from 1 to 250"):
        check_page_size(size)


@pytest.mark.parametrize(
    ("n", "library"), [(MOST_IN_PYTHON, PYTHON_LOUVAIN), (MOST_IN_PYTHON + 1, IGRAPH)]
)
def test_the_library_for_as_many_pictures(n: int, library: str) -> None:
    assert chosen_engine(LOUVAIN, AUTO, n) == library
    for named in (PYTHON_LOUVAIN, IGRAPH):
        assert chosen_engine(LOUVAIN, named, n) == named
    assert chosen_engine(LEIDEN, AUTO, n) == LEIDEN


def _noise(count: int) -> list[bytes]:
    rng = np.random.default_rng(0)
    return [
        thumbnail(Image.fromarray(rng.integers(0, 256, (128, 128, 3), np.uint8)))
        for _ in range(count)
    ]


def test_a_sheet_that_just_fits_is_not_made_coarser() -> None:
    thumbs = _noise(6)
    finest = build_sheet(thumbs)
    size = len(finest.jpeg)
    assert build_sheet(thumbs, max_bytes=size + 1) == finest
    assert build_sheet(thumbs, max_bytes=size) == finest
    coarser = build_sheet(thumbs, max_bytes=size - 1)
    assert len(coarser.jpeg) < size
    # First the quality is lowered, then the size.
    assert coarser.cells == finest.cells
    small = build_sheet(thumbs, max_bytes=len(coarser.jpeg) - 1)
    assert {max(cell[2:]) for cell in small.cells} == {96}
    least = build_sheet(thumbs, max_bytes=1)
    assert {max(cell[2:]) for cell in least.cells} == {64}


@pytest.mark.parametrize(("width", "rows"), [(272, 2), (271, 2), (408, 2), (407, 2), (544, 1)])
def test_a_shelf_is_full_when_the_next_thumbnail_does_not_fit(width: int, rows: int) -> None:
    # 128 pixels and two rims take 136, which is 144 in whole blocks.
    cells = shelves([(128, 100)] * 3, width)
    lefts = [left for left, *_ in cells]
    per_row = max(1, width // 144)
    assert lefts == [4 + 144 * (i % per_row) for i in range(3)]
    assert len({top for _, top, *_ in cells}) == -(-3 // per_row)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_thumbnail_lies_where_its_cell_says_on_each_axis(axis: int) -> None:
    """A wedge that grows along one axis only: turned or shifted, it would be another one."""
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    size = (64, 40) if axis == 1 else (40, 64)
    pixels = np.broadcast_to(ramp[:, None] if axis == 0 else ramp, size[::-1])
    wedge = thumbnail(Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB"))
    others = [thumbnail(Image.new("RGB", (128, 17), (9, 200, 9))) for _ in range(20)]
    sheet = build_sheet([*others[:13], wedge, *others[13:]])
    left, top, width, height = sheet.cells[13]
    assert (width, height) == size
    with Image.open(io.BytesIO(sheet.jpeg)) as image:
        found = np.asarray(image.convert("L"))[top : top + height, left : left + width]
    assert np.abs(found.astype(int) - pixels).max() < 16
    # The rim repeats the edge on both axes.
    with Image.open(io.BytesIO(sheet.jpeg)) as image:
        rim = np.asarray(image.convert("L"))[
            top - 3 : top + height + 3, left - 3 : left + width + 3
        ]
    assert np.abs(rim[:3].astype(int) - rim[3]).max() < 24
    assert np.abs(rim[:, :3].astype(int) - rim[:, 3:4]).max() < 24
    assert np.abs(rim[-3:].astype(int) - rim[-4]).max() < 24
    assert np.abs(rim[:, -3:].astype(int) - rim[:, -4:-3]).max() < 24


def test_the_most_similar_communities_are_five() -> None:
    count = 9
    a, b = np.triu_indices(count, 1)
    # Two nodes in each of nine communities; the similarity falls with the distance of numbers.
    within = np.arange(count) * 2
    low = np.concatenate([within, a * 2])
    high = np.concatenate([within + 1, b * 2])
    weights = np.concatenate([np.ones(count), 0.5 / (b - a)])
    leaves = tuple(Community(np.array([2 * i, 2 * i + 1]), number=i + 1) for i in range(count))
    found = compare(Community(np.arange(2 * count), leaves), joined(2 * count, low, high, weights))
    assert {len(others) for others in found.similar.values()} == {SIMILAR} == {5}
    assert set(found.similar["1"]) >= {"2", "3"}
    assert found.similar["1"][0] == "2"
    assert found.similar["9"][0] == "8"
    assert len(found.siblings[""]) == count * (count - 1) // 2


def _brute(pairs: dict[tuple[int, int], float]) -> set[tuple[int, int]]:
    kept = set()
    nodes = {node for pair in pairs for node in pair}
    for node in nodes:
        mine = [(-weight, max(pair) if min(pair) == node else min(pair), pair)
                for pair, weight in pairs.items() if node in pair]  # fmt: skip
        kept |= {pair for _, _, pair in sorted(mine)[:EDGES_A_NODE]}
    return {(min(pair), max(pair)) for pair in kept}


@given(
    st.dictionaries(
        st.tuples(st.integers(1, 9), st.integers(10, 18)), st.floats(0.001, 1), max_size=40
    )
)
@example({})
@example({(1, 10): 0.5})
@example({(1, b): 0.5 for b in range(10, 19)})
def test_the_strongest_edges_of_each_node_are_drawn(pairs: dict[tuple[int, int], float]) -> None:
    found = drawn_edges(pairs)
    assert {(edge["from"], edge["to"]) for edge in found} == _brute(pairs)
    widths = {(edge["from"], edge["to"]): edge["width"] for edge in found}
    assert all(0.8 <= width <= 3.2 for width in widths.values())
    by_weight = sorted(widths, key=lambda pair: pairs[pair])
    assert [widths[pair] for pair in by_weight] == sorted(widths.values())
    if len({pairs[pair] for pair in widths}) > 1:
        assert (min(widths.values()), max(widths.values())) == (0.8, 3.2)


def test_edges_in_either_order_of_their_ends_are_the_same() -> None:
    pairs = {(a, b): 1 / (a * b) for a in range(1, 6) for b in range(a + 1, 7)}
    turned = {(b, a): weight for (a, b), weight in pairs.items()}
    assert drawn_edges(turned) == drawn_edges(pairs)


@pytest.mark.parametrize("count", [5, 6, 7])
def test_as_many_communities_as_an_overview_shows(count: int) -> None:
    """Cliques of four that are joined in a ring: each is a community."""
    edges = [(4 * i + a, 4 * i + b, 1.0) for i in range(count) for a in range(4) for b in range(a)]
    edges += [(4 * i, (4 * i + 4) % (4 * count), 0.1) for i in range(count)]
    a, b, weights = (np.array(column) for column in zip(*edges, strict=True))
    made = joined(4 * count, a, b, weights)
    parts = np.repeat(np.arange(count), 4)
    tree = Grower(np.ones(4 * count), 4, IGRAPH, most_children=6).grown(made, parts)
    leaves = [len(group.rows) for _, group in tree.walk() if not group.children]
    assert leaves == [4] * count
    assert max(len(group.children) for _, group in tree.walk()) <= 6
    assert (len(tree.children) == count) == (count <= 6)


def test_a_tree_is_no_deeper_than_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    low, high = rng.integers(0, 64, (2, 400))
    kept = low != high
    made = joined(64, low[kept], high[kept], rng.uniform(0.1, 1, int(kept.sum())))
    parts = np.zeros(64, np.int64)
    depths = []
    for deepest in (1, 2, 6):
        monkeypatch.setattr("graph.communities.tree._DEEPEST", deepest)
        tree = Grower(np.ones(64), 3, IGRAPH).grown(made, parts)
        by_structure = [path for path, group in tree.walk() if group.parts is not None]
        depths.append(max(path.count(".") + bool(path) for path in by_structure))
        assert depths[-1] < deepest
        assert all(len(g.rows) <= 3 for _, g in tree.walk() if not g.children)
    assert depths == sorted(depths)


def _documents(count: int) -> Iterator[PictureDocument]:
    for number in range(count):
        yield PictureDocument(number, f"{number:05d}.jpg", "folder", "page", (1, 2, 3, 4))


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 500])
def test_a_file_of_documents_ends_when_it_is_full(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    row = len('[0,"00000.jpg",0,0,1,2,3,4]') + 1
    monkeypatch.setattr(documents, "DOCUMENTS_BYTES", 1000)
    files = list(document_files(list(_documents(count)), []))
    assert sum(map(len, files)) == count
    for file in files[:-1]:
        assert 1000 <= file.size_bytes < 1000 + row + 2
    for file in files:
        # Only the brackets and names of the tables are not counted.
        assert 0 < len(file.text().encode()) - file.size_bytes < 80
    assert (len(files) == 0) == (count == 0)


def test_a_community_of_no_face_has_no_cell() -> None:
    (picture,) = _documents(1)
    groups = [CommunityDocument("a", "", ("p",), face) for face in (0, None, 7)]
    (file,) = document_files([picture], groups)
    lengths = [len(row) for row in json.loads(file.text())["rows"]]
    assert lengths == [9, 4, 4, 8]


@pytest.mark.parametrize(("pages_from", "workers"), [(-1, 2), (0, 2), (1, 0)])
def test_workers_are_started_for_as_many_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages_from: int, workers: int
) -> None:
    asked: list[int] = []

    def in_order(function: Any, jobs: Any, count: int) -> Iterator[Any]:
        asked.append(count)
        return map(function, jobs)

    path = make_store(tmp_path, plain_names(12), clusters(12))
    pages = site_of(path, tmp_path / "site", page_size=4).pages
    monkeypatch.setattr("graph.pages.site.in_order", in_order)
    site_of(path, tmp_path / "site", page_size=4, workers=2, workers_from=pages + pages_from)
    # Sheets, then pages.
    assert asked == [workers] * 2


@pytest.mark.parametrize(
    ("counts", "told"),
    [({"a": 15, "b": 85}, 2), ({"a": 1, "b": 99}, 1), ({"a": 1}, 1), ({}, 0), ({"": 1}, 1)],
)
def test_folders_of_a_share(counts: dict[str, int], told: int) -> None:
    text = main_folders(Counter(counts))
    assert len([part for part in text.split(", ") if part]) == told


def test_a_class_of_exactly_a_fifth_is_told() -> None:
    assert main_classes({"a": 2.0}, 10) == "a 20\N{NO-BREAK SPACE}%"
    assert main_classes({"a": 1.99}, 10) == ""
    assert main_classes({"b": 3.0, "a": 3.0, "c": 3.0}, 10).startswith("a 30")


@pytest.mark.parametrize("most", [1, 2, 59, 60, 61])
def test_a_name_is_no_longer_than_it_may_be(most: int) -> None:
    for length in (0, 1, most - 1, most, most + 1, 3 * most):
        name = clipped("ä" * length, most)
        assert len(name) == min(length, most)
        assert name.endswith("…") == (length > most)
