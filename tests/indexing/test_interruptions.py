"""Killed, interrupted and failing runs: the next run gives the store of an uninterrupted one."""

import os
import pkgutil
import random
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from groups import group_ends
from imgrec import (
    Options,
    Store,
    index_folders,
)
from imgrec.indexing.read import Readings, Task
from imgrec.indexing.read_in_workers import readings
from pictures import encoded, picture, write_pictures
from stores import contents, statuses


def test_ctrl_c_keeps_the_pictures_read_so_far(
    photos: Path, photo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(tasks: Iterable[Task], workers: int) -> Generator[Readings]:
        for number, read in enumerate(readings(tasks, workers)):
            if number == 2:
                raise KeyboardInterrupt
            yield read

    options = Options(encoders=("mini",), workers=0, batch_size=5)
    with monkeypatch.context() as patched:
        patched.setattr("imgrec.indexing.reading.readings", interrupted)
        with pytest.raises(KeyboardInterrupt):
            index_folders([photos], tmp_path / "store", options)
    with Store.open(tmp_path / "store") as store:
        assert store.catalog.totals.counts()["ok"] == len(store.feature()) == 10
    assert index_folders([photos], tmp_path / "store", options).done == 14
    assert contents(tmp_path / "store") == contents(photo_store)


@pytest.mark.parametrize("at", ["finished.write_part", "finished.record", "jobs.Result.add"])
def test_ctrl_c_waits_for_the_end_of_a_commit(
    at: str, photos: Path, photo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"imgrec.indexing.{at}"
    module, _, attribute = name.rpartition(".")
    kept = getattr(pkgutil.resolve_name(module), attribute)

    def interrupted(*arguments: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        kept(*arguments)

    options = Options(encoders=("mini",), workers=0, batch_size=5)
    with monkeypatch.context() as patched:
        patched.setattr(name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            index_folders([photos], tmp_path / "store", options)
    with Store.open(tmp_path / "store") as store:
        count = store.catalog.totals.counts()["ok"]
        assert count > 0
        assert len(store.feature("mini")) == len(store.feature("rgb")) == count
    index_folders([photos], tmp_path / "store", options)
    assert contents(tmp_path / "store") == contents(photo_store)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("mount_point", [False, True])
def test_pictures_of_a_vanished_folder_stay_new_and_all_others_are_read(
    workers: int, mount_point: bool, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, staying = tmp_path / "going", tmp_path / "staying"
    write_pictures(going, each=20)
    write_pictures(staying, each=3)
    aside = tmp_path / "aside"

    def vanishing(tasks: Iterable[Task], workers: int) -> Generator[Readings]:
        for number, read in enumerate(readings(tasks, workers)):
            if number == 1 and not aside.exists():
                going.rename(aside)
                if mount_point:
                    going.mkdir()
            yield read

    options = Options(encoders=("mini",), workers=workers, batch_size=4)
    with monkeypatch.context() as patched:
        patched.setattr("imgrec.indexing.reading.readings", vanishing)
        summary = index_folders([going, staying], tmp_path / "store", options)
    assert summary.counts["failed"] == summary.counts["missing"] == 0
    assert summary.counts["new"] > 0
    assert summary.counts["ok"] == summary.done == 69 - summary.counts["new"]
    assert sum(str(going) in line for line in summary.warnings) == 1
    with Store.open(tmp_path / "store") as store:
        waiting = store.catalog.entries(store.catalog.ids("new"))
        assert {entry.root for entry in waiting} == {str(going)}
    if mount_point:
        going.rmdir()
    aside.rename(going)
    assert index_folders([], tmp_path / "store", options).done == len(waiting)
    index_folders([going, staying], tmp_path / "unbroken", options)
    assert contents(tmp_path / "store") == contents(tmp_path / "unbroken")


def test_a_script_without_a_main_guard_gets_an_error_and_no_picture_fails(
    photos: Path, tmp_path: Path
) -> None:
    script = (
        "from imgrec import Options, index_folders\n"
        f"index_folders([{str(photos)!r}], {str(tmp_path / 'store')!r}, "
        "Options(encoders=('mini',), workers=2))\n"
    )
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, str(tmp_path / "script.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "worker processes cannot be started" in done.stderr
    with Store.open(tmp_path / "store") as store:
        assert store.catalog.totals.counts() == {
            "new": 24,
            "ok": 0,
            "failed": 0,
            "missing": 0,
            "left-out": 0,
        }


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", each=400)
    command = [sys.executable, "-m", "imgrec.index", str(tmp_path / "photos"), "--store"]
    run = subprocess.Popen(
        [*command, str(tmp_path / "store"), "--encoder", "mini", "--workers", "2"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    while not (tmp_path / "store" / "features" / "rgb").exists():
        time.sleep(0.01)
    # By now the workers run, or start.
    time.sleep(0.3)
    run.kill()
    run.wait()
    assert group_ends(run.pid)


@pytest.mark.parametrize("each", [5, 25])
def test_a_dying_worker_fails_only_one_file(
    each: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "photos"
    write_pictures(folder, each=each)
    (folder / "killer.jpg").write_bytes(encoded(picture("discs", 1, (31, 17)), "JPEG"))
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, imgrec.indexing.read as extract\n"
        "kept = extract.decode\n"
        "def dying(*arguments, **named):\n"
        "    picture = kept(*arguments, **named)\n"
        "    if (picture.width, picture.height) == (31, 17): os._exit(9)\n"
        "    return picture\n"
        "extract.decode = dying\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    options = Options(encoders=("mini",), workers=2, batch_size=8)
    summary = index_folders([folder], tmp_path / "store", options)
    assert summary.counts == {"new": 0, "ok": 3 * each, "failed": 1, "missing": 0, "left-out": 0}
    assert statuses(tmp_path / "store")["killer.jpg"] == "crashed"


def test_a_timeout_fails_only_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "photos"
    write_pictures(folder, each=10)
    for name in ("first.jpg", "last.jpg"):
        (folder / name).write_bytes(encoded(picture("discs", 1, (31, 17)), "JPEG"))
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import time, imgrec.indexing.read as extract\n"
        "kept = extract.decode\n"
        "def endless(*arguments, **named):\n"
        "    picture = kept(*arguments, **named)\n"
        "    while (picture.width, picture.height) == (31, 17): time.sleep(1)\n"
        "    return picture\n"
        "extract.decode = endless\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    options = Options(encoders=("mini",), workers=2, batch_size=8, timeout_s=3.0)
    summary = index_folders([folder], tmp_path / "store", options)
    assert summary.counts == {"new": 0, "ok": 30, "failed": 2, "missing": 0, "left-out": 0}
    found = statuses(tmp_path / "store")
    assert found["first.jpg"] == found["last.jpg"] == "timeout"
    assert any("no end after 3 s" in line for line in summary.warnings)


_SMALL_PARTS = """
import argparse, resource, sys
from imgrec import Options, index_folders
from imgrec.commands import run
rows, most = map(int, sys.argv[1:3])
folder, store = sys.argv[3:]
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
def index(arguments):
    index_folders([folder], store, Options(("mini",), workers=0, part_rows=rows))
sys.exit(run("imgrec index", lambda prog: argparse.ArgumentParser(prog), index, []))
"""


class SmallParts:
    """Runs of `imgrec index` over 300 pictures with small parts, each in a process of its own."""

    def __init__(self, work: Path, rows: int) -> None:
        self._work, self._rows = work, rows
        for number in range(300):
            path = work / "photos" / f"{number // 50}" / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            data = encoded(picture("discs", number, (40, 30)), "JPEG")
            path.write_bytes(data if number % 17 else b"no")
        (work / "small_parts.py").write_text(_SMALL_PARTS)

    def start(self, store: str, most: int = 0) -> "subprocess.Popen[bytes]":
        """Start a run that can write at most `most` bytes into a file; 0 for no limit."""
        command = [sys.executable, str(self._work / "small_parts.py"), str(self._rows), str(most)]
        command += [str(self._work / "photos"), str(self._work / store)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def run(self, store: str, most: int = 0) -> tuple[int, str]:
        """Wait for such a run; return its exit code and the last line it printed."""
        run = self.start(store, most)
        said = run.communicate()[1].decode()
        return run.returncode, said.splitlines()[-1] if said else ""


def test_runs_killed_at_random_moments_end_in_the_same_store(tmp_path: Path) -> None:
    runs = SmallParts(tmp_path, rows=20)
    assert runs.run("unbroken")[0] == 0
    rng = random.Random(0)
    killed = 0
    for _ in range(12):
        run = runs.start("broken")
        catalog = tmp_path / "broken" / "catalog.sqlite"
        while not catalog.exists() and run.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.25))
        run.send_signal(signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
        run.communicate()
    assert killed >= 3
    assert runs.run("broken")[0] == 0
    assert contents(tmp_path / "broken") == contents(tmp_path / "unbroken")
    assert not list((tmp_path / "broken").rglob(".tmp-*"))


def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    runs = SmallParts(tmp_path, rows=300)
    assert runs.run("unbroken")[0] == 0
    where = {20_000: "catalog.sqlite", 60_000: "the catalog", 120_000: "the catalog",
             800_000: "features/rgb/part-000000"}  # fmt: skip
    for most, place in where.items():
        code, said = runs.run("broken", most)
        assert code == 2
        assert said.startswith("imgrec index: ")
        assert place in said
    # The pictures are in the catalog, and their vectors are not written.
    with Store.open(tmp_path / "broken") as store:
        assert (store.catalog.totals.counts()["ok"], len(store.feature("rgb"))) == (282, 0)
    assert runs.run("broken")[0] == 0
    assert contents(tmp_path / "broken") == contents(tmp_path / "unbroken")
    assert not list((tmp_path / "broken").rglob(".tmp-*"))


@pytest.mark.parametrize(("times", "wait_s"), [(1, 0.0), (3, 0.1), (3, 0.8)])
def test_ctrl_c_prints_one_line_and_exits_130(times: int, wait_s: float, tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", each=700)
    command = [sys.executable, "-m", "imgrec.index", str(tmp_path / "photos"), "--store"]
    run = subprocess.Popen(
        [*command, str(tmp_path / "store"), "--encoder", "mini", "--workers", "2"],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not (tmp_path / "store" / "features" / "rgb").exists():
        time.sleep(0.01)
    time.sleep(wait_s)
    for _ in range(times):
        # A terminal sends SIGINT to the whole process group, so to the workers too.
        os.killpg(run.pid, signal.SIGINT)
        time.sleep(0.05)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert b"Traceback" not in err
    assert b"continues where it was" in err
    assert group_ends(run.pid)
