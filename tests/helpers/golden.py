"""Pixels and weights by integer formulas, equal with every version of every library.

Run as a script, this module writes the reference vectors of `tests/encoders/golden` again. Do that
only after a deliberate change of an encoder, together with its `version`.
"""

import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import torch

from imgrec.encoders import load_encoder
from imgrec.encoders.networks import build_model
from imgrec.encoders.spec import Encoder
from paths import ROOT

FOLDER = ROOT / "tests" / "encoders" / "golden"
# The head of the first is a linear layer, that of the second a convolution.
NETWORKS = ("resnet18", "squeezenet1_1")
NAMES = ("lite0", "mini", "rgb", *NETWORKS)


def golden_pixels(side_px: int) -> np.ndarray:
    """Return pictures (6, side_px, side_px, 3), uint8: slopes, squares, a disc, noise, stripes."""
    s = side_px
    y, x, c = np.indices((s, s, 3))
    slopes = np.select([c == 0, c == 1], [x * 255, y * 255], (x + y) * 255 // 2) // (s - 1)
    odd = (x * 8 // s + y * 8 // s) % 2
    squares = np.where(odd, (220, 40, 40), (30, 60, 200))
    distance = (2 * x - s + 1) ** 2 + (2 * y - s + 1) ** 2
    disc = np.where(distance * 4 < s * s, (200, 150, 40), 60 + (x + c * y) * 40 // s)
    noise = _hashed((y * s + x) * 3 + c) >> np.uint64(56)
    stripes = (x + 2 * y) * 16 // s % 4 * 60 + 10 * c
    gray = np.full((s, s, 3), 128)
    return np.stack([slopes, squares, disc, noise, stripes, gray]).astype(np.uint8)


def formula_weights(path: Path, name: str) -> Path:
    """Write a state dict for a torchvision model, computed without a random generator."""
    state = build_model(name).state_dict()
    for key, tensor in state.items():
        count = np.arange(tensor.numel()) + (zlib.crc32(key.encode()) << 24)
        # From 0 to 1.
        shares = (_hashed(count) >> np.uint64(40)).astype(float) / 2**24
        if tensor.ndim > 1:
            # He et al. 2015: this bound keeps the variance from layer to layer.
            bound = (6 / tensor[0].numel()) ** 0.5
            values = (2 * shares - 1) * bound
        elif key.endswith(("running_var", "bn1.weight", "bn2.weight", "downsample.1.weight")):
            values = 0.5 + shares
        else:
            values = (shares - 0.5) / 5
        made = torch.from_numpy(values.reshape(tensor.shape)).to(tensor.dtype)
        state[key] = made
    torch.save(state, path)
    return path


def golden_encoder(name: str, folder: Path) -> Encoder:
    """Return an encoder with formula weights, which are written into a folder."""
    if name not in NETWORKS:
        return load_encoder(name, device="cpu")
    return load_encoder(name, formula_weights(folder / f"{name}.pth", name), "cpu")


def _hashed(values: np.ndarray) -> np.ndarray:
    """Return a 64-bit hash of each integer (splitmix64).

    Source: Steele, Lea & Flood, Fast splittable pseudorandom number generators, 2014.
    """
    with np.errstate(over="ignore"):
        z = values.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def main() -> int:
    """Write the reference vectors of all encoders."""
    FOLDER.mkdir(exist_ok=True)
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder:
            encoder = golden_encoder(name, Path(folder))
        vectors = encoder.encode(golden_pixels(encoder.spec.preprocessing.crop_px))
        np.save(FOLDER / f"{name}.npy", vectors)
    return 0


if __name__ == "__main__":
    sys.exit(main())
