"""`open_clip:NAME` with weights that the test makes, against open_clip's own towers."""

import json
import logging
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from imgrec import EncoderError, Options, Recommender, Store, index_folders
from imgrec.encoders import load_encoder
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.device import DeviceEncoder
from imgrec.encoders.open_clip_models import ImageTower, prepared_by
from imgrec.encoders.pixel_network import PixelNetwork
from imgrec.encoders.text import TextEncoder
from imgrec.pictures.decoding import pixels_for
from imgrec.system.quiet import quiet_libraries
from pictures import picture

with quiet_libraries():
    import open_clip
    from open_clip.transform import PreprocessCfg, image_transform_v2

NAME = "imgrec-test"
_CONFIG: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


CAPTIONS = "imgrec-test-captions"


def _with_captions() -> dict[str, Any]:
    """Return the configuration of a small model that also writes captions (CoCa)."""
    vision = {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True}
    text = {"context_length": 76, "embed_cls": True, "output_tokens": True}
    return {
        "embed_dim": 32,
        "vision_cfg": _CONFIG["vision_cfg"] | vision,
        "text_cfg": _CONFIG["text_cfg"] | text,
        "multimodal_cfg": {**_CONFIG["text_cfg"], "context_length": 76},
        "custom_text": True,
    }


@pytest.fixture(scope="module", autouse=True)
def _small_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Register a small model with the library for these tests."""
    folder = tmp_path_factory.mktemp("configs")
    (folder / f"{NAME}.json").write_text(json.dumps(_CONFIG))
    (folder / f"{CAPTIONS}.json").write_text(json.dumps(_with_captions()))
    factory: Any = open_clip.factory
    paths, configs = list(factory._MODEL_CONFIG_PATHS), dict(factory._MODEL_CONFIGS)
    open_clip.add_model_config(folder)
    yield
    factory._MODEL_CONFIG_PATHS[:] = paths
    factory._MODEL_CONFIGS.clear()
    factory._MODEL_CONFIGS.update(configs)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write random weights of the small model."""
    path = tmp_path_factory.mktemp("weights") / "clip.pt"
    torch.save(_model().state_dict(), path)
    return path


def _model(**options: object) -> Any:
    torch.manual_seed(0)
    with quiet_libraries():
        return open_clip.create_model(NAME, **options).eval()


def test_vectors_of_pictures_and_words_are_those_of_the_towers(weights: Path) -> None:
    encoder = load_encoder(f"open_clip:{NAME}", weights, "cpu")
    assert isinstance(encoder, DeviceEncoder)
    assert isinstance(encoder, TextEncoder)
    assert not isinstance(encoder, Classifier)
    assert encoder.spec.dimensions == 32
    model = _model()
    config = open_clip.get_model_preprocess_cfg(model)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ("mean", "std"))
    batch = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
    texts = ["a photo of a dog", "ein Hund", ""]
    with torch.inference_mode():
        seen = model.encode_image(batch, normalize=True).numpy()
        read = model.encode_text(open_clip.get_tokenizer(NAME)(texts), normalize=True).numpy()
    found = encoder.encode(pixels)
    assert found.dtype == np.float32
    assert np.allclose(found, seen, atol=1e-5)
    words = encoder.encode_text(texts)
    assert words.dtype == np.float32
    assert np.allclose(words, read, atol=1e-5)
    assert np.allclose(np.linalg.norm(words, axis=1), 1, atol=1e-5)
    assert encoder.encode_text([]).shape == (0, 32)
    assert encoder.prepare(1000, 2, "off") == ""
    assert np.allclose(encoder.encode(pixels), seen, atol=1e-4)


def test_a_model_that_writes_captions_gives_the_vectors_of_its_towers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    with quiet_libraries():
        model: Any = open_clip.create_model(CAPTIONS).eval()
    torch.save(model.state_dict(), tmp_path / "w.pt")
    encoder = load_encoder(f"open_clip:{CAPTIONS}", tmp_path / "w.pt", "cpu")
    assert isinstance(encoder, TextEncoder)
    config = open_clip.get_model_preprocess_cfg(model)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ("mean", "std"))
    batch = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
    with torch.inference_mode():
        seen = model.encode_image(batch, normalize=True).numpy()
        tokens = open_clip.get_tokenizer(CAPTIONS)(["dog"])
        read = model.encode_text(tokens, normalize=True).numpy()
    assert np.allclose(encoder.encode(pixels), seen, atol=1e-5)
    assert np.allclose(encoder.encode_text(["dog"]), read, atol=1e-5)


