"""`mini`: unit vectors, stable under small changes, distinct for other pictures."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw

from imgrec.encoders.mini import Mini
from mini_reference import reference

SIDE = Mini().spec.preprocessing.crop_px
DIMENSIONS = Mini().spec.dimensions


def scene(seed: int) -> np.ndarray:
    """Draw a few shapes on a gradient with noise; no value near 0 or 255."""
    rng = np.random.default_rng(seed)
    ground, *inks = (tuple(int(v) for v in rng.integers(40, 190, 3)) for _ in range(5))
    picture = Image.new("RGB", (SIDE, SIDE), ground)
    draw = ImageDraw.Draw(picture)
    for ink in inks:
        x, y = rng.integers(0, SIDE * 3 // 4, 2)
        w, h = rng.integers(SIDE // 8, SIDE // 2, 2)
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((int(x), int(y), int(x + w), int(y + h)), fill=ink)
    slope = np.linspace(-15, 15, SIDE)[:, None, None]
    return (np.asarray(picture) + slope + rng.normal(0, 3, (SIDE, SIDE, 3))).astype(np.uint8)


def disc(color: tuple[int, int, int]) -> np.ndarray:
    picture = Image.new("RGB", (SIDE, SIDE), (128, 128, 128))
    quarter = SIDE // 4
    ImageDraw.Draw(picture).ellipse((quarter, quarter, 3 * quarter, 3 * quarter), fill=color)
    return np.asarray(picture)


def stripes(period_px: int = 16) -> np.ndarray:
    rows = np.where(np.arange(SIDE) % period_px < period_px // 2, 60, 200).astype(np.uint8)
    return np.broadcast_to(rows[:, None, None], (SIDE, SIDE, 3)).copy()


def brighter(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture * 1.15 + 10, 0, 255).astype(np.uint8)


def shifted(picture: np.ndarray) -> np.ndarray:
    return np.pad(picture, ((2, 0), (2, 0), (0, 0)), mode="edge")[:SIDE, :SIDE]


def reencoded(picture: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=40)
    return np.asarray(Image.open(file))


def cosines(*pictures: np.ndarray) -> np.ndarray:
    vectors = Mini().encode(np.stack(pictures))
    return vectors @ vectors.T


@pytest.fixture(scope="module")
def scenes() -> np.ndarray:
    return np.stack([scene(seed) for seed in range(40)])


def test_the_spec_matches_the_vectors(scenes):
    spec = Mini().spec
    vectors = Mini().encode(scenes)
    assert (spec.name, spec.kind, spec.in_worker) == ("mini", "embedding", True)
    assert vectors.shape == (len(scenes), spec.dimensions)
    assert vectors.dtype == np.float32
    assert spec.dimensions <= 512


@settings(max_examples=30)
@given(hnp.arrays(np.uint8, (1, SIDE, SIDE, 3), elements=st.integers(0, 255)))
def test_every_picture_has_a_finite_vector_of_unit_length(pixels):
    vectors = Mini().encode(pixels)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 0, 0)])
def test_a_uniform_picture_has_a_unit_vector(color):
    vector = Mini().encode(np.full((1, SIDE, SIDE, 3), color, dtype=np.uint8))
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_uniform_pictures_differ_by_color():
    red, wine, blue = (
        np.full((SIDE, SIDE, 3), color, dtype=np.uint8)
        for color in [(220, 20, 20), (190, 30, 30), (20, 20, 220)]
    )
    similar = cosines(red, wine, blue)
    assert similar[0, 1] > 0.95 > 0.8 > similar[0, 2]


def test_a_vector_does_not_depend_on_its_batch(scenes):
    whole = Mini().encode(scenes)
    for rows in ([0], [39], [3, 1], range(7, 24), range(39, -1, -1)):
        np.testing.assert_array_equal(Mini().encode(scenes[list(rows)]), whole[list(rows)])


def test_memory_layout_does_not_matter(scenes):
    planes_first = np.ascontiguousarray(scenes.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(Mini().encode(planes_first), Mini().encode(scenes))


def test_encoding_does_not_change_the_pixels(scenes):
    before = scenes.copy()
    Mini().encode(scenes)
    np.testing.assert_array_equal(scenes, before)


def test_an_empty_batch():
    assert Mini().encode(np.zeros((0, SIDE, SIDE, 3), np.uint8)).shape == (0, DIMENSIONS)


@pytest.mark.parametrize("change", [brighter, shifted, reencoded])
def test_a_changed_copy_is_nearer_than_any_other_picture(scenes, change):
    originals = Mini().encode(scenes)
    copies = Mini().encode(np.stack([change(picture) for picture in scenes]))
    assert ((originals @ copies.T).argmax(axis=1) == np.arange(len(scenes))).all()


def test_recolored_pictures_differ():
    similar = cosines(disc((200, 30, 30)), disc((185, 50, 40)), disc((30, 30, 200)))
    assert similar[0, 1] > 0.97 > 0.95 > similar[0, 2]


def test_rotated_pictures_differ():
    across = stripes()
    down = across.transpose(1, 0, 2)
    similar = cosines(across, brighter(across), down)
    assert similar[0, 1] > 0.95 > 0.5 > similar[0, 2]


def test_vectors_equal_the_reference_implementation(scenes):
    """Compare with another implementation in double precision, on pictures of other kinds."""
    expected = np.stack([reference(picture) for picture in scenes[:8]])
    found = Mini().encode(scenes[:8])
    assert np.linalg.norm(found - expected, axis=1).max() < 1e-4


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((1, SIDE, SIDE, 3), np.float32), "not float32: give .* uint8"),
        (np.zeros((1, SIDE, SIDE, 4), np.uint8), r"not \(1, 64, 64, 4\): resize"),
        (np.zeros((1, 32, 32, 3), np.uint8), r"not \(1, 32, 32, 3\): resize"),
        (np.zeros((SIDE, SIDE, 3), np.uint8), r"not \(64, 64, 3\): .* stack"),
    ],
)
def test_the_error_for_wrong_pixels_says_what_to_do(pixels, message):
    with pytest.raises(ValueError, match=message):
        Mini().encode(pixels)
