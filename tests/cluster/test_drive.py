"""A run whose store lies in object storage gives the store of a run on one machine."""

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from imgrec import ImgrecError, Store, StoreError, index_folders
from imgrec.cluster.cost import per_million
from imgrec.cluster.drive import index_to, one_crew
from imgrec.cluster.plan import newest_plans
from imgrec.cluster.records import read_record
from imgrec.cluster.working_copy import WorkingCopy
from imgrec.collection.digest import catalog_digest
from imgrec.derived.kept import update_indexes
from imgrec.index import main
from imgrec.objects.errors import LargeObjectError
from imgrec.objects.opening import objects_at
from imgrec.pull import main as pull_main
from imgrec.remote.pull import pull
from imgrec.remote.store import ConflictError, RemoteStore
from imgrec.sources.rules import Rules
from killed_driver import KILLED, OPTIONS
from object_servers import rclone_server
from pictures import write_pictures

pytest.importorskip("obstore", reason="needs obstore, of the extra scale")

# Files of a folder that no copy has: of this machine, or SQLite's own.
_OWN = {"catalog.sqlite", "catalog.sqlite-shm", "catalog.sqlite-wal", "lock", "pulled.json"}


def _files(store: Path) -> dict[str, bytes]:
    found = {path.relative_to(store).as_posix(): path for path in store.rglob("*")}
    return {
        name: path.read_bytes()
        for name, path in found.items()
        if path.is_file() and name not in _OWN
    }


def _is_store_of_one_machine(url: str, expected: Path, tmp_path: Path) -> None:
    pulled = tmp_path / "pulled"
    shutil.rmtree(pulled, ignore_errors=True)
    pull(url, pulled)
    assert _files(pulled) == _files(expected)
    with Store.open(pulled) as mine, Store.open(expected) as theirs:
        assert catalog_digest(mine.catalog) == catalog_digest(theirs.catalog)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file://{tmp_path / 'objects'}"


