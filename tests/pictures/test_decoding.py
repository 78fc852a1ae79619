"""Decoding: EXIF orientation, limits, failure reasons, and what is made of a picture."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgrec import PictureError
from imgrec.pictures.decoding import Limits, Scales, decode, digest
from imgrec.pictures.memory import needed_bytes
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.sources.files import read_file
from pictures import encoded, picture, write_odd_files


def _pixels(data: bytes) -> np.ndarray:
    return np.asarray(decode(data).image)


# By EXIF orientation: the transposition of an upright picture that the orientation reverts.
_TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
_LOSSLESS: dict[str, dict[str, object]] = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}


def _lying(upright: Image.Image, orientation: int, kind: str, **options: object) -> bytes:
    method = _TURNED[orientation]
    lying = upright if method is None else upright.transpose(method)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(lying, kind, exif=exif, **options)


def _made_of(data: bytes) -> list[bytes]:
    """Return all encoder pixels and the thumbnail of a picture, as bytes."""
    scales = Scales(decode(data, need_px=232).image)
    wanted = [Preprocessing(224, 232, "crop"), Preprocessing(64, 64), Preprocessing(224, 224)]
    return [*(scales.pixels_for(one).tobytes() for one in wanted), scales.thumbnail()]


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize(
    ("kind", "size"),
    [("PNG", (131, 90)), ("TIFF", (131, 90)), ("WEBP", (131, 90)), ("TIFF", (1303, 1101))],
)
def test_exif_orientation_equals_rotated_pixels(
    orientation: int, kind: str, size: tuple[int, int]
) -> None:
    # The larger size is averaged first, and is odd in both directions.
    upright = picture("discs", 1, size)
    lying = _lying(upright, orientation, kind, **_LOSSLESS[kind])
    decoded = decode(lying, need_px=232)
    assert (decoded.width, decoded.height) == size
    assert _made_of(lying) == _made_of(encoded(upright, "TIFF"))


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("size", [(48, 32), (1600, 1200)])
def test_exif_orientation_of_a_jpeg(orientation: int, size: tuple[int, int]) -> None:
    # Uniform blocks of 8 x 8: only for these do rotation and JPEG decoding commute exactly.
    tiles = picture("checks", 2, (size[0] // 8, size[1] // 8))
    upright = tiles.resize(size, Image.Resampling.NEAREST)
    options = {"quality": 100, "subsampling": 0}
    lying = _lying(upright, orientation, "JPEG", **options)
    assert (decode(lying).width, decode(lying).height) == size
    assert _made_of(lying) == _made_of(encoded(upright, "JPEG", **options))


def test_exif_orientation_of_a_photo_is_close_to_rotated_pixels() -> None:
    upright = picture("discs", 1, (1603, 1207))
    lying = decode(_lying(upright, 6, "JPEG", quality=95)).image
    difference = np.asarray(lying, int) - np.asarray(
        decode(encoded(upright, "JPEG", quality=95)).image
    )
    assert np.abs(difference).mean() < 2


def test_every_odd_file_is_read_or_fails_for_the_expected_reason(tmp_path: Path) -> None:
    for path, expected in write_odd_files(tmp_path).items():
        try:
            decode(read_file(tmp_path / path))
            outcome = "ok"
        except PictureError as error:
            outcome = error.reason
        assert outcome == expected, path


def test_damaged_exif_is_ignored() -> None:
    data = encoded(picture("discs", 1), "PNG", exif=b"Exif\0\0garbage data here")
    assert decode(data).image.size == (96, 72)


def test_too_many_pixels_are_refused() -> None:
    with pytest.raises(PictureError, match="96 x 72") as caught:
        decode(encoded(picture("discs", 1), "PNG"), limits=Limits(pixels=100))
    assert caught.value.reason == "too-large"


def test_absent_and_unreadable_files(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.jpg", tmp_path):
        with pytest.raises(PictureError) as caught:
            read_file(path)
        assert caught.value.reason == "unreadable"


def test_large_jpegs_scaled_while_decoding_give_nearly_the_same_pixels() -> None:
    y, x = np.mgrid[:1600, :2400]
    smooth = np.stack([x * 255 / 2400, y * 255 / 1600, (x + y) * 255 / 4000], axis=-1)
    image = Image.fromarray(smooth.astype(np.uint8))
    decoded = decode(encoded(image, "JPEG", quality=95), need_px=232)
    assert (decoded.width, decoded.height) == (2400, 1600)
    assert decoded.image.size[1] < 1600
    assert min(decoded.image.size) >= 2 * 232
    small = np.asarray(decoded.image.resize((64, 64)), int)
    assert np.abs(small - np.asarray(image.resize((64, 64)), int)).mean() < 1


def test_jpegs_above_pillows_pixel_limit_are_scaled_below_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = picture("discs", 1, (1600, 1100))
    whole = decode(encoded(image, "JPEG"))
    # Pillow raises an error above twice this limit.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500_000)
    found = decode(encoded(image, "JPEG"))
    assert (found.width, found.height, found.format) == (1600, 1100, "JPEG")
    assert (np.asarray(found.image) == np.asarray(whole.image)).all()
    with pytest.raises(PictureError) as caught:
        decode(encoded(image, "PNG"))
    assert caught.value.reason == "too-large"


def test_a_progressive_jpeg_needs_memory_for_its_coefficients() -> None:
    image = picture("discs", 1, (640, 480))
    in_one, in_many = encoded(image, "JPEG"), encoded(image, "JPEG", progressive=True)
    # Coefficients of 2 bytes, the chroma at half the width and height.
    held = 640 * 480 * 2 * 3 // 2
    # At 1/8, so that little else is needed.
    one, many = (
        needed_bytes(Image.open(io.BytesIO(data)), 8, 512, 0) for data in (in_one, in_many)
    )
    copies = 12 * 80 * 60
    assert many - one == held - copies
    assert decode(in_many, limits=Limits(memory_bytes=many + len(in_many))).width == 640
    with pytest.raises(PictureError, match="640 x 480 pixels of JPEG") as caught:
        decode(in_many, limits=Limits(memory_bytes=many + len(in_many) - 1))
    assert caught.value.reason == "too-large"


def test_the_digest_depends_on_the_content() -> None:
    assert digest(b"a") == digest(b"a") != digest(b"b")
    assert len(digest(os.urandom(9))) == 32
