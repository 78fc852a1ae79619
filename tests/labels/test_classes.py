"""Predicted classes of a store: those of the whole torchvision model, for every picture."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from classifiers import random_weights, whole_model
from imgrec import EncoderError, Options, Recommender, Store, index_folders
from imgrec.encoders.networks import preprocessing_of
from imgrec.pictures.decoding import decode, pixels_for
from imgrec.store.classes import Classes
from stores import contents
from stub_encoders import Head, LightWithHead, mean_colors, registered

# The head of the first is a linear layer, that of the second a convolution.
NAME, CONV = "mobilenet_v3_small", "squeezenet1_1"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("weights")
    return {name: random_weights(folder / f"{name}.pth", name) for name in (NAME, CONV)}


def _options(weights: dict[str, Path], name: str, *more: str) -> Options:
    return Options((name, *more), weights[name], device="cpu", workers=0, batch_size=8)


@pytest.fixture(scope="module")
def stores(
    weights: dict[str, Path], photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("stores")
    for name in (NAME, CONV):
        index_folders([photos], folder / name, _options(weights, name))
    return {name: folder / name for name in (NAME, CONV)}


@pytest.fixture(params=[NAME, CONV])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def own(stores: dict[str, Path], name: str, tmp_path: Path) -> Path:
    """Copy the store of `name`, so that a test may change it."""
    return Path(shutil.copytree(stores[name], tmp_path / "store"))


@pytest.fixture
def opened(own: Path) -> Iterator[Store]:
    with Store.open(own) as store:
        yield store


def _classes(path: Path, name: str | None = None) -> Classes:
    with Store.open(path) as store:
        return store.classes(name)


def _labels(path: Path) -> dict[int, dict[str, str]]:
    with Store.open(path) as store:
        return store.catalog.labels.of(store.catalog.ids("ok"))


def _same(found: Classes, expected: Classes) -> None:
    assert np.array_equal(found.ids, expected.ids)
    assert np.array_equal(found.top, expected.top)
    assert np.allclose(found.probabilities, expected.probabilities, atol=1e-5)
    assert found.categories == expected.categories


def test_classes_equal_those_of_the_whole_model(
    opened: Store, name: str, weights: dict[str, Path], photos: Path
) -> None:
    found = opened.classes()
    entries = opened.catalog.entries(found.ids)
    images = [decode((photos / entry.path).read_bytes()).image for entry in entries]
    pixels = np.stack([pixels_for(image, preprocessing_of(name)) for image in images])
    indices, probabilities = whole_model(name, weights[name], pixels)
    assert found.encoder == name
    assert np.array_equal(found.ids, opened.feature().ids)
    assert np.array_equal(found.top, indices)
    assert np.allclose(found.probabilities, probabilities, atol=1e-5)
    labels = opened.catalog.labels.of(found.ids)
    for image_id, top, shares in zip(found.ids.tolist(), indices, probabilities, strict=True):
        assert labels[image_id]["class"] == found.categories[top[0]]
        assert abs(float(labels[image_id]["confidence"]) - shares[0]) < 0.0051


LIGHT = "stub-light-head"


def _softmax_of_mean_colors(photos: Path, paths: list[str]) -> np.ndarray:
    images = [decode((photos / path).read_bytes()).image for path in paths]
    how = LightWithHead(LIGHT).spec.preprocessing
    colors = mean_colors(np.stack([pixels_for(image, how) for image in images]))
    scores = colors.reshape(len(paths), -1, 3).mean(axis=1).astype(np.float64)
    shares = np.exp(scores)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def test_a_classifier_in_the_workers_gets_its_classes_in_the_same_pass(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("classes are computed in a second pass")

    monkeypatch.setattr("imgrec.labels.classes.write_classes", refuse)
    own = tmp_path / "store"
    # Several parts of several batches each.
    options = Options((LIGHT,), workers=0, batch_size=4, part_rows=10)
    with registered():
        assert index_folders([photos], own, options).done == 24
        assert index_folders([photos], own, options).done == 0
    found, labels = _classes(own), _labels(own)
    assert (found.encoder, found.categories) == (LIGHT, Head.categories)
    with Store.open(own) as store:
        assert np.array_equal(found.ids, store.feature().ids)
        paths = [entry.path for entry in store.catalog.entries(found.ids)]
    expected = _softmax_of_mean_colors(photos, paths)
    assert np.allclose(found.probabilities, -np.sort(-expected, axis=1), atol=1e-6)
    assert np.array_equal(found.top[:, 0], expected.argmax(axis=1))
    for image_id, shares in zip(found.ids.tolist(), expected, strict=True):
        assert labels[image_id]["class"] == Head.categories[shares.argmax()]
        assert abs(float(labels[image_id]["confidence"]) - shares.max()) < 0.0051


def test_lost_classes_of_a_classifier_in_the_workers_come_from_its_vectors(
    photos: Path, tmp_path: Path
) -> None:
    own, options = tmp_path / "store", Options((LIGHT,), workers=0)
    with registered():
        index_folders([photos], own, options)
        expected, labels = _classes(own), _labels(own)
        shutil.rmtree(own / "classes")
        with Store.create(own) as store:
            store.catalog.db.execute("DELETE FROM labels WHERE kind IN ('class', 'confidence')")
        assert index_folders([photos], own, options).done == 0
    _same(_classes(own), expected)
    assert _labels(own) == labels


def test_missing_classes_are_computed_by_the_next_run(
    own: Path, name: str, weights: dict[str, Path], photos: Path
) -> None:
    expected, labels = _classes(own), _labels(own)
    vectors = contents(own)["vectors"]
    shutil.rmtree(own / "classes")
    with Store.create(own) as store:
        store.catalog.db.execute("DELETE FROM labels WHERE kind IN ('class', 'confidence')")
    summary = index_folders([photos], own, _options(weights, name))
    # A linear head is applied to the stored vectors; other heads need the pictures.
    assert summary.done == (0 if name == NAME else 24)
    _same(_classes(own), expected)
    assert _labels(own) == labels
    assert contents(own)["vectors"] == vectors
    assert index_folders([photos], own, _options(weights, name)).done == 0


def test_a_run_without_new_pictures_writes_nothing(
    own: Path, name: str, weights: dict[str, Path], photos: Path
) -> None:
    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in (own / "classes").rglob("*")}

    before, labels = state(), _labels(own)
    assert index_folders([photos], own, _options(weights, name)).done == 0
    assert state() == before
    assert _labels(own) == labels


def test_labels_come_from_the_encoder_of_the_store(
    stores: dict[str, Path], weights: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(stores[NAME], tmp_path / "store"))
    before = _labels(own)
    index_folders([photos], own, _options(weights, CONV))
    with Store.open(own) as store:
        assert store.class_encoders() == [NAME, CONV]
        assert store.encoder == CONV
    assert _labels(own) == _labels(stores[CONV]) != before
    _same(_classes(own, NAME), _classes(stores[NAME]))
    index_folders([photos], own, Options(encoders=("mini",), workers=0))
    with Store.open(own) as store:
        assert store.encoder == "mini"
        # The first encoder that is a classifier.
        assert store.classes().encoder == NAME
    assert _labels(own) == before


def test_category_names_are_read_from_a_file_beside_the_weights(
    photos: Path, tmp_path: Path, weights: dict[str, Path]
) -> None:
    file = random_weights(tmp_path / "seven.pth", NAME, 7)
    options = Options((NAME,), file, device="cpu", workers=0)
    index_folders([photos], tmp_path / "store", options)
    found = _classes(tmp_path / "store")
    assert found.categories == tuple(f"class {i}" for i in range(7))
    assert found.top.shape == (24, 5)
    names = [f"näme {i}, a, </script>" for i in range(7)]
    beside = tmp_path / "seven.pth.classes.txt"
    beside.write_text("\n".join(names) + "\n", "utf-8")
    assert index_folders([photos], tmp_path / "store", options).done == 0
    assert _classes(tmp_path / "store").categories == tuple(names)
    labels = _labels(tmp_path / "store")
    for image_id, top in zip(found.ids.tolist(), found.top.tolist(), strict=True):
        assert labels[image_id]["class"] == names[top[0]]
    with Recommender.open(tmp_path / "store") as recommender:
        result = recommender.query([photos / "discs" / "000.jpg"], k=1).results[0]
        assert result.labels["class"] == labels[result.id]["class"]
    for wrong in ("only\ntwo\n", "\n".join(["x", *names[2:], "", "y"]), "a\n" * 8):
        beside.write_text(wrong, "utf-8")
        with pytest.raises(EncoderError, match=r"names \d classes, the weights have 7"):
            index_folders([photos], tmp_path / "store", options)
    beside.write_bytes(b"\xff\xfe\xfc")
    with pytest.raises(EncoderError, match="is not UTF-8"):
        index_folders([photos], tmp_path / "store", options)


def test_classes_of_other_weights_are_computed_again(own: Path, name: str, photos: Path) -> None:
    other = random_weights(own.parent / "other.pth", name, seed=1)
    before, labels = _classes(own), _labels(own)
    shutil.rmtree(own / "features" / name)
    options = Options((name,), other, device="cpu", workers=0)
    assert index_folders([photos], own, options).done == 24
    after = _classes(own)
    assert np.array_equal(after.ids, before.ids)
    assert not np.array_equal(after.top, before.top)
    assert _labels(own) != labels
    index_folders([photos], own.with_name("fresh"), options)
    _same(after, _classes(own.with_name("fresh")))
    assert _labels(own) == _labels(own.with_name("fresh"))


def test_a_run_killed_between_parts_resumes_to_the_same_store(
    name: str,
    weights: dict[str, Path],
    stores: dict[str, Path],
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dies(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(
            "imgrec.indexing.finished.write_part",
            dies,
            # Killed after the catalog and the classes were written.
        )
        with pytest.raises(OSError, match="killed"):
            index_folders([photos], tmp_path / "store", _options(weights, name))
    index_folders([photos], tmp_path / "store", _options(weights, name))
    _same(_classes(tmp_path / "store"), _classes(stores[name]))
    assert contents(tmp_path / "store") == contents(stores[name])


def test_mini_has_no_classes(photo_store: Path) -> None:
    with Store.open(photo_store) as store:
        assert store.class_encoders() == []
        assert "class" not in store.catalog.labels.kinds()
    assert not (photo_store / "classes").exists()
