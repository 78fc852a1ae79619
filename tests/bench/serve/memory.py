"""The memory of a server, after more and more questions of several clients at once.

Mapped files (the vectors) fill with each question and are given back when others need the memory,
so what grows, if anything does, is anonymous memory: the heap, the stacks and the buffers of
libraries.

Source: proc(5), `/proc/PID/smaps_rollup`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from clients import Target, likeness, together

CLIENTS = 16
_NAMES = {"Anonymous": "anonymous_mb", "Rss": "resident_mb", "Pss": "shared_out_mb"}


@dataclass(frozen=True)
class Memory:
    """The memory of a process and its children in MB.

    Attributes:
        anonymous_mb: without mapped files.
        resident_mb: with the parts of mapped files that are in memory (RSS).
        shared_out_mb: the same, what several processes share counted in parts (PSS).
    """

    anonymous_mb: float
    resident_mb: float
    shared_out_mb: float


def memory_of(pid: int) -> Memory:
    """Return the memory of a process and its children."""
    sums = dict.fromkeys(_NAMES.values(), 0.0)
    for each in (pid, *_children(pid)):
        text = Path(f"/proc/{each}/smaps_rollup").read_text()
        for name, kb in re.findall(r"^(Anonymous|Rss|Pss):\s+(\d+) kB", text, re.MULTILINE):
            sums[_NAMES[name]] += int(kb) * 1024 / 1e6
    return Memory(**sums)


def memories(
    target: Target, ids: Sequence[int], counts: Sequence[int]
) -> Iterator[tuple[int, Memory]]:
    """Yield the numbers of questions asked so far and the memory after them.

    Args:
        target: the server.
        ids: asked about in turns.
        counts: increasing numbers of questions.
    """
    done = 0
    for questions in counts:
        chosen = np.resize(ids, questions)[done:]
        together(target, list(likeness(target, chosen)), CLIENTS)
        yield questions, memory_of(target.pid)
        done = questions


def _children(pid: int) -> list[int]:
    found = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in listed.read_text().split()]
    return found + [below for child in found for below in _children(child)]
