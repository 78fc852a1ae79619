"""Tests of the exports GEXF, GraphML and Parquet, read back by the readers of other programs."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import igraph
import networkx as nx
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.__main__ import main
from graph.communities.weights import knn_graph
from graph.exports import xml
from graph.exports.map import map_of
from graph.exports.network import Network, column_names, spread
from graph.exports.parquet import write_parquet
from graph.exports.write import export
from graph.exports.xml import gexf_lines, graphml_lines, write_gexf, write_graphml
from imgrec.errors import ImgrecError
from imgrec.labels.community_names import CommunityNames
from imgrec.neighbors.graph import neighbors_of
from imgrec.store.store import Store
from stores import nothing_can_be_written
from vector_stores import clustered, make

EVIL = "</node><script>\"&'\u0001\ud7ff\ufffe\r\n\t]]>"
EVIL_IN_XML = EVIL.replace("\u0001", "\ufffd").replace("\ufffe", "\ufffd")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of 60 pictures, with labels and names that need every kind of escaping."""
    folder = tmp_path_factory.mktemp("exchange")
    made = make(folder / "store", {"mini": clustered(60, 8)})
    with Store.create(made) as store:
        store.catalog.db.execute("UPDATE images SET width = 40, height = 30 + id WHERE id != 9")
        store.catalog.db.execute("UPDATE images SET path = ? WHERE id = 3", [f"a/{EVIL}.jpg"])
        name = os.fsencode("b/\udcff\udcfe.jpg")
        store.catalog.db.execute("UPDATE images SET path = CAST(? AS TEXT) WHERE id = 4", [name])
        store.catalog.labels.replace("community", {i: f"{i % 3}.{i % 2}" for i in range(1, 50)})
        store.catalog.labels.replace("x", {5: EVIL})
        store.catalog.labels.replace(EVIL, {6: "six"})
    return made


@pytest.fixture
def network(path: Path) -> Any:
    with Store.open(path) as store:
        neighbors = neighbors_of(store)
        names = CommunityNames({"2.1": "dress · hat"})
        places = map_of(store, neighbors)
        yield Network("mini", store.catalog, neighbors, places, 4, names=names)


COMMUNITIES = {
    "0.0": "Loners (0.0)", "0.1": "Loners (0.1)", "1.0": "Loners (1.0)", "1.1": "Community 1.1",
    "2.0": "Loners (2.0)", "2.1": "dress · hat (2.1)",
}  # fmt: skip


def expected_nodes(network: Network) -> dict[int, dict[str, Any]]:
    """Return the expected attributes of each node, straight from the catalog."""
    ids = network.neighbors.ids.tolist()
    labels = network.catalog.labels.of(ids)
    nodes = {}
    for entry, (x, y) in zip(network.catalog.entries(ids), network.map.positions, strict=True):
        of_one = dict(labels[entry.id])
        if "community" in of_one:
            of_one["community_name"] = COMMUNITIES[of_one["community"]]
        path = os.fsencode(entry.path).decode("utf-8", "replace")
        unit = 20 * len(ids) ** 0.5
        nodes[entry.id] = {
            "path": path, "width": entry.width, "height": entry.height,
            "x": pytest.approx(unit * x, rel=1e-5), "y": pytest.approx(unit * y, rel=1e-5),
            **{f"label_{k}" if k == "x" else k: v for k, v in of_one.items()},
        }  # fmt: skip
    return nodes


def cleaned(value: Any) -> Any:
    """Return a value with the characters that XML 1.0 forbids replaced."""
    if not isinstance(value, str):
        return value
    return value.replace("\u0001", "\ufffd").replace("\ufffe", "\ufffd")


def assert_edges(found: "nx.Graph[Any]", network: Network) -> None:
    expected, ids = knn_graph(network.neighbors, network.joined), network.neighbors.ids
    ends = zip(ids[expected.low].tolist(), ids[expected.high].tolist(), strict=True)
    weights = dict(zip(map(frozenset, ends), expected.weights.tolist(), strict=True))
    assert {frozenset(map(int, e)) for e in found.edges} == set(weights)
    place = {int(i): row for row, i in enumerate(network.neighbors.ids)}
    for a, b, data in found.edges(data=True):
        assert data["weight"] == pytest.approx(weights[frozenset((int(a), int(b)))], rel=1e-5)
        both = [
            network.neighbors.distances[place[int(p)]][
                network.neighbors.neighbors[place[int(p)]] == int(q)
            ]
            for p, q in ((a, b), (b, a))
        ]
        assert data["distance"] == pytest.approx(float(np.concatenate(both).min()), rel=1e-5)


