"""Tiles: the pixels of their slots against thumbnails scaled by Pillow, sizes, damage."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graph.map.tiles import TileShop, encoded, fitted, mosaic, write_tile
from imgrec.maps.format import CELL_PX, CELLS, TILE_BYTES, base64_bytes, script_value, unpacked
from imgrec.maps.pyramid import Tile
from imgrec.store.paths import StorePaths
from imgrec.system.known_outputs import Made
from thumb_parts import write_thumbs

SIDE_PX = CELLS * CELL_PX


def _jpeg(size: tuple[int, int], color: object, quality: int = 95) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.fixture
def shop(tmp_path: Path) -> Callable[[list[bytes]], TileShop]:
    """Return a function that makes a store of thumbnails, ids from 1, and a place for tiles."""

    def made(thumbs: list[bytes]) -> TileShop:
        ids = np.arange(1, len(thumbs) + 1)
        write_thumbs(StorePaths(tmp_path / "store").thumbs, 0, ids, thumbs)
        return TileShop(tmp_path / "store", tmp_path / "new", tmp_path / "old", "program")

    return made


def _tile(slots: list[int]) -> Tile:
    return Tile(2, 1, 3, np.array(slots, np.uint8), np.arange(len(slots)) + 10)


def _read(shop: TileShop, file: str) -> tuple[list[int], list[int], Image.Image]:
    value = script_value((shop.folder / file).read_bytes(), "2/1_3")
    slots = list(base64_bytes(value["slots"]))
    rows = unpacked(value["rows"], "u4", len(slots)).tolist()
    return slots, rows, Image.open(io.BytesIO(base64_bytes(value["image"]))).convert("RGB")


def _inside(pixels: np.ndarray, top: int, left: int) -> np.ndarray:
    """Return a slot without its rim, over which the decoder smooths between slots."""
    return pixels[top + 2 : top + CELL_PX - 2, left + 2 : left + CELL_PX - 2]


def test_each_slot_shows_its_picture_in_its_upper_left(shop: Callable[..., TileShop]) -> None:
    made = shop([_jpeg((128, 96), "red"), _jpeg((64, 128), "lime"), _jpeg((20, 10), "blue")])
    written = write_tile(made, (_tile([0, 17, 35]), [1, 2, 3], None))
    assert written.file == "map/2/1_3.js"
    assert not written.kept
    assert written.damaged == []
    assert written.sides.tolist() == [[64, 48], [32, 64], [20, 10]]
    slots, rows, image = _read(made, written.file)
    assert slots == [0, 17, 35]
    assert rows == [10, 11, 12]
    # The third row of slots is the last that is occupied.
    assert image.size == (SIDE_PX, 3 * CELL_PX)
    pixels = np.asarray(image).astype(int)
    wanted = {(0, 0): (255, 0, 0), (64, 64): (0, 255, 0), (128, 192): (0, 0, 255)}
    for (top, left), color in wanted.items():
        # The whole slot, since the rest of it repeats the edge.
        assert np.abs(_inside(pixels, top, left) - color).max() < 24
    assert np.abs(_inside(pixels, 0, 64) - 128).max() < 12


def test_thumbnails_are_scaled_whole(shop: Callable[..., TileShop]) -> None:
    steps = np.linspace(0, 255, 128).astype(np.uint8)
    ramp = np.stack(
        (
            np.tile(steps, (96, 1)),
            np.tile(steps[:96, None], (1, 128)),
            np.zeros((96, 128), np.uint8),
        ),
        axis=2,
    )
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, "JPEG", quality=95)
    made = shop([buffer.getvalue()])
    _, _, image = _read(made, write_tile(made, (_tile([0]), [1], None)).file)
    wanted = np.asarray(Image.fromarray(ramp).resize((64, 48), Image.Resampling.BOX)).astype(int)
    found = np.asarray(image).astype(int)[:48, :64]
    assert np.abs(found - wanted).mean() < 6


def test_a_damaged_or_absent_thumbnail_is_gray_and_told(shop: Callable[..., TileShop]) -> None:
    whole = _jpeg((128, 128), "red")
    made = shop([whole, b"no picture", whole[: len(whole) // 2]])
    written = write_tile(made, (_tile([0, 1, 2, 3]), [1, 2, 3, 9], None))
    assert written.damaged == [2, 3, 9]
    assert written.sides.tolist() == [[64, 64]] * 4
    pixels = np.asarray(_read(made, written.file)[2]).astype(int)
    for left in (64, 128, 192):
        assert np.abs(_inside(pixels, 0, left) - 128).max() < 12
    # Drawn anew each time, so that the warning comes again.
    assert written.made.key == ""


def test_an_unchanged_tile_is_taken_over_with_its_sides(shop: Callable[..., TileShop]) -> None:
    made = shop([_jpeg((128, 96), "red"), _jpeg((30, 128), "lime")])
    task = (_tile([3, 7]), [1, 2], None)
    first = write_tile(made, task)
    made.folder.rename(made.site)
    again = write_tile(made, (*task[:2], first.made))
    assert again.kept
    assert again.made == first.made
    assert again.sides.tolist() == first.sides.tolist()
    assert (made.folder / again.file).read_bytes() == (made.site / first.file).read_bytes()


@pytest.mark.parametrize("changed", ["slots", "rows", "thumbnail", "program", "file", "record"])
def test_a_tile_of_something_else_is_drawn_anew(
    shop: Callable[..., TileShop], changed: str
) -> None:
    made = shop([_jpeg((128, 96), "red"), _jpeg((128, 96), "lime")])
    first = write_tile(made, (_tile([3]), [1], None))
    made.folder.rename(made.site)
    tile, ids, known = _tile([3]), [1], first.made
    if changed == "slots":
        tile = _tile([4])
    elif changed == "rows":
        tile = tile._replace(rows=tile.rows + 1)
    elif changed == "thumbnail":
        ids = [2]
    elif changed == "program":
        made = TileShop(made.store, made.folder, made.site, "another")
    elif changed == "file":
        (made.site / first.file).write_bytes(b"another")
    else:
        known = Made(first.made.key, "0")
    assert not write_tile(made, (tile, ids, known)).kept


def test_a_tile_of_noise_is_coarser_until_its_file_is_small_enough() -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (CELL_PX, CELL_PX, 3), np.uint8) for _ in range(CELLS**2)]
    data = encoded(mosaic(range(CELLS**2), noise))
    # With base64 and what stands around it.
    assert len(data) * 4 / 3 + 3_000 < TILE_BYTES
    assert Image.open(io.BytesIO(data)).size == (SIDE_PX, SIDE_PX)
    assert len(encoded(mosaic([0], noise[:1]), 2_000)) < len(encoded(mosaic([0], noise[:1])))


@given(st.integers(1, 1024), st.integers(1, 1024))
def test_thumbnails_fit_their_slots_and_keep_their_aspect(width: int, height: int) -> None:
    found = fitted((width, height))
    assert min(found) >= 1
    assert max(found) == min(CELL_PX, max(width, height))
    assert abs(min(found) - max(1, min(width, height) * max(found) / max(width, height))) <= 0.5
