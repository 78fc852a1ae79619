"""The report of a large synthetic collection, in a fresh process: time, memory, size."""

import shutil
import time
from pathlib import Path

import numpy as np

from exporting import fresh
from imgrec import Store
from imgrec.reporting.options import ReportOptions
from imgrec.reporting.write import write_report
from imgrec.store.classes import TOP, Top, write_classes, write_description
from imgrec.system.threads import cores
from machine import rows
from material import copied, made
from measuring import tell

_CLASSIFIERS = ("mobilenet_v3_small", "resnet50")
_CLASSES = 1000
_PART_ROWS = 50_000


def measured(work: Path, count: int, maps: tuple[str, ...]) -> str:
    """Return the cost of a report of a store without derived data, and of a second one."""
    tell(f"report: writing a store of {count} pictures")
    out = work / "report" / "out"
    store = copied(made(work, count), work / "report" / "store", count)
    _classify(store, count)
    lines = []
    for kept in ("nothing", "all"):
        shutil.rmtree(out, ignore_errors=True)
        tell(f"report: begins with {kept} kept")
        (took, size), peak_mb = fresh(_written, store, out, maps)
        lines.append([f"{count:,}", kept, f"{took:.0f}", f"{peak_mb:.0f}", f"{size / 1e6:.1f}"])
    heads = ("pictures", "derived data before", "s", "memory MB without mapped files", "page MB")
    return rows(heads, lines) + f"\nmaps besides PCA: {', '.join(maps) or 'none'}\n"


def _written(store: Path, out: Path, maps: tuple[str, ...]) -> tuple[float, int]:
    started = time.perf_counter()
    with Store.open(store) as opened:
        options = ReportOptions(methods=maps)
        report = write_report(opened, out, options, workers=cores(), quiet=False)
    return time.perf_counter() - started, report.size_bytes


def _classify(store: Path, count: int) -> None:
    """Write predictions of two classifiers: classes by a power law, half of them equal."""
    rng = np.random.default_rng(0)
    share = np.arange(1, _CLASSES + 1) ** -1.0
    names = [f"class number {i}" for i in range(_CLASSES)]
    first = rng.choice(_CLASSES, (count, TOP), p=share / share.sum()).astype(np.int16)
    for number, encoder in enumerate(_CLASSIFIERS):
        folder = store / "classes" / encoder
        write_description(folder, "synthetic", "0", names)
        other = np.where(rng.random((count, 1)) < 0.5 * number, np.roll(first, 1, axis=1), first)
        shares = -np.sort(-rng.dirichlet(np.ones(TOP + 1), count)[:, :TOP], axis=1)
        for part, start in enumerate(range(0, count, _PART_ROWS)):
            ids = np.arange(start + 1, min(start + _PART_ROWS, count) + 1, dtype=np.int64)
            of_part = slice(start, start + _PART_ROWS)
            top = Top(other[of_part], shares[of_part].astype(np.float32))
            write_classes(folder, part, ids, top)
