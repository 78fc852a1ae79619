"""`imgrec duplicates`: what it writes, prints, refuses, and moves."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from durations import ends_after_some_time
from graph.__main__ import main as graph_command
from imgrec import Store, index_folders
from imgrec.duplicates.__main__ import main
from imgrec.review.review import review, write_duplicates
from imgrec.review.trash import Send, system_trash
from imgrec.samples.render import render_sample
from paths import ROOT
from reviews import name_of, own_trash
from stores import HERE, nothing_can_be_written

ODD = os.fsdecode(b"<img src=x onerror=alert(1)>\n\xfc.jpg")
QUIET = ["--quiet", "--workers", "0"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store of three pictures, two copies of one and a hard link."""
    made = tmp_path_factory.mktemp("made")
    folder = made / "photos"
    folder.mkdir()
    for index in range(3):
        render_sample(0, index).save(folder / f"{index}.jpg", quality=95)
    for name in ("=1+1.jpg", ODD):
        shutil.copy(folder / "2.jpg", folder / name)
    (folder / "link.jpg").hardlink_to(folder / "2.jpg")
    os.utime(folder / "2.jpg", (10**9, 10**9))
    index_folders([folder], made / "store", HERE)
    return made


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with the pictures and a store of them, which a test may change."""
    folder = tmp_path / "here"
    shutil.copytree(made, folder, copy_function=shutil.copy2)
    (folder / "photos" / "link.jpg").unlink()
    (folder / "photos" / "link.jpg").hardlink_to(folder / "photos" / "2.jpg")
    shutil.rmtree(folder / "store")
    index_folders([folder / "photos"], folder / "store", HERE)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("IMGREC_STORE", "store")
    own_trash(monkeypatch, tmp_path / "data")
    return folder


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8"), newline="")))


def test_table_and_lists_are_written_and_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = ["--csv", "d.csv", "--list", "go.list", "--list0", "go.list0"]
    assert main([*QUIET, *outputs]) == 0
    out, err = capsys.readouterr()
    *files, last = out.splitlines()
    assert last.startswith("1 group of 4 files: 2 files could go (2")
    assert " kB), 0 files to look at first, 1 link, not counted, " in last
    assert ends_after_some_time(last, "go.list0")
    assert files == outputs[1:-1:2]
    assert err.startswith("imgrec duplicates: 1 name with a line break cannot be in go.list")
    rows = _rows(here / "d.csv")
    assert [(name_of(row["path"]), row["kind"], row["keep"]) for row in rows] == [
        ("2.jpg", "kept", "yes"),
        ("link.jpg", "link", "yes"),
        ("=1+1.jpg", "copy", "no"),
        (ODD, "copy", "no"),
    ]
    assert {row["same_as"] for row in rows[1:]} == {str(here / "photos" / "2.jpg")}
    for row in rows:
        assert Path(row["root"], name_of(row["path"])).stat().st_size == int(row["bytes"])
    assert (here / "go.list").read_text().splitlines() == [f"{here}/photos/=1+1.jpg"]
    names = (here / "go.list0").read_bytes().split(b"\0")
    assert names == [os.fsencode(here / "photos" / name) for name in ("=1+1.jpg", ODD)] + [b""]
    assert not (here / "imgrec-duplicates").exists()


def test_another_rule_keeps_another_file(here: Path) -> None:
    os.utime("photos/=1+1.jpg", (10**8, 10**8))
    index_folders([here / "photos"], here / "store", HERE)
    assert main([*QUIET, "--csv", "d.csv", "--keep", "oldest"]) == 0
    assert name_of(_rows(here / "d.csv")[0]["path"]) == "=1+1.jpg"


def test_two_stores_of_a_folder_give_one_table(here: Path) -> None:
    for number, names in enumerate((["2.jpg"], ["=1+1.jpg", "1.jpg"])):
        aside = here / "aside"
        aside.mkdir()
        for name in names:
            (here / "photos" / name).rename(aside / name)
        index_folders([here / "photos"], here / f"store-{number}", HERE)
        for name in names:
            (aside / name).rename(here / "photos" / name)
        aside.rmdir()
        index_folders([here / "photos"], here / f"store-{number}", HERE)
        assert main([*QUIET, "--store", f"store-{number}", "--csv", f"{number}.csv"]) == 0
    assert (here / "0.csv").read_bytes() == (here / "1.csv").read_bytes()
    assert len(_rows(here / "0.csv")) == 4


def test_graph_writes_the_same_table(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUIET, "--csv", "d.csv"]) == 0
    capsys.readouterr()
    assert graph_command(["--duplicates", "g.csv"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 group of 4 files: 2 files could go (2")
    assert re.search(r", \d+(\.\d)? s: g\.csv\n$", out)
    assert out.count("\n") == 1
    assert (here / "g.csv").read_bytes() == (here / "d.csv").read_bytes()
    with Store.open(here / "store") as store:
        labels = store.catalog.labels.of_kind("duplicates")
        (first,) = {int(value) for value in labels.values()}
        assert store.catalog.entries([first])[0].path == "2.jpg"
    assert len(labels) == 4


def test_files_that_are_gone_are_told_and_not_counted(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "photos" / "=1+1.jpg").unlink()
    assert main([*QUIET, "--csv", "d.csv"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 group of 4 files: 1 file could go (10.2 kB")
    assert "1 file not compared: gone, changed since the last imgrec index" in err
    gone = next(row for row in _rows(here / "d.csv") if name_of(row["path"]) == "=1+1.jpg")
    assert (gone["kind"], gone["keep"]) == ("similar", "look")
    assert gone["differs"] == "not compared: gone, changed or unreadable"


def test_a_copy_that_was_edited_with_its_time_set_back_does_not_go(here: Path) -> None:
    file = here / "photos" / "=1+1.jpg"
    status, data = file.stat(), file.read_bytes()
    file.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert main([*QUIET, "--list0", "go.list0"]) == 0
    assert (here / "go.list0").read_bytes() == os.fsencode(here / "photos" / ODD) + b"\0"


def test_trash_and_undo(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in (here / "photos").iterdir()}
    assert main([*QUIET, "--trash"]) == 0
    out, err = capsys.readouterr()
    assert {path.name for path in (here / "photos").iterdir()} == before.keys() - {"=1+1.jpg", ODD}
    assert "\n2 files moved to the trash (2" in out
    log = err.removeprefix("log: ").strip()
    assert out.splitlines()[-1] == f"to undo this: imgrec duplicates --undo {log}"
    assert Path(log).is_relative_to(here.parent / "data")
    assert main([*QUIET, "--undo", log]) == 0
    assert capsys.readouterr().out == "2 files put back\n"
    assert {path.name: path.read_bytes() for path in (here / "photos").iterdir()} == before
    assert main(["--undo", log]) == 0
    assert capsys.readouterr().out == "0 files put back, 2 files already there\n"


def test_what_is_left_is_named(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def edited_meanwhile() -> Send:
        (here / "photos" / "=1+1.jpg").write_bytes(b"edited since")
        return system_trash()

    monkeypatch.setattr("imgrec.review.trash.system_trash", edited_meanwhile)
    assert main([*QUIET, "--trash"]) == 1
    out, err = capsys.readouterr()
    assert "1 file moved to the trash" in out
    assert "/photos/=1+1.jpg was not moved: it has changed since it was indexed" in err
    (here / "photos" / ODD).write_bytes(b"another")
    log = err.splitlines()[0].removeprefix("log: ")
    assert main([*QUIET, "--undo", log]) == 1
    out, err = capsys.readouterr()
    assert out == "0 files put back\n"
    assert "another file has its name now" in err
    assert err.count("\n") == 1
    assert (here / "photos" / ODD).read_bytes() == b"another"


def test_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photos").mkdir()
    render_sample(0, 1).save(tmp_path / "photos" / "1.jpg")
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    arguments = ["--store", str(tmp_path / "store"), "--csv", str(tmp_path / "d.csv"), "--trash"]
    assert main([*QUIET, *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"no duplicates found, [\d.]+ s: .*d\.csv", lines[0])
    assert lines[1:] == ["nothing to move to the trash"]
    assert len((tmp_path / "d.csv").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--csv", "photos/0.jpg"], "photos/0.jpg is not a CSV file: give the path of a file"),
        (["--csv", "photos"], "photos is not a CSV file"),
        (["--csv", "nowhere/d.csv"], "the folder nowhere does not exist: create it before"),
        (["--list", "photos/0.jpg"], "photos/0.jpg is no list of paths and would be lost"),
        (["--list0", "photos"], "photos cannot be written: give the path of a file"),
        (["--list", "a", "--list0", "a"], "two outputs have one name: give each its own"),
        (["--out", "photos"], "photos is not empty and holds no review of duplicates of ours"),
        (["--csv", "d.csv", "--keep", "best"], "'best' is no rule for what to keep: "),
        (["--csv", "d.csv", "--keep", "best"], "give largest, oldest, newest or in:FOLDER"),
        (["--csv", "d.csv", "--keep", "in:photo"], "--keep in:photo: no picture lies under such"),
        (["--trash", "--keep", "largest,in:/nowhere"], "--keep in:/nowhere: no picture lies"),
        (["--csv", "d.csv", "--store", "nothing"], "no store at nothing"),
        (["--undo", "photos/0.jpg"], "photos/0.jpg cannot be read"),
        (["--undo", "x", "--trash"], "--undo stands alone: leave out --trash"),
        (["--undo", "x", "--csv", "d.csv"], "--undo stands alone: leave out --csv"),
        (["--undo", "x", "--store", "store"], "--undo stands alone: leave out --store"),
    ],
)
def test_what_the_user_can_mend_is_one_line(
    made: Path,
    arguments: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(made)
    before = sorted(path.read_bytes() for path in (made / "photos").iterdir())
    store = [] if "--undo" in arguments else ["--store", "store"]
    assert main([*QUIET, *store, *arguments]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out
    assert sorted(path.read_bytes() for path in (made / "photos").iterdir()) == before
    assert {path.name for path in made.iterdir()} == {"photos", "store"}


def test_labels_that_cannot_be_kept_do_not_stop_the_table(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FileLock(here / "store" / "lock"):
        assert main([*QUIET, "--csv", "d.csv"]) == 0
    assert "duplicates labels were not kept: another run is writing" in capsys.readouterr().err
    assert len(_rows(here / "d.csv")) == 4


def test_a_store_that_cannot_be_written_is_read(here: Path) -> None:
    out = here / "out"
    out.mkdir()
    out.chmod(0o777)
    with nothing_can_be_written(here / "store"), Store.open(here / "store") as store:
        assert write_duplicates(store, out / "d.csv").counts.pictures == 4
        assert review(store, workers=0).counts.same == 2


def test_ctrl_c_leaves_the_table_that_was_there(here: Path) -> None:
    file = here / "d.csv"
    file.write_text("mine")
    stop = "import os; from imgrec.collection import Catalog; Catalog.copies = lambda catalog: "
    stop += f"os.kill(os.getpid(), {int(signal.SIGINT)})\n"
    code = f"{stop}from imgrec.duplicates.__main__ import main\nraise SystemExit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "--store", str(here / "store"), "--csv", str(file)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert file.read_text() == "mine"


def test_a_killed_trash_run_is_undone(here: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in (here / "photos").iterdir()}
    kill = (
        "import os, signal\n"
        "from imgrec.review.trash_log import TrashLog\n"
        "write = TrashLog.write\n"
        "def once(log, line):\n"
        "    if 'moved' in line: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    write(log, line)\n"
        "TrashLog.write = once\n"
        "from imgrec.duplicates.__main__ import main\n"
        "main(['--store', 'store', '--trash', '--quiet', '--workers', '0'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", kill], cwd=here, env=environment, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(list((here / "photos").iterdir())) == len(before) - 1
    (log,) = (tmp_path / "data").rglob("*.jsonl")
    lines = map(json.loads, log.read_text().splitlines())
    assert [next(iter(line)) for line in lines] == ["imgrec-trash", "move"]
    assert main(["--undo", str(log)]) == 0
    assert {path.name: path.read_bytes() for path in (here / "photos").iterdir()} == before
