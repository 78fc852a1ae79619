"""Offline, partly mounted and moved roots, and renamed files: ids and vectors are kept."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec import Options, Recommender, Store, Summary, index_folders
from imgrec.collection import Entry
from imgrec.collection.changes import compare
from imgrec.collection.matching import Fate, FoundFile
from imgrec.sources.folder import FolderSource
from imgrec.system.advice import quoted
from pictures import picture, write_pictures
from stores import HERE, contents, statuses


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "photos", each=3)
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    return tmp_path / "photos"


def again(folder: Path, **options: Any) -> Summary:
    wanted = Options(encoders=("mini",), workers=0, **options)
    return index_folders([], folder.parent / "store", wanted)


def ids_by_path(store: Path) -> dict[str, int]:
    with Store.open(store) as opened:
        rows = opened.catalog.db.execute("SELECT path, id FROM images WHERE status != 'missing'")
        return dict(rows)


class TestOffline:
    """An offline root keeps its pictures, which can still be queried."""

    @pytest.mark.parametrize("how", ["gone", "empty", "nothing but folders"])
    def test_its_pictures_stay_ok_and_can_be_queried(self, folder: Path, how: str) -> None:
        before = contents(folder.parent / "store")
        folder.rename(folder.parent / "unplugged")
        if how != "gone":
            folder.mkdir()
        if how == "nothing but folders":
            (folder / "discs").mkdir()
        summary = again(folder)
        assert (summary.gone, summary.counts["ok"], summary.counts["missing"]) == (0, 9, 0)
        (warning,) = summary.warnings
        assert str(folder) in warning and "its pictures stay as they are" in warning
        assert (f"imgrec index --relocate {quoted(folder)} NEW" in warning) == (how == "gone")
        assert contents(folder.parent / "store") == before
        with Recommender.open(folder.parent / "store") as recommender:
            assert len(recommender.query(["discs/000.jpg"], k=3).results) == 3

    def test_a_root_with_other_files_but_no_pictures_is_empty_not_offline(
        self, folder: Path
    ) -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "notes.txt").write_text("I sold them")
        summary = again(folder)
        assert (summary.gone, summary.counts["missing"]) == (9, 9)

    def test_new_pictures_of_an_offline_root_stay_new(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        picture("discs", 50).save(folder / "new.jpg")
        with monkeypatch.context() as patched:
            patched.setattr("imgrec.indexing.run.plan_jobs", lambda *_: [])
            assert again(folder).counts["new"] == 1
        folder.rename(folder.parent / "unplugged")
        assert again(folder).counts == {"new": 1, "ok": 9, "failed": 0, "missing": 0, "left-out": 0}
        (folder.parent / "unplugged").rename(folder)
        assert again(folder).counts["ok"] == 10

    def test_a_root_unmounted_during_the_walk_keeps_its_pictures(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = contents(folder.parent / "store")
        scandir, listed = os.scandir, []

        def unplugging(path: str) -> Any:
            listed.append(path)
            # The root and one of its folders have been listed.
            if len(listed) == 3:
                folder.rename(folder.parent / "unplugged")
                # The mount point of a disk that is not mounted is an empty folder.
                folder.mkdir()
            return scandir(path)

        with monkeypatch.context() as patched:
            patched.setattr(os, "scandir", unplugging)
            summary = again(folder)
        assert (summary.gone, summary.new, summary.counts["ok"]) == (0, 0, 9)
        assert "its pictures stay as they are" in summary.warnings[0]
        assert contents(folder.parent / "store") == before

    def test_another_disk_mounted_during_the_walk_is_noticed(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        states = iter([(1, 1), (2, 2)])
        monkeypatch.setattr(FolderSource, "identity", lambda source: next(states))
        summary = again(folder)
        assert summary.counts["ok"] == 9
        assert "went away while it was looked through" in summary.warnings[0]

    def test_the_other_roots_are_updated(self, folder: Path) -> None:
        other = folder.parent / "other"
        other.mkdir()
        picture("discs", 60).save(other / "a.jpg")
        index_folders([other], folder.parent / "store", HERE)
        folder.rename(folder.parent / "unplugged")
        picture("discs", 61).save(other / "b.jpg")
        summary = again(folder)
        assert (summary.new, summary.gone, summary.counts["ok"]) == (1, 0, 11)


class TestLinks:
    """`follow_links` is a setting of the store; each picture is listed once."""

    def test_the_setting_is_kept_for_later_runs_and_can_be_reversed(self, folder: Path) -> None:
        outside = folder.parent / "outside"
        outside.mkdir()
        picture("discs", 70).save(outside / "far.jpg")
        (folder / "out").symlink_to(outside)
        (folder / "loop").symlink_to(folder)
        assert again(folder).counts["ok"] == 9
        summary = again(folder, follow_links=True)
        assert (summary.new, summary.counts["ok"]) == (1, 10)
        assert again(folder).counts["ok"] == 10
        assert statuses(folder.parent / "store")["out/far.jpg"] == "ok"
        assert again(folder, follow_links=False).counts["left-out"] == 1
        assert (back := again(folder, follow_links=True)).counts["ok"] == 10
        assert back.done == 0


class TestNames:
    """Ids and vectors are kept under renames of files and folders."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("discs/000.jpg", "discs/renamed.jpg"),
            ("discs/000.jpg", "discs/000.JPG"),
            ("discs/000.jpg", "checks/deep/er/000.jpg"),
            ("discs", "Discs"),
            ("discs", os.fsdecode(b"dis\xfccs")),
            ("discs/000.jpg", "discs/cafe\u0301.jpg"),
        ],
    )
    def test_a_renamed_file_or_folder_keeps_ids_and_vectors(
        self, folder: Path, old: str, new: str
    ) -> None:
        before = ids_by_path(folder.parent / "store")
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(folder / new)
        summary = again(folder)
        assert (summary.done, summary.new, summary.gone) == (0, 0, 0)
        after = ids_by_path(folder.parent / "store")
        assert after == {path.replace(old, new): number for path, number in before.items()}

    def test_a_copy_gets_its_own_id(self, folder: Path) -> None:
        shutil.copy(folder / "discs" / "000.jpg", folder / "copy.jpg")
        summary = again(folder)
        assert (summary.new, summary.moved, summary.counts["ok"]) == (1, 0, 10)

    def test_a_file_replaced_by_a_folder_of_its_name(self, folder: Path) -> None:
        (folder / "discs" / "000.jpg").rename(folder / "aside")
        (folder / "discs" / "000.jpg").mkdir()
        (folder / "aside").rename(folder / "discs" / "000.jpg" / "000.jpg")
        summary = again(folder)
        assert (summary.done, summary.moved, summary.counts["ok"]) == (0, 1, 9)


