"""Lists computed by a torch device, here the CPU, against exact lists."""

import ctypes
import sys
from typing import NoReturn

import numpy as np
import pytest

from imgrec.neighbors.by_cuda import cuda_device, lists_on
from imgrec.neighbors.by_products import exact_lists
from knn_reference import check_lists, feature_of
from vector_stores import clustered


@pytest.mark.parametrize("stays", [True, False])
def test_lists_equal_the_exact_ones(stays: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "imgrec.neighbors.by_cuda._free_bytes", lambda device: 1e9 if stays else 0.0
    )
    vectors = clustered(700, 24)
    vectors[5], vectors[300:320], vectors[[8, 600]] = vectors[650], vectors[299], 0
    feature, done = feature_of(vectors), list[int]()
    found = lists_on("cpu", feature, 9, done.append, query_rows=130, chunk_rows=200)
    exact = exact_lists(feature, 9)
    assert np.array_equal(found.distances, exact.distances)
    twins = (exact.rows >= 299) & (exact.rows < 320)
    # Of many equal vectors the device may keep others.
    apart = ~twins.any(axis=1)
    assert apart.sum() > 500
    assert np.array_equal(found.rows[apart], exact.rows[apart])
    check_lists(vectors, found)
    assert sum(done) == 700


def test_few_vectors() -> None:
    vectors = clustered(4, 6)
    found = lists_on("cpu", feature_of(vectors, 2), 3, query_rows=3, chunk_rows=1)
    assert np.array_equal(found.rows, exact_lists(feature_of(vectors), 3).rows)


def test_torch_is_not_imported_without_a_cuda_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> NoReturn:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", absent)
    # An import of torch would fail.
    monkeypatch.setitem(sys.modules, "torch", None)
    assert cuda_device() is None
