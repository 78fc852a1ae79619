"""Headers of arrays that lie, ids that are none, and forms that do not fit."""

import struct
from pathlib import Path

import numpy as np
import pytest

from arrays_on_disk import is_mapped
from imgrec import StoreError
from imgrec.store.arrays import MOST_ID, are_among, are_ids, load_array, match


def _with_header(path: Path, header: str, data: bytes = bytes(24), version: int = 1) -> Path:
    text = header.encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    start = b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(text))
    path.write_bytes(start + text + data)
    return path


def _header(dtype: str = "'<f4'", shape: str = "(2, 3)", order: str = "False") -> str:
    return f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}}}"


def test_an_honest_header(tmp_path: Path) -> None:
    array = load_array(_with_header(tmp_path / "a.npy", _header()), "float32 m d", m=2)
    assert array.shape == (2, 3)
    assert not array.flags.writeable
    long = load_array(_with_header(tmp_path / "b.npy", _header(shape="(6000,)"), bytes(24_000)))
    assert is_mapped(long)


@pytest.mark.parametrize(
    "header",
    [
        _header(shape="(3, 3)"),
        _header(shape="(2, 2)"),
        _header(shape="(-2, -3)"),
        _header(shape=f"({2**62}, 4)"),
        _header(shape=f"({2**64}, {2**64})"),
        _header(shape="(2, 3.0)"),
        _header(shape="(6, True)"),
        _header(shape="(2, 3)", order="True"),
        _header(shape="(1, 1, 1, 2, 3)"),
        _header(shape="6"),
        _header(dtype="'|O'"),
        _header(dtype="'>f4'"),
        _header(dtype="'<c8'", shape="(3,)"),
        _header(dtype="'|V4'"),
        _header(dtype="'<U1'"),
        _header(dtype="[('a', '<f4')]"),
        _header(dtype="('<f4', (2,))", shape="(3,)"),
        _header(dtype="'<M8[s]'", shape="(3,)"),
        "__import__('os').abort()",
        "(" * 5000,
        "{}",
    ],
)
def test_headers_that_lie(tmp_path: Path, header: str) -> None:
    with pytest.raises(StoreError, match=r"a\.npy is damaged"):
        load_array(_with_header(tmp_path / "a.npy", header))


def test_other_versions_and_places(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="format"):
        load_array(_with_header(tmp_path / "a.npy", _header(), version=3))
    np.save(tmp_path / "b.npy", np.zeros(3))
    (tmp_path / "link.npy").symlink_to("b.npy")
    for name in ("link.npy", "absent.npy"):
        with pytest.raises(StoreError, match="is damaged"):
            load_array(tmp_path / name)
    pickled = np.array([{}], object)
    np.save(tmp_path / "o.npy", pickled, allow_pickle=True)
    with pytest.raises(StoreError, match="Python objects"):
        load_array(tmp_path / "o.npy")


def test_empty_arrays(tmp_path: Path) -> None:
    for shape in ((0,), (0, 5), (4, 0)):
        np.save(tmp_path / "a.npy", np.zeros(shape, np.float32))
        assert load_array(tmp_path / "a.npy").shape == shape


@pytest.mark.parametrize(
    ("ids", "right"),
    [
        ([], True), ([1], True), ([1, 2, 9], True), ([MOST_ID], True), ([0, 1], True),
        ([-1, 1], False), ([1, 1], False), ([2, 1], False), ([MOST_ID + 1], False),
        ([-(2**63), 2**63 - 1], False),
    ],
)  # fmt: skip
def test_ids(ids: list[int], right: bool) -> None:
    assert are_ids(np.array(ids, np.int64)) is right


def test_ids_of_other_types() -> None:
    assert not are_ids(np.array([1, 2], np.int32))
    assert not are_ids(np.array([[1, 2]], np.int64))
    assert not are_ids(np.array([1.0, 2.0]))


@pytest.mark.parametrize("step", [1, 1_000_000])
def test_members(step: int) -> None:
    ids = np.array([3, 5, 9]) * step
    assert are_among(ids[[2, 0, 0]], ids)
    assert are_among(ids[:0], ids)
    assert not are_among(ids[:1], ids[:0])
    for stray in (ids[0] - 1, ids[0] + 1, ids[2] + 1, -1, 2**62):
        assert not are_among(np.array([ids[0], stray]), ids)


def test_letters_stand_for_one_number() -> None:
    arrays = {"a": np.zeros((2, 3), np.float32), "b": np.zeros(3, np.int8)}
    assert match(arrays, {"a": "float32 m d", "b": "int8 d"}) == {"m": 2, "d": 3}
    assert match(arrays, {"a": "float32 m d", "b": "int8 m"}) is None
    assert match(arrays, {"a": "float32 m d"}, d=4) is None
    assert match(arrays, {"a": "float16|float32 m d"}, d=3) == {"m": 2, "d": 3}
    assert match(arrays, {"a": "float64 m d"}) is None
