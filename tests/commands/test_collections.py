"""`imgrec collections`: what it changes, prints, refuses and copies."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imgrec import Store, index_folders
from imgrec.collections import main
from imgrec.query import main as query
from pictures import picture
from stores import HERE


@pytest.fixture
def path(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMGREC_STORE", str(own_store))
    return own_store


def _paths(path: Path, *ids: int) -> list[str]:
    with Store.open(path) as store:
        return [entry.path for entry in store.catalog.entries(ids)]


def _labels(path: Path) -> set[tuple[int, str]]:
    with Store.open(path) as store:
        return set(store.catalog.labels.rows("collection"))


def test_pictures_are_named_by_file_path_copy_and_id(
    path: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = _paths(path, 1, 2, 3)
    copy = shutil.copy(photos / third, tmp_path / "copy.png")
    assert main(["best", "--add", str(photos / first), second, str(copy), "4"]) == 0
    assert capsys.readouterr().out == "best: 4 pictures\n"
    assert _labels(path) == {(i, "best") for i in (1, 2, 3, 4)}
    assert main(["best", "--remove", second, "--add", "5"]) == 0
    assert main(["a b", "--add", "5"]) == 0
    assert main([]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["best: 4 pictures", "a b: 1 picture", "a b: 1 picture", "best: 4 pictures"]


def test_a_file_called_like_an_id_is_the_file(
    path: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(photos / _paths(path, 9)[0], tmp_path / "4")
    main(["best", "--add", "4"])
    assert _labels(path) == {(9, "best")}


@pytest.mark.parametrize("name", ["", "none.png", "99", "-1", "0", "9" * 30, "/", ".", "\u0661"])
def test_a_name_that_is_no_picture_is_refused_and_nothing_is_changed(
    path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["best", "--add", "1", name] if name != "-1" else ["best", "--add=-1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no picture of the store is" in line
    assert _labels(path) == set()


def test_a_collection_filters_questions_and_lists(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["best", "--add", "2", "8", "14"])
    capsys.readouterr()
    assert query(["--where", "collection=best", "--paths"]) == 0
    by_filter = capsys.readouterr().out
    assert main(["best", "--paths"]) == 0
    assert capsys.readouterr().out == by_filter
    assert len(by_filter.splitlines()) == 3
    assert query([_paths(path, 2)[0], "--where", "collection=best", "--json", "-k", "9"]) == 0
    assert {r["id"] for r in json.loads(capsys.readouterr().out)["results"]} == {8, 14}


def test_a_list_is_printed_as_text_and_as_an_object(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["best", "--add", "2", "8"])
    capsys.readouterr()
    assert main(["best"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 pictures, by path\n")
    assert all(name in said for name in _paths(path, 2, 8))
    assert main(["best", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["collection"], [r["id"] for r in found["results"]]) == ("best", [2, 8])
    assert main(["--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["collections"] == [{"name": "best", "count": 2}]


def test_without_collections_there_is_a_hint_and_no_output(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "imgrec collections NAME --add IMAGE" in said.err
    assert _labels(path) == set()


def test_renamed_and_deleted(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["best", "--add", "2", "8"])
    assert main(["best", "--rename", "favorites"]) == 0
    assert _labels(path) == {(2, "favorites"), (8, "favorites")}
    assert main(["best", "--delete"]) == 2
    assert main(["favorites", "--delete"]) == 0
    assert _labels(path) == set()
    assert capsys.readouterr().out.splitlines()[1:] == [
        "favorites: 2 pictures",
        "favorites: deleted, 2 pictures had been in it",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["best", "--delete", "--add", "1"], "--add or --remove and --delete exclude each other"),
        (["best", "--json", "-0"], "--paths or -0 and --json exclude each other"),
        (["best", "--copy", "a", "--link", "b"], "--copy and --link exclude each other"),
        (["best", "--rename", "b", "--csv", "x.csv"], "--rename and --csv exclude each other"),
        (["--add", "1"], "--add or --remove is for one collection"),
        (["--paths"], "--paths or -0 is for one collection"),
        (["best", "--csv", "photo.jpg"], "photo.jpg is not a CSV file"),
        (["a,b", "--add", "1"], "'a,b' is no name of a collection"),
        (["best"], "no collection is called 'best'; there is none yet"),
    ],
)
def test_useless_options_are_refused(
    path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"imgrec collections: {message}")
    assert _labels(path) == set()


def test_a_table_is_written(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["best", "--add", "2", "8"])
    assert main(["best", "--csv", str(tmp_path / "best.csv")]) == 0
    with (tmp_path / "best.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == sorted(_paths(path, 2, 8))
    assert str(tmp_path / "best.csv") in capsys.readouterr().out


@pytest.mark.parametrize(("option", "done"), [("--copy", "copied"), ("--link", "linked")])
def test_files_are_written_into_a_folder(
    path: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    option: str, done: str,
) -> None:  # fmt: skip
    main(["best", "--add", "2", "8"])
    capsys.readouterr()
    copied = Path(shutil.copytree(photos, tmp_path / "photos"))
    # Links change the originals' inodes, and other tests use these.
    with Store.create(path) as store, store.catalog.transaction() as db:
        db.execute("UPDATE roots SET path = ?", [str(copied)])
    (tmp_path / "real").mkdir()
    (tmp_path / "way").symlink_to(tmp_path / "real")
    assert main(["best", option, str(tmp_path / "way")]) == 0
    assert capsys.readouterr().out.startswith(f"2 files {done}, ")
    names = [Path(name).name for name in _paths(path, 2, 8)]
    assert sorted(p.name for p in (tmp_path / "real").iterdir()) == sorted(names)
    assert main(["best", option, str(tmp_path / "real")]) == 0
    assert capsys.readouterr().out.startswith(f"0 files {done}, 2 there already, ")


def test_a_file_that_cannot_be_copied_is_told_and_the_exit_code_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, store = tmp_path / "photos", tmp_path / "store"
    folder.mkdir()
    for number in range(2):
        picture("discs", number).save(folder / f"{number}.png")
    index_folders([folder], store, HERE)
    given = ["--store", str(store)]
    assert main(["best", "--add", "1", "2", *given]) == 0
    (folder / "0.png").unlink()
    assert main(["best", "--copy", str(tmp_path / "out"), *given]) == 1
    said = capsys.readouterr()
    assert "1 file copied" in said.out
    (line,) = said.err.splitlines()
    assert line.startswith(f"imgrec collections: {folder}/0.png: ")
    assert main(["best", "--copy", str(folder / "out"), *given]) == 2
    assert "would be indexed as pictures" in capsys.readouterr().err


def test_any_name_passes_from_a_query_through_xargs(tmp_path: Path) -> None:
    folder, store = tmp_path / "photos", tmp_path / "store"
    folder.mkdir()
    for number, name in enumerate([b"a b.png", b"c\nd.png", b"caf\xe9.png", b"-x.png"]):
        picture("discs", number).save(folder / "plain.png")
        (folder / "plain.png").rename(folder / os.fsdecode(name))
    index_folders([folder], store, HERE)
    env = {**os.environ, "IMGREC_STORE": str(store)}
    imgrec = f"{sys.executable} -m imgrec"
    line = f"{imgrec} query --under . -0 | xargs -0 {imgrec} collections all --add"
    line = line.replace("--under .", f"--under {folder}")
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=env)
    assert (done.stdout, done.stderr) == ("all: 4 pictures\n", "")
    command = [*imgrec.split(), "collections", "all", "-0"]
    listed = subprocess.run(command, capture_output=True, env=env, check=True).stdout
    assert sorted(listed.split(b"\0")[:-1]) == sorted(
        os.fsencode(folder / name) for name in os.listdir(folder)
    )
