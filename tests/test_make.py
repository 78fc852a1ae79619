"""The make targets, each first and again, on an installed environment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imgrec import Store

ROOT = Path(__file__).parent.parent
STAMP = Path(sys.prefix, "installed")

pytestmark = pytest.mark.skipif(
    not STAMP.exists() or not shutil.which("make"),
    reason="not in an environment that make made",
)


def _make(build: Path, *arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    places = {"STORE": "store", "SAMPLES": "samples", "LOGDIR": "logdir", "SITE": "site"}
    variables = [f"{name}={build / folder}" for name, folder in places.items()]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    # As new: the target under test must not begin to install.
    command = ["make", "-C", str(ROOT), f"VENV={sys.prefix}", "COUNT=36", *variables]
    command += ["-o", str(STAMP), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    ("target", "made"),
    [
        ("index", "store/store.json"),
        ("projector", "logdir/projector_config.pbtxt"),
        ("graph", "site/index.html"),
    ],
)
def test_a_target_works_first_and_again_does_nothing_new(
    target: str, made: str, tmp_path: Path
) -> None:
    assert "36 new" in _make(tmp_path, target).stdout
    assert (tmp_path / made).is_file()
    again = _make(tmp_path, target).stdout
    assert "0 new, 0 of them changed, 0 moved, 0 gone, 0 read" in again


def test_query_works_first_and_says_what_it_needs(tmp_path: Path) -> None:
    picture = tmp_path / "samples" / "clocks" / "clocks-000002.jpg"
    assert "5 of 36 pictures" in _make(tmp_path, "query", f"Q={picture}").stdout
    assert "make query Q=some.jpg" in _make(tmp_path, "query", code=2).stderr


def test_photos_take_the_place_of_the_sample_and_are_remembered(
    photos: Path, tmp_path: Path
) -> None:
    _make(tmp_path, "index")
    assert "24 pictures, 0 failed, 36 missing" in _make(
        tmp_path, "index", f"IMAGES={photos}", "ENCODER=mini"
    ).stdout  # fmt: skip
    _make(tmp_path, "graph")
    with Store.open(tmp_path / "store") as store:
        entries = store.catalog.entries(store.catalog.ids("ok"))
        assert {entry.root for entry in entries} == {str(photos)}
        labels = store.catalog.labels(entry.id for entry in entries)
        assert all("community" in of_picture for of_picture in labels.values())
