"""The make targets: each is run twice on an installed environment."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imgrec import Store
from paths import ROOT

STAMP = Path(sys.prefix, "installed")

pytestmark = pytest.mark.skipif(
    not STAMP.exists() or not shutil.which("make"),
    reason="not in an environment that make made",
)


def _make(build: Path, *arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    places = {"STORE": "store", "SAMPLES": "samples", "LOGDIR": "logdir", "SITE": "site"}
    places |= {"DUPLICATES": "tables/duplicates.csv", "EXPORT": "export", "REPORT": "report"}
    places |= {"REVIEW": "review", "HANDOVER": "vectors", "GRID": "query.png"}
    variables = [f"{name}={build / folder}" for name, folder in places.items()]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    # Mark the installation as up to date, so that the target under test does not install anything.
    command = ["make", "-C", str(ROOT), f"VENV={sys.prefix}", "COUNT=36", *variables]
    command += ["-o", str(STAMP), "-o", f"{STAMP}-parquet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    ("target", "made"),
    [
        ("index", "store/store.json"),
        ("projector", "logdir/all 36 pictures/projector_config.pbtxt"),
        ("graph", "site/index.html"),
        ("duplicates", "tables/duplicates.csv"),
        ("report", "report/index.html"),
        ("export", "export/network.parquet"),
        ("handover", "vectors/part-000000.parquet"),
    ],
)
def test_a_target_works_from_nothing_and_a_second_run_computes_nothing(
    target: str, made: str, tmp_path: Path
) -> None:
    assert "36 new" in _make(tmp_path, target).stdout
    assert (tmp_path / made).is_file()
    assert "36 pictures, nothing new, " in _make(tmp_path, target).stdout


def _written(build: Path) -> dict[Path, tuple[int, int]]:
    """Return when each file of the outputs was written, and its inode."""
    outputs = [build / name for name in ("site", "logdir", "report")]
    files = [path for output in outputs for path in output.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in files}


@pytest.mark.slow
def test_a_second_demo_writes_no_page(tmp_path: Path) -> None:
    _make(tmp_path, "demo")
    before = _written(tmp_path)
    assert {path.relative_to(tmp_path).parts[0] for path in before} == {"site", "logdir", "report"}
    again = _make(tmp_path, "demo").stdout
    assert _written(tmp_path) == before
    outputs = ("site/index.html", "logdir", "report/index.html")
    for output in outputs:
        assert re.search(rf"^nothing new, .*: {re.escape(str(tmp_path / output))}$", again, re.M)


def test_the_doctor_checks_everything_made(tmp_path: Path) -> None:
    assert "nothing to check" in _make(tmp_path, "doctor", code=2).stderr
    _make(tmp_path, "graph")
    assert f"ok       {tmp_path / 'site'}: " in _make(tmp_path, "doctor").stdout
    (tmp_path / "logdir").mkdir()
    assert f"error    {tmp_path / 'logdir'}: " in _make(tmp_path, "doctor", code=2).stdout


def test_query_works_from_nothing_and_names_a_missing_argument(tmp_path: Path) -> None:
    picture = tmp_path / "samples" / "clocks" / "clocks-000002.jpg"
    assert "5 of 36 pictures" in _make(tmp_path, "query", f"Q={picture}").stdout
    assert "make query Q=some.jpg" in _make(tmp_path, "query", code=2).stderr
    # A word is one argument, whatever is in it.
    asked = _make(tmp_path, "query", 'T=it\'s a "giraffe" $HOME', code=2).stderr
    assert "giraffe" in asked
    assert " $HOME" in asked
    assert asked.count("\n") <= 2


def test_a_larger_sample_adds_pictures(tmp_path: Path) -> None:
    assert "36 new" in _make(tmp_path, "index").stdout
    assert "4 new, 4 read" in _make(tmp_path, "index", "COUNT=40").stdout


def test_the_sample_is_not_indexed_into_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "store.json").write_text("{")
    assert "is damaged" in _make(tmp_path, "index", code=2).stderr
    assert (tmp_path / "store" / "store.json").read_text() == "{"


def test_a_folder_name_with_every_special_character(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s "quoted" $HOME `id` ü'
    shutil.copytree(photos, folder)
    assert "24 new" in _make(tmp_path, "index", f"IMAGES={folder}", "ENCODER=mini").stdout


def test_a_target_prints_one_line_and_more_with_v(tmp_path: Path) -> None:
    _make(tmp_path, "index")

    def lines(*more: str) -> list[str]:
        told = _make(tmp_path, "index", *more).stdout.splitlines()
        return [line for line in told if not line.startswith("make: ")]

    # COUNT is given, so the samples are looked at too.
    rendered, indexed = lines()
    assert rendered.startswith("0 pictures rendered, 36 already there, ")
    assert indexed.startswith("36 pictures, nothing new, ")
    details = lines("V=1")
    assert details[1] == "36 pictures, 0 failed, 0 missing"
    assert details[-1].startswith("36 pictures, nothing new, ")


def test_photos_replace_the_sample_in_later_targets_too(photos: Path, tmp_path: Path) -> None:
    _make(tmp_path, "index")
    assert "24 pictures, 24 new, 36 left out, 24 read (" in _make(
        tmp_path, "index", f"IMAGES={photos}", "ENCODER=mini"
    ).stdout  # fmt: skip
    _make(tmp_path, "graph")
    with Store.open(tmp_path / "store") as store:
        entries = store.catalog.entries(store.catalog.ids("ok"))
        assert {entry.root for entry in entries} == {str(photos)}
        labels = store.catalog.labels.of(entry.id for entry in entries)
        assert all("community" in of_picture for of_picture in labels.values())
