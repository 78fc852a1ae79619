"""The decoder: conversion rules, reasons, thumbnails and encoder pixels."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgrec import PictureError
from imgrec.encoders.spec import Preprocessing
from imgrec.images import REASONS, decode, digest, pixels_for, read_file, thumbnail
from pictures import encoded, picture, rotated_jpeg, write_odd_files


def _pixels(data: bytes) -> np.ndarray:
    return np.asarray(decode(data).image)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_turned_by_exif_is_the_one_turned_by_pixels(orientation: int) -> None:
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = picture("discs", 1, (48, 32))
    lying = upright.transpose(undo) if undo is not None else upright
    decoded = decode(rotated_jpeg(lying, orientation))
    assert (decoded.width, decoded.height) == (48, 32)
    assert decoded.image.size == (48, 32)
    difference = np.asarray(decoded.image).astype(int) - np.asarray(upright)
    assert np.abs(difference).mean() < 6  # what JPEG loses


def test_transparency_lies_over_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    grey = Image.new("LA", (4, 4), (0, 0))
    assert (_pixels(encoded(clear, "PNG")) == 255).all()
    assert np.abs(_pixels(encoded(half, "PNG")).astype(int) - 127).max() <= 1
    assert (_pixels(encoded(grey, "PNG")) == 255).all()


def test_palette_colours_and_their_transparency() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    assert _pixels(encoded(palette, "PNG")).tolist() == [[[10, 20, 30], [200, 100, 50]]]
    shown = _pixels(encoded(palette, "PNG", transparency=0))
    assert shown.tolist() == [[[255, 255, 255], [200, 100, 50]]]


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    grey = _pixels(encoded(Image.fromarray(values), "PNG"))
    assert grey[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, 1000.0, 2000.0], [0, 128, 255]),
    ],
)
def test_floats_by_the_range_they_lie_in(values: list[float], expected: list[int]) -> None:
    tiff = encoded(Image.fromarray(np.array([values], np.float32)), "TIFF")
    assert _pixels(tiff)[0, :, 0].tolist() == expected


def test_cmyk_and_one_bit_and_animation() -> None:
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert np.abs(_pixels(encoded(red, "JPEG", quality=100))[4, 4] - [255, 0, 0]).max() < 8
    bits = Image.new("1", (2, 1))
    bits.putpixel((1, 0), 1)
    assert _pixels(encoded(bits, "PNG"))[0, :, 0].tolist() == [0, 255]
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert _pixels(moving)[0, 0].tolist() == [255, 0, 0]


def test_every_odd_file_is_read_or_has_its_reason(tmp_path: Path) -> None:
    for path, expected in write_odd_files(tmp_path).items():
        try:
            decode(read_file(tmp_path / path))
            outcome = "ok"
        except PictureError as error:
            outcome = error.reason
        assert outcome == expected, path


@given(st.integers(0, 10**9), st.floats(0, 1))
def test_cut_and_garbled_files_never_raise_anything_else(seed: int, share: float) -> None:
    kind = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")[seed % 6]
    data = bytearray(encoded(picture("checks", seed % 5, (40, 30)), kind))
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, len(data), seed % 4):
        data[place] = int(rng.integers(256))
    try:
        decode(bytes(data[: int(len(data) * share)]))
    except PictureError as error:
        assert error.reason in REASONS


def test_broken_exif_costs_nothing() -> None:
    data = encoded(picture("discs", 1), "PNG", exif=b"Exif\0\0garbage data here")
    assert decode(data).image.size == (96, 72)


def test_a_strip_is_cropped_without_being_blown_up() -> None:
    strip = Image.new("RGB", (2, 60_000), "red")
    cropped = pixels_for(strip, Preprocessing(crop_px=224, resize_px=232, fit="crop"))
    assert cropped.shape == (224, 224, 3)
    assert (cropped == [255, 0, 0]).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "CMYK"])
def test_large_pictures_are_averaged_and_stay_the_same(mode: str) -> None:
    y, x = np.mgrid[:1300, :1400]
    smooth = Image.fromarray(((x + y) * 255 / 2700).astype(np.uint8)).convert(mode)
    found = decode(encoded(smooth, "TIFF"))
    assert (found.width, found.height) == (1400, 1300)
    assert found.image.size == (700, 650)
    expected = np.asarray(smooth.convert("RGB").resize((64, 64)), int)
    assert np.abs(np.asarray(found.image.resize((64, 64)), int) - expected).max() <= 2


def test_too_many_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgrec.images.MAX_PIXELS", 100)
    with pytest.raises(PictureError, match="96 x 72") as caught:
        decode(encoded(picture("discs", 1), "PNG"))
    assert caught.value.reason == "too-large"


def test_what_pillow_does_not_know_is_unsupported() -> None:
    with pytest.raises(PictureError) as caught:
        decode(b"\x00\x00\x00\x18ftypcrx isommp42" + bytes(64))
    assert caught.value.reason == "unsupported"


def test_a_postscript_file_named_jpg_is_not_run() -> None:
    with pytest.raises(PictureError) as caught:
        decode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    assert caught.value.reason == "not-an-image"


def test_unreadable_files(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.jpg", tmp_path):
        with pytest.raises(PictureError) as caught:
            read_file(path)
        assert caught.value.reason == "unreadable"


def test_large_jpegs_are_scaled_while_decoding_and_stay_the_same() -> None:
    y, x = np.mgrid[:1600, :2400]
    smooth = np.stack([x * 255 / 2400, y * 255 / 1600, (x + y) * 255 / 4000], axis=-1)
    image = Image.fromarray(smooth.astype(np.uint8))
    decoded = decode(encoded(image, "JPEG", quality=95), need_px=232)
    assert (decoded.width, decoded.height) == (2400, 1600)
    assert decoded.image.size[1] < 1600
    assert min(decoded.image.size) >= 2 * 232
    small = np.asarray(decoded.image.resize((64, 64)), int)
    assert np.abs(small - np.asarray(image.resize((64, 64)), int)).mean() < 1


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


def test_digest_is_of_the_content() -> None:
    assert digest(b"a") == digest(b"a") != digest(b"b")
    assert len(digest(os.urandom(9))) == 32
