"""Three file formats that TensorBoard reads: the projector config, its tensors, an event file.

A run of the projector is a folder. TensorBoard recognizes it by its event file. The config, in the
text format of protocol buffers, names the tensor, metadata, sprite and bookmarks files. A tensor is
raw little-endian float32, row by row.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIG_NAME = "projector_config.pbtxt"
EVENTS = "events.out.tfevents.imgrec"
HEADER = "# made by imgrec projector, which replaces this folder when it is run again\n"


@dataclass(frozen=True)
class Embedding:
    """A tensor in the config; paths are relative to the config, within its folder.

    Attributes:
        name: of the tensor, shown in the page.
        rows: of the tensor.
        columns: of the tensor.
        tensor_path: of the tensor file.
        metadata_path: of the metadata table.
        sprite_path: of the sprite, None for points drawn as dots.
        cell_px: side of a thumbnail in the sprite, 0 without a sprite.
        bookmarks_path: of the bookmarks, None for no bookmarks.
    """

    name: str
    rows: int
    columns: int
    tensor_path: str
    metadata_path: str
    sprite_path: str | None
    cell_px: int
    bookmarks_path: str | None = None


def tensor_name(feature: str) -> str:
    """Return a name for the tensor of a feature: "lite0 and mini" for `lite0+mini`.

    The page puts names of tensors into addresses without escaping them, where `+` would be read as
    a space, `&` and `#` as the end of the name, and `%` as an escape.
    """
    return re.sub("[&#%]", "_", feature.replace("+", " and "))


def dots_name(feature: str) -> str:
    """Return a name for the tensor of dots of a feature.

    The page opens with the tensor whose name comes first of those with the same number of rows:
    the name begins with that of the pictures, so it comes after it.

    Source: `_generateUiForNewCheckpointForRun` of vz_projector/vz-projector-data-panel.ts.
    """
    return f"{tensor_name(feature)} as colored dots"


def config_text(embeddings: Sequence[Embedding]) -> str:
    """Return the config of a list of tensors.

    Source: tensorboard/plugins/projector/projector_config.proto.
    """
    return HEADER + "".join(map(_entry, embeddings))


def _entry(embedding: Embedding) -> str:
    bookmarks = sprite = ""
    if embedding.bookmarks_path is not None:
        bookmarks = f"  bookmarks_path: {_quoted(embedding.bookmarks_path)}\n"
    if embedding.sprite_path is not None:
        sprite = f"""\
  sprite {{
    image_path: {_quoted(embedding.sprite_path)}
    single_image_dim: {embedding.cell_px}
    single_image_dim: {embedding.cell_px}
  }}
"""
    return f"""\
embeddings {{
  tensor_name: {_quoted(embedding.name)}
  tensor_shape: {embedding.rows}
  tensor_shape: {embedding.columns}
  tensor_path: {_quoted(embedding.tensor_path)}
  metadata_path: {_quoted(embedding.metadata_path)}
{bookmarks}\
{sprite}\
}}
"""


def _quoted(text: str) -> str:
    """Return a string literal of the protobuf text format; control characters are octal escapes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"' + "".join(c if c >= " " and c != "\x7f" else f"\\{ord(c):03o}" for c in escaped) + '"'
    )


def tensor_bytes(columns: NDArray[np.float32]) -> bytes:
    """Return the bytes of a tensor file of rows (n, c).

    TensorBoard has no format marker. It parses the file as text first, line by line, and treats it
    as binary once a line is not valid UTF-8. All zeros would pass as text, and a line break before
    the first invalid byte is an internal error. So the first byte is forced to 0xFF, which no
    UTF-8 text contains. It is the lowest byte of a mantissa, so the value changes by at most
    2**-15 of its size (less than 1e-42 if it is 0). The whole first column is changed by the same
    rule, so that equal values stay equal; the page would scale the smallest difference to the
    screen.

    Source: `_read_tensor_tsv_file` of tensorboard/plugins/projector/projector_plugin.py.
    """
    words = columns.astype("<f4").view("<u4")  # (n, c)
    words[:, 0] |= 0xFF
    return words.tobytes()


def event_bytes(order: int) -> bytes:
    """Return an event file with one event: the version header with a wall time.

    The fast data loader of TensorBoard skips runs without a first event and sorts the others by
    the wall time of theirs. So the wall time sets the position of the run in the list.

    The record is its length, the checksum of that, the event and the checksum of that. The event is
    a message of protocol buffers: a double as field 1, a text as field 3. Written by hand, since
    importing the writer of TensorBoard takes half a second.

    Source: tensorboard/data/server/commit.rs, server.rs; tensorboard/compat/proto/event.proto;
    tensorboard/summary/writer/record_writer.py.

    Args:
        order: position in the list, from 1; written as seconds since 1970.
    """
    version = b"brain.Event:2"
    event = struct.pack("<BdBB", 1 << 3 | 1, float(order), 3 << 3 | 2, len(version)) + version
    length = struct.pack("<Q", len(event))
    return length + _masked_crc32c(length) + event + _masked_crc32c(event)


def _masked_crc32c(data: bytes) -> bytes:
    """Return the checksum of a record or of its length, as TensorFlow masks it."""
    crc = _crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _crc32c(data: bytes) -> int:
    """Return the CRC-32C (RFC 3720) of a few bytes, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
