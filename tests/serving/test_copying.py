"""Files copied or linked into a folder: none is replaced, no link followed, no original changed."""

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imgrec import Store
from imgrec.collection import Entry
from imgrec.errors import PictureError, WrongValueError
from imgrec.pictures.decoding import digest
from imgrec.serving import copying
from imgrec.serving.copying import MOST_NAMED, check_target, copy_pictures
from imgrec.sources import opening
from imgrec.sources.folder import FolderSource
from imgrec.system.atomic_files import TEMPORARY_PREFIX
from pictures import picture

_NAMES = ("a/one.png", "a/two.png", "b/one.png", "c/one.png", "one-2.png", "d/three.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of pictures, of which c/one.png is a copy of a/one.png."""
    folder = tmp_path / "photos"
    for number, name in enumerate(_NAMES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture("discs" if number % 2 else "stripes", number).save(folder / name)
    (folder / "c/one.png").write_bytes((folder / "a/one.png").read_bytes())
    for number, name in enumerate(_NAMES):
        os.utime(folder / name, ns=(10**18, 10**18 + number * 10**9))
    return folder


@pytest.fixture
def opened(folder: Path, tmp_path: Path) -> Iterator[Store]:
    _catalog(folder, tmp_path / "store")
    with Store.open(tmp_path / "store") as store:
        yield store


def _catalog(folder: Path, path: Path) -> None:
    """Make a store that knows the files of a folder; what is copied needs no more of it."""
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    with Store.create(path) as store, store.catalog.transaction() as db:
        db.execute("INSERT INTO roots (id, path) VALUES (1, ?)", [str(folder)])
        db.executemany(
            "INSERT INTO images (root_id, path, size, mtime_ns, digest, status) "
            "VALUES (1, CAST(? AS TEXT), ?, ?, ?, 'ok')",
            [
                (os.fsencode(name), file.stat().st_size, file.stat().st_mtime_ns, digest(data))
                for name in names
                for file in [folder / name]
                for data in [file.read_bytes()]
            ],
        )


def _entries(store: Store, *names: str) -> list[Entry]:
    found = [store.catalog.find_path(name) for name in names or sorted(_NAMES)]
    return [entry for entry in found if entry is not None]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _states(folder: Path) -> dict[str, tuple[int, ...]]:
    return {
        str(path): (state.st_ino, state.st_size, state.st_mtime_ns, state.st_mode)
        for path in folder.rglob("*")
        for state in [path.lstat()]
    }


@pytest.mark.parametrize("how", ["copy", "link"])
def test_names_are_kept_and_numbered_where_they_are_taken(
    opened: Store, folder: Path, tmp_path: Path, how: str
) -> None:
    originals, before = _bytes(folder), _states(folder)
    done = copy_pictures(_entries(opened), tmp_path / "out", how)
    # one.png of c has the content of that of a; one-2.png is taken by that of b.
    expected = {
        "one.png": "a/one.png", "two.png": "a/two.png", "one-2.png": "b/one.png",
        "three.png": "d/three.png", "one-2-2.png": "one-2.png",
    }  # fmt: skip
    assert _bytes(tmp_path / "out") == {new: originals[old] for new, old in expected.items()}
    assert (done.written, done.there, done.failed) == (5, 1, [])
    assert done.folder == str(tmp_path / "out")
    assert _bytes(folder) == originals
    assert _states(folder) == before
    for new, old in expected.items():
        copied, original = (tmp_path / "out" / new).lstat(), (folder / old).lstat()
        assert stat.S_ISREG(copied.st_mode)
        assert (copied.st_ino == original.st_ino) is (how == "link")
        assert copied.st_mtime_ns == original.st_mtime_ns


@pytest.mark.parametrize("how", ["copy", "link"])
def test_a_second_run_writes_nothing(opened: Store, tmp_path: Path, how: str) -> None:
    out = tmp_path / "out"
    copy_pictures(_entries(opened), out, how)
    before = _states(out)
    again = copy_pictures(_entries(opened), out, how)
    assert (again.written, again.there) == (0, len(_NAMES))
    other = copy_pictures(_entries(opened), out, "copy" if how == "link" else "link")
    assert (other.written, other.there) == (0, len(_NAMES))
    assert _states(out) == before


def test_a_file_that_is_there_is_never_replaced(
    opened: Store, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "two.png").write_bytes(b"mine")
    same_size = len((folder / "a/two.png").read_bytes())
    (out / "two-2.png").write_bytes(b"x" * same_size)
    (out / "two-3.png").mkdir()
    done = copy_pictures(_entries(opened, "a/two.png"), out)
    assert (done.written, done.there, done.failed) == (1, 0, [])
    assert (out / "two.png").read_bytes() == b"mine"
    assert (out / "two-2.png").read_bytes() == b"x" * same_size
    assert (out / "two-4.png").read_bytes() == (folder / "a/two.png").read_bytes()


def test_links_in_the_folder_are_not_followed(opened: Store, folder: Path, tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    outside.write_bytes(b"secret")
    (out / "two.png").symlink_to(outside)
    (out / "two-2.png").symlink_to(tmp_path / "absent")
    # A link to a file of the same content is no file that is there.
    (out / "two-3.png").symlink_to(folder / "a/two.png")
    os.mkfifo(out / "two-4.png")
    done = copy_pictures(_entries(opened, "a/two.png"), out)
    assert (done.written, done.there, done.failed) == (1, 0, [])
    assert outside.read_bytes() == b"secret"
    assert not (tmp_path / "absent").exists()
    assert not (out / "two-5.png").is_symlink()
    assert (out / "two-5.png").read_bytes() == (folder / "a/two.png").read_bytes()


def test_a_folder_that_is_a_link_or_a_file_is_refused(opened: Store, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "absent")
    (tmp_path / "file").write_bytes(b"")
    for name in ("link", "dangling", "file"):
        with pytest.raises(WrongValueError, match="is a link or a file"):
            check_target(opened, tmp_path / name)
    check_target(opened, tmp_path / "real")
    check_target(opened, tmp_path / "absent" / "below")


@pytest.mark.parametrize("inside", ["photos", "photos/a", "photos/new/deep", "store", "store/x"])
def test_the_collection_and_the_store_are_no_target(
    opened: Store, tmp_path: Path, inside: str
) -> None:
    with pytest.raises(WrongValueError, match="lies within"):
        check_target(opened, tmp_path / inside)
    (tmp_path / "way").symlink_to(tmp_path / "photos")
    with pytest.raises(WrongValueError, match="lies within"):
        check_target(opened, tmp_path / "way" / "below")


@pytest.mark.parametrize("how", ["copy", "link"])
def test_a_picture_that_has_changed_is_left_out(
    opened: Store, folder: Path, tmp_path: Path, how: str
) -> None:
    entries, secret = _entries(opened), tmp_path / "secret"
    secret.write_bytes(b"root:x:0:0")
    (folder / "a/one.png").unlink()
    (folder / "a/one.png").symlink_to(secret)
    (folder / "a/two.png").write_bytes(b"other content")
    (folder / "b/one.png").unlink()
    (folder / "one-2.png").unlink()
    os.mkfifo(folder / "one-2.png")
    done = copy_pictures(entries, tmp_path / "out", how)
    # c/one.png and d/three.png are as they were.
    assert sorted(_bytes(tmp_path / "out")) == ["one.png", "three.png"]
    assert done.written == 2
    assert len(done.failed) == 4
    assert sum("has changed since: run imgrec index" in line for line in done.failed) == 2
    assert all(line.startswith(str(folder)) and "\n" not in line for line in done.failed)


def test_a_link_to_the_same_content_is_copied_and_not_linked(
    opened: Store, folder: Path, tmp_path: Path
) -> None:
    entries = _entries(opened, "a/two.png")
    (folder / "a/two.png").rename(tmp_path / "moved.png")
    (folder / "a/two.png").symlink_to(tmp_path / "moved.png")
    linked = copy_pictures(entries, tmp_path / "out", "link")
    assert linked.written == 0
    assert linked.failed == [f"{folder}/a/two.png: it is reached by a symbolic link: copy it"]
    assert copy_pictures(entries, tmp_path / "out").written == 1
    assert not (tmp_path / "out/two.png").is_symlink()


def test_nothing_temporary_is_left_after_failures(
    opened: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    for name in ("fsync", "link", "utime"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, failing)
            done = copy_pictures(_entries(opened), tmp_path / name)
        # A time that cannot be set is no failure.
        assert len(done.failed) == (0 if name == "utime" else len(_NAMES))
        left = [p for p in (tmp_path / name).iterdir() if p.name.startswith(TEMPORARY_PREFIX)]
        assert left == []


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP])
def test_a_file_system_without_hard_links_is_written_to(
    opened: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(code, "no hard links here")

    copy_pictures(_entries(opened), tmp_path / "expected")
    monkeypatch.setattr(os, "link", refused)
    for _ in range(2):
        done = copy_pictures(_entries(opened), tmp_path / "out")
        assert done.failed == []
        assert _bytes(tmp_path / "out") == _bytes(tmp_path / "expected")
    assert done.written == 0
    linked = copy_pictures(_entries(opened), tmp_path / "linked", "link")
    assert len(linked.failed) == len(_NAMES)
    assert _bytes(tmp_path / "linked") == {}


def test_a_full_disk_ends_it(
    opened: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = copy_pictures(_entries(opened), tmp_path / "out")
    assert (done.written, done.there) == (0, 0)
    assert len(done.failed) == 2
    assert "No space left" in done.failed[0]
    assert list((tmp_path / "out").iterdir()) == []


def test_failures_are_counted_and_some_are_named(
    opened: Store, folder: Path, tmp_path: Path
) -> None:
    (entry,) = _entries(opened, "a/one.png")
    (folder / "a/one.png").unlink()
    done = copy_pictures([entry] * (MOST_NAMED + 7), tmp_path / "out")
    assert len(done.failed) == MOST_NAMED + 1
    assert done.failed[-1] == "and 7 more"


def test_another_way_is_refused(opened: Store, tmp_path: Path) -> None:
    with pytest.raises(WrongValueError, match="how is 'move'"):
        copy_pictures(_entries(opened), tmp_path / "out", "move")
    assert not (tmp_path / "out").exists()


def test_a_killed_run_is_continued(opened: Store, tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom imgrec import Store\nfrom pathlib import Path\n"
        "from imgrec.serving.copying import copy_pictures\n"
        "fsync, times = os.fsync, []\n"
        "def dying(handle):\n"
        "    times.append(1)\n"
        "    fsync(handle) if len(times) < 3 else os._exit(9)\n"
        "os.fsync = dying\n"
        "with Store.open(sys.argv[1]) as store:\n"
        "    ids = store.catalog.ids('ok').tolist()\n"
        "    copy_pictures(store.catalog.entries(ids), Path(sys.argv[2]))\n"
    )
    out = tmp_path / "out"
    killed = subprocess.run([sys.executable, "-c", program, str(opened.path), str(out)])
    assert killed.returncode == 9
    there = sorted(path.name for path in out.iterdir())
    assert len(there) == 3
    assert there[0].startswith(TEMPORARY_PREFIX)
    entries = opened.catalog.entries(opened.catalog.ids("ok").tolist())
    done = copy_pictures(entries, out)
    assert (done.written, done.there, done.failed) == (3, 3, [])
    assert len(list(out.iterdir())) == 5


def test_several_at_once_write_each_file_once(opened: Store, tmp_path: Path) -> None:
    out, done = tmp_path / "out", []
    entries = _entries(opened)
    threads = [
        threading.Thread(target=lambda: done.append(copy_pictures(entries, out))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.written for one in done) == 5
    assert sum(one.there for one in done) == 6 * len(_NAMES) - 5
    assert len(list(out.iterdir())) == 5


class _Elsewhere(FolderSource):
    """A folder that stands for an object store: its pictures are no files of this machine."""

    def __init__(self, description: str) -> None:
        super().__init__("/" + description.partition("://")[2].lstrip("/"))

    def file(self, path: str) -> Any:
        return None

    def read(self, path: str, head: int | None = None) -> bytes:
        try:
            return Path(self.description, path).read_bytes()
        except OSError as error:
            raise PictureError("unreadable", str(error)) from error


def test_pictures_of_another_source_are_copied(
    opened: Store, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "KINDS", {**opening.KINDS, "far": _Elsewhere})
    (entry,) = _entries(opened, "a/one.png")
    columns = {name: getattr(entry, name) for name in Entry.__slots__}
    far = Entry(**{**columns, "root": f"far://{folder}"})
    done = copy_pictures([far], tmp_path / "out")
    assert (done.written, done.failed) == (1, [])
    assert (tmp_path / "out/one.png").read_bytes() == (folder / "a/one.png").read_bytes()
    linked = copy_pictures([far], tmp_path / "linked", "link")
    assert linked.written == 0
    assert "no file of this machine: copy it" in linked.failed[0]


def test_a_name_of_any_bytes_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    name = os.fsdecode(b"caf\xe9 \n-rf.png")
    picture("stripes", 1).save(folder / "plain.png")
    (folder / "plain.png").rename(folder / name)
    _catalog(folder, tmp_path / "store")
    with Store.open(tmp_path / "store") as store:
        done = copy_pictures(store.catalog.entries([1]), tmp_path / "out")
    assert done.failed == []
    assert os.listdir(os.fsencode(tmp_path / "out")) == [b"caf\xe9 \n-rf.png"]


def test_a_disk_that_no_hard_link_reaches_is_told(
    opened: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = _entries(opened, "a/one.png")
    target = copying._Target(tmp_path, linked=True, mode=0o644)
    object.__setattr__(target, "device", target.device + 1)
    monkeypatch.setattr(copying, "_Target", lambda *_: target)
    done = copy_pictures(entries, tmp_path / "out", "link")
    assert "another disk, which no hard link can reach: copy it" in done.failed[0]
