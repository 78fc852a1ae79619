"""The network as a Parquet table, one row per picture, for Embedding Atlas, DuckDB and pandas.

The table has the path, size, labels and map position of each picture, its nearest neighbors and, if
wanted, its thumbnail. It is written in record batches, so that memory does not grow with the
collection. pyarrow is optional and imported when a table is written.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graph.exports.network import Network, column_names
from imgrec.store.thumbnails import ThumbStore
from imgrec.system.atomic_files import new_file
from imgrec.system.extras import require

if TYPE_CHECKING:
    import pyarrow as pa

THUMBNAIL = "thumbnail"


def write_parquet(network: Network, path: Path, thumbs: ThumbStore | None = None) -> None:
    """Write the table atomically, in the memory of one block of pictures.

    Args:
        network: its pictures become the rows, sorted by id.
        path: of the file; an existing one is replaced.
        thumbs: source of the thumbnail column; None for a table without it.

    Raises:
        ImgrecError: pyarrow is not installed.
    """
    parquet = load_pyarrow().parquet
    with new_file(path) as file, parquet.ParquetWriter(file, schema_of(network, thumbs)) as writer:
        for batch in table_blocks(network, thumbs):
            writer.write_batch(batch, row_group_size=network.block_rows)


def table_blocks(network: Network, thumbs: ThumbStore | None = None) -> "Iterator[pa.RecordBatch]":
    """Yield the rows of the table as record batches, sorted by id."""
    pa, schema = load_pyarrow(), schema_of(network, thumbs)
    start = 0
    for block in network.pictures():
        columns: list[Any] = [
            [picture.id for picture in block],
            [picture.path for picture in block],
            [picture.width for picture in block],
            [picture.height for picture in block],
            network.map.positions[start : start + len(block), 0],
            network.map.positions[start : start + len(block), 1],
            _neighbors(network, slice(start, start + len(block))),
            *([picture.labels.get(kind) for picture in block] for kind in network.kinds()),
        ]
        if thumbs is not None:
            columns.append([thumbs.get(picture.id) for picture in block])
        arrays = [
            column if isinstance(column, pa.Array) else pa.array(column, field.type)
            for column, field in zip(columns, schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        start += len(block)


def schema_of(network: Network, thumbs: ThumbStore | None = None) -> "pa.Schema":
    """Return the Arrow schema: fixed columns, one column per label kind, optionally a thumbnail.

    The column `neighbors` is a struct of two lists, the nearest first: `ids`, which are row
    numbers of the table from 0 and not catalog ids, and `distances`.

    Source: the neighbors column of apple/embedding-atlas, `--neighbors`.
    """
    pa = load_pyarrow()
    found = pa.struct([("ids", pa.list_(pa.int64())), ("distances", pa.list_(pa.float32()))])
    fields = [
        ("id", pa.int64()), ("path", pa.string()), ("width", pa.int32()), ("height", pa.int32()),
        ("x", pa.float32()), ("y", pa.float32()), ("neighbors", found),
        *((name, pa.string()) for name in column_names(network.kinds()).values()),
    ]  # fmt: skip
    return pa.schema(fields if thumbs is None else [*fields, (THUMBNAIL, pa.binary())])


def load_pyarrow() -> Any:
    """Return the imported package pyarrow, with its module `parquet`.

    Raises:
        ImgrecError: it is not installed; the message has the install command.
    """
    require("pyarrow", extra="parquet", why="a Parquet table")
    import pyarrow
    import pyarrow.parquet

    return pyarrow


def _neighbors(network: Network, rows: slice) -> "pa.StructArray":
    """Return the `neighbors` column of some rows, ids translated to row numbers of the table."""
    pa, neighbors = load_pyarrow(), network.neighbors
    ids = np.searchsorted(neighbors.ids, neighbors.neighbors[rows])  # (b, k)
    distances = np.ascontiguousarray(neighbors.distances[rows], np.float32)  # (b, k)
    starts = pa.array(np.arange(0, ids.size + 1, neighbors.k), pa.int32())
    lists = [
        pa.ListArray.from_arrays(starts, pa.array(values.ravel()))
        for values in (ids.astype(np.int64), distances)
    ]
    return pa.StructArray.from_arrays(lists, ["ids", "distances"])
