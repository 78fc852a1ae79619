"""A rescan of an unchanged tree, compared with other methods to look at each of its files."""

import io
import shutil
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from imgrec.collection import Ids, Outcome
from imgrec.collection.rescan import scan
from imgrec.encoders import load_encoder
from imgrec.indexing.options import PART_ROWS
from imgrec.labels.colors import begin_colors
from imgrec.sources.opening import source_at
from imgrec.store.origins import origins_of
from imgrec.store.parts import write_part
from imgrec.store.store import Store
from machine import rows, run
from thumb_parts import write_thumbs

_FOLDER_FILES = 100
_BINS = 8
_WALK = (
    "import os, sys\n"
    "seen = {os.path.join(folder, name): os.stat(os.path.join(folder, name))\n"
    "        for folder, _, names in os.walk(sys.argv[1]) for name in names}\n"
)
# A small process in between, because a process inherits the peak memory of its parent.
_PEAK = (
    "import resource, subprocess, sys\n"
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL,\n"
    "               stderr=subprocess.DEVNULL)\n"
    "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
    "print(used.ru_utime + used.ru_stime, used.ru_maxrss)\n"
)


def measured(work: Path, count: int) -> str:
    """Return seconds and peak memory of a second `imgrec.index` of `count` unchanged files."""
    tree, store = made(work, count)
    ways = {
        "python -m imgrec.index, unchanged": index_command(store),
        "os.walk and os.stat of each file (Python)": [sys.executable, "-c", _WALK, str(tree)],
    }
    if shutil.which("find"):
        ways["find -printf"] = find_command(tree)
    lines = []
    for way, command in ways.items():
        seconds, cpu_s, peak_mb = map(min, zip(*(_spent(command) for _ in range(3)), strict=True))
        figures = f"{seconds:.1f}", f"{cpu_s:.1f}", f"{count / seconds:,.0f}", f"{peak_mb:.0f}"
        lines.append([way, f"{count:,}", *figures])
    shutil.rmtree(tree)
    shutil.rmtree(store)
    return rows(["method", "files", "seconds", "CPU s", "files/s", "peak MB"], lines)


def made(work: Path, count: int) -> tuple[Path, Path]:
    """Write a tree of `count` files and a store that holds them; return both."""
    tree, store = work / "tree", work / "tree-store"
    _write_tree(tree, count)
    _fill(store, tree)
    # The first run builds the indexes.
    _spent(index_command(store))
    return tree, store


def index_command(store: Path) -> list[str]:
    """Return the command that looks at all files of a store again."""
    return [sys.executable, "-m", "imgrec.index", "--store", str(store)]


def find_command(tree: Path) -> list[str]:
    """Return the command by which `find` prints size and time of each file."""
    return ["find", str(tree), "-printf", "%p %s %T@\\n"]


def _write_tree(tree: Path, count: int) -> None:
    for number in range(count):
        folder = tree / f"{number // _FOLDER_FILES:05d}"
        if number % _FOLDER_FILES == 0:
            folder.mkdir(parents=True)
        (folder / f"IMG_{number:07d}.jpg").write_bytes(b"%d" % number)


def _fill(path: Path, tree: Path) -> None:
    """Make a store by a real scan, and set the status of all files to ok."""
    encoder = load_encoder("rgb", bins=_BINS)
    with Store.create(path) as store, store.writing():
        begin_colors(store)
        scan(store.catalog, [source_at(tree)])
        with store.catalog.transaction() as db:
            db.execute(
                "UPDATE images SET status = 'ok', digest = printf('%032x', id), "
                "width = 640, height = 480, format = 'JPEG'"
            )
            db.execute("INSERT INTO labels SELECT id, 'color', 'gray' FROM images")
        store.add_feature(encoder.spec)
        store.set_encoder("rgb")
        ids = store.catalog.ids("ok")
        for number, start in enumerate(range(0, len(ids), PART_ROWS)):
            _write_part(store, number, ids[start : start + PART_ROWS])


def _write_part(store: Store, number: int, ids: Ids) -> None:
    histograms = np.random.default_rng(number).random((len(ids), 3 * _BINS), np.float32)
    histograms /= histograms.sum(axis=1, keepdims=True)
    write_part(store.paths.feature("rgb"), number, {"ids.npy": ids, "vectors.npy": histograms})
    file = io.BytesIO()
    Image.new("RGB", (128, 96), "gray").save(file, "JPEG")
    entries = store.catalog.entries(ids)
    outcomes = [Outcome(e.id, "ok", e.digest, e.width, e.height, e.format) for e in entries]
    origins = origins_of(ids, entries, outcomes, store.catalog.roots())
    write_thumbs(store.paths.thumbs, number, ids, [file.getvalue()] * len(ids), origins)


def _spent(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return its seconds, those of a core, and its peak memory in MB, 10 or more."""
    started = time.perf_counter()
    done = run("-c", _PEAK, *command)
    cpu_s, peak_kb = map(float, done.stdout.split())
    return time.perf_counter() - started, cpu_s, peak_kb / 1000
