"""The int8 ONNX graph of `lite0`: uint8 pixels in, float32 vectors out, integers in between.

Its operators are the quantized ones of ONNX Runtime themselves, so that nothing depends on what an
optimizer recognizes. ReLU6 needs no operator: the levels of its output begin at 0 and end at 6, and
levels saturate. The average over the picture adds integers, which float32 holds exactly, so that a
vector is the same on every processor.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from imgrec.encoders.lite0.float_graph import model_of
from imgrec.encoders.lite0.network import PREPROCESSING
from imgrec.encoders.lite0.quantization import (
    ACTIVATED,
    PIXELS,
    IntegerLayer,
    Levels,
    quantized,
)

_Constants = dict[str, NDArray[np.generic]]

# The five halvings of the network.
_PLACES = (PREPROCESSING.crop_px // 2**5) ** 2


def int8_model(weights: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return the bytes of the ONNX model for folded weights."""
    nodes = [helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2])]
    constants = _levels("planes", PIXELS)
    last, skipped = "planes", ""
    for part in quantized(weights):
        skipped = last if part.layer.begins else skipped
        nodes += _nodes(part, last, skipped)
        last = nodes[-1].output[0]
        constants |= _constants(part)
    constants |= {
        "unit": np.array(1, np.float32),
        "none": np.array(0, np.uint8),
        "sides": np.array([2, 3]),
        "factor": np.array(ACTIVATED.scale / _PLACES, np.float32),
    }
    nodes += [
        helper.make_node("DequantizeLinear", [last, "unit", "none"], ["levels"]),
        helper.make_node("ReduceSum", ["levels", "sides"], ["sums"], keepdims=0),
        helper.make_node("Mul", ["sums", "factor"], ["vectors"]),
    ]
    return model_of(nodes, constants)


def _nodes(part: IntegerLayer, given: str, skipped: str) -> list[NodeProto]:
    layer, name = part.layer, part.layer.conv
    before, after = layer.pads
    filters = [f"{name}.filters", f"{name}.scales", f"{name}.zeros"]
    nodes = [
        helper.make_node(
            "QLinearConv",
            [*_tensor(given), *filters, *_tensor(name)[1:], f"{name}.bias"],
            [name],
            kernel_shape=[layer.kernel] * 2,
            strides=[layer.stride] * 2,
            group=layer.inputs if layer.depthwise else 1,
            pads=[before, before, after, after],
        )
    ]
    if layer.adds:
        total = f"{name}.total"
        inputs = [*_tensor(name), *_tensor(skipped), *_tensor(total)[1:]]
        nodes.append(helper.make_node("QLinearAdd", inputs, [total], domain="com.microsoft"))
    return nodes


def _constants(part: IntegerLayer) -> _Constants:
    name = part.layer.conv
    found: _Constants = {
        f"{name}.filters": part.filters,
        f"{name}.scales": part.scales,
        f"{name}.zeros": np.zeros(len(part.scales), np.int8),
        f"{name}.bias": part.bias,
        **_levels(name, part.levels),
    }
    return found | (_levels(f"{name}.total", part.total) if part.total else {})


def _tensor(name: str) -> list[str]:
    """Return the names of a tensor, its scale and its zero, as quantized operators take them."""
    return [name, f"{name}.scale", f"{name}.zero"]


def _levels(name: str, levels: Levels) -> _Constants:
    return {
        f"{name}.scale": np.array(levels.scale, np.float32),
        f"{name}.zero": np.array(levels.zero, np.uint8),
    }
