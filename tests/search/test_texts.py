"""Questions by words against numpy: examples by class, their mean, distances to it; text towers."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import classified_stores
import vector_stores
from classified_stores import CLASSIFIER, TOWER, probabilities
from imgrec import EncoderError, ImgrecError, Recommender, Result, Store, WrongValueError
from imgrec.encoders.classifier import LinearHead
from imgrec.encoders.imagenet.words import meaning_of
from imgrec.encoders.spec import EncoderSpec
from imgrec.search.texts import least_convincing
from imgrec.store.features import FeatureStore


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classified_stores.make(tmp_path_factory.mktemp("classified") / "store")


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    classified_stores.register(monkeypatch)


@pytest.fixture
def recommender(path: Path) -> Iterator[Recommender]:
    with Recommender.open(path, cache="none") as opened:
        yield opened


def _loaded(recommender: Recommender, name: str) -> np.ndarray:
    feature: FeatureStore = recommender.store.feature(name)
    return feature.load().astype(float)


def _mean_of(word: str, recommender: Recommender, name: str) -> np.ndarray:
    """Return the reference: the mean of the 15 likeliest, weighted by their probabilities."""
    classes = list(meaning_of(word).classes)
    shares = probabilities(_loaded(recommender, CLASSIFIER))[:, classes].sum(axis=1)
    best = np.argsort(-shares, kind="stable")[:15]
    mean: np.ndarray = np.average(_loaded(recommender, name)[best], axis=0, weights=shares[best])
    return mean


def _check(results: Sequence[Result], distances: np.ndarray) -> None:
    """Check that results are all finite distances, ascending; near-ties may stand either way."""
    ids = [result.id - 1 for result in results]
    assert sorted(ids) == np.flatnonzero(np.isfinite(distances)).tolist()
    assert np.allclose([result.distance for result in results], distances[ids], atol=1e-4)
    assert np.allclose(distances[ids], np.sort(distances[ids]), atol=1e-4)


@pytest.mark.parametrize("feature", [CLASSIFIER, "mini", f"{CLASSIFIER}+mini"])
@pytest.mark.parametrize(("metric", "scipy"), [("cosine", "cosine"), ("manhattan", "cityblock")])
def test_a_text_is_the_mean_of_the_likeliest_pictures(
    recommender: Recommender, feature: str, metric: str, scipy: str
) -> None:
    vectors = _loaded(recommender, feature)
    for word in ("dog", "vehicle", "zebra"):
        answer = recommender.query(text=[word], k=900, metric=metric, encoder=feature)
        distances = cdist(_mean_of(word, recommender, feature)[None], vectors, scipy)[0]
        # No picture is left out: the examples are results too.
        _check(answer.results, distances)


def test_joined_features_have_a_mean_each(recommender: Recommender) -> None:
    features = {CLASSIFIER: 1.0, "mini": 0.5}
    answer = recommender.query(text=["dog"], k=900, features=features)
    pairs = [(_mean_of("dog", recommender, name)[None], _loaded(recommender, name), weight)
             for name, weight in features.items()]  # fmt: skip
    distances = sum(weight * cdist(mean, all_, "cosine")[0] for mean, all_, weight in pairs) / 1.5
    _check(answer.results, distances)


def test_texts_and_pictures_together_and_texts_that_are_unwanted(recommender: Recommender) -> None:
    answer = recommender.query([7], 900, text=["dog"], unwanted=[9], unwanted_text=["car"])
    vectors = _loaded(recommender, CLASSIFIER)
    to = np.stack([vectors[6], _mean_of("dog", recommender, CLASSIFIER)])
    away = np.stack([vectors[8], _mean_of("car", recommender, CLASSIFIER)])
    wanted, unwanted = cdist(to, vectors, "cosine"), cdist(away, vectors, "cosine")
    margins = cdist(to, away, "cosine")
    moved = (margins[:, :, None] - unwanted[None]).max(axis=1)
    scores = (wanted + 0.5 * moved).mean(axis=0)
    scores = np.maximum(scores, 0)
    scores[[6, 8]] = np.inf
    _check(answer.results, scores)
    first = answer.results[0]
    assert np.allclose(first.per_query, wanted[:, first.id - 1], atol=1e-5)
    assert np.allclose(first.per_unwanted, unwanted[:, first.id - 1], atol=1e-5)
    assert (answer.queries, answer.unwanted) == (["id 7"], ["id 9"])
    assert [(text.text, text.unwanted) for text in answer.texts] == [("dog", False), ("car", True)]


def test_the_answer_says_what_was_understood(recommender: Recommender) -> None:
    (text,) = recommender.query(text=["The Dogs"]).texts
    assert (text.text, text.word, text.sense, text.by) == ("The Dogs", "dog", 1, CLASSIFIER)
    assert len(text.classes) == 118
    assert text.classes[0] == "Chihuahua"
    dogs = list(meaning_of("dog").classes)
    shares = probabilities(_loaded(recommender, CLASSIFIER))[:, dogs].sum(axis=1)
    assert text.best == pytest.approx(shares.max(), abs=1e-3)
    assert text.pictures == (shares >= 0.5).sum() > 10
    assert text.note == ""


def test_an_improbable_word_is_answered_with_a_note(recommender: Recommender) -> None:
    shares = probabilities(_loaded(recommender, CLASSIFIER)).max(axis=0)
    names = {"goldfish": 1, "hen": 8, "zebra": 340, "pizza": 963, "daisy": 985, "teapot": 849,
             "toaster": 859, "piano": 881, "violin": 889, "volcano": 980}  # fmt: skip
    for word in names:
        (text,) = recommender.query(text=[word]).texts
        greatest = shares[list(meaning_of(word).classes)].max()
        assert bool(text.note) == (greatest < 0.1), word
        if text.note:
            assert text.note == f"no picture here looks like {word!r}; what is nearest is shown"
    assert {shares[list(meaning_of(word).classes)].max() < 0.1 for word in names} == {True, False}


@pytest.mark.parametrize(
    ("classes", "share"), [(1, 0.1), (33, 0.1), (50, 0.15), (118, 0.354), (167, 0.5), (398, 0.5)]
)
def test_a_word_of_many_classes_has_to_be_more_probable(classes: int, share: float) -> None:
    assert least_convincing(classes) == pytest.approx(share, abs=0.005)


def test_chance_alone_is_no_dog(tmp_path: Path) -> None:
    # A head without preference: the probability of a dog is 0.118 everywhere.
    store = classified_stores.make(tmp_path / "store", 40)
    flat = LinearHead(np.zeros((1000, 24), np.float32), np.zeros(1000, np.float32))
    with pytest.MonkeyPatch.context() as patch, Store.create(store) as opened:
        patch.setattr(classified_stores, "head", lambda: flat)
        dogs = opened.paths.classes(CLASSIFIER)
        shutil.rmtree(dogs)
        classified_stores.add_classes(store, np.arange(1, 41), np.zeros((40, 24), np.float32))
        with Recommender.open(store, cache="none") as recommender:
            (text,) = recommender.query(text=["dog"]).texts
    assert text.best == pytest.approx(0.118, abs=1e-3)
    assert text.note == "no picture here looks like 'dog'; what is nearest is shown"


def test_filters_choose_results_and_not_what_a_word_means(recommender: Recommender) -> None:
    everywhere = recommender.query(text=["dog"], k=900)
    low = recommender.query(text=["dog"], k=900, where=["half=low"])
    assert low.texts == everywhere.texts
    wanted = [(r.id, r.distance) for r in everywhere.results if r.id <= 450]
    assert [(r.id, r.distance) for r in low.results] == wanted


def test_a_new_state_of_the_store_gives_new_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = classified_stores.make(tmp_path / "store", 60)
    with Recommender.open(store, cache="none") as recommender:
        before = recommender.query(text=["dog"]).texts[0]
        assert recommender.query(text=["dog"]).texts[0] == before
        weights = classified_stores.head().weights
        # Twenty pictures of a Chihuahua.
        new = np.tile(3 * weights[151], (20, 1)).astype(np.float32)
        ids = np.arange(61, 81)
        vector_stores.add_pictures(store, ids.tolist())
        vector_stores.add_part(store, CLASSIFIER, ids, new)
        classified_stores.add_classes(store, ids, new)
        after = recommender.query(text=["dog"], k=20)
    assert after.texts[0].best == pytest.approx(1, abs=0.01)
    assert after.texts[0].pictures == (before.pictures or 0) + 20
    assert sorted(result.id for result in after.results) == ids.tolist()


def test_without_its_head_a_classifier_is_asked_by_the_stored_five(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classified_stores.register(monkeypatch, with_head=False)
    with Recommender.open(path, cache="none") as recommender:
        classes = recommender.store.classes(CLASSIFIER)
        wanted = np.isin(classes.top, meaning_of("dog").classes)
        shares = (classes.probabilities * wanted).sum(axis=1)
        best = np.argsort(-shares, kind="stable")[:15]
        vectors = _loaded(recommender, CLASSIFIER)
        mean = np.average(vectors[best], axis=0, weights=shares[best])
        answer = recommender.query(text=["dog"], k=900)
        distances = cdist(mean[None], vectors, "cosine")[0]
        _check(answer.results, distances)
        names = [index for index in range(1000) if index not in classes.top]
        rare = next(word for word, index in _WORDS.items() if index in names)
        with pytest.raises(ImgrecError, match=f"looks like '{rare}': of the five classes"):
            recommender.query(text=[rare])


def test_weights_that_cannot_be_had_leave_the_stored_five(
    recommender: Recommender, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(spec: EncoderSpec) -> LinearHead:
        raise EncoderError("the package is not installed")

    monkeypatch.setattr(classified_stores, "load_head", absent)
    answer = recommender.query(text=["dog"], k=900)
    classified_stores.register(monkeypatch, with_head=False)
    with Recommender.open(path, cache="none") as headless:
        expected = headless.query(text=["dog"], k=900)
    assert [result.id for result in answer.results] == [result.id for result in expected.results]
    note = f"the weights of {CLASSIFIER} cannot be had: by the five classes of each picture"
    assert (answer.texts[0].note, expected.texts[0].note) == (note, "")


# Words of one class each, of which some are stored nowhere.
_WORDS = {
    word: meaning_of(word).classes[0]
    for word in ("goldfish", "zebra", "pizza", "daisy", "teapot", "toaster", "violin", "volcano",
                 "hammer", "iPod", "otter", "beaver", "broccoli", "acorn", "comic book", "mosque")
}  # fmt: skip


def test_a_store_without_classes_of_imagenet(tmp_path: Path) -> None:
    vectors = vector_stores.clustered(40, classified_stores.DIMENSIONS)
    store = vector_stores.make(tmp_path / "store", {CLASSIFIER: vectors})
    with Recommender.open(store, cache="none") as recommender:
        with pytest.raises(ImgrecError, match=r"no classes of ImageNet.*--encoder lite0"):
            recommender.query(text=["dog"])
        names = [f"class {number}" for number in range(1000)]
        classified_stores.add_classes(store, np.arange(1, 41), vectors, names)
        with pytest.raises(ImgrecError, match="no classes of ImageNet"):
            recommender.query(text=["dog"])


def test_what_cannot_be_asked(recommender: Recommender) -> None:
    with pytest.raises(ImgrecError, match="no class for 'giraffe': try one of ruminant"):
        recommender.query(text=["giraffe"])
    with pytest.raises(ImgrecError, match="text '' is empty"):
        recommender.query([7], unwanted_text=[""])
    with pytest.raises(ValueError, match="no picture and no text is asked for"):
        recommender.query(unwanted_text=["dog"])


def test_a_sentence_is_answered_with_its_noun_and_its_color(path: Path, tmp_path: Path) -> None:
    own = shutil.copytree(path, tmp_path / "store")
    with Store.create(own) as store:
        store.catalog.labels.replace("color", {1: "red"})
    with Recommender.open(own, cache="none") as recommender:
        for text, use in (
            ("a red dress on a bed", "use text dress and where color=red"),
            ("a blue dress", "use text dress"),
        ):
            with pytest.raises(WrongValueError) as caught:
                recommender.query(text=text)
            assert str(caught.value).startswith(f"text {text!r} is no single noun, ")
            assert str(caught.value).endswith(f": {use}")
        for empty in ("", " "):
            with pytest.raises(WrongValueError, match=f"text {empty!r} is empty: say what to"):
                recommender.query(text=empty)


def test_one_text_may_stand_for_a_list(recommender: Recommender) -> None:
    listed = recommender.query(text=["dog"], unwanted_text=["car"])
    assert recommender.query(text="dog", unwanted_text="car").results == listed.results


@pytest.fixture(scope="module")
def colored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classified_stores.make_colored(tmp_path_factory.mktemp("colored"))


def test_a_text_tower_encodes_texts_and_its_vectors_are_cached(
    colored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    encode = classified_stores.Tower.encode_text

    def counted(self: classified_stores.Tower, texts: list[str]) -> np.ndarray:
        encoded.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(classified_stores.Tower, "encode_text", counted)
    for _ in range(2):
        with Recommender.open(colored, cache=str(tmp_path / "cache.sqlite")) as recommender:
            for color in ("red", "lime"):
                answer = recommender.query(text=[color], k=3)
                assert answer.results[0].path == f"{color}.png"
                assert answer.results[0].distance == pytest.approx(0, abs=1e-6)
            (text,) = answer.texts
            assert (text.text, text.by, text.word, text.classes) == ("lime", TOWER, None, [])
    assert encoded == ["red", "lime"]


def test_a_feature_without_a_text_tower_needs_classes(colored: Path) -> None:
    with Store.open(colored) as store:
        recommender = Recommender(store, cache="none")
        for feature in ("mini", f"{TOWER}=1,mini=1"):
            with pytest.raises(ImgrecError, match=f"no classes of .* or ask by --encoder {TOWER}"):
                recommender.query(text=["dog"], features=feature)
        with pytest.raises(ImgrecError, match="is empty"):
            recommender.query(text=["  "])
