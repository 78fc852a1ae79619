"""`onnx:FILE` by models that the test builds, against numpy; and the JSON beside the file."""

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper
from onnx.external_data_helper import set_external_data

from imgrec import EncoderError, Options, Recommender, Store, index_folders
from imgrec.encoders import load_encoder, matching_encoder
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.onnx_description import Description, description_of, read_description
from imgrec.encoders.onnx_external import external_files
from imgrec.pictures.preprocessing import Preprocessing
from pictures import picture

SIDE = 8
TYPES = {"float": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}


def _model(
    path: Path,
    layout: str = "nchw",
    kind: str = "float",
    batch: int | str = "b",
    side: int | str = SIDE,
    pool: bool = True,
) -> Path:
    """Write a model of the mean of each channel, and with 2 scores: red - green, blue."""
    shape = [batch, 3, side, side] if layout == "nchw" else [batch, side, side, 3]
    axes = [2, 3] if layout == "nchw" else [1, 2]
    image = helper.make_tensor_value_info("pixels", TYPES[kind], shape)
    outputs = [
        helper.make_tensor_value_info("means", TensorProto.FLOAT, None),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, None),
    ]
    weights = helper.make_tensor("w", TensorProto.FLOAT, [3, 2], [1, 0, -1, 0, 0, 1])
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["flat"], axes=axes, keepdims=0),
        helper.make_node("Identity", ["flat" if pool else "floats"], ["means"]),
        helper.make_node("MatMul", ["flat", "w"], ["scores"]),
    ]
    graph = helper.make_graph(nodes, "means", [image], outputs, [weights])
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def _describe(model: Path, **keys: object) -> Path:
    model.with_name(model.name + ".json").write_text(json.dumps({"crop": SIDE, **keys}))
    return model


