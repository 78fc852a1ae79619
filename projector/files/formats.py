"""Three file formats that TensorBoard reads: the projector's config, its tensors, an event file.

A run of the projector is a folder. TensorBoard finds it by its event file; the config, a protobuf
in text form, names the tensor, metadata, sprite and bookmarks files; a tensor is raw float32.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIG_NAME = "projector_config.pbtxt"
EVENTS = "events.out.tfevents.imgrec"
HEADER = "# made by imgrec projector, which replaces this folder when it is run again\n"


@dataclass(frozen=True)
class Embedding:
    """An entry of the config; paths are relative to it and never lead out of its folder.

    Attributes:
        name: of the tensor, shown in the page.
        rows: of the tensor.
        columns: of the tensor.
        cell_px: side of a thumbnail in the sprite.
        bookmarks_path: of the layouts, None for none.
    """

    name: str
    rows: int
    columns: int
    tensor_path: str
    metadata_path: str
    sprite_path: str
    cell_px: int
    bookmarks_path: str | None = None


def config_text(embeddings: Sequence[Embedding]) -> str:
    """Return the config of some tensors.

    Source: tensorboard/plugins/projector/projector_config.proto.
    """
    return HEADER + "".join(map(_entry, embeddings))


def _entry(embedding: Embedding) -> str:
    bookmarks = ""
    if embedding.bookmarks_path is not None:
        bookmarks = f"  bookmarks_path: {_quoted(embedding.bookmarks_path)}\n"
    return f"""\
embeddings {{
  tensor_name: {_quoted(embedding.name)}
  tensor_shape: {embedding.rows}
  tensor_shape: {embedding.columns}
  tensor_path: {_quoted(embedding.tensor_path)}
  metadata_path: {_quoted(embedding.metadata_path)}
{bookmarks}\
  sprite {{
    image_path: {_quoted(embedding.sprite_path)}
    single_image_dim: {embedding.cell_px}
    single_image_dim: {embedding.cell_px}
  }}
}}
"""


def _quoted(text: str) -> str:
    """A string of the protobuf text format: UTF-8 as it is, the rest as octal escapes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"' + "".join(c if c >= " " and c != "\x7f" else f"\\{ord(c):03o}" for c in escaped) + '"'
    )


def tensor_bytes(columns: NDArray[np.float32]) -> bytes:
    """Return the bytes of a tensor file of rows (n, c).

    TensorBoard reads the file as text first, line by line, and takes it as binary when a line
    is no valid UTF-8: all zeros pass as text, and a line break before the first invalid byte
    is an internal error. No text begins with the byte 0xFF, therefore the first byte always
    is. It is the lowest of a mantissa: a value moves by at most 2**-15 of its size (and by
    less than 1e-42 where it is 0). All of the first column moves by this rule, so that values
    that are equal stay equal: the page would stretch the smallest difference over the screen.

    Source: `_read_tensor_tsv_file` of tensorboard/plugins/projector/projector_plugin.py.
    """
    words = columns.astype("<f4").view("<u4")  # (n, c)
    words[:, 0] |= 0xFF
    return words.tobytes()


def event_bytes(order: int) -> bytes:
    """Return an event file that holds nothing but the time of its beginning.

    TensorBoard's faster loader passes over a run without a first event, and lists the others
    in the order of the times of theirs; so the time is the run's place in the list.

    Source: tensorboard/data/server/commit.rs, server.rs.

    Args:
        order: from 1, in seconds after 1970.
    """
    from tensorboard.compat.proto.event_pb2 import Event  # late: half a second
    from tensorboard.summary.writer.record_writer import RecordWriter

    buffer = io.BytesIO()
    event = Event(wall_time=float(order), file_version="brain.Event:2")
    RecordWriter(buffer).write(event.SerializeToString())
    return buffer.getvalue()
