"""Kept arrays that are replaced while they are read: never a mixture of two folders."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgrec.errors import StoreError
from imgrec.store import kept
from imgrec.store.kept import check, load, save

STAMP = {"version": 1}
_NAMES = ("a", "b")


def _save(folder: Path, value: int) -> None:
    arrays = {name: np.full(50, value) for name in _NAMES}
    save(folder, STAMP, arrays, {"value": value})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _save(tmp_path / "kept", 0)
    return tmp_path / "kept"


def _replacing(folder: Path, times: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replace the folder each time after its sidecar was read, the first `times` times."""
    read, values = kept._body, list[int]()

    def body(place: Path) -> Any:
        found = read(place)
        if len(values) < times:
            values.append(len(values) + 1)
            _save(folder, values[-1])
        return found

    monkeypatch.setattr(kept, "_body", body)
    return values


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_folder_that_is_replaced_is_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    _replacing(folder, times, monkeypatch)
    found = load(folder, STAMP, _NAMES)
    assert found is not None
    assert found.state == {"value": times}
    assert found.token == kept.folder_token(folder)
    assert all((found.arrays[name] == times).all() for name in _NAMES)


def test_one_that_is_replaced_again_and_again_counts_as_absent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = _replacing(folder, 100, monkeypatch)
    assert load(folder, STAMP, _NAMES) is None
    # Three times, and then it is computed again.
    assert values == [1, 2, 3]


def test_one_of_the_same_bytes_is_another_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that was replaced between the arrays and the token is not the one that was read."""
    tokens: Iterator[tuple[int, int]] = iter([(1, 1), (1, 2), (1, 2), (2, 2), (2, 2), (2, 2)])
    monkeypatch.setattr(kept, "folder_token", lambda folder: next(tokens))
    found = load(folder, STAMP, _NAMES)
    assert found is not None
    assert found.token == (2, 2)


def test_a_file_that_disappears_after_it_was_verified_counts_as_absent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = kept._files_problem

    def then_gone(place: Path, files: Any, small_bytes: int | None) -> str | None:
        found = verified(place, files, small_bytes)
        (place / "b.npy").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(kept, "_files_problem", then_gone)
    assert load(folder, STAMP, _NAMES) is None


def test_an_array_that_changes_its_shape_after_it_was_verified_counts_as_absent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = kept._files_problem

    def then_other(place: Path, files: Any, small_bytes: int | None) -> str | None:
        found = verified(place, files, small_bytes)
        np.save(place / "b.npy", np.zeros(3, np.int8))
        return found

    monkeypatch.setattr(kept, "_files_problem", then_other)
    assert load(folder, STAMP, _NAMES) is None


def test_a_folder_that_disappears_while_it_is_read_counts_as_absent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = kept._body

    def then_gone(place: Path) -> Any:
        found = read(place)
        if place.exists():
            place.rename(place.with_name("gone"))
        return found

    monkeypatch.setattr(kept, "_body", then_gone)
    assert load(folder, STAMP, _NAMES) is None


def test_a_file_that_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(path: Path) -> str:
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(kept, "_checksum", unreadable)
    assert load(folder, STAMP, _NAMES) is None
    with pytest.raises(StoreError, match=r"^a\.npy cannot be read \(Input/output error\)$"):
        check(folder)


def test_a_failed_write_of_other_files_leaves_the_old_folder_and_no_other(folder: Path) -> None:
    def fail(temporary: Path) -> None:
        (temporary / "half").write_bytes(b"x")
        raise OSError(28, "No space left on device")

    for _ in range(3):
        with pytest.raises(OSError, match="No space left") as raised:
            save(folder, STAMP, {"a": np.zeros(3)}, write_more=fail)
        assert raised.value.filename == str(folder)
    found = load(folder, STAMP, _NAMES)
    assert found is not None
    assert found.state == {"value": 0}
    assert [path.name for path in folder.parent.iterdir()] == ["kept"]


def test_writing_again_and_again_leaves_one_folder(folder: Path) -> None:
    for value in range(10):
        _save(folder, value)
    assert [path.name for path in folder.parent.iterdir()] == ["kept"]
    assert sorted(path.name for path in folder.iterdir()) == ["a.npy", "b.npy", "kept.json"]
