"""torchvision encoders with random weights, against torchvision's own models and preprocessing."""

import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import nn

from classifiers import random_weights, whole_model
from imgrec import EncoderError, Options, Recommender, Store, index_folders
from imgrec.encoders import load_encoder
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.networks import (
    Head,
    build_model,
    model_names,
    normalization_of,
    preprocessing_of,
)
from imgrec.encoders.passes import Passes
from imgrec.pictures.decoding import decode, pixels_for
from imgrec.store.classes import top_classes
from pictures import encoded, picture

NAME = "mobilenet_v3_small"
FAMILIES = [
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s"),
    *("googlenet", "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small"),
    *("regnet_x_400mf", "resnet50", "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_1"),
    *("swin_t", "swin_v2_t", "vgg11", "vit_b_32", "vit_h_14", "wide_resnet50_2"),
]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a file of random weights for `mobilenet_v3_small`."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(torchvision.models.get_model(NAME, weights=None).state_dict(), path)
    return path


@pytest.fixture(autouse=True)
def no_cache_and_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("urllib.request.urlopen", _refuse)
    monkeypatch.setattr("torch.hub.urlopen", _refuse)


def _refuse(*_: object, **__: object) -> None:
    raise OSError("no network in tests")


def test_features_are_those_of_the_model_before_its_head(weights: Path) -> None:
    encoder = load_encoder(NAME, weights, "cpu")
    image = decode(encoded(picture("discs", 1, (400, 300)), "PNG")).image
    pixels = pixels_for(image, encoder.spec.preprocessing)
    found = encoder.encode(np.stack([pixels, pixels[::-1]]))

    model = torchvision.models.get_model(NAME, weights=None).eval()
    model.load_state_dict(torch.load(weights, weights_only=True))
    preset = torchvision.models.get_model_weights(NAME).DEFAULT.transforms()
    mean, std = torch.tensor(preset.mean).view(3, 1, 1), torch.tensor(preset.std).view(3, 1, 1)
    batch = torch.from_numpy(np.stack([pixels, pixels[::-1]])).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        pooled = model.avgpool(model.features((batch - mean) / std)).flatten(1)
        expected = model.classifier[:-1](pooled).numpy()
    assert found.dtype == np.float32
    assert found.shape == (2, encoder.spec.dimensions) == (2, 1024)
    assert np.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (200, 301), (640, 230)])
def test_pixels_equal_those_of_torchvisions_own_preprocessing(size: tuple[int, int]) -> None:
    preset = torchvision.models.get_model_weights("resnet50").DEFAULT.transforms()
    image = picture("discs", 3, size)
    ours = pixels_for(image, preprocessing_of("resnet50")).astype(float) / 255
    mean, std = np.array(preset.mean), np.array(preset.std)
    theirs = preset(image).permute(1, 2, 0).numpy() * std + mean
    assert ours.shape == theirs.shape == (224, 224, 3)
    # torchvision's preprocessing rounds twice.
    assert np.abs(ours - theirs).max() * 255 < 1.01


@pytest.mark.parametrize("name", FAMILIES)
def test_every_model_family_gives_features_instead_of_classes(name: str) -> None:
    side = preprocessing_of(name).crop_px
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        # On the meta device only shapes are computed.
        model = build_model(name).eval().to("meta")
    pixels = torch.zeros(2, 3, side, side, device="meta")
    assert model(pixels).shape == (2, 1000)
    head = Head.of(model)
    head.take_off(model)
    assert head.dimensions > 0
    assert head.classes == 1000
    width = head.dimensions + (0 if head.is_linear else 1000)
    assert model(pixels).shape == (2, width)
    assert head.is_linear == (not name.startswith("squeezenet"))


def test_the_tested_families_cover_every_model() -> None:
    stems = {re.match("[a-z]+", name)[0] for name in FAMILIES}  # type: ignore[index]
    assert {re.match("[a-z]+", name)[0] for name in model_names()} == stems  # type: ignore[index]