def test_half_precision_gives_unit_vectors_near_those_of_single_precision(weights: Path) -> None:
    model = _model()
    _, normalization = prepared_by("x", open_clip.get_model_preprocess_cfg(model))
    network = PixelNetwork(ImageTower(model.visual), normalization, torch.float16).eval()
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    with torch.inference_mode():
        found = network(torch.from_numpy(pixels)).numpy()
    expected = load_encoder(f"open_clip:{NAME}", weights, "cpu").encode(pixels)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert ((found * expected).sum(axis=1) > 0.999).all()
    # The text tower keeps its precision.
    assert model.encode_text(open_clip.get_tokenizer(NAME)(["dog"])).dtype == torch.float32


@pytest.mark.parametrize("size", [(90, 70), (40, 60)])
@pytest.mark.parametrize("mode", ["shortest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_pixels_equal_those_of_the_own_preprocessing(
    size: tuple[int, int], mode: str, interpolation: str
) -> None:
    changed = {"resize_mode": mode, "interpolation": interpolation, "mean": (0.4, 0.5, 0.6)}
    config = open_clip.get_model_preprocess_cfg(_model(force_preprocess_cfg=changed))
    preprocessing, normalization = prepared_by("x", config)
    assert normalization.mean == (0.4, 0.5, 0.6)
    image = picture("discs", 3, size)
    transform = image_transform_v2(PreprocessCfg(**config), is_train=False)
    theirs = transform(image).permute(1, 2, 0).numpy()
    theirs = theirs * np.array(normalization.std) + np.array(normalization.mean)
    ours = pixels_for(image, preprocessing).astype(float) / 255
    assert ours.shape == theirs.shape
    different = np.abs(ours - theirs) * 255
    # See the same test of timm.
    assert different.max() < (1.01 if interpolation == "bilinear" else 10)
    assert (different > 1.01).mean() < 0.01


def test_a_preparation_that_imgrec_does_not_do_is_refused() -> None:
    config = open_clip.get_model_preprocess_cfg(_model())
    for changed in ({"resize_mode": "longest"}, {"size": (32, 48)}):
        with pytest.raises(EncoderError, match=r"^open_clip:x takes pictures that imgrec does not"):
            prepared_by("open_clip:x", {**config, **changed})


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ViT-B-33", r"no model 'ViT-B-33', did you mean [^?]*open_clip:ViT-B-32[ ?]"),
        ("ViT-B-32/laion3b", r"no weights 'laion3b' of ViT-B-32: name one of open_clip:ViT-B-32/"),
        (
            "ViT-B-32",
            r"open_clip:ViT-B-32 names no weights: name one of open_clip:ViT-B-32/",
        ),
        (NAME, "names no weights: name one of none, or a state dict with --weights FILE"),
    ],
)
def test_an_unknown_model_or_tag_is_a_one_line_error(name: str, shown: str) -> None:
    with pytest.raises(EncoderError, match=shown) as caught:
        load_encoder(f"open_clip:{name}")
    assert "\n" not in str(caught.value)


def test_weights_that_cannot_be_downloaded_are_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    def refused(model: str, tag: str, **options: object) -> None:
        logging.error("what the library says before it raises")
        asked.append((model, tag, options["force_quick_gelu"]))
        raise RuntimeError("no network\nin tests")

    monkeypatch.setattr(open_clip, "create_model", refused)
    for tag in ("openai", "laion2b_s34b_b79k"):
        with pytest.raises(EncoderError, match=r"\(no network in tests\): name a state dict with"):
            load_encoder(f"open_clip:ViT-B-32/{tag}")
    assert not caplog.records
    assert asked == [("ViT-B-32", "openai", True), ("ViT-B-32", "laion2b_s34b_b79k", False)]


