"""`timm:NAME` with weights that the test makes, against timm's own vectors and pixels."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from imgrec import EncoderError, Options, Recommender, Store, index_folders
from imgrec.encoders import load_encoder, needs_weights
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.device import DeviceEncoder
from imgrec.encoders.imagenet import categories
from imgrec.encoders.timm_models import prepared_by
from imgrec.pictures.decoding import pixels_for
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.system.quiet import quiet_libraries
from pictures import picture

with quiet_libraries():
    import timm

NAME = "test_resnet"


def _saved(path: Path, name: str, seed: int = 0, **options: object) -> "torch.nn.Module":
    """Write random weights of a timm model; return the model."""
    torch.manual_seed(seed)
    model = timm.create_model(name, **options).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    torch.save(model.state_dict(), path)
    return model


def _normalized(model: "torch.nn.Module", pixels: np.ndarray) -> torch.Tensor:
    config = timm.data.resolve_model_data_config(model)
    mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ("mean", "std"))
    return (torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2) / 255 - mean) / std


def _noise(side_px: int, count: int = 3) -> np.ndarray:
    shape = (count, side_px, side_px, 3)
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("name", [NAME, "test_vit", "test_efficientnet", "test_convnext2"])
def test_vectors_and_scores_are_those_of_timm(name: str, tmp_path: Path) -> None:
    model = _saved(tmp_path / "w.pth", name)
    encoder = load_encoder(f"timm:{name}", tmp_path / "w.pth", "cpu")
    assert isinstance(encoder, Classifier)
    assert isinstance(encoder, DeviceEncoder)
    assert encoder.categories == categories()
    assert encoder.classifies_vectors
    pixels = _noise(encoder.spec.preprocessing.crop_px)
    found = encoder.begin(pixels)()
    with torch.inference_mode():
        batch = _normalized(model, pixels)
        features = model.forward_head(model.forward_features(batch), pre_logits=True).numpy()
        scores = model(batch).numpy()
    assert found.vectors.dtype == np.float32
    assert found.vectors.shape == (3, encoder.spec.dimensions)
    assert np.allclose(found.vectors, features, atol=1e-4)
    assert found.scores is not None
    assert np.allclose(found.scores, scores, atol=1e-4)
    assert np.allclose(encoder.scores(found.vectors), scores, atol=1e-4)
    # Folded where it can be traced, in several passes.
    assert encoder.prepare(1000, 2, "off") == ""
    assert np.allclose(encoder.encode(pixels), features, atol=1e-3)


def test_a_head_of_two_layers_gives_its_scores_beside_the_vectors(tmp_path: Path) -> None:
    name = "deit_tiny_distilled_patch16_224"
    model = _saved(tmp_path / "w.pth", name)
    encoder = load_encoder(f"timm:{name}", tmp_path / "w.pth", "cpu")
    assert isinstance(encoder, Classifier)
    assert not encoder.classifies_vectors
    pixels = _noise(224, 1)
    found = encoder.begin(pixels)()
    with torch.inference_mode():
        expected = model(_normalized(model, pixels)).numpy()
    assert found.vectors.shape == (1, 192)
    assert found.scores is not None
    assert np.allclose(found.scores, expected, atol=1e-4)


@pytest.mark.parametrize("size", [(500, 375), (200, 301), (640, 230)])
@pytest.mark.parametrize("name", [NAME, "test_vit"])
def test_pixels_equal_those_of_timms_own_preprocessing(name: str, size: tuple[int, int]) -> None:
    model = timm.create_model(name)
    config = timm.data.resolve_model_data_config(model)
    assert config["interpolation"] == ("bilinear" if name == NAME else "bicubic")
    image = picture("discs", 3, size)
    preprocessing, normalization = prepared_by(name, config)
    ours = pixels_for(image, preprocessing).astype(float) / 255
    theirs = timm.data.create_transform(**config)(image).permute(1, 2, 0).numpy()
    theirs = theirs * np.array(normalization.std) + np.array(normalization.mean)
    assert ours.shape == theirs.shape
    different = np.abs(ours - theirs) * 255
    # Bicubic filters overshoot at edges. Pillow clips that between the two directions, whose order
    # depends on the sizes.
    assert different.max() < (1.01 if preprocessing.interpolation == "bilinear" else 10)
    assert (different > 1.01).mean() < 0.01


def test_a_squashed_picture_is_cropped_in_both_directions() -> None:
    half = (0.5, 0.5, 0.5)
    config = {"input_size": (3, 90, 90), "crop_pct": 0.9, "crop_mode": "squash"}
    config |= {"interpolation": "bilinear", "mean": half, "std": half}
    image = picture("discs", 3, (300, 200))
    preprocessing, _ = prepared_by("x", config)
    assert preprocessing == Preprocessing(90, 100, "stretch")
    expected = image.resize((100, 100), Image.Resampling.BILINEAR).crop((5, 5, 95, 95))
    found = pixels_for(image, preprocessing).astype(int)
    assert np.abs(found - np.asarray(expected).astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"input_size": (3, 64, 96)}, r"input_size \(3, 64, 96\)"),
        ({"input_size": (1, 64, 64)}, r"input_size \(1"),
        ({"crop_mode": "border"}, "crop_mode border"),
        ({"interpolation": "lanczos"}, "interpolation lanczos"),
        ({"crop_pct": 1.1}, "crop_pct 1.1"),
    ],
)
def test_a_preparation_that_imgrec_does_not_do_is_refused(
    changed: dict[str, object], shown: str
) -> None:
    config = timm.data.resolve_model_data_config(timm.create_model(NAME))
    with pytest.raises(EncoderError, match=rf"^timm:x takes pictures [^\n]*{shown}"):
        prepared_by("timm:x", {**config, **changed})


@pytest.mark.parametrize("form", ["checkpoint", "safetensors", "tagged"])
def test_the_same_weights_in_other_files_have_the_same_digest(form: str, tmp_path: Path) -> None:
    model = _saved(tmp_path / "w.pth", NAME)
    spec = load_encoder(f"timm:{NAME}", tmp_path / "w.pth", "cpu").spec
    name, file = f"timm:{NAME}", tmp_path / "other.pth"
    if form == "checkpoint":
        state = {f"module.{key}": value for key, value in model.state_dict().items()}
        torch.save({"epoch": 3, "arch": NAME, "state_dict": state}, file)
    elif form == "safetensors":
        file = tmp_path / "other.safetensors"
        save_file(model.state_dict(), file)
    else:
        name, file = f"timm:{NAME}.r160_in1k", tmp_path / "w.pth"
    other = load_encoder(name, file, "cpu").spec
    assert other.weights_digest == spec.weights_digest
    assert other.preprocessing == spec.preprocessing
    assert (other.name, other.weights) == (name, file.name)
    changed = load_encoder(name, _other_weights(tmp_path), "cpu").spec
    assert changed.weights_digest != spec.weights_digest


def _other_weights(folder: Path) -> Path:
    _saved(folder / "changed.pth", NAME, seed=1)
    return folder / "changed.pth"


def test_the_number_and_names_of_the_classes_are_those_of_the_weights(tmp_path: Path) -> None:
    _saved(tmp_path / "w.pth", NAME, num_classes=3)
    encoder = load_encoder(f"timm:{NAME}", tmp_path / "w.pth", "cpu")
    assert not isinstance(encoder, Classifier)
    (tmp_path / "w.pth.classes.txt").write_text("ant\nbee\ncow\n")
    encoder = load_encoder(f"timm:{NAME}", tmp_path / "w.pth", "cpu")
    assert isinstance(encoder, Classifier)
    assert encoder.categories == ("ant", "bee", "cow")
    (tmp_path / "w.pth.classes.txt").write_text("ant\nbee\n")
    with pytest.raises(EncoderError, match="names 2 classes, the weights have 3"):
        load_encoder(f"timm:{NAME}", tmp_path / "w.pth", "cpu")


def test_weights_without_a_head_give_vectors_and_no_classes(tmp_path: Path) -> None:
    model = _saved(tmp_path / "w.pth", NAME, num_classes=0)
    encoder = load_encoder(f"timm:{NAME}", tmp_path / "w.pth", "cpu")
    assert isinstance(encoder, DeviceEncoder)
    assert not isinstance(encoder, Classifier)
    pixels = _noise(encoder.spec.preprocessing.crop_px)
    with torch.inference_mode():
        expected = model(_normalized(model, pixels)).numpy()
    assert np.allclose(encoder.encode(pixels), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("test_resnett", "has no model 'test_resnett', did you mean timm:test_resnet"),
        ("test_resnet.x", "has no model 'test_resnet.x', did you mean timm:test_resnet"),
        ("hf-hub:timm/resnet18", "has no model 'hf-hub:timm/resnet18'"),
        ("", "has no model ''"),
    ],
)
def test_an_unknown_model_is_a_one_line_error(name: str, shown: str) -> None:
    assert needs_weights(f"timm:{name}")
    with pytest.raises(EncoderError, match=shown) as caught:
        load_encoder(f"timm:{name}")
    assert "\n" not in str(caught.value)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    _saved(tmp_path / "w.pth", "test_vit")
    with pytest.raises(EncoderError, match=r"w\.pth do not fit the model [^\n]*$"):
        load_encoder(f"timm:{NAME}", tmp_path / "w.pth", "cpu")
    (tmp_path / "w.safetensors").write_bytes(b"no tensors")
    with pytest.raises(EncoderError, match=r"w\.safetensors cannot be used: [^\n]*$"):
        load_encoder(f"timm:{NAME}", tmp_path / "w.safetensors", "cpu")


def test_weights_that_cannot_be_downloaded_are_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **options: object) -> None:
        assert options["pretrained"]
        raise OSError("no network\nin tests")

    monkeypatch.setattr(timm, "create_model", refused)
    with pytest.raises(EncoderError, match=r"\(no network in tests\): name a state dict with"):
        load_encoder(f"timm:{NAME}")


def test_without_timm_the_error_is_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sys.modules["imgrec.system.extras"]
    monkeypatch.setattr(real, "find_spec", lambda name: None)
    with pytest.raises(Exception, match=r"timm:x needs timm, .*: pip install 'imgrec\[models\]'$"):
        load_encoder("timm:x")


def test_a_store_of_a_timm_model_is_indexed_continued_and_asked(
    photos: Path, tmp_path: Path
) -> None:
    name, store_path = f"timm:{NAME}", tmp_path / "store"
    model = _saved(tmp_path / "w.pth", NAME)
    options = Options((name,), tmp_path / "w.pth", device="cpu", workers=0)
    summary = index_folders([photos], store_path, options)
    assert summary.features == {"rgb": 768, name: 96}
    assert (store_path / "features" / "timm%3atest_resnet" / "feature.json").is_file()
    again = index_folders([], store_path, Options(weights=tmp_path / "w.pth", workers=0))
    assert again.done == 0
    with Store.open(store_path) as store:
        assert store.feature_names() == ["rgb", name]
        assert store.class_encoders() == [name]
        spec, entries = store.spec(name), store.catalog.entries(store.catalog.ids("ok"))
        image = Image.open(photos / entries[0].path).convert("RGB")
        batch = _normalized(model, pixels_for(image, spec.preprocessing)[np.newaxis])
        with torch.inference_mode():
            scores = model(batch)[0]
        assert (
            store.catalog.labels.of([entries[0].id])[entries[0].id]["class"]
            == (categories()[int(scores.argmax())])
        )
    new = picture("discs", 40, (90, 70))
    with Recommender.open(store_path, tmp_path / "w.pth", "cpu", "none") as recommender:
        answer = recommender.query([new], k=3)
    assert answer.encoder == name
    assert len(answer.results) == 3
    with (
        Recommender.open(store_path, _other_weights(tmp_path), "cpu", "none") as recommender,
        pytest.raises(EncoderError, match=r"were made with w\.pth, and this is changed\.pth"),
    ):
        recommender.query([new])
