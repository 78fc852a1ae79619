"""The text of data files: what is written is read back, and nothing else is read."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.maps import format as files

_TEXT = st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
    max_leaves=12,
)


@given(_JSON)
def test_what_is_written_is_read_back(value: object) -> None:
    text = files.script_text("details-0000", value)
    assert files.script_value(text.encode("ascii"), "details-0000") == value


def test_names_that_are_no_utf8_and_ends_of_scripts_are_kept_as_ascii() -> None:
    text = files.script_text("details-0000", ["a\udcff</script>\u2028"])
    assert text == 'imgrecMapData("details-0000",["a\\udcff\\u003c/script>\\u2028"]);\n'


@pytest.mark.parametrize("name", ["", "A", "a b", 'a"', "../x.js", "a" * 41])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a data file"):
        files.script_text(name, 1)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b'imgrecMapData("points-00",',
        b'imgrecMapData("points-00",);\n',
        b'imgrecMapData("points-00",1);',
        b'imgrecMapData("points-01",1);\n',
        b'imgrecMapData("points-00",1);alert(1);\n',
        b'imgrecMapData("points-00",alert(1));\n',
        b'imgrecMapData("points-00",NaN);\n',
        b'imgrecMapData("points-00",1e999);\n',
        b'imgrecMapData("points-00","\xff");\n',
        b'imgrecMapData("points-00",' + b"[" * 100_000 + b"]" * 100_000 + b");\n",
    ],
)
def test_damaged_files_are_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError):
        files.script_value(damaged, "points-00")


@pytest.mark.parametrize("kind", ["u1", "u2", "u4"])
def test_arrays_are_read_back_with_their_shape(kind: str) -> None:
    values = np.arange(250, 262).astype(kind).reshape(6, 2)
    read = files.unpacked(files.packed(values), kind, 6, 2)
    assert read.tolist() == values.tolist()
    # Little-endian whatever the machine.
    assert (
        files.packed(np.array([1, 2], ">u2")) == files.packed(np.array([1, 2], "<u2")) == "AQACAA=="
    )


@pytest.mark.parametrize("text", ["AQ", "AQAC", "AQACAAMA", "****", "AQAC AA==", "AQACAA==ä"])
def test_arrays_of_another_length_and_what_is_no_base64_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"bytes, not|base64"):
        files.unpacked(text, "u2", 2)


@given(
    st.integers(0, 5).flatmap(lambda z: st.tuples(st.just(z), st.sets(st.integers(0, 4**z - 1))))
)
def test_tiles_that_are_there_are_read_back(given_tiles: tuple[int, set[int]]) -> None:
    level, numbers = given_tiles
    ordered = sorted(numbers)
    tiles = np.array([(n % 2**level, n // 2**level) for n in ordered], int).reshape(-1, 2)
    read = files.unpacked_tiles(level, files.packed_tiles(level, tiles))
    assert read.tolist() == tiles.tolist()


def test_the_bit_of_a_tile_is_its_row_times_the_side_and_its_column() -> None:
    # Tile (1, 2) of level 2: bit 9, the second of the second byte.
    assert files.packed_tiles(2, np.array([[1, 2]])) == "AAI="


def test_files_hold_all_rows_once() -> None:
    assert [list(rows) for rows in files.pieces(7, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert files.pieces(0, 3) == []


def test_facts_are_safe_inside_a_script_element() -> None:
    text = files.json_of({"text": "</script><!--\u2029"})
    assert "<" not in text
    assert json.loads(text) == {"text": "</script><!--\u2029"}