def test_networkx_reads_the_gexf(network: Network, tmp_path: Path) -> None:
    write_gexf(network, tmp_path / "n.gexf")
    found = nx.read_gexf(tmp_path / "n.gexf", node_type=int, version="1.3")
    expected = expected_nodes(network)
    assert sorted(found) == sorted(expected)
    for node, wanted in expected.items():
        data = dict(found.nodes[node])
        place = data.pop("viz")["position"]
        assert (place["x"], place["y"]) == (wanted.pop("x"), wanted.pop("y"))
        name = data.pop("label")
        assert name == cleaned(wanted["path"].rpartition("/")[2])
        said = {cleaned(k): cleaned(v) for k, v in wanted.items() if v is not None}
        assert data == said
    assert_edges(found, network)


def test_networkx_and_igraph_read_the_graphml(network: Network, tmp_path: Path) -> None:
    write_graphml(network, tmp_path / "n.graphml")
    found = nx.read_graphml(tmp_path / "n.graphml", node_type=int)
    expected = expected_nodes(network)
    assert not found.is_directed()
    assert sorted(found) == sorted(expected)
    for node, wanted in expected.items():
        said = {cleaned(k): cleaned(v) for k, v in wanted.items() if v is not None}
        assert dict(found.nodes[node]) == said
    assert_edges(found, network)
    other = igraph.Graph.Read_GraphML(str(tmp_path / "n.graphml"))
    assert (other.vcount(), other.ecount()) == (len(found), found.number_of_edges())
    assert other.vs["id"] == [str(node) for node in expected]
    assert other.vs["path"] == [cleaned(of_one["path"]) for of_one in expected.values()]
    assert sorted(other.es["weight"]) == sorted(nx.get_edge_attributes(found, "weight").values())


@pytest.mark.parametrize("lines_of", [gexf_lines, graphml_lines])
def test_a_block_more_or_less_changes_nothing(network: Network, lines_of: Any) -> None:
    whole = list(lines_of(network))
    assert ElementTree.fromstring("".join(whole)) is not None
    assert list(lines_of(replace(network, block_rows=7))) == whole


@given(st.text())
def test_any_text_comes_back(value: str) -> None:
    """Any text survives a round trip through XML, except characters that XML 1.0 forbids."""
    value = value.encode("utf-8", "replace").decode()
    wanted = "".join(c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd"
                     for c in value)  # fmt: skip
    made = f"<a b={xml._quoted(value)}>{xml._text(value)}</a>"
    element = ElementTree.fromstring(made)
    assert element.get("b") == wanted
    assert (element.text or "") == wanted


@given(st.lists(st.sampled_from(["x", "label_x", "id", "a", "\udcff", "\ufffd"]), unique=True))
def test_each_kind_has_a_column_of_its_own(kinds: list[str]) -> None:
    names = column_names(kinds)
    assert list(names) == kinds
    assert len(set(names.values()) - {"id", "path", "x"}) == len(kinds)


def test_the_table(path: Path, network: Network, tmp_path: Path) -> None:
    write_parquet(network, tmp_path / "n.parquet")
    found = pq.read_table(tmp_path / "n.parquet").to_pylist()
    ids = network.neighbors.ids.tolist()
    unit = spread(len(ids))
    for row, (node, wanted) in enumerate(expected_nodes(network).items()):
        said = found[row]
        assert said.pop("id") == node
        assert (unit * said.pop("x"), unit * said.pop("y")) == (wanted.pop("x"), wanted.pop("y"))
        near = said.pop("neighbors")
        assert [ids[other] for other in near["ids"]] == network.neighbors.neighbors[row].tolist()
        assert near["distances"] == network.neighbors.distances[row].tolist()
        assert {k: v for k, v in said.items() if v is not None} == {
            k: v for k, v in wanted.items() if v is not None
        }
    schema = pq.read_schema(tmp_path / "n.parquet")
    assert str(schema.field("id").type) == "int64"
    assert str(schema.field("x").type) == "float"
    assert str(schema.field("neighbors").type) == (
        "struct<ids: list<element: int64>, distances: list<element: float>>"
    )


