"""A network on the CPU: forward passes unmodified, folded and compiled; and an indexing run."""

import itertools
import shutil
import time
from collections import deque
from pathlib import Path

import numpy as np
import torch
import torchvision

from imgrec import Options, index_folders
from imgrec.encoders.acceleration import CompiledLane, compiler, folded
from imgrec.encoders.lanes import PASS, DirectLane, Finish, Lane, side_by_side
from imgrec.encoders.networks import Head, normalization_of, preprocessing_of
from imgrec.encoders.pixel_network import PixelNetwork
from imgrec.pictures.decoding import SUFFIXES
from machine import rows

_MODEL = "resnet50"
_BATCH = 32
# Seconds that each method is measured for.
_LEAST_S = 20.0
# Of an indexing run: enough that the start of its processes is a hundredth of it.
_PICTURES = 4000


def measured(photos: Path, work: Path) -> str:
    """Return the rate of each method, and of an indexing run compared with the forward pass."""
    weights = work / "random.pth"
    torch.manual_seed(0)
    model = torchvision.models.get_model(_MODEL, weights=None).eval()
    torch.save(model.state_dict(), weights)
    Head.of(model).take_off(model)
    side_px = preprocessing_of(_MODEL).crop_px
    pixels = np.random.default_rng(0).integers(0, 256, (_BATCH, side_px, side_px, 3), np.uint8)
    ways = _ways(model, side_px)
    expected = next(iter(ways.values())).begin(pixels)()
    rates, lines = {}, []
    for name, lane in ways.items():
        rates[name] = _rate(lane, pixels if lane.ahead else pixels[:PASS])
        alike = _least_cosine(lane.begin(pixels)(), expected)
        lines.append([name, f"{rates[name]:.1f}", f"{alike:.6f}"])
    whole = _whole_rate(photos, work, weights)
    share = whole / list(rates.values())[-1]
    return (
        rows([_MODEL, "pictures/s", "minimum cosine to unmodified"], lines)
        + f"\nindexing: {whole:.1f} pictures/s while pictures were read, {share:.0%} of the "
        "forward pass alone\n"
    )


def _ways(model: torch.nn.Module, side_px: int) -> dict[str, Lane]:
    cpu = torch.device("cpu")
    normalization = normalization_of(_MODEL)
    plain = PixelNetwork(model, normalization)
    quick = PixelNetwork(folded(model), normalization).eval()
    quick = quick.to(memory_format=torch.channels_last)
    ways: dict[str, Lane] = {
        f"channels-last, all cores, batch {PASS}": DirectLane(plain, cpu),
        "folded batch norms, parallel passes": side_by_side(DirectLane(quick, cpu)),
    }
    if compiler():
        lane = CompiledLane(quick, PASS, side_px)
        ways["compiled, parallel passes"] = side_by_side(lane)
    return ways


def _rate(lane: Lane, pixels: np.ndarray) -> float:
    lane.begin(pixels)()
    begun: deque[Finish] = deque()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < _LEAST_S:
        begun.append(lane.begin(pixels))
        if len(begun) > lane.ahead:
            begun.popleft()()
            count += len(pixels)
    rate = count / (time.perf_counter() - started)
    while begun:
        begun.popleft()()
    return rate


def _least_cosine(found: np.ndarray, expected: np.ndarray) -> float:
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return float(((found * expected).sum(axis=1) / lengths).min())


def _whole_rate(photos: Path, work: Path, weights: Path) -> float:
    files = (path for path in sorted(photos.rglob("*")) if path.suffix.lower() in SUFFIXES)
    (work / "some").mkdir()
    for number, path in enumerate(itertools.islice(files, _PICTURES)):
        shutil.copy(path, work / "some" / f"{number}{path.suffix}")
    options = Options(
        encoders=(_MODEL,), weights=weights, device="cpu", batch_size=_BATCH, compile="on"
    )
    summary = index_folders([work / "some"], work / "encoded", options)
    return summary.done / summary.reading_s
