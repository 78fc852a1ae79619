"""`make bench-all` compares ratios with kept ones: what counts as worse, and what it keeps."""

import importlib.util
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paths import ROOT

FOLDER = ROOT / "tests" / "bench" / "regressions"
_OWN = ("ratio", "comparison", "kept", "running", "regressions_main", "machine", "measuring")
_VALUES = st.lists(st.floats(0.01, 100), min_size=1, max_size=9).map(tuple)


@pytest.fixture(scope="module")
def bench() -> Iterator[SimpleNamespace]:
    """Import the modules of the bench, which is a script beside its modules."""
    path = list(sys.path)
    sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]
    spec = importlib.util.spec_from_file_location("regressions_main", FOLDER / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    main = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(main)
    yield SimpleNamespace(main=main, **{name: sys.modules[name] for name in _OWN[:4]})
    sys.path[:] = path
    for name in _OWN:
        sys.modules.pop(name, None)


def _verdict(bench: SimpleNamespace, now: list[float], kept: list[float]) -> str:
    ratios = [bench.ratio.Ratio("x", tuple(values)) for values in (now, kept)]
    (found,) = bench.comparison.compared(ratios[:1], {"x": ratios[1]})
    return str(found.verdict)


@pytest.mark.parametrize(
    ("now", "kept", "verdict"),
    [
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], "same"),
        # A quarter is not more than a quarter.
        ([1.25], [1.0], "same"),
        ([1.26], [1.0], "REGRESSION"),
        ([1.0], [1.25], "same"),
        ([1.0], [1.26], "better"),
        # The median is half as large again; the repeats vary by as much.
        ([1.0, 1.5, 2.0], [0.5, 1.0, 1.6], "same"),
        ([1.4, 1.5, 1.6], [0.9, 1.0, 1.1], "REGRESSION"),
        ([0.9, 1.0, 1.1], [1.4, 1.5, 1.6], "better"),
        # One slow repeat is nothing.
        ([1.0, 1.0, 1.0, 1.0, 9.0], [1.0, 1.0, 1.0, 1.0, 1.0], "same"),
    ],
)
def test_worse_is_more_than_a_quarter_and_more_than_repeats_vary(
    bench: SimpleNamespace, now: list[float], kept: list[float], verdict: str
) -> None:
    assert _verdict(bench, now, kept) == verdict


@given(_VALUES, _VALUES)
def test_exchanged_ratios_have_the_opposite_verdict(
    bench: SimpleNamespace, now: list[float], kept: list[float]
) -> None:
    opposite = {"same": "same", "better": "REGRESSION", "REGRESSION": "better"}
    assert _verdict(bench, kept, now) == opposite[_verdict(bench, now, kept)]


@given(_VALUES, st.floats(0.01, 100))
def test_a_ratio_is_never_worse_than_itself_in_any_unit(
    bench: SimpleNamespace, values: list[float], factor: float
) -> None:
    assert _verdict(bench, values, values) == "same"
    scaled = bench.ratio.Ratio("x", tuple(value * factor for value in values))
    assert scaled.median == pytest.approx(statistics.median(values) * factor)


def test_functions_are_called_in_turns_and_each_pair_gives_a_ratio(bench: SimpleNamespace) -> None:
    now, calls = [0.0], []

    def call(name: str, seconds: float) -> None:
        calls.append(name)
        now[0] += seconds

    ratio = bench.ratio.in_turns(
        "x", lambda: call("ours", 3), lambda: call("theirs", 2), 4, clock=lambda: now[0]
    )
    assert calls == ["ours", "theirs"] * 5
    assert ratio.values == (1.5,) * 4


def test_what_is_kept_is_read_again_and_other_names_stay(
    bench: SimpleNamespace, tmp_path: Path
) -> None:
    kept, ratio, file = bench.kept, bench.ratio.Ratio, tmp_path / "new" / "kept.json"
    assert kept.read(file) is None
    kept.write(file, [ratio("a", (1.0, 2.0)), ratio("b", (3.0,))], None, anew=False)
    before = kept.read(file)
    assert before.ratios == {"a": ratio("a", (1.0, 2.0)), "b": ratio("b", (3.0,))}
    assert before.versions == kept.versions()
    older = kept.Kept({"python": "3.0", "gone": "1"}, before.ratios)
    kept.write(file, [ratio("b", (4.0,))], older, anew=False)
    after = kept.read(file)
    assert after.ratios == {"a": ratio("a", (1.0, 2.0)), "b": ratio("b", (4.0,))}
    assert after.versions == older.versions
    kept.write(file, [], after, anew=True)
    assert kept.read(file).versions == kept.versions()


