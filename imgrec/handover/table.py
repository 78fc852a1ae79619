"""The table of an export, in Arrow: its schema and its record batches, for Parquet and Lance.

    id          int64, of the picture; stands for one content and is never given again
    path        within the root, valid Unicode
    path_bytes  the bytes of a path that is not UTF-8, null for all others
    root        int32, the index of the root in the description
    digest      of the file's content
    labels      map of the kind of label to its values
    vector      list of d float32, or float16 where the store has these

The key `imgrec` of the schema's metadata has the description as JSON.
"""

import json
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from imgrec.handover.description import description
from imgrec.handover.rows import Block, Labels, Rows
from imgrec.system.extras import require
from imgrec.system.file_names import text, valid

if TYPE_CHECKING:
    import pyarrow as pa

# Rows of a batch, and of a row group of Parquet.
BATCH_ROWS = 1024
METADATA = b"imgrec"


class Table:
    """The rows of an export as Arrow record batches."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._numbers = {root: number for number, root in enumerate(rows.roots)}

    @cached_property
    def schema(self) -> "pa.Schema":
        """The schema, with the description in its metadata."""
        pa = load_pyarrow()
        number = pa.float16() if self.rows.dtype.itemsize == 2 else pa.float32()
        fields = [
            pa.field("id", pa.int64(), nullable=False),
            pa.field("path", pa.string(), nullable=False),
            pa.field("path_bytes", pa.binary()),
            pa.field("root", pa.int32(), nullable=False),
            pa.field("digest", pa.string()),
            pa.field("labels", pa.map_(pa.string(), pa.list_(pa.string())), nullable=False),
            pa.field("vector", pa.list_(number, self.rows.spec.dimensions), nullable=False),
        ]
        told = json.dumps(description(self.rows)).encode()
        return pa.schema(fields, metadata={METADATA: told})

    def batches(self) -> "Iterator[pa.RecordBatch]":
        """Yield the rows by ascending id, `BATCH_ROWS` a batch, fewer in the last one."""
        for block in self.rows.blocks(BATCH_ROWS):
            yield self._batch(block)

    def _batch(self, block: Block) -> "pa.RecordBatch":
        pa, (d, schema) = load_pyarrow(), (self.rows.spec.dimensions, self.schema)
        entries = block.entries
        columns: list[Any] = [
            block.ids,
            [valid(entry.path) for entry in entries],
            [_odd_bytes(entry.path) for entry in entries],
            [self._numbers[entry.root] for entry in entries],
            [entry.digest and valid(entry.digest) for entry in entries],
            [_pairs(labels) for labels in block.labels],
        ]
        arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=False)]
        arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(block.vectors.ravel()), d))
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


def bytes_a_row(rows: Rows) -> int:
    """Return the bytes of a vector: nearly all of a row."""
    return max(1, rows.spec.dimensions * rows.dtype.itemsize)


def load_pyarrow() -> Any:
    """Return the imported package pyarrow, with its module `parquet`.

    Raises:
        ImgrecError: it is not installed; the message has the install command.
    """
    require("pyarrow", extra="parquet", why="an export of vectors")
    import pyarrow
    import pyarrow.parquet

    return pyarrow


def _odd_bytes(path: str) -> bytes | None:
    return None if valid(path) == path else text(path)


def _pairs(labels: Labels) -> list[tuple[str, list[str]]]:
    return [(valid(kind), [valid(value) for value in values]) for kind, values in labels.items()]
