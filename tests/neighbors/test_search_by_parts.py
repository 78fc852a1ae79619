"""The approximate k-NN graph by bins of cells: recall, invariants, and the same bytes always."""

from pathlib import Path

import numpy as np
import pytest

from imgrec.neighbors.by_cells import CellOptions, approximate_lists
from imgrec.neighbors.by_products import exact_lists
from imgrec.neighbors.cells_by_parts import BinOptions, CellIndex
from imgrec.neighbors.lists import Lists
from imgrec.neighbors.neighbors import Neighbors
from imgrec.neighbors.search_by_parts import Approximate, approximate_by_parts
from imgrec.store.part_groups import cut_groups
from imgrec.store.scratch import FolderScratch
from knn_reference import check_lists, share_found, true_lists
from part_stores import in_any_order, in_parts, put_together
from vector_stores import clustered

K = 7
OPTIONS = BinOptions(CellOptions(components=16, candidates=20, visited=6, cell_rows=40), 500)


def _found(
    vectors: np.ndarray,
    folder: Path,
    options: BinOptions = OPTIONS,
    seed: int = 0,
    group_rows: int = 450,
    least_recall: float = 0.0,
) -> Approximate:
    folder.mkdir(exist_ok=True)
    feature, source = in_parts(vectors, list(range(110, len(vectors), 110)))
    scratch = FolderScratch(str(folder))
    groups = cut_groups(feature, source, scratch, 4 * vectors.shape[1] * group_rows)
    return approximate_by_parts(
        feature,
        groups,
        K,
        in_any_order(seed),
        options=options,
        checked=300,
        least_recall=least_recall,
    )


def _rows(lists: Neighbors) -> Lists:
    return Lists(lists.rows().astype(np.int64), lists.distances)


def test_recall_is_that_of_the_search_in_memory(tmp_path: Path) -> None:
    vectors = clustered(2000, 24)
    found = _found(vectors, tmp_path)
    assert len(CellIndex(*FolderScratch(str(tmp_path)).load("cells-index")).first_rows) > 3
    lists, true = _rows(put_together(found.lists())), true_lists(vectors, K)
    check_lists(vectors, lists)
    whole = approximate_lists(in_parts(vectors, [])[0], K, options=OPTIONS.cells)
    share = share_found(lists, true)
    assert share > 0.9
    assert abs(share - share_found(whole, true)) < 0.02
    assert found.checked == 300
    assert abs(found.recall - share) < 0.02


def test_order_of_tasks_and_groups_do_not_matter(tmp_path: Path) -> None:
    vectors = clustered(1500, 24)
    vectors[7:400:50] = 0
    first = put_together(_found(vectors, tmp_path / "a").lists())
    again = put_together(_found(vectors, tmp_path / "b", seed=5).lists())
    assert again.neighbors.tobytes() == first.neighbors.tobytes()
    assert again.distances.tobytes() == first.distances.tobytes()
    others = put_together(_found(vectors, tmp_path / "c", group_rows=200).lists())
    # Coordinates may round otherwise.
    assert (others.neighbors == first.neighbors).mean() > 0.999


def test_neighbors_of_neighbors_are_compared_where_recall_is_low(tmp_path: Path) -> None:
    vectors = clustered(1500, 24)
    options = BinOptions(CellOptions(components=8, candidates=14, visited=2, cell_rows=40), 500)
    before = _found(vectors, tmp_path / "a", options)
    after = _found(vectors, tmp_path / "b", options, least_recall=0.999)
    assert after.recall > before.recall + 0.01
    lists = _rows(put_together(after.lists()))
    check_lists(vectors, lists)
    share = share_found(lists, true_lists(vectors, K))
    assert abs(after.recall - share) < 0.02


def test_zero_vectors_and_cells_with_too_few_rows_are_exact(tmp_path: Path) -> None:
    vectors = clustered(300, 24)
    vectors[3:90:9] = 0
    options = BinOptions(CellOptions(components=16, candidates=14, visited=1, cell_rows=4), 60)
    found = put_together(_found(vectors, tmp_path, options).lists())
    check_lists(vectors, _rows(found))
    exact = exact_lists(in_parts(vectors, [])[0], K)
    zeros = np.flatnonzero(~vectors.any(axis=1))
    assert np.array_equal(found.neighbors[zeros], found.ids[exact.rows[zeros]])
    assert np.array_equal(found.distances[zeros], exact.distances[zeros])


def test_one_bin_and_equal_vectors(tmp_path: Path) -> None:
    vectors = np.repeat(clustered(3, 24), 40, axis=0)
    found = put_together(_found(vectors, tmp_path).lists())
    check_lists(vectors, _rows(found))
    assert not found.distances.any()


@pytest.mark.parametrize("lost", ["found-000001", "means-000000", "cells-index", "facts-000001"])
def test_a_killed_search_goes_on(tmp_path: Path, lost: str) -> None:
    vectors = clustered(1500, 24)
    whole = put_together(_found(vectors, tmp_path / "a").lists())
    _found(vectors, tmp_path / "b")
    scratch = FolderScratch(str(tmp_path / "b"))
    # As a kill before this file was written leaves it: nothing that is made of it is there.
    made_of_pieces = lost in ("facts-000001", "means-000000")
    for path in (tmp_path / "b").iterdir():
        if made_of_pieces and path.name.startswith(("facts", "bin", "rows", "means", "cells-i")):
            path.unlink()
        if path.name.startswith(("found", "probed")) and lost != "found-000001":
            path.unlink()
    scratch.remove(lost)
    again = put_together(_found(vectors, tmp_path / "b", seed=3).lists())
    assert again.neighbors.tobytes() == whole.neighbors.tobytes()
