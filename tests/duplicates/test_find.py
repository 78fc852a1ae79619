"""Duplicates of stores: copies, links, and the order of groups, whatever the ids."""

import os
import shutil
from pathlib import Path

import pytest

from imgrec import Duplicates, KeepRules, Store, find_duplicates, index_folders
from imgrec.samples.render import render_sample
from stores import HERE

Row = tuple[str, str, str, str]


def write(folder: Path, files: dict[str, int]) -> None:
    """Write rendered pictures, by name the number of the sample."""
    for name, number in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        render_sample(0, number).save(path, quality=90)
        os.utime(path, (10**9, 10**9))


def rows(path: Path, rules: KeepRules | None = None) -> list[list[Row]]:
    """Return path, kind, keep and the path of the kept file of all members, group by group."""
    with Store.open(path) as store:
        found = find_duplicates(store, rules, workers=0)
        names = {e.id: e.path for e in store.catalog.entries(store.catalog.ids("ok"))}
    return [
        [(names[m.id], m.kind, m.keep, names[m.same_as]) for m in group.members]
        for group in found.groups
    ]


def test_copies_are_superfluous_and_the_first_by_path_is_kept(tmp_path: Path) -> None:
    write(tmp_path / "p", {"b.jpg": 1, "a.jpg": 1, "sub/c.jpg": 1, "z.jpg": 2, "x.jpg": 3})
    shutil.copy2(tmp_path / "p/z.jpg", tmp_path / "p/y.jpg")
    index_folders([tmp_path / "p"], tmp_path / "store", HERE)
    assert rows(tmp_path / "store") == [
        [
            ("a.jpg", "kept", "yes", "a.jpg"),
            ("b.jpg", "copy", "no", "a.jpg"),
            ("sub/c.jpg", "copy", "no", "a.jpg"),
        ],
        [("y.jpg", "kept", "yes", "y.jpg"), ("z.jpg", "copy", "no", "y.jpg")],
    ]


def test_names_of_one_file_are_links_with_the_decision_of_their_file(tmp_path: Path) -> None:
    write(tmp_path / "p", {"a.jpg": 1, "c.jpg": 1, "e.jpg": 1})
    os.link(tmp_path / "p/a.jpg", tmp_path / "p/b.jpg")
    os.link(tmp_path / "p/c.jpg", tmp_path / "p/d.jpg")
    index_folders([tmp_path / "p"], tmp_path / "store", HERE)
    assert rows(tmp_path / "store") == [
        [
            ("a.jpg", "kept", "yes", "a.jpg"),
            ("b.jpg", "link", "yes", "a.jpg"),
            ("c.jpg", "copy", "no", "a.jpg"),
            ("d.jpg", "link", "no", "a.jpg"),
            ("e.jpg", "copy", "no", "a.jpg"),
        ]
    ]


def test_a_trash_folder_never_holds_the_file_to_keep(tmp_path: Path) -> None:
    trash = "$RECYCLE.BIN/x.jpg"
    write(tmp_path / "p", {trash: 1, "z.jpg": 1})
    index_folders([tmp_path / "p"], tmp_path / "store", HERE)
    for rules in (None, KeepRules.parse("in:$RECYCLE.BIN")):
        found = rows(tmp_path / "store", rules)
        # A rescan that skips the folder leaves one file.
        assert found in ([], [[("z.jpg", "kept", "yes", "z.jpg"), (trash, "copy", "no", "z.jpg")]])


@pytest.mark.parametrize("count", [1, 2])
def test_a_store_without_duplicates(tmp_path: Path, count: int) -> None:
    write(tmp_path / "p", {f"{number}.jpg": number for number in range(count)})
    index_folders([tmp_path / "p"], tmp_path / "store", HERE)
    with Store.open(tmp_path / "store") as store:
        assert find_duplicates(store, workers=0) == Duplicates()
