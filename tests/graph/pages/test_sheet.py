"""Tests of thumbnail sheets: cells do not overlap or bleed, the size is bounded."""

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from graph.pages.sheet import build_sheet, shelves
from imgrec.pictures.decoding import thumbnail

SIZES = st.tuples(st.integers(1, 128), st.integers(1, 128))


def jpeg(color: tuple[int, int, int], size: tuple[int, int] = (128, 96)) -> bytes:
    return thumbnail(Image.new("RGB", size, color))


@settings(max_examples=60)
@given(st.lists(SIZES, min_size=1, max_size=80), st.integers(160, 2048))
def test_cells_do_not_overlap_and_keep_their_sizes(
    sizes: list[tuple[int, int]], width_px: int
) -> None:
    cells = shelves(sizes, width_px)
    assert [cell[2:] for cell in cells] == sizes
    taken = np.zeros((max(c[1] + c[3] for c in cells), width_px), bool)
    for left, top, width, height in cells:
        assert 0 <= left < left + width <= width_px
        assert top >= 0
        area = taken[top : top + height, left : left + width]
        assert not area.any()
        area[:] = True


def test_colors_do_not_bleed_into_each_other() -> None:
    colors = [(250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 250), (0, 0, 0)]
    sizes = [(128, 96), (96, 128), (33, 128), (128, 7), (1, 1)]
    sheet = build_sheet([jpeg(c, s) for c, s in zip(colors, sizes, strict=True)])
    pixels = np.asarray(Image.open(io.BytesIO(sheet.jpeg))).astype(int)
    for color, (left, top, width, height) in zip(colors, sheet.cells, strict=True):
        cell = pixels[top : top + height, left : left + width]
        assert np.abs(cell - color).max() <= 12


def test_a_sheet_of_noise_keeps_the_budget() -> None:
    rng = np.random.default_rng(0)
    noise = [
        thumbnail(Image.fromarray(rng.integers(0, 256, (128, 128, 3), np.uint8))) for _ in range(60)
    ]
    sheet = build_sheet(noise, max_bytes=300_000)
    assert len(sheet.jpeg) <= 300_000
    assert all(max(cell[2:]) in (64, 96, 128) for cell in sheet.cells)


def test_the_same_thumbnails_give_the_same_bytes() -> None:
    thumbs = [jpeg((i * 20, 90, 60)) for i in range(12)]
    assert build_sheet(thumbs) == build_sheet(thumbs)
