"""The files beside an ONNX file that hold its weights.

A tensor of an ONNX model may name a file with its values, its external data, by a location relative
to the model's folder. Such files decide the vectors as the model does, so their content belongs to
the digest of the weights. Only their names are read here, never their values.
"""

from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import Any

from imgrec.errors import EncoderError, cause_of


def external_files(model: Path) -> list[Path]:
    """Return the files of external data that a model names, by name and each once.

    Args:
        model: an ONNX file.

    Raises:
        EncoderError: it cannot be read, or names a file outside its folder.
    """
    from google.protobuf.message import DecodeError
    from onnx import ModelProto, TensorProto

    try:
        read = ModelProto.FromString(model.read_bytes())
    except (OSError, DecodeError) as error:
        raise EncoderError(
            f"{model} cannot be opened: it is no ONNX model ({cause_of(error)})"
        ) from error
    locations = {
        entry.value
        for tensor in _messages(read, TensorProto)
        if tensor.data_location == TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    for location in sorted(locations):
        # It understands the separators of every system.
        path = PureWindowsPath(location)
        if path.anchor or ".." in path.parts:
            raise EncoderError(
                f"{model} has weights in {location!r}, outside its folder: export it with its "
                "weights beside it"
            )
    return [model.parent / location for location in sorted(locations)]


def _messages(message: Any, kind: type) -> Iterator[Any]:
    """Yield the messages of a type in a protobuf message, at any depth."""
    if isinstance(message, kind):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in [value] if hasattr(value, "ListFields") else value:
                yield from _messages(inner, kind)
