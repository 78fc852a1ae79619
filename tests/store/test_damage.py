"""Damage to each file of a store is detected, named, and repaired by the next run; ids are kept."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgrec import Store, StoreError, index_folders
from imgrec.collection.integrity import catalog_problem
from imgrec.doctor import main as doctor
from imgrec.index import main as index
from imgrec.store.damage import Output, digest_problem, outputs_of, part_problem
from imgrec.store.manifest import writing_lock
from imgrec.store.parts import read_manifest, write_part
from imgrec.store.restore import restore
from pictures import picture, write_pictures
from stores import HERE, contents, statuses

VECTORS = "features/mini/part-000000/vectors.npy"
THUMBS = "thumbs/part-000000/thumbs.bin"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with `photos` and a `store` of them, which tests must not change."""
    folder = tmp_path_factory.mktemp("sound")
    write_pictures(folder / "photos", each=3)
    index_folders([folder / "photos"], folder / "store", HERE)
    return folder


@pytest.fixture
def store(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound / "store", tmp_path / "store"))


def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def clear(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


DAMAGE: dict[str, Callable[[Path], None]] = {
    "flipped": flip, "cut": cut, "cleared": clear, "deleted": Path.unlink
}  # fmt: skip

FILES = (
    VECTORS,
    THUMBS,
    "features/rgb/part-000000/ids.npy",
    "thumbs/part-000000/offsets.npy",
    "thumbs/part-000000/pictures.json",
    "features/mini/part-000000/part.json",
)
SPOILT = [(name, how) for name in FILES for how in DAMAGE]


def again(store: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run `imgrec index` on a store; return its warnings."""
    capsys.readouterr()
    assert index(["--store", str(store), "--workers", "0"]) == 0
    return capsys.readouterr().err


class TestParts:
    """Parts of vectors and thumbnails."""

    @pytest.mark.parametrize(("name", "how"), SPOILT)
    def test_a_damaged_part_is_named_and_computed_again(
        self, name: str, how: str, sound: Path, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        DAMAGE[how](store / name)
        part = Path(name).parent
        assert doctor(["--store", str(store)]) == 1
        line, counts = capsys.readouterr().out.splitlines()
        assert line.startswith(f"error    {part}: {Path(name).name} ")
        assert ", 1 error, 0 warnings, " in counts
        err = again(store, capsys)
        assert f"{store / part} was damaged ({Path(name).name} " in err
        assert contents(store) == contents(sound / "store")
        assert (store / "damaged" / part).is_dir()
        assert doctor(["--store", str(store)]) == 0

    @pytest.mark.parametrize(("name", "others"), [(VECTORS, [THUMBS]), (THUMBS, [VECTORS])])
    def test_the_other_parts_are_not_changed(
        self, name: str, others: list[str], store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        others = [*others, "features/rgb/part-000000/vectors.npy"]
        before = [(store / other).stat() for other in others]
        cut(store / name)
        again(store, capsys)
        assert [(store / other).stat().st_mtime_ns for other in others] == [
            state.st_mtime_ns for state in before
        ]

    def test_a_part_named_in_damaged_json_is_verified_before_it_is_replaced(
        self, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A run checks only the size of a large file, unless the doctor has named its part."""
        big = store / "features/rgb/part-000000/vectors.npy"
        flip(store / THUMBS, 100)
        part = (store / THUMBS).parent
        output = Output("thumbs", store / "thumbs")
        assert big.stat().st_size < 1 << 16 or part_problem(output, part) is None
        (store / "damaged.json").write_text('{"parts": ["features/mini/part-000000"]}')
        err = again(store, capsys)
        assert "features/mini/part-000000 was damaged" not in err
        assert not (store / "damaged.json").exists()

    def test_offline_pictures_of_a_damaged_part_are_computed_later(
        self, sound: Path, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cut(store / VECTORS)
        (sound / "photos").rename(sound / "unplugged")
        try:
            assert "its pictures stay as they are" in again(store, capsys)
            with Store.open(store) as opened:
                assert (len(opened.feature("mini")), len(opened.feature("rgb"))) == (0, 9)
        finally:
            (sound / "unplugged").rename(sound / "photos")
        again(store, capsys)
        assert contents(store) == contents(sound / "store")

    def test_errors_of_readers_name_the_part_and_the_repair(self, store: Path) -> None:
        cut(store / VECTORS)
        with Store.open(store) as opened, pytest.raises(StoreError) as caught:
            opened.feature("mini")
        assert "part-000000" in str(caught.value) and "run imgrec index" in str(caught.value)

    def test_damaged_classes_are_found_like_other_parts(self, tmp_path: Path) -> None:
        folder = tmp_path / "classes" / "resnet50"
        arrays: dict[str, Any] = {
            "ids.npy": np.arange(1, 4), "top.npy": np.zeros((3, 5), np.int16),
            "probabilities.npy": np.full((3, 5), 0.2, np.float32),
        }  # fmt: skip
        write_part(folder, 0, arrays)
        write_part(folder, 1, {**arrays, "top.npy": np.zeros((2, 5), np.int16)})
        (output,) = outputs_of(tmp_path)
        problems = [part_problem(output, part) for part in output.parts()]
        assert problems == [None, "top.npy has shape (2, 5), (3, k) expected"]

    def test_the_checksums_equal_those_of_the_files(self, store: Path) -> None:
        import hashlib

        part = (store / VECTORS).parent
        manifest = read_manifest(part)
        assert manifest
        for name, told in manifest["files"].items():
            data = (part / name).read_bytes()
            assert told == {
                "bytes": len(data),
                "blake2b": hashlib.blake2b(data, digest_size=16).hexdigest(),
            }
        assert manifest["feature"] == json.loads((part.parent / "feature.json").read_text())
        assert digest_problem(part) is None


class TestDescriptions:
    """Damage to feature.json and store.json."""

    @pytest.mark.parametrize("how", ["cut", "cleared", "deleted", "another"])
    def test_feature_json_is_restored_from_the_parts(
        self, how: str, sound: Path, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = store / "features" / "mini" / "feature.json"
        before = path.read_text()
        if how == "another":
            path.write_text(before.replace('"version": ', '"version": 9'))
        else:
            DAMAGE[how](path)
            path.write_text("{") if how == "cut" else None
        assert doctor(["--store", str(store)]) == 1
        assert "features/mini/feature.json" in capsys.readouterr().out
        assert "written anew, from what its parts say" in again(store, capsys)
        assert path.read_text() == before
        assert contents(store) == contents(sound / "store")

    def test_a_feature_that_no_part_describes_is_set_aside(
        self, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (store / "features/mini/part-000000/part.json").unlink()
        clear(store / "features" / "mini" / "feature.json")
        assert "nothing else says how the vectors were made" in again(store, capsys)
        assert (store / "damaged/features/mini/part-000000").is_dir()

    def test_classes_without_category_names_are_set_aside(
        self, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        arrays: dict[str, Any] = {
            "ids.npy": np.arange(1, 4), "top.npy": np.zeros((3, 5), np.int16),
            "probabilities.npy": np.full((3, 5), 0.2, np.float32),
        }  # fmt: skip
        write_part(store / "classes" / "resnet50", 0, arrays)
        (store / "classes" / "resnet50" / "classes.json").write_text("{")
        assert doctor(["--store", str(store)]) == 1
        assert "classes/resnet50/classes.json" in capsys.readouterr().out
        assert "classes/resnet50 was damaged" in again(store, capsys)
        assert (store / "damaged/classes/resnet50/part-000000").is_dir()

    @pytest.mark.parametrize("how", ["cleared", "deleted"])
    def test_store_json_is_written_again(
        self, how: str, sound: Path, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        DAMAGE[how](store / "store.json")
        assert doctor(["--store", str(store)]) == 1
        assert "store.json was lost or damaged" in again(store, capsys)
        assert contents(store) == contents(sound / "store")
        with Store.open(store) as opened:
            assert opened.encoder == "mini"

    def test_a_store_of_another_format_is_not_changed(self, store: Path) -> None:
        (store / "store.json").write_text('{"format": 2, "written_by": "imgrec 9"}')
        (store / "catalog.sqlite").unlink()
        with pytest.raises(StoreError, match="format 2"):
            index_folders([], store, HERE)
        assert not (store / "catalog.sqlite").exists()


class TestCatalog:
    """The SQLite file is rebuilt from the descriptions in the parts, with the same ids."""

    @pytest.mark.parametrize("how", ["cut", "cleared", "deleted", "emptied"])
    def test_the_catalog_is_rebuilt_without_reading_pictures(
        self, how: str, sound: Path, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = store / "catalog.sqlite"
        if how == "emptied":
            path.write_bytes(b"")
        elif how == "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        else:
            DAMAGE[how](path)
        assert doctor(["--store", str(store)]) == 1
        assert "the catalog catalog.sqlite is damaged" in capsys.readouterr().out
        with pytest.raises(StoreError, match=r"run imgrec index"):
            Store.open(store)
        assert index(["--store", str(store), "--workers", "0"]) == 0
        out, err = capsys.readouterr()
        assert "made again with 9 pictures under their ids" in err
        assert "9 pictures, nothing new, " in out
        assert contents(store) == contents(sound / "store")
        assert path.with_name("catalog.sqlite.damaged-1").exists() == (how != "deleted")
        assert doctor(["--store", str(store)]) == 0

    def test_flipped_bits_anywhere_are_repaired_or_harmless(
        self, sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Damage that the doctor detects is repaired, and no command ends in a traceback."""
        wanted, rng = contents(sound / "store"), random.Random(5)
        for number in range(12):
            store = Path(shutil.copytree(sound / "store", tmp_path / str(number)))
            size = (store / "catalog.sqlite").stat().st_size
            flip(store / "catalog.sqlite", rng.randrange(size))
            found = doctor(["--store", str(store)])
            for _ in range(2):
                code = index(["--store", str(store), "--workers", "0"])
                assert code in (0, 2)
            assert code == 0
            assert found == 0 or contents(store) == wanted
            assert doctor(["--store", str(store)]) == 0
        capsys.readouterr()

    def test_a_flip_in_the_name_of_a_column(self, sound: Path, store: Path) -> None:
        path = store / "catalog.sqlite"
        path.write_bytes(path.read_bytes().replace(b"reason TEXT", b"reasoo TEXT"))
        assert catalog_problem(path) == "its table images is not as imgrec makes it"
        index_folders([], store, HERE)
        assert contents(store) == contents(sound / "store")

    def test_changes_after_the_parts_were_written_are_detected(self, tmp_path: Path) -> None:
        folder, store = tmp_path / "photos", tmp_path / "store"
        write_pictures(folder, each=3)
        index_folders([folder], store, HERE)
        with Store.open(store) as opened:
            ids = {e.path: e.id for e in opened.catalog.entries(opened.catalog.ids("ok"))}
        (folder / "discs" / "000.jpg").rename(folder / "moved.jpg")
        # The parts contain its old path.
        index_folders([], store, HERE)
        (folder / "discs" / "001.jpg").unlink()
        picture("checks", 77).save(folder / "discs" / "002.jpg")
        (store / "catalog.sqlite").unlink()
        summary = index_folders([], store, HERE)
        assert (summary.done, summary.moved, summary.changed, summary.gone) == (1, 1, 1, 1)
        with Store.open(store) as opened:
            now = {e.path: e.id for e in opened.catalog.entries(opened.catalog.ids("ok"))}
        assert now["moved.jpg"] == ids["discs/000.jpg"]
        assert now["discs/002.jpg"] > max(ids.values())
        kept = ids.keys() - {"discs/000.jpg", "discs/001.jpg", "discs/002.jpg"}
        assert {path: now[path] for path in kept} == {path: ids[path] for path in kept}

    def test_pictures_of_an_offline_root_are_restored(
        self, sound: Path, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (store / "catalog.sqlite").unlink()
        (sound / "photos").rename(sound / "unplugged")
        try:
            assert "its pictures stay as they are" in again(store, capsys)
        finally:
            (sound / "unplugged").rename(sound / "photos")
        assert contents(store) == contents(sound / "store")

    def test_a_root_dropped_by_only_is_not_restored(self, tmp_path: Path) -> None:
        from imgrec import Options

        for name in ("one", "two"):
            write_pictures(tmp_path / name, each=1)
        picture("discs", 66).save(tmp_path / "two" / "own.jpg")
        store = tmp_path / "store"
        index_folders([tmp_path / "one"], store, HERE)
        index_folders([tmp_path / "two"], store, Options(("mini",), workers=0, only=True))
        before = statuses(store)
        (store / "catalog.sqlite").unlink()
        index_folders([], store, HERE)
        assert statuses(store) == before

    def test_pictures_that_no_part_describes_are_reported_as_lost(
        self, sound: Path, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("pictures.json", "part.json"):
            (store / "thumbs" / "part-000000" / name).unlink()
        (store / "catalog.sqlite").unlink()
        assert "of 9 pictures no part says which files they are" in again_with(
            sound / "photos", store, capsys
        )
        with Store.open(store) as opened:
            assert opened.catalog.ids("ok").tolist() == list(range(10, 19))
            assert opened.feature("mini").ids.tolist() == list(range(10, 19))
            assert opened.catalog.totals.counts()["missing"] == 9

    def test_the_write_ahead_log_is_set_aside_with_the_catalog(self, store: Path) -> None:
        path = store / "catalog.sqlite"
        clear(path)
        path.with_name("catalog.sqlite-wal").write_bytes(b"the log of it")
        restore(store)
        assert path.with_name("catalog.sqlite.damaged-1-wal").read_bytes() == b"the log of it"
        assert catalog_problem(path, deep=True) is None
        clear(path)
        restore(store)
        assert path.with_name("catalog.sqlite.damaged-2").exists()

    def test_nothing_is_repaired_while_another_run_writes(self, store: Path) -> None:
        clear(store / "catalog.sqlite")
        with writing_lock(store):
            assert restore(store) == []
        assert not (store / "catalog.sqlite.damaged-1").exists()

    def test_a_locked_catalog_is_not_damaged(self, store: Path) -> None:
        db = sqlite3.connect(store / "catalog.sqlite", isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        assert catalog_problem(store / "catalog.sqlite") is None
        db.execute("ROLLBACK")
        db.close()

    def test_a_run_killed_during_the_rebuild_is_repeated(
        self, sound: Path, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        clear(store / "catalog.sqlite")
        with monkeypatch.context() as patched:
            patched.setattr("imgrec.store.restore._set_aside", killed)
            with pytest.raises(KeyboardInterrupt):
                restore(store)
        index_folders([], store, HERE)
        assert contents(store) == contents(sound / "store")
        assert not list(store.glob(".tmp-*"))


def again_with(folder: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    command = [str(folder), "--store", str(store), "--encoder", "mini", "--workers", "0"]
    assert index(command) == 0
    return capsys.readouterr().err
