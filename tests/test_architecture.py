"""The walls of the house: who imports whom, and what an import costs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import imgrec

ROOT = Path(__file__).parent.parent
# A module imports only what stands before it: pictures, catalogue, features, neighbours, use.
FLOW = (
    *(
        "version",
        "errors",
        "output_folder",
        "files",
        "names",
        "interrupts",
        "progress",
        "encoders.spec",
        "formats",
        "reasons",
        "profiles",
        "conversion",
        "resizing",
        "images",
        "colours",
        "walk",
    ),
    *("migrations", "catalog.rows", "catalog.labelling", "catalog.selections", "catalog.totals"),
    *("catalog.opening", "catalog.catalog", "catalog", "filters", "changes", "found", "scan"),
    *("origins", "parts", "features", "thumbs", "classes", "manifest", "store"),
    *("damage", "repair", "restore"),
    *("relocate", "inventory", "site_pages", "labels", "colour_labels", "class_labels"),
    *("encoders.mini", "encoders.rgb", "encoders.weights", "encoders.networks"),
    *("encoders.lanes", "encoders.acceleration", "encoders.vision", "encoders"),
    *("threads", "metrics", "kernels", "exact", "projection", "derived"),
    *("sketch", "reduced", "hnsw", "indexes", "clusters"),
    *("worker", "processes", "extract", "pool", "jobs", "encoding", "committing", "indexing"),
    *("neighbors", "knn_kernels", "knn_lists", "knn_exact", "knn_cells", "knn_cuda"),
    *("knn_hops", "knn_growth", "knn_kept", "knn", "umap_layout", "tsne_layout", "affinity"),
    *("columns", "sampling", "overview", "layouts", "quality"),
    *("miniatures", "alignment", "verification", "pairs", "bundles", "duplicates"),
    *(
        "space",
        "candidates",
        "search",
        "cache_places",
        "cache",
        "questions",
        "view",
        "answer",
        "recommend",
        "grid",
        "commands",
        "catalog.__main__",
        "index",
        "query",
        "samples",
    ),
    *("checks.findings", "checks.configs", "checks.tensor_text", "checks.tensors"),
    *("checks.tables", "checks.sprites", "checks.bookmarks", "checks.logdir"),
    *("checks.site_html", "checks.site_links", "checks.site_data", "checks.site_files"),
    *(
        "checks.site_sheets",
        "checks.site_index",
        "checks.site_page",
        "checks.site",
        "checks.store_catalog",
        "checks.store_parts",
        "checks.store_derived",
        "checks.store",
        "checks",
        "doctor",
    ),
    *("reporting.look", "reporting.thumbnails", "reporting.canvas", "reporting.chart"),
    *("reporting.render", "reporting.bars", "reporting.sheet", "reporting.columns"),
    *("reporting.facts", "reporting.health", "reporting.groups", "reporting.classes"),
    *(
        "reporting.choice",
        "reporting.maps",
        "reporting.planes",
        "reporting.class_charts",
        "reporting.map_charts",
    ),
    *("reporting.cluster_charts", "reporting.health_charts", "reporting.choice_charts"),
    *("reporting.links", "reporting.page", "reporting.write", "reporting", "report"),
)


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


def _position(module: str) -> int:
    parts = module.removeprefix("imgrec.").split(".")
    known = [name for name in (".".join(parts[:2]), parts[0]) if name in FLOW]
    return FLOW.index(known[0])


def test_modules_import_only_what_stands_before_them() -> None:
    for name, tree in _modules("imgrec"):
        if name in ("imgrec", "imgrec.encoders"):
            continue
        for imported in _imports(tree):
            if imported.startswith("imgrec.") and not imported.startswith("imgrec.samples"):
                home = imported if _is_module(imported) else imported.rpartition(".")[0]
                if home != "imgrec":
                    assert _position(home) < _position(name), f"{name} imports {imported}"


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
            allowed = ("pickle", "pickle.UnpicklingError")
            assert "pickle" not in imported or imported in allowed, f"{name} imports {imported}"
        assert not called & {"loads_pickle", "Unpickler", "Pickler"}, name


def test_exported_names_are_sorted_and_there() -> None:
    assert list(imgrec.__all__) == sorted(imgrec.__all__)
    for name in imgrec.__all__:
        assert hasattr(imgrec, name), name


def test_import_is_light() -> None:
    heavy = "torch", "torchvision", "matplotlib", "pyvis", "scipy", "sklearn", "networkx"
    code = f"import imgrec, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
