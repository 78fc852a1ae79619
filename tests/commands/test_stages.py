"""The stages of each command, as `--verbose` tells them: their names, their order, their plan."""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from durations import DURATION
from graph.__main__ import main as graph
from imgrec.doctor import main as doctor
from imgrec.duplicates.__main__ import main as duplicates
from imgrec.index import main as index
from imgrec.report import main as report
from imgrec.samples.__main__ import main as samples
from imgrec.system.progress_run import Run
from imgrec.system.stage_costs import NEIGHBORS
from projector.__main__ import main as projector

Main = Callable[[list[str]], int]
_STAGE = re.compile(r"(.+?): (?:[\d,]+ [a-z]+, )?\d+\.\d s")


def _all_stages(text: str) -> list[str]:
    found = [_STAGE.fullmatch(line) for line in text.splitlines()]
    return [stage[1] for stage in found if stage]


_REPORT = [
    *("nearest neighbors", "principal components", "likely wrong labels and copies"),
    *(f"section on {what}" for what in ("classes", "clusters")),
    # Within the section, which ends after them.
    *("UMAP, 2-D of all pictures", "t-SNE, 2-D of all pictures", "section on maps"),
    *(f"section on {what}" for what in ("dates", "cameras", "health", "pictures")),
    *(f"section on {what}" for what in ("encoders", "training")),
    *("drawing figures", "writing the report"),
]
_PROJECTOR = [
    *("principal components", "clusters", "nearest neighbors", "weights of neighbors"),
    *("t-SNE, 3-D of all pictures", "UMAP, 3-D of all pictures"),
    *("UMAP, 2-D of all pictures", "t-SNE, 2-D of all pictures"),
    *("thumbnails of the projector", "writing the logdir"),
]
_GRAPH = [
    *("nearest neighbors", "near-duplicates", "communities", "sheets of thumbnails", "pages"),
    *(
        "search of names",
        "UMAP, 2-D of the whole collection",
        "tiles of the map",
        "data of the map",
    ),
    "writing the site",
]
_DUPLICATES = [
    *("nearest neighbors", "nearest neighbors", "comparing thumbnails", "comparing files"),
    *("groups of duplicates", "pictures of the page", "writing the page"),
]
_COMMANDS: dict[str, tuple[Main, list[str], list[str]]] = {
    "graph": (graph, ["--out", "made", "--workers", "0"], _GRAPH),
    "export": (
        graph, ["--gexf", "n.gexf", "--graphml", "n.xml"],
        [
            *("nearest neighbors", "UMAP, 2-D of the whole collection"),
            *("writing GEXF", "writing GraphML"),
        ],
    ),
    "projector": (projector, ["--out", "made", "--workers", "0"], _PROJECTOR),
    "report": (report, ["--out", "made", "--diverse", "3"], ["clusters", *_REPORT]),
    "duplicates": (duplicates, ["--out", "made", "--workers", "0"], _DUPLICATES),
    "doctor": (doctor, [], ["checking the store"]),
    "index": (index, ["--workers", "0"], ["looking for pictures", "search indexes"]),
}  # fmt: skip


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all planned stages, in order."""
    names: list[str] = []
    plan = Run.plan

    def noted(run: Run, weights: Mapping[str, float]) -> None:
        assert all(seconds >= 0 for seconds in weights.values())
        names[:] = [name for name in names if name not in weights] + list(weights)
        plan(run, weights)

    monkeypatch.setattr(Run, "plan", noted)
    return names


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_command_names_its_stages_in_the_order_of_its_plan(
    command: str, own_store: Path, tmp_path: Path, plans: list[str],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    # What tests before have kept in the store would not be computed.
    for kept in ("knn", "layouts", "indexes", "graph", "communities", "duplicates", "verdicts"):
        shutil.rmtree(own_store / kept, ignore_errors=True)
    main, arguments, expected = _COMMANDS[command]
    assert main(["--store", str(own_store), *arguments, "-v"]) == 0
    told = capsys.readouterr()
    stages = [re.sub(f"^{NEIGHBORS} of .+", NEIGHBORS, stage) for stage in _all_stages(told.err)]
    assert stages == expected
    assert not _all_stages(told.out)
    if plans:
        begun = [name for name in plans if name in stages]
        ended = list(dict.fromkeys(stages))
        within = "section on maps"
        assert [n for n in begun if n != within] == [n for n in ended if n != within]


def test_the_first_run_of_index_and_samples(
    tmp_path: Path, plans: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, store = str(tmp_path / "samples"), str(tmp_path / "store")
    assert samples([folder, "--count", "3", "--workers", "1", "-v"]) == 0
    assert _all_stages(capsys.readouterr().err) == ["rendering samples"]
    again = [folder, "--store", store, "--encoder", "mini", "--workers", "0", "-v"]
    assert index(again) == 0
    told = ["looking for pictures", "reading pictures", "search indexes"]
    assert _all_stages(capsys.readouterr().err) == told
    assert plans == told


@pytest.mark.parametrize("command", _COMMANDS)
def test_without_verbose_a_command_prints_a_line_or_as_many_as_it_wrote(
    command: str, own_store: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    main, arguments, _ = _COMMANDS[command]
    quick = {"projector": ["--layouts", "none"], "report": ["--maps", "none"]}
    assert main(["--store", str(own_store), *arguments, *quick.get(command, [])]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    # The doctor says what each folder holds; index what it could do better.
    assert len(lines) == {"export": 2, "doctor": 2, "index": 2}.get(command, 1)
    assert re.search(rf", {DURATION}(: .+)?$", lines[-1])
    # A slow machine may get a line of progress, of a stage that lasts.
    assert not _all_stages(told.err)
