"""Conversion of every pixel mode to 8-bit RGB, against values computed by hand."""

import io

import numpy as np
import pytest
from PIL import Image

import icc
from imgrec.pictures.color_modes import plain, to_rgb
from imgrec.pictures.decoding import decode
from matrix.png import RGB, chunk
from matrix.png import png as made_png
from pictures import encoded, picture

_UNDER_BLACK = [(255 - ink) * (255 - 30) / 255 for ink in (20, 150, 90)]


def _pixels(data: bytes) -> np.ndarray:
    return np.asarray(decode(data).image)


def test_transparent_pixels_are_composited_over_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    gray = Image.new("LA", (4, 4), (0, 0))
    assert (_pixels(encoded(clear, "PNG")) == 255).all()
    assert np.abs(_pixels(encoded(half, "PNG")).astype(int) - 127).max() <= 1
    assert (_pixels(encoded(gray, "PNG")) == 255).all()


def test_palette_colors_and_palette_transparency() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    assert _pixels(encoded(palette, "PNG")).tolist() == [[[10, 20, 30], [200, 100, 50]]]
    shown = _pixels(encoded(palette, "PNG", transparency=0))
    assert shown.tolist() == [[[255, 255, 255], [200, 100, 50]]]


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    gray = _pixels(encoded(Image.fromarray(values), "PNG"))
    assert gray[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, 1000.0, 2000.0], [0, 128, 255]),
    ],
)
def test_float_pixels_are_scaled_by_their_range(values: list[float], expected: list[int]) -> None:
    tiff = encoded(Image.fromarray(np.array([values], np.float32)), "TIFF")
    assert _pixels(tiff)[0, :, 0].tolist() == expected


def test_cmyk_and_one_bit_and_animation() -> None:
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert np.abs(_pixels(encoded(red, "JPEG", quality=100))[4, 4] - [255, 0, 0]).max() < 8
    bits = Image.new("1", (2, 1))
    bits.putpixel((1, 0), 1)
    assert _pixels(encoded(bits, "PNG"))[0, :, 0].tolist() == [0, 255]
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert _pixels(moving)[0, 0].tolist() == [255, 0, 0]


def test_wide_pixels_are_converted_equally_in_bands() -> None:
    values = np.random.default_rng(1).normal(0, 1000, (50, 40)).astype(np.float32)
    values[3, 4], values[5, 6] = np.nan, np.inf
    tiff = encoded(Image.fromarray(values), "TIFF")
    whole = _pixels(tiff)
    with Image.open(io.BytesIO(tiff)) as image:
        in_bands = to_rgb(plain(image, chunk=100), None)
    assert (np.asarray(in_bands) == whole).all()
    clean = np.nan_to_num(values, posinf=0)
    expected = (clean - clean.min()) / np.ptp(clean) * 255
    assert np.abs(whole[..., 0] - expected).max() <= 0.51


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 7, 255], [0, 7, 255]),
        ([0, 257, 65535], [0, 1, 255]),
        ([-70_000, 0, 70_000], [0, 128, 255]),
    ],
)
def test_wide_integers(values: list[int], expected: list[int]) -> None:
    tiff = encoded(Image.fromarray(np.array([values], np.int32)), "TIFF")
    assert _pixels(tiff)[0, :, 1].tolist() == expected


def test_ones_of_an_x11_bitmap_are_black() -> None:
    bitmap = b"#define a_width 8\n#define a_height 2\nstatic char a_bits[] = {\n0xFE, 0xFF};\n"
    gray = np.asarray(decode(bitmap).image)[..., 0]
    assert gray.tolist() == [[255, *[0] * 7], [0] * 8]


def test_a_transparent_gray_level_of_sixteen_bits() -> None:
    values = np.array([[0, 25700, 65535]], np.uint16)
    png = encoded(Image.fromarray(values), "PNG", transparency=25700)
    assert _pixels(png)[0, :, 0].tolist() == [0, 255, 255]


def test_a_color_of_sixteen_bits_is_transparent_only_if_it_is_exactly_the_key() -> None:
    # More rows than are compared at a time.
    values = np.full((3000, 400, 3), 25700, np.uint16)
    values[::2] += 1
    values[2999] = (25700, 25700, 25701)
    key = chunk(b"tRNS", values[1, 0].astype(">u2").tobytes())
    found = decode(made_png(values, 16, RGB, before=key), need_px=2000).image
    expected = np.where((values == 25700).all(-1, keepdims=True), 255, 100)
    assert (np.asarray(found) == expected).all()


