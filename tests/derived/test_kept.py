"""Derived data of a store (sketch, HNSW graph, PCA), against brute force over the current vectors.

After new, removed and replaced pictures the answers are right, with the indexes updated or not;
damaged files are not used; growth extends an index instead of fitting it again.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

import vector_stores
from imgrec import Answer, Options, Recommender, Store, index_folders
from imgrec.derived.hnsw import HnswRecipe
from imgrec.derived.kept import SKETCH_VALUES
from imgrec.derived.pca import COMPONENTS, PcaRecipe
from imgrec.derived.rows import Coverage, derive, is_current, load_derived, save_derived
from imgrec.derived.sketch import SketchRecipe
from imgrec.search.candidates import CandidateCounts
from imgrec.store.features import Block, FeatureStore
from pictures import picture

VECTORS = vector_stores.clustered(1200, 96)
HISTOGRAMS = vector_stores.histograms(900, 192)
WAYS = ("exact", "sketch", "hnsw")
# Fewer candidates than by default, so that these small collections are not compared whole.
FEW = CandidateCounts(sketch=60, sketch_each=6, graph=16)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    vector_stores.make(tmp_path / "store", {"vec": VECTORS[:800]}, part_rows=300)
    vector_stores.update(tmp_path / "store")
    return tmp_path / "store"


def _opened(path: Path) -> Recommender:
    return Recommender(Store.open(path), cache="none", counts=FEW)


def _ids(answer: Answer) -> list[int]:
    return [result.id for result in answer.results]


def _nearest(vectors: np.ndarray, ids: np.ndarray, asked: int, k: int = 5) -> list[int]:
    distances = cdist(vectors[ids == asked].astype(float), vectors, "cosine")[0]
    distances[ids == asked] = np.inf
    return [int(i) for i in ids[np.argsort(distances)[:k]]]


def _check_recall(recommender: Recommender, vectors: np.ndarray, ids: np.ndarray, way: str) -> None:
    asked = np.random.default_rng(2).choice(ids, 30, replace=False)
    answers = [recommender.query([int(i)], index=way) for i in asked]
    assert np.mean([answer.index == way for answer in answers]) > 0.5, way
    found = [_ids(answer) for answer in answers]
    expected = [_nearest(vectors, ids, int(i)) for i in asked]
    hits = [len({*a} & {*b}) / 5 for a, b in zip(found, expected, strict=True)]
    assert np.mean(hits) >= 0.99, way


def _kept(path: Path, recipe: SketchRecipe | HnswRecipe | PcaRecipe, name: str = "vec"):  # type: ignore[no-untyped-def]
    with Store.open(path) as store:
        return load_derived(store.paths.indexes(name), recipe, store.spec(name))


@pytest.mark.parametrize("way", WAYS)
def test_new_pictures_are_found_before_and_after_the_update_of_the_indexes(
    path: Path, way: str
) -> None:
    ids = np.arange(1, 1201)
    with _opened(path) as recommender:
        _check_recall(recommender, VECTORS[:800], ids[:800], way)
        sketch, graph = _kept(path, SketchRecipe()), _kept(path, HnswRecipe())
        vector_stores.add_pictures(path, range(801, 1201))
        vector_stores.add_part(path, "vec", ids[800:], VECTORS[800:])
        # The recommender stays open during the update.
        _check_recall(recommender, VECTORS, ids, way)
        vector_stores.update(path)
        _check_recall(recommender, VECTORS, ids, way)
    grown, grown_graph = _kept(path, SketchRecipe()), _kept(path, HnswRecipe())
    assert len(grown.coverage.ids) == len(grown_graph.coverage.ids) == 1200
    # The model was reused, not fitted again.
    for before, after in ((sketch, grown), (graph, grown_graph)):
        assert np.array_equal(before.model["components"], after.model["components"])
    assert np.array_equal(sketch.rows["codes"], grown.rows["codes"][:800])


@pytest.mark.parametrize("way", WAYS)
def test_removed_pictures_are_never_results(path: Path, way: str) -> None:
    with _opened(path) as recommender:
        gone = _ids(recommender.query([5], 10, index=way))
        vector_stores.remove(path, gone)
        left = np.setdiff1d(np.arange(1, 801), gone)
        assert not {*_ids(recommender.query([5], 20, index=way))} & {*gone}
        _check_recall(recommender, VECTORS[left - 1], left, way)
        vector_stores.update(path)
        assert not {*_ids(recommender.query([5], 20, index=way))} & {*gone}
        _check_recall(recommender, VECTORS[left - 1], left, way)


@pytest.mark.parametrize("way", WAYS)
def test_a_rebuilt_feature_is_searched_by_its_new_vectors(path: Path, way: str) -> None:
    other = vector_stores.clustered(800, 96, seed=9)
    ids = np.arange(1, 801)
    with _opened(path) as recommender:
        _check_recall(recommender, VECTORS[:800], ids, way)
        vector_stores.rebuild(path, "vec", other)
        if way == "exact":
            _check_recall(recommender, other, ids, way)
        # No row of the index is valid any more, and all pictures are few enough to be compared.
        else:
            assert recommender.query([1], 3, index=way).results == recommender.query([1], 3).results
        vector_stores.update(path)
        _check_recall(recommender, other, ids, way)


@pytest.mark.parametrize("way", ["sketch", "hnsw"])
def test_a_part_rewritten_under_its_old_number_is_noticed(path: Path, way: str) -> None:
    part = path / "features" / "vec" / "part-000001"
    vectors = VECTORS[:800].copy()
    vectors[300:600] = VECTORS[900:1200]
    for file in part.iterdir():
        file.unlink()
    np.save(part / "ids.npy", np.arange(301, 601))
    np.save(part / "vectors.npy", vectors[300:600])
    with _opened(path) as recommender:
        _check_recall(recommender, vectors, np.arange(1, 801), way)
        vector_stores.update(path)
        _check_recall(recommender, vectors, np.arange(1, 801), way)


@pytest.mark.parametrize("way", ["sketch", "hnsw"])
def test_many_pictures_removed_and_others_restored(path: Path, way: str) -> None:
    vector_stores.remove(path, range(1, 500))
    vector_stores.update(path)
    with Store.create(path) as store, store.catalog.transaction() as db:
        db.execute("UPDATE images SET status = 'ok'")
    with _opened(path) as recommender:
        _check_recall(recommender, VECTORS[:800], np.arange(1, 801), way)
        vector_stores.update(path)
        _check_recall(recommender, VECTORS[:800], np.arange(1, 801), way)


def test_an_update_without_changes_writes_nothing(path: Path) -> None:
    def times() -> dict[Path, int]:
        return {file: file.stat().st_mtime_ns for file in path.glob("indexes/**/*")}

    before = times()
    assert len(before) > 10
    lines = vector_stores.update(path)
    assert times() == before
    # Indexes that exist are updated, also without `hnsw`.
    assert lines == vector_stores.update(path, hnsw=False)
    assert lines[0].startswith("vec: sketch of 800 vectors, ")
    assert lines[1].startswith("vec: hnsw graph of 800 vectors, ")


@pytest.mark.parametrize("name", ["kept.json", "ids.npy", "rows-codes.npy", "model-mean.npy"])
@pytest.mark.parametrize("damage", ["cut", "absent", "narrow"])
def test_a_damaged_sketch_is_not_used_and_is_built_again(
    path: Path, name: str, damage: str
) -> None:
    file = path / "indexes" / "vec" / "sketch" / name
    if damage == "absent":
        file.unlink()
    elif damage == "narrow" and name.endswith(".npy"):
        np.save(file, np.load(file)[..., :-1])
    else:
        file.write_bytes(file.read_bytes()[:40])
    with _opened(path) as recommender:
        assert _ids(recommender.query([3])) == _nearest(VECTORS[:800], np.arange(1, 801), 3)
        vector_stores.update(path)
        _check_recall(recommender, VECTORS[:800], np.arange(1, 801), "sketch")


@pytest.mark.parametrize("damage", ["absent", "empty", "words", "half", "model"])
def test_a_damaged_graph_is_not_used_and_is_built_again(path: Path, damage: str) -> None:
    file = path / "indexes" / "vec" / "hnsw" / "hnsw.usearch"
    whole = file.read_bytes()
    if damage == "model":
        (file.parent / "model-lengths.npy").unlink()
        damage, whole = "half", whole * 2
    file.unlink()
    if damage != "absent":
        file.write_bytes(
            {"empty": b"", "words": b"words", "half": whole[: len(whole) // 2]}[damage]
        )
    with _opened(path) as recommender:
        assert _ids(recommender.query([3])) == _nearest(VECTORS[:800], np.arange(1, 801), 3)
        vector_stores.update(path)
        _check_recall(recommender, VECTORS[:800], np.arange(1, 801), "hnsw")


def test_the_sketch_of_another_encoder_is_not_used(path: Path) -> None:
    described = json.loads((path / "features" / "vec" / "feature.json").read_text())
    described["weights_digest"] = "other"
    (path / "features" / "vec" / "feature.json").write_text(json.dumps(described))
    assert _kept(path, SketchRecipe()) is None
    assert _kept(path, HnswRecipe()) is None


def test_reduced_histograms_equal_those_of_scikit_learn(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"rgb": HISTOGRAMS})
    expected = PCA(COMPONENTS, svd_solver="full").fit_transform(HISTOGRAMS.astype(float))
    with _opened(path) as recommender:
        for asked in range(1, 30):
            answer = recommender.query([asked], 5, "pca-cosine")
            distances = cdist(expected[[asked - 1]], expected, "cosine")[0]
            found = np.array(_ids(answer)) - 1
            assert np.allclose([r.distance for r in answer.results], distances[found], atol=1e-3)
            assert answer.exact
        # The query has written the model.
        assert (path / "indexes" / "rgb" / "pca" / "kept.json").is_file()
    (line,) = vector_stores.update(path, hnsw=False)[:1]
    kept = (
        PCA(COMPONENTS, svd_solver="full")
        .fit(HISTOGRAMS.astype(float))
        .explained_variance_ratio_.sum()
    )
    assert line == f"rgb: {COMPONENTS} principal components keep {kept:.1%} of the variance"


def test_the_axes_are_fitted_again_after_growth_by_half(
    tmp_path: Path,
) -> None:
    path = vector_stores.make(tmp_path / "store", {"rgb": HISTOGRAMS[:600]}, part_rows=100)
    vector_stores.update(path, hnsw=False)
    first = _kept(path, PcaRecipe(), "rgb")
    for start, fitted_on in ((600, 600), (800, 900)):
        stop = start + 200 if start == 600 else 900
        ids = np.arange(start + 1, stop + 1)
        vector_stores.add_pictures(path, ids.tolist())
        vector_stores.add_part(path, "rgb", ids, HISTOGRAMS[start:stop])
        vector_stores.update(path, hnsw=False)
        kept = _kept(path, PcaRecipe(), "rgb")
        assert kept.fitted_on == fitted_on
        same = np.array_equal(kept.model["components"], first.model["components"])
        assert same == (fitted_on == 600)
        axes, vectors = kept.model["components"], HISTOGRAMS[:stop] - kept.model["mean"]
        assert np.allclose(kept.rows["coordinates"], vectors @ axes.T, atol=1e-5)


def test_another_collection_at_the_same_path(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"rgb": HISTOGRAMS[:40]}, part_rows=40)
    vector_stores.update(path)
    vector_stores.remove(path, range(1, 41))
    ids = np.arange(41, 61)
    vector_stores.add_pictures(path, ids.tolist())
    vector_stores.add_part(path, "rgb", ids, HISTOGRAMS[40:60])
    vector_stores.update(path)
    kept = _kept(path, PcaRecipe(), "rgb")
    assert kept.coverage.ids.tolist() == ids.tolist()
    assert kept.fitted_on == 20
    with _opened(path) as recommender:
        for way in WAYS:
            assert {i for a in (41, 50) for i in _ids(recommender.query([a], index=way))} <= {*ids}


def test_few_and_equal_histograms(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"rgb": HISTOGRAMS[[0, 0, 1]]})
    vector_stores.update(path)
    with _opened(path) as recommender:
        assert _ids(recommender.query([1], metric="pca-cosine")) == [2, 3]
    path = vector_stores.make(tmp_path / "one", {"rgb": HISTOGRAMS[:1]})
    vector_stores.update(path)
    with _opened(path) as recommender:
        assert recommender.query([1], metric="pca-cosine").results == []


def test_a_query_of_a_locked_store_is_answered_and_nothing_is_written(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"rgb": HISTOGRAMS[:50]})
    with Store.create(path) as writer, writer.writing(), Recommender.open(path) as recommender:
        assert len(recommender.query([1], metric="pca-cosine").results) == 5
    assert not (path / "indexes").exists()


def test_the_graph_finds_the_remaining_pictures_after_the_nearest_are_removed(path: Path) -> None:
    near = _nearest(VECTORS[:800], np.arange(1, 801), 7, 150)
    vector_stores.remove(path, near)
    vector_stores.add_pictures(path, range(801, 811))
    vector_stores.add_part(path, "vec", np.arange(801, 811), VECTORS[800:810])
    ids = np.setdiff1d(np.arange(1, 811), near)
    with _opened(path) as recommender:
        found = _ids(recommender.query([7], index="hnsw"))
        assert found == _nearest(VECTORS[ids - 1], ids, 7)


def test_an_index_shrinks_with_its_collection(path: Path) -> None:
    vector_stores.remove(path, range(1, 701))
    lines = vector_stores.update(path)
    assert len(_kept(path, SketchRecipe()).coverage.ids) == 100
    assert len(_kept(path, HnswRecipe()).coverage.ids) == 100
    assert all("of 100 vectors" in line for line in lines)


def test_a_store_without_remaining_pictures_gives_no_results(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"rgb": HISTOGRAMS[:5]})
    vector_stores.remove(path, range(1, 6))
    picture("discs", 1).save(tmp_path / "new.png")
    histogram = {"features": "rgb=1"}
    with _opened(path) as recommender:
        for metric in ("cosine", "chi2", "pca-cosine", "combined"):
            assert recommender.query([tmp_path / "new.png"], 5, metric, **histogram).results == []


def test_coverage_maps_only_rows_of_the_same_part() -> None:
    vectors = VECTORS[:6]

    def feature(ids: list[list[int]], sources: list[str]) -> FeatureStore:
        blocks = [
            Block(np.array(part), vectors[: len(part)], source=source)
            for part, source in zip(ids, sources, strict=True)
        ]
        return FeatureStore("x", 96, blocks)

    kept = Coverage.of(feature([[1, 2, 5], [3, 4]], ["a", "b"]))
    assert kept.places(feature([[1, 2, 5], [3, 4]], ["a", "b"])).tolist() == [0, 1, 2, 3, 4]
    assert kept.places(feature([[1, 2, 5], [3, 4]], ["a", "c"])).tolist() == [0, 1, -1, -1, 4]
    assert kept.places(feature([[3, 4], [1, 2, 5, 6]], ["b", "a"])).tolist() == [0, 1, 2, 3, 4, -1]
    # Id 3 was in the part b.
    assert kept.places(feature([[1, 3]], ["a"])).tolist() == [0, -1]
    assert kept.places(feature([[9]], [""])).tolist() == [-1]
    assert kept.places(feature([], [])).tolist() == []


@pytest.mark.parametrize(
    ("ids", "owners", "consistent"),
    [([1, 2, 5], [0, 1, 0], True), ([], [], True), ([1, 5, 2], [0, 1, 0], False),
     ([1, 1, 2], [0, 1, 0], False), ([1, 2, 5], [0, 2, 0], False), ([1, 2], [0, -1], False)],
)  # fmt: skip
def test_coverage_that_a_flipped_bit_made_inconsistent(
    ids: list[int], owners: list[int], consistent: bool
) -> None:
    coverage = Coverage(np.array(ids, np.int64), np.array(owners, np.int32), ("a", "b"))
    assert coverage.is_consistent() == consistent


def test_an_index_is_saved_and_loaded(tmp_path: Path) -> None:
    feature = FeatureStore("x", 96, [Block(np.arange(50), VECTORS[:50], source="a")])
    spec, recipe = vector_stores.spec_of("x", 96), SketchRecipe()
    derived = derive(recipe, feature)
    save_derived(tmp_path, recipe, spec, derived)
    loaded = load_derived(tmp_path, recipe, spec)
    assert loaded is not None
    assert is_current(recipe, feature, loaded)
    for name, values in derived.rows.items():
        assert np.array_equal(loaded.rows[name], values)
    assert load_derived(tmp_path, recipe, vector_stores.spec_of("y", 96)) is None


def test_indexing_writes_the_indexes_that_a_search_uses(photos: Path, tmp_path: Path) -> None:
    options = Options(encoders=("mini",), workers=0, hnsw=True)
    summary = index_folders([photos], tmp_path / "store", options)
    assert [line.split()[0] for line in summary.indexes] == ["mini:", "rgb:"]
    # A collection this small is searched exactly, so there is no sketch.
    assert SKETCH_VALUES > 24 * 512
    assert sorted(p.name for p in (tmp_path / "store").glob("indexes/*/*")) == ["hnsw", "pca"]
    again = index_folders([], tmp_path / "store", Options(workers=0))
    assert again.indexes == summary.indexes