def test_resnet50_has_2048_dimensions_and_the_published_preprocessing() -> None:
    with torch.device("meta"):
        assert Head.of(build_model("resnet50")).dimensions == 2048
    published = preprocessing_of("resnet50")
    assert (published.resize_px, published.crop_px) == (232, 224)
    assert preprocessing_of("inception_v3").crop_px == 299


def test_the_head_is_the_last_convolution_if_there_is_no_linear_layer() -> None:
    model = nn.Sequential(nn.Conv2d(3, 7, 1), nn.Conv2d(7, 1000, 1))
    head, layer = Head.of(model), model[1]
    assert (head.dimensions, head.classes, head.layer) == (7, 1000, layer)


def test_the_error_for_missing_weights_names_all_ways_to_get_them() -> None:
    with pytest.raises(EncoderError) as caught:
        load_encoder("resnet50")
    ways = "TORCH_HOME", "--weights FILE", "download", "--encoder mini", "no network in tests"
    for way in ways:
        assert way in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"words", b"\x80\x04\x95junk."])
def test_a_damaged_weights_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(EncoderError, match=r"bad\.pth cannot be used: it is [a-z A-Z.]+; name"):
        load_encoder(NAME, tmp_path / "bad.pth", "cpu")


def test_weights_of_another_model_are_refused(weights: Path) -> None:
    with pytest.raises(EncoderError, match="do not fit the model"):
        load_encoder("resnet18", weights, "cpu")
    with pytest.raises(EncoderError, match="is not a file"):
        load_encoder(NAME, weights.parent / "absent.pth", "cpu")


