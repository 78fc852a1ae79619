"""Eight-bit integers for the weights and activations of `lite0`, chosen without any picture.

A real value x is stored as a level q: x = scale * (q - zero). Quantization usually measures the
range of each activation on sample pictures. Here all ranges are known beforehand: pixels are bytes
already; outputs of ReLU6 lie in [0, 6]; and the others are outputs of a batch norm, which states
their mean (beta) and standard deviation (|gamma|), six of which are kept. The output of a skip
connection is a sum, whose means and variances add up.

Two more ideas, both from the same source, keep the vectors near to those of float32:

- filters have one scale for each output channel;
- rounding a filter shifts the mean of its output by (error of the filter) * (mean of the input),
  and the means of all inputs are known, so the bias takes the shift back.

Invariant: sums of products are exact on every processor. Where it has no better instruction,
ONNX Runtime adds pairs of products in 16 bits with saturation; so the two largest filter values of
one sign stay below 128 together, and 255 * 128 < 2**15. Depthwise filters are computed in 32 bits
and may use all of -127 to 127.

Source: Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, 2019.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import erf

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.lite0.network import MOST, PIXEL_SCALE, PIXEL_ZERO, Layer, layers

Floats = NDArray[np.float64]

# Standard deviations of an output on either side of its mean that get levels.
_DEVIATIONS = 6
_LEVELS = 255
_PAIR, _SINGLE = 128, 127
# Of a bias, in its units: sums stay far within 32 bits.
_MOST_BIAS = 2**28


@dataclass(frozen=True)
class Levels:
    """The levels of a tensor of bytes: a real value is `scale` * (level - `zero`)."""

    scale: float
    zero: int

    @classmethod
    def between(cls, least: float, most: float) -> "Levels":
        """Return levels from `least` to `most`, 0 among them."""
        least, most = min(least, 0.0), max(most, 0.0)
        scale = (most - least) / _LEVELS
        return cls(scale, round(-least / scale))


PIXELS = Levels(1 / PIXEL_SCALE, PIXEL_ZERO)
ACTIVATED = Levels(MOST / _LEVELS, 0)


@dataclass(frozen=True)
class IntegerLayer:
    """A layer in integers.

    Attributes:
        layer: what it computes.
        filters: int8, shaped as the layer's.
        scales: (outputs,) float32, real value of one unit of each output channel's filters.
        bias: (outputs,) int32, in units of the input's scale times `scales`.
        levels: of the output, before a skip connection is added.
        total: levels of the output with the skip connection added; None if the layer adds none.
    """

    layer: Layer
    filters: NDArray[np.int8]
    scales: NDArray[np.float32]
    bias: NDArray[np.int32]
    levels: Levels
    total: Levels | None


@dataclass(frozen=True)
class _Spread:
    """Mean and variance (channels,) of a tensor over the training pictures."""

    mean: Floats
    variance: Floats

    def plus(self, other: "_Spread") -> "_Spread":
        return _Spread(self.mean + other.mean, self.variance + other.variance)

    def levels(self) -> Levels:
        reach = _DEVIATIONS * np.sqrt(self.variance)
        return Levels.between(float((self.mean - reach).min()), float((self.mean + reach).max()))


def quantized(weights: Mapping[str, NDArray[np.float32]]) -> list[IntegerLayer]:
    """Return the layers in integers for folded weights, in the order of computation."""
    found = []
    # Pixels are taken to be gray on average, which is 0.
    levels, means = PIXELS, np.zeros(3)
    stream = _Spread(means, means)
    for layer in layers():
        real, bias, mean, deviation = (
            weights[f"{layer.conv}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "mean", "deviation")
        )
        output, total = _Spread(mean, deviation**2), None
        least = np.abs(bias) / (levels.scale * _MOST_BIAS)
        filters, scales = quantized_filters(real, least, depthwise=layer.depthwise)
        error = (filters * scales[:, None, None, None] - real).sum(axis=(2, 3))  # (out, in)
        bias = bias - (error[:, 0] * means if layer.depthwise else error @ means)
        units = np.rint(bias / (levels.scale * scales)).astype(np.int32)
        if layer.relu6:
            own, means = ACTIVATED, clipped_mean(mean, deviation)
        else:
            own = output.levels()
            stream = stream.plus(output) if layer.adds else output
            total, means = stream.levels() if layer.adds else None, stream.mean
        found.append(IntegerLayer(layer, filters, scales, units, own, total))
        levels = total or own
    return found


def quantized_filters(
    filters: Floats, least: Floats, *, depthwise: bool
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return filters (out, in, k, k) in integers, and the scale (out,) of each.

    Args:
        filters: real values.
        least: (out,) of the scales, so that the bias of a nearly constant channel fits 32 bits.
        depthwise: each value may be up to 127; else also any two of one sign together up to 128.
    """
    rows = filters.reshape(len(filters), -1)
    scales = np.abs(rows).max(axis=1) / _SINGLE
    if not depthwise:
        # Half a unit less: both of the two may be rounded up.
        pairs = [
            np.sort(np.maximum(sign * rows, 0), axis=1)[:, -2:].sum(axis=1) for sign in (1, -1)
        ]
        scales = np.maximum(scales, np.maximum(*pairs) / (_PAIR - 1))
    scales = np.maximum(scales, least)
    # A filter of zeros has no scale of its own.
    stored = np.where(scales > 0, scales, 1).astype(np.float32)
    levels = np.rint(rows / stored[:, None]).astype(np.int8)
    return levels.reshape(filters.shape), stored


def clipped_mean(mean: Floats, deviation: Floats) -> Floats:
    """Return the mean of a normal distribution that is clipped to [0, 6].

    Source: the moments of the clipped normal distribution, appendix C of the paper above.
    """
    deviation = np.maximum(deviation, 1e-9)
    low, high = -mean / deviation, (MOST - mean) / deviation
    below, above = _cumulative(low), 1 - _cumulative(high)
    inside = mean * (1 - below - above) + deviation * (_density(low) - _density(high))
    found: Floats = inside + MOST * above
    return found


def _cumulative(x: Floats) -> Floats:
    return np.array([(1 + erf(value / 2**0.5)) / 2 for value in x])


def _density(x: Floats) -> Floats:
    found: Floats = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return found
