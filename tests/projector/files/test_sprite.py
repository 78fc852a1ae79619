"""Tests of the sprite: its geometry, and the right thumbnail in each cell."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgrec.pictures.decoding import thumbnail
from projector.errors import ProjectorError
from projector.files.sprite import Grid, build_sprite, fit, grid_for, write_sprite
from projector_store import Color, plain


@given(st.integers(2, 100_000))
def test_every_picture_has_a_cell_in_a_square_sheet_the_page_takes(count: int) -> None:
    grid = grid_for(count)
    assert grid.per_side >= 2
    assert grid.per_side**2 >= count
    assert (grid.per_side == 2) or (grid.per_side - 1) ** 2 < count
    assert grid.side_px <= 8192
    assert grid.side_px % grid.cell_px == 0
    assert 25 <= grid.cell_px <= 100


@given(st.integers(2, 1_000))
def test_cells_do_not_overlap_and_run_row_by_row(count: int) -> None:
    grid = grid_for(count)
    corners = [grid.corner_px(cell) for cell in range(count)]
    assert len(set(corners)) == count
    assert sorted(corners, key=lambda corner: corner[::-1]) == corners
    assert all(max(corner) + grid.cell_px <= grid.side_px for corner in corners)


@pytest.mark.parametrize(
    ("count", "cell_px"),
    [(1_000, 100), (1_600, 100), (3_721, 65), (10_000, 40), (50_000, 36), (100_000, 25)],
)
def test_the_more_pictures_the_smaller_the_cells(count: int, cell_px: int) -> None:
    assert grid_for(count).cell_px == cell_px


@pytest.mark.parametrize("count", [2, 3, 4, 5, 10, 65, 1000])
def test_cell_i_shows_thumbnail_i(count: int, tmp_path: Path) -> None:
    palette = [(i * 37 % 256, i * 91 % 256, i * 53 % 256) for i in range(count)]
    sheet = _written(tmp_path, palette)
    grid = grid_for(count)
    half = grid.cell_px // 2
    for i, color in enumerate(palette):
        left, top = grid.corner_px(i)
        assert _difference(sheet.getpixel((left + half, top + half)), (*color, 255)) < 6


@pytest.mark.parametrize("grid", [Grid(3, 100), Grid(7, 81), Grid(20, 25)])
def test_all_but_the_pictures_is_fully_transparent(grid: Grid, tmp_path: Path) -> None:
    sizes = [(128, 64), (64, 128), (128, 128), (128, 3), (9, 128)]
    thumbs = [thumbnail(plain((200, 0, 0), size)) for size in sizes]
    count = grid.per_side**2 - 2
    sheet = build_sprite(np.arange(count), lambda i: thumbs[i % len(sizes)], grid)
    write_sprite(tmp_path / "sprite.webp", sheet)
    alpha = np.asarray(Image.open(tmp_path / "sprite.webp"))[:, :, 3]
    expected = np.zeros_like(alpha)
    for i in range(count):
        left, top = grid.corner_px(i)
        w, h = fit(thumbs[i % len(sizes)], grid.cell_px - 2).size
        x, y = (grid.cell_px - w) // 2, (grid.cell_px - h) // 2
        # Without the margin, the page would draw a line of the next thumbnail.
        assert min(x, y) == 1
        expected[top + y : top + y + h, left + x : left + x + w] = 255
    assert np.array_equal(alpha, expected)


@pytest.mark.parametrize("size", [(128, 64), (64, 128), (128, 1), (1, 128), (128, 128), (5, 3)])
@pytest.mark.parametrize("cell_px", [25, 64, 100])
def test_a_thumbnail_keeps_its_aspect_ratio_and_fills_the_cell(
    size: tuple[int, int], cell_px: int
) -> None:
    fitted = fit(thumbnail(plain((200, 0, 0), size)), cell_px)
    assert max(fitted.size) == cell_px
    assert min(fitted.size) == max(1, round(min(size) / max(size) * cell_px))


def test_a_wide_thumbnail_stands_in_the_middle_on_nothing() -> None:
    jpeg = thumbnail(plain((200, 0, 0), (128, 64)))
    cell = np.asarray(build_sprite(np.array([1, 2]), lambda _: jpeg, Grid(2, 40)))[:40, :40]
    red = (cell[:, 1:-1, 3] == 255).all(axis=1)
    assert np.flatnonzero(red).tolist() == list(range(10, 29))
    assert (np.abs(cell[red, 1:-1, :3].astype(int) - (200, 0, 0)) < 6).all()
    assert (cell[~red, :, 3] == 0).all()
    assert (cell[:, [0, -1], 3] == 0).all()


def test_a_damaged_thumbnail_is_named() -> None:
    with pytest.raises(ProjectorError, match="thumbnail of picture 7 is damaged"):
        build_sprite(np.array([7, 8]), lambda _: b"\xff\xd8\xff nonsense", grid_for(2))


def _written(folder: Path, palette: list[Color]) -> Image.Image:
    thumbs = [thumbnail(plain(color)) for color in palette]
    ids = np.arange(len(palette))
    sheet = build_sprite(ids, lambda i: thumbs[i], grid_for(len(palette)))
    write_sprite(folder / "sprite.webp", sheet)
    return Image.open(folder / "sprite.webp")


def _difference(pixel: object, color: tuple[int, ...]) -> int:
    return int(np.abs(np.subtract(pixel, color)).max())  # type: ignore[call-overload]
