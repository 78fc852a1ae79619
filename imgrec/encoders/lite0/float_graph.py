"""The float32 ONNX graph of `lite0`: uint8 pixels in, vectors out.

Normalization and the average over the picture are part of the graph, so that a session is the whole
encoder and pixels enter it as bytes.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from imgrec.encoders.lite0.network import (
    DIMENSIONS,
    MOST,
    PIXEL_SCALE,
    PIXEL_ZERO,
    PREPROCESSING,
    Layer,
    layers,
)

# Versions of the operators and of the file format; the oldest that the graphs need, so that older
# ONNX Runtimes read them.
_OPERATORS = 17
_FORMAT = 8
SIDE_PX = PREPROCESSING.crop_px


def float_model(weights: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return the bytes of the ONNX model for folded weights."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["numbers", "zero"], ["centered"]),
        helper.make_node("Mul", ["centered", "scale"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
    ]
    constants = {
        "zero": np.array(PIXEL_ZERO, np.float32),
        "scale": np.array(1 / PIXEL_SCALE, np.float32),
        "least": np.array(0, np.float32),
        "most": np.array(MOST, np.float32),
    }
    last, skipped = "planes", ""
    for layer in layers():
        skipped = last if layer.begins else skipped
        nodes += _nodes(layer, last, skipped)
        last = layer.conv
        for part in ("weight", "bias"):
            constants[f"{layer.conv}.{part}"] = weights[f"{layer.conv}.{part}"]
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["averages"]))
    nodes.append(helper.make_node("Flatten", ["averages"], ["vectors"]))
    return model_of(nodes, constants)


def model_of(nodes: list[NodeProto], constants: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return the bytes of a checked model.

    Its input is `pixels` (b, 224, 224, 3) uint8, its output `vectors` (b, 1280) float32.
    """
    import onnx

    graph = helper.make_graph(
        nodes,
        "lite0",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["b", SIDE_PX, SIDE_PX, 3])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["b", DIMENSIONS])],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()],
    )
    operators = [helper.make_opsetid("", _OPERATORS), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=operators, ir_version=_FORMAT)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _nodes(layer: Layer, given: str, skipped: str) -> list[NodeProto]:
    """Return the nodes of a layer; the last one's output is called as the convolution."""
    name = layer.conv
    before, after = layer.pads
    follows = layer.relu6 or layer.adds
    nodes = [
        helper.make_node(
            "Conv",
            [given, f"{name}.weight", f"{name}.bias"],
            [f"{name}.sums" if follows else name],
            kernel_shape=[layer.kernel] * 2,
            strides=[layer.stride] * 2,
            group=layer.inputs if layer.depthwise else 1,
            pads=[before, before, after, after],
        )
    ]
    if layer.relu6:
        nodes.append(helper.make_node("Clip", [f"{name}.sums", "least", "most"], [name]))
    if layer.adds:
        nodes.append(helper.make_node("Add", [f"{name}.sums", skipped], [name]))
    return nodes
