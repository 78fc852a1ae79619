"""The k-NN graph by pairs of groups of parts, against exact lists of the whole feature."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.neighbors.by_parts import PairTask, lists_by_parts, write_pair
from imgrec.neighbors.by_products import exact_lists
from imgrec.neighbors.lists import SPARE
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.part_groups import Groups, cut_groups
from imgrec.store.scratch import FolderScratch
from part_stores import InMemory, in_any_order, in_parts, put_together
from vector_stores import clustered

Vectors = np.ndarray


def _groups(vectors: Vectors, edges: list[int], folder: Path, group_rows: int) -> Groups:
    folder.mkdir(exist_ok=True, parents=True)
    feature, source = in_parts(vectors, edges)
    size = 4 * vectors.shape[1] * group_rows
    return cut_groups(feature, source, FolderScratch(str(folder)), size)


def _expected(vectors: Vectors, k: int) -> Neighbors:
    feature, _ = in_parts(vectors, [])
    lists = exact_lists(feature, k)
    return Neighbors(feature.ids, feature.ids[lists.rows], lists.distances)


def _check_equal(found: Neighbors, expected: Neighbors) -> None:
    assert np.array_equal(found.ids, expected.ids)
    assert np.array_equal(found.neighbors, expected.neighbors)
    assert np.array_equal(found.distances, expected.distances)


def _odd_vectors(count: int, seed: int) -> Vectors:
    """Return vectors of which some are equal, some of another length, some zero.

    No more are equal than there are spare candidates: of more, which are all as near, rounding
    chooses.
    """
    rng = np.random.default_rng(seed)
    vectors = clustered(count, 12, seed)
    vectors[rng.integers(count, size=min(count // 5, SPARE))] = vectors[0]
    vectors[rng.integers(count, size=count // 8)] *= 3
    vectors[rng.integers(count, size=count // 6)] = 0
    return vectors


def test_lists_equal_those_of_the_whole_feature(tmp_path: Path) -> None:
    vectors = clustered(700, 24)
    groups = _groups(vectors, list(range(50, 700, 50)), tmp_path, 160)
    assert groups.count == 5
    pairs: list[int] = []
    found = put_together(lists_by_parts(groups, 7, progress=pairs.append))
    _check_equal(found, _expected(vectors, 7))
    assert sum(pairs) == 15


@settings(deadline=None, max_examples=12)
@given(
    st.integers(8, 90),
    st.lists(st.integers(1, 89), max_size=8, unique=True),
    st.integers(12, 60),
    st.integers(1, 7),
    st.integers(0, 99),
)
def test_any_partition_and_order_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    count: int,
    edges: list[int],
    group_rows: int,
    k: int,
    seed: int,
) -> None:
    vectors = _odd_vectors(count, seed)
    inside = sorted(edge for edge in edges if edge < count)
    groups = _groups(vectors, inside, tmp_path_factory.mktemp("scratch"), group_rows)
    found = put_together(lists_by_parts(groups, k, in_any_order(seed)))
    _check_equal(found, _expected(vectors, k))


def test_interleaved_ids_and_dead_rows(tmp_path: Path) -> None:
    vectors, ids = clustered(300, 16), np.arange(300) * 3
    shuffled = np.random.default_rng(1).permutation(300)
    parts = [np.sort(shuffled[start : start + 60]) for start in range(0, 300, 60)]
    source = InMemory({f"part-{n:06d}": vectors[rows] for n, rows in enumerate(parts)})
    alive = np.random.default_rng(2).random(300) < 0.8
    feature = source.feature([ids[rows] for rows in parts], alive[np.concatenate(parts)])
    groups = cut_groups(feature, source, FolderScratch(str(tmp_path)), 4 * 16 * 100)
    found = put_together(lists_by_parts(groups, 5))
    lists = exact_lists(feature, 5)
    _check_equal(found, Neighbors(feature.ids, feature.ids[lists.rows], lists.distances))
    assert len(found.ids) == alive.sum()


def test_finished_pairs_are_not_computed_again(tmp_path: Path) -> None:
    vectors = clustered(200, 16)
    groups = _groups(vectors, [50, 100, 150], tmp_path, 50)
    for pair in ((0, 0), (0, 2), (1, 3)):
        write_pair(PairTask(groups, 5, *pair))
    source = groups.vectors
    assert isinstance(source, InMemory)
    source.taken.clear()
    again = list(map(write_pair, (PairTask(groups, 5, i, j) for i, j in ((0, 0), (0, 2)))))
    assert again == [(0, 0), (0, 2)]
    assert not source.taken
    _check_equal(put_together(lists_by_parts(groups, 5)), _expected(vectors, 5))
    source.taken.clear()
    _check_equal(put_together(lists_by_parts(groups, 5)), _expected(vectors, 5))
    assert not source.taken
