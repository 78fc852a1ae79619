"""Encoder pixels and thumbnails scaled by halvings, against a plain resize by Pillow."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgrec.pictures.decoding import pixels_for, thumbnail
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.pictures.scaling import Scales, reduced
from pictures import FAMILIES, encoded, picture


def test_a_narrow_picture_is_cropped_before_it_is_enlarged() -> None:
    strip = Image.new("RGB", (2, 60_000), "red")
    cropped = pixels_for(strip, Preprocessing(crop_px=224, resize_px=232, fit="crop"))
    assert cropped.shape == (224, 224, 3)
    assert (cropped == [255, 0, 0]).all()


def test_encoder_pixels_crop_the_middle_or_stretch() -> None:
    image = Image.new("RGB", (400, 200), "blue")
    image.paste("red", (100, 0, 300, 200))
    cropped = pixels_for(image, Preprocessing(crop_px=50, resize_px=50, fit="crop"))
    stretched = pixels_for(image, Preprocessing(crop_px=40, resize_px=40))
    assert cropped.shape == (50, 50, 3)
    assert (cropped[:, 2:-2] == [255, 0, 0]).all()
    assert stretched[0, 2].tolist() == [0, 0, 255]
    assert stretched[0, 20].tolist() == [255, 0, 0]


@given(st.integers(1, 400), st.integers(1, 400))
def test_thumbnails_fit_and_keep_the_aspect_ratio(width: int, height: int) -> None:
    with Image.open(io.BytesIO(thumbnail(Image.new("RGB", (width, height))))) as thumb:
        assert max(thumb.size) == min(128, max(width, height))
        scale = min(1, 128 / max(width, height))
        assert abs(thumb.width - width * scale) <= 1
        assert abs(thumb.height - height * scale) <= 1


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [(500, 375), (400, 533), (1001, 747), (640, 427)])
def test_scaling_by_halvings_is_close_to_a_plain_resize(family: str, size: tuple[int, int]) -> None:
    image = picture(family, 1, size)
    pixels = pixels_for(image, Preprocessing(64, 64)).astype(int)
    plain = image.resize((64, 64), Image.Resampling.BILINEAR)
    assert np.abs(pixels - np.asarray(plain)).mean() < 1.5
    with Image.open(io.BytesIO(thumbnail(image))) as thumb:
        shown = np.asarray(thumb, int)
    scaled = image.resize(thumb.size, Image.Resampling.BILINEAR)
    with Image.open(io.BytesIO(encoded(scaled, "JPEG", quality=85))) as plain_thumb:
        # The families have edges every three pixels.
        assert np.abs(shown - np.asarray(plain_thumb)).mean() < 3


def test_halvings_do_not_shift_the_picture() -> None:
    # A gradient stays a gradient: the last column of an odd width must not shift those before it.
    ramp = np.broadcast_to(np.linspace(0, 255, 517).astype(np.uint8)[None, :, None], (389, 517, 3))
    image = Image.fromarray(np.ascontiguousarray(ramp))
    made = pixels_for(image, Preprocessing(64, 64)).astype(int)
    plain = np.asarray(image.resize((64, 64), Image.Resampling.BILINEAR), int)
    assert np.abs(made - plain).max() <= 1


def test_each_output_is_independent_of_the_others_computed() -> None:
    image = picture("discs", 3, (1000, 750))
    shared, wanted = Scales(image), Preprocessing(64, 64)
    first = (
        shared.thumbnail(),
        shared.pixels_for(wanted),
        shared.pixels_for(Preprocessing(224, 224)),
    )
    other = Scales(image)
    assert (other.pixels_for(Preprocessing(224, 224)) == first[2]).all()
    assert (other.pixels_for(wanted) == first[1]).all()
    assert other.thumbnail() == first[0]


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 600))
@settings(max_examples=50)
def test_averaging_leaves_at_least_twice_the_wanted_size(
    width: int, height: int, side: int
) -> None:
    found = reduced(Image.new("L", (width, height)), side)
    assert min(found.size) >= min(side, width, height)
    assert found.size == (width, height) or min(found.size) < 2 * side
