"""Tests of what separates drawings from photographs by their tones."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imgrec.duplicates.comparing import compare_files
from imgrec.duplicates.comparison import Difference, Verdict
from imgrec.duplicates.tones import tone_share
from near_pairs.different import KINDS, different_pair
from near_pairs.photos import real_photos


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def _on_plain_ground() -> Image.Image:
    """Return part of a photograph before a wall that light falls on from one side."""
    across = np.linspace(246, 176, 640)[None, :, None]
    down = np.linspace(0, 24, 480)[:, None, None]
    wall = Image.fromarray(np.broadcast_to(across - down, (480, 640, 3)).astype(np.uint8))
    wall.paste(real_photos()[1].crop((200, 80, 440, 360)), (200, 100))
    return wall


def test_the_share_counts_ranges_of_three_levels_once() -> None:
    # 100 values of equal share: four ranges hold twelve of them.
    values = np.repeat(np.arange(100, dtype=np.uint8), 10).reshape(20, 50)
    assert tone_share(Image.fromarray(values).convert("RGB")) == pytest.approx(0.12)
    assert tone_share(Image.new("RGB", (9, 9), "white")) == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_of_low_quality_at_half_the_size_lacks_detail(kind: str) -> None:
    drawing = _opened(different_pair(kind, 12).one)
    small = drawing.resize((drawing.width // 2, drawing.height // 2), Image.Resampling.BOX)
    assert compare_files(_jpeg(drawing, 30), _jpeg(small, 90)).verdict is not Verdict.SAME


@pytest.mark.parametrize("quality", [30, 90])
def test_photographs_have_many_tones(quality: int) -> None:
    for photo in (*real_photos(), _on_plain_ground()):
        assert tone_share(_opened(_jpeg(photo, quality))) < 0.3


def test_a_smaller_photograph_on_plain_ground_is_the_same() -> None:
    photo = _on_plain_ground()
    small = photo.resize((320, 240), Image.Resampling.LANCZOS)
    assert compare_files(_jpeg(photo, 92), _jpeg(small, 85)).verdict is Verdict.SAME


def test_a_smaller_drawing_lacks_detail() -> None:
    board = Image.new("RGB", (600, 600), "burlywood")
    draw = ImageDraw.Draw(board)
    for k in range(40, 600, 40):
        draw.line((k, 40, k, 560), "black", 2)
        draw.line((40, k, 560, k), "black", 2)
    draw.ellipse((265, 265, 295, 295), "white")
    small = board.resize((300, 300), Image.Resampling.BOX)
    found = compare_files(_jpeg(board, 95), _jpeg(small, 95))
    assert found.verdict is Verdict.SIMILAR
    assert found.differences & Difference.DETAIL


def test_one_digit_of_a_dialog_of_few_words_is_not_the_same() -> None:
    pair = different_pair("dialog", 7_110_000_380)
    assert compare_files(pair.one, pair.other).verdict is not Verdict.SAME
