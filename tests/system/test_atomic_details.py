"""Atomic writes in detail: permissions, what is flushed, names in errors, whose temporaries go."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgrec.system import atomic_files
from imgrec.system.atomic_files import (
    TEMPORARY_PREFIX,
    named,
    new_file,
    remove_orphans,
    remove_temporaries,
    temporary_prefix,
    umask,
    was_left_by_dead_process,
    write_bytes,
    write_text,
)
from imgrec.system.atomic_folders import new_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the content of each file when it is flushed to the disk."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system has no /proc")
    seen: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        # A file that is open for writing only is read by its name in /proc.
        seen.append(Path(f"/proc/self/fd/{descriptor}").read_text("utf-8"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return seen


@pytest.fixture(params=[0o022, 0o077])
def mask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Set the mask of permissions for a test."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_new_files_and_folders_have_the_permissions_of_any_other(tmp_path: Path, mask: int) -> None:
    assert umask() == mask
    # Asking for it leaves it as it is.
    assert umask() == mask
    write_bytes(tmp_path / "file", b"x")
    with new_folder(tmp_path / "folder"):
        pass
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o777 & ~mask


def test_a_file_is_flushed_whole_before_it_is_renamed(
    tmp_path: Path, flushed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace
    order: list[int] = []

    def noted(self: Path, target: Path) -> Path:
        order.append(len(flushed))
        assert self.parent == tmp_path
        assert self.name.startswith(temporary_prefix())
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    write_text(tmp_path / "a", "12345")
    assert flushed == ["12345"]
    assert order == [1]


def test_every_file_of_a_folder_is_flushed(tmp_path: Path, flushed: list[str]) -> None:
    with new_folder(tmp_path / "out") as folder:
        (folder / "deep").mkdir()
        (folder / "a").write_text("first")
        (folder / "deep" / "b").write_text("second")
        assert flushed == []
    assert sorted(flushed) == ["first", "second"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "deep", "out"]


def test_texts_are_utf8_and_what_is_no_unicode_becomes_a_question_mark(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "Grüße \udcfc\n")
    assert (tmp_path / "a").read_bytes() == "Grüße ?\n".encode()


def test_errors_name_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    place = tmp_path / "nowhere" / "a"
    with pytest.raises(FileNotFoundError) as error:
        write_bytes(place, b"x")
    assert error.value.filename == str(place)
    for raised, told in (
        (OSError(errno.ENOSPC, "full"), str(tmp_path / "a")),
        (OSError(errno.ENOSPC, "full", "other"), "other"),
        (OSError("without a number"), None),
    ):
        with pytest.raises(OSError) as found, new_file(tmp_path / "a"):
            raise raised
        assert found.value is raised
        assert raised.filename == told
    with pytest.raises(OSError) as found, new_folder(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "full")
    assert found.value.filename == str(tmp_path / "out")
    named(ValueError("no error of the system"), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def dead() -> int:
    """Return the id of a process that has ended."""
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    return int(done.stdout)


def _name(pid: int | str, kind: str = "", more: str = "x") -> str:
    return temporary_prefix(kind).replace(f"-{os.getpid()}-", f"-{pid}-") + more


def test_temporaries_carry_host_and_process(dead: int) -> None:
    assert temporary_prefix().startswith(TEMPORARY_PREFIX)
    assert temporary_prefix().endswith(f"-{os.getpid()}-")
    assert temporary_prefix("old-").startswith(f"{TEMPORARY_PREFIX}old-")
    assert was_left_by_dead_process(_name(dead))
    assert not was_left_by_dead_process(_name(os.getpid()))
    # The first process of the machine, which belongs to another user in most cases.
    assert not was_left_by_dead_process(_name(1))
    assert not was_left_by_dead_process(_name(10**30))
    assert was_left_by_dead_process(_name(dead, "old-"), "old-")
    assert not was_left_by_dead_process(_name(dead, "old-"))
    assert not was_left_by_dead_process(_name(dead), "old-")
    for name in (
        f"{TEMPORARY_PREFIX}elsewhere.example-{dead}-x",
        _name(f"{dead}x"),
        _name("٣"),
        "x" + _name(dead),
        _name(dead)[:-2],
        "",
    ):
        assert not was_left_by_dead_process(name), name


def test_a_process_of_another_user_is_alive(monkeypatch: pytest.MonkeyPatch, dead: int) -> None:
    def refused(pid: int, number: int) -> None:
        assert (pid, number) == (dead, 0)
        raise PermissionError

    monkeypatch.setattr(atomic_files.os, "kill", refused)
    assert not was_left_by_dead_process(_name(dead))


def test_orphans_are_deleted_whatever_they_are(tmp_path: Path, dead: int) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "mine").write_text("mine")
    (tmp_path / _name(dead, more="folder")).mkdir()
    (tmp_path / _name(dead, more="folder") / "a").write_text("x")
    (tmp_path / _name(dead, more="file")).write_text("x")
    (tmp_path / _name(dead, more="link")).symlink_to(tmp_path / "target")
    (tmp_path / _name(dead, "old-", "aside")).mkdir()
    (tmp_path / _name(os.getpid(), more="alive")).write_text("x")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / _name(dead)).write_text("x")
    remove_orphans(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["target", "deep", _name(dead, "old-", "aside"), _name(os.getpid(), more="alive")]
    )
    assert (tmp_path / "target" / "mine").read_text() == "mine"
    assert (tmp_path / "deep" / _name(dead)).exists()


def test_all_temporaries_of_a_folder_are_deleted_and_nothing_through_a_link(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    for name in (_name(os.getpid()), f"{TEMPORARY_PREFIX}other", "part-000000"):
        (tmp_path / "a" / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    remove_temporaries(tmp_path / "link")
    assert len(list((tmp_path / "a").iterdir())) == 3
    remove_temporaries(tmp_path / "a")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["part-000000"]


def test_a_temporary_that_cannot_be_deleted_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{TEMPORARY_PREFIX}a").write_text("x")

    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EPERM, "not yours")

    monkeypatch.setattr(Path, "unlink", refused)
    remove_temporaries(tmp_path)
    assert (tmp_path / f"{TEMPORARY_PREFIX}a").exists()


def test_a_failing_rollback_is_an_error_of_the_system_with_number_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_folder(tmp_path / "out"):
        pass
    rename, calls = Path.rename, list[str]()

    def failing(self: Path, target: Path) -> Path:
        calls.append(str(target))
        if len(calls) > 1:
            raise OSError(errno.EIO, "broken")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError) as error, new_folder(tmp_path / "out", lambda folder: None):
        pass
    assert (error.value.errno, error.value.filename) == (errno.EIO, str(tmp_path / "out"))
    assert len(calls) == 3
