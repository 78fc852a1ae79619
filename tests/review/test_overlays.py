"""Where a cropped or bordered picture lies over the one it is compared with."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from imgrec.review.overlays import place_of
from imgrec.samples.render import render_sample
from review_pages import altered


def _pixels(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return render_sample(2, 1).resize((400, 300))


def test_a_crop_lies_within_and_a_border_beyond(picture: Image.Image) -> None:
    crop = place_of(_pixels(picture), _pixels(picture.crop((40, 15, 380, 270))), 0)
    assert crop == pytest.approx((0.1, 0.05, 0.85, 0.85), abs=0.01)
    bordered = ImageOps.expand(picture, 30, "white")
    beyond = place_of(_pixels(picture), _pixels(bordered), 0)
    assert beyond == pytest.approx((-30 / 400, -0.1, 460 / 400, 1.2), abs=0.01)


@pytest.mark.parametrize("turn", range(8))
def test_a_turned_crop_lies_in_the_turned_picture(turn: int, picture: Image.Image) -> None:
    whole = altered(picture, turn)
    left, top = whole.width // 10, whole.height // 20
    crop = whole.crop((left, top, left + whole.width * 8 // 10, top + whole.height * 8 // 10))
    found = place_of(_pixels(picture), _pixels(crop), turn)
    assert found == pytest.approx((0.1, 0.05, 0.8, 0.8), abs=0.015)
    assert place_of(_pixels(picture), _pixels(crop), (turn + 1) % 8) is None


def test_another_picture_has_no_place(picture: Image.Image) -> None:
    other = render_sample(5, 3).resize((400, 300))
    assert place_of(_pixels(picture), _pixels(other), 0) is None