def entry(number: int, path: str, content: int, status: str = "ok") -> Entry:
    digest = f"{content:032x}"
    return Entry(number, "/r", path, 1, content, digest, 1, 1, "PNG", status, None)


class Nowhere:
    """No rows elsewhere."""

    def rows(self, sizes: Collection[int]) -> list[Entry]:
        return []

    def fate(self, row: Entry) -> Fate:
        return "gone"

    def held(self, root: str) -> int:
        return 0


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), max_size=6),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), max_size=6),
)
def test_after_any_change_each_file_has_a_row_of_its_content(
    before: dict[str, int], after: dict[str, int]
) -> None:
    rows = {path: entry(n + 1, path, content) for n, (path, content) in enumerate(before.items())}
    files = {path: FoundFile("/r", path, 1, content) for path, content in after.items()}
    both = before.keys() & after.keys()
    changes = compare(
        [files[path] for path in after.keys() - before.keys()],
        [rows[path] for path in before.keys() - after.keys()],
        [(rows[path], files[path]) for path in both if before[path] != after[path]],
        Nowhere(),
        lambda file: f"{file.mtime_ns:032x}",
    )
    kept = {path: rows[path].id for path in both if before[path] == after[path]}
    moved = {file.path: row.id for row, file in changes.revived}
    new = {file.path for file in changes.new}
    assert sorted([*kept, *moved, *new]) == sorted(after)
    gone = {row.id for row in changes.gone}
    held = [*kept.values(), *moved.values(), *gone]
    assert sorted(held) == sorted(row.id for row in rows.values())
    for row, file in changes.revived:
        assert row.digest == f"{file.mtime_ns:032x}"
    # A file is not read again when a removed row has the same content.
    assert not {after[path] for path in new} & {int(r.digest or "0", 16) for r in changes.gone}


def test_ids_of_new_pictures_ascend_by_root_and_path(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "b/1.jpg", "a/z.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        picture("discs", len(name) + ord(name[2]), (20, 20)).save(tmp_path / name)
    index_folders([tmp_path / "b", tmp_path / "a"], tmp_path / "store", HERE)
    assert ids_by_path(tmp_path / "store") == {"z.jpg": 1, "1.jpg": 2, "2.jpg": 3}