@pytest.mark.parametrize(
    ("stored", "zero", "expected"),
    [
        ([-32768, -128, 32767], "32768", [0, 127, 255]),
        ([-32768, -128, 32767], "3.276800E+04", [0, 127, 255]),
        ([-2000, 0, 2000], None, [0, 128, 255]),
        ([0, 25700, 32767], None, [0, 100, 127]),
    ],
)
def test_integers_of_fits_are_signed(
    stored: list[int], zero: str | None, expected: list[int]
) -> None:
    cards = ["SIMPLE  =                    T", "BITPIX  =                   16", "NAXIS   = 2",
             "NAXIS1  = 3", "NAXIS2  = 1", f"BZERO   = {zero}", "END"]  # fmt: skip
    if zero is None:
        del cards[5]
    head = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    fits = head + np.array(stored, ">i2").tobytes().ljust(2880, b"\0")
    assert _pixels(fits)[0, :, 0].tolist() == expected


def test_lab_in_tiff() -> None:
    lab = np.array([[60, 40, 20], [40, -20, 15], [80, 5, -30]])
    stored = np.stack([np.rint(lab[:, 0] * 2.55), lab[:, 1] % 256, lab[:, 2] % 256], -1)
    tiff = encoded(Image.fromarray(stored[None].astype(np.uint8), "LAB"), "TIFF")
    assert np.abs(_pixels(tiff)[0] - icc.ink_colors(lab)).max() < 3


def test_ycbcr_in_tiff() -> None:
    image = picture("discs", 2)
    found = _pixels(encoded(image.convert("YCbCr"), "TIFF")).astype(int)
    # The rounding of 8-bit YCbCr.
    assert np.abs(found - np.asarray(image)).max() <= 3


def test_cmyk_jpegs_are_inverted_with_and_without_an_adobe_marker() -> None:
    image = Image.new("CMYK", (16, 16), (20, 150, 90, 30))
    marked = encoded(image, "JPEG", quality=100)
    assert b"Adobe" in marked
    for data in (marked, _without_adobe(marked)):
        assert np.abs(_pixels(data)[8, 8].astype(int) - _UNDER_BLACK).max() <= 2


def test_ycck_jpeg() -> None:
    inks = Image.new("RGB", (16, 16), (20, 150, 90))
    y, cb, cr = (255 - np.asarray(band) for band in inks.convert("YCbCr").split())
    planes = np.stack([y, cb, cr, np.full_like(y, 30)], -1)
    data = encoded(Image.fromarray(planes, "CMYK"), "JPEG", quality=100, subsampling=0)
    place = data.index(b"Adobe") + 11
    # The Adobe marker says that the components are Y, Cb, Cr, K.
    ycck = data[:place] + b"\2" + data[place + 1 :]
    assert np.abs(_pixels(ycck)[8, 8].astype(int) - _UNDER_BLACK).max() <= 2


def _without_adobe(jpeg: bytes) -> bytes:
    start = jpeg.index(b"\xff\xee")
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big") :]


@pytest.mark.parametrize(("kind", "options"), [
    ("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("MPO", {"quality": 100}),
])  # fmt: skip
def test_of_several_frames_the_first_is_read(kind: str, options: dict[str, object]) -> None:
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue", "lime")]
    several = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    with Image.open(io.BytesIO(several)) as image:
        assert getattr(image, "n_frames", 1) == 3
    assert np.abs(_pixels(several)[8, 8].astype(int) - [255, 0, 0]).max() <= 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_large_pictures_of_any_mode_are_averaged(mode: str) -> None:
    y, x = np.mgrid[:1300, :1400]
    smooth = ((x + y) * 255 / 2700).astype(np.uint8)
    if mode == "I;16":
        image = Image.fromarray(smooth.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(smooth).convert(mode)
    found = decode(encoded(image, "TIFF"))
    assert (found.width, found.height) == (1400, 1300)
    assert found.image.size == (700, 650)
    shown = np.asarray(found.image.resize((16, 16), Image.Resampling.BOX), int)
    expected = np.asarray(Image.fromarray(smooth).resize((16, 16), Image.Resampling.BOX), int)
    assert np.abs(shown - expected[..., None]).max() <= 3


def test_transparent_pixels_are_composited_before_averaging() -> None:
    pixels = np.zeros((1024, 1024, 4), np.uint8)
    # Every second row; the others are transparent black.
    pixels[::2] = (10, 20, 200, 255)
    shown = _pixels(encoded(Image.fromarray(pixels), "PNG"))
    assert shown.shape == (512, 512, 3)
    assert np.abs(shown - [(10 + 255) / 2, (20 + 255) / 2, (200 + 255) / 2]).max() <= 1.5
