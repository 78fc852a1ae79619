"""What may compute `lite0` on the CPU, and a whole indexing run beside the best of it.

Every engine runs in one process for each core, with one thread, as in the workers of an indexing
run. Processor time is given beside wall time, because other work on the machine shows in both, but
less in the first.
"""

import json
import os
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine_alone import ENGINES
from imgrec.encoders.lite0.network import PREPROCESSING
from imgrec.neighbors.precision import precision_at_k
from imgrec.pictures.decoding import SUFFIXES, decode, pixels_for
from imgrec.sources.files import read_file
from machine import rows

_ALONE = Path(__file__).with_name("engine_alone.py")
_CHOSEN, _REFERENCE = "ONNX Runtime, int8", "ONNX Runtime, float32"
# Pictures for those that take minutes for thousands; their vectors are those of float32.
_PART = {"torch, folded": 512, "torch, compiled": 512, "plain numpy": 128}


def measured(photos: Path, work: Path) -> str:
    """Return the table of engines, and that of whole runs."""
    files = sorted(path for path in photos.rglob("*") if path.suffix.lower() in SUFFIXES)
    labels = [path.parent.name for path in files]
    pixels = _pixels(files, work / "pixels.npy")
    lines, rates, vectors = [], {}, {}
    for name in ENGINES:
        count = min(len(files), _PART.get(name, len(files)))
        found, vectors[name] = _measured(name, pixels, count, work)
        rates[name] = count / found["wall_s"]
        precision = precision_at_k(vectors[name], labels[:count]) if count == len(files) else {}
        shown = f"{precision[1]:.3f} / {precision[5]:.3f}" if precision else ""
        figures = (f"{found['first_s']:.2f}", f"{found['peak_mb']:.0f}")
        rate, spent = f"{rates[name]:.0f}", f"{found['cpu_s'] / count * 1000:.1f}"
        lines.append([name, rate, spent, shown, *figures])
    for line in lines:
        line.insert(4, f"{_mean_cosine(vectors[line[0]], vectors[_REFERENCE]):.5f}")
    pixels.unlink()
    heads = ["engine", "pictures/s", "ms of a core", "P@1 / P@5", "mean cosine", "first s", "MB"]
    return rows(heads, lines) + "\n" + _whole(photos, work, rates[_CHOSEN])


def _whole(photos: Path, work: Path, forward: float) -> str:
    """Return the rates of whole runs; `forward` is the rate of the forward passes alone."""
    runs = {"mini": ["mini"], "lite0 and mini": ["lite0", "mini"]}
    rates, lines = {}, []
    for name, encoders in runs.items():
        chosen = [word for encoder in encoders for word in ("--encoder", encoder)]
        store = work / f"run-{len(encoders)}"
        before, began = _children_s(), time.perf_counter()
        command = ["-m", "imgrec.index", str(photos), "--store", str(store), *chosen]
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=True
        )
        wall_s, cpu_s = time.perf_counter() - began, _children_s() - before
        count = int(done.stdout.split()[0].replace(",", ""))
        rates[name] = count / wall_s
        lines.append([name, f"{rates[name]:.0f}", f"{cpu_s / count * 1000:.1f}"])
    possible = 1 / (1 / rates["mini"] + 1 / forward)
    both = rates["lite0 and mini"]
    return (
        rows(["whole command, thumbnails and rgb too", "pictures/s", "ms of a core"], lines)
        + f"\n{both / rates['mini']:.0%} of the rate with `mini` alone, {both / possible:.0%} of "
        "what that run and the forward passes alone allow together\n"
    )


def _measured(
    name: str, pixels: Path, count: int, work: Path
) -> tuple[dict[str, float], np.ndarray]:
    """Run an engine in a process for each core; return its figures, and all vectors."""
    cores = os.cpu_count() or 1
    # Once for the files in the cache and compiled code.
    _result(_started(name, pixels, work / "warm.npy", 0, 16))
    bounds = [round(i * count / cores) for i in range(cores + 1)]
    outs = [work / f"vectors-{i}.npy" for i in range(cores)]
    running = [
        _started(name, pixels, out, start, end)
        for out, (start, end) in zip(outs, pairwise(bounds), strict=True)
    ]
    found = [_result(process) for process in running]
    figures = {
        "cpu_s": sum(each["cpu_s"] for each in found),
        **{key: max(each[key] for each in found) for key in ("wall_s", "first_s", "peak_mb")},
    }
    return figures, np.concatenate([np.load(out) for out in outs])


def _started(name: str, pixels: Path, out: Path, start: int, end: int) -> "subprocess.Popen[str]":
    command = [sys.executable, str(_ALONE), name, str(pixels), str(out), str(start), str(end)]
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **threads}
    )


def _result(process: "subprocess.Popen[str]") -> dict[str, float]:
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{process.args!r} failed")
    found: dict[str, float] = json.loads(text)
    return found


def _pixels(files: list[Path], out: Path) -> Path:
    side = PREPROCESSING.crop_px
    shape = (len(files), side, side, 3)
    pixels = np.lib.format.open_memmap(out, "w+", np.uint8, shape)
    for row, file in enumerate(files):
        image = decode(read_file(file), PREPROCESSING.resize_px).image
        pixels[row] = pixels_for(image, PREPROCESSING)
    return out


def _mean_cosine(one: np.ndarray, other: np.ndarray) -> float:
    other = other[: len(one)]
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / lengths).mean())


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
