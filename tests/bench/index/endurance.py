"""Indexing a large folder without interruption, and again while it is killed at random moments."""

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec import Store
from killing import children, kill_one
from machine import rows
from measuring import family_mb, paragraph, size_mb, tell

_PATIENCE_S = 3600.0


@dataclass
class Unbroken:
    """The cost of an uninterrupted run.

    Attributes:
        seconds: wall time of the command.
        said: its output.
        memory_mb: (t,) of all its processes without mapped files, once a second.
    """

    seconds: float
    said: str
    memory_mb: NDArray[np.float64]


def unbroken(photos: Path, store: Path) -> Unbroken:
    """Index a folder with `mini`, and sample the memory."""
    started, memory_mb = time.perf_counter(), []
    run = _start(photos, store)
    while run.poll() is None:
        memory_mb.append(family_mb(run.pid))
        time.sleep(1)
    spent = time.perf_counter() - started
    said = run.stdout.read().decode() if run.stdout else ""
    if run.returncode:
        raise RuntimeError(f"indexing ended with {run.returncode}")
    return Unbroken(spent, said, np.array(memory_mb))


def told(run: Unbroken, store: Path) -> str:
    """Return the rate of a run, its peak memory by thirds, and the size of the store."""
    reading = re.search(r"(\d+) read in .* \((\d+) pictures/s\)", run.said)
    count, rate = (int(found) for found in reading.groups()) if reading else (0, 0)
    thirds = [f"{part.max():.0f}" for part in np.array_split(run.memory_mb, 3)]
    line = [f"{count:,}", f"{run.seconds:.0f}", rate, *thirds, f"{size_mb(store):.0f}"]
    heads = [
        "pictures",
        "seconds in all",
        "pictures/s",
        "memory MB, first third",
        "second",
        "third",
    ]
    parts = {name: size_mb(store / name) for name in sorted(os.listdir(store))}
    shares = ", ".join(f"{name} {mb:.0f}" for name, mb in parts.items() if mb >= 1)
    return rows(heads, [line]) + f"\nsize of the store, MB: {shares}\n"


def broken(photos: Path, store: Path, whole: Unbroken, kills: int, seed: int = 0) -> str:
    """Index a folder while processes of the run are killed repeatedly; return what happened.

    In turn the whole group, the main process alone and one of the workers are killed; a worker
    that dies does not end the run, so that the next kill hits the same one.
    """
    rng = random.Random(seed)
    hit = {"all": 0, "main": 0, "worker": 0}
    run, ends = _start(photos, store), 0
    for number in range(kills):
        time.sleep(rng.uniform(0, 2 * whole.seconds / kills))
        if run.poll() is not None:
            ends += 1
            run = _start(photos, store)
            time.sleep(rng.uniform(0, 5))
        kind = list(hit)[number % 3]
        hit[kind] += _kill(run, kind, rng)
        if kind != "worker":
            run.wait()
            run = _start(photos, store)
    run.wait(_PATIENCE_S)
    last = _start(photos, store)
    said = last.communicate()[0].decode()
    lines = [
        f"{sum(hit.values())} kills: {hit['all']} of the whole group, {hit['main']} of the "
        f"main process, {hit['worker']} of a worker; the run had finished {ends} times",
        f"the run after them printed: {said.splitlines()[-1]}",
    ]
    return paragraph(lines)


def differences(one: Path, other: Path) -> str:
    """Compare the contents of two stores, picture by picture."""
    first, second = fingerprints(one), fingerprints(other)
    differ = sum(first.get(i) != second.get(i) for i in first.keys() | second.keys())
    return (
        f"\n{differ} differences in {len(first):,} pictures (rows, labels, vectors, thumbnails)\n"
    )


def fingerprints(path: Path) -> dict[int, bytes]:
    """Return a digest of everything a store contains for each picture, by id."""
    found: dict[int, bytes] = {}
    with Store.open(path) as store:
        columns = "id, path, digest, width, height, format, status, reason"
        table = store.catalog.db.execute(f"SELECT {columns} FROM images").fetchall()
        features = [store.feature(name) for name in store.feature_names()]
        vectors = [(f.ids, f.load()) for f in features]
        thumbs, labels = store.thumbs(), store.catalog.labels.of([row[0] for row in table])
        for row in table:
            image_id, state = row[0], hashlib.blake2b(repr((row, labels[row[0]])).encode())
            for ids, matrix in vectors:
                place = int(ids.searchsorted(image_id))
                if place < len(ids) and ids[place] == image_id:
                    state.update(np.ascontiguousarray(matrix[place]).tobytes())
            if row[6] == "ok":
                state.update(thumbs.get(image_id))
            found[image_id] = state.digest()
    return found


def _start(photos: Path, store: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "imgrec.index", str(photos), "--store", str(store)]
    run = subprocess.Popen(
        [*command, "--encoder", "mini"], start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    threading.Thread(target=run.wait, daemon=True).start()
    return run


def _kill(run: "subprocess.Popen[bytes]", kind: str, rng: random.Random) -> int:
    """Kill the processes of a kind of a run; return 1, or 0 if there was none."""
    if kind == "all":
        os.killpg(run.pid, signal.SIGKILL)
    elif kind == "main":
        run.kill()
    elif not kill_one(children(run.pid), rng):
        return 0
    tell(f"killed: {kind}")
    return 1
