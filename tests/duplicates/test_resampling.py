"""The filter of a resized picture: found whatever it was, and nothing else explained by it."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from imgrec.duplicates.file_picture import pixels_at
from imgrec.duplicates.resampling import resampled
from imgrec.duplicates.windows import Pixels
from imgrec.pictures.decoding import Picture
from near_pairs.photos import real_photos

_SIZE = (400, 267)
_FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "Lanczos": Image.Resampling.LANCZOS,
}


def _picture(image: Image.Image) -> Picture:
    return Picture(image, image.width, image.height, "PNG")


def _fitted(image: Image.Image, small: Pixels) -> Pixels:
    picture = _picture(image)
    return resampled(picture, pixels_at(picture, (small.shape[1], small.shape[0])), small)


def _error(a: Pixels, b: Pixels) -> float:
    """Return the root mean square difference."""
    return float(np.sqrt(np.mean((a.astype(float) - b) ** 2)))


@pytest.mark.parametrize("name", _FILTERS)
def test_any_filter_is_found(name: str) -> None:
    image = real_photos()[0]
    small = np.asarray(image.resize(_SIZE, _FILTERS[name]))
    assert _error(_fitted(image, small), small) < 1


def test_a_filter_that_is_no_term_is_approximated() -> None:
    image = real_photos()[0]
    small = np.asarray(image.resize(_SIZE, Image.Resampling.HAMMING))
    plain = np.asarray(image.resize(_SIZE, Image.Resampling.BICUBIC))
    assert _error(_fitted(image, small), small) < _error(plain, small) * 0.6


def test_sharpening_is_found() -> None:
    image = real_photos()[0]
    plain = image.resize(_SIZE, Image.Resampling.LANCZOS)
    small = np.asarray(plain.filter(ImageFilter.UnsharpMask(1, 50, 0)))
    fitted = _fitted(image, small)
    assert _error(fitted, small) < _error(np.asarray(plain), small) / 2


def test_a_local_change_does_not_influence_the_filter() -> None:
    image = real_photos()[0]
    whole = image.resize(_SIZE, Image.Resampling.BILINEAR)
    small = np.array(whole)
    small[100:120, 200:220] = small[140:160, 60:80]
    fitted = _fitted(image, small)
    assert _error(fitted, np.asarray(whole)) < 1


def test_brightness_is_not_explained() -> None:
    image = real_photos()[0]
    plain = np.asarray(image.resize(_SIZE, Image.Resampling.BICUBIC)) // 2
    small = np.asarray(plain + 20, np.uint8)
    fitted = _fitted(Image.fromarray(np.asarray(image) // 2), small)
    assert abs(float((small.astype(float) - fitted).mean()) - 20) < 1


@pytest.mark.parametrize("radius", [3, 6])
def test_a_blur_that_takes_details_is_not_explained(radius: int) -> None:
    image = real_photos()[0]
    blurred = image.resize(_SIZE).filter(ImageFilter.GaussianBlur(radius))
    fitted = _fitted(image, np.asarray(blurred))
    np.testing.assert_array_equal(fitted, pixels_at(_picture(image), _SIZE))


def test_a_shift_is_not_explained() -> None:
    image = real_photos()[0]
    small = np.roll(np.asarray(image.resize(_SIZE)), 1, axis=1)
    fitted = _fitted(image, small)
    np.testing.assert_array_equal(fitted, pixels_at(_picture(image), _SIZE))
