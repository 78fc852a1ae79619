"""Tests of the comparison of two picture files."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imgrec.duplicates.comparing import compare_files
from imgrec.duplicates.comparison import Difference, Verdict
from imgrec.errors import PictureError
from metadata_bytes import Tag, exif


def _file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _scene(seed: int = 0, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Return a picture with structure of several scales everywhere."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((size[1], size[0], 3))
    for cells in (4, 12, 40):
        noise = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), np.uint8))
        canvas += np.asarray(noise.resize(size, Image.Resampling.BICUBIC)) / 3
    return Image.fromarray(canvas.astype(np.uint8))


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {"quality": 30}), ("JPEG", {"quality": 90}), ("WEBP", {"quality": 50}), ("PNG", {})],
)
def test_reencoded_files_are_the_same(kind: str, options: dict[str, Any]) -> None:
    scene = _scene()
    found = compare_files(_file(scene, "BMP"), _file(scene, kind, **options))
    assert found.verdict is Verdict.SAME
    assert found.differences == Difference.REENCODED


def test_a_resized_file_is_the_same() -> None:
    scene = _scene(size=(640, 480))
    found = compare_files(_file(scene), _file(scene.resize((320, 240)), "JPEG"))
    assert found.verdict is Verdict.SAME
    assert found.differences == Difference.REENCODED | Difference.RESIZED


def test_another_picture_is_not_the_same() -> None:
    assert compare_files(_file(_scene(0)), _file(_scene(1))).verdict is not Verdict.SAME


def test_a_small_changed_part_is_not_the_same() -> None:
    scene = _scene()
    changed = scene.copy()
    ImageDraw.Draw(changed).ellipse((100, 100, 112, 112), fill="black")
    assert compare_files(_file(scene), _file(changed)).verdict is not Verdict.SAME


def test_similar_pictures_in_which_no_difference_is_found_differ_in_detail() -> None:
    scene = _scene(size=(1200, 900))
    changed = scene.copy()
    # Less than a pixel at the size at which parts are compared.
    ImageDraw.Draw(changed).rectangle((700, 500, 703, 503), fill="black")
    found = compare_files(_file(scene, "BMP"), _file(changed, "BMP"))
    assert found.verdict is Verdict.SIMILAR
    assert found.differences == Difference.DETAIL


def test_white_glyphs_on_transparency_are_compared_over_black() -> None:
    glyphs = [Image.new("RGBA", (256, 256), (255, 255, 255, 0)) for _ in range(2)]
    ImageDraw.Draw(glyphs[0]).ellipse((40, 40, 216, 216), fill="white")
    ImageDraw.Draw(glyphs[1]).rectangle((60, 90, 200, 170), fill="white")
    found = compare_files(*map(_file, glyphs))
    assert found.verdict is not Verdict.SAME


def test_a_raw_file_is_compared_by_its_preview_and_never_the_same() -> None:
    def raw(preview: bytes) -> bytes:
        tags: dict[int, Tag] = {254: (4, [1]), 330: (4, [8]), 271: (2, "NIKON CORPORATION")}
        return exif(tags, {36867: (2, "2019:07:14 15:32:10")}) + preview

    preview = _file(_scene(), "JPEG", quality=95)
    beside = _file(_scene(), "JPEG", quality=80)
    for other in (preview, beside, raw(beside)):
        found = compare_files(raw(preview), other)
        assert found.verdict is Verdict.SIMILAR
        assert found.differences & Difference.RAW
        assert not found.differences & Difference.UNREAD
    another = raw(_file(_scene(1), "JPEG", quality=95))
    assert compare_files(raw(preview), another).verdict is Verdict.DIFFERENT


def test_a_file_that_is_no_picture_is_an_error() -> None:
    with pytest.raises(PictureError):
        compare_files(_file(_scene()), b"no picture")
