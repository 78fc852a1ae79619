"""Label kinds are named by constants of one module: the syntax trees of all others spell none."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgrec.collection import kinds
from paths import ROOT

KINDS = {value for name, value in vars(kinds).items() if name.isupper() and isinstance(value, str)}
# Constants equal to a label kind that mean something else: the object of a count, the name of a
# chart, the name of an argument.
_OTHER_SENSES = {"counted", "Chart", "check_type"}
_IN_SQL = re.compile(rf"\bkind\b.{{0,40}}'({'|'.join(KINDS)})'")


def _spelled(source: str) -> Iterator[str]:
    """Yield each constant of a module that equals a label kind, and the SQL that names one."""
    tree = ast.parse(source)
    other = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in _OTHER_SENSES
        # An argument of a command, however the parser's method is called.
        or "help" in {keyword.arg for keyword in node.keywords}
        for argument in node.args
    }
    for node in ast.walk(tree):
        # Parts of paths and fields of JSON (`described["folder"]`) are no labels.
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            other |= {id(node.left), id(node.right)}
        if isinstance(node, ast.Dict) and {getattr(key, "value", "") for key in node.keys} - KINDS:
            other |= {id(key) for key in node.keys}
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "described":
            other.add(id(node.slice))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in KINDS and id(node) not in other:
                yield node.value
            yield from _IN_SQL.findall(node.value)


def _modules() -> list[Path]:
    found = [
        path for name in ("imgrec", "graph", "projector") for path in (ROOT / name).rglob("*.py")
    ]
    return sorted(path for path in found if path != Path(kinds.__file__))


def test_the_module_of_kinds_lists_all_of_them() -> None:
    wanted = {"folder", "class", "confidence", "color", "cluster", "community", "duplicates"}
    wanted |= {"similar", "bundle", "collection"}
    assert wanted == KINDS
    assert wanted > kinds.NESTED


@pytest.mark.parametrize(
    "source",
    [
        'catalog.labels.of_kind("color")',
        'KIND = "cluster"',
        'x = labels["community"]',
        'y = kind in ("folder", KIND)',
        'z = {"color": words}',
        'labels.add("color", {1: "red"})',
        "db.execute(\"DELETE FROM labels WHERE kind = 'folder'\")",
    ],
)
def test_a_literal_label_kind_is_detected(source: str) -> None:
    assert len(list(_spelled(source))) == 1


def test_no_other_module_contains_a_literal_label_kind() -> None:
    found = {path: list(_spelled(path.read_text("utf-8"))) for path in _modules()}
    assert not {str(path.relative_to(ROOT)): words for path, words in found.items() if words}
    assert len(found) > 100
