"""What may be deleted in a store: folders of our own files, and nothing beside them."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from imgrec.encoders.classifier import Classifier
from imgrec.errors import StoreError
from imgrec.labels.classes import begin_classes
from imgrec.layouts.kept import KeptLayouts
from imgrec.store.classes import Top, write_classes, write_description
from imgrec.store.kept import SIDECAR, load, save
from imgrec.store.ownership import check_classes, check_kept, check_part, delete_folder, is_kept
from imgrec.store.parts import write_part
from imgrec.store.store import Store

Place = Callable[[Path], object]


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    path.symlink_to(path.parent)


# What somebody may have put beside our files.
FOREIGN: dict[str, tuple[str, Place]] = {
    "a text": ("notes.txt", lambda path: path.write_text("mine")),
    "a hidden file": (".notes", lambda path: path.write_text("mine")),
    "a name with a line break": ("ids.npy\n", lambda path: path.write_text("mine")),
    "a folder": ("mine", _folder),
    "a folder with our name": ("more.npy", _folder),
}
if os.name == "posix":
    FOREIGN["a link with our name"] = ("rows-mine.npy", _link)
    FOREIGN["a pipe with our name"] = ("rows-pipe.npy", os.mkfifo)


def _kept(folder: Path) -> Path:
    save(folder, {"version": 1}, {"ids": np.arange(3), "rows-codes": np.zeros((3, 2))})
    return folder


def _part(folder: Path, number: int = 0, first: int = 1) -> Path:
    ids = np.arange(first, first + 3)
    write_part(folder, number, {"ids.npy": ids, "vectors.npy": np.zeros((3, 2), np.float32)})
    return folder / f"part-{number:06d}"


def _classes(folder: Path, digest: str = "old") -> Path:
    write_description(folder, "weights", digest, ["cat", "dog"])
    top = Top(np.zeros((3, 5), np.int16), np.full((3, 5), 0.2, np.float32))
    write_classes(folder, 0, np.arange(1, 4), top)
    return folder


MAKERS = {check_kept: _kept, check_part: _part, check_classes: _classes}


@pytest.mark.parametrize("check", MAKERS)
def test_what_we_wrote_may_be_deleted(check: Callable[[Path], None], tmp_path: Path) -> None:
    folder = MAKERS[check](tmp_path / "made")
    check(folder)
    delete_folder(folder, tmp_path)
    assert not folder.exists()
    assert not list(tmp_path.glob(".tmp-*"))


@pytest.mark.parametrize("what", FOREIGN)
@pytest.mark.parametrize("check", MAKERS)
def test_anything_else_in_it_keeps_a_folder(
    check: Callable[[Path], None], what: str, tmp_path: Path
) -> None:
    folder = MAKERS[check](tmp_path / "made")
    name, make = FOREIGN[what]
    make(folder / name)
    with pytest.raises(StoreError, match="which imgrec did not write"):
        check(folder)


@pytest.mark.parametrize("check", MAKERS)
def test_without_its_sidecar_a_folder_is_kept(
    check: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = MAKERS[check](tmp_path / "made")
    sidecar = {check_kept: SIDECAR, check_part: "part.json", check_classes: "classes.json"}[check]
    (folder / sidecar).unlink()
    with pytest.raises(StoreError, match=sidecar):
        check(folder)


def test_an_empty_folder_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    check_kept(tmp_path / "empty")


def test_neither_a_file_nor_a_link_nor_nothing_is_a_kept_folder(tmp_path: Path) -> None:
    kept = _kept(tmp_path / "made")
    (tmp_path / "link").symlink_to(kept)
    (tmp_path / "file").write_text("mine")
    assert is_kept(kept)
    for name in ("link", "file", "absent"):
        assert not is_kept(tmp_path / name)


def test_saving_does_not_replace_a_folder_with_other_files(tmp_path: Path) -> None:
    folder = _kept(tmp_path / "made")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"holds notes\.txt"):
        _kept(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert load(folder, {"version": 1}, ["ids"]) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_a_folder_of_a_store_that_lost_its_sidecar_is_set_aside_whole(store: Store) -> None:
    folder, aside = store.paths.knn("mini"), store.paths.set_aside / "knn" / "mini"
    for moved_to in (aside, aside.with_name("mini-2")):
        (_kept(folder) / SIDECAR).unlink()
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert load(_kept(folder), {"version": 1}, ["ids"]) is not None
        assert {path.name: path.read_bytes() for path in moved_to.iterdir()} == before
    (folder / SIDECAR).unlink()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"holds notes\.txt"):
        _kept(folder)
    assert (folder / "notes.txt").read_text() == "mine"


def test_pruning_keeps_what_is_no_layout(store: Store) -> None:
    layouts, folder = KeptLayouts(store, "mini"), store.paths.layouts("mini")
    for key in ("umap-2d-a", "umap-2d-b", "umap-2d-c"):
        layouts.keep(key, np.zeros((3, 2), np.float32))
    (folder / "umap-2d-c" / "notes.txt").write_text("mine")
    (folder / "mine").mkdir()
    (folder / "mine" / "a.txt").write_text("mine")
    (folder / "linked").symlink_to(folder / "mine")
    layouts.prune({"umap-2d-a"})
    left = {path.name for path in folder.iterdir()}
    assert left == {"umap-2d-a", "umap-2d-c", "mine", "linked"}
    assert (folder / "mine" / "a.txt").read_text() == "mine"


def _classifier(digest: str) -> Classifier:
    spec = SimpleNamespace(name="mini", weights="weights", weights_digest=digest)
    return cast(Any, SimpleNamespace(spec=spec, categories=("cat", "dog")))


def test_classes_of_other_weights_are_deleted_unless_they_hold_other_files(store: Store) -> None:
    folder = _classes(store.paths.classes("mini"))
    (folder / "part-000000" / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"part-000000 holds notes\.txt"):
        begin_classes(store, _classifier("new"))
    assert (folder / "part-000000" / "notes.txt").read_text() == "mine"
    (folder / "part-000000" / "notes.txt").unlink()
    begin_classes(store, _classifier("new"))
    assert [path.name for path in folder.iterdir()] == ["classes.json"]
    assert not list(store.path.glob(".tmp-*"))