def _pixels(count: int = 5) -> np.ndarray:
    shape = (count, SIDE, SIDE, 3)
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("color", ["rgb", "bgr"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("kind", ["float", "float16", "uint8"])
def test_vectors_are_those_of_the_model_on_the_pixels_described(
    color: str, layout: str, kind: str, tmp_path: Path
) -> None:
    keys: dict[str, Any] = {"color": color, "layout": layout}
    if kind != "uint8":
        keys |= {"mean": [0.5, 0.25, 0.125], "std": [0.5, 2, 4]}
    file = _describe(_model(tmp_path / "m.onnx", layout, kind), **keys)
    encoder = load_encoder(f"onnx:{file}")
    pixels = _pixels()
    found = encoder.encode(pixels)
    channels = pixels.astype(float).mean(axis=(1, 2))
    expected = channels[:, ::-1] if color == "bgr" else channels
    if kind != "uint8":
        expected = (expected / 255 - np.array(keys["mean"])) / np.array(keys["std"])
    assert found.dtype == np.float32
    assert found.shape == (5, encoder.spec.dimensions) == (5, 3)
    assert np.allclose(found, expected, atol=2e-3 if kind == "float16" else 1e-4)
    assert encoder.encode(pixels[:0]).shape == (0, 3)


@pytest.mark.parametrize("batch", [1, 3, 8, "b"])
def test_a_model_of_a_fixed_batch_is_called_as_often_as_needed(
    batch: int | str, tmp_path: Path
) -> None:
    file = _describe(_model(tmp_path / "m.onnx", batch=batch, side="s"))
    found = load_encoder(f"onnx:{file}").encode(_pixels())
    assert np.allclose(found, _pixels().astype(float).mean(axis=(1, 2)) / 255, atol=1e-5)


def test_scores_and_labels_make_it_a_classifier(tmp_path: Path) -> None:
    file = _describe(_model(tmp_path / "m.onnx"), output="means", scores="scores",
                     labels=["warm", "blue"])  # fmt: skip
    encoder = load_encoder(f"onnx:{file}")
    assert isinstance(encoder, Classifier)
    assert encoder.categories == ("warm", "blue")
    found = encoder.begin(_pixels())()
    means = _pixels().astype(float).mean(axis=(1, 2)) / 255
    expected = np.stack([means[:, 0] - means[:, 1], means[:, 2]], axis=1)
    assert np.allclose(found.vectors, means, atol=1e-5)
    assert found.scores is not None
    assert np.allclose(found.scores, expected, atol=1e-5)
    _describe(file, scores="scores", labels=["one"])
    with pytest.raises(EncoderError, match=r"m\.onnx: it scores 2 classes, and 1 labels are named"):
        load_encoder(f"onnx:{file}")


def test_the_name_has_no_folder_and_the_file_is_found_by_weights(tmp_path: Path) -> None:
    file = _describe(_model(tmp_path / "m.onnx"))
    spec = load_encoder(f"onnx:{file}").spec
    assert (spec.name, spec.weights) == ("onnx:m.onnx", "m.onnx")
    assert matching_encoder(spec, file).spec == spec
    with pytest.raises(EncoderError, match=r"^onnx:m\.onnx: there is no file m\.onnx: .*--weights"):
        matching_encoder(spec)
    _describe(file, mean=[0.5, 0.5, 0.5])
    with pytest.raises(EncoderError, match="name the weights they were made with"):
        matching_encoder(spec, file)


@pytest.mark.parametrize(
    ("made", "described", "shown"),
    [
        (
            {},
            {"crop": 9},
            r"it takes tensor\(float\) of shape \['b', 3, 8, 8\], .* crop 9",
        ),
        ({}, {"layout": "nhwc"}, ".* its description says nhwc and crop 8"),
        ({}, {"input": "x"}, "it has no input 'x': its input is 'pixels'"),
        ({}, {"output": "x"}, "it has no output 'x': its outputs are means, scores"),
        ({"kind": "uint8"}, {"mean": [0, 0, 1]}, "it takes bytes, which are not normalized"),
        ({"pool": False}, {}, r"its output 'means' is of shape \[1, 3, 8, 8\] for 1 pictures"),
    ],
)
def test_a_model_that_does_not_fit_its_description_is_a_one_line_error(
    made: dict[str, Any], described: dict[str, Any], shown: str, tmp_path: Path
) -> None:
    file = _describe(_model(tmp_path / "m.onnx", **made), **described)
    with pytest.raises(EncoderError, match=rf"^{re.escape(str(file))}: {shown}[^\n]*$"):
        load_encoder(f"onnx:{file}")


def test_a_damaged_or_undescribed_file_is_a_one_line_error(tmp_path: Path) -> None:
    file = tmp_path / "m.onnx"
    with pytest.raises(EncoderError, match="there is no file"):
        load_encoder(f"onnx:{file}")
    file.write_bytes(b"no model")
    with pytest.raises(EncoderError, match=r"m\.onnx\.json is not there, which says how"):
        load_encoder(f"onnx:{file}")
    _describe(file)
    with pytest.raises(EncoderError, match=r"m\.onnx cannot be opened: [^\n]+$"):
        load_encoder(f"onnx:{file}")
    for text in ("{", "\xff", "[" * 100_000):
        (tmp_path / "m.onnx.json").write_text(text, "latin-1")
        with pytest.raises(EncoderError, match=r"m\.onnx\.json cannot be read [^\n]+$"):
            load_encoder(f"onnx:{file}")


def test_the_defaults_of_a_description() -> None:
    assert description_of({"crop": 224}) == Description(Preprocessing(224, 224, "crop"))
    full = description_of(
        {"crop": 224, "resize": 256, "fit": "stretch", "interpolation": "bicubic", "kind":
         "histogram", "mean": [1, 2.5, 3], "std": [4, 5, 6], "color": "bgr", "layout": "nhwc",
         "input": "i", "output": "o", "scores": "s", "labels": "imagenet"}
    )  # fmt: skip
    assert full.preprocessing == Preprocessing(224, 256, "stretch", "bicubic")
    assert (full.mean, full.std, full.color, full.layout) == ((1, 2.5, 3), (4, 5, 6), "bgr", "nhwc")
    assert (full.input, full.output, full.scores, full.kind) == ("i", "o", "s", "histogram")
    assert len(full.labels) == 1000


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"croop": 1}, "'croop' is no key: the keys are crop, resize"),
        ({"crop": 0}, "crop is 0: give a whole number from 1 to 4096"),
        ({"crop": True}, "crop is True: give a whole number"),
        ({"crop": 224.0}, "crop is 224.0: give a whole number"),
        ({"resize": 200}, "resize is 200, less than crop, 224"),
        ({"fit": "pad"}, 'fit is \'pad\': give "crop" or "stretch"'),
        ({"mean": [0.5, 0.5]}, r"mean is \[0.5, 0.5\]: give three numbers"),
        ({"mean": [0.5, 0.5, float("nan")]}, "give three numbers"),
        ({"std": [1, 1, 0]}, r"std is \[1, 1, 0\]: give three numbers above 0"),
        ({"color": ["rgb"]}, r"color is \['rgb'\]: give"),
        ({"input": ""}, "input is '': give a name"),
        ({"labels": ["a"]}, "scores and labels belong together"),
        ({"scores": "s", "labels": []}, r"labels is \[\]: give a list of names"),
        ({"scores": "s", "labels": ["a", 3]}, "give a list of names"),
    ],
)
def test_an_invalid_description_says_what_to_give(changed: dict[str, Any], shown: str) -> None:
    with pytest.raises(ValueError, match=shown):
        description_of({"crop": 224, **changed})


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")
def test_a_description_that_is_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.onnx.json")
    with pytest.raises(EncoderError, match="not a regular file"):
        read_description(tmp_path / "m.onnx")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_KEYS = "crop resize fit interpolation mean std color layout input output kind scores labels"


@given(st.dictionaries(st.sampled_from(_KEYS.split()), JSON) | JSON)
def test_no_json_value_raises_another_error(found: Any) -> None:
    try:
        description_of(found)
    except ValueError as error:
        assert "\n" not in str(error)


