"""One contract for every index and metric: recall against brute force with SciPy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

import vector_stores
from imgrec import Answer, ImgrecError, Recommender
from imgrec.distances.metrics import METRICS, metric_named
from imgrec.search.candidates import Question

COUNT = 3000
VECTORS = vector_stores.clustered(COUNT, 160)
HISTOGRAMS = vector_stores.histograms(COUNT, 96)
SCIPY = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}
RECALL = {"cosine": 0.995, "euclidean": 0.995, "manhattan": 0.99}
WAYS = ("exact", "sketch", "hnsw")
ASKED = np.random.default_rng(7).integers(1, COUNT + 1, 60).tolist()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "store"
    # Unit vectors, so that the HNSW graph can answer all three metrics.
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    vector_stores.make(path, {"unit": unit, "long": VECTORS, "rgb": HISTOGRAMS})
    vector_stores.update(path)
    return path


@pytest.fixture(scope="module")
def recommender(path: Path) -> Iterator[Recommender]:
    with Recommender.open(path, cache="none") as opened:
        yield opened


def _unit() -> np.ndarray:
    wide = VECTORS.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True)


def _ids(answer: Answer) -> list[int]:
    return [result.id for result in answer.results]


def _recall(answer: Answer, scores: np.ndarray) -> float:
    """Return the share of results no farther than the farthest of the true nearest."""
    limit = np.sort(scores)[len(answer.results) - 1]
    rows = np.array(_ids(answer)) - 1
    return float((scores[rows] <= limit + 1e-5).mean())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("metric", SCIPY)
def test_the_nearest_neighbors_of_one_picture(
    recommender: Recommender, way: str, metric: str
) -> None:
    distances = cdist(_unit()[np.array(ASKED) - 1], _unit(), SCIPY[metric])
    recalls = []
    for asked, row in zip(ASKED, distances, strict=True):
        answer = recommender.query([asked], metric=metric, index=way)
        assert (answer.index, answer.exact, answer.images) == (way, way == "exact", COUNT)
        found = [result.distance for result in answer.results]
        assert len(found) == 5
        assert found == sorted(found)
        assert np.allclose(found, row[np.array(_ids(answer)) - 1], atol=1e-4)
        assert [result.per_query for result in answer.results] == [[d] for d in found]
        row[asked - 1] = np.inf
        recalls.append(_recall(answer, row))
    assert np.mean(recalls) >= (1 if way == "exact" else RECALL[metric])


@pytest.mark.parametrize("metric", SCIPY)
def test_the_sketch_of_vectors_with_various_norms(recommender: Recommender, metric: str) -> None:
    distances = cdist(VECTORS[np.array(ASKED) - 1].astype(float), VECTORS, SCIPY[metric])
    recalls = []
    for asked, row in zip(ASKED, distances, strict=True):
        row[asked - 1] = np.inf
        answer = recommender.query([asked], metric=metric, encoder="long", index="sketch")
        recalls.append(_recall(answer, row))
    assert np.mean(recalls) >= RECALL[metric]


# Pictures between distant queries are near none of them, so the graph supports `min` only.
@pytest.mark.parametrize(
    ("way", "fuse"),
    [
        *((way, fuse) for way in ("exact", "sketch") for fuse in ("mean", "min", "max")),
        ("hnsw", "min"),
    ],
)
def test_several_pictures_are_fused_over_the_whole_collection(
    recommender: Recommender, way: str, fuse: str
) -> None:
    recalls = []
    for start in range(0, 60, 3):
        asked = ASKED[start : start + 3]
        answer = recommender.query(asked, 10, fuse=fuse, index=way)
        distances = cdist(_unit()[np.array(asked) - 1], _unit(), "cosine")  # (3, n)
        fused = getattr(np, fuse)(distances, axis=0)
        found = np.array(_ids(answer)) - 1
        assert np.allclose([r.distance for r in answer.results], fused[found], atol=1e-5)
        assert np.allclose([r.per_query for r in answer.results], distances[:, found].T, atol=1e-5)
        fused[np.array(asked) - 1] = np.inf
        recalls.append(_recall(answer, fused))
    assert np.mean(recalls) >= (1 if way == "exact" else 0.99)


def test_rank_fusion_is_the_mean_rank_among_all_others(recommender: Recommender) -> None:
    asked = ASKED[:3]
    answer = recommender.query(asked, 10, fuse="rank")
    assert answer.exact
    others = np.setdiff1d(np.arange(COUNT), np.array(asked) - 1)
    distances = cdist(_unit()[np.array(asked) - 1], _unit()[others], "cosine")
    places = rankdata(distances, method="ordinal", axis=1).mean(axis=0) - 1
    assert np.allclose([r.distance for r in answer.results], np.sort(places)[:10], atol=1)
    with pytest.raises(ImgrecError, match="every picture"):
        recommender.query(asked, fuse="rank", index="sketch")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("k", [5, 400])
def test_filters_are_applied_before_the_search(recommender: Recommender, way: str, k: int) -> None:
    for asked in ASKED[:10]:
        distances = cdist(_unit()[[asked - 1]], _unit(), "cosine")[0]
        allowed = (np.arange(1, COUNT + 1) % 7 == 3) & (np.arange(1, COUNT + 1) <= COUNT // 2)
        answer = recommender.query([asked], k, where=["half=low"], under=["f3"], index=way)
        assert answer.images == allowed.sum()
        distances[~allowed] = np.inf
        distances[asked - 1] = np.inf
        expected = np.argsort(distances)[: min(k, int(np.isfinite(distances).sum()))]
        found = np.array(_ids(answer)) - 1
        assert len(found) == len(expected)
        assert allowed[found].all()
        assert np.isin(found, expected).mean() >= 0.99


def test_the_graph_when_the_filter_excludes_everything_near_a_query(
    recommender: Recommender,
) -> None:
    low, high = 3, COUNT - 3
    answer = recommender.query([low, high], 10, fuse="min", where=["half=low"], index="hnsw")
    exact = recommender.query([low, high], 10, fuse="min", where=["half=low"], index="exact")
    assert len({*_ids(answer)} & {*_ids(exact)}) >= 9
    assert max(_ids(answer)) <= COUNT // 2


@pytest.mark.parametrize("way", WAYS)
def test_k_beyond_the_collection_gives_all_other_pictures(
    recommender: Recommender, way: str
) -> None:
    answer = recommender.query([1, 1, 2], 10_000, fuse="min", index=way)
    assert sorted(_ids(answer)) == list(range(3, COUNT + 1))
    assert all(len(result.per_query) == 3 for result in answer.results)


@pytest.mark.parametrize("way", ["exact", "sketch"])
@pytest.mark.parametrize("metric", SCIPY)
@pytest.mark.parametrize("fuse", ["mean", "min", "max"])
def test_unwanted_pictures_add_a_penalty_to_pictures_near_them(
    recommender: Recommender, way: str, metric: str, fuse: str
) -> None:
    if (way, metric) == ("sketch", "manhattan"):
        with pytest.raises(ImgrecError, match="needs the distance to every picture"):
            recommender.query([1], metric=metric, unwanted=[2], index=way)
        return
    recalls = []
    for start in range(0, 40, 4):
        likes, dislikes = ASKED[start : start + 2], ASKED[start + 2 : start + 4]
        answer = recommender.query(likes, 8, metric, fuse, unwanted=dislikes, index=way)
        vectors = _unit()
        to = cdist(vectors[np.array(likes) - 1], vectors, SCIPY[metric])  # (2, n)
        away = cdist(vectors[np.array(dislikes) - 1], vectors, SCIPY[metric])
        moved = np.empty_like(to)
        for q in range(2):
            margins = away[:, likes[q] - 1]
            moved[q] = to[q] + (margins[:, None] - away).max(axis=0) / 2
        fused = getattr(np, fuse)(moved, axis=0)
        found = np.array(_ids(answer)) - 1
        shown = np.maximum(fused[found], 0)
        assert np.allclose([r.distance for r in answer.results], shown, atol=1e-4)
        assert (np.diff(fused[found]) > -1e-4).all()
        assert np.allclose([r.per_unwanted for r in answer.results], away[:, found].T, atol=1e-4)
        assert not set(_ids(answer)) & {*likes, *dislikes}
        fused[np.array([*likes, *dislikes]) - 1] = np.inf
        recalls.append(_recall(answer, fused))
    assert np.mean(recalls) >= (1 if way == "exact" else 0.98)


def test_pictures_similar_to_an_unwanted_one_rank_lower(recommender: Recommender) -> None:
    vectors, later = _unit(), []
    for asked in ASKED[:20]:
        plain = recommender.query([asked], 40)
        unwanted = plain.results[4].id
        pushed = recommender.query([asked], 40, unwanted=[unwanted])
        assert unwanted not in _ids(pushed)
        to_unwanted = cdist(vectors[[unwanted - 1]], vectors, "cosine")[0]
        before = to_unwanted[np.array(_ids(plain)[:11]) - 1]
        after = to_unwanted[np.array(_ids(pushed)[:10]) - 1]
        later.append(after.mean() > before[before > 1e-9].mean())
    assert np.mean(later) == 1


@given(
    arrays(np.float32, (3, 12), elements=st.floats(0, 2, width=16)),
    arrays(np.float32, (1, 2), elements=st.floats(0, 2, width=16)),
)
def test_a_copy_of_the_query_keeps_distance_zero_under_penalties(
    distances: np.ndarray, margins: np.ndarray
) -> None:
    to, away = [np.zeros((1, 4), np.float32)], [np.zeros((2, 4), np.float32)]
    question = Question(to, away, margins, "mean", np.zeros(0, int))
    distances[0, 0], distances[1:, 0] = 0, margins[0]
    assert question.scores(distances)[0] == 0


@pytest.mark.parametrize("spread", [0.2, 0.05, 0.01])
@pytest.mark.parametrize("way", ["sketch", "hnsw"])
def test_more_candidates_are_compared_among_nearly_equal_pictures(
    tmp_path: Path, way: str, spread: float
) -> None:
    rng = np.random.default_rng(4)
    crowds = rng.normal(size=(4, 512))[rng.integers(0, 4, 6000)]
    vectors = (crowds + spread * rng.normal(size=crowds.shape)).astype(np.float32)
    vector_stores.make(tmp_path / "store", {"burst": vectors}, 2000)
    vector_stores.update(tmp_path / "store")
    recalls = []
    with Recommender.open(tmp_path / "store", cache="none") as opened:
        for asked in range(1, 40):
            distances = cdist(vectors[[asked - 1]].astype(float), vectors, "cosine")[0]
            distances[asked - 1] = np.inf
            answer = opened.query([asked], index=way)
            # The resolution of float32 distances.
            limit = np.sort(distances)[4] + 3e-7
            recalls.append((distances[np.array(_ids(answer)) - 1] <= limit).mean())
    assert np.mean(recalls) >= 0.99


@pytest.mark.parametrize("way", ["exact", "sketch"])
@pytest.mark.parametrize("metric", SCIPY)
def test_features_are_combined_by_weights(recommender: Recommender, way: str, metric: str) -> None:
    if (way, metric) == ("sketch", "manhattan"):
        with pytest.raises(ImgrecError, match="no sketch for manhattan of long and rgb"):
            recommender.query([1], metric=metric, features="long=2,rgb=0.5", index=way)
        return
    norm = 1 if metric == "manhattan" else 2
    expected = 0.0
    for vectors, weight in ((VECTORS, 0.8), (HISTOGRAMS, 0.2)):
        wide = vectors.astype(float)
        wide /= np.linalg.norm(wide, norm, axis=1, keepdims=True)
        expected += weight * cdist(wide[np.array(ASKED) - 1], wide, SCIPY[metric])
    recalls = []
    for asked, row in zip(ASKED, np.asarray(expected), strict=True):
        answer = recommender.query(
            [asked], metric=metric, features={"long": 2, "rgb": 0.5}, index=way
        )
        assert answer.encoder == "long=2,rgb=0.5"
        found = np.array(_ids(answer)) - 1
        assert np.allclose([r.distance for r in answer.results], row[found], atol=1e-4)
        row[asked - 1] = np.inf
        recalls.append(_recall(answer, row))
    assert np.mean(recalls) >= (1 if way == "exact" else 0.99)


def test_combined_features_skip_pictures_that_lack_one(tmp_path: Path) -> None:
    vector_stores.make(tmp_path / "store", {"a": VECTORS[:40]}, 20)
    vector_stores.add_part(tmp_path / "store", "rgb", np.arange(1, 31), HISTOGRAMS[:30])
    vector_stores.add_pictures(tmp_path / "store", range(41, 46))
    rest = np.arange(41, 46)
    vector_stores.add_part(tmp_path / "store", "rgb", rest, HISTOGRAMS[rest - 1])
    with Recommender.open(tmp_path / "store") as recommender:
        answer = recommender.query([1], 100, features="a,rgb")
        # The pictures that have both features.
        assert sorted(_ids(answer)) == list(range(2, 31))
        with pytest.raises(ImgrecError, match="no vector of picture 41"):
            recommender.query([41], features="a,rgb")


@pytest.mark.parametrize("way", ["exact", "sketch"])
def test_combined_unites_the_nearest_by_three_metrics_ordered_by_cosine(
    recommender: Recommender, way: str
) -> None:
    wide, counts = VECTORS.astype(float), []
    for asked in ASKED[:20]:
        answer = recommender.query([asked], 10, "combined", encoder="long", index=way)
        union: set[int] = set()
        for name in SCIPY.values():
            distances = cdist(wide[[asked - 1]], wide, name)[0]
            distances[asked - 1] = np.inf
            union |= set(np.argsort(distances)[:10].tolist())
        cosines = cdist(wide[[asked - 1]], wide, "cosine")[0]
        assert _ids(answer) == [r + 1 for r in sorted(union, key=lambda r: cosines[r])]
        assert (answer.index, answer.exact) == (way, way == "exact")
        assert answer.results[0].similarity == pytest.approx(1 - answer.results[0].distance)
        counts.append(len(answer.results))
    assert 10 < max(counts) <= 30


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"metric": "chi2", "encoder": "long"}, "compares histograms, and long is not one"),
        ({"metric": "pca-cosine", "encoder": "long"}, "use encoder rgb, or metric cosine or"),
        ({"metric": "chi2", "features": "long,rgb"}, "chi2 cannot join features: use"),
        ({"metric": "combined", "features": "long,rgb"}, "combined cannot join features"),
        ({"features": "long,rgb", "encoder": "long"}, "exclude each other"),
        ({"features": "long=x"}, "x is not a number"),
        ({"features": "long=0,rgb"}, "the weight of long is 0"),
        ({"features": "long=-1,rgb"}, "the weight of long is -1"),
        ({"features": "long=inf,rgb"}, "the weight of long is inf"),
        ({"features": "long,long"}, "long is named twice"),
        ({"features": ","}, "names no feature"),
        ({"features": "long,nothing"}, "no feature 'nothing'"),
        ({"index": "ivf"}, "'ivf'; known: auto, exact, sketch, hnsw"),
        ({"index": "hnsw", "encoder": "long"}, "long has no graph: run imgrec index --hnsw"),
        ({"index": "sketch", "metric": "chi2"}, "no sketch for chi2 of rgb"),
        ({"index": "hnsw", "unwanted": [2]}, "has several or --not"),
        ({"features": "=1"}, "names no feature"),
        ({"features": "long=1e308,rgb=1e308"}, "the weight of long is 1e"),
    ],
)
def test_invalid_options_are_refused(
    recommender: Recommender, how: dict[str, Any], message: str
) -> None:
    with pytest.raises(ImgrecError, match=message):
        recommender.query([1], **how)


def test_the_graph_supports_only_cosine_for_vectors_of_various_norms(tmp_path: Path) -> None:
    vector_stores.make(tmp_path / "store", {"long": VECTORS[:200]})
    vector_stores.update(tmp_path / "store")
    with Recommender.open(tmp_path / "store") as recommender:
        assert len(recommender.query([1], index="hnsw").results) == 5
        with pytest.raises(ImgrecError, match="serves cosine, not euclidean"):
            recommender.query([1], metric="euclidean", index="hnsw")


def test_small_collections_are_searched_exactly_by_default(recommender: Recommender) -> None:
    assert recommender.query([1]).exact
    assert recommender.query([1], metric="chi2").exact


def test_every_metric_answers(recommender: Recommender) -> None:
    for name in METRICS:
        answer = recommender.query([4, 9], 3, name)
        assert len(answer.results) >= 3
        assert answer.encoder == ("rgb" if metric_named(name).histograms_only else "unit")