def test_the_table_comes_in_row_groups(network: Network, tmp_path: Path) -> None:
    write_parquet(network, tmp_path / "whole.parquet")
    write_parquet(replace(network, block_rows=25), tmp_path / "n.parquet")
    file = pq.ParquetFile(tmp_path / "n.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(3)] == [25, 25, 10]
    assert file.read().equals(pq.read_table(tmp_path / "whole.parquet"))


def test_thumbnails_are_those_of_the_store(photo_store: Path, tmp_path: Path) -> None:
    with Store.open(photo_store) as store:
        export(store, {"parquet": tmp_path / "n.parquet"}, thumbnails=True)
        rows = pq.read_table(tmp_path / "n.parquet").to_pylist()
        assert len(rows) == 24
        for row in rows:
            assert row["thumbnail"] == store.thumbs().get(row["id"])


# Tests of the command.


def test_the_command_writes_what_is_named(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / f"n.{name}" for name in ("gexf", "graphml", "parquet")}
    arguments = [f"--{name}={file}" for name, file in files.items()]
    assert main(["--store", str(path), *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    with Store.open(path) as store:
        edges = len(knn_graph(neighbors_of(store)).low)
    assert len(lines) == 3
    for line, (name, file) in zip(lines, files.items(), strict=True):
        of_file = "" if name == "parquet" else f"{edges} edges, "
        counts = rf"60 pictures, {of_file}[\d.]+ [kM]B, [\d.]+ s"
        assert re.fullmatch(rf"{counts}: {re.escape(str(file))}", line)
    before = {name: file.read_bytes() for name, file in files.items()}
    capsys.readouterr()
    assert main(["--store", str(path), *arguments, "-v"]) == 0
    details = capsys.readouterr().out.splitlines()[:-3]
    assert details[0].startswith(f"{edges} edges (")
    assert details[1] == "15 nearest of 60 pictures, exact"
    assert {name: file.read_bytes() for name, file in files.items()} == before
    assert sorted(os.listdir(tmp_path)) == sorted(file.name for file in files.values())


def test_pages_and_files_together(photo_store: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(photo_store, store)
    arguments = ["--out", str(tmp_path / "site"), "--gexf", str(tmp_path / "n.gexf")]
    assert main(["--store", str(store), *arguments]) == 0
    found = nx.read_gexf(tmp_path / "n.gexf", version="1.3")
    assert all("community" in data for _, data in found.nodes(data=True))
    assert (tmp_path / "site" / "index.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "nothing to write: name --out SITE, or a file by --duplicates, --gexf, "),
        (["--gexf", "n", "--thumbnails"], "--thumbnails are put into a table"),
        (["--gexf", "."], "--gexf . is a folder: give the path of a file"),
        (["--parquet", "none/n"], "the folder none does not exist: create it first"),
        (["--gexf", "n", "--graphml", "./n"], "n is given for two formats: give each its own file"),
        (["--gexf", "n", "--encoder", "none"], "no feature 'none'"),
    ],
)
def test_what_the_user_can_mend_is_one_line(
    path: Path, arguments: list[str], what: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["--store", str(path), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert what in captured.err
    assert captured.err.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_without_pyarrow_it_says_what_to_install(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["--store", str(path), "--parquet", str(tmp_path / "n.parquet")]) == 2
    assert "pip install 'imgrec[parquet]'" in capsys.readouterr().err
    assert main(["--store", str(path), "--gexf", str(tmp_path / "n.gexf")]) == 0


def test_a_file_that_was_there_stays_when_writing_fails(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "n.gexf").write_text("before")
    failing = pytest.raises(OSError, match="ermission")
    with Store.open(path) as store, nothing_can_be_written(folder), failing:
        export(store, {"gexf": folder / "n.gexf"})
    assert (folder / "n.gexf").read_text() == "before"


@pytest.mark.parametrize("n", [2, 3])
def test_the_smallest_collections(tmp_path: Path, n: int) -> None:
    store_path = make(tmp_path / "store", {"mini": np.ones((n, 4), np.float32)})
    targets = {name: tmp_path / name for name in ("gexf", "graphml", "parquet")}
    with Store.open(store_path) as store:
        written = export(store, targets)
    assert [one.edges for one in written] == [n * (n - 1) // 2] * 2 + [None]
    assert nx.read_graphml(tmp_path / "graphml").number_of_edges() == n * (n - 1) // 2
    assert pq.read_table(tmp_path / "parquet").num_rows == n


def test_one_picture_has_no_network(tmp_path: Path) -> None:
    store_path = make(tmp_path / "store", {"mini": np.ones((1, 4), np.float32)})
    with Store.open(store_path) as store, pytest.raises(ImgrecError, match="2 pictures or more"):
        export(store, {"gexf": tmp_path / "n.gexf"})


def test_pyarrow_and_umap_are_loaded_only_where_they_are_wanted() -> None:
    code = "import graph.__main__, sys; print([m for m in ('pyarrow', 'umap') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
