"""The text of `projector_config.pbtxt`, which names the files of each tensor of a logdir."""

from collections.abc import Sequence
from dataclasses import dataclass

CONFIG_NAME = "projector_config.pbtxt"
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
