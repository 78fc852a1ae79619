"""`make bench-serve`: the live page over many vectors, beside a plain service over the same."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[3]))
sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))

import numpy as np
from browsing import first_thumbs
from clients import K, Target, asked, ids_of, likeness, together
from memory import CLIENTS, Memory, memories, memory_of
from servers import cold_start, page, plain, processor_s
from uploading import upload_to_answer_ms
from vectors_store import written

from machine import described, rows, seconds, work_folder, write

_PACKAGES = ("fastapi", "uvicorn", "starlette", "faiss-cpu", "numba")
_ALONE, _WARM = 200, 20
# A plain service takes a tenth of a second and more for each.
_ALONE_PLAIN, _TOGETHER_PLAIN = 30, 64
_CLIENTS = (16, 50)
_TOGETHER = 1500
# Questions after which the memory is measured.
_COUNTS = (1_000, 5_000, 10_000, 20_000)
_COMPARED = 20
_PARTS = ("page", "memory")
_STARTS = 3


def main() -> int:
    """Run all measurements and print a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=400_000, help="vectors (default 400000)")
    add("--dimensions", type=int, default=1280, help="of a vector (default 1280)")
    add("--work", type=Path, metavar="DIR",
        help="keep the stores in this folder, and use those that exist")  # fmt: skip
    add("--questions", type=int, default=_COUNTS[-1],
        help="after which the memory is measured last (default 20000)")  # fmt: skip
    add("--only", choices=_PARTS, help="measure nothing else")
    arguments = parser.parse_args()
    if arguments.count < 1000:
        parser.error(f"--count {arguments.count}: at least 1000 vectors are needed")
    write(f"# Live page\n\n{described(_PACKAGES)}\n")
    with work_folder(arguments.work) as work:
        store = work / f"serve-{arguments.count}-{arguments.dimensions}"
        spent_s = seconds(lambda: written(store, arguments.count, arguments.dimensions))
        write(f"{arguments.count:,} vectors of {arguments.dimensions}, made in {spent_s:.0f} s\n\n")
        ids = np.random.default_rng(1).permutation(arguments.count) + 1
        counts = [n for n in _COUNTS if n < arguments.questions] + [arguments.questions]
        if arguments.only in (None, "page"):
            _measure(store, ids, work)
        if arguments.only in (None, "memory"):
            _memory(store, ids, counts)
    return 0


def _measure(store: Path, ids: Sequence[int], work: Path) -> None:
    starts = [cold_start(store) for _ in range(_STARTS)]
    start_s, torch = min(spent for spent, _ in starts), any(came for _, came in starts)
    with page(store) as target:
        ours, answers = _searches(target, ids, _ALONE, _TOGETHER)
        thumbs_ms, alone_ms = first_thumbs(target, work / "chromium", webgl=False)
        _, webgl_ms = first_thumbs(target, work / "chromium-webgl", webgl=True)
    with plain(store) as (target, plain_s):
        theirs, expected = _searches(target, ids, _ALONE_PLAIN, _TOGETHER_PLAIN)
        memory_mb = memory_of(target.pid).anonymous_mb
    upload_ms = upload_to_answer_ms(work)
    lines = [
        ["cold start to the first answer", "1 s", f"{start_s:.2f} s", f"{plain_s:.1f} s"],
        *([name, wanted, ours[name], theirs[name]] for name, wanted in _WANTED.items()),
        ["upload to answer, `lite0`", "250 ms", f"{upload_ms:.0f} ms", ""],
        ["first 60 pictures painted in Chromium", "300 ms", f"{alone_ms:.0f} ms", ""],
        ["the same, since the address was opened", "", f"{thumbs_ms:.0f} ms", ""],
        ["the same, all drawn by SwiftShader's WebGL", "", f"{webgl_ms:.0f} ms", ""],
        ["memory beside mapped files", "", "see below", f"{memory_mb:,.0f} MB"],
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


def _memory(store: Path, ids: Sequence[int], counts: Sequence[int]) -> None:
    with page(store) as target:
        found = list(memories(target, ids, counts))
    lines = [[f"{questions:,}", *_cells(memory)] for questions, memory in found]
    head = ["questions", "beside mapped files", "resident (RSS)", "shared out (PSS)"]
    write(f"\nMemory after questions of {CLIENTS} clients at once:\n\n{rows(head, lines)}")


def _cells(memory: Memory) -> list[str]:
    return [
        f"{mb:,.0f} MB" for mb in (memory.anonymous_mb, memory.resident_mb, memory.shared_out_mb)
    ]


if __name__ == "__main__":
    sys.exit(main())
