"""The layers of the code: which folders may import which, and what an import loads."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter

import pytest

import imgrec
from paths import ROOT

# Each package is a list of layers from bottom to top, and each layer a group of units (a folder, or
# a top-level module). A unit may import itself and units of the layers to its left. Units that are
# not named are commands or shared by commands: the top layer, which no unit imports. So is the
# `__main__` of a folder.
LAYERS = {
    "imgrec": "errors version < system < objects pictures < sources < collection < encoders < store"
    " < labels < distances < derived < remote < indexing neighbors < cluster"
    " < layouts duplicates search maps < handover"
    " < checks reporting review serving",
    "graph": "choices < addresses words picture_facts < communities previews < name_search exports"
    " < map < pages",
    "projector": "errors choices < files",
}


def _modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(path.read_text("utf-8"))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _layer_by_unit(package: str) -> dict[str, int]:
    layers = LAYERS[package].split(" < ")
    return {unit: layer for layer, units in enumerate(layers) for unit in units.split()}


def _edges(package: str) -> Iterator[tuple[str, str]]:
    """Yield (module, module it imports) within a package, imports inside functions too."""
    for name, tree in _modules(package):
        for imported in _imports(tree):
            if imported.startswith(f"{package}."):
                yield name, imported if _is_module(imported) else imported.rpartition(".")[0]


@pytest.mark.parametrize("package", LAYERS)
def test_every_named_unit_exists(package: str) -> None:
    for unit in _layer_by_unit(package):
        assert _is_module(f"{package}.{unit}"), unit


@pytest.mark.parametrize("package", LAYERS)
def test_a_unit_imports_only_lower_layers(package: str) -> None:
    layers = _layer_by_unit(package)
    for name, imported in _edges(package):
        # The package itself exports names of its units.
        if package in (name, imported):
            continue
        here, there = name.split(".")[1], imported.split(".")[1]
        if here in layers and not _is_command(name) and here != there:
            assert layers.get(there, len(layers)) < layers[here], f"{name} imports {imported}"


@pytest.mark.parametrize("package", LAYERS)
def test_there_are_no_circular_imports(package: str) -> None:
    order = TopologicalSorter[str]()
    for name, imported in _edges(package):
        # `from its.own.package import module` is no dependency on the package.
        if not f"{name}.".startswith(f"{imported}."):
            order.add(name, imported)
    assert len(list(order.static_order())) > 10


def _is_command(name: str) -> bool:
    return name.endswith(".__main__")


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


@pytest.mark.parametrize(
    ("package", "foreign"),
    [("imgrec", ("projector", "graph")), ("projector", ("graph",)), ("graph", ("projector",))],
)
def test_packages_do_not_import_each_other(package: str, foreign: tuple[str, ...]) -> None:
    for name, tree in _modules(package):
        for imported in _imports(tree):
            assert imported.split(".")[0] not in foreign, f"{name} imports {imported}"


@pytest.mark.parametrize("package", ["imgrec", "projector", "graph"])
def test_nothing_is_pickled(package: str) -> None:
    for name, tree in _modules(package):
        called = {n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call)
                  if isinstance(n.func, ast.Attribute)}  # fmt: skip
        for imported in _imports(tree):
            # pickletools disassembles a pickle; it cannot build what is in it.
            allowed = ("pickle", "pickle.UnpicklingError", "pickletools")
            assert "pickle" not in imported or imported in allowed, f"{name} imports {imported}"
        assert not called & {"loads_pickle", "Unpickler", "Pickler"}, name


@pytest.mark.parametrize("package", ["imgrec", "projector", "graph", "tests", "tools"])
def test_onnx_runtime_is_imported_where_its_telemetry_is_switched_off(package: str) -> None:
    importing = {name for name, tree in _modules(package) for imported in _imports(tree)
                 if imported.split(".")[0] == "onnxruntime"}  # fmt: skip
    assert importing == ({"imgrec.encoders.onnx_session"} if package == "imgrec" else set())


def test_exported_names_exist_and_are_sorted() -> None:
    assert list(imgrec.__all__) == sorted(imgrec.__all__)
    for name in imgrec.__all__:
        assert hasattr(imgrec, name), name


def test_import_is_light() -> None:
    heavy = "torch", "torchvision", "matplotlib", "pyvis", "scipy", "sklearn", "networkx"
    code = f"import imgrec, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# The doctor checks the catalog's file itself; the query cache is another SQLite file.
_WITH_SQL = ("imgrec.collection.", "imgrec.checks.store.catalog", "imgrec.search.cache_backends")
_SQL = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT\b.+\bINTO|REPLACE INTO|DELETE FROM|UPDATE\b.+\bSET|PRAGMA \w+"
    r"|(CREATE|DROP) (TEMP )?(TABLE|INDEX)|BEGIN IMMEDIATE)\b",
    re.DOTALL,
)


def _sql(tree: ast.Module) -> Iterator[str]:
    """Yield the SQL of a module: its text, and calls of the methods that run it."""
    for node in ast.walk(tree):
        text = ast.unparse(node) if isinstance(node, ast.JoinedStr) else ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        if found := _SQL.search(text):
            yield found[0]
        if isinstance(node, ast.Attribute) and node.attr in ("execute", "executemany"):
            yield ast.unparse(node)


@pytest.mark.parametrize("package", ["imgrec", "projector", "graph"])
def test_only_the_collection_package_contains_sql(package: str) -> None:
    for name, tree in _modules(package):
        if not name.startswith(_WITH_SQL):
            assert not list(_sql(tree)), name


@pytest.mark.parametrize("name", ["collection.catalog", "collection.labels", "collection.rebuild"])
def test_sql_in_the_collection_package_is_detected(name: str) -> None:
    tree = dict(_modules("imgrec"))[f"imgrec.{name}"]
    assert {found.split()[0] for found in _sql(tree)} > {"SELECT", "db.execute"}


def test_sql_in_concatenated_strings_is_detected() -> None:
    assert list(_sql(ast.parse('x = f"SELECT {columns} FROM images"')))
    assert list(_sql(ast.parse("store.catalog.db.execute(query)")))
    assert not list(_sql(ast.parse('x = "Select some pictures from the store"')))


# Above the picture sources the location of a picture is a `str`, and a `str` leads to file access
# only in the ways that `_ways_to_disk` yields. A `Path` is only used for what is no picture: a
# store, a file of weights, a cache.
ABOVE_SOURCES = "collection", "labels", "indexing", "duplicates", "search"
_DISK = {"glob", "fileinput", "mmap", "imgrec.sources.files", "imgrec.sources.walk"}
_OPENERS = {"open", "io.open", "Image.open", "np.fromfile"}
_NO_PICTURES = {"store_path", "weights", "where"}


def _ways_to_disk(tree: ast.Module) -> Iterator[str]:
    """Yield the code by which a module can open, list or stat a file named by a string."""
    yield from (name for name in _imports(tree) if name in _DISK or name.startswith("os."))
    for node in ast.walk(tree):
        if isinstance(node, ast.alias) and node.name == "os" and node.asname:
            yield ast.unparse(node)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
            yield from [ast.unparse(node)] if node.attr != "cpu_count" else []
        if isinstance(node, ast.Call):
            yield from [ast.unparse(node)] if _calls_disk(node) else []


def _calls_disk(call: ast.Call) -> bool:
    called, given = ast.unparse(call.func), [ast.unparse(argument) for argument in call.args]
    name = called.rpartition(".")[2]
    if name in ("Path", "PosixPath", "WindowsPath"):
        return not {*given} <= _NO_PICTURES
    # `PictureSource.file` gives a `Path` for links in pages.
    if name == "file":
        return True
    return called in _OPENERS and not given[0].startswith("io.BytesIO(")


def test_pictures_are_accessed_only_through_a_source() -> None:
    looked_at = 0
    for name, tree in _modules("imgrec"):
        unit = name.split(".")[1:2]
        above = bool(unit) and unit[0] in ABOVE_SOURCES and not _is_command(name)
        if above or name == "imgrec.store.relocate":
            looked_at += 1
            assert not list(_ways_to_disk(tree)), name
    assert looked_at > 30


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.stat(entry.location)",
        "import os.path\nos.path.exists(entry.location)",
        "from os import stat",
        "from os.path import exists",
        "import os as disk",
        "import glob",
        "Path(entry.root, entry.path).stat()",
        "pathlib.Path(asked).resolve()",
        "open(entry.location)",
        "Image.open(entry.location)",
        "source_of(entry.root).file(entry.path).stat()",
        "from imgrec.sources import walk",
        "from imgrec.sources.files import read_file",
    ],
)
def test_each_kind_of_file_access_is_detected(code: str) -> None:
    assert list(_ways_to_disk(ast.parse(code)))


def test_other_code_is_not_reported_as_file_access() -> None:
    code = "import os\nos.cpu_count()\nPath(store_path)\nImage.open(io.BytesIO(data))"
    assert not list(_ways_to_disk(ast.parse(code)))


@pytest.mark.parametrize("package", ["graph", "projector"])
def test_packages_export_their_public_names_and_no_others(package: str) -> None:
    module = importlib.import_module(package)
    assert list(module.__all__) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name).__name__ == name
        assert name in dir(module)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        module.nonsense  # noqa: B018
