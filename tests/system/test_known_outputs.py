"""What is remembered of outputs: current means untouched, and nothing in an output is believed."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from imgrec.system import known_outputs
from imgrec.system.atomic_folders import new_folder
from imgrec.system.known_outputs import (
    NOTHING,
    Made,
    Stamps,
    checksum_of,
    is_current,
    record_of,
    remember,
    taken_over,
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    (folder / "pages").mkdir(parents=True)
    (folder / "index.html").write_bytes(b"one")
    (folder / "pages" / "1.html").write_bytes(b"two")
    return folder


def _remember(out: Path, inputs: str, made: Mapping[str, Made] | None = None) -> None:
    """Remember an output as if it had just been written."""
    stamps = Stamps()
    stamps.take(out)
    remember(out, inputs, stamps, made)


def test_an_untouched_output_of_the_same_inputs_is_current(out: Path) -> None:
    assert not is_current(out, lambda: "a")
    _remember(out, "a")
    assert is_current(out, lambda: "a")
    assert not is_current(out, lambda: "b")
    _remember(out, "b")
    assert not is_current(out, lambda: "a")
    # Moved with its parent folder, and back.
    moved = out.rename(out.with_name("moved"))
    assert not is_current(out, lambda: "b")
    assert not is_current(moved, lambda: "b")
    moved.rename(out)
    assert is_current(out, lambda: "b")


def test_inputs_that_are_not_known_are_never_current(out: Path) -> None:
    _remember(out, "")
    assert not is_current(out, lambda: "")


def test_inputs_are_not_computed_for_an_output_that_was_touched(out: Path) -> None:
    _remember(out, "a")
    (out / "index.html").unlink()
    assert not is_current(out, lambda: pytest.fail("computed"))


def _same_size_and_time(out: Path) -> None:
    file = out / "index.html"
    state = file.stat()
    file.write_bytes(b"0n3")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))


def _link(out: Path) -> None:
    (out / "index.html").rename(out.parent / "elsewhere")
    (out / "index.html").symlink_to(out.parent / "elsewhere")


def _copied(out: Path) -> None:
    shutil.copytree(out, out.parent / "copy", copy_function=shutil.copy2)
    shutil.rmtree(out)
    (out.parent / "copy").rename(out)


TOUCHES: list[Callable[[Path], object]] = [
    lambda out: (out / "pages" / "1.html").unlink(),
    lambda out: (out / "index.html").write_bytes(b"longer"),
    lambda out: (out / "mine.txt").write_bytes(b""),
    lambda out: (out / "mine").mkdir(),
    lambda out: (out / "pages").rename(out / "sites"),
    lambda out: shutil.rmtree(out),
    _same_size_and_time,
    _link,
    _copied,
]


@pytest.mark.parametrize("touch", TOUCHES)
def test_an_output_that_was_touched_is_not_current(
    out: Path, touch: Callable[[Path], object]
) -> None:
    _remember(out, "a")
    touch(out)
    assert not is_current(out, lambda: "a")


RECORDS = [b"", b"{", b"[]", b"{}", b'{"inputs": 1, "stamps": "", "made": {}}', b"[" * 10**6]


@pytest.mark.parametrize("text", RECORDS)
def test_a_damaged_record_is_none(out: Path, cache: Path, text: bytes) -> None:
    _remember(out, "a", {"index.html": Made("key", "sum")})
    assert record_of(out).made == {"index.html": Made("key", "sum")}
    (record,) = (cache / "imgrec" / "outputs").iterdir()
    record.write_bytes(text)
    assert record_of(out) == NOTHING
    assert not is_current(out, lambda: "a")


def test_a_cache_that_cannot_be_written_is_done_without(out: Path, cache: Path) -> None:
    cache.write_bytes(b"a file")
    _remember(out, "a")
    assert not is_current(out, lambda: "a")


def test_the_least_recently_written_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(known_outputs, "_MOST_OUTPUTS", 2)
    outs = [tmp_path / str(i) for i in range(3)]
    for number, one in enumerate(outs):
        one.mkdir()
        _remember(one, "a")
        for file in (cache / "imgrec" / "outputs").iterdir():
            # Written in the order of the loop, whatever the resolution of the clock is.
            os.utime(file, ns=(0, file.stat().st_mtime_ns - 10**9 * (3 - number)))
    assert [is_current(one, lambda: "a") for one in outs] == [False, True, True]


def test_bytes_are_taken_over_if_key_and_checksum_are_as_remembered(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"made")
    known = Made("k", checksum_of(b"made"))
    assert taken_over(old, known, "k") == b"made"
    assert taken_over(old, known, "other") is None
    assert taken_over(old, None, "k") is None


@pytest.mark.parametrize("attack", ["changed", "absent", "link", "folder", "pipe"])
def test_a_file_that_was_exchanged_is_not_taken_over(tmp_path: Path, attack: str) -> None:
    if os.name != "posix" and attack in ("link", "pipe"):
        pytest.skip("links and pipes as POSIX has them")
    old, kept = tmp_path / "old", tmp_path / "kept"
    kept.write_bytes(b"made")
    if attack == "changed":
        old.write_bytes(b"evil")
    elif attack == "link":
        old.symlink_to(kept)
    elif attack == "folder":
        old.mkdir()
    elif attack == "pipe":
        os.mkfifo(old)
    assert taken_over(old, Made("k", checksum_of(b"made")), "k") is None


def _replaced(out: Path, text: bytes, stamps: Stamps) -> None:
    with new_folder(out, lambda _: None, stamps.take) as folder:
        (folder / "index.html").write_bytes(text)


def test_what_another_process_put_in_place_meanwhile_is_not_remembered_as_own(out: Path) -> None:
    """Two write the same output; each remembers it only after both were renamed."""
    mine, others = Stamps(), Stamps()
    _replaced(out, b"mine", mine)
    _replaced(out, b"else", others)
    remember(out, "mine", mine)
    assert not is_current(out, lambda: "mine")
    remember(out, "others", others)
    assert is_current(out, lambda: "others")
    remember(out, "mine", mine)
    assert not is_current(out, lambda: "others") and not is_current(out, lambda: "mine")


@pytest.mark.parametrize("touch", [None, _same_size_and_time])
@pytest.mark.parametrize("checksum", [b"one", b"other"])
def test_a_file_linked_to_the_old_output_is_remembered_by_its_bytes(
    out: Path, touch: Callable[[Path], object] | None, checksum: bytes
) -> None:
    """The inode of a linked file changes when the old output is deleted, after the stamps."""
    stamps = Stamps()
    with new_folder(out, lambda _: None, stamps.take) as folder:
        (folder / "index.html").hardlink_to(out / "index.html")
    if touch is not None:
        touch(out)
    remember(out, "a", stamps, {"index.html": Made("key", checksum_of(checksum))})
    assert is_current(out, lambda: "a") == (touch is None and checksum == b"one")
