"""Tests of the command that writes a site: what it tells and what it refuses."""

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import pytest
from filelock import FileLock

from graph.__main__ import details, main
from graph.communities.facts import CommunityFacts
from graph.pages.site import SiteSummary
from imgrec.errors import ImgrecError
from imgrec.query import main as query
from imgrec.store.site_link import page_url
from imgrec.store.store import Store
from site_stores import (
    clusters,
    data_of,
    make_store,
    plain_names,
    site_of,
)


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
    assert page_url("x/../a.html#7") == f"{Path('a.html').resolve().as_uri()}#7"
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
