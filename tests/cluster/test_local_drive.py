"""Crews that work into a store of this machine give the store of a run without them."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from imgrec import ImgrecError, Store, StoreError, Summary, index_folders
from imgrec.cluster.crew import CrewOptions, PartDone
from imgrec.cluster.drive import one_crew
from imgrec.cluster.local_drive import LocalRead, LocalTarget
from imgrec.collection.digest import catalog_digest
from imgrec.encoders.spec import Encoder
from imgrec.remote.manifest import Entry
from imgrec.remote.places import by_unit
from killed_driver import KILLED, OPTIONS
from pictures import write_pictures

pytest.importorskip("obstore", reason="needs obstore, of the extra scale")

_OWN = {"catalog.sqlite", "catalog.sqlite-shm", "catalog.sqlite-wal", "lock"}


def _files(store: Path) -> dict[str, bytes]:
    found = {path.relative_to(store).as_posix(): path for path in store.rglob("*")}
    return {
        name: path.read_bytes()
        for name, path in found.items()
        if path.is_file() and name not in _OWN
    }


def _are_equal(store: Path, expected: Path) -> None:
    assert not (store / "cluster").exists()
    assert _files(store) == _files(expected)
    with Store.open(store) as mine, Store.open(expected) as theirs:
        assert catalog_digest(mine.catalog) == catalog_digest(theirs.catalog)


class _Crews:
    """One crew that works off the jobs in an order of its own, and may stop.

    Attributes:
        numbers: of the jobs that it was given, in all calls.
    """

    def __init__(self, *, backwards: bool = False, most: int = 99) -> None:
        self.numbers: list[int] = []
        self._backwards, self._most = backwards, most

    def __call__(
        self,
        url: str,
        plan_id: str,
        numbers: Sequence[int],
        options: CrewOptions,
        encoders: Mapping[str, Encoder] | None,
    ) -> Generator[PartDone]:
        self.numbers += numbers
        wanted = numbers[::-1] if self._backwards else numbers
        yield from one_crew(url, plan_id, wanted[: self._most], options, encoders)
        if len(wanted) > self._most:
            raise ImgrecError("the power is out")


def _indexed(photos: Path, store: Path, crews: _Crews) -> Summary:
    return index_folders([photos], store, OPTIONS, LocalRead(crews))


@pytest.fixture(scope="module")
def expected(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index `photos` by `OPTIONS` without crews."""
    store = tmp_path_factory.mktemp("expected") / "store"
    index_folders([photos], store, OPTIONS)
    return store


@pytest.mark.parametrize("backwards", [False, True])
def test_the_store_is_that_of_a_run_without_crews(
    backwards: bool, photos: Path, expected: Path, tmp_path: Path
) -> None:
    summary = _indexed(photos, tmp_path / "store", _Crews(backwards=backwards))
    assert (summary.done, summary.new, summary.counts["ok"]) == (24, 24, 24)
    assert not summary.warnings
    _are_equal(tmp_path / "store", expected)
    again = _Crews()
    assert _indexed(photos, tmp_path / "store", again).done == 0
    assert not again.numbers


