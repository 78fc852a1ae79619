"""Stores of chosen vectors with ImageNet classes by a random head, and an encoder of texts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vector_stores
from imgrec import Options, index_folders
from imgrec.encoders.classifier import LinearHead
from imgrec.encoders.imagenet import categories
from imgrec.encoders.registry import BUILT_IN, Loader
from imgrec.encoders.spec import EncoderSpec, LoadOptions, Vectors
from imgrec.store.classes import top_classes, write_classes, write_description
from imgrec.store.parts import part_numbers
from imgrec.store.store import Store
from stub_encoders import SIDE_PX, Plain, mean_colors

CLASSIFIER, TOWER = "stub-imagenet", "stub-tower"
DIMENSIONS = 24


def head() -> LinearHead:
    """Return a head of 1,000 classes."""
    rng = np.random.default_rng(7)
    weights = rng.normal(size=(1000, DIMENSIONS)).astype(np.float32)
    return LinearHead(weights, rng.normal(size=1000).astype(np.float32))


def vectors(count: int) -> Vectors:
    """Return vectors (count, 24) whose five best classes hold some 0.84 of the probability."""
    return np.float32(0.3) * vector_stores.clustered(count, DIMENSIONS)


def load_head(spec: EncoderSpec) -> LinearHead | None:
    """Return the head, as a module in the registry does."""
    return head() if not spec.weights_digest else None


class Tower(Plain):
    """An encoder with a text tower that knows names of colors."""

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        colors = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255)}
        pixels = [np.full((SIDE_PX, SIDE_PX, 3), colors[text], np.uint8) for text in texts]
        return mean_colors(np.stack(pixels))


def load_tower(name: str, options: LoadOptions) -> Tower:
    """Return the encoder, as a module in the registry does."""
    return Tower(name)


def register(patch: pytest.MonkeyPatch, *, with_head: bool = True) -> None:
    """Add both encoders to the registry; without its head only stored classes are known."""
    loader = Loader("classified_stores:none", head="classified_stores:load_head")
    patch.setitem(BUILT_IN, CLASSIFIER, loader if with_head else replace(loader, head=""))
    patch.setitem(BUILT_IN, TOWER, Loader("classified_stores:load_tower", encodes_text=True))


def make(path: Path, count: int = 900) -> Path:
    """Make a store with vectors of the classifier and of `mini`, and the classes."""
    features = {
        CLASSIFIER: vectors(count),
        "mini": vector_stores.clustered(count, 32, seed=5),
    }
    vector_stores.make(path, features, part_rows=400)
    add_classes(path, np.arange(1, count + 1), features[CLASSIFIER])
    return path


def add_classes(
    path: Path,
    ids: np.ndarray,
    vectors: Vectors,
    names: Sequence[str] = categories(),
    encoder: str = CLASSIFIER,
) -> None:
    """Add a part of classes, the five most probable ones of vectors."""
    with Store.create(path) as store:
        folder = store.paths.classes(encoder)
        write_description(folder, "", "", names)
        number = 1 + max(part_numbers(folder), default=-1)
        write_classes(folder, number, ids.astype(np.int64), top_classes(head().scores(vectors)))


def probabilities(vectors: Vectors) -> np.ndarray:
    """Return all probabilities (n, 1000) in float64, the reference."""
    scores = vectors.astype(float) @ head().weights.T.astype(float) + head().biases
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def make_colored(folder: Path) -> Path:
    """Index three plain pictures with the encoder that has a text tower, and with `mini`."""
    (folder / "photos").mkdir()
    for color in ("red", "lime", "blue"):
        Image.new("RGB", (40, 40), color).save(folder / "photos" / f"{color}.png")
    with pytest.MonkeyPatch.context() as patch:
        register(patch)
        options = Options(encoders=(TOWER, "mini"), workers=0)
        index_folders([folder / "photos"], folder / "store", options)
    return folder / "store"
