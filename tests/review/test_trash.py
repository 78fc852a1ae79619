"""The trash: what is moved, what is left and why, and that an undo brings everything back."""

import errno
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from imgrec import ImgrecError
from imgrec.duplicates.groups import LINK, SAME
from imgrec.pictures.decoding import digest
from imgrec.review.reviewed import going
from imgrec.review.trash import Trashed, move_to_trash, system_trash, why_not
from imgrec.review.trash_log import TrashLog
from imgrec.review.undo import Undone, undo
from permissions import permissions_bind
from pictures import encoded
from review_pages import motif
from reviews import entry, files_group, goes, own_trash

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the FreeDesktop trash")

HOSTILE = (
    "<script>alert(1)<", "line\nbreak.jpg", "quo\"te's.jpg", "=cmd().jpg", "-rf", "100%25.jpg",
    "not utf \udcff\udcfe.jpg", "\u202egpj.exe", ".hidden.jpg", "Path=x", "  ",
)  # fmt: skip


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


@pytest.fixture(autouse=True)
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return own_trash(monkeypatch, tmp_path / "data")


def _move(folder: Path, *names: str, log: str = "log.jsonl", data: bytes = b"picture") -> Trashed:
    group = files_group(folder, *names, data=data)
    with TrashLog(folder.parent / log, folder) as opened:
        return move_to_trash(going([group]), opened)


def _lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text("ascii").splitlines()]


def test_any_name_goes_to_the_trash_and_comes_back(photos: Path, trash: Path) -> None:
    done = _move(photos, "kept.jpg", *HOSTILE)
    assert (done.moved, done.moved_bytes, done.left) == (11, 77, ())
    assert os.listdir(photos) == ["kept.jpg"]
    assert len(list((trash / "files").iterdir())) == 11
    moved = [line for line in _lines(done.log) if "moved" in line]
    assert {Path(str(line["to"])).parent for line in moved} == {trash / "files"}
    assert undo(done.log) == Undone(11, 0, ())
    assert {path.name for path in photos.iterdir()} == {"kept.jpg", *HOSTILE}
    assert {path.read_bytes() for path in photos.iterdir()} == {b"picture"}
    assert not list((trash / "files").iterdir())
    assert not list((trash / "info").iterdir())
    # Idempotent.
    assert undo(done.log) == Undone(0, 11, ())


def test_a_move_is_logged_before_and_after_it(photos: Path, tmp_path: Path) -> None:
    (group,) = [files_group(photos, "a", "b")]
    seen: list[list[str]] = []

    def send(file: Path) -> None:
        seen.append([next(iter(line)) for line in _lines(tmp_path / "log")])
        system_trash()(file)

    with TrashLog(tmp_path / "log", photos) as log:
        move_to_trash(going([group]), log, send)
    assert seen == [["imgrec-trash", "move"]]
    head, move, moved = _lines(tmp_path / "log")
    assert head["store"] == str(photos)
    assert move["path"] == str(photos / "b")
    assert move["same_as"] == str(photos / "a")
    assert move["digest"] == group[1].entry.digest
    assert moved["to"] == str(tmp_path / "data/Trash/files/b")


def _changed(photos: Path) -> None:
    (photos / "b").write_bytes(b"another")


def _gone(photos: Path) -> None:
    (photos / "b").unlink()


def _kept_changed(photos: Path) -> None:
    (photos / "a").write_bytes(b"another")


def _kept_gone(photos: Path) -> None:
    (photos / "a").unlink()


def _hard_link(photos: Path) -> None:
    (photos / "b").unlink()
    (photos / "b").hardlink_to(photos / "a")


def _soft_link(photos: Path) -> None:
    (photos / "b").rename(photos / "c")
    (photos / "b").symlink_to("c")


def _kept_is_link(photos: Path) -> None:
    (photos / "a").unlink()
    (photos / "a").symlink_to("b")


def _folder(photos: Path) -> None:
    (photos / "b").unlink()
    (photos / "b").mkdir()


