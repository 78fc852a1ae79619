"""Tests of the duplicates CSV: content, escaping of any file name, the command."""

import csv
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from graph.__main__ import main
from graph.exports.duplicates_csv import COLUMNS, table, write_duplicates
from imgrec import Store, index_folders
from imgrec.collection import Entry
from imgrec.duplicates.near import NearDuplicates
from imgrec.samples.render import render_sample
from paths import ROOT
from stores import HERE, nothing_can_be_written

NAMES = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20)
FOUND = NearDuplicates(
    ((2, 5, 1),), (("representative", "copy", "near"),), ((1.0, 1.0, 0.98765),)
)  # fmt: skip


def entry(image_id: int, path: str = "a.jpg", root: str = "/photos") -> Entry:
    return Entry(image_id, root, path, 1234, 0, "digest", 640, 480, "JPEG", "ok", None)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def name_of(cell: str) -> str:
    """Return the name encoded in a cell, decoded by the documented rules."""
    told = re.sub(
        r"\\(\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})",
        lambda match: match[0].encode().decode("unicode_escape"),
        cell.removeprefix("'"),
    )
    return told.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store of three pictures, a copy and an oddly named near-duplicate."""
    made = tmp_path_factory.mktemp("made")
    folder = made / "photos"
    folder.mkdir()
    for index in range(3):
        render_sample(0, index).save(folder / f"{index}.jpg", quality=95)
    (folder / "=1+1.jpg").write_bytes((folder / "2.jpg").read_bytes())
    odd = os.fsdecode(b"<img src=x onerror=alert(1)>\n\xfc.jpg")
    render_sample(0, 2).save(folder / odd, quality=60)
    index_folders([folder], made / "store", HERE)
    return made


@pytest.fixture
def store_path(made: Path, tmp_path: Path) -> Path:
    """Return a copy of the store in a folder of its own, beside its pictures."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "store"


def test_a_line_a_picture() -> None:
    entries = {i: entry(i, f"{i}.jpg") for i in (1, 2, 5)}
    assert table(FOUND, entries).splitlines() == [
        "group,id,path,root,kind,similarity,width,height,format,bytes,keep",
        "2,2,2.jpg,/photos,representative,1.000,640,480,JPEG,1234,yes",
        "2,5,5.jpg,/photos,copy,1.000,640,480,JPEG,1234,no",
        "2,1,1.jpg,/photos,near,0.988,640,480,JPEG,1234,no",
    ]
    assert table(NearDuplicates(), {}) == ",".join(COLUMNS) + "\n"


@given(NAMES, NAMES)
def test_every_name_comes_back_and_none_is_a_formula_or_two_lines(path: str, root: str) -> None:
    text = table(FOUND, {i: entry(i, path, root) for i in (1, 2, 5)})
    assert text.encode("utf-8").decode("utf-8") == text
    assert len(text.splitlines()) == 4
    for row in rows_of(text):
        assert name_of(row["path"]) == path
        assert name_of(row["root"]) == root
        for cell in row.values():
            assert cell[0] not in "=+-@\t\r"


def test_plain_names_stand_as_they_are() -> None:
    for name in ("Grüße/aus Köln (2).jpg", "a, \"b\" 'c'.png", "日本.webp", "x=1.jpg"):
        (first, *_) = rows_of(table(FOUND, {i: entry(i, name) for i in (1, 2, 5)}))
        assert first["path"] == name


def test_the_command_writes_table_and_labels_and_tells_it_in_two_lines(
    store_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "duplicates.csv"
    assert main(["--store", str(store_path), "--duplicates", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1 group of 3 pictures: 1 copy, 1 near-duplicate (0.")
    assert lines[1:] == [str(file)]
    rows = rows_of(file.read_text("utf-8"))
    assert [row["kind"] for row in rows] == ["representative", "copy", "near"]
    assert [row["keep"] for row in rows] == ["yes", "no", "no"]
    assert {row["path"] for row in rows[:2]} == {"2.jpg", "'=1+1.jpg"}
    for row in rows:
        path = Path(row["root"], name_of(row["path"]))
        assert path.stat().st_size == int(row["bytes"])
    with Store.open(store_path) as store:
        labels = store.catalog.labels.of([int(row["id"]) for row in rows])
    assert {of["duplicates"] for of in labels.values()} == {rows[0]["id"]} == {rows[0]["group"]}


def test_nothing_twice_is_a_table_without_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos").mkdir()
    render_sample(0, 1).save(tmp_path / "photos" / "1.jpg")
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    file = tmp_path / "d.csv"
    assert main(["--store", str(tmp_path / "store"), "--duplicates", str(file)]) == 0
    assert capsys.readouterr().out == f"no duplicates found\n{file}\n"
    assert file.read_text() == ",".join(COLUMNS) + "\n"


def test_both_are_written_where_both_are_asked_for(
    store_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, site = tmp_path / "d.csv", tmp_path / "site"
    command = ["--store", str(store_path), "--duplicates", str(file), "--out", str(site)]
    assert main(command) == 0
    assert file.is_file()
    assert (site / "index.html").is_file()
    assert capsys.readouterr().out.splitlines()[-1] == str(site / "index.html")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "name --out SITE, or a file by --duplicates, "),
        (
            ["--duplicates", "photos/0.jpg"],
            "photos/0.jpg is not a CSV file: give the path of a file",
        ),
        (["--duplicates", "photos"], "photos is not a CSV file"),
        (["--duplicates", "nowhere/d.csv"], "the folder nowhere does not exist: create it before"),
        (["--duplicates", "d.csv", "--encoder", "resnet50"], "has no feature 'resnet50'"),
        (["--duplicates", "d.csv", "--store", "nothing"], "no store at nothing"),
    ],
)
def test_what_the_user_can_mend_is_one_line(
    store_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(path.read_bytes() for path in (tmp_path / "photos").iterdir())
    assert main(["--store", "store", *arguments]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out
    assert sorted(path.read_bytes() for path in (tmp_path / "photos").iterdir()) == before


def test_labels_that_cannot_be_kept_do_not_stop_the_table(
    store_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FileLock(store_path / "lock"):
        assert main(["--store", str(store_path), "--duplicates", str(tmp_path / "d.csv")]) == 0
    assert "duplicates labels were not kept: another run is writing" in capsys.readouterr().err
    assert len(rows_of((tmp_path / "d.csv").read_text("utf-8"))) == 3


def test_a_store_that_cannot_be_written_is_read(store_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o777)
    out.chmod(0o777)
    with nothing_can_be_written(store_path), Store.open(store_path) as store:
        assert write_duplicates(store, out / "d.csv").pictures == 3


def test_ctrl_c_leaves_the_table_that_was_there(store_path: Path, tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("mine")
    stop = "import os; from imgrec.collection import Catalog; Catalog.copies = lambda catalog: "
    stop += f"os.kill(os.getpid(), {int(signal.SIGINT)})\n"
    code = f"{stop}from graph.__main__ import main\nraise SystemExit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "--store", str(store_path), "--duplicates", str(file)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert file.read_text() == "mine"
