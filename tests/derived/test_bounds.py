"""Derived rows at their limits, and for rare values: zero, equal and far vectors, few pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

import vector_stores
from imgrec import Store
from imgrec.derived.clusters import KmeansRecipe
from imgrec.derived.hnsw import Grown, HnswRecipe, grown
from imgrec.derived.kept import update_indexes
from imgrec.derived.pca import PcaRecipe
from imgrec.derived.rows import derive, is_current, usable_places
from imgrec.derived.sketch import Sketch, SketchRecipe
from imgrec.store.features import Block, FeatureStore
from stored_clusters import clusters_of

VECTORS = vector_stores.clustered(60, 12)


def _feature(vectors: NDArray[np.float32], first: int = 1, source: str = "a") -> FeatureStore:
    ids = np.arange(first, first + len(vectors))
    return FeatureStore("x", vectors.shape[1], [Block(ids, vectors, source=source)])


@dataclass(frozen=True)
class _Plain:
    """A recipe that copies vectors, and counts how often it is fitted."""

    fitted: list[int]
    name: str = "plain"
    version: int = 1
    model_names: frozenset[str] = frozenset({"none"})
    columns: frozenset[str] = frozenset({"same"})
    refit_growth: float = 1.5

    def fit(self, sample: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        self.fitted.append(len(sample))
        return {"none": np.zeros(1)}

    def rows(self, model: Any, vectors: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        return {"same": vectors}


@pytest.mark.parametrize(("count", "refitted"), [(29, False), (30, True), (31, True)])
def test_a_model_is_fitted_again_when_the_vectors_have_grown_by_half(
    count: int, refitted: bool
) -> None:
    recipe = _Plain([])
    kept = derive(recipe, _feature(VECTORS[:20]))
    feature = _feature(VECTORS[:count])
    found = derive(recipe, feature, kept)
    assert recipe.fitted == ([20, count] if refitted else [20])
    assert (usable_places(recipe, feature, kept) is None) == refitted
    assert found.fitted_on == (count if refitted else 20)
    assert np.array_equal(found.rows["same"], VECTORS[:count])


@pytest.mark.parametrize(("left", "current"), [(20, True), (16, True), (15, False)])
def test_a_fifth_of_the_rows_may_be_dead(left: int, current: bool) -> None:
    recipe = _Plain([])
    kept = derive(recipe, _feature(VECTORS[:20]))
    assert is_current(recipe, _feature(VECTORS[:left]), kept) == current
    # A single vector without a row is enough.
    assert not is_current(recipe, _feature(VECTORS[:21]), kept)


@pytest.mark.parametrize(("values", "made"), [(59, True), (60, True), (61, False)])
def test_a_sketch_is_made_from_a_number_of_values_on(
    tmp_path: Path, values: int, made: bool
) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:5]})
    with Store.create(path) as store, store.writing():
        lines = update_indexes(store, sketch_values=values)
    assert (path / "indexes" / "vec" / "sketch").is_dir() == made
    assert len(lines) == made


def _estimates(vectors: NDArray[np.float32], queries: NDArray[np.float32], metric: str) -> Any:
    feature = _feature(vectors)
    return Sketch(feature, derive(SketchRecipe(), feature)).estimates(metric, queries)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_coordinate_beyond_the_sample_is_clipped_and_never_wraps(sign: int) -> None:
    """As int8, 200 would be -56: a far picture would look near."""
    recipe = SketchRecipe()
    line = np.outer(np.linspace(-1, 1, 41), [1, 2]).astype(np.float32)
    model = recipe.fit(line)
    codes = recipe.rows(model, line)["codes"]
    assert (codes.min(), codes.max()) == (-127, 127)
    for factor in (1.0, 1.009, 1.05, 1.6, 2.0, 2.02, 3.0, 1e4, 1e12):
        (far,) = recipe.rows(model, sign * factor * line[-1:])["codes"]
        assert far[0] == codes[-1 if sign > 0 else 0, 0], factor


FINITE = st.floats(-1e3, 1e3, width=32).filter(lambda x: x == 0 or abs(x) > 1e-3)


@given(arrays(np.float32, (6, 3), elements=FINITE))
@example(np.zeros((6, 3), np.float32))
@example(np.ones((6, 3), np.float32))
@example(np.eye(6, 3, dtype=np.float32))
@example(np.vstack([np.zeros((5, 3)), np.ones((1, 3))]).astype(np.float32))
@example(-np.eye(6, 3, dtype=np.float32))
def test_estimates_are_finite_and_near_the_distances(vectors: NDArray[np.float32]) -> None:
    lengths = np.linalg.norm(vectors.astype(float), axis=1)
    cosine = _estimates(vectors, vectors, "cosine")
    euclidean = _estimates(vectors, vectors, "euclidean")
    scale = max(lengths.max(), 1e-9)
    products = vectors.astype(float) @ vectors.T.astype(float)
    squares = lengths[:, None] ** 2 + lengths**2 - 2 * products
    # Each of three axes is wrong by half a step of 1/127 at most.
    assert np.abs(np.square(euclidean.astype(float)) - squares).max() <= 0.1 * scale**2
    both = np.outer(lengths, lengths)
    expected = 1 - np.divide(products, both, out=np.zeros_like(both), where=both > 0)
    sure = both > 0.3 * scale**2
    assert np.isfinite(cosine).all()
    assert np.abs(cosine - expected)[sure].max(initial=0) <= 0.15
    # A vector of zeros has no direction: it is at 1 from every other, and at 0 from such as it is.
    for row in cosine[lengths == 0]:
        assert row.tolist() == pytest.approx((lengths > 0).astype(float).tolist(), abs=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
@pytest.mark.parametrize(
    "recipe", [SketchRecipe(), PcaRecipe(3), KmeansRecipe(2)], ids=lambda recipe: recipe.name
)
def test_equal_vectors_of_few_pictures(recipe: Any, count: int, value: float) -> None:
    feature = _feature(np.full((count, 4), value, np.float32))
    found = derive(recipe, feature)
    for rows in found.rows.values():
        assert len(rows) == count
        assert np.isfinite(rows).all()
        assert (rows == rows[0]).all()
    assert is_current(recipe, feature, found)


@pytest.mark.parametrize("vectors", [np.zeros((3, 4)), np.ones((3, 4)), np.eye(1, 4)])
def test_clusters_of_equal_and_of_single_pictures(
    tmp_path: Path, vectors: NDArray[np.float64]
) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": vectors.astype(np.float32)})
    with Store.open(path) as store:
        found = clusters_of(store, count=5)
    assert found.numbers.tolist() == [1] * len(vectors)
    assert found.central.tolist() == [1]
    assert found.distances == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("way", ["save", "open"])
def test_a_graph_that_cannot_be_written_is_an_error_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The library raises a RuntimeError, or writes half a file and says nothing."""
    made = grown(_feature(VECTORS), None, tmp_path)
    assert HnswRecipe().name == "hnsw"

    class Index:
        def save(self, path: str) -> None:
            if way == "save":
                raise RuntimeError("No space left on device")
            Path(path).write_bytes(b"half")

    broken = Grown(made.derived, Index())  # type: ignore[arg-type]
    with pytest.raises(OSError, match="not written whole") as raised:
        broken.write(tmp_path)
    assert raised.value.filename == str(tmp_path / "hnsw.usearch")
    made.write(tmp_path)
    assert (tmp_path / "hnsw.usearch").stat().st_size > 1000


def test_an_index_that_shrinks_leaves_no_bytes(tmp_path: Path) -> None:
    """Rows of pictures that have left, and temporary folders, would be kept for ever."""
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS}, part_rows=20)
    vector_stores.update(path)
    folder = path / "indexes" / "vec"
    before = {file.name: file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    for _ in range(3):
        vector_stores.remove(path, range(21, 61))
        vector_stores.update(path)
        small = {file.name: file.stat().st_size for file in folder.rglob("*") if file.is_file()}
        with Store.create(path) as store:
            store.catalog.db.execute("UPDATE images SET status = 'ok'")
        vector_stores.update(path)
        after = {file.name: file.stat().st_size for file in folder.rglob("*") if file.is_file()}
        assert after.keys() == before.keys() == small.keys()
        for name in ("ids.npy", "rows-codes.npy", "rows-lengths.npy", "hnsw.usearch"):
            assert small[name] < before[name]
            assert after[name] == pytest.approx(before[name], rel=0.01)
        assert sorted(child.name for child in folder.iterdir()) == ["hnsw", "sketch"]
