"""Memory of the k-NN graph by groups of parts: some groups, however many vectors there are."""

import sys
from pathlib import Path

import numpy as np
import pytest

from imgrec import Store
from imgrec.neighbors.by_parts import lists_by_parts
from imgrec.store.part_work import PartWork
from peak_memory import growth_of, in_worker
from vector_stores import make

_DIMENSIONS, _PART_ROWS = 1024, 250
_GROUP_BYTES = 4 * _DIMENSIONS * 500


def _build(path: Path) -> None:
    work = PartWork(folder=path.parent / "work", group_bytes=_GROUP_BYTES)
    with Store.open(path) as store, work.job(store, store.feature(), "neighbors") as job:
        for _ in lists_by_parts(job.groups(), 3):
            pass


def _growth(warm: str, path: str) -> int:
    """Return the peak growth of memory by a graph, once another one has loaded the libraries."""
    _build(Path(warm))
    return growth_of(lambda: _build(Path(path)))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak of memory")
def test_memory_does_not_grow_with_the_vectors(tmp_path: Path) -> None:
    paths = []
    for count in (400, 1500, 5000):
        vectors = np.random.default_rng(0).normal(size=(count, _DIMENSIONS)).astype(np.float32)
        paths.append(str(make(tmp_path / f"{count}" / "store", {"x": vectors}, _PART_ROWS)))
    few, many = (in_worker(_growth, paths[0], path) for path in paths[1:])
    assert isinstance(few, int)
    assert isinstance(many, int)
    # 14 MiB more vectors, of which a task holds 4.
    assert many - few < 4 << 20, (few, many)
