"""Undo: nothing is overwritten, all comes from the trash, no log is trusted."""

import errno
import json
import os
import sys
from pathlib import Path

import pytest

from imgrec import ImgrecError
from imgrec.pictures.decoding import digest
from imgrec.review import putting_back
from imgrec.review.putting_back import put_back
from imgrec.review.reviewed import going
from imgrec.review.trash import move_to_trash
from imgrec.review.trash_log import TrashLog, moves_in, new_log_path
from imgrec.review.trash_places import find_in_trash, home_trash, mount_point
from imgrec.review.undo import Undone, undo
from reviews import files_group, own_trash

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the FreeDesktop trash")
TAKEN = "another file has its name now: rename that first"


@pytest.fixture(autouse=True)
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return own_trash(monkeypatch, tmp_path / "data")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    return tmp_path / "photos"


@pytest.fixture
def log(photos: Path, tmp_path: Path) -> Path:
    """Move photos/deep/b.jpg to the trash; return the log."""
    group = files_group(photos, "a.jpg", "deep/b.jpg")
    with TrashLog(tmp_path / "log.jsonl", photos) as opened:
        assert move_to_trash(going([group]), opened).moved == 1
    return tmp_path / "log.jsonl"


def test_a_name_taken_meanwhile_is_not_overwritten(log: Path, photos: Path, trash: Path) -> None:
    place = photos / "deep" / "b.jpg"
    place.write_bytes(b"a new one")
    assert undo(log) == Undone(0, 0, ((str(place), TAKEN),))
    assert place.read_bytes() == b"a new one"
    assert (trash / "files/b.jpg").read_bytes() == b"picture"
    place.unlink()
    place.symlink_to(photos / "nowhere")
    assert undo(log).left == ((str(place), TAKEN),)
    place.unlink()
    assert undo(log) == Undone(1, 0, ())
    assert place.read_bytes() == b"picture"


def test_a_folder_that_is_gone_is_made(log: Path, photos: Path) -> None:
    (photos / "deep").rmdir()
    assert undo(log) == Undone(1, 0, ())
    assert (photos / "deep/b.jpg").read_bytes() == b"picture"


def test_a_folder_that_became_a_file_is_said(log: Path, photos: Path, trash: Path) -> None:
    (photos / "deep").rmdir()
    (photos / "deep").write_bytes(b"mine")
    ((_, why),) = undo(log).left
    assert why.endswith("and stays in the trash")
    assert (trash / "files/b.jpg").exists()


def test_an_emptied_trash_is_said(log: Path, photos: Path, trash: Path) -> None:
    (trash / "files/b.jpg").unlink()
    ((_, why),) = undo(log).left
    assert why == "it is not in the trash any more"


def test_another_content_of_the_name_is_not_taken(log: Path, trash: Path, photos: Path) -> None:
    (trash / "files/b.jpg").write_bytes(b"changed")
    assert undo(log).left[0][1] == "it is not in the trash any more"
    assert not (photos / "deep/b.jpg").exists()


def test_a_link_in_the_trash_is_not_followed(log: Path, trash: Path, photos: Path) -> None:
    (trash / "files/b.jpg").rename(photos / "elsewhere")
    (trash / "files/b.jpg").symlink_to(photos / "elsewhere")
    assert undo(log).back == 0
    assert (photos / "elsewhere").exists()


def test_of_two_from_one_place_the_last_is_taken(photos: Path, tmp_path: Path, trash: Path) -> None:
    for number in range(2):
        group = files_group(photos, "a", "b")
        with TrashLog(tmp_path / f"{number}", photos) as opened:
            move_to_trash(going([group]), opened)
    assert sorted(os.listdir(trash / "files")) == ["b", "b 1"]
    assert undo(tmp_path / "0").back == 1
    assert len(os.listdir(trash / "files")) == 1
    assert undo(tmp_path / "1") == Undone(0, 1, ())


@pytest.mark.parametrize("kind", ["no hard links", "another file system"])
def test_without_hard_links_it_is_put_back_all_the_same(
    kind: str, log: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV if kind[0] == "a" else errno.EPERM, "refused")

    monkeypatch.setattr(putting_back.os, "link", refuse)
    if kind == "another file system":
        replace = Path.replace

        def only_within(path: Path, target: Path) -> Path:
            if path.parent != Path(target).parent:
                raise OSError(errno.EXDEV, "another file system")
            return replace(path, target)

        monkeypatch.setattr(Path, "replace", only_within)
    assert undo(log) == Undone(1, 0, ())
    assert (photos / "deep/b.jpg").read_bytes() == b"picture"
    assert os.listdir(photos / "deep") == ["b.jpg"]


def test_without_hard_links_nothing_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "refused")

    monkeypatch.setattr(putting_back.os, "link", refuse)
    (tmp_path / "trashed").write_bytes(b"old")
    (tmp_path / "place").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        put_back(tmp_path / "trashed", tmp_path / "place")
    assert (tmp_path / "place").read_bytes() == b"mine"
    assert (tmp_path / "trashed").read_bytes() == b"old"


def _spoiled(log: Path, **changes: object) -> None:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    lines[1] |= changes
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_log_takes_nothing_from_elsewhere(log: Path, photos: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"private")
    _spoiled(log, path=str(photos / "stolen"), digest=digest(b"private"), size=7, to=str(secret))
    assert undo(log).back == 0
    assert secret.read_bytes() == b"private"
    # Nor does it put what lies in the trash to another place than it came from.
    _spoiled(log, path=str(photos / "stolen"), digest=digest(b"picture"), size=7)
    assert undo(log).back == 0
    assert not (photos / "stolen").exists()


@pytest.mark.parametrize(
    "changes",
    [{"path": "relative"}, {"path": 7}, {"path": "/a\0b"}, {"size": -1}, {"digest": None}],
)
def test_a_damaged_line_undoes_nothing(changes: dict[str, object], log: Path) -> None:
    _spoiled(log, **changes)
    with pytest.raises(ImgrecError, match=r"line 2 is damaged .*: nothing was undone"):
        undo(log)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}\n", b"[1]\n", b'{"imgrec-trash": 2}\n', b"\xff\n", b"x" * 200_000,
                b'{"imgrec-trash": 1e999}\n', b"[" * 5000 + b"\n"]
)  # fmt: skip
def test_what_is_no_log_is_a_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(ImgrecError) as error:
        moves_in(tmp_path / "log")
    assert str(tmp_path / "log") in str(error.value)
    for other in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ImgrecError, match="cannot be read"):
            moves_in(other)


def test_a_log_never_replaces_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_log_path()
    assert first.is_relative_to(tmp_path / "data")
    TrashLog(first, tmp_path).__exit__()
    assert new_log_path() != first
    with pytest.raises(FileExistsError):
        TrashLog(first, tmp_path)


def test_where_a_trash_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home_trash() == tmp_path / "data" / "Trash"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert home_trash() == Path.home() / ".local/share/Trash"
    assert mount_point(Path("/dev/shm/a/b")) in (Path("/dev/shm"), Path("/dev"), Path("/"))
    assert find_in_trash(tmp_path / "a", 1, "0") is None
