"""Tests of a site that is written again: replaced whole, with the user's files and labels kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.__main__ import main
from graph.pages.page import Renderer
from imgrec.errors import ImgrecError, StoreError
from imgrec.store.store import Store
from site_stores import (
    all_pages,
    clusters,
    communities_in,
    data_of,
    folder_contents,
    make_store,
    pages_of,
    plain_names,
    site_of,
)


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
    before = folder_contents(tmp_path)
    assert main(["--store", str(store_path), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "/".join(mine.split("/")[:2]) in told
    assert folder_contents(tmp_path) == before


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
    there = {name for name, data in folder_contents(out).items() if data is not None}
    assert {*manifest["files"], "site.json"} == there
    older = {"format": 1, "written_by": "imgrec 0.1.0", "overview": ["index.html"], "pages": 2}
    (out / "site.json").write_text(json.dumps(older))
    with pytest.raises(ImgrecError, match="of another version"):
        site_of(store_path, out)


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


def test_labels_are_pages_and_stay_with_the_pictures(tmp_path: Path) -> None:
    path = make_store(tmp_path, plain_names(90), clusters(90, 6))
    command = ["--store", str(path), "--out", str(tmp_path / "site"), "--page-size", "6"]
    assert main(command) == 0
    with Store.open(path) as store:
        first = store.catalog.labels.of(store.catalog.ids("ok"))
    for page in pages_of(tmp_path / "site"):
        for picture in data_of(page)["data"]["pictures"]:
            assert page.name == f"community-{first[int(picture)]['community']}.html"
    before = folder_contents(tmp_path / "site")
    assert main(command) == 0
    with Store.open(path) as store:
        assert store.catalog.labels.of(store.catalog.ids("ok")) == first
    assert folder_contents(tmp_path / "site") == before


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
    before = communities_in(path)
    set_status("ok")
    assert main([*command, "--seed", "5"]) == 0
    after = communities_in(path)
    assert set(after) == {*before, *later}
    for number in {label.partition(".")[0] for label in before.values()}:
        members = [i for i, label in before.items() if label.partition(".")[0] == number]
        stayed = [i for i in members if after[i].partition(".")[0] == number]
        assert len(stayed) > 0.9 * len(members)
