"""Tests of the config, read by TensorBoard's own parser."""

import io

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.summary.writer.record_writer import RecordWriter

from projector.files.formats import Embedding, config_text, dots_name, event_bytes, tensor_name


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(2, 100_000))
def test_the_config_says_to_tensorboard_what_was_meant(name: str, rows: int) -> None:
    embedding = Embedding(name, rows, 50, f"{name}.bytes", "metadata.tsv", "sprite.jpg", 64)
    other = Embedding("other", 2, 3, "t", "m", None, 0, "b")
    parsed = text_format.Parse(config_text([embedding, other]), ProjectorConfig())
    first = parsed.embeddings[0]
    assert first.tensor_name == name
    assert list(first.tensor_shape) == [rows, 50]
    assert first.tensor_path == f"{name}.bytes"
    assert first.metadata_path == "metadata.tsv"
    assert first.sprite.image_path == "sprite.jpg"
    assert list(first.sprite.single_image_dim) == [64, 64]
    assert [entry.tensor_name for entry in parsed.embeddings] == [name, "other"]
    assert [entry.HasField("sprite") for entry in parsed.embeddings] == [True, False]
    assert [entry.bookmarks_path for entry in parsed.embeddings] == ["", "b"]


@pytest.mark.parametrize(
    ("feature", "name"),
    [
        ("mini", "mini"),
        ("lite0+mini", "lite0 and mini"),
        ("onnx:a&b#c%20.onnx", "onnx:a_b_c_20.onnx"),
    ],
)
def test_a_tensor_name_has_no_character_that_an_address_changes(feature: str, name: str) -> None:
    assert tensor_name(feature) == name
    # The page sorts the tensors of a run by name, and opens with the first.
    assert sorted([dots_name(feature), name]) == [name, f"{name} as colored dots"]


@pytest.mark.parametrize("order", [1, 2, 47, 1_000_000])
def test_an_event_file_is_that_of_tensorboards_own_writer(order: int) -> None:
    expected = io.BytesIO()
    event = Event(wall_time=float(order), file_version="brain.Event:2")
    RecordWriter(expected).write(event.SerializeToString())
    assert event_bytes(order) == expected.getvalue()
