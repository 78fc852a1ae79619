"""Paths in a store are composed in one module, which names every file and folder of a store."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgrec.store import paths
from imgrec.store.paths import StorePaths
from paths import ROOT

_STORE = Path("store")
_FILES = {"roots.json", "colors.json", "graph.json", "damaged.json", "classes.json", "feature.json"}


def _all_paths() -> dict[str, Path]:
    """Return every path that `StorePaths` composes, with `mini` as the feature."""
    opened, found = StorePaths(_STORE), {}
    for name in vars(StorePaths):
        if not name.startswith("_") and name != "root":
            value = getattr(opened, name)
            found[name] = value("mini") if callable(value) else value
    return found


def _names() -> set[str]:
    """Return the names in these paths, without that of the feature."""
    return {part for path in _all_paths().values() for part in path.parts} - {"store", "mini"}


def _joined(source: str) -> Iterator[str]:
    """Yield the constants that a module joins to a path, and assigned constants of `_FILES`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            if isinstance(node.right, ast.Constant):
                yield str(node.right.value)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield from {str(node.value.value)} & _FILES


def test_all_paths_are_different_and_within_the_store() -> None:
    found = _all_paths()
    assert len(set(found.values())) == len(found) > 20
    assert all(path.is_relative_to(_STORE) and path != _STORE for path in found.values())


def test_the_folder_of_a_feature_is_one_folder_whatever_its_name() -> None:
    opened, name = StorePaths(_STORE), "open_clip:ViT-B-32/laion2b"
    methods = [getattr(opened, method) for method in vars(StorePaths) if not method.startswith("_")]
    found = [method(name) for method in methods if callable(method)]
    plain = [method("mini") for method in methods if callable(method)]
    assert len(found) > 7
    for path, of_mini in zip(found, plain, strict=True):
        assert len(path.parts) == len(of_mini.parts)
        assert "open_clip%3a%56i%54-%42-32%2flaion2b" in path.parts


def test_a_store_contains_only_these_paths(photo_store: Path) -> None:
    known = {path.relative_to(_STORE).parts[0] for path in _all_paths().values()}
    there = {path.name for path in photo_store.iterdir()}
    assert {"store.json", "catalog.sqlite", "features", "thumbs"} <= there
    assert there - {"catalog.sqlite-wal", "catalog.sqlite-shm"} <= known


@pytest.mark.parametrize("package", ["imgrec", "graph", "projector"])
def test_no_other_module_contains_literal_names(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        if path != Path(paths.__file__):
            spelled = set(_joined(path.read_text("utf-8"))) & _names()
            assert not spelled, f"{path} spells {spelled}"


def test_literal_names_are_detected() -> None:
    assert list(_joined('folder = store.path / "knn" / name')) == ["knn"]
    assert list(_joined('_SIDECAR = "colors.json"')) == ["colors.json"]
