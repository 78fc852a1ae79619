"""Neighbors of neighbors as candidates, against Python sets."""

import numpy as np

from imgrec.neighbors.hops import refined, two_hops, without_twins
from imgrec.neighbors.lists import Lists, compared
from knn_reference import check_lists, feature_of, share_found, true_lists
from vector_stores import clustered


def test_two_hops_are_the_neighbors_and_their_neighbors() -> None:
    neighbors = np.random.default_rng(0).integers(-1, 50, size=(50, 4))
    rows = np.arange(0, 50, 3)
    found = without_twins(rows, two_hops(neighbors, rows))
    for row, candidates in zip(rows.tolist(), found.tolist(), strict=True):
        first = {*neighbors[row].tolist()} - {-1}
        second = {other for near in first for other in neighbors[near].tolist()}
        there = [other for other in candidates if other >= 0]
        assert sorted(there) == sorted((first | second) - {-1, row})


def test_incomplete_lists_are_completed() -> None:
    vectors = clustered(800, 24)
    feature, true = feature_of(vectors), true_lists(vectors, 10)
    candidates = true_lists(vectors, 20).rows
    dropped = np.random.default_rng(1).random(candidates.shape) < 0.3
    dropped[dropped.sum(axis=1) > 10] = False
    worse = compared(feature, np.arange(800), np.where(dropped, -1, candidates), 10)
    before, done = share_found(worse, true), list[int]()
    better = refined(feature, Lists(worse.rows, worse.distances), done.append)
    check_lists(vectors, better)
    assert before < 0.8
    assert share_found(better, true) > 0.97
    assert sum(done) == 800
