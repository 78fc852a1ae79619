"""`make bench-scale`: a query over a synthetic sketch of up to 40 million pictures."""

import argparse
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "search"))

from machine import described, rows, write
from measuring import apart, tell
from sketch_search import QUERIES, Measure, faiss_scalar, growth, ours, threads

_COUNTS = (1_000_000, 4_000_000, 10_000_000)
_HEADS = (
    *("method", "pictures", "p50 ms", "p95 ms", "least ms", "of it scan", "recall@5", "compared"),
    *("read a query MB", "memory MB", "peak MB"),
)


def main() -> int:
    """Run all measurements, each size in a process of its own, and print them as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=40_000_000, help="largest sketch, in rows (default 40000000)")
    arguments = parser.parse_args()
    packages = f"faiss-cpu {version('faiss-cpu')}, numba {version('numba')}"
    write(f"# Scale\n\n{described()}{packages}, {threads()} threads, {QUERIES} queries each\n\n")
    counts = [*(few for few in _COUNTS if few < arguments.count), arguments.count]
    measures = [measure for count in counts for measure in _told(ours, count)]
    others = [
        measure for count in counts if count in _COUNTS for measure in _told(faiss_scalar, count)
    ]
    write(rows(_HEADS, [_cells(measure) for measure in (*measures, *others)]))
    write("\n")
    for few, many, exponent in growth(measures):
        write(f"- from {few:,} to {many:,}: p50 grows as n^{exponent:.2f}\n")
    return 0


def _told(function: Callable[[int], list[Measure]], count: int) -> list[Measure]:
    """Measure in a process of its own, and tell the figures at once."""
    tell(f"{count:,}: {function.__name__}")
    found, _ = apart(function, count)
    for measure in found:
        tell(", ".join(f"{h} {c}" for h, c in zip(_HEADS, _cells(measure), strict=True)))
    return found


def _cells(of: Measure) -> list[str]:
    scan = "" if of.scan_ms is None else f"{of.scan_ms:.0f}"
    return [
        *(
            of.way,
            f"{of.count:,}",
            f"{of.p50_ms:.0f}",
            f"{of.p95_ms:.0f}",
            f"{of.least_ms:.0f}",
            scan,
        ),
        *(f"{of.recall:.3f}", f"{of.compared:.0f}", f"{of.read_mb:,.0f}"),
        *(f"{of.resident_mb:,.0f}", f"{of.peak_mb:,.0f}"),
    ]


if __name__ == "__main__":
    sys.exit(main())
