"""Cells beside the HNSW graph: what they are made of, what they find, and how they are kept."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import vector_stores
from imgrec import Recommender, Store
from imgrec.derived import cells as cells_module
from imgrec.derived.cells import COMPONENTS, Cells, CellsRecipe
from imgrec.derived.hnsw import HnswRecipe
from imgrec.derived.kept import open_searchable, update_indexes
from imgrec.derived.rows import Coverage, Derived, derive, load_derived, save_derived
from imgrec.distances.axes import fit_axes
from imgrec.distances.blockwise import load_kernels
from imgrec.distances.metrics import scaled
from imgrec.store.features import Block, FeatureStore

COUNT = 900
VECTORS = vector_stores.clustered(COUNT, 80)


def _feature(vectors: NDArray[np.float32], ids: NDArray[np.int64] | None = None) -> FeatureStore:
    ids = np.arange(1, len(vectors) + 1) if ids is None else ids
    return FeatureStore("x", vectors.shape[1], [Block(ids, vectors, source="one")])


def _recipe(vectors: NDArray[np.float32], count: int = 30) -> CellsRecipe:
    axes = fit_axes(scaled(vectors, 2), COMPONENTS, solver="covariance_eigh")
    return CellsRecipe(count, axes)


def _coordinates(kept: Derived, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = vectors.astype(float)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    unit = wide / np.where(lengths > 0, lengths, 1)
    return (unit - kept.model["mean"]) @ kept.model["components"].T.astype(float)


def test_each_vector_is_in_the_cell_of_the_nearest_center_with_rounded_coordinates() -> None:
    kept = derive(_recipe(VECTORS), _feature(VECTORS))
    coordinates = _coordinates(kept, VECTORS)
    to = np.linalg.norm(coordinates[:, None] - kept.model["centers"][None], axis=2)  # (n, k)
    own = to[np.arange(COUNT), kept.rows["numbers"] - 1]
    assert (own <= to.min(axis=1) + 1e-5).all()
    off = kept.rows["codes"] * kept.model["scales"] - coordinates
    assert (np.abs(off) <= 0.51 * kept.model["scales"]).all()
    assert 10 < len({*kept.rows["numbers"].tolist()}) <= 30


def test_the_same_vectors_give_the_same_cells_for_any_number_of_threads() -> None:
    recipe = _recipe(VECTORS)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(derive(recipe, _feature(VECTORS)))
    for name in ("scales", "centers"):
        assert np.array_equal(found[0].model[name], found[1].model[name]), name
    for name in ("codes", "numbers"):
        assert np.array_equal(found[0].rows[name], found[1].rows[name]), name


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("among", [1, 60, 300, COUNT, 5 * COUNT])
def test_the_best_codes_of_the_nearest_cells_are_found(
    monkeypatch: pytest.MonkeyPatch, compiled: bool, among: int
) -> None:
    loops = load_kernels() if compiled else None
    monkeypatch.setattr(cells_module, "kernels_for", lambda seconds: loops)
    kept = derive(_recipe(VECTORS), _feature(VECTORS))
    cells, codes = Cells(_feature(VECTORS), kept), kept.rows["codes"].astype(float)
    for asked in range(0, COUNT, 90):
        (query,) = _coordinates(kept, VECTORS[[asked]])
        found = cells.nearest(query.astype(np.float32), 20, among)
        to = np.linalg.norm(kept.model["centers"] - query, axis=1)
        order = np.concatenate(
            [np.flatnonzero(kept.rows["numbers"] == cell + 1) for cell in np.argsort(to)]
        )[:among]
        assert len(found) == len({*found.tolist()}) == min(20, len(order))
        products = codes @ (query * kept.model["scales"])
        assert np.isin(found, order).all()
        best = np.sort(products[order])[-len(found) :]
        # Weights are rounded to 16 bits.
        assert np.allclose(np.sort(products[found]), best, atol=1e-3 * np.abs(best).max())


def test_cells_of_a_feature_that_has_changed_give_its_present_rows() -> None:
    kept = derive(_recipe(VECTORS), _feature(VECTORS))
    ids = np.concatenate([np.arange(1, COUNT + 1, 3), np.arange(5000, 5050)])
    vectors = np.concatenate([VECTORS[::3], VECTORS[:50]])
    part = np.repeat([0, 1], [len(ids) - 50, 50])
    blocks = [Block(ids[part == n], vectors[part == n], source=("one", "two")[n]) for n in (0, 1)]
    feature = FeatureStore("x", 80, blocks)
    cells = Cells(feature, kept)
    every = cells.nearest(np.zeros(COMPONENTS, np.float32), 10_000, 10_000)
    # Those of the part that is new have no codes.
    assert np.array_equal(np.sort(every), np.arange(len(ids) - 50))
    for row in range(0, 300, 50):
        (query,) = _coordinates(kept, feature.take_rows(np.array([row])))
        assert row in cells.nearest(query.astype(np.float32), 5, 50)


@pytest.mark.parametrize(
    "vectors",
    [
        np.ones((40, 6), np.float32),
        np.zeros((40, 6), np.float32),
        np.eye(6, dtype=np.float32)[:1],
        np.repeat(np.eye(6, dtype=np.float32), 20, axis=0),
    ],
    ids=["equal", "zero", "one", "six directions"],
)
def test_cells_of_rare_vectors(vectors: NDArray[np.float32]) -> None:
    recipe = _recipe(vectors, 8)
    kept = derive(recipe, _feature(vectors))
    cells = Cells(_feature(vectors), kept)
    query = np.zeros(len(kept.model["components"]), np.float32)
    found = cells.nearest(query, 10, 30)
    assert len({*found.tolist()}) == len(found) == min(10, len(vectors))
    assert Coverage.of(_feature(vectors)).is_of(_feature(vectors))


def _update(path: Path, cells_rows: int = 0) -> list[str]:
    with Store.create(path) as store, store.writing():
        return update_indexes(store, hnsw=True, sketch_values=0, cells_rows=cells_rows)


def _opened(path: Path) -> Cells | None:
    with Store.open(path) as store:
        return open_searchable(store).cells


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:600]}, part_rows=200)
    assert [line.split(",")[0] for line in _update(path)][-1] == "vec: cells beside it"
    return path


def _kept(path: Path, recipe: CellsRecipe | HnswRecipe) -> Derived:
    with Store.open(path) as store:
        kept = load_derived(store.paths.indexes("vec"), recipe, store.spec("vec"))
    assert kept is not None
    return kept


def test_small_graphs_have_no_cells(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:600]})
    _update(path, cells_rows=601)
    assert not (path / "indexes/vec/cells").exists()
    assert _opened(path) is None
    _update(path, cells_rows=600)
    assert _opened(path) is not None


def test_cells_are_on_the_axes_of_the_graph_and_follow_it(path: Path) -> None:
    folder = path / "indexes/vec/cells"
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    first = _kept(path, CellsRecipe())
    # Those that exist are kept up to date, however few rows there are.
    _update(path, cells_rows=10**9)
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    vector_stores.add_pictures(path, range(601, COUNT + 1))
    vector_stores.add_part(path, "vec", np.arange(601, COUNT + 1), VECTORS[600:])
    assert _opened(path) is not None
    _update(path)
    grown, graph = _kept(path, CellsRecipe()), _kept(path, HnswRecipe())
    assert np.array_equal(grown.coverage.ids, np.arange(1, COUNT + 1))
    assert np.array_equal(grown.rows["codes"][:600], first.rows["codes"])
    assert np.array_equal(grown.model["components"], graph.model["components"][:COMPONENTS])
    assert np.array_equal(grown.model["mean"], graph.model["mean"])


def test_cells_of_another_graph_are_not_used_and_are_made_again(path: Path, tmp_path: Path) -> None:
    other = vector_stores.make(tmp_path / "other", {"vec": VECTORS[300:]}, part_rows=200)
    _update(other)
    folder = path / "indexes/vec/cells"
    shutil.rmtree(folder)
    shutil.copytree(other / "indexes/vec/cells", folder)
    assert _opened(path) is None
    with Recommender.open(path) as recommender:
        assert recommender.query([3], index="hnsw").results
    _update(path)
    assert _opened(path) is not None
    assert len(_kept(path, CellsRecipe()).coverage.ids) == 600


@pytest.mark.parametrize("name", ["kept.json", "rows-codes.npy", "model-centers.npy", "owners.npy"])
def test_damaged_cells_are_not_used_and_are_made_again(path: Path, name: str) -> None:
    file = path / "indexes/vec/cells" / name
    whole = file.read_bytes()
    file.unlink()
    file.write_bytes(whole[: len(whole) // 2])
    assert _opened(path) is None
    _update(path)
    assert _opened(path) is not None
    # The checksum beside it has the time of nothing, so equal bytes are equal cells.
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("numbers", lambda v: np.full_like(v, 2**31 - 1)),
        ("numbers", lambda v: np.full_like(v, -5)),
        ("numbers", lambda v: np.zeros_like(v)),
        ("codes", lambda v: v[:, :3].copy()),
        ("codes", lambda v: v[:5].copy()),
        ("codes", lambda v: v.astype(np.int16)),
        ("centers", lambda v: np.full_like(v, np.nan)),
        ("centers", lambda v: np.tile(v, (100_000, 1))),
        ("centers", lambda v: v[:0].copy()),
        ("scales", lambda v: np.full_like(v, np.inf)),
        ("components", lambda v: v[::-1].copy()),
        ("mean", lambda v: v + 1),
    ],
)
def test_hostile_cells_with_right_checksums_are_not_used(
    path: Path, name: str, change: Any
) -> None:
    kept = _kept(path, CellsRecipe())
    model, rows = dict(kept.model), dict(kept.rows)
    arrays = model if name in model else rows
    arrays[name] = change(np.array(arrays[name]))
    with Store.create(path) as store, store.writing():
        changed = replace(kept, model=model, rows=rows)
        folder = store.paths.indexes("vec")
        save_derived(folder, CellsRecipe(), store.spec("vec"), changed)
    assert _opened(path) is None
    _update(path)
    assert _opened(path) is not None
