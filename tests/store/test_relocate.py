"""Relocation: the path of a root changes and nothing else; a wrong folder is refused."""

import shutil
from pathlib import Path

import pytest

from imgrec import Store, StoreError, index_folders
from imgrec.index import main
from imgrec.store.relocate import relocate
from pictures import picture, write_pictures
from stores import HERE, contents


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Make a folder with two roots, both indexed."""
    write_pictures(tmp_path / "disk" / "photos", each=2)
    (tmp_path / "disk" / "scans").mkdir()
    picture("checks", 80).save(tmp_path / "disk" / "scans" / "s.jpg")
    roots = [tmp_path / "disk" / "photos", tmp_path / "disk" / "scans"]
    index_folders(roots, tmp_path / "store", HERE)
    return tmp_path / "disk"


def roots_of(store: Path) -> list[str]:
    with Store.open(store) as opened:
        return list(opened.catalog.roots())


def test_only_the_path_of_the_root_changes(
    disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, before = tmp_path / "store", contents(tmp_path / "store")
    new = (disk / "photos").rename(tmp_path / "elsewhere")
    command = ["--store", str(store), "--relocate", str(disk / "photos"), str(new)]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert out == f"{disk / 'photos'} is {new} now: 6 pictures, 6 of 6 looked for are there\n"
    assert err == ""
    assert contents(store) == before
    assert roots_of(store) == [str(new), str(disk / "scans")]
    summary = index_folders([], store, HERE)
    assert (summary.done, summary.new, summary.moved, summary.gone) == (0, 0, 0, 0)


def test_relocating_a_parent_moves_all_roots_below_it(disk: Path, tmp_path: Path) -> None:
    store, before = tmp_path / "store", contents(tmp_path / "store")
    new = disk.rename(tmp_path / "other letter")
    moved = relocate(store, disk, new)
    assert [one.pictures for one in moved] == [6, 1]
    assert roots_of(store) == [str(new / "photos"), str(new / "scans")]
    assert contents(store) == before


def test_a_folder_named_in_the_same_command_is_indexed_afterwards(
    disk: Path, tmp_path: Path
) -> None:
    new = disk.rename(tmp_path / "new")
    picture("discs", 81).save(new / "scans" / "t.jpg")
    command = ["--store", str(tmp_path / "store"), "--workers", "0", "--relocate", str(disk)]
    assert main([*command, str(new), str(new / "scans")]) == 0
    with Store.open(tmp_path / "store") as store:
        assert store.catalog.totals.counts()["ok"] == 8


def test_a_root_can_take_the_former_path_of_another(disk: Path, tmp_path: Path) -> None:
    """A/photos becomes A, and two roots exchange their names in one call."""
    store = tmp_path / "store"
    for name, other in (("photos", "x"), ("scans", "photos"), ("x", "scans")):
        (disk / name).rename(disk / other)
    shutil.move(disk, tmp_path / "aside")
    (tmp_path / "aside" / "photos").rename(tmp_path / "aside" / "x")
    (tmp_path / "aside" / "scans").rename(tmp_path / "aside" / "photos")
    (tmp_path / "aside" / "x").rename(tmp_path / "aside" / "scans")
    relocate(store, disk, tmp_path / "aside")
    assert index_folders([], store, HERE).done == 0


def test_a_wrong_folder_is_a_one_line_error(
    disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, before = tmp_path / "store", contents(tmp_path / "store")
    write_pictures(tmp_path / "wrong", each=3)
    for path in (tmp_path / "wrong").rglob("*.jpg"):
        # The names are right, the contents are not.
        path.write_bytes(path.read_bytes() + b"\0")
    for old, new, says in (
        (disk / "photos", tmp_path / "wrong", "of 6 looked for 0 are there"),
        (disk / "photos", tmp_path / "nowhere", "does not hold the pictures"),
        (tmp_path / "unknown", tmp_path / "wrong", "has no folder"),
    ):
        assert main(["--store", str(store), "--relocate", str(old), str(new)]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and says in err
    assert main(["--store", str(tmp_path / "no"), "--relocate", "a", "b"]) == 2
    assert not (tmp_path / "no").exists()
    assert contents(store) == before


def test_roots_that_would_overlap_are_refused(disk: Path, tmp_path: Path) -> None:
    inside = disk / "scans" / "photos"
    shutil.copytree(disk / "photos", inside)
    with pytest.raises(StoreError, match="would overlap"):
        relocate(tmp_path / "store", disk / "photos", inside)
    shutil.copytree(disk / "photos", disk / "scans", dirs_exist_ok=True)
    with pytest.raises(StoreError, match="would overlap"):
        relocate(tmp_path / "store", disk / "photos", disk / "scans")


def test_an_empty_name_is_refused_as_a_variable_that_is_not_set(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The working folder, as which it would be taken.
    monkeypatch.chdir(disk)
    for old, new in (("", disk), (disk, ""), ("", "")):
        with pytest.raises(StoreError, match="--relocate has an empty name"):
            relocate(tmp_path / "store", old, new)
    assert len(roots_of(tmp_path / "store")) == 2


def test_a_few_removed_pictures_do_not_prevent_relocation(disk: Path, tmp_path: Path) -> None:
    new = disk.rename(tmp_path / "new")
    next((new / "photos").rglob("*.jpg")).unlink()
    (photos, _) = relocate(tmp_path / "store", disk, new)
    assert (photos.found, photos.looked_for) == (5, 6)
    assert index_folders([], tmp_path / "store", HERE).gone == 1


def test_a_root_can_move_to_the_path_of_a_former_root_without_pictures(
    disk: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    old = tmp_path / "old"
    shutil.copytree(disk / "scans", old)
    picture("checks", 83).save(old / "s.jpg")
    index_folders([old], store, HERE)
    (old / "s.jpg").unlink()
    picture("discs", 84).save(old / "t.jpg")
    index_folders([old], store, HERE)
    shutil.rmtree(old)
    old.mkdir()
    (old / "notes.txt").write_text("nothing left")
    index_folders([], store, HERE)
    shutil.rmtree(old)
    (disk / "photos").rename(old)
    relocate(store, disk / "photos", old)
    summary = index_folders([], store, HERE)
    assert (summary.done, summary.counts["ok"], summary.counts["missing"]) == (0, 7, 2)
    assert len(roots_of(store)) == 2
