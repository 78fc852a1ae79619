"""The memory of Pillow images as arrays: shared where possible, and always the same pixels."""

import gc

import numpy as np
import pytest
from PIL import Image, features

from imgrec.pictures.pixel_memory import pixels_of
from pictures import picture

_SHARES = tuple(map(int, (features.version("pil") or "0").split(".")[:2])) >= (11, 3)


def test_pixels_are_those_of_the_image() -> None:
    image = picture("discs", 1, (37, 23))
    found = pixels_of(image)
    assert found.shape == (23, 37, 4) and not found.flags.writeable
    assert (found[..., :3] == np.asarray(image)).all()


@pytest.mark.skipif(not _SHARES, reason="this Pillow does not export its memory")
def test_pixels_share_the_memory_of_the_image_and_keep_it() -> None:
    image = Image.new("RGB", (50, 40), "red")
    found = pixels_of(image)
    image.paste("blue", (10, 20, 11, 21))
    assert found[20, 10, :3].tolist() == [0, 0, 255]
    del image
    gc.collect()
    assert (found[0, :, :3] == [255, 0, 0]).all()


def test_pixels_are_copied_where_pillow_exports_none(monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture("stripes", 2, (30, 20))

    def refuse(_: Image.Image) -> None:
        raise ValueError("not in one piece")

    monkeypatch.setattr(Image.Image, "__arrow_c_array__", refuse, raising=False)
    found = pixels_of(image)
    image.paste("black", (0, 0, 30, 20))
    assert (found[..., :3] == np.asarray(picture("stripes", 2, (30, 20)))).all()


def test_only_rgb_has_pixels_of_four_bytes() -> None:
    with pytest.raises(ValueError, match="not of L: convert"):
        pixels_of(Image.new("L", (3, 3)))
