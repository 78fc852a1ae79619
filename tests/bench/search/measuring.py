"""How a way to search is measured: time, recall, and memory in a process of its own."""

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
HEADS = ("way", "p50 ms", "p95 ms", "recall@5", "queries", "build s", "memory MB", "disk MB")
_LEAST_QUERIES = 5
_T = TypeVar("_T")


@dataclass(frozen=True)
class Row:
    """What was measured of one way to search.

    Attributes:
        recall: share of the true K nearest that were found, None where no truth is known.
        memory_mb: most the process held beside mapped files and imported libraries.
        disk_mb: of what was saved, None where nothing is.
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
        """Return the cells of a table with the columns HEADS."""
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
    """Ask one question after the other, until the time is up or none is left.

    Args:
        way: its name in the table.
        ask: from a query to the K nearest, itself left out, spelled as in `truth`.
        queries: in the order of `truth`.
        truth: (q, K), the exact answers; those of the first q queries.
        budget_s: after so long no more is asked, once there are a few answers.
    """
    ask(queries[0])  # warm-up: compiles, opens, maps
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
    """Return the share of the true nearest (q, K) that are among those found."""
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
        libraries: modules imported before the memory is counted from.

    Returns:
        what it returned, and the most memory in MB that it and the processes it started held
        beside mapped files.

    Raises:
        RuntimeError: it ended by an error, whose traceback is on stderr.
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
    """Return the memory of a process that no file stands behind; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1e3
    return 0.0


def family_mb(pid: int | str | None) -> float:
    """Return the same of a process and all below it."""
    children: set[str] = set()
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children.update((task / "children").read_text().split())
    return anonymous_mb(pid) + sum(map(family_mb, children))


def size_mb(path: Path) -> float:
    """Return the size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def paragraph(lines: Sequence[str]) -> str:
    """Return lines as a Markdown list."""
    return "".join(f"- {line}\n" for line in lines)


def tell(text: str) -> None:
    """Say on stderr what is being done."""
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