def test_a_model_that_needs_an_absent_package_is_a_one_line_error(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise RuntimeError("Please pip install transformers\nto use this")

    monkeypatch.setattr(open_clip, "create_model", refused)
    with pytest.raises(EncoderError, match=r"cannot be built \(Please pip install transformers to"):
        load_encoder("open_clip:roberta-ViT-B-32", weights)


def test_published_weights_get_the_activation_they_were_trained_with(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = {"quick_gelu": True, "mean": (0.1, 0.2, 0.3), "interpolation": "bilinear"}
    monkeypatch.setattr(open_clip, "get_pretrained_cfg", lambda *_: published)
    monkeypatch.setattr(open_clip, "list_pretrained_tags_by_model", lambda _: ["tag"])
    encoder = load_encoder(f"open_clip:{NAME}/tag", weights, "cpu")
    model = _model(force_quick_gelu=True, force_preprocess_cfg=published)
    assert encoder.spec.preprocessing.interpolation == "bilinear"
    pixels = np.full((1, 32, 32, 3), 77, np.uint8)
    batch = torch.full((1, 3, 32, 32), 77 / 255) - torch.tensor((0.1, 0.2, 0.3)).view(3, 1, 1)
    std = torch.tensor(open_clip.get_model_preprocess_cfg(model)["std"]).view(3, 1, 1)
    with torch.inference_mode():
        expected = model.encode_image(batch / std, normalize=True).numpy()
    assert np.allclose(encoder.encode(pixels), expected, atol=1e-5)
    plain = load_encoder(f"open_clip:{NAME}", weights, "cpu")
    assert not np.allclose(encoder.encode(pixels), plain.encode(pixels), atol=1e-3)


class Trap:
    """An object that creates a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.mkdir, (self._folder,)


@pytest.mark.parametrize("prefix", [f"open_clip:{NAME}", "timm:test_resnet"])
def test_code_in_a_weights_file_is_not_run(prefix: str, tmp_path: Path) -> None:
    trap = {"state_dict": {"x": Trap(tmp_path / "run")}}
    torch.save(trap, tmp_path / "trap.pt")
    with pytest.raises(EncoderError, match=r"trap\.pt cannot be used: it holds [^\n]*$"):
        load_encoder(prefix, tmp_path / "trap.pt", "cpu")
    assert not (tmp_path / "run").exists()
    pickle.loads(pickle.dumps(trap))  # noqa: S301
    assert (tmp_path / "run").exists()


def test_a_tokenizer_that_cannot_be_had_is_a_one_line_error(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_encoder(f"open_clip:{NAME}", weights, "cpu")
    assert isinstance(encoder, TextEncoder)

    def refused(name: str) -> None:
        raise OSError("no hub\nin tests")

    monkeypatch.setattr(open_clip, "get_tokenizer", refused)
    with pytest.raises(EncoderError, match=r"tokenizer of open_clip:\S+ .*\(no hub in tests\)"):
        encoder.encode_text(["dog"])


def test_without_open_clip_the_error_is_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgrec.system.extras.find_spec", lambda name: None)
    line = re.escape("open_clip:x needs open_clip, which is not installed: ")
    with pytest.raises(Exception, match=line + r"pip install 'imgrec\[models\]'$"):
        load_encoder("open_clip:x")


def test_a_store_of_an_open_clip_model_is_indexed_and_asked(
    weights: Path, photos: Path, tmp_path: Path
) -> None:
    name, store_path = f"open_clip:{NAME}", tmp_path / "store"
    index_folders([photos], store_path, Options((name,), weights, device="cpu", workers=0))
    with Store.open(store_path) as store:
        assert (store.encoder, store.feature_names()) == (name, [name, "rgb"])
        lengths = np.linalg.norm(store.feature().load(), axis=1)
        assert np.allclose(lengths, 1, atol=1e-5)
    with Recommender.open(store_path, weights, "cpu", "none") as recommender:
        answer = recommender.query([picture("discs", 40, (90, 70))], k=3)
        by_words = recommender.query(text=["a photo of a disc"], k=24)
        distances = 1 - recommender.store.feature().load() @ _words("a photo of a disc")
    assert (answer.encoder, len(answer.results)) == (name, 3)
    found = [result.distance for result in by_words.results]
    assert np.allclose(found, np.sort(distances), atol=1e-5)
    assert [(text.by, text.word) for text in by_words.texts] == [(name, None)]


def _words(text: str) -> np.ndarray:
    """Return the vector (32,) of a text by the library's own calls."""
    with torch.inference_mode():
        tokens = open_clip.get_tokenizer(NAME)([text])
        found: np.ndarray = _model().encode_text(tokens, normalize=True)[0].numpy()
    return found
