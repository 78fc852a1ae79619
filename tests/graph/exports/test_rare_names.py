"""Names and labels of rare characters in files for other programs, read back by their parsers."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph.exports.network import column_names
from graph.exports.xml import _quoted, _text
from imgrec.system.csv_cells import cell as _cell
from imgrec.system.script_data import json_text

# Each side of each border of what XML 1.0 allows.
_ALLOWED = "\t\n\r \x7f\x85\xa0\ud7ff\ue000\ufffd\U00010000\U0010ffff"
_FORBIDDEN = "\0\x01\x08\x0b\x0c\x0e\x1f\ud800\udbff\udc00\udcff\udfff\ufffe\uffff"


@pytest.mark.parametrize("letter", _ALLOWED, ids=lambda c: f"{ord(c):x}")
def test_what_xml_allows_comes_back(letter: str) -> None:
    text = f"a{letter}<&>\"'{letter}"
    read = ET.fromstring(f"<x y={_quoted(text)}>{_text(text)}</x>".encode())
    assert read.text == text
    assert read.get("y") == text


@pytest.mark.parametrize("letter", _FORBIDDEN, ids=lambda c: f"{ord(c):x}")
def test_what_xml_forbids_is_replaced(letter: str) -> None:
    text = f"a{letter}b"
    read = ET.fromstring(f"<x y={_quoted(text)}>{_text(text)}</x>".encode())
    assert read.text == read.get("y") == "a\N{REPLACEMENT CHARACTER}b"


def _unescaped(cell: str) -> str:
    """Undo `_cell` as its module describes it."""
    plain = cell[1:] if cell.startswith("'") else cell
    parts = plain.split("\\\\")
    return "\\".join(
        part.encode("latin-1", "backslashreplace").decode("unicode_escape") for part in parts
    )


@given(st.text())
@example("")
@example("=1+1")
@example("+1")
@example("-1")
@example("@a")
@example("'a")
@example("''")
@example("\t=1")
@example("\r\n=1")
@example("\\")
@example("\\\\n")
@example("\\n")
@example("\ufffd")
@example("\udcff")
@example("\u2028\u2029\x85\x0b")
@example('a,"b";c')
@example("\N{FULLWIDTH EQUALS SIGN}1")
def test_a_name_is_a_cell_that_is_no_formula_and_comes_back(name: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerow(["x", _cell(name), "y"])
    text = buffer.getvalue()
    assert text.count("\n") == 1
    ((_, cell, _),) = csv.reader(io.StringIO(text, newline=""))
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.isprintable()
    assert _unescaped(cell) == name
    text.encode()


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], {}),
        (["id"], {"id": "label_id"}),
        (["id", "label_id"], {"id": "label_id", "label_id": "label_label_id"}),
        (["label_x", "x"], {"label_x": "label_x", "x": "label_label_x"}),
        (["a\udcff", "b"], {"a\udcff": "a\ufffd", "b": "b"}),
        (["thumbnail", "neighbors"],
         {"thumbnail": "label_thumbnail", "neighbors": "label_neighbors"}),
        (["ID", ""], {"ID": "ID", "": ""}),
    ],
)  # fmt: skip
def test_columns_of_labels_have_names_of_their_own(
    kinds: list[str], expected: dict[str, str]
) -> None:
    found = column_names(kinds)
    assert found == expected
    assert len(set(found.values())) == len(kinds)


@pytest.mark.parametrize(
    "text",
    ["</script>", "<!--", "\u2028", "\u2029", "\ufffd", "\0", '"', "\\", "", "é", "\U0001f600"],
)
def test_text_in_a_script_is_that_text(text: str) -> None:
    found = json_text({"a": [text]})
    assert json.loads(found) == {"a": [text]}
    assert "<" not in found
    assert not set(found) & {"\u2028", "\u2029"}


def test_labels_that_are_shown_alike_have_columns_of_their_own() -> None:
    found = column_names(["a\udcff", "a\N{REPLACEMENT CHARACTER}"])
    assert [*found.values()] == ["a\N{REPLACEMENT CHARACTER}", "label_a\N{REPLACEMENT CHARACTER}"]
