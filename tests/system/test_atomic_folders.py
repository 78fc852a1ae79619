"""Replacing a folder: whole or not at all, only what is ours, and nothing lost by a kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imgrec.errors import ImgrecError
from imgrec.system.atomic_files import new_file
from imgrec.system.atomic_folders import new_folder
from imgrec.system.output_folder import SITE

Rename = Callable[[Path, str], Path]
_RENAME: Rename = Path.rename
# Writes a site and kills itself by SIGKILL at the rename of this number, before or after it.
_KILLED = """
import os, signal, sys
from pathlib import Path
from imgrec.system.atomic_folders import new_folder
from imgrec.system.output_folder import SITE

out, text, number, moment = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
rename, done = Path.rename, 0

def killing(self, target):
    global done
    done += 1
    if done == number and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    renamed = rename(self, target)
    if done == number and moment == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return renamed

Path.rename = killing
with new_folder(out, SITE.check_place) as folder:
    (folder / "index.html").write_text(text)
    (folder / SITE.marker).write_text(SITE.described(folder, {}))
"""


def _site(out: Path, text: str) -> None:
    with new_folder(out, SITE.check_place) as folder:
        (folder / "index.html").write_text(text)
        (folder / SITE.marker).write_text(SITE.described(folder, {}), "utf-8")


def _kill(out: Path, text: str, number: int, moment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(out), text, str(number), moment], check=False
    )
    assert done.returncode == -signal.SIGKILL


def _tree(folder: Path) -> dict[str, bytes | None]:
    paths = sorted(folder.rglob("*"))
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else None for p in paths
    }


def _all_is_ours(_: Path) -> None:
    """Accept whatever a folder holds."""


@pytest.mark.skipif(os.name != "posix", reason="only there a dead process is told from a living")
def test_a_kill_between_both_renames_loses_nothing(tmp_path: Path) -> None:
    out = tmp_path / "site"
    _site(out, "old")
    before = _tree(out)
    _kill(out, "new", 2, "before")
    assert not out.exists()
    (aside,) = tmp_path.glob(".tmp-old-*")
    assert _tree(aside / "site") == before
    # The next run finds what it left, and fails: the old site is back as it was.
    with pytest.raises(RuntimeError), new_folder(out, SITE.check_place):
        assert _tree(out) == before
        raise RuntimeError
    assert _tree(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.skipif(os.name != "posix", reason="only there a dead process is told from a living")
@pytest.mark.parametrize(("number", "moment"), [(1, "before"), (1, "after"), (2, "after")])
def test_the_run_after_a_kill_leaves_the_new_site_alone(
    tmp_path: Path, number: int, moment: str
) -> None:
    out = tmp_path / "site"
    _site(out, "old")
    _kill(out, "killed", number, moment)
    _site(out, "new")
    assert (out / "index.html").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.skipif(os.name != "posix", reason="only there a dead process is told from a living")
def test_what_was_left_aside_is_kept_if_it_is_not_ours(tmp_path: Path) -> None:
    out = tmp_path / "site"
    _site(out, "old")
    _kill(out, "killed", 2, "after")
    (aside,) = tmp_path.glob(".tmp-old-*")
    (aside / "site" / "mine.txt").write_text("mine")
    _site(out, "new")
    assert (aside / "site" / "mine.txt").read_text() == "mine"
    assert (out / "index.html").read_text() == "new"


def test_what_a_living_process_or_another_machine_left_aside_stays(tmp_path: Path) -> None:
    living = f".tmp-old-{_host()}-{os.getppid()}-abc"
    for name in (living, ".tmp-old-elsewhere-1-abc", ".tmp-old-abc"):
        (tmp_path / name / "site").mkdir(parents=True)
        (tmp_path / name / "site" / "a").write_text("a")
    before = _tree(tmp_path)
    _site(tmp_path / "site", "new")
    after = _tree(tmp_path)
    assert before.items() <= after.items()
    assert after["site/index.html"] == b"new"


def test_the_newest_of_several_left_aside_is_restored(tmp_path: Path) -> None:
    out = tmp_path / "site"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for age, name in ((300, "a"), (100, "b"), (200, "c")):
        aside = tmp_path / f".tmp-old-{_host()}-{dead.pid}-{name}"
        _site(aside / "site", name)
        os.utime(aside, (1e9 - age, 1e9 - age))
    with pytest.raises(RuntimeError), new_folder(out, SITE.check_place):
        raise RuntimeError
    expected = "b" if os.name == "posix" else None
    assert (out / "index.html").read_text() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_failing_second_rename_is_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    _site(out, "old")
    before = _tree(tmp_path)
    monkeypatch.setattr(Path, "rename", _failing(2))
    with pytest.raises(OSError, match="rename 2"):
        _site(out, "new")
    assert _tree(tmp_path) == before


def test_a_failing_first_rename_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    _site(out, "old")
    before = _tree(tmp_path)
    monkeypatch.setattr(Path, "rename", _failing(1))
    with pytest.raises(OSError, match="rename 1"):
        _site(out, "new")
    assert _tree(tmp_path) == before


def test_a_failing_rollback_keeps_the_old_folder_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    _site(out, "old")
    before = _tree(out)
    monkeypatch.setattr(Path, "rename", _failing(2, 3))
    with pytest.raises(OSError, match="nor restored") as raised:
        _site(out, "new")
    (aside,) = tmp_path.iterdir()
    assert _tree(aside / "site") == before
    assert str(aside / "site") in str(raised.value)
    assert raised.value.filename == str(out)


def test_an_interrupt_between_both_renames_is_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    _site(out, "old")
    before = _tree(tmp_path)
    monkeypatch.setattr(Path, "rename", _failing(2, error=KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        _site(out, "new")
    assert _tree(tmp_path) == before


def test_something_that_takes_the_place_between_both_renames_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    _site(out, "old")
    done = []

    def meanwhile(self: Path, target: str) -> Path:
        renamed = _RENAME(self, target)
        done.append(target)
        if len(done) == 1:
            out.mkdir()
            (out / "mine.txt").write_text("mine")
        return renamed

    monkeypatch.setattr(Path, "rename", meanwhile)
    with pytest.raises(OSError, match="nor restored"):
        _site(out, "new")
    assert (out / "mine.txt").read_text() == "mine"
    (aside,) = tmp_path.glob(".tmp-*")
    assert (aside / "site" / "index.html").read_text() == "old"


def test_a_file_that_came_while_the_new_folder_was_written_stops_it(tmp_path: Path) -> None:
    out = tmp_path / "site"
    _site(out, "old")
    with (
        pytest.raises(ImgrecError, match=r"holds mine\.txt"),
        new_folder(out, SITE.check_place) as folder,
    ):
        (folder / "index.html").write_text("new")
        (out / "mine.txt").write_text("mine")
    assert (out / "mine.txt").read_text() == "mine"
    assert (out / "index.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_nothing_is_replaced_without_a_check(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    with pytest.raises(FileExistsError), new_folder(tmp_path / "part"):
        raise AssertionError("it must not begin")
    with pytest.raises(FileExistsError), new_folder(tmp_path / "other") as folder:
        (folder / "a").write_text("a")
        (tmp_path / "other").mkdir()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["other", "part"]
    assert not any((tmp_path / "other").iterdir())


@pytest.mark.parametrize("there", ["folder", "file", "nothing"])
def test_a_link_is_never_replaced(tmp_path: Path, there: str) -> None:
    target, link = tmp_path / "target", tmp_path / "site"
    if there == "folder":
        target.mkdir()
        (target / "a").write_text("a")
    elif there == "file":
        target.write_text("a")
    link.symlink_to(target)
    before = _tree(tmp_path)
    with pytest.raises(OSError, match="symbolic link"), new_folder(link, _all_is_ours):
        raise AssertionError("it must not begin")
    assert _tree(tmp_path) == before
    assert link.is_symlink()


def test_a_file_is_never_replaced_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    with (
        pytest.raises(NotADirectoryError),
        new_folder(tmp_path / "site", _all_is_ours),
    ):
        raise AssertionError("it must not begin")
    assert (tmp_path / "site").read_text() == "mine"


def test_links_in_an_old_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a").write_text("a")
    with new_folder(tmp_path / "site", _all_is_ours) as folder:
        (folder / "link").symlink_to(tmp_path / "mine")
    with new_folder(tmp_path / "site", _all_is_ours):
        pass
    assert (tmp_path / "mine" / "a").read_text() == "a"


def test_the_first_error_is_reported_where_the_temporary_file_cannot_be_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(1, "unlink", str(self))

    monkeypatch.setattr(Path, "unlink", read_only)
    with pytest.raises(OSError, match="the disk is full"), new_file(tmp_path / "a"):
        raise OSError(28, "the disk is full")


def test_an_error_while_closing_a_file_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(OSError, match="No space left") as raised,
        new_file(tmp_path / "a") as file,
    ):
        file.write(b"new")
    assert raised.value.filename == str(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def _failing(*numbers: int, error: BaseException | None = None) -> Rename:
    """Return a `Path.rename` whose calls of these numbers fail, counted from 1."""
    calls = []

    def rename(self: Path, target: str) -> Path:
        calls.append(target)
        if len(calls) in numbers:
            raise error or OSError(5, f"rename {len(calls)}")
        return _RENAME(self, target)

    return rename


def _host() -> str:
    from imgrec.system.atomic_files import temporary_prefix

    return temporary_prefix().split("-")[1]
