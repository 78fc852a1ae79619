"""What a kept folder notices of a changed file: each byte, or those of its two ends."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgrec import StoreError
from imgrec.store.kept import SIDECAR, check, folder_token, load, save

END = 1 << 16
# The array has 300,000 bytes, and its header 128.
VALUES = np.arange(75_000, dtype=np.int32)
SIZE = 300_128
STAMP = {"version": 3, "of": ["a", 1.5]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keep an array and another file."""

    def more(temporary: Path) -> None:
        (temporary / "more.usearch").write_bytes(b"more")

    save(tmp_path / "kept", STAMP, {"values": VALUES}, {"count": 7}, more)
    assert (tmp_path / "kept" / "values.npy").stat().st_size == SIZE
    return tmp_path / "kept"


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def _is_loaded(folder: Path, **how: Any) -> bool:
    return load(folder, STAMP, ["values"], **how) is not None


def test_what_was_saved_is_loaded(folder: Path) -> None:
    for how in ({}, {"verify": False}, {"verify": False, "small_bytes": 0}):
        kept = load(folder, {"of": ["a", 1.5], "version": 3}, ["values"], **how)
        assert kept is not None
        assert np.array_equal(kept.arrays["values"], VALUES)
        assert kept.arrays["values"].dtype == np.int32
        assert kept.state == {"count": 7}
        assert kept.token == folder_token(folder) != (0, 0)
    whole = check(folder)
    assert list(whole.arrays) == ["values"]
    assert np.array_equal(whole.arrays["values"], VALUES)
    assert (whole.state, whole.token) == ({"count": 7}, folder_token(folder))
    assert {path.name for path in folder.iterdir()} == {SIDECAR, "values.npy", "more.usearch"}


@pytest.mark.parametrize("stamp", [{}, {"version": 4, "of": ["a", 1.5]}, {"version": 3, "of": []}])
def test_another_stamp_is_stale(folder: Path, stamp: dict[str, Any]) -> None:
    assert load(folder, stamp, ["values"]) is None


def test_an_array_that_was_not_kept_is_asked_for(folder: Path) -> None:
    assert load(folder, STAMP, ["values", "others"]) is None
    assert load(folder, STAMP, ["more"]) is None
    nothing = load(folder, STAMP, [])
    assert nothing is not None
    assert nothing.arrays == {}


@pytest.mark.parametrize(
    ("place", "noticed"),
    [
        (200, True),
        (END - 1, True),
        (END, False),
        (SIZE // 2, False),
        (SIZE - END - 1, False),
        (SIZE - END, True),
        (SIZE - 1, True),
    ],
)
def test_of_a_large_file_the_ends_are_hashed_and_of_a_small_one_all(
    folder: Path, place: int, noticed: bool
) -> None:
    _flip(folder / "values.npy", place)
    assert not _is_loaded(folder)
    assert not _is_loaded(folder, verify=False)
    assert not _is_loaded(folder, verify=False, small_bytes=SIZE)
    assert _is_loaded(folder, verify=False, small_bytes=SIZE - 1) is not noticed
    with pytest.raises(StoreError) as error:
        check(folder)
    assert str(error.value) == "values.npy is not what was written, by its checksum"
    _flip(folder / "values.npy", place)
    assert _is_loaded(folder, verify=False, small_bytes=0)
    assert _is_loaded(folder)


def test_files_that_are_no_arrays_are_checked_too(folder: Path) -> None:
    _flip(folder / "more.usearch", 1)
    assert not _is_loaded(folder)
    with pytest.raises(StoreError) as error:
        check(folder)
    assert str(error.value) == "more.usearch is not what was written, by its checksum"
    (folder / "more.usearch").unlink()
    assert not _is_loaded(folder)
    with pytest.raises(StoreError) as error:
        check(folder)
    assert str(error.value) == "more.usearch is absent"


def test_the_size_is_compared_first(folder: Path) -> None:
    with (folder / "values.npy").open("ab") as file:
        file.write(b"\0" * 1000)
    assert not _is_loaded(folder, verify=False, small_bytes=0)
    with pytest.raises(StoreError) as error:
        check(folder)
    assert str(error.value) == "values.npy has 301,128 bytes, 300,128 were written"


def test_each_letter_of_the_sidecar_is_checked(folder: Path) -> None:
    path = folder / SIDECAR
    text = path.read_text("utf-8")
    assert json.loads(text)["state"] == {"count": 7}
    for changed in (
        text.replace('"count": 7', '"count": 8'),
        text.replace('"version": 3', '"version": 4'),
        text + " ",
        text.replace("\n", ""),
        text[:-20],
        "[1]",
        "7",
        "null",
        "",
        "[" * 100_000,
    ):
        path.write_text(changed, "utf-8")
        assert not _is_loaded(folder), changed[:40]
        with pytest.raises(StoreError, match=r"^kept\.json is absent or damaged$"):
            check(folder)
    path.unlink()
    assert not _is_loaded(folder)
    path.write_text(text, "utf-8")
    assert _is_loaded(folder)


def test_nothing_is_loaded_from_where_nothing_is(tmp_path: Path) -> None:
    assert folder_token(tmp_path / "nowhere") == (0, 0)
    assert load(tmp_path / "nowhere", STAMP, ["values"]) is None
    with pytest.raises(StoreError):
        check(tmp_path / "nowhere")


def test_a_folder_that_is_replaced_has_another_token_and_nothing_of_the_old_one(
    folder: Path,
) -> None:
    before = folder_token(folder)
    save(folder, STAMP, {"others": VALUES[:3]})
    assert folder_token(folder) != before
    assert not _is_loaded(folder)
    kept = load(folder, STAMP, ["others"])
    assert kept is not None
    assert (kept.arrays["others"].tolist(), kept.state) == ([0, 1, 2], {})
    assert {path.name for path in folder.iterdir()} == {SIDECAR, "others.npy"}


def test_arrays_of_objects_are_refused_and_the_old_folder_stays(folder: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        save(folder, STAMP, {"values": np.array([{}], object)})
    assert _is_loaded(folder)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((0, 3), np.float32),
        np.array(5.5),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(10, dtype="i2")[::2],
    ],
    ids=["empty", "scalar", "fortran", "strided"],
)
def test_arrays_of_every_kind_come_back(tmp_path: Path, values: np.ndarray) -> None:
    save(tmp_path / "kept", STAMP, {"values": values})
    kept = load(tmp_path / "kept", STAMP, ["values"])
    assert kept is not None
    assert kept.arrays["values"].dtype == values.dtype
    assert kept.arrays["values"].shape == values.shape
    assert np.array_equal(kept.arrays["values"], values)


@pytest.mark.parametrize(
    "values", [np.array([True, False]), np.arange(10, dtype=">i2")[::2]], ids=["bool", "strided"]
)
def test_arrays_of_no_native_numbers_are_refused_and_the_old_folder_stays(
    folder: Path, values: np.ndarray
) -> None:
    with pytest.raises(ValueError, match=f"holds {values.dtype}: only native numbers are kept"):
        save(folder, STAMP, {"values": values})
    assert _is_loaded(folder)
