"""Fingerprints: equal ones for equal values only, of every type that outputs are made of."""

import sys
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.system.made_of import fingerprint, program_fingerprint


@dataclass(frozen=True)
class Pair:
    """A dataclass of two values."""

    one: Any
    other: Any


class Stated:
    """An object that tells what it is made of."""

    def __init__(self, value: object) -> None:
        self.hidden, self.value = object(), value

    def made_of(self) -> object:
        return self.value


# Each differs from all others, though many of them print alike.
DIFFERENT = [
    *(None, "None", "", b"", True, 1, 1.0, "1", b"1", -0.0, 0.0, 0, float("nan"), "\udcff", "ÿ"),
    *((), [()], [[], []], [[[]]], {}, [{}], ["a", "b"], ["ab"], ["a", ["b"]], [["a"], "b"]),
    *([b"a", b"b"], [b"ab"], [b"a2:b"], {"a": 1}, {1: "a"}, {"a": [1]}, {"a": {}}, {"a", "b"}),
    *(Path("a"), Pair(1, 2), Pair(2, 1), Pair([1], 2), Pair(1, Pair(2, 3)), Stated(5)),
    make_dataclass("Other", ["one", "other"])(1, 2),
    np.arange(3),
    np.arange(3, dtype=np.int32),
    np.arange(4),
    np.arange(4).reshape(2, 2),
    np.int64(3),
    fingerprint,
    program_fingerprint.__wrapped__,
]


def test_different_values_have_different_fingerprints() -> None:
    found = [fingerprint(value) for value in DIFFERENT]
    assert len(set(found)) == len(DIFFERENT)
    assert all(len(one) == 64 for one in found)
    assert fingerprint("a", "b") != fingerprint("ab") != fingerprint(("a", "b"))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(values, values)
def test_fingerprints_are_equal_just_where_the_values_are(one: object, other: object) -> None:
    # `repr` tells 1 from 1.0 and from True, which `==` does not.
    same = repr(one) == repr(other)
    assert (fingerprint(one) == fingerprint(other)) == same
    assert fingerprint([one]) == fingerprint([one])
    assert fingerprint(one) != fingerprint([one])


@pytest.mark.parametrize(
    "value", [object(), len, lambda: 1, np.array([object()]), Pair, [1, [object()]], iter([1])]
)
def test_what_cannot_be_told_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="has no fingerprint"):
        fingerprint(value)


def test_a_set_has_no_order() -> None:
    assert fingerprint({"a", "b", "c"}) == fingerprint(frozenset(("c", "a", "b")))


def test_every_file_of_a_program_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "some_program"
    (package / "templates").mkdir(parents=True)
    files = {"__init__.py": "", "templates/page.html": "<p>", "code.py": "A = 1"}
    for name, text in files.items():
        (package / name).write_text(text, "utf-8")

    def now() -> str:
        program_fingerprint.cache_clear()
        return program_fingerprint("some_program", "no_such_program")

    found = [now()]
    assert now() == found[0]
    # Compiled files are no part of it.
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "code.pyc").write_text("x", "utf-8")
    assert now() == found[0]
    for name in files:
        (package / name).write_text("changed", "utf-8")
        found.append(now())
    (package / "new.css").write_text("", "utf-8")
    found.append(now())
    (tmp_path / "library-1.0.dist-info").mkdir()
    found.append(now())
    (tmp_path / "library-1.0.dist-info").rename(tmp_path / "library-1.1.dist-info")
    found.append(now())
    monkeypatch.setattr(sys, "version", "3.99")
    found.append(now())
    assert len(set(found)) == len(found)
    program_fingerprint.cache_clear()
