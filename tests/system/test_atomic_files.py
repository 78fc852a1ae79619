"""Atomic writes: a file or folder is replaced completely or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from imgrec.system.atomic_files import (
    TEMPORARY_PREFIX,
    remove_temporaries,
    write_bytes,
    write_text,
)
from imgrec.system.atomic_folders import new_folder


def _all_is_ours(_: Path) -> None:
    """Accept whatever a folder holds."""


def test_a_file_is_replaced_and_no_temporary_file_left(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    write_text(tmp_path / "a.txt", "Grüße")
    assert (tmp_path / "a.txt").read_text("utf-8") == "Grüße"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    with pytest.raises(TypeError):
        write_bytes(tmp_path / "a", "no bytes")  # type: ignore[arg-type]
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_is_replaced_completely(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with new_folder(tmp_path / "site", _all_is_ours) as folder:
            (folder / text).write_text(text)
    assert [path.name for path in tmp_path.rglob("*")] == ["site", "new"]


def test_a_failed_write_keeps_the_old_folder(tmp_path: Path) -> None:
    with new_folder(tmp_path / "site") as folder:
        (folder / "old").write_text("old")
    with pytest.raises(RuntimeError), new_folder(tmp_path / "site", _all_is_ours) as folder:
        (folder / "new").write_text("new")
        raise RuntimeError
    assert [path.name for path in tmp_path.rglob("*")] == ["site", "old"]


def test_temporary_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    (tmp_path / (TEMPORARY_PREFIX + "a")).mkdir()
    (tmp_path / (TEMPORARY_PREFIX + "b")).write_text("half")
    (tmp_path / "part-000000").mkdir()
    remove_temporaries(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["part-000000"]


def test_only_temporary_folders_of_dead_processes_are_deleted(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from imgrec.system.atomic_folders import new_folder\n"
        "with new_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'a').write_bytes(b'x'); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "log")], check=False)
    (left,) = tmp_path.iterdir()
    theirs = tmp_path / ".tmp-elsewhere-1-abc"
    theirs.mkdir()
    with new_folder(tmp_path / "mine") as alive:
        assert not left.exists()
        with new_folder(tmp_path / "log"):
            assert alive.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"log", "mine", theirs.name}
