"""How a cost grows between two sizes: the exponent e of cost = c · nᵉ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from machine import rows


@dataclass(frozen=True)
class Cost:
    """What a stage took at one size.

    Attributes:
        seconds: wall time.
        cpu_s: CPU seconds of all threads and child processes.
    """

    seconds: float
    cpu_s: float


def exponent(sizes: tuple[int, int], costs: tuple[float, float]) -> float:
    """Return the exponent of growth between two sizes: 1 if the cost grows as the size does."""
    return log(costs[1] / costs[0]) / log(sizes[1] / sizes[0])


def table(costs: Mapping[str, Mapping[int, Cost]]) -> str:
    """Return a Markdown table with a line for each stage.

    After each size but the first stands the exponent since the size before, of CPU seconds.

    Args:
        costs: of each stage, by size; a size that was not measured is absent.
    """
    sizes = sorted({size for of_stage in costs.values() for size in of_stage})
    heads = ["stage", f"{sizes[0]:,}: s (CPU s)"]
    for size in sizes[1:]:
        heads += [f"{size:,}", "exponent"]
    return rows(heads, [_line(stage, of_stage, sizes) for stage, of_stage in costs.items()])


def _line(stage: str, costs: Mapping[int, Cost], sizes: Sequence[int]) -> list[str]:
    cells, before = [stage], None
    for size in sizes:
        cost = costs.get(size)
        cells.append("" if cost is None else f"{_told(cost.seconds)} ({_told(cost.cpu_s)})")
        if size != sizes[0]:
            known = cost is not None and before is not None
            cells.append(f"{exponent((before, size), (costs[before].cpu_s, cost.cpu_s)):.2f}"
                         if known else "")  # fmt: skip
        before = size if cost is not None else before
    return cells


def _told(seconds: float) -> str:
    return f"{seconds:.3g}"