def _pipe(photos: Path) -> None:
    (photos / "b").unlink()
    os.mkfifo(photos / "b")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_changed, "it has changed since it was indexed"),
        (_gone, "it cannot be read (No such file or directory)"),
        (_kept_changed, "the file to keep has changed since it was indexed"),
        (_kept_gone, "the file to keep cannot be read (No such file or directory)"),
        (_hard_link, "it is the file to keep, by another name"),
        (_soft_link, "it is a symbolic link: its file would stay"),
        (_kept_is_link, "it is the file to keep, by another name"),
        (_folder, "it cannot be read (not a regular file)"),
        (_pipe, "it cannot be read (not a regular file)"),
    ],
)
def test_what_is_not_as_it_was_is_left(
    spoil: object, why: str, photos: Path, tmp_path: Path, trash: Path
) -> None:
    group = files_group(photos, "a", "b", "c-goes")
    assert callable(spoil)
    spoil(photos)
    before = sorted(path.name for path in photos.iterdir())
    with TrashLog(tmp_path / "log", photos) as log:
        done = move_to_trash(going([group])[:1], log)
    assert done == Trashed(tmp_path / "log", 0, 0, ((str(photos / "b"), why),))
    assert sorted(path.name for path in photos.iterdir()) == before
    assert not trash.exists()
    assert _lines(tmp_path / "log")[-1] == {"left": 1, "path": str(photos / "b"), "why": why}


def test_a_hard_link_that_goes_with_its_file_takes_no_space(photos: Path, tmp_path: Path) -> None:
    kept, copy = files_group(photos, "a", "b")
    (photos / "c").hardlink_to(photos / "b")
    other = files_group(photos, "a", "x", "c")[2]
    (photos / "c").unlink()
    (photos / "c").hardlink_to(photos / "b")
    linked = goes(other.entry, kept.entry, LINK)
    with TrashLog(tmp_path / "log", photos) as log:
        done = move_to_trash([copy, linked], log)
    assert (done.moved, done.moved_bytes, done.left) == (2, 7, ())
    assert undo(done.log).back == 2


def test_what_the_trash_refuses_is_left_and_nothing_remains_of_the_attempt(
    photos: Path, tmp_path: Path, trash: Path
) -> None:
    group = files_group(photos, "a", "b", "c")
    photos.chmod(0o555)
    with TrashLog(tmp_path / "log", photos) as log, permissions_bind():
        done = move_to_trash(going([group]), log)
    photos.chmod(0o755)
    assert done.moved == 0
    assert {why for _, why in done.left} == {"the trash refuses it (Permission denied)"}
    assert sorted(os.listdir(photos)) == ["a", "b", "c"]
    assert not list((trash / "info").iterdir())
    assert undo(done.log) == Undone(0, 2, ())


def test_a_read_only_file_is_left_or_comes_back_read_only(photos: Path, tmp_path: Path) -> None:
    group = files_group(photos, "a", "b")
    (photos / "b").chmod(0o444)
    with TrashLog(tmp_path / "log", photos) as log:
        done = move_to_trash(going([group]), log)
    # send2trash asks for the right to write, which root always has.
    assert done.moved == (os.geteuid() == 0)
    undo(done.log)
    assert (photos / "b").read_bytes() == b"picture"
    assert (photos / "b").stat().st_mode & 0o777 == 0o444


def test_a_file_on_another_mount_goes_to_the_trash_there(tmp_path: Path) -> None:
    mount = Path("/dev/shm")
    if not mount.is_mount() or not os.access(mount, os.W_OK):
        pytest.skip("no second file system to write to")
    there = mount / f".Trash-{os.getuid()}"
    existed = there.exists()
    folder = mount / f"imgrec-test-{os.getpid()}"
    folder.mkdir()
    try:
        group = files_group(folder, "a", "b \udcff.jpg")
        with TrashLog(tmp_path / "log", folder) as log:
            done = move_to_trash(going([group]), log)
        assert (done.moved, done.left) == (1, ())
        assert not (folder / "b \udcff.jpg").exists()
        moved = Path(str(_lines(done.log)[-1]["to"]))
        assert moved.parent == there / "files"
        assert undo(done.log) == Undone(1, 0, ())
        assert (folder / "b \udcff.jpg").read_bytes() == b"picture"
        assert not moved.exists()
    finally:
        shutil.rmtree(folder)
        if not existed:
            shutil.rmtree(there)