def test_a_store_of_an_onnx_file_is_indexed_continued_and_asked(
    photos: Path, tmp_path: Path
) -> None:
    file = _describe(_model(tmp_path / "m.onnx"), scores="scores", labels=["warm", "blue"])
    store_path = tmp_path / "store"
    summary = index_folders([photos], store_path, Options((f"onnx:{file}",), workers=0))
    assert summary.features == {"onnx:m.onnx": 3, "rgb": 768}
    with Store.open(store_path) as store:
        assert store.encoder == "onnx:m.onnx"
        assert store.class_encoders() == ["onnx:m.onnx"]
        vectors, top = store.feature().load(), store.classes().top[:, 0]
        warm = vectors[:, 0] - vectors[:, 1]
        assert np.array_equal(top, np.where(warm >= vectors[:, 2], 0, 1))
    assert index_folders([], store_path, Options(weights=file, workers=0)).done == 0
    with Recommender.open(store_path, file, "cpu", "none") as recommender:
        answer = recommender.query([picture("discs", 40, (90, 70))], k=3)
    assert (answer.encoder, len(answer.results)) == ("onnx:m.onnx", 3)


def _with_external(path: Path, location: str, slope: float) -> Path:
    """Write a model of the channels' means times a slope that lies in an external file."""
    model = onnx.load(_model(path))
    data = np.float32([slope]).tobytes()
    slopes = helper.make_tensor("slope", TensorProto.FLOAT, [1], data, raw=True)
    set_external_data(slopes, location)
    slopes.ClearField("raw_data")
    (path.parent / location).parent.mkdir(exist_ok=True)
    (path.parent / location).write_bytes(data)
    means = model.graph.node[2]
    means.CopyFrom(helper.make_node("Mul", ["flat", "slope"], ["means"]))
    model.graph.initializer.append(slopes)
    path.write_bytes(model.SerializeToString())
    return _describe(path)


@pytest.mark.parametrize("location", ["m.onnx.data", "other.bin", "below/weights"])
def test_weights_in_any_external_file_are_part_of_the_digest(location: str, tmp_path: Path) -> None:
    file = _with_external(tmp_path / "m.onnx", location, 2)
    spec, content = load_encoder(f"onnx:{file}").spec, file.read_bytes()
    found = matching_encoder(spec, file).encode(_pixels())
    assert np.allclose(found, 2 * _pixels().astype(float).mean(axis=(1, 2)) / 255, atol=1e-5)
    (tmp_path / location).write_bytes(np.float32([3]).tobytes())
    assert file.read_bytes() == content
    with pytest.raises(EncoderError, match="name the weights they were made with"):
        matching_encoder(spec, file)
    (tmp_path / location).unlink()
    with pytest.raises(EncoderError, match=r"m\.onnx[^\n]* cannot be [^\n]+$"):
        load_encoder(f"onnx:{file}")


def test_external_files_are_found_at_any_depth(tmp_path: Path) -> None:
    def constant(location: str) -> NodeProto:
        tensor = helper.make_tensor("t", TensorProto.FLOAT, [1], b"\0\0\0\0", raw=True)
        set_external_data(tensor, location)
        return helper.make_node("Constant", [], ["y"], value=tensor)

    branch = helper.make_graph([constant("b"), constant("a"), constant("b")], "branch", [], [])
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch)
    function = helper.make_function("own", "f", [], ["y"], [constant("c")], [])
    model = helper.make_model(helper.make_graph([node], "g", [], []), functions=[function])
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    assert external_files(tmp_path / "m.onnx") == [tmp_path / name for name in "abc"]


@pytest.mark.parametrize("location", ["../w", "below/../../w", "/w", "..\\w", "C:\\w", "\\w"])
def test_external_weights_outside_the_folder_are_refused(location: str, tmp_path: Path) -> None:
    model = onnx.load(_model(tmp_path / "m.onnx"))
    tensor = model.graph.initializer[0]
    tensor.raw_data = b""
    set_external_data(tensor, location)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    _describe(tmp_path / "m.onnx")
    with pytest.raises(EncoderError, match=r"m\.onnx has weights in [^\n]+ outside its folder"):
        load_encoder(f"onnx:{tmp_path / 'm.onnx'}")


@pytest.mark.parametrize(
    ("values", "shown"),
    [([-1, 1, 1], "the negative value -"), ([1, 1, 1], "a sum of 3"), ([0, 0, 0], "a sum of 0")],
)
def test_a_histogram_that_is_none_is_a_one_line_error(
    values: list[float], shown: str, tmp_path: Path
) -> None:
    mean = [1 - value for value in values]
    file = _describe(_model(tmp_path / "m.onnx"), kind="histogram", mean=mean,
                     scores="scores", labels=["warm", "blue"])  # fmt: skip
    encoder = load_encoder(f"onnx:{file}")
    assert isinstance(encoder, Classifier)
    white = np.full((2, SIDE, SIDE, 3), 255, np.uint8)
    for run in (encoder.encode, encoder.begin):
        with pytest.raises(EncoderError, match=rf"^onnx:m\.onnx gave a vector with {shown}[^\n]+$"):
            run(white)
    file = _describe(file, kind="histogram")
    encoder, red = load_encoder(f"onnx:{file}"), white * np.uint8([1, 0, 0])
    assert encoder.spec.kind == "histogram"
    assert np.allclose(encoder.encode(red), [1, 0, 0])
