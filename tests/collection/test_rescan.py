"""Incremental indexing: the rows, ids and vectors after a second run over changed folders."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imgrec import (
    Options,
    PictureError,
    Store,
    StoreError,
    Summary,
    index_folders,
)
from imgrec.collection.matching import FoundFile
from imgrec.pictures.decoding import digest
from imgrec.sources.folder import FolderSource
from pictures import encoded, picture, write_pictures
from stores import HERE, contents

LATER = encoded(picture("discs", 1), "JPEG")


class TestRescan:
    """A second run over a folder in which files were added, changed, moved or removed."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write_pictures(tmp_path / "photos", each=3)
        (tmp_path / "photos" / "bad.jpg").write_bytes(b"x" * len(LATER))
        index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
        return tmp_path / "photos"

    def _again(self, folder: Path, options: Options = HERE) -> Summary:
        return index_folders([folder], folder.parent / "store", options)

    def test_an_unchanged_folder_is_not_read_again(self, folder: Path) -> None:
        before = contents(folder.parent / "store")
        summary = self._again(folder)
        assert (summary.done, summary.new, summary.gone) == (0, 0, 0)
        assert summary.counts == {"new": 0, "ok": 9, "failed": 1, "missing": 0, "left-out": 0}
        assert contents(folder.parent / "store") == before

    def test_an_added_picture_is_indexed(self, folder: Path) -> None:
        picture("discs", 50).save(folder / "discs" / "new.jpg")
        summary = self._again(folder)
        assert (summary.done, summary.new, summary.counts["ok"]) == (1, 1, 10)

    def test_a_touched_file_keeps_its_id_and_vectors(self, folder: Path) -> None:
        os.utime(folder / "discs" / "000.jpg", (1, 1))
        summary = self._again(folder)
        assert (summary.done, summary.new, summary.moved) == (0, 0, 0)

    def test_a_changed_file_is_indexed_under_a_new_id(self, folder: Path) -> None:
        with Store.open(folder.parent / "store") as store:
            old = store.catalog.find_path("discs/000.jpg")
            picture("checks", 60).save(folder / "discs" / "000.jpg")
        summary = self._again(folder)
        assert (summary.done, summary.changed, summary.gone) == (1, 1, 0)
        with Store.open(folder.parent / "store") as store:
            new = store.catalog.find_path("discs/000.jpg")
            assert old and new and new.id != old.id
            assert old.id not in store.feature().ids
            assert new.id in store.feature().ids

    def test_a_removed_file_is_missing_and_keeps_its_id_when_restored(self, folder: Path) -> None:
        before = contents(folder.parent / "store")
        (folder / "discs" / "000.jpg").rename(folder.parent / "aside.jpg")
        summary = self._again(folder)
        assert (summary.gone, summary.counts["missing"], summary.counts["ok"]) == (1, 1, 8)
        (folder.parent / "aside.jpg").rename(folder / "discs" / "000.jpg")
        summary = self._again(folder)
        assert (summary.done, summary.counts["missing"]) == (0, 0)
        assert contents(folder.parent / "store") == before

    def test_a_moved_file_keeps_id_and_vectors_and_changes_its_folder_label(
        self, folder: Path
    ) -> None:
        with Store.open(folder.parent / "store") as store:
            old = store.catalog.find_path("discs/000.jpg")
            assert old
            color = store.catalog.labels.of([old.id])[old.id]["color"]
        (folder / "elsewhere").mkdir()
        (folder / "discs" / "000.jpg").rename(folder / "elsewhere" / "renamed.jpg")
        summary = self._again(folder)
        assert (summary.done, summary.moved, summary.gone, summary.new) == (0, 1, 0, 0)
        with Store.open(folder.parent / "store") as store:
            new = store.catalog.find_path("elsewhere/renamed.jpg")
            assert old and new and new.id == old.id
            assert store.catalog.labels.of([new.id])[new.id] == {
                "folder": "elsewhere",
                "color": color,
            }

    def test_two_files_that_exchange_names_keep_their_vectors(self, folder: Path) -> None:
        a, b, aside = folder / "discs/000.jpg", folder / "checks/001.jpg", folder / "aside"
        before = contents(folder.parent / "store")["vectors"]
        a.rename(aside)
        b.rename(a)
        aside.rename(b)
        summary = self._again(folder)
        assert (summary.done, summary.counts["ok"], summary.counts["missing"]) == (0, 9, 0)
        assert (summary.moved, summary.changed, summary.gone) == (2, 0, 0)
        assert contents(folder.parent / "store")["vectors"] == before

    def test_another_root_is_added_or_with_only_replaces_the_first(self, folder: Path) -> None:
        before = contents(folder.parent / "store")
        other = folder.parent / "other"
        other.mkdir()
        picture("discs", 70).save(other / "a.jpg")
        assert self._again(other).counts["ok"] == 10
        only = Options(encoders=("mini",), workers=0, only=True)
        counts = {"new": 0, "ok": 1, "failed": 0, "missing": 0, "left-out": 10}
        summary = self._again(other, only)
        assert (summary.counts, summary.left_out, summary.gone) == (counts, 10, 0)
        back = self._again(folder, only)
        assert (back.done, back.counts["ok"]) == (0, 9)
        after = contents(folder.parent / "store")
        assert after["vectors"] == before["vectors"]

    def test_a_file_is_not_confused_with_one_of_the_same_name_in_another_root(
        self, tmp_path: Path
    ) -> None:
        for name, color in (("a", "red"), ("b", "blue")):
            (tmp_path / name).mkdir()
            Image.new("RGB", (40, 30), color).save(tmp_path / name / "0.bmp")
            # The files of both roots have the same name, size and modification time.
            os.utime(tmp_path / name / "0.bmp", (1, 1))
        only = Options(encoders=("mini",), workers=0, only=True)
        index_folders([tmp_path / "a"], tmp_path / "store", only)
        assert index_folders([tmp_path / "b"], tmp_path / "store", only).done == 1

    def test_pictures_of_a_moved_root_keep_their_ids(self, folder: Path) -> None:
        before = contents(folder.parent / "store")["vectors"]
        moved = folder.rename(folder.parent / "elsewhere")
        summary = index_folders([moved], folder.parent / "store", HERE)
        assert (summary.new, summary.counts["ok"], summary.counts["missing"]) == (0, 9, 0)
        assert summary.moved == 10
        assert contents(folder.parent / "store")["vectors"] == before

    @pytest.mark.parametrize("order", [("photos", "other"), ("other", "photos")])
    def test_files_moved_between_roots_keep_their_ids(
        self, folder: Path, order: tuple[str, str]
    ) -> None:
        (folder.parent / "other").mkdir()
        roots = [folder.parent / name for name in order]
        picture("checks", 71).save(folder.parent / "other" / "own.jpg")
        index_folders(roots, folder.parent / "store", HERE)
        (folder / "discs" / "000.jpg").rename(folder.parent / "other" / "moved.jpg")
        summary = index_folders(roots, folder.parent / "store", HERE)
        assert (summary.done, summary.moved, summary.gone, summary.new) == (0, 1, 0, 0)

    def test_a_touched_file_that_cannot_be_read_keeps_its_id(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = contents(folder.parent / "store")
        os.utime(folder / "discs" / "000.jpg", (1, 1))
        with monkeypatch.context() as patched:
            patched.setattr("imgrec.collection.rescan._digest", lambda file: None)
            self._again(folder)
        assert self._again(folder).new == 0
        assert contents(folder.parent / "store") == before

    def test_an_unreadable_file_is_retried_and_others_are_not_affected(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = FolderSource.read

        def refusing(source: FolderSource, path: str) -> bytes:
            if path == "locked.jpg":
                raise PictureError("unreadable", "Permission denied")
            return read(source, path)

        picture("discs", 55).save(folder / "locked.jpg")
        with monkeypatch.context() as patched:
            patched.setattr(FolderSource, "read", refusing)
            # The unreadable file is the only one of its batch.
            summary = self._again(folder)
        assert summary.failures == {"unreadable": 1, "not-an-image": 1}
        assert self._again(folder).counts["ok"] == 10

    def test_a_known_picture_that_cannot_be_read_now_stays_ok(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.rmtree(folder.parent / "store" / "features" / "mini")
        with monkeypatch.context() as patched:
            patched.setattr(FolderSource, "read", _unreadable)
            assert self._again(folder).counts["ok"] == 9
        self._again(folder)
        with Store.open(folder.parent / "store") as store:
            assert len(store.feature("mini")) == 9

    def test_files_of_one_size_are_each_compared_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "photos").mkdir()
        for number in range(12):
            Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "photos" / f"{number}.bmp")
        index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
        (tmp_path / "photos").rename(tmp_path / "moved")
        asked: list[str] = []

        def counting(file: FoundFile) -> str:
            asked.append(file.path)
            return digest(Path(file.root, file.path).read_bytes())

        monkeypatch.setattr("imgrec.collection.rescan._digest", counting)
        assert index_folders([tmp_path / "moved"], tmp_path / "store", HERE).moved == 12
        assert sorted(asked) == sorted(set(asked))

    def test_an_emptied_root_does_not_stop_the_scan_of_others(self, folder: Path) -> None:
        other = folder.parent / "other"
        other.mkdir()
        picture("discs", 70).save(other / "a.jpg")
        self._again(other)
        shutil.rmtree(folder)
        folder.mkdir()
        picture("discs", 72).save(other / "b.jpg")
        summary = index_folders([], folder.parent / "store", HERE)
        assert (summary.new, summary.counts["ok"]) == (1, 11)
        assert "photos is empty: its pictures stay as they are" in summary.warnings[0]

    def test_new_pictures_get_vectors_of_all_features_of_the_store(self, folder: Path) -> None:
        index_folders([], folder.parent / "store", Options(encoders=("rgb",), workers=0))
        picture("discs", 73).save(folder / "new.jpg")
        index_folders([], folder.parent / "store", Options(workers=0))
        with Store.open(folder.parent / "store") as store:
            assert len(store.feature("mini")) == len(store.feature("rgb")) == 10

    def test_overlapping_roots_are_refused(self, folder: Path) -> None:
        for overlapping in (folder / "discs", folder.parent):
            with pytest.raises(StoreError, match="overlap"):
                index_folders([overlapping], folder.parent / "store", HERE)

    def test_an_offline_root_keeps_its_pictures(self, folder: Path) -> None:
        folder.rename(folder.parent / "unplugged")
        summary = index_folders([], folder.parent / "store", HERE)
        assert summary.counts["ok"] == 9
        assert "its pictures stay as they are" in summary.warnings[0]

    def test_naming_two_overlapping_roots_changes_nothing(self, folder: Path) -> None:
        with pytest.raises(StoreError, match="overlap"):
            index_folders([folder, folder / "discs"], folder.parent / "fresh", HERE)
        with Store.open(folder.parent / "fresh") as store:
            assert sum(store.catalog.totals.counts().values()) == 0

    @staticmethod
    def _refusing(opened: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of `os` that may not open the folder `discs`."""

        def refusing(path: object, *arguments: Any, **named: Any) -> Any:
            if str(path).endswith("discs"):
                raise PermissionError(13, "Permission denied", str(path))
            return opened(path, *arguments, **named)

        return refusing

    def test_an_unreadable_folder_keeps_its_pictures(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("open", "scandir"):
            monkeypatch.setattr(os, name, self._refusing(getattr(os, name)))
        summary = self._again(folder)
        assert summary.counts["ok"] == 9
        assert any("discs cannot be listed" in line for line in summary.warnings)

    def test_failed_files_are_read_again_with_retry_failed(self, folder: Path) -> None:
        state = (folder / "bad.jpg").stat()
        assert self._again(folder).done == 0
        (folder / "bad.jpg").write_bytes(LATER)
        os.utime(folder / "bad.jpg", ns=(state.st_atime_ns, state.st_mtime_ns))
        with Store.create(folder.parent / "store") as store:
            # As of an older imgrec, which knew size and time alone.
            store.catalog.db.execute("UPDATE images SET token = ''")
        assert self._again(folder).counts["failed"] == 1
        again = Options(encoders=("mini",), workers=0, retry_failed=True)
        assert self._again(folder, again).counts["ok"] == 10

    def test_an_encoder_added_later_encodes_all_pictures(self, folder: Path) -> None:
        shutil.rmtree(folder.parent / "store" / "features" / "mini")
        assert self._again(folder).done == 9
        with Store.open(folder.parent / "store") as store:
            assert len(store.feature("mini")) == 9

    def test_links_are_not_followed(self, folder: Path) -> None:
        (folder / "loop").symlink_to(folder)
        (folder / "link.jpg").symlink_to(folder / "discs" / "000.jpg")
        summary = self._again(folder)
        assert summary.new == 0
        assert any("2 links" in line for line in summary.warnings)


def _unreadable(source: FolderSource, path: str) -> bytes:
    raise PictureError("unreadable", f"{path} is locked")