def test_where_one_file_has_two_paths_the_move_is_undone(photos: Path, tmp_path: Path) -> None:
    group = files_group(photos, "a", "b")

    def twice_mounted(file: Path) -> None:
        system_trash()(file)
        (photos / "a").unlink()

    with TrashLog(tmp_path / "log", photos) as log:
        done = move_to_trash(going([group]), log, twice_mounted)
    assert done.moved == 0
    assert "with it (is its folder mounted twice?): put back" in done.left[0][1]
    assert (photos / "b").read_bytes() == b"picture"


def test_where_the_kept_file_and_the_trashed_one_vanish_the_run_stops(
    photos: Path, tmp_path: Path
) -> None:
    group = files_group(photos, "a", "b", "c")

    def lost(file: Path) -> None:
        file.unlink()
        (photos / "a").unlink()

    with (
        TrashLog(tmp_path / "log", photos) as log,
        pytest.raises(ImgrecError, match="put it back by the trash of your system"),
    ):
        move_to_trash(going([group]), log, lost)
    assert (photos / "c").exists()


@pytest.mark.parametrize("after", [False, True])
def test_a_run_killed_in_the_middle_is_undone(
    after: bool, photos: Path, tmp_path: Path, trash: Path
) -> None:
    group = files_group(photos, "a", "b", "c", "d")

    def killed(file: Path) -> None:
        if after or file.name != "c":
            system_trash()(file)
        if file.name == "c":
            raise SystemExit

    with TrashLog(tmp_path / "log", photos) as log, pytest.raises(SystemExit):
        move_to_trash(going([group]), log, killed)
    with (tmp_path / "log").open("a") as file:
        file.write('{"moved": 2, "to')
    assert undo(tmp_path / "log") == (Undone(2, 0, ()) if after else Undone(1, 1, ()))
    assert sorted(os.listdir(photos)) == ["a", "b", "c", "d"]
    assert not list((trash / "files").iterdir())


def test_the_trash_is_not_where_a_relative_variable_leads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.chdir(tmp_path)
    system_trash()
    assert "XDG_DATA_HOME" not in os.environ


def test_what_a_store_says_of_a_pair_is_not_enough(photos: Path) -> None:
    rows = []
    pictures = {"kept": (1, "PNG"), "resaved": (1, "BMP"), "another": (2, "PNG")}
    for number, (name, (seed, kind)) in enumerate(pictures.items()):
        data = encoded(motif(seed), kind)
        (photos / name).write_bytes(data)
        rows.append(entry(number, name, str(photos), size=len(data), content=digest(data)))
    assert why_not(goes(rows[1], rows[0], SAME)) is None
    told = why_not(goes(rows[2], rows[0], SAME))
    assert told == "it is not the same picture as the file to keep"
    (photos / "another").write_bytes(b"no picture")
    broken = entry(3, "another", str(photos), size=10, content=digest(b"no picture"))
    assert str(why_not(goes(broken, rows[0], SAME))).startswith("it cannot be compared with the")


def test_a_sound_file_may_go(photos: Path) -> None:
    group = files_group(photos, "a", "b")
    assert why_not(group[1]) is None


def test_nothing_remains_of_an_attempt_on_a_full_disk(
    photos: Path, tmp_path: Path, trash: Path
) -> None:
    group = files_group(photos, "a.jpg", "b.jpg")

    def full(file: Path) -> None:
        (trash / "info").mkdir(parents=True)
        # What send2trash leaves: the file of the note could be made, its text not be written.
        (trash / "info" / "b.jpg.trashinfo").touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    with TrashLog(tmp_path / "log", photos) as log:
        done = move_to_trash(going([group]), log, full)
    assert [why for _, why in done.left] == ["the trash refuses it (No space left on device)"]
    assert not list((trash / "info").iterdir())


def test_a_log_that_cannot_be_written_is_named_and_nothing_is_moved(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = files_group(photos, "a.jpg", "b.jpg")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with TrashLog(tmp_path / "log", photos) as log:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"No space left on device.*log"):
            move_to_trash(going([group]), log)
    assert sorted(os.listdir(photos)) == ["a.jpg", "b.jpg"]
