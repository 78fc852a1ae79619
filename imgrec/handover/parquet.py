"""Write an export as a folder of Parquet files, of bounded size, with row groups of 1,024 rows.

pyarrow, DuckDB and Spark read the folder as one table: its marker begins with an underscore, as
files that are no data do in such a folder.
"""

from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path

from imgrec.handover.table import BATCH_ROWS, Table, bytes_a_row, load_pyarrow

FILE_BYTES = 1 << 29
_REPEATED = ["labels.key_value.key", "labels.key_value.value.list.element"]


def write_parquet(
    table: Table, folder: Path, advance: Callable[[int], object], *, file_bytes: int = FILE_BYTES
) -> None:
    """Write the files `part-000000.parquet` and so on into an empty folder.

    Args:
        table: its batches become the row groups.
        folder: takes the files.
        advance: called with the number of rows that were written.
        file_bytes: of the vectors in a file, about; at least one row group.
    """
    groups = max(1, file_bytes // (BATCH_ROWS * bytes_a_row(table.rows)))
    batches = table.batches()
    for number, first in enumerate(batches):
        with load_pyarrow().parquet.ParquetWriter(
            folder / f"part-{number:06d}.parquet",
            table.schema,
            compression="zstd",
            # Nothing repeats in the other columns.
            use_dictionary=_REPEATED,
            write_statistics=["id"],
        ) as writer:
            for batch in chain([first], islice(batches, groups - 1)):
                writer.write_batch(batch, row_group_size=BATCH_ROWS)
                advance(len(batch))
