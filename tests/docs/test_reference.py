"""The reference pages against the code: options, reason codes, metrics, names, columns, folders."""

import ast
import importlib
import re

import pytest

import imgrec
from imgrec.__main__ import COMMANDS
from imgrec.collection.migrations import MIGRATIONS
from imgrec.distances.metrics import FUSIONS, METRICS
from imgrec.pictures.color_word import WORDS
from imgrec.pictures.decoding import REASONS
from imgrec.pictures.formats import SUFFIXES
from imgrec.search.ways import INDEXES
from paths import ROOT

DOCS = ROOT / "docs"
_OPTION = re.compile(r"(?<![\w-])(--[a-z]+(?:-[a-z]+)*|-k)\b")


def _page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_has_a_table_row_for_exactly_the_options_of_its_command(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A narrow terminal would break long options at their hyphens.
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        importlib.import_module(COMMANDS[command].module).main(["--help"])
    shown = capsys.readouterr().out
    # Lines that describe an option begin with it; examples and explanations do not.
    options = set(_OPTION.findall("\n".join(re.findall(r"^  (-[^ ].*?)(?:  |$)", shown, re.M))))
    rows = re.findall(r"^\| (`[^|]*`) \|", _page(f"commands/{command}.md"), re.MULTILINE)
    described = set(_OPTION.findall("\n".join(rows)))
    assert described == options
    assert f"# imgrec {command}\n" in _page(f"commands/{command}.md")
    assert f"(commands/{command}.md)" in _page("commands.md")


@pytest.mark.parametrize("name", [*METRICS, *FUSIONS, *INDEXES])
def test_the_page_of_queries_names(name: str) -> None:
    assert f"`{name}`" in _page("commands/query.md")


@pytest.mark.parametrize("name", [*REASONS, *sorted(SUFFIXES)])
def test_the_page_of_formats_names(name: str) -> None:
    assert f"`{name}`" in _page("guides/formats.md")


@pytest.mark.parametrize("word", WORDS)
def test_the_page_of_concepts_names_the_color(word: str) -> None:
    assert f"`{word}`" in _page("concepts.md")


def test_the_page_of_the_store_names_every_column_of_the_catalog() -> None:
    import sqlite3

    page, db = _page("store.md"), sqlite3.connect(":memory:")
    for step in MIGRATIONS:
        step(db)
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for (table,) in db.execute(names).fetchall():
        assert f"| `{table}` |" in page
        for _, column, *_ in db.execute(f"PRAGMA table_info({table})"):
            assert f"`{column}`" in page, f"{table}.{column}"
    db.close()


def test_the_page_of_python_shows_every_public_name() -> None:
    shown = set(re.findall(r"^::: imgrec\.(\w+)$", _page("python.md"), re.MULTILINE))
    assert shown == {*imgrec.__all__} - {"__version__"}


def test_imports_in_python_blocks_work() -> None:
    blocks = 0
    for page in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            blocks += 1
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.ImportFrom):
                    module = importlib.import_module(node.module or "")
                    for alias in node.names:
                        assert hasattr(module, alias.name), f"{page.name}: {alias.name}"
    assert blocks >= 5


def test_contributing_names_every_folder_and_only_paths_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for folder in (ROOT / "imgrec").iterdir():
        if (folder / "__init__.py").is_file():
            assert f"`imgrec/{folder.name}/`" in text, folder.name
    paths = re.findall(r"`((?:imgrec|graph|projector|tests)/[\w/.]*)`", text)
    assert len(paths) > 30
    for path in paths:
        assert (ROOT / path).exists(), path


def test_the_page_of_dependencies_has_a_reason_for_each() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    page = _page("dependencies.md").lower()
    for requirement in (*project["dependencies"], *extras):
        name = re.split(r"[\[<>=~ ]", requirement)[0].lower()
        # An extra that includes other extras.
        if name == "imgrec":
            continue
        assert f"[{name}]" in page or f", {name}" in page or f"| {name}" in page, name
