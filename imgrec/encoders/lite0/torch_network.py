"""`lite0` as a torch module, for GPUs: normalized pixels in, vectors out."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from imgrec.encoders.lite0.network import MOST, PIXEL_SCALE, PIXEL_ZERO, Layer, layers
from imgrec.encoders.pixel_network import Normalization

# Of channels from 0 to 1.
NORMALIZATION = Normalization((PIXEL_ZERO / 255,) * 3, (PIXEL_SCALE / 255,) * 3)


class TorchLite0(nn.Module):
    """The network with its batch norms folded."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Build the network.

        Args:
            weights: folded.
        """
        super().__init__()
        self._layers = layers()
        self.convolutions = nn.ModuleList(_convolution(layer, weights) for layer in self._layers)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the vectors (b, 1280) of normalized pixels (b, 3, 224, 224)."""
        skipped = maps
        for layer, convolution in zip(self._layers, self.convolutions, strict=True):
            skipped = maps if layer.begins else skipped
            before, after = layer.pads
            if before != after:
                maps = functional.pad(maps, (before, after, before, after))
            maps = convolution(maps)
            if layer.relu6:
                maps = maps.clamp(0, MOST)
            if layer.adds:
                maps = maps + skipped
        return maps.mean(dim=(2, 3))


def _convolution(layer: Layer, weights: Mapping[str, NDArray[np.float32]]) -> nn.Conv2d:
    before, after = layer.pads
    made = nn.Conv2d(
        layer.inputs,
        layer.outputs,
        layer.kernel,
        layer.stride,
        padding=before if before == after else 0,
        groups=layer.inputs if layer.depthwise else 1,
    )
    parts = {part: weights[f"{layer.conv}.{part}"] for part in ("weight", "bias")}
    made.load_state_dict({part: torch.from_numpy(values) for part, values in parts.items()})
    return made
