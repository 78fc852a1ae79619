"""Write an export as a dataset of Lance: one version, in fragments of bounded size.

Each fragment is put together in memory and written, and one commit at the end names them all. A
reader of Lance that pulled the batches itself would do so in a thread of its own, which would read
another state of the catalog.

Source: lance-format/lance, `lance.fragment.write_fragments` and `LanceOperation.Overwrite`.
"""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from imgrec.handover.table import BATCH_ROWS, Table, bytes_a_row, load_pyarrow
from imgrec.system.extras import require

# Of the vectors in a fragment: what is in memory at a time.
FRAGMENT_BYTES = 1 << 27
# The first one with maps, of the labels.
_FORMAT = "2.2"


def check_lance() -> None:
    """Check that the package of Lance is installed.

    Raises:
        ImgrecError: it is not; the message has the install command.
    """
    require("lance", extra="lance", why="a Lance dataset")
    load_pyarrow()


def write_lance(
    table: Table,
    folder: Path,
    advance: Callable[[int], object],
    *,
    fragment_bytes: int = FRAGMENT_BYTES,
) -> None:
    """Write a dataset into an empty folder.

    Args:
        table: its batches become the rows.
        folder: of the dataset.
        advance: called with the number of rows that were written.
        fragment_bytes: of the vectors in a fragment, about; at least one batch.
    """
    import lance
    from lance.fragment import write_fragments

    pa, schema = load_pyarrow(), table.schema
    count = max(1, fragment_bytes // (BATCH_ROWS * bytes_a_row(table.rows)))
    batches, fragments = table.batches(), []
    while some := list(islice(batches, count)):
        rows = pa.Table.from_batches(some, schema)
        fragments += write_fragments(
            rows, folder, schema=schema, mode="create", max_rows_per_group=BATCH_ROWS,
            data_storage_version=_FORMAT,
        )  # fmt: skip
        advance(len(rows))
    lance.LanceDataset.commit(folder, lance.LanceOperation.Overwrite(schema, fragments))
