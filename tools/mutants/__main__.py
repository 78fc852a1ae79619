"""Put small faults into the modules that decide, one at a time, and count those that tests notice.

    python tools/mutants [MODULE …] [--sample 25] [--seed 0] [--jobs 2] [--survivors]

`tests.toml` names the modules and, for each, the files of tests that judge it. Of each module a
sample of mutants is run, the same for the same seed: the first failing test ends a mutant, and one
that passes them all has survived. Only tests that run the changed line are run. Mutants are made in
copies below the folder of the results (build/mutants); the working tree is only read. A run that
was ended continues where it was: results are used again as long as the module and its tests are
the same. The page of the results is mutants.md in that folder.
"""

import argparse
import os
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from copies import make_copies, mutated
from judging import BaselineError, Running, measure, start
from mutations import Mutant, mutants_of
from results import NOTICED, Result, append, digest_of, page, read, score

ROOT = Path(__file__).parents[2]
MAP = Path("tools", "mutants", "tests.toml")


@dataclass(frozen=True)
class Module:
    """A module to be judged.

    Attributes:
        path: of its file, below the root.
        files: of tests that judge it.
        judged: digest of all of these.
        chosen: the mutants of the sample, by line.
        count: of all changes from which the sample was taken.
    """

    path: str
    files: tuple[str, ...]
    judged: str
    chosen: tuple[Mutant, ...]
    count: int


def main(argv: Sequence[str] | None = None) -> int:
    """Run the mutants, print a line for each module, write the page; 1 if tests fail anyway."""
    asked = _parser().parse_args(argv)
    modules: list[Module] = []
    asked.out.mkdir(parents=True, exist_ok=True)
    kept = asked.out / "results.jsonl"
    copies = [] if asked.report else make_copies(ROOT, asked.out / "copies", asked.jobs)
    failed = False
    # Read from a copy, as the tree may change meanwhile.
    for module in _modules(copies[0] if copies else ROOT, asked.modules, asked.sample, asked.seed):
        modules.append(module)
        waiting = _waiting(module, read(kept), survivors=asked.survivors)
        if waiting and copies:
            try:
                for result in _judged(module, waiting, copies):
                    append(kept, result)
            except BaselineError as error:
                failed = True
                sys.stderr.write(f"{error}\n")
        found = _found(module, read(kept))
        sys.stdout.write(f"{module.path}: {score(found):.0%} of {len(found)}\n")
        sys.stdout.flush()
    known = read(kept)
    results = {module.path: _found(module, known) for module in modules}
    counts = {module.path: module.count for module in modules}
    (asked.out / "mutants.md").write_text(page(results, counts), "utf-8")
    everything = [result for found in results.values() for result in found]
    sys.stdout.write(f"all: {score(everything):.1%} of {len(everything)}\n")
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("modules", nargs="*", help="parts of their paths; all by default")
    parser.add_argument("--sample", default="25", help="mutants of each module, or all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--survivors", action="store_true", help="run only what survived before")
    parser.add_argument("--report", action="store_true", help="run nothing, write the page")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutants")
    return parser


def _modules(root: Path, wanted: Sequence[str], sample: str, seed: int) -> Iterator[Module]:
    table: Mapping[str, list[str]] = tomllib.loads((root / MAP).read_text("utf-8"))["modules"]
    for path, files in table.items():
        if wanted and not any(part in path for part in wanted):
            continue
        source = (root / path).read_text("utf-8")
        most = None if sample == "all" else int(sample)
        chosen, count = mutants_of(source, f"{seed} {path}", most)
        yield Module(path, tuple(files), digest_of(root, path, files), tuple(chosen), count)


def _waiting(
    module: Module, known: Mapping[tuple[str, str], Result], *, survivors: bool
) -> list[Mutant]:
    def is_known(mutant: Mutant) -> bool:
        result = known.get((module.path, mutant.name))
        if result is None:
            return False
        return result.judged == module.judged or (survivors and result.outcome in NOTICED)

    return [mutant for mutant in module.chosen if not is_known(mutant)]


def _found(module: Module, known: Mapping[tuple[str, str], Result]) -> list[Result]:
    names = ((module.path, mutant.name) for mutant in module.chosen)
    return [known[name] for name in names if name in known]


def _judged(module: Module, waiting: Sequence[Mutant], copies: Sequence[Path]) -> Iterator[Result]:
    """Yield the results of mutants as they end, one process in each copy."""
    baseline = measure(copies[0], module.path, module.files)
    limit = 30 + int(5 * baseline.seconds)
    free, queue = list(copies), list(waiting)
    running: list[tuple[Mutant, Running, ExitStack]] = []
    try:
        while queue or running:
            while queue and free:
                mutant = queue.pop(0)
                tests = baseline.tests_of(mutant.lines)
                if not tests:
                    yield _result(module, mutant, "not run", "")
                    continue
                copy, stack = free.pop(), ExitStack()
                stack.enter_context(mutated(copy, module.path, mutant.source))
                order = tests, baseline
                running.append(
                    (mutant, start(copy, module.path, module.files, order, limit), stack)
                )
            ended = [(each, outcome) for each in running if (outcome := each[1].outcome())]
            for (mutant, process, stack), outcome in ended:
                stack.close()
                running.remove((mutant, process, stack))
                free.append(process.copy)
                yield _result(module, mutant, *outcome)
            time.sleep(0.02)
    finally:
        for _, process, stack in running:
            process.end()
            stack.close()


def _result(module: Module, mutant: Mutant, outcome: str, detail: str) -> Result:
    line = mutant.lines.start
    return Result(module.path, mutant.name, module.judged, line, outcome, detail, mutant.diff)


if __name__ == "__main__":
    sys.exit(main())
