"""The `imgrec` console command: help, arguments, the default store, how much an import loads."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec import Store
from imgrec.__main__ import COMMANDS, _parser
from imgrec.__main__ import main as imgrec
from imgrec.distances.choices import FUSIONS_EXPLAINED, METRICS_EXPLAINED
from imgrec.distances.metrics import FUSIONS, METRICS
from imgrec.index import main as index
from imgrec.layouts.choices import VIEWS
from imgrec.layouts.kept import TITLES
from imgrec.query import main as query
from imgrec.search.choices import INDEXES, INDEXES_EXPLAINED
from imgrec.version import __version__

HEAVY = {
    *("numpy", "scipy", "torch", "torchvision", "sklearn", "igraph", "matplotlib", "networkx"),
    *("tensorboard", "pyvis", "numba", "PIL", "umap", "openTSNE", "usearch", "redis", "pyarrow"),
}
FORMS = {name: command.module.removesuffix(".__main__") for name, command in COMMANDS.items()}


def _loaded(code: str) -> set[str]:
    """Return the packages that a program has imported by its end."""
    tail = "import sys; print('\\n', *{name.partition('.')[0] for name in sys.modules})"
    program = f"try:\n  {code}\nexcept SystemExit as end: assert not end.code\n{tail}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    loaded = _loaded(f"from imgrec.__main__ import main; main({arguments!r})")
    assert "argparse" in loaded
    assert not loaded & HEAVY


@given(st.lists(st.sampled_from(["--", "-", "-1.jpg", "--help", "--store=x", "-k", "a b", ""])))
def test_a_command_gets_its_arguments_as_they_were_written(arguments: list[str]) -> None:
    found = _parser("imgrec").parse_args(["query", *arguments])
    assert (found.command, found.arguments) == ("query", arguments)


_OPTIONS = {"query": ["-k", "3"], "index": ["--only"], "plan": ["--sample", "3"]}


@pytest.mark.parametrize(("name", "where"), [(n, w) for n in _OPTIONS for w in range(4)])
def test_names_may_stand_on_both_sides_of_options(name: str, where: int) -> None:
    names = ["a.jpg", "b", "c d"]
    option = _OPTIONS[name]
    parser = import_module(COMMANDS[name].module)._parser(f"imgrec {name}")
    found = parser.parse_args([*names[:where], *option, *names[where:]])
    assert vars(found) == vars(parser.parse_args([*option, *names]))
    apart = parser.parse_args([*names[:where], *option, "--", "-1.jpg", "--"])
    assert vars(apart) == vars(parser.parse_args([*option, "--", *names[:where], "-1.jpg", "--"]))


def test_names_behind_options_are_no_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        query(["a.jpg", "-k", "3", "b.jpg", "-x"])
    assert "there is no argument 'b.jpg'" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["imgrec", "graph", "projector", "imgrec.samples"])
def test_importing_a_package_imports_nothing_heavy(package: str) -> None:
    assert not _loaded(f"import {package}") & HEAVY


@pytest.mark.parametrize("package", ["imgrec", "projector", "imgrec.samples"])
def test_exported_names_exist_and_are_listed(package: str) -> None:
    module = import_module(package)
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        module.nonsense  # noqa: B018


@pytest.mark.parametrize("name", COMMANDS)
def test_both_forms_are_the_same_command(name: str) -> None:
    of_module = _said("-m", FORMS[name], "--help")
    assert of_module == _said("-m", "imgrec", name, "--help")
    assert of_module.startswith(f"usage: imgrec {name} ")
    assert f"\nexamples:\n  imgrec {name}" in of_module
    assert of_module.count(":\n") >= 3, "options in groups"
    assert _said("-m", FORMS[name], "--version") == f"imgrec {__version__}\n"


def _said(*arguments: str) -> str:
    command = [sys.executable, "-W", "error", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_help_of_the_program_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert imgrec([]) == 0
    listed = capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        imgrec(["--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == listed
    for name, command in COMMANDS.items():
        assert f"\n  {name:<12} {command.summary}\n" in listed
        assert f"\n{command.group}:\n" in listed


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        imgrec(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"imgrec {__version__}\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("qurey", "query"), ("projecter", "projector"), ("xyzzyx", "known: index")]
)
def test_an_unknown_command_is_a_one_line_error_with_the_closest_name(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imgrec([typed, "--help"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert repr(typed) in err
    assert meant in err


def test_arguments_reach_the_command(
    photo_store: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = str(next(photos.rglob("*.jpg")))
    arguments = [picture, "--store", str(photo_store), "-k", "3"]
    assert imgrec(["query", *arguments]) == 0
    by_program = capsys.readouterr().out.splitlines()[1:]
    assert query(arguments) == 0
    assert by_program == capsys.readouterr().out.splitlines()[1:]
    assert len(by_program) == 3
    # The exit code of the command is passed on.
    assert imgrec(["doctor", "--logdir", str(photos)]) == 1


def test_help_explains_every_metric_fusion_index_and_layout() -> None:
    assert list(METRICS_EXPLAINED) == list(METRICS)
    assert list(FUSIONS_EXPLAINED) == list(FUSIONS)
    assert list(INDEXES_EXPLAINED) == list(INDEXES)
    assert set(VIEWS) == set(TITLES)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter an empty folder, with `IMGREC_STORE` unset."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IMGREC_STORE", raising=False)
    return tmp_path


def test_index_creates_the_default_store_and_the_other_commands_find_it(
    here: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert index([str(photos), "--encoder", "mini", "--workers", "0"]) == 0
    with Store.open(here / "imgrec-store") as store:
        assert store.catalog.totals.counts()["ok"] == 24
    capsys.readouterr()
    for arguments in (["catalog"], ["doctor"], ["query", str(next(photos.rglob("*.jpg")))]):
        assert imgrec(arguments) == 0, arguments
    assert "24 pictures" in capsys.readouterr().out


def test_the_option_overrides_the_environment_which_overrides_the_default_store(
    here: Path,
    photos: Path,
    photo_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Store.create(here / "imgrec-store").close()
    monkeypatch.setenv("IMGREC_STORE", str(photo_store))
    assert imgrec(["catalog"]) == 0
    assert capsys.readouterr().out.startswith("24 pictures")
    assert imgrec(["catalog", "--store", "imgrec-store"]) == 0
    assert capsys.readouterr().out.startswith("0 pictures")
    monkeypatch.setenv("IMGREC_STORE", "")
    assert imgrec(["catalog"]) == 0
    assert capsys.readouterr().out.startswith("0 pictures")
    monkeypatch.setenv("IMGREC_STORE", "elsewhere")
    assert index([str(photos), "--encoder", "mini", "--workers", "0"]) == 0
    assert (here / "elsewhere" / "store.json").exists()


_NEEDS_A_STORE = [
    *(["query", "a.jpg"], ["catalog"], ["report", "--out", "r"], ["graph", "--out", "s"]),
    ["projector", "--out", "l"],
]


@pytest.mark.parametrize("arguments", _NEEDS_A_STORE, ids=lambda arguments: arguments[0])
def test_without_a_store_a_one_line_error_names_the_three_ways_to_give_one(
    arguments: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imgrec(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    for way in ("--store", "IMGREC_STORE", "imgrec-store"):
        assert way in err
    assert not list(here.iterdir())
