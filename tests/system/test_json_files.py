"""JSON that others may have written: limits of size, nesting and numbers, and types."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.system.json_files import (
    a_number,
    a_text,
    decoded,
    json_or_none,
    one_of,
    problem,
    read_json,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(VALUES)
def test_what_json_writes_is_read(value: Any) -> None:
    assert decoded(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"NaN", "NaN is not a number"),
        (b"[Infinity]", "Infinity is not a number"),
        (b"[1, -Infinity]", "-Infinity is not a number"),
        (b"1e999", "not finite"),
        (b"-1e999", "not finite"),
        (b"9223372036854775808", "64 bits"),
        (b"-9223372036854775809", "64 bits"),
        (b"1" * 5000, "64 bits"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 34 + b"]" * 34, "more than 32 deep"),
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b'"\xff"', "utf-8"),
    ],
)
def test_what_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decoded(data)


def test_limits_are_reached_from_below() -> None:
    assert decoded(b"9223372036854775807") == 2**63 - 1
    assert decoded(b"-9223372036854775808") == -(2**63)
    assert decoded(b"[" * 32 + b"]" * 32)
    # A name of a file that is no UTF-8.
    assert decoded(b'"\\udcff"') == "\udcff"


def test_sizes_and_kinds_of_files(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('"' + "x" * 98 + '"')
    assert read_json(file, str, most_bytes=100) == "x" * 98
    with pytest.raises(ValueError, match="it has 100 bytes, more than 99"):
        read_json(file, most_bytes=99)
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(20 << 30)
    for name in ("link", "pipe", "sparse", ".", "absent"):
        with pytest.raises((OSError, ValueError)):
            read_json(tmp_path / name)
        assert json_or_none(tmp_path / name) is None


SHAPES: list[tuple[Any, list[Any], list[Any]]] = [
    (int, [0, -5], [True, 1.0, "1", None]),
    (float, [0, 1.5], [True, "1", None]),
    (bool, [True], [0, None]),
    (None, [None], [0, ""]),
    (str, [""], [None, 1, []]),
    ([str], [[], ["a"]], [["a", 1], "a", {}, None]),
    ([{"n": int}], [[], [{"n": 1}]], [[{}], [{"n": "1"}], [1]]),
    ({"a": int, "b?": str}, [{"a": 1}, {"a": 1, "b": "", "c": 2}], [{}, {"a": 1, "b": 1}, []]),
    ({str: int}, [{}, {"x": 1}], [{"x": "1"}, [1]]),
    ({}, [{}, {"x": 1}], [[], None]),
    ((None, str), [None, "a"], [1, []]),
    (a_number(1, 3), [1, 3], [0, 4, 1.0, True, "1"]),
    (one_of("a", "b"), ["a"], ["c", None, ["a"]]),
    (a_text(3), ["", "abc"], ["abcd", "a\n", "\ud800", 1]),
]


@pytest.mark.parametrize(("shape", "right", "wrong"), SHAPES)
def test_shapes(shape: Any, right: list[Any], wrong: list[Any]) -> None:
    assert [value for value in right if problem(value, shape) is not None] == []
    assert [value for value in wrong if problem(value, shape) is None] == []


def test_a_problem_names_its_place_and_shortens_the_value() -> None:
    shape = {"runs": [{"size": a_number(1, 9)}]}
    found = problem({"runs": [{"size": 1}, {"size": "x" * 1000}]}, shape)
    assert found is not None
    assert found.startswith("runs[1].size is 'xxx")
    assert len(found) < 90
    assert problem({"runs": [{}]}, shape) == "runs[0].size is absent"
