"""Measuring a search method: time, recall, and memory in a process of its own."""

import importlib
import multiprocessing
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

K = 5
HEADS = ("method", "p50 ms", "p95 ms", "recall@5", "queries", "build s", "memory MB", "disk MB")
_LEAST_QUERIES = 5
_T = TypeVar("_T")


@dataclass(frozen=True)
class Row:
    """The measurements of one search method.

    Attributes:
        recall: share of the true K nearest that were found, None if they are not known.
        memory_mb: peak of the process without mapped files and imported libraries.
        disk_mb: size of the saved index, None if there is none.
    """

    way: str
    p50_ms: float
    p95_ms: float
    recall: float | None
    queries: int
    build_s: float | None = None
    memory_mb: float | None = None
    disk_mb: float | None = None

    def line(self) -> list[str]:
        """Return the cells of a table row with the columns HEADS."""
        return [
            self.way,
            f"{self.p50_ms:.2f}",
            f"{self.p95_ms:.2f}",
            _cell(self.recall, ".4f"),
            str(self.queries),
            _cell(self.build_s, ".1f"),
            _cell(self.memory_mb, ".0f"),
            _cell(self.disk_mb, ".1f"),
        ]


def asked(
    way: str,
    ask: Callable[[Any], Sequence[int] | NDArray[np.int64]],
    queries: Sequence[Any],
    truth: NDArray[np.int64] | None,
    budget_s: float = 2.5,
) -> Row:
    """Run one query after the other, until the time is up or none is left.

    Args:
        way: name of the method in the table.
        ask: function of a query to its K nearest without itself, in the terms of `truth`.
        queries: the queries, in the order of `truth`.
        truth: (q, K) exact answers for the first q queries.
        budget_s: seconds after which no more queries are run, except for the first few.
    """
    # Warm-up: compiles loops, opens and maps files.
    ask(queries[0])
    spent_ms: list[float] = []
    found = []
    for query in queries[: len(truth) if truth is not None else None]:
        if sum(spent_ms) > 1000 * budget_s and len(spent_ms) >= _LEAST_QUERIES:
            break
        started = time.perf_counter()
        found.append(ask(query))
        spent_ms.append(1000 * (time.perf_counter() - started))
    p50_ms, p95_ms = np.percentile(spent_ms, [50, 95])
    recall = None if truth is None else recall_of(found, truth)
    return Row(way, float(p50_ms), float(p95_ms), recall, len(spent_ms))


def recall_of(found: Sequence[Any], truth: NDArray[np.int64]) -> float:
    """Return the share of the true nearest (q, K) that were found."""
    pairs = zip(found, truth, strict=False)
    hits = sum(len({*map(int, one)} & {*map(int, true)}) for one, true in pairs)
    return hits / (truth.shape[1] * len(found))


def apart(
    function: Callable[..., _T], *arguments: Any, libraries: Sequence[str] = ()
) -> tuple[_T, float]:
    """Run a function in a process of its own.

    Args:
        function: at the top level of a module.
        arguments: what it is called with.
        libraries: modules to import first, whose memory is not counted.

    Returns:
        its result, and the peak memory in MB of its process and their children, without mapped
        files.

    Raises:
        RuntimeError: the function failed; its traceback is on stderr.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, libraries, function, arguments))
    process.start()
    sender.close()
    peak_mb = 0.0
    while not receiver.poll(0.01):
        peak_mb = max(peak_mb, family_mb(process.pid))
    try:
        before_mb, result = receiver.recv()
    except EOFError:
        raise RuntimeError(f"{function.__module__}.{function.__name__} failed") from None
    finally:
        process.join()
    return result, max(0.0, peak_mb - before_mb)


def anonymous_mb(pid: int | str | None = "self") -> float:
    """Return the anonymous memory of a process in MB; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1e3
    return 0.0


def family_mb(pid: int | str | None) -> float:
    """Return the anonymous memory of a process and its descendants in MB."""
    children: set[str] = set()
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children.update((task / "children").read_text().split())
    return anonymous_mb(pid) + sum(map(family_mb, children))


def size_mb(path: Path) -> float:
    """Return the size in MB of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def paragraph(lines: Sequence[str]) -> str:
    """Return lines as a Markdown list."""
    return "".join(f"- {line}\n" for line in lines)


def tell(text: str) -> None:
    """Print the current step with the time on stderr."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


def _child(
    sender: Connection,
    libraries: Sequence[str],
    function: Callable[..., object],
    arguments: Sequence[object],
) -> None:
    for library in libraries:
        importlib.import_module(library)
    before_mb = anonymous_mb()
    sender.send((before_mb, function(*arguments)))


def _cell(value: float | None, how: str) -> str:
    return "" if value is None else format(value, how)
