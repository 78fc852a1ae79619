"""Searches in a synthetic collection: the product's own, and others at as many bytes a row."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.sketch import COMPONENTS
from imgrec.distances.blockwise import keep_freed_memory, load_kernels
from imgrec.distances.metrics import metric_named
from imgrec.search.candidates import Candidates, Question, SketchIndex
from imgrec.search.space import Part, Space
from imgrec.search.ways import search
from imgrec.system.threads import cores
from synthetic_sketch import DIMENSIONS, Synthetic, SyntheticFeature, sketch_of

K = 5
QUERIES = 30
_COMPARED = 400
_FLOAT_BYTES = 4
_ROW_BYTES = COMPONENTS + _FLOAT_BYTES
_BLOCK = 1 << 16
_LISTS = {1_000_000: 1024, 4_000_000: 2048, 10_000_000: 4096}
_PROBED = 64
_TRAINED = 48


@dataclass(frozen=True)
class Measure:
    """What was measured of one way to search.

    Attributes:
        p50_ms: median of a question, without the time to make the synthetic vectors.
        p95_ms: likewise.
        least_ms: likewise; nearest to what a machine takes where nothing else runs.
        scan_ms: median of the pass over the sketch alone; None where it cannot be told apart.
        resident_mb: of the process after the questions, without what it had before.
        peak_mb: likewise, at its peak since the index was there.
        read_mb: bytes that a question reads of the index and the vectors.
        compared: vectors that are compared exactly, median.
    """

    way: str
    count: int
    p50_ms: float
    p95_ms: float
    least_ms: float
    scan_ms: float | None
    recall: float
    resident_mb: float
    peak_mb: float
    read_mb: float
    compared: float


Ask = Callable[[int], tuple[NDArray[np.intp], int]]


def ours(count: int) -> list[Measure]:
    """Return the measures of the sketch as a query uses it."""
    load_kernels()
    keep_freed_memory()
    before_mb = _memory_mb("VmRSS")
    of = Synthetic.made(count)
    feature = SyntheticFeature(of)
    sketch = sketch_of(of, feature)
    space = Space(metric_named("cosine"), (Part(feature, sketch=sketch),))
    index = _Counting(space)

    def ask(row: int) -> tuple[NDArray[np.intp], int]:
        found = search(index, _question(of, row), K)
        return found.rows, index.compared

    def scan(row: int) -> None:
        space.estimates(_question(of, row).vectors)

    rows = _asked(count)
    measured = _measure("imgrec `sketch`", of, ask, rows, before_mb, _ROW_BYTES * count)
    return [_with_scan(measured, [_ms(lambda row=row: scan(row)) for row in rows])]


def faiss_scalar(count: int) -> list[Measure]:
    """Return the measures of faiss with 8 bits of the same 128 axes: flat, and in lists."""
    import faiss

    found = []
    of = Synthetic.made(count)
    for lists in (0, _LISTS[count]):
        before_mb = _memory_mb("VmRSS")
        name = f"IVF{lists},SQ8" if lists else "SQ8"
        index = faiss.index_factory(COMPONENTS, name, faiss.METRIC_INNER_PRODUCT)
        sample = np.random.default_rng(1).choice(count, max(lists * _TRAINED, _BLOCK), False)
        index.train(_units(of, np.sort(sample)))
        for start in range(0, count, _BLOCK):
            index.add(_units(of, np.arange(start, min(count, start + _BLOCK))))
        if lists:
            index.nprobe = _PROBED
        share = _PROBED / lists if lists else 1.0
        title = f"faiss `PCA128,{name}`" + (f", {_PROBED} lists read" if lists else "")
        read = round(COMPONENTS * count * share)
        measured = _measure(title, of, _by_faiss(of, index), _asked(count), before_mb, read)
        found.append(measured)
    return found


def _by_faiss(of: Synthetic, index: object) -> Ask:
    def ask(row: int) -> tuple[NDArray[np.intp], int]:
        query = of.vectors(np.array([row]))
        _, near = index.search(query @ of.axes.T, _COMPARED)  # type: ignore[attr-defined]
        rows = near[0][(near[0] != row) & (near[0] >= 0)]
        vectors = of.vectors(rows)
        cosines = (vectors @ query[0]) / np.linalg.norm(vectors, axis=1)
        return rows[np.argsort(-cosines, kind="stable")[:K]], len(rows)

    return ask


class _Counting(SketchIndex):
    """Remembers how many vectors the last question compared exactly."""

    compared = 0

    def candidates(self, question: Question, k: int) -> Candidates:
        found = super().candidates(question, k)
        object.__setattr__(self, "compared", len(found.rows))
        return found


def _measure(
    way: str, of: Synthetic, ask: Ask, rows: Sequence[int], before_mb: float, read_bytes: int
) -> Measure:
    ask(rows[0])
    Path("/proc/self/clear_refs").write_text("5")
    spent, hits, compared = [], 0, []
    answers = []
    for row in rows:
        of.making_s.clear()
        started = time.perf_counter()
        found, examined = ask(row)
        spent.append(1000 * (time.perf_counter() - started - sum(of.making_s)))
        answers.append(found)
        compared.append(examined)
    resident_mb, peak_mb = _memory_mb("VmRSS"), _memory_mb("VmHWM")
    for row, found in zip(rows, answers, strict=True):
        hits += len({*found.tolist()} & {*of.nearest(row, K).tolist()})
    p50_ms, p95_ms = np.percentile(spent, [50, 95])
    read = read_bytes + np.median(compared) * DIMENSIONS * _FLOAT_BYTES
    return Measure(
        way, len(of), float(p50_ms), float(p95_ms), min(spent), None, hits / (K * len(rows)),
        resident_mb - before_mb, peak_mb - before_mb, float(read) / 1e6, float(np.median(compared)),
    )  # fmt: skip


def _with_scan(measured: Measure, scans_ms: Sequence[float]) -> Measure:
    return replace(measured, scan_ms=float(np.median(scans_ms)))


def _question(of: Synthetic, row: int) -> Question:
    nothing = np.zeros((0, DIMENSIONS), np.float32)
    here = np.array([row])
    margins = np.zeros((1, 0), np.float32)
    return Question([of.vectors(here)], [nothing], margins, "mean", here)


def _units(of: Synthetic, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    units: NDArray[np.float32] = (of.codes[rows] * of.scales) / of.lengths[rows, None]
    return units


def _asked(count: int) -> list[int]:
    return np.random.default_rng(7).choice(count, QUERIES, replace=False).tolist()


def _ms(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def _memory_mb(key: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith(key))


def threads() -> int:
    """Return how many threads scan."""
    return cores()


def growth(measures: Sequence[Measure]) -> Iterator[tuple[int, int, float]]:
    """Yield (n, next n, exponent of the growth of the median time between them)."""
    for one, other in pairwise(measures):
        exponent = np.log(other.p50_ms / one.p50_ms) / np.log(other.count / one.count)
        yield one.count, other.count, float(exponent)
