"""`lite0`: its vectors and scores are those of an independent forward pass, in any batch."""

import numpy as np
import pytest
from PIL import Image

from golden import golden_pixels
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.imagenet import categories
from imgrec.encoders.lite0.encoder import Lite0
from imgrec.encoders.spec import Precision
from imgrec.pictures.decoding import pixels_for
from lite0_reference import MISTAKES, reference, reference_scores

# Two pictures with edges everywhere, which show padding and the order of the channels.
PIXELS = golden_pixels(224)[[0, 3]]


@pytest.fixture(scope="module")
def encoder() -> Lite0:
    return Lite0("float32")


@pytest.fixture(scope="module")
def integers() -> Lite0:
    return Lite0("int8")


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    return np.stack([reference(picture) for picture in PIXELS])


def test_vectors_are_those_of_the_reference(encoder: Lite0, expected: np.ndarray) -> None:
    vectors = encoder.encode(PIXELS)
    assert vectors.dtype == np.float32
    assert expected.max() > 1
    assert np.abs(vectors - expected).max() < 1e-4


def test_vectors_of_integers_are_near_to_the_reference(
    integers: Lite0, expected: np.ndarray
) -> None:
    assert (_cosines(integers.encode(PIXELS), expected) > 0.98).all()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_that_no_error_tells_of_gives_other_vectors(
    mistake: str, encoder: Lite0, integers: Lite0, expected: np.ndarray
) -> None:
    wrong = reference(PIXELS[0], mistake)
    assert np.abs(wrong - expected[0]).max() > 0.1
    assert np.abs(wrong - encoder.encode(PIXELS[:1])[0]).max() > 0.1
    assert _cosines(integers.encode(PIXELS[:1]), wrong[None]) < 0.95


def test_pixels_are_the_center_of_the_picture_resized_to_256(encoder: Lite0) -> None:
    large = Image.fromarray(golden_pixels(300)[0]).resize((400, 300))
    pixels = pixels_for(large, encoder.spec.preprocessing)
    resized = large.resize((341, 256), Image.Resampling.BILINEAR)
    cropped = np.asarray(resized)[16:240, 58:282].astype(int)
    whole = np.asarray(large.resize((224, 224), Image.Resampling.BILINEAR)).astype(int)
    assert pixels.shape == (224, 224, 3)
    assert np.abs(pixels - cropped).max() <= 4
    assert np.abs(pixels - whole).max() > 20


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_vector_does_not_depend_on_its_batch(precision: Precision) -> None:
    encoder, pixels = Lite0(precision), golden_pixels(224)
    together = encoder.encode(pixels)
    for row in (0, 2, 5):
        assert np.array_equal(encoder.encode(pixels[row : row + 1])[0], together[row])
    assert np.array_equal(encoder.encode(pixels[::-1]), together[::-1])
    assert encoder.encode(pixels[:0]).shape == (0, 1280)


def test_scores_are_those_of_the_reference(encoder: Lite0, expected: np.ndarray) -> None:
    assert isinstance(encoder, Classifier)
    assert encoder.classifies_vectors
    assert encoder.categories == categories()
    wanted = np.stack([reference_scores(vector) for vector in expected])
    assert np.abs(encoder.scores(encoder.encode(PIXELS)) - wanted).max() < 1e-3


@pytest.mark.parametrize(
    "pixels", [np.zeros((1, 224, 224, 3), np.float32), np.zeros((1, 64, 64, 3), np.uint8)]
)
def test_pixels_of_another_kind_are_refused(pixels: np.ndarray, encoder: Lite0) -> None:
    with pytest.raises(ValueError, match=r"lite0 takes uint8 pixels of shape \(b, 224, 224, 3\)"):
        encoder.encode(pixels)


def _cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(axis=1) / lengths
