"""Kept arrays: they round-trip, or loading fails; damage and stale stamps are detected."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from arrays_on_disk import is_mapped
from imgrec.errors import StoreError
from imgrec.store.kept import SIDECAR, check, load, save

STAMP = {"version": 3, "sizes": (1, 2)}
# Bytes: larger than the two ends of a file that are always verified.
LARGE = 1 << 20
CODES = np.random.default_rng(0).integers(-127, 127, (LARGE // 64, 64), dtype=np.int8)
SMALL = np.arange(10, dtype=np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "kept", STAMP, {"codes": CODES, "scales": SMALL}, {"sources": ["a"]})
    return tmp_path / "kept"


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 4
    path.write_bytes(data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    values=st.sampled_from(["f4", "i8", "i1", "f8", "u2", "f2"]).flatmap(
        lambda dtype: arrays(dtype, array_shapes(min_dims=0, min_side=0, max_dims=3))
    ),
    state=st.dictionaries(
        st.text(), st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.none()
    ),
)
def test_arrays_round_trip(values: np.ndarray, state: dict[str, Any], tmp_path: Path) -> None:
    save(tmp_path / "kept", STAMP, {"x": values, "turned": values.T}, state)
    kept = load(tmp_path / "kept", STAMP, ["x", "turned"])
    assert kept is not None
    assert kept.state == state
    for name, expected in (("x", values), ("turned", values.T)):
        assert kept.arrays[name].dtype == expected.dtype
        assert kept.arrays[name].shape == expected.shape
        assert kept.arrays[name].tobytes() == expected.tobytes()
    assert check(tmp_path / "kept").arrays.keys() == {"x", "turned"}


def test_arrays_are_mapped_and_objects_refused(folder: Path) -> None:
    kept = load(folder, STAMP, ["codes"])
    assert kept is not None
    assert is_mapped(kept.arrays["codes"])
    with pytest.raises(ValueError, match="Object arrays"):
        save(folder, STAMP, {"codes": np.array([{}])})
    for dtype in (">i8", "c16", "U3", "?"):
        with pytest.raises(ValueError, match="only native numbers"):
            save(folder, STAMP, {"codes": np.zeros(3, dtype)})
    # The failed save has kept the old arrays.
    assert np.array_equal(check(folder).arrays["codes"], CODES)


@pytest.mark.parametrize("stamp", [{}, {"version": 4, "sizes": [1, 2]}, {**STAMP, "more": None}])
def test_another_stamp_is_stale_and_not_damaged(folder: Path, stamp: dict[str, Any]) -> None:
    assert load(folder, stamp, ["codes"]) is None
    check(folder)
    assert load(folder, STAMP, ["codes", "absent"]) is None
    assert load(folder.parent / "absent", STAMP, ["codes"]) is None


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("name", ["codes.npy", "scales.npy", SIDECAR])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"",
        lambda data: data[:9] + b"\xff" + data[10:],
        lambda data: bytes(data[:40]) + bytes([data[40] ^ 1]) + data[41:],
        lambda data: data[:-2] + bytes([data[-2] ^ 1]) + data[-1:],
        lambda data: data[::-1],
    ],
)
def test_damage_at_the_ends_is_always_noticed(
    folder: Path, name: str, damage: Callable[[bytes], bytes], verify: bool
) -> None:
    (folder / name).write_bytes(damage((folder / name).read_bytes()))
    assert load(folder, STAMP, ["codes", "scales"], verify=verify) is None
    with pytest.raises(StoreError, match=name):
        check(folder)


def test_a_flipped_bit_inside_a_large_file_is_noticed_by_its_full_checksum(folder: Path) -> None:
    flip(folder / "codes.npy", LARGE // 2)
    assert load(folder, STAMP, ["scales"], verify=False, small_bytes=LARGE // 2) is not None
    assert load(folder, STAMP, ["scales"], verify=False, small_bytes=2 * LARGE) is None
    assert load(folder, STAMP, ["scales"]) is None
    with pytest.raises(StoreError, match=r"codes\.npy is not what was written, by its checksum"):
        check(folder)


def test_a_flipped_bit_anywhere_in_the_sidecar_is_noticed(folder: Path) -> None:
    whole = (folder / SIDECAR).read_bytes()
    for position in range(len(whole)):
        flip(folder / SIDECAR, position)
        assert load(folder, STAMP, ["codes"]) is None, whole[position - 9 : position + 9]
        (folder / SIDECAR).write_bytes(whole)
    assert load(folder, STAMP, ["codes"]) is not None


@pytest.mark.parametrize("verify", [True, False])
def test_a_file_of_another_folder_is_noticed(folder: Path, tmp_path: Path, verify: bool) -> None:
    save(tmp_path / "other", STAMP, {"codes": CODES[::-1], "scales": SMALL[::-1]})
    for name in ("codes.npy", "scales.npy", SIDECAR):
        whole = (folder / name).read_bytes()
        shutil.copy(tmp_path / "other" / name, folder / name)
        assert load(folder, STAMP, ["codes"], verify=verify, small_bytes=1024) is None
        (folder / name).write_bytes(whole)


def test_a_pickle_is_refused_even_with_a_right_checksum(tmp_path: Path) -> None:
    def pickled(folder: Path) -> None:
        np.save(folder / "x.npy", np.array([{}]), allow_pickle=True)

    save(tmp_path / "kept", STAMP, {}, write_more=pickled)
    assert load(tmp_path / "kept", STAMP, ["x"]) is None
    with pytest.raises(StoreError, match="Python objects"):
        check(tmp_path / "kept")


def test_files_that_are_no_arrays_are_verified_too(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    save(folder, STAMP, {"x": SMALL}, write_more=lambda path: _write(path / "graph.bin", b"graph"))
    assert load(folder, STAMP, ["x"]) is not None
    flip(folder / "graph.bin", 2)
    assert load(folder, STAMP, ["x"]) is None
    with pytest.raises(StoreError, match=r"graph\.bin"):
        check(folder)


def test_a_failed_save_leaves_the_old_folder(folder: Path) -> None:
    with pytest.raises(OSError, match="no space"):
        save(folder, STAMP, {"codes": CODES[:3]}, write_more=_full_disk)
    assert [path.name for path in folder.parent.iterdir()] == ["kept"]
    assert np.array_equal(check(folder).arrays["codes"], CODES)


def test_the_sidecar_describes_each_file(folder: Path) -> None:
    described = json.loads((folder / SIDECAR).read_text())["files"]["codes.npy"]
    assert (described["dtype"], described["shape"]) == ("|i1", [LARGE // 64, 64])
    assert described["bytes"] == (folder / "codes.npy").stat().st_size


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _full_disk(_: Path) -> None:
    raise OSError("no space")