def test_a_file_system_without_links_gets_copies(
    photos: Path, expected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr("imgrec.cluster.local_drive.os.link", refused)
    _indexed(photos, tmp_path / "store", _Crews())
    _are_equal(tmp_path / "store", expected)


def _stopped_twice(photos: Path, store: Path, waiting: int) -> None:
    """Index until two parts are in the store, and then until so many of the last are done."""
    with pytest.raises(ImgrecError, match="power"):
        _indexed(photos, store, _Crews(most=2))
    # They wait for the third.
    with pytest.raises(ImgrecError, match="power"):
        _indexed(photos, store, _Crews(backwards=True, most=waiting))


def test_what_was_done_before_a_stop_is_not_done_again(
    photos: Path, expected: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    _stopped_twice(photos, store, 5)
    last = _Crews()
    summary = _indexed(photos, store, last)
    assert last.numbers == [2]
    assert summary.done == 3
    _are_equal(store, expected)


def test_a_picture_that_changed_since_is_read_anew(tmp_path: Path) -> None:
    photos, store = tmp_path / "photos", tmp_path / "store"
    write_pictures(photos)
    with pytest.raises(ImgrecError, match="power"):
        _indexed(photos, store, _Crews(backwards=True, most=5))
    changed = sorted(photos.rglob("*.jpg"))[-1]
    changed.write_bytes(changed.read_bytes() + b"\0")
    _indexed(photos, store, _Crews())
    index_folders([photos], tmp_path / "anew", replace(OPTIONS, part_rows=24))
    with Store.open(store) as mine, Store.open(tmp_path / "anew") as theirs:
        assert _by_place(mine) == _by_place(theirs)


def _by_place(store: Store) -> dict[str, tuple[str, bytes]]:
    feature = store.feature("mini")
    rows = {i: feature.take(np.array([i]))[0].tobytes() for i in feature.ids.tolist()}
    entries = store.catalog.entries(store.catalog.ids("ok"))
    return {entry.path: (entry.digest, rows[entry.id]) for entry in entries}


def test_a_run_without_crews_goes_on_with_the_store_of_one_that_stopped(
    photos: Path, expected: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    with pytest.raises(ImgrecError, match="power"):
        _indexed(photos, store, _Crews(most=3))
    (store / "cluster" / "notes.txt").write_text("of the user")
    summary = index_folders([photos], store, OPTIONS)
    assert summary.warnings == [
        f"{store}/cluster could not be deleted, and is needed no more: delete it"
    ]
    assert [path.name for path in (store / "cluster").iterdir()] == ["notes.txt"]
    (store / "cluster" / "notes.txt").unlink()
    assert index_folders([photos], store, OPTIONS).warnings == []
    _are_equal(store, expected)


def test_results_that_did_not_come_are_told(photos: Path, tmp_path: Path) -> None:
    def losing(url: str, plan_id: str, *others: object) -> Generator[PartDone]:
        for part in one_crew(url, plan_id, *others):  # type: ignore[arg-type]
            if part.number == 3:
                Path(url.removeprefix("file://"), f"jobs/{plan_id}/parts/part-000003.json").unlink()
            yield part

    with pytest.raises(ImgrecError, match=r"1 part did not come to .*: every machine"):
        index_folders([photos], tmp_path / "store", OPTIONS, LocalRead(losing))


def test_a_result_that_is_not_what_was_written_is_refused(photos: Path, tmp_path: Path) -> None:
    def spoiling(url: str, *others: object) -> Generator[PartDone]:
        for part in one_crew(url, *others):  # type: ignore[arg-type]
            for blob in Path(url.removeprefix("file://"), "blobs").rglob("*"):
                if blob.is_file():
                    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
            yield part

    with pytest.raises(StoreError, match=r"is not (what was written|the content)"):
        index_folders([photos], tmp_path / "store", OPTIONS, LocalRead(spoiling))


def _stopped_in_a_part(photos: Path, store: Path, parts: int) -> None:
    """Index until so many parts are there, and of the next one the first output."""
    add, done = LocalTarget.add, []

    def half(target: LocalTarget, files: Mapping[str, Entry]) -> None:
        if len(done) == parts:
            add(target, next(iter(by_unit(files).values())))
            raise KeyboardInterrupt
        add(target, files)
        done.append(files)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(LocalTarget, "add", half)
        _indexed(photos, store, _Crews())
    assert len(list((store / "thumbs").glob("part-*"))) == parts


@pytest.mark.parametrize("parts", [0, 3])
def test_what_is_lacking_of_a_part_is_brought_by_the_next_run(
    parts: int, photos: Path, expected: Path, tmp_path: Path
) -> None:
    _stopped_in_a_part(photos, tmp_path / "store", parts)
    _indexed(photos, tmp_path / "store", _Crews())
    _are_equal(tmp_path / "store", expected)


def _lost(file: Path) -> None:
    file.unlink()


def _emptied(file: Path) -> None:
    # Not in place: a part of the store may be the same file.
    file.unlink()
    file.touch()


def _flipped(file: Path) -> None:
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def _damage(exchange: Path, of: str, damaged: Callable[[Path], None]) -> None:
    files = [file for file in exchange.glob(of) if file.is_file()]
    assert files
    for file in files:
        damaged(file)


# Of a job that is not done the size alone is compared.
_DAMAGE = [
    *product(["blobs/*/*", "jobs/*/parts/*", "jobs/*/plan*"], [_lost, _emptied, _flipped]),
    *product(["jobs/*/files-*"], [_lost, _emptied]),
]


@pytest.mark.parametrize(("of", "damaged"), _DAMAGE)
def test_damage_of_what_a_killed_run_left_is_mended(
    of: str, damaged: Callable[[Path], None], photos: Path, expected: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    _stopped_twice(photos, store, 3)
    _damage(store / "cluster", of, damaged)
    summary = _indexed(photos, store, _Crews())
    _are_equal(store, expected)
    told = f"what a run that was killed left in {store}/cluster is damaged: it is done anew"
    assert summary.warnings in ([told], [])
    assert summary.done in (18, 9)


@pytest.mark.parametrize(("of", "damaged"), _DAMAGE)
def test_half_a_part_is_made_anew_if_its_rest_is_damaged(
    of: str, damaged: Callable[[Path], None], photos: Path, expected: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    _stopped_in_a_part(photos, store, 1)
    _damage(store / "cluster", of, damaged)
    _indexed(photos, store, _Crews())
    assert not (store / "cluster").exists()
    with Store.open(store) as mine, Store.open(expected) as theirs:
        assert _by_place(mine) == _by_place(theirs)
        assert catalog_digest(mine.catalog) == catalog_digest(theirs.catalog)


def test_a_damaged_part_is_made_anew_though_its_blobs_are_the_same_files(
    photos: Path, expected: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    with pytest.raises(ImgrecError, match="power"):
        _indexed(photos, store, _Crews(most=3))
    vectors = store / "features" / "mini" / "part-000001" / "vectors.npy"
    assert vectors.stat().st_nlink > 1
    vectors.write_bytes(vectors.read_bytes()[:-1])
    summary = _indexed(photos, store, _Crews())
    assert any("was damaged" in line for line in summary.warnings)
    with Store.open(store) as mine, Store.open(expected) as theirs:
        assert _by_place(mine) == _by_place(theirs)


def test_a_driver_that_is_killed_anywhere_makes_the_same_store(
    photos: Path, expected: Path, tmp_path: Path
) -> None:
    chance, killed = random.Random(19), 0
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    script = Path(__file__).parents[1] / "helpers" / "killed_driver.py"
    run = partial(subprocess.run, env=environment, capture_output=True, text=True, check=False)
    while True:
        after = chance.randrange(10, 70)
        done = run([sys.executable, str(script), str(after), str(photos), str(tmp_path / "store")])
        if done.returncode == 0:
            break
        assert done.returncode == KILLED, done.stderr
        killed += 1
        assert killed < 40, "it does not end"
    assert killed > 1
    _are_equal(tmp_path / "store", expected)
