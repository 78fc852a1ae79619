"""Embedded ICC profiles: colors against numpy formulas; invalid profiles are ignored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import icc
from imgrec.pictures.decoding import decode
from pictures import encoded, picture

COLORS = np.random.default_rng(3).integers(0, 256, (16, 16, 3), np.uint8)
LAB = np.random.default_rng(4).integers([20, -25, -25], [90, 26, 26], (icc.INKS, 3))
# No ink is the white of paper; black ink gives black, alone and with all other inks.
LAB[0], LAB[1], LAB[-1] = (100, 0, 0), (0, 0, 0), (0, 0, 0)


def _pixels(data: bytes) -> np.ndarray:
    return np.asarray(decode(data).image)


@pytest.mark.parametrize(
    ("matrix", "gamma"),
    [(icc.ADOBE_RGB, 2.19921875), (icc.DISPLAY_P3, 2.2), (icc.SRGB, 1.8)],
    ids=["Adobe RGB", "Display P3", "Mac gamma"],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_colors_are_converted_to_srgb(matrix: icc.Floats, gamma: float, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    profile = icc.matrix_profile(matrix, gamma)
    shown = _pixels(encoded(Image.fromarray(COLORS), kind, icc_profile=profile, **options))
    expected = icc.matrix_colors(COLORS.reshape(-1, 3), matrix, gamma).reshape(COLORS.shape)
    assert np.abs(expected - COLORS).max() > 10
    # In dark tones lcms computes with 8 bits and short tables.
    assert np.abs(shown - expected).max() < 2.5
    assert np.abs(shown - expected).mean() < 0.4


@pytest.mark.parametrize("gamma", [1.0, 1.8])
def test_gray_with_a_gamma_profile(gamma: float) -> None:
    levels = np.arange(256, dtype=np.uint8)
    profile = icc.gray_profile(gamma)
    shown = _pixels(encoded(Image.fromarray(levels[None]), "PNG", icc_profile=profile))
    assert np.abs(shown[0] - icc.gray_levels(levels, gamma)).max() < 1.5
    with_alpha = Image.fromarray(np.stack([levels, np.full_like(levels, 255)], -1)[None], "LA")
    assert (_pixels(encoded(with_alpha, "PNG", icc_profile=profile)) == shown).all()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted_by_its_profile(kind: str) -> None:
    inks = np.array(np.meshgrid(*[[0, 255]] * 4, indexing="ij"), np.uint8).reshape(4, 16).T
    patches = np.repeat(np.repeat(inks[None], 16, 0), 16, 1)  # (16, 256, 4)
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    image = Image.fromarray(patches, "CMYK")
    shown = _pixels(encoded(image, kind, icc_profile=icc.cmyk_profile(LAB), **options))
    expected = icc.ink_colors(LAB)
    # The lookup table of the profile has 8 bits.
    assert np.abs(shown[8, 8::16] - expected).max() < 4
    assert (shown[8, 8] >= 254).all()


def test_an_srgb_profile_of_any_name_changes_nothing() -> None:
    image = Image.fromarray(COLORS)
    for name in ("sRGB IEC61966-2.1", "c2", "my scanner"):
        shown = _pixels(encoded(image, "PNG", icc_profile=icc.srgb_profile(name)))
        assert (shown == COLORS).all(), name
    misnamed = icc.matrix_profile(icc.ADOBE_RGB, 2.2, "sRGB IEC61966-2.1")
    assert (_pixels(encoded(image, "PNG", icc_profile=misnamed)) != COLORS).any()


def test_profiles_of_palette_and_transparent_pictures() -> None:
    profile = icc.matrix_profile(icc.ADOBE_RGB, 2.2)
    red = icc.matrix_colors(np.array([[200, 30, 30]], np.uint8), icc.ADOBE_RGB, 2.2)[0]
    palette = Image.new("P", (2, 1))
    palette.putpalette([200, 30, 30, 9, 9, 9])
    shown = _pixels(encoded(palette, "PNG", icc_profile=profile))
    assert np.abs(shown[0, 0] - red).max() < 2
    half = Image.new("RGBA", (2, 1), (200, 30, 30, 128))
    over_white = _pixels(encoded(half, "PNG", icc_profile=profile))[0, 0]
    assert np.abs(over_white - (red * 128 + 255 * 127) / 255).max() < 2


@pytest.mark.parametrize("wrong", [icc.gray_profile(1.0), icc.cmyk_profile(LAB)])
def test_a_profile_for_another_number_of_channels_is_ignored(wrong: bytes) -> None:
    assert (_pixels(encoded(Image.fromarray(COLORS), "PNG", icc_profile=wrong)) == COLORS).all()


@given(st.integers(1, 600), st.binary(max_size=8), st.integers(0, 500))
def test_a_damaged_profile_is_ignored(length: int, noise: bytes, place: int) -> None:
    whole = icc.matrix_profile(icc.ADOBE_RGB, 2.2)
    broken = (whole[:place] + noise + whole[place + len(noise) :])[:length]
    shown = decode(encoded(picture("discs", 1, (20, 10)), "PNG", icc_profile=broken)).image
    assert shown.size == (20, 10)


def test_large_pictures_are_converted_like_small_ones() -> None:
    profile = icc.matrix_profile(icc.DISPLAY_P3, 2.2)
    flat = Image.new("RGB", (1600, 1100), (180, 90, 40))
    small = _pixels(encoded(flat.resize((8, 8)), "PNG", icc_profile=profile))
    large = _pixels(encoded(flat, "PNG", icc_profile=profile))
    assert large.shape == (550, 800, 3)
    assert (large == small[0, 0]).all()