def test_changed_versions_are_named(bench: SimpleNamespace) -> None:
    before, now = {"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "2.1", "d": "4"}
    assert bench.kept.changed(before, now) == ["b 2 -> 2.1", "c 3 -> none", "d none -> 4"]


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", '{"versions": {}, "ratios": {"a": []}}', '{"versions": {}, "ratios": {"a": [0]}}',
     '{"versions": {}, "ratios": {"a": 1}}', "no JSON"],
)  # fmt: skip
def test_a_file_of_other_content_is_an_error(
    bench: SimpleNamespace, content: str, tmp_path: Path
) -> None:
    file = tmp_path / "kept.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r".+"):
        bench.kept.read(file)


@pytest.mark.slow
def test_a_run_keeps_first_and_then_fails_for_what_is_worse_twice(
    bench: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    areas, file = tmp_path / "areas", tmp_path / "kept.json"
    areas.mkdir()
    monkeypatch.setattr(bench.running, "AREAS", areas)

    def area(name: str, *runs: dict[str, list[float]]) -> None:
        """Write an area that gives these ratios, run by run."""
        count = tmp_path / f"runs of {name}"
        count.unlink(missing_ok=True)
        (areas / f"{name}.py").write_text(
            "import pathlib\n"
            f"count = pathlib.Path({str(count)!r})\n"
            "done = len(count.read_text()) if count.exists() else 0\n"
            "count.write_text('.' * (done + 1))\n"
            f"print('a library speaks'); print({list(map(json.dumps, runs))!r}[done])\n"
        )

    def ran(*arguments: str) -> tuple[int, str]:
        status = bench.main.main(["--kept", str(file), *arguments])
        return status, capsys.readouterr().out

    area("one", {"a": [1.0], "b": [2.0]})
    assert _verdicts(*ran()) == (0, {"a": "new", "b": "new"})
    area("one", {"a": [1.1], "b": [2.1]})
    assert _verdicts(*ran()) == (0, {"a": "same", "b": "same"})
    # What was worse once, and as before when measured again, is no regression.
    area("one", {"a": [2.0], "b": [2.0]}, {"a": [1.0], "b": [3.0]})
    assert _verdicts(*ran()) == (0, {"a": "same", "b": "same"})
    area("one", {"a": [2.0], "b": [2.0]}, {"a": [3.0], "b": [2.0]})
    assert _verdicts(*ran()) == (1, {"a": "REGRESSION", "b": "same"})
    # A ratio of a new area is kept; the others are compared with what was kept first.
    area("one", {"a": [1.2], "b": [2.0]})
    area("two", {"c": [5.0]})
    assert _verdicts(*ran()) == (0, {"a": "same", "b": "same", "c": "new"})
    area("two", {"c": [7.0]}, {"c": [7.0]})
    assert _verdicts(*ran("--only", "two")) == (1, {"c": "REGRESSION"})
    area("two", {"c": [7.0]}, {"c": [7.0]})
    assert _verdicts(*ran("--only", "two", "--keep")) == (0, {"c": "new"})
    assert _verdicts(*ran("--only", "two")) == (0, {"c": "same"})
    # An area that fails is named; the others are measured all the same.
    (areas / "one.py").write_text("raise SystemExit(3)")
    area("two", {"c": [7.0]})
    status, printed = ran()
    assert _verdicts(status, printed) == (1, {"c": "same"})
    assert "- one: exit status 3" in printed


def _verdicts(status: int, printed: str) -> tuple[int, dict[str, str]]:
    """Return the exit status, and the verdict of each line of the table by its name."""
    lines: list[Any] = [
        line.strip("| ").split(" | ") for line in printed.splitlines() if "|" in line
    ]
    return status, {line[0]: line[-1] for line in lines[2:]}
