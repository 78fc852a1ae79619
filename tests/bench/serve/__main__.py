"""`make bench-serve`: the live page over many vectors, beside a plain service over the same."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[3]))
sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))

import numpy as np
from browsing import first_thumbs
from clients import K, Target, asked, ids_of, likeness, together
from servers import cold_start, memory_mb, page, plain, processor_s
from uploading import upload_to_answer_ms
from vectors_store import written

from machine import described, rows, seconds, work_folder, write

_PACKAGES = ("fastapi", "uvicorn", "starlette", "faiss-cpu", "numba")
_ALONE, _WARM = 200, 20
# A plain service takes a tenth of a second and more for each.
_ALONE_PLAIN, _TOGETHER_PLAIN = 30, 64
_CLIENTS = (16, 50)
_TOGETHER = 1500
_FEW_QUESTIONS = 1_000
_COMPARED = 20
_STARTS = 3


def main() -> int:
    """Run all measurements and print a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=400_000, help="vectors (default 400000)")
    add("--dimensions", type=int, default=1280, help="of a vector (default 1280)")
    add("--work", type=Path, metavar="DIR",
        help="keep the stores in this folder, and use those that exist")  # fmt: skip
    add("--questions", type=int, default=20_000,
        help="after which the memory is measured again (default 20000)")  # fmt: skip
    arguments = parser.parse_args()
    if arguments.count < 1000:
        parser.error(f"--count {arguments.count}: at least 1000 vectors are needed")
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    write(f"# Live page\n\n{described()}{packages}\n\n")
    with work_folder(arguments.work) as work:
        store = work / f"serve-{arguments.count}-{arguments.dimensions}"
        spent_s = seconds(lambda: written(store, arguments.count, arguments.dimensions))
        write(f"{arguments.count:,} vectors of {arguments.dimensions}, made in {spent_s:.0f} s\n\n")
        _measure(store, arguments.count, work, arguments.questions)
    return 0


def _measure(store: Path, count: int, work: Path, questions: int) -> None:
    ids = np.random.default_rng(1).permutation(count) + 1
    starts = [cold_start(store) for _ in range(_STARTS)]
    start_s, torch = min(spent for spent, _ in starts), any(came for _, came in starts)
    with page(store) as target:
        ours, answers = _searches(target, ids, _ALONE, _TOGETHER)
        thumbs_ms, alone_ms = first_thumbs(target, work / "chromium")
    memory = _memory(store, ids, (_FEW_QUESTIONS, questions))
    with plain(store) as (target, plain_s):
        theirs, expected = _searches(target, ids, _ALONE_PLAIN, _TOGETHER_PLAIN)
        theirs["memory"] = f"{memory_mb(target.pid):,.0f} MB"
    upload_ms = upload_to_answer_ms(work)
    lines = [
        ["cold start to the first answer", "1 s", f"{start_s:.2f} s", f"{plain_s:.1f} s"],
        *([name, wanted, ours[name], theirs[name]] for name, wanted in _WANTED.items()),
        ["upload to answer, `lite0`", "250 ms", f"{upload_ms:.0f} ms", ""],
        ["first 60 pictures painted in Chromium", "300 ms", f"{alone_ms:.0f} ms", ""],
        ["the same, since the address was opened", "", f"{thumbs_ms:.0f} ms", ""],
        *([f"memory after {n:,} questions", "flat", f"{mb:,.0f} MB", ""] for n, mb in memory),
        ["memory", "", "", theirs["memory"]],
    ]
    write(rows(["", "target", "imgrec serve", "plain faiss service"], lines))
    same = np.mean([len({*a} & {*b}) / K for a, b in zip(answers, expected, strict=True)])
    write(
        f"\nTorch imported: {'yes' if torch else 'no'}. The two answer {same:.1%} of {K} alike. "
        "The plain service is Starlette and uvicorn around faiss.IndexFlatIP, exact and without "
        "guards. The clients run on the same cores.\n"
    )


_WANTED = {
    "first byte of a search, p50": "15 ms",
    "first byte of a search, p95": "40 ms",
    "processor time of the server for one": "",
    "searches a second, 16 clients": "60",
    "first byte, 16 clients, p50 / p95": "",
    "searches a second, 50 clients": "",
    "first byte, 50 clients, p50 / p95": "",
}


def _searches(
    target: Target, ids: Sequence[int], alone: int, several: int
) -> tuple[dict[str, str], list[list[int]]]:
    """Return the cells of a column by row, and the first answers."""
    asked(target, list(likeness(target, ids[:_WARM])))
    before_s = processor_s(target.pid)
    one = asked(target, list(likeness(target, ids[_WARM : _WARM + alone])), keep=True)
    spent_s = processor_s(target.pid) - before_s
    found = {
        "first byte of a search, p50": f"{np.percentile(one.first_ms, 50):.1f} ms",
        "first byte of a search, p95": f"{np.percentile(one.first_ms, 95):.1f} ms",
        "processor time of the server for one": f"{1000 * spent_s / alone:.1f} ms",
    }
    for clients in _CLIENTS:
        rate, each = together(target, list(likeness(target, ids[-several:])), clients)
        p50_ms, p95_ms = np.percentile(each.first_ms, [50, 95])
        found[f"searches a second, {clients} clients"] = f"{rate:.0f}"
        found[f"first byte, {clients} clients, p50 / p95"] = f"{p50_ms:.0f} / {p95_ms:.0f} ms"
    return found, [ids_of(body) for body in one.bodies[:_COMPARED]]


def _memory(store: Path, ids: Sequence[int], counts: Sequence[int]) -> list[tuple[int, float]]:
    found, done = [], 0
    with page(store) as target:
        for questions in counts:
            chosen = np.resize(ids, questions)[done:]
            together(target, list(likeness(target, chosen)), _CLIENTS[0])
            found.append((questions, memory_mb(target.pid)))
            done = questions
    return found


if __name__ == "__main__":
    sys.exit(main())
