"""Memory of an export: that of one block, however many pictures there are."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imgrec import Store
from imgrec.collection.filters import Filter
from imgrec.handover.lance import write_lance
from imgrec.handover.parquet import write_parquet
from imgrec.handover.rows import Rows
from imgrec.handover.table import Table
from vector_stores import clustered, make

pa: Any = pytest.importorskip("pyarrow", reason="needs the extra parquet")

DIMENSIONS = 64
FEW, MANY = 2_048, 8_192
Write = Callable[[Table, Path, Callable[[int], object]], None]


def _parquet(table: Table, folder: Path, advance: Callable[[int], object]) -> None:
    write_parquet(table, folder, advance, file_bytes=1 << 18)


def _lance(table: Table, folder: Path, advance: Callable[[int], object]) -> None:
    write_lance(table, folder, advance, fragment_bytes=1 << 18)


def _peak_bytes(path: Path, out: Path, write: Write) -> int:
    """Return the peak of what Python, NumPy and Arrow allocate while a store is exported."""
    peaks = [0]

    def sample(_: int) -> None:
        peaks.append(pa.total_allocated_bytes())

    out.mkdir()
    with Store.open(path) as store:
        table = Table(Rows.of(store, None, Filter()))
        tracemalloc.start()
        try:
            write(table, out, sample)
            return tracemalloc.get_traced_memory()[1] + max(peaks)
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("write", [_parquet, _lance])
def test_memory_does_not_grow_with_the_pictures(tmp_path: Path, write: Write) -> None:
    if write is _lance:
        pytest.importorskip("lance", reason="needs the extra lance")
    peaks = []
    for count in (FEW, MANY):
        path = make(tmp_path / f"store-{count}", {"v": clustered(count, DIMENSIONS)}, 1024)
        peaks.append(_peak_bytes(path, tmp_path / f"out-{count}", write))
    # Each picture costs its id and what the ends of the files say; its vector alone has 256 bytes.
    assert peaks[1] - peaks[0] < 100 * (MANY - FEW)
