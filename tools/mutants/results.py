"""What became of each mutant: a file of results, which a run continues, and the page of them."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

# A mutant that runs into the time limit or takes the process down is noticed as well.
NOTICED = ("killed", "time", "crash")


@dataclass(frozen=True)
class Result:
    """What became of a mutant.

    Attributes:
        module: the path of the file that was changed.
        mutant: its name.
        judged: digest of the module and its tests, as they were.
        line: of the change.
        outcome: `killed` by a failing test, `time`, `crash`, `survived`, or `not run`: no test runs
            its line, and it counts as a survivor.
        detail: the test that failed first.
        diff: the change.
    """

    module: str
    mutant: str
    judged: str
    line: int
    outcome: str
    detail: str
    diff: str


def digest_of(root: Path, module: str, files: Sequence[str]) -> str:
    """Return a digest that changes when a module or one of its test files changes."""
    content = hashlib.sha256()
    for name in (module, *files):
        content.update((root / name).read_bytes())
    return content.hexdigest()[:12]


def read(path: Path) -> dict[tuple[str, str], Result]:
    """Return the latest result of each mutant of each module; none where there is no file."""
    if not path.exists():
        return {}
    found = (Result(**json.loads(line)) for line in path.read_text("utf-8").splitlines())
    return {(result.module, result.mutant): result for result in found}


def append(path: Path, result: Result) -> None:
    """Add a result to the file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result)) + "\n")


def page(results: Mapping[str, Sequence[Result]], counts: Mapping[str, int]) -> str:
    """Return the page: a row for each module, then the survivors with their changes.

    Args:
        results: by module.
        counts: of all changes of each module from which its sample was taken.
    """
    lines = [
        "| module | changes | run | killed | time, crash | survived | on no test's line | score |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [_row(f"`{module}`", counts[module], found) for module, found in results.items()]
    everything = [result for found in results.values() for result in found]
    lines += [_row("all", sum(counts[module] for module in results), everything), ""]
    for module, found in results.items():
        lines += _survivors(module, found)
    return "\n".join(lines)


def score(results: Iterable[Result]) -> float:
    """Return the share of mutants that was noticed, 1 for none."""
    noticed = [result.outcome in NOTICED for result in results]
    return sum(noticed) / len(noticed) if noticed else 1.0


def _row(name: str, count: int, results: Sequence[Result]) -> str:
    of = {
        outcome: sum(result.outcome == outcome for result in results)
        for outcome in (*NOTICED, "survived", "not run")
    }
    return (
        f"| {name} | {count} | {len(results)} | {of['killed']} | {of['time'] + of['crash']} | "
        f"{of['survived']} | {of['not run']} | {score(results):.0%} |"
    )


def _survivors(module: str, results: Sequence[Result]) -> list[str]:
    alive = [result for result in results if result.outcome not in NOTICED]
    lines = [f"## {module}", ""] if alive else []
    for result in sorted(alive, key=lambda result: result.line):
        lines += [f"Line {result.line}, {result.outcome}:", "", "```diff", result.diff, "```", ""]
    return lines
