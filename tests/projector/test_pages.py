"""Tests of pages: a partition with neighbors together, stable while a collection grows."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from projector.pages import GROWTH, grown_pages, settled_pages, split_pages, without_lonely

Columns = NDArray[np.float32]


def _blobs(count: int, blobs: int, seed: int = 0) -> tuple[Columns, NDArray[np.intp]]:
    rng = np.random.default_rng(seed)
    groups = rng.integers(blobs, size=count)
    columns = 12 * rng.normal(size=(blobs, 6))[groups] + rng.normal(size=(count, 6))
    return columns.astype(np.float32), groups


def _nearest(columns: Columns, k: int = 5) -> NDArray[np.intp]:
    found: NDArray[np.intp] = cKDTree(columns).query(columns, k + 1)[1][:, 1:]
    return found


def _together(pages: NDArray[np.int32], nearest: NDArray[np.intp]) -> float:
    return float((pages[nearest] == pages[:, None]).mean())


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 60), st.integers(0, 5))
@example(269, 37, 2, 0)
def test_every_picture_is_on_one_page_that_is_not_too_large(
    n: int, blobs: int, size: int, seed: int
) -> None:
    columns, groups = _blobs(n, blobs, seed)
    pages = split_pages(columns, groups, size)
    counts = np.bincount(pages)
    assert pages.shape == (n,)
    assert counts.min() > 0
    assert counts.max() <= size
    assert len(counts) <= int(np.ceil(n / max(1.0, 0.9 * size)))
    assert np.array_equal(pages, split_pages(columns, groups, size))


@given(st.integers(2, 200), st.integers(1, 20))
def test_equal_pictures_are_spread_too(n: int, size: int) -> None:
    pages = split_pages(np.ones((n, 3), np.float32), np.zeros(n, np.intp), size)
    assert np.bincount(pages).max() <= size


def test_groups_stay_whole_where_they_fit() -> None:
    columns, groups = _blobs(3_000, 30)
    pages = split_pages(columns, groups, 700)
    pages_of_group = [len(np.unique(pages[groups == group])) for group in range(30)]
    assert pages_of_group.count(1) >= 28


def test_neighbors_are_on_one_page() -> None:
    columns, groups = _blobs(3_000, 30)
    assert _together(split_pages(columns, groups, 700), _nearest(columns)) > 0.98
    one_group = np.zeros(3_000, np.intp)
    assert _together(split_pages(columns, one_group, 700), _nearest(columns)) > 0.75
    by_chance = np.random.default_rng(0).permutation(split_pages(columns, groups, 700))
    assert _together(by_chance, _nearest(columns)) < 0.3


def test_settling_moves_pictures_to_their_neighbors() -> None:
    columns, _ = _blobs(2_000, 60)
    rough = split_pages(columns, np.zeros(2_000, np.intp), 300)
    nearest = _nearest(columns)
    settled = settled_pages(rough, nearest, 300)
    assert np.bincount(settled).max() <= 300
    assert np.bincount(settled).min() > 0
    assert len(np.bincount(settled)) == len(np.bincount(rough))
    assert _together(settled, nearest) > _together(rough, nearest) + 0.05


@given(st.integers(2, 60), st.integers(1, 30), st.integers(0, 9))
def test_no_page_is_left_with_a_single_picture(n: int, count: int, seed: int) -> None:
    columns, _ = _blobs(n, 3, seed)
    before = np.random.default_rng(seed).integers(count, size=n).astype(np.int32)
    pages = without_lonely(columns, before)
    counts, was = np.bincount(pages), np.bincount(before)
    assert counts[counts > 0].min() > 1
    if was.max() > 1:
        kept = was[before] > 1
        assert np.array_equal(pages[kept], before[kept])


def test_new_pictures_join_their_nearest() -> None:
    columns, groups = _blobs(1_000, 10)
    before = split_pages(columns, groups, 300)
    new = np.arange(0, 1_000, 20)
    lacking = before.copy()
    lacking[new] = -1
    grown = grown_pages(columns, groups, lacking, 300)
    old = np.setdiff1d(np.arange(1_000), new)
    assert np.array_equal(grown[old], before[old])
    nearest = old[cKDTree(columns[old]).query(columns[new])[1]]
    assert np.array_equal(grown[new], before[nearest])


def test_only_a_page_that_has_outgrown_its_size_is_cut() -> None:
    columns, groups = _blobs(1_000, 10)
    before = split_pages(columns, groups, 300)
    page = before[0]
    extra = np.flatnonzero(before == page)
    columns = np.concatenate([columns, columns[extra] + 1e-3])
    groups = np.concatenate([groups, groups[extra]])
    lacking = np.concatenate([before, np.full(len(extra), -1, np.int32)])
    assert 2 * len(extra) > GROWTH * 300
    grown = grown_pages(columns, groups, lacking, 300)
    others = np.flatnonzero(before != page)
    assert np.array_equal(grown[others], before[others])
    assert np.bincount(grown).max() <= 300
    assert set(grown[1_000:]) <= {page, *range(before.max() + 1, grown.max() + 1)}


def test_pages_are_made_anew_when_little_is_left_of_them() -> None:
    columns, groups = _blobs(1_000, 10)
    anew = split_pages(columns, groups, 100)
    few = np.full(1_000, -1, np.int32)
    few[:400] = 0
    assert np.array_equal(grown_pages(columns, groups, few, 100), anew)
    crumbs = np.arange(1_000, dtype=np.int32) // 10
    assert np.array_equal(grown_pages(columns, groups, crumbs, 100), anew)


def test_pages_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="page size 0: give 1 or more"):
        split_pages(np.zeros((3, 2), np.float32), np.zeros(3, np.intp), 0)
