"""The standard streams of a command: closed, full, or a pipe that nobody reads."""

import os
import subprocess
import sys
import warnings
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from imgrec.commands import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="streams of a POSIX shell")

_ASKED = "discs/001.jpg"


def _shell(arguments: str, redirected: str) -> tuple[int, str]:
    """Return the exit code and the output of `imgrec ARGUMENTS` with redirected streams."""
    line = f"exec {sys.executable} -m imgrec {arguments} {redirected}"
    done = subprocess.run(
        ["/bin/sh", "-c", line], capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("redirected", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_nothing_else(photo_store: Path, redirected: str) -> None:
    query = f"query {_ASKED} --store {photo_store} -k 2"
    code, out = _shell(query, redirected)
    assert code == 0
    assert out.count("\n") == (0 if ">&- " in f"{redirected} ".replace("2>&-", "") else 3)
    assert _shell(f"query nothing --store {photo_store}", redirected) == (2, "")


def _with_dead_pipe(arguments: list[str], stream: str) -> tuple[int, str, str]:
    """Return exit code, output and errors of a command, one stream being a pipe nobody reads."""
    out, into = os.pipe()
    os.close(out)
    pipes: dict[str, int] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: into}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "imgrec", *arguments],
            stdout=pipes["stdout"], stderr=pipes["stderr"], text=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        os.close(into)
    return done.returncode, done.stdout or "", done.stderr or ""


def test_a_pipe_that_nobody_reads(photo_store: Path) -> None:
    catalog = ["catalog", "--store", str(photo_store)]
    wrong = ["query", "nothing", "--store", str(photo_store)]
    assert _with_dead_pipe(catalog, "stdout") == (0, "", "")
    # Errors keep their exit code where they cannot be told.
    assert _with_dead_pipe(wrong, "stderr") == (2, "", "")
    assert _with_dead_pipe(["query", "--nonsense"], "stderr") == (2, "", "")


def test_a_run_does_its_work_while_nobody_reads_its_warnings(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "good.jpg").write_bytes((photos / _ASKED).read_bytes())
    (tmp_path / "photos" / "words.jpg").write_bytes(b"words")
    at = ["--store", str(tmp_path / "store"), "--encoder", "mini", "--workers", "0"]
    code, out, _ = _with_dead_pipe(["index", str(tmp_path / "photos"), *at], "stderr")
    assert code == 0
    assert out.startswith("1 picture, 1 failed, 2 new, 2 read (")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_a_full_disk_is_said_for_output_and_ignored_for_warnings(photo_store: Path) -> None:
    catalog = f"catalog --store {photo_store}"
    assert _shell(catalog, ">/dev/full") == (2, "")
    code, out = _shell(catalog, "2>/dev/full")
    assert (code, out.splitlines()[0]) == (0, "24 pictures, 0 failed, 0 missing")


def test_a_machine_without_shared_memory_is_not_warned_of() -> None:
    def warned(_: Namespace) -> None:
        warnings.warn("[Errno 2] No such file.  joblib will operate in serial mode", stacklevel=1)

    assert run("imgrec test", lambda prog: ArgumentParser(prog), warned, []) == 0
