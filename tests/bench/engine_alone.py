"""One engine of `lite0` in a process of its own, on one thread; prints JSON for `engines.py`.

The time to the first vector and the peak memory include everything that the engine imports, with
its files in the user's cache folder.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from imgrec.encoders.lite0.network import MOST, PIXEL_SCALE, PIXEL_ZERO, Layer, layers

Encode = Callable[[np.ndarray], np.ndarray]
BATCH = 16


def session(precision: str) -> Encode:
    """Return the encoder of the package."""
    from imgrec.encoders.lite0.encoder import Lite0

    return Lite0("int8" if precision == "int8" else "float32").encode


def torch_folded(compiled: bool) -> Encode:
    """Return the torch module with folded batch norms, channels-last; compiled for `BATCH`."""
    import torch

    from imgrec.encoders.acceleration import CompiledLane
    from imgrec.encoders.lanes import DirectLane
    from imgrec.encoders.lite0.cached import cached_weights
    from imgrec.encoders.lite0.torch_network import NORMALIZATION, TorchLite0
    from imgrec.encoders.pixel_network import PixelNetwork

    torch.set_num_threads(1)
    network = PixelNetwork(TorchLite0(cached_weights()), NORMALIZATION).eval()
    network = network.to(memory_format=torch.channels_last)
    if compiled:
        lane = CompiledLane(network, BATCH, 224)
        return lambda pixels: lane.begin(pixels)()
    plain = DirectLane(network, torch.device("cpu"))
    return lambda pixels: plain.begin(pixels)()


def numpy_only() -> Encode:
    """Return a forward pass of matrix products and shifted sums, picture by picture."""
    from imgrec.encoders.lite0.cached import cached_weights

    weights = cached_weights()
    taps = {
        layer.conv: weights[f"{layer.conv}.weight"].transpose(2, 3, 1, 0).copy()
        for layer in layers()
    }

    def vector(picture: np.ndarray) -> np.ndarray:
        maps = (picture.astype(np.float32) - PIXEL_ZERO) / PIXEL_SCALE  # (h, w, c)
        skipped = maps
        for layer in layers():
            skipped = maps if layer.begins else skipped
            maps = _convolved(maps, taps[layer.conv], layer) + weights[f"{layer.conv}.bias"]
            if layer.relu6:
                np.clip(maps, 0, MOST, out=maps)
            if layer.adds:
                maps += skipped
        return maps.mean(axis=(0, 1))

    return lambda pixels: np.stack([vector(picture) for picture in pixels])


def _convolved(maps: np.ndarray, taps: np.ndarray, layer: Layer) -> np.ndarray:
    if layer.kernel == 1:
        return maps @ taps[0, 0]
    before, after = layer.pads
    padded = np.pad(maps, ((before, after), (before, after), (0, 0)))
    side, stride = maps.shape[0] // layer.stride, layer.stride
    total = np.zeros((side, side, layer.outputs), np.float32)
    for y in range(layer.kernel):
        for x in range(layer.kernel):
            seen = padded[y : y + stride * side : stride, x : x + stride * side : stride]
            seen = seen[:side, :side]
            total += seen * taps[y, x, 0] if layer.depthwise else seen @ taps[y, x]
    return total


ENGINES: dict[str, Callable[[], Encode]] = {
    "torch, folded": lambda: torch_folded(compiled=False),
    "torch, compiled": lambda: torch_folded(compiled=True),
    "ONNX Runtime, float32": lambda: session("float32"),
    "ONNX Runtime, int8": lambda: session("int8"),
    "plain numpy": numpy_only,
}


def main(name: str, pixels: Path, out: Path, start: int, end: int) -> None:
    """Encode some pictures; write their vectors; print the figures."""
    given = np.load(pixels, mmap_mode="r")
    began, cpu = time.perf_counter(), time.process_time()
    encode = ENGINES[name]()
    encode(np.ascontiguousarray(given[start : start + 1]))
    first_s = time.perf_counter() - began
    encode(np.ascontiguousarray(given[start : start + BATCH]))
    began, cpu = time.perf_counter(), time.process_time()
    vectors = [encode(np.array(given[i : min(end, i + BATCH)])) for i in range(start, end, BATCH)]
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    np.save(out, np.concatenate(vectors))
    # Not `ru_maxrss`, which is that of the parent process where that is larger.
    status = Path("/proc/self/status").read_text()
    peak_mb = int(status.partition("VmHWM:")[2].split()[0]) / 1e3
    found = {"first_s": first_s, "wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": peak_mb}
    sys.stdout.write(json.dumps(found | {"pictures": end - start}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