@pytest.fixture(scope="module")
def expected(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index `photos` by `OPTIONS` on one machine."""
    store = tmp_path_factory.mktemp("expected") / "store"
    index_folders([photos], store, OPTIONS)
    return store


def test_the_store_is_that_of_one_machine(
    photos: Path, url: str, expected: Path, tmp_path: Path
) -> None:
    summary = index_to([str(photos)], url, OPTIONS, work=tmp_path / "work")
    assert (summary.done, summary.new, summary.counts["ok"]) == (24, 24, 24)
    _is_store_of_one_machine(url, expected, tmp_path)
    # The working copy is a pulled store.
    assert _files(tmp_path / "work") == _files(expected)
    before = RemoteStore.open(url).manifest
    assert (before.cost["pictures"], before.cost["bytes_read"] > 1000) == (24, True)
    assert per_million(before.cost)["writes"] > 1_000_000
    again = index_to([str(photos)], url, OPTIONS, work=tmp_path / "another")
    assert again.done == 0
    assert RemoteStore.open(url).manifest == before


def test_the_store_is_the_same_in_a_bucket(
    photos: Path, bucket: str, expected: Path, tmp_path: Path
) -> None:
    url = f"s3://{bucket}/some/store"
    options = replace(OPTIONS, workers=2)
    assert index_to([str(photos)], url, options, work=tmp_path / "work").done == 24
    _is_store_of_one_machine(url, expected, tmp_path)


def test_a_driver_that_is_killed_anywhere_reads_nothing_twice(
    photos: Path, url: str, expected: Path, tmp_path: Path
) -> None:
    chance = random.Random(19)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = 0
    while True:
        # 24 pictures in 8 jobs are some 300 requests.
        after = chance.randrange(20, 120)
        script = Path(__file__).parents[1] / "helpers" / "killed_driver.py"
        # Now and then on another machine.
        work = tmp_path / f"work-{chance.randrange(2)}"
        command = [sys.executable, str(script), str(after), str(photos), url, str(work)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            break
        assert done.returncode == KILLED, done.stderr
        killed += 1
    assert killed > 1
    _is_store_of_one_machine(url, expected, tmp_path)
    objects = objects_at(url)
    (plan,) = newest_plans(objects)
    records = [read_record(objects, plan.id, number) for number in plan.numbers]
    assert sum(record.pictures for record in records if record) == 24


@pytest.mark.parametrize("lean", [False, True])
def test_what_was_applied_and_not_committed_leaves_nothing_behind(
    lean: bool, photos: Path, url: str, expected: Path, tmp_path: Path
) -> None:
    commit = WorkingCopy.commit

    def stopping(self: WorkingCopy, store: Store) -> None:
        if self._added:
            raise ImgrecError("the power is out")
        commit(self, store)

    work = tmp_path / "work"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WorkingCopy, "commit", stopping)
        with pytest.raises(ImgrecError, match="power"):
            index_to([str(photos)], url, OPTIONS, work=work, lean=lean)
    assert (work / "thumbs" / "part-000000").is_dir()
    assert index_to([str(photos)], url, OPTIONS, work=work, lean=lean).done == 0
    assert not (work / "damaged").exists()
    assert lean or _files(work) == _files(expected)
    _is_store_of_one_machine(url, expected, tmp_path)


def test_two_drivers_at_once_make_one_store(
    photos: Path, url: str, expected: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    script = Path(__file__).parents[1] / "helpers" / "killed_driver.py"
    drivers = [
        subprocess.Popen(
            [sys.executable, str(script), "-1", str(photos), url, str(tmp_path / name)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    ends = [(driver.communicate()[1], driver.returncode) for driver in drivers]
    assert [code for _, code in ends] == [0, 0], ends
    _is_store_of_one_machine(url, expected, tmp_path)
    assert not list(objects_at(url).list("jobs/other"))


def test_what_is_done_of_a_run_that_stopped_is_not_done_again_when_the_source_has_grown(
    url: str, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    write_pictures(photos)

    def stopping(*arguments: object) -> object:
        for count, part in enumerate(one_crew(*arguments)):  # type: ignore[arg-type]
            if count == 3:
                raise ImgrecError("the power is out")
            yield part

    with pytest.raises(ImgrecError, match="power"):
        index_to([str(photos)], url, OPTIONS, work=tmp_path / "work", crews=stopping)  # type: ignore[arg-type]
    added = sorted(photos.rglob("*.jpg"))[0]
    (photos / "aaa.jpg").write_bytes(added.read_bytes() + b"\0")
    read: list[str] = []

    def counting(*arguments: object) -> object:
        for part in one_crew(*arguments):  # type: ignore[arg-type]
            read.extend([str(part.number)] * part.rows)
            yield part

    other = replace(OPTIONS, batch_size=5)
    index_to([str(photos)], url, other, work=tmp_path / "two", crews=counting)  # type: ignore[arg-type]
    with Store.open(tmp_path / "two") as store:
        assert store.catalog.totals.counts()["ok"] == 25
        assert len(store.feature("mini")) == 25
    # Three or four jobs of three pictures were done, and one was added.
    assert len(read) <= 25 - 9


def test_work_of_a_store_of_its_own_is_refused(photos: Path, url: str, tmp_path: Path) -> None:
    index_folders([photos], tmp_path / "own", OPTIONS)
    before = _files(tmp_path / "own")
    with pytest.raises(StoreError, match="is a store of its own, no working copy of"):
        index_to([str(photos)], url, OPTIONS, work=tmp_path / "own")
    assert _files(tmp_path / "own") == before


def test_storage_that_overwrites_is_told_to_have_one_committer(
    photos: Path, expected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rclone_server(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        url = f"s3://{server.new_bucket()}/store"
        summary = index_to([str(photos)], url, OPTIONS, work=tmp_path / "work")
        assert any("one run at a time" in line for line in summary.warnings)
        _is_store_of_one_machine(url, expected, tmp_path)


def test_the_command_takes_an_address_for_the_store(
    photos: Path, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(photos), "--store", url, "--encoder", "mini", "--quiet", "--workers", "0"]
    assert main([*arguments, "--work", str(tmp_path / "work")]) == 0
    told = capsys.readouterr().out
    assert "24 pictures, 24 new, 24 read" in told
    cost = RemoteStore.open(url).manifest.cost
    (line,) = (line for line in told.splitlines() if line.startswith("cost of a million"))
    assert f"{cost['reads'] / 24 * 1e6:,.0f} requests" in line
    assert cost["bytes_read"] > sum(p.stat().st_size for p in photos.rglob("*") if p.is_file())
    assert pull_main([url, str(tmp_path / "pulled"), "--quiet"]) == 0
    assert line in capsys.readouterr().out.splitlines()
    assert main([str(photos), "--store", str(tmp_path / "x"), "--work", str(tmp_path / "y")]) == 2
    assert "--work is for a store in object storage" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([str(photos), "--store", "s3://"])
    assert "names no bucket" in capsys.readouterr().err


def test_pictures_that_moved_are_relocated_in_object_storage_too(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pictures(tmp_path / "old")
    store = ["--store", url, "--work", str(tmp_path / "work"), "--quiet", "--workers", "0"]
    assert main([str(tmp_path / "old"), "--encoder", "mini", *store]) == 0
    (tmp_path / "old").rename(tmp_path / "new")
    capsys.readouterr()
    move = ["--relocate", str(tmp_path / "old"), str(tmp_path / "new")]
    assert main([*move, *store]) == 0
    assert "24 pictures, 24 of 24 looked for are there" in capsys.readouterr().out
    pull(url, tmp_path / "pulled")
    with Store.open(tmp_path / "pulled") as opened:
        assert opened.catalog.held_roots() == [str(tmp_path / "new")]


def test_a_commit_of_a_state_that_others_left_behind_is_refused(
    photos: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_to([str(photos)], url, OPTIONS, work=tmp_path / "one")

    def overtaken(*arguments: Any, **named: Any) -> Any:
        done = pull(*arguments, **named)
        remote = RemoteStore.open(url)
        remote.commit({"relations/x/x.json": remote.put_blob(b"{}")})
        return done

    monkeypatch.setattr("imgrec.cluster.working_copy.pull", overtaken)
    copy = WorkingCopy(url, tmp_path / "two")
    with Store.create(tmp_path / "two") as store, store.writing():
        store.set_rules(Rules(exclude=("scans",)))
        with pytest.raises(ConflictError):
            copy.commit(store)
    assert "relations/x/x.json" in RemoteStore.open(url).entries()


def test_pictures_that_memory_did_not_suffice_for_are_read_by_the_next_run(
    photos: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("imgrec.indexing.read.decode", fails)
        for _ in range(3):
            summary = index_to([str(photos)], url, OPTIONS, work=tmp_path / "work")
            assert (summary.unread, summary.counts["new"]) == (24, 24)
    assert index_to([str(photos)], url, OPTIONS, work=tmp_path / "work").counts["ok"] == 24


def test_a_record_of_other_pictures_is_refused(photos: Path, url: str, tmp_path: Path) -> None:
    def exchanged(*arguments: Any) -> Any:
        for part in one_crew(*arguments):
            objects = objects_at(url)
            if part.number == 1:
                key = f"jobs/{arguments[1]}/parts/part-00000{{}}.json"
                first, second = (json.loads(objects.get(key.format(i))[0]) for i in (0, 1))
                objects.put(key.format(1), json.dumps({**second, "rows": first["rows"]}).encode())
            yield part

    with pytest.raises(ImgrecError, match="is none of its pictures"):
        index_to([str(photos)], url, OPTIONS, work=tmp_path / "work", crews=exchanged)


def test_a_lean_working_copy_has_no_vectors_and_makes_the_same_store(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A sketch as of a large store, made of vectors that the copy never has.
    sketching = partial(update_indexes, sketch_values=1)
    monkeypatch.setattr("imgrec.indexing.run.update_indexes", sketching)
    photos, whole, lean = tmp_path / "photos", tmp_path / "whole", tmp_path / "lean"
    write_pictures(photos, 5)
    index_folders([photos], whole, OPTIONS)
    summary = index_to([str(photos)], url, OPTIONS, work=lean, lean=True)
    assert (summary.done, summary.warnings) == (15, [])
    assert [*whole.rglob("sketch/*")]
    names = {path.name for path in lean.rglob("*") if path.is_file()}
    assert not names & {"vectors.npy", "thumbs.bin"}
    _is_store_of_one_machine(url, whole, tmp_path)
    write_pictures(photos, 8)
    index_folders([photos], whole, OPTIONS)
    assert index_to([str(photos)], url, OPTIONS, work=lean, lean=True).done == 9
    _is_store_of_one_machine(url, whole, tmp_path)
    assert index_to([str(photos)], url, OPTIONS, work=lean, lean=True).done == 0
    # What was lean becomes whole where that is asked for.
    assert index_to([], url, OPTIONS, work=lean).done == 0
    assert _files(lean) == _files(whole)
    assert index_to([], url, OPTIONS, work=lean, lean=True).done == 0
    _is_store_of_one_machine(url, whole, tmp_path)


def test_a_plan_that_is_said_to_be_huge_is_not_read(url: str, tmp_path: Path) -> None:
    RemoteStore.create(url)
    plan_id = "0" * 32
    objects_at(url).create(f"plans/{1:010d}-{plan_id}.json", b"{}")
    plan = tmp_path / "objects" / "jobs" / plan_id / "plan.json"
    plan.parent.mkdir(parents=True)
    with plan.open("wb") as file:
        file.truncate(1 << 29)
    with pytest.raises(LargeObjectError, match="it is not read"):
        newest_plans(objects_at(url))
