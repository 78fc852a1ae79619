"""The machine and library versions of a measurement, and helpers to time and report it."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("numpy", "pillow", "scikit-learn", "networkx", "igraph", "pyvis", "tensorboard")


def described(others: Sequence[str] = ()) -> str:
    """Return a line that describes the machine and one with the versions.

    Args:
        others: packages that the bench uses besides; their versions are a third line.
    """
    lines = (", ".join(f"{name} {version(name)}" for name in some) for some in (_PACKAGES, others))
    return (
        f"{processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB; "
        f"{platform.system()}, Python {platform.python_version()}\n"
    ) + "".join(f"{line}\n" for line in lines if line)


def seconds(function: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


@contextmanager
def work_folder(kept: Path | None) -> Iterator[Path]:
    """Yield a work folder: the one to keep, or one that is deleted after the block."""
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
    else:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)


def write(text: str) -> None:
    """Print a part of the report immediately, so that progress is visible."""
    sys.stdout.write(text)
    sys.stdout.flush()


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with arguments from the root of the project; an error ends the bench."""
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)


def median_of(runs: int, *command: str) -> tuple[float, float, float]:
    """Return minimum, median and maximum wall seconds of a process, after one warm-up."""
    run(*command)
    times = [seconds(lambda: run(*command)) for _ in range(runs)]
    return min(times), statistics.median(times), max(times)


def rows(heads: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    parts = [heads, ["---"] * len(heads), *lines]
    return "".join("| " + " | ".join(map(str, part)) + " |\n" for part in parts)


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
