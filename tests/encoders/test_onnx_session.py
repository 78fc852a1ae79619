"""A session opens an ONNX model of one input, and translates the errors of ONNX Runtime."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from imgrec import EncoderError
from imgrec.encoders.onnx_session import OnnxSession


def _model(inputs: int = 1) -> bytes:
    """Return a model that doubles its input (b, 3), and adds further inputs to it."""
    names = [f"x{i}" for i in range(inputs)]
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["b", 3]) for n in names]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["b", 3])
    nodes = [helper.make_node("Sum", [*names, names[0]], ["y"])]
    graph = helper.make_graph(nodes, "double", info, [out])
    opsets = [helper.make_opsetid("", 17)]
    model: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return model


def test_a_model_from_bytes_or_a_file_is_called_with_arrays(tmp_path: Path) -> None:
    (tmp_path / "double.onnx").write_bytes(_model())
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    for source in (_model(), tmp_path / "double.onnx"):
        session = OnnxSession(source)
        assert (session.input.name, session.input.type) == ("x0", "tensor(float)")
        assert session.input.shape == ("b", 3)
        assert session.output.name == "y"
        assert np.array_equal(session.run(values), 2 * values)


def test_what_cannot_be_opened_or_called_is_a_one_line_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    for source, named in ((b"no model", "an ONNX model"), (tmp_path / "bad.onnx", "bad.onnx")):
        with pytest.raises(EncoderError, match=f"{named} cannot be opened: [^\n]+$"):
            OnnxSession(source)
    with pytest.raises(EncoderError, match=r"absent\.onnx cannot be opened"):
        OnnxSession(tmp_path / "absent.onnx")
    with pytest.raises(EncoderError, match=r"has 2 inputs \(x0, x1\): export"):
        OnnxSession(_model(inputs=2))
    with pytest.raises(EncoderError, match=r"an ONNX model failed: [^\n]+$"):
        OnnxSession(_model()).run(np.zeros((1, 3), np.int64))
    assert capfd.readouterr() == ("", "")