class Trap:
    """An object that creates a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._folder),)


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
def test_code_in_a_weights_file_is_not_run(form: str, tmp_path: Path) -> None:
    trap = {"features.0.0.weight": Trap(tmp_path / "run")}
    if form == "pickle":
        (tmp_path / "trap.pth").write_bytes(pickle.dumps(trap))
    else:
        torch.save(trap, tmp_path / "trap.pth", _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(EncoderError, match="imgrec never runs these") as caught:
        load_encoder(NAME, tmp_path / "trap.pth", "cpu")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
    pickle.loads(pickle.dumps(trap))  # noqa: S301
    assert (tmp_path / "run").exists()


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, torch.zeros(3)])
def test_a_weights_file_without_a_state_dict_is_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(EncoderError, match="no dictionary of tensors"):
        load_encoder(NAME, tmp_path / "other.pth", "cpu")


@pytest.mark.parametrize("name", [NAME, "squeezenet1_1", "googlenet", "inception_v3"])
def test_classes_equal_those_of_the_whole_model(name: str, tmp_path: Path) -> None:
    file = random_weights(tmp_path / "weights.pth", name)
    encoder = load_encoder(name, file, "cpu")
    assert isinstance(encoder, Classifier)
    image = decode(encoded(picture("discs", 1, (400, 300)), "PNG")).image
    first = pixels_for(image, encoder.spec.preprocessing)
    pixels = np.stack([first, first[::-1], 255 - first])
    found = encoder.begin(pixels)()
    top = top_classes(found.scores)
    indices, probabilities = whole_model(name, file, pixels)
    assert np.array_equal(top.indices, indices)
    assert np.allclose(top.probabilities, probabilities, atol=1e-5)
    assert found.vectors.shape == (3, encoder.spec.dimensions)
    assert np.array_equal(found.vectors, encoder.encode(pixels))
    assert encoder.classifies_vectors == (name != "squeezenet1_1")
    if encoder.classifies_vectors:
        assert np.allclose(encoder.scores(found.vectors), found.scores, atol=1e-5)
    meta = torchvision.models.get_model_weights(name).DEFAULT.meta
    assert encoder.categories == tuple(meta["categories"])


def test_a_head_with_another_number_of_classes(tmp_path: Path) -> None:
    for name, classes in (("squeezenet1_1", 3), ("googlenet", 12)):
        file = random_weights(tmp_path / f"{name}.pth", name, classes)
        encoder = load_encoder(name, file, "cpu")
        assert isinstance(encoder, Classifier)
        assert encoder.categories == tuple(f"class {index}" for index in range(classes))
        pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype(np.uint8)
        top = top_classes(encoder.begin(pixels)().scores)
        indices, probabilities = whole_model(name, file, pixels, classes)
        assert np.array_equal(top.indices, indices)
        assert np.allclose(top.probabilities, probabilities, atol=1e-5)


def test_vectors_are_the_same_on_two_devices(weights: Path) -> None:
    model = build_model(NAME)
    model.load_state_dict(torch.load(weights, weights_only=True))
    Head.of(model).take_off(model)
    spec = load_encoder(NAME, weights, "cpu").spec
    twice = Passes(spec, model, normalization_of(NAME), [torch.device("cpu")] * 2)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 224, 224, 3)).astype(np.uint8)
    finishes = [twice.begin(pixels[i : i + 1]) for i in range(4)]
    alone = load_encoder(NAME, weights, "cpu")
    for i, finish in enumerate(finishes):
        assert np.array_equal(finish(), alone.encode(pixels[i : i + 1]))


def test_a_device_out_of_memory_is_a_one_line_error(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_encoder(NAME, weights, "cpu")
    pixels = np.zeros((2, 224, 224, 3), np.uint8)

    def full(*_: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB\nmore")

    monkeypatch.setattr("imgrec.encoders.pixel_network.PixelNetwork.forward", full)
    with pytest.raises(EncoderError, match=r"with 2 pictures \(CUDA out of memory[^\n]*batch-size"):
        encoder.encode(pixels)


def test_an_absent_device_is_refused(weights: Path) -> None:
    with pytest.raises(EncoderError, match="'warp' cannot be used"):
        load_encoder(NAME, weights, "warp")


def test_a_query_needs_the_weights_the_store_was_made_with(
    weights: Path, photos: Path, tmp_path: Path
) -> None:
    options = Options(encoders=(NAME,), weights=weights, device="cpu", workers=0)
    index_folders([photos], tmp_path / "store", options)
    with Store.open(tmp_path / "store") as store:
        spec = store.spec()
        assert (spec.name, spec.dimensions, spec.weights) == (NAME, 1024, "random.pth")
        assert len(store.feature()) == 24
    Image.open(photos / "discs" / "000.jpg").resize((50, 70)).save(tmp_path / "new.png")
    with Recommender.open(tmp_path / "store", weights, "cpu", cache="none") as recommender:
        answer = recommender.query([tmp_path / "new.png"], k=1)
    assert answer.encoder == NAME
    assert len(answer.results) == 1
    torch.manual_seed(1)
    other = tmp_path / "other.pth"
    torch.save(torchvision.models.get_model(NAME, weights=None).state_dict(), other)
    with pytest.raises(EncoderError, match=r"made with random\.pth"):
        Recommender.open(tmp_path / "store", other, "cpu", "none").query([tmp_path / "new.png"])


def test_torch_is_not_imported_for_a_cataloged_picture(
    weights: Path, photos: Path, tmp_path: Path
) -> None:
    options = Options(encoders=(NAME,), weights=weights, device="cpu", workers=0)
    index_folders([photos], tmp_path / "store", options)
    arguments = [str(photos / "discs/000.jpg"), "--store", str(tmp_path / "store"), "--json"]
    code = (
        f"import sys; from imgrec.query import main; code = main({arguments!r}); "
        "print(sorted({'torch', 'scipy', 'sklearn'} & set(sys.modules))); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    answer, modules = done.stdout.splitlines()
    assert json.loads(answer)["encoder"] == NAME
    assert modules == "[]"
