"""Relations against numpy: composed rows, the kept mean, what is stale, and what is refused."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec import Store, StoreError, neighbors_of
from imgrec.derived.kept import open_searchable
from imgrec.neighbors.graph import kept_neighbors
from imgrec.query import main
from imgrec.store.composition import Composition, Halves
from imgrec.store.features import Block, FeatureStore
from imgrec.store.relations import RelatedFeature, Relation, RelationSpec, fit_mean, save_mean
from stores import nothing_can_be_written
from vector_stores import add_part, add_pictures, clustered, make, rebuild, remove, update

_N = 300
_LITE0 = np.maximum(clustered(_N + 200, 24, 3), 0)
_MINI = clustered(_N + 200, 10, 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a store of both features, whose parts differ; the pictures from 281 on lack `mini`."""
    made = make(tmp_path / "store", {"lite0": _LITE0[:_N]}, 128)
    for start in range(0, 280, 90):
        ids = np.arange(start + 1, min(280, start + 90) + 1)
        add_part(made, "mini", ids, _MINI[ids - 1])
    return made


def composed(first: np.ndarray, second: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return composed vectors in double precision."""
    left = first.astype(float) - mean
    lengths = [np.linalg.norm(part, axis=1, keepdims=True) for part in (left, second)]
    left, right = (
        part / np.where(length > 0, length, 1)
        for part, length in zip((left, second), lengths, strict=True)
    )
    return np.hstack([left, 0.5**0.5 * right])


def _part(ids: list[int], vectors: np.ndarray) -> Block:
    return Block(np.array(ids, np.int64), vectors[ids])


def _divided(name: str, ids: list[int], vectors: np.ndarray, parts: int) -> FeatureStore:
    """Return a feature whose parts interleave."""
    chunks = [sorted(ids[start::parts]) for start in range(parts)]
    blocks = [_part(chunk, vectors) for chunk in chunks if chunk]
    return FeatureStore(name, vectors.shape[1], blocks)


@given(
    st.permutations(range(40)),
    st.permutations(range(40)),
    st.integers(0, 40),
    st.integers(1, 5),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_rows_are_composed_for_any_division_into_parts(
    first: list[int], second: list[int], most: int, parts: int, others: int, rng: random.Random
) -> None:
    one = _divided("lite0", first[:most], _LITE0, parts)
    other = _divided("mini", second[: 40 - most // 2], _MINI, others)
    mean = _LITE0[:40].mean(axis=0)
    feature = RelatedFeature(Relation("lite0"), Composition(mean, 0.5), one, other)
    ids = sorted(set(first[:most]) & set(second[: 40 - most // 2]))
    assert feature.ids.tolist() == ids
    expected = composed(_LITE0[ids], _MINI[ids], mean)
    assert np.allclose(feature.load(), expected, atol=1e-6)
    placed = np.zeros_like(expected)
    for rows, vectors in feature.slices():
        placed[rows] += vectors
    assert np.allclose(placed, expected, atol=1e-6)
    rng.shuffle(ids)
    expected = composed(_LITE0[ids], _MINI[ids], mean)
    assert np.allclose(feature.take(np.array(ids, np.int64)), expected, atol=1e-6)
    assert np.allclose(feature.in_memory().take(np.array(ids, np.int64)), expected, atol=1e-6)


def test_the_cosine_is_the_weighted_mean_of_both(path: Path) -> None:
    with Store.open(path) as store:
        vectors = store.feature("lite0+mini").load().astype(float)
    centered = _LITE0[:280] - _LITE0[:_N].mean(axis=0, dtype=float)

    def cosines(of: np.ndarray) -> np.ndarray:
        unit = of / np.linalg.norm(of, axis=1, keepdims=True)
        return unit @ unit.T

    expected = (cosines(centered) + 0.5 * cosines(_MINI[:280].astype(float))) / 1.5
    assert np.allclose(cosines(vectors), expected, atol=1e-6)


def test_vectors_of_length_zero_stay_zero() -> None:
    mean = np.array([1, 2], np.float32)
    first = np.array([[1, 2], [1, 3], [1, 2]], np.float32)
    second = np.array([[0, 4], [0, 0], [0, 0]], np.float32)
    found = Halves(Composition(mean, 0.5), first, second).composed()
    assert np.allclose(found, [[0, 0, 0, 0.5**0.5], [0, 1, 0, 0], [0, 0, 0, 0]])


def test_float16_rows_are_composed_in_float32() -> None:
    half = _LITE0[:9].astype(np.float16)
    composition = Composition(_LITE0[:9].mean(axis=0), 0.5)
    found = Halves(composition, half, _MINI[:9].astype(np.float16)).composed()
    expected = composed(half, _MINI[:9].astype(np.float16).astype(float), _LITE0[:9].mean(axis=0))
    assert found.dtype == np.float32
    assert np.allclose(found, expected, atol=1e-6)


def test_lite0_and_mini_are_compared_together_by_default(path: Path, tmp_path: Path) -> None:
    with Store.open(path) as store:
        assert (store.encoder, store.default_feature) == ("lite0", "lite0+mini")
        assert store.feature_names() == ["lite0", "mini"]
        assert store.relation_names() == ["lite0+mini"]
        spec, feature = store.spec(), store.feature()
        assert (spec.name, feature.name, spec.dimensions) == ("lite0+mini", "lite0+mini", 34)
        assert (feature.dimensions, len(feature)) == (34, 280)
        assert len(store.feature("lite0")) == _N
        with pytest.raises(StoreError, match="--encoder lite0 --encoder mini on this store"):
            feature.take(np.array([290]))
    for features, default in (
        (("mini", "lite0"), "mini"),
        (("lite0", "rgb"), "lite0"),
        (("x", "mini"), "x"),
    ):
        made = make(tmp_path / default, dict.fromkeys(features, _MINI[:9, :6]))
        with Store.open(made) as store:
            assert store.spec().name == store.feature().name == store.default_feature == default


def test_any_embedding_is_joined_with_mini_by_name(tmp_path: Path) -> None:
    features = {"x": _LITE0[:50], "mini": _MINI[:50], "rgb": np.abs(_MINI[:50, :6])}
    made = make(tmp_path / "store", features)
    with Store.open(made) as store:
        assert store.relation_names() == ["x+mini"]
        expected = composed(_LITE0[:50], _MINI[:50], _LITE0[:50].mean(axis=0, dtype=float))
        assert np.allclose(store.feature("x+mini").load(), expected, atol=1e-6)
        for wrong in ("rgb+mini", "mini+mini", "+mini", "x+rgb", "x+mini+mini"):
            for use in (store.spec, store.feature):
                with pytest.raises(
                    StoreError, match=r"x\+mini\): a relation is one .* with mini, here x\+mini$"
                ):
                    use(wrong)
        for wrong in ("lite0+mini", "lite0"):
            for use in (store.spec, store.feature):
                with pytest.raises(
                    StoreError, match=r"\(there: mini, rgb, x, x\+mini\): run imgrec"
                ):
                    use(wrong)
        with pytest.raises(StoreError, match=r"--encoder lite0 --encoder mini$"):
            store.spec("lite0+mini")
    with (
        Store.open(make(tmp_path / "other", {"mini": _MINI[:50]})) as store,
        pytest.raises(StoreError, match=r"a relation is one .*--encoder lite0 --encoder mini$"),
    ):
        store.spec("mini+rgb")


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("lite", "did you mean lite0"),
        ("lite+mini", "did you mean lite0+mini"),
        ("resnet5", "no encoder is called so: did you mean resnet50, "),
        ("xyzzy", "no encoder is called so: name one that is there"),
    ],
)
def test_no_advice_names_an_encoder_that_does_not_exist(
    path: Path, name: str, instead: str
) -> None:
    with Store.open(path) as store, pytest.raises(StoreError) as caught:
        store.spec(name)
    assert instead in str(caught.value)
    assert f"--encoder {name.partition('+')[0]} " not in f"{caught.value} "


def test_indexing_keeps_the_mean_until_the_collection_has_grown_by_half(path: Path) -> None:
    update(path)
    with Store.open(path) as store:
        before = store.spec()
        assert isinstance(before, RelationSpec)
        folder = store.paths.relation("lite0+mini")
    kept = np.load(folder / "mean.npy")
    assert np.allclose(kept, _LITE0[:_N].mean(axis=0), atol=1e-6)
    for last, refitted in ((449, False), (450, True)):
        start = 301 if last == 449 else 450
        add_pictures(path, range(start, last + 1))
        add_part(path, "lite0", np.arange(start, last + 1), _LITE0[start - 1 : last])
        update(path)
        with Store.open(path) as store:
            assert (store.spec().identity() != before.identity()) == refitted
    assert np.allclose(np.load(folder / "mean.npy"), _LITE0[:450].mean(axis=0), atol=1e-6)


def test_a_mean_that_is_absent_damaged_or_of_other_vectors_is_fitted_anew(path: Path) -> None:
    update(path)
    with Store.open(path) as store:
        spec, vectors = store.spec(), store.feature().load()
        folder = store.paths.relation("lite0+mini")
    (folder / "mean.npy").write_bytes(bytes(200))
    for _ in range(2):
        with Store.open(path) as store:
            assert store.spec() == spec
            assert np.array_equal(store.feature().load(), vectors)
        shutil.rmtree(folder, ignore_errors=True)
    with nothing_can_be_written(path), Store.open(path) as store:
        assert store.spec() == spec
    assert not folder.exists()
    update(path)
    assert folder.exists()
    rebuild(path, "lite0", _LITE0[100 : 100 + _N, :20])
    with Store.open(path) as store:
        mean = _LITE0[100 : 100 + _N, :20].mean(axis=0, dtype=float)
        expected = composed(_LITE0[100:380, :20], _MINI[:280], mean)
        assert np.allclose(store.feature().load(), expected, atol=1e-6)


def test_the_mean_does_not_depend_on_parts_and_skips_what_is_not_finite() -> None:
    whole = FeatureStore("x", 24, [_part(list(range(200)), _LITE0)])
    divided = _divided("x", list(range(200)), _LITE0, 7)
    assert fit_mean(whole).values.tobytes() == fit_mean(divided).values.tobytes()
    broken = _LITE0[:200].copy()
    broken[7, 3] = np.nan
    found = fit_mean(FeatureStore("x", 24, [_part(list(range(200)), broken)]))
    assert np.allclose(found.values, np.delete(broken, 7, axis=0).mean(axis=0), atol=1e-6)
    assert (fit_mean(FeatureStore("x", 24, [])).values == 0).all()


def test_what_is_derived_is_stale_if_mean_or_vectors_change(path: Path) -> None:
    update(path)
    with Store.open(path) as store:
        neighbors_of(store, k=3)
        spec, feature = store.spec(), store.feature()
        assert kept_neighbors(store, spec, feature, 3) is not None
        assert open_searchable(store).sketch is not None
    # Another mean: all of it is stale.
    mean = fit_mean(_divided("lite0", list(range(100)), _LITE0, 1))
    with Store.open(path) as store:
        save_mean(store.paths.relation("lite0+mini"), store.spec("lite0"), mean)
        assert kept_neighbors(store, store.spec(), store.feature(), 3) is None
        opened = open_searchable(store)
        assert (opened.sketch, opened.hnsw) == (None, None)
        expected = composed(_LITE0[:280], _MINI[:280], mean.values)
        assert np.allclose(opened.feature.load(), expected, atol=1e-6)
    # Another part of `mini`: only its rows are.
    update(path)
    shutil.rmtree(path / "features" / "mini" / "part-000000")
    add_part(path, "mini", np.arange(1, 91), _MINI[200:290])
    with Store.open(path) as store:
        sketch = open_searchable(store).sketch
        assert sketch is not None
        assert sketch.uncovered.tolist() == list(range(90))


def test_pictures_that_are_gone_are_not_in_a_relation(path: Path) -> None:
    remove(path, [1, 2, 130])
    with Store.open(path) as store:
        ids = store.feature().ids
        assert ids.tolist() == [i for i in range(1, 281) if i not in (1, 2, 130)]
        mean = np.delete(_LITE0[:_N], [0, 1, 129], axis=0).mean(axis=0, dtype=float)
        expected = composed(_LITE0[ids - 1], _MINI[ids - 1], mean)
        assert np.allclose(store.feature().load(), expected, atol=1e-6)


def test_pictures_that_lack_a_part_are_counted(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "20 of 300 pictures lack mini and are not compared: run imgrec index"
    with Store.open(path) as store:
        assert store.lacking(store.feature()) == [line]
        assert store.lacking(store.feature("mini")) == []
        asked = store.catalog.entries([1])[0].path
    assert main([asked, "--store", str(path), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["warnings"] == [line]
    assert err == f"imgrec query: {line} --store {path}\n"
    # Where both are complete nothing is said.
    add_part(path, "mini", np.arange(281, 301), _MINI[280:300])
    assert main([asked, "--store", str(path), "--encoder", "lite0+mini"]) == 0
    assert capsys.readouterr().err == ""
