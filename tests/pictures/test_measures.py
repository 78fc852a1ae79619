"""Measures of pictures: against plain formulas, on edges of known width, and for any size."""

import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from imgrec.encoders.rgb import RgbHistogram
from imgrec.pictures import compiled
from imgrec.pictures.measures import measures_of
from imgrec.pictures.metadata_names import CAMERA, MEASURES, Datum, is_datum
from imgrec.pictures.pixel_memory import pixels_of
from imgrec.pictures.scaling import THUMB_PX, Scales
from imgrec.pictures.screens import screen_likeness

_Gray = NDArray[np.uint8]


def measured(image: Image.Image, size: tuple[int, int] | None = None) -> dict[str, float]:
    """Return the measures of a picture as {name: number}."""
    small = Scales(image).fitted(THUMB_PX)
    data = measures_of(image, small, size or image.size)
    return {datum.name: datum.number or 0.0 for datum in data}


def of_gray(shades: _Gray) -> dict[str, float]:
    """Return the measures of a gray picture (h, w)."""
    return measured(Image.fromarray(shades).convert("RGB"))


def noise(side: int, seed: int = 0) -> _Gray:
    """Return noise (side, side) of all shades."""
    return np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)


def bars(rise_px: int, *, low: int = 40, high: int = 200, side: int = 512) -> _Gray:
    """Return upright bars of 64 px (side, side), whose edges rise linearly over `rise_px` steps."""
    period = np.arange(side) % 128
    up = np.clip((period - 32) / rise_px, 0, 1) - np.clip((period - 96) / rise_px, 0, 1)
    line = low + (high - low) * up
    return np.broadcast_to(line.round().astype(np.uint8), (side, side)).copy()


@pytest.mark.parametrize("rise_px", [1, 2, 3, 4, 5])
def test_the_sharpness_of_an_edge_is_100_by_its_width(rise_px: int) -> None:
    assert of_gray(bars(rise_px))["sharpness"] == pytest.approx(100 / rise_px, rel=0.06)


def test_sharpness_sees_edges_along_and_across() -> None:
    assert of_gray(bars(2).T)["sharpness"] == of_gray(bars(2))["sharpness"]


def test_sharpness_does_not_depend_on_how_strong_edges_are() -> None:
    dull, strong = of_gray(bars(2, low=100, high=150)), of_gray(bars(2, low=0, high=250))
    assert dull["sharpness"] == pytest.approx(strong["sharpness"], abs=2)


def test_more_blur_is_less_sharpness() -> None:
    image = Image.fromarray(noise(64)).resize((512, 512), Image.Resampling.NEAREST).convert("RGB")
    blurred = [image.filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 4)]
    found = [measured(one)["sharpness"] for one in blurred]
    assert found == sorted(found, reverse=True) and found[0] > 95 and found[3] < 20


def test_the_sharpest_place_counts() -> None:
    shades = bars(8)
    shades[256:320, :128] = bars(1)[256:320, :128]
    assert of_gray(shades)["sharpness"] > 95


def test_sharpness_is_that_of_a_shorter_side_of_512() -> None:
    large = Image.fromarray(bars(2)).resize((1536, 1536), Image.Resampling.BICUBIC)
    assert measured(large.convert("RGB"))["sharpness"] == pytest.approx(50, rel=0.25)


def test_what_has_nothing_to_focus_on_has_no_sharpness() -> None:
    assert "sharpness" not in of_gray(np.full((300, 300), 128, np.uint8))
    assert "sharpness" not in of_gray(noise(20))
    assert "sharpness" in of_gray(noise(21))


def test_an_edge_too_slow_to_be_one_is_0() -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 512).astype(np.uint8), (512, 512)).copy()
    assert of_gray(ramp)["sharpness"] == 0


def test_tones_are_those_of_numpy() -> None:
    # Smaller than a thumbnail: nothing is resized.
    shades = noise(100, seed=3)
    found = of_gray(shades)
    assert found["brightness"] == pytest.approx(100 * shades.mean() / 255, abs=0.05)
    assert found["contrast"] == pytest.approx(100 * shades.std() / 255, abs=0.05)
    assert found["clipped"] == pytest.approx(
        100 * ((shades <= 3) | (shades >= 252)).mean(), abs=0.05
    )


@pytest.mark.parametrize(
    ("shade", "clipped"), [(0, 100), (3, 100), (4, 0), (251, 0), (252, 100), (255, 100)]
)
def test_black_and_white_are_clipped(shade: int, clipped: float) -> None:
    found = of_gray(np.full((50, 60), shade, np.uint8))
    assert found["clipped"] == clipped and found["flat"] == 100 and found["contrast"] == 0


def test_flat_is_the_share_of_blocks_without_structure() -> None:
    shades = np.full((64, 64), 90, np.uint8)
    # One block in 64, at each limit.
    shades[10, 10] = 99
    assert of_gray(shades)["flat"] == 100
    shades[10, 10] = 100
    assert of_gray(shades)["flat"] == pytest.approx(100 * 63 / 64, abs=0.05)


def screen(size: tuple[int, int]) -> Image.Image:
    """Return a drawn window with lines of boxes as words."""
    image = Image.new("RGB", size, (240, 240, 242))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0], 40), fill=(40, 60, 120))
    for top in range(60, size[1] - 20, 24):
        for left in range(20, size[0] - 60, 90):
            draw.rectangle((left, top, left + 60, top + 8), fill=(20, 20, 20))
    return image


def test_a_screen_is_likelier_a_screenshot_than_a_drawing_than_a_photo() -> None:
    image = screen((1280, 720))
    photo = Image.effect_noise((1280, 720), 20).convert("RGB")
    found = [
        measured(image)["screenshot"],
        measured(image, (1281, 720))["screenshot"],
        measured(photo)["screenshot"],
    ]
    assert found[0] > 90 > 60 > found[1] > 50 > 10 > found[2]
    upright = image.transpose(Image.Transpose.ROTATE_90)
    assert measured(upright)["screenshot"] == pytest.approx(found[0], abs=5)


def test_what_a_camera_took_is_no_screenshot() -> None:
    image = screen((1280, 720))
    small = Scales(image).fitted(THUMB_PX)
    data = measures_of(image, small, image.size, [Datum(CAMERA, "Canon EOS 5D")])
    assert {d.name: d.number for d in data}["screenshot"] == 0


@given(
    width=st.integers(1, 150),
    height=st.integers(1, 150),
    seed=st.integers(0, 9),
    levels=st.sampled_from([1, 2, 256]),
)
@example(width=1, height=3000, seed=0, levels=256)
@example(width=3000, height=1, seed=0, levels=256)
@example(width=1, height=1, seed=0, levels=2)
@example(width=2000, height=21, seed=0, levels=2)
@example(width=600, height=700, seed=1, levels=256)
def test_every_picture_has_sound_measures(width: int, height: int, seed: int, levels: int) -> None:
    drawn = np.random.default_rng(seed).integers(0, levels, (height, width, 3))
    image = Image.fromarray((drawn * (255 // max(1, levels - 1))).astype(np.uint8))
    data = measures_of(image, Scales(image).fitted(THUMB_PX), image.size)
    assert all(is_datum([datum.name, datum.value, datum.number]) for datum in data)
    names = [datum.name for datum in data]
    assert [n for n in MEASURES if n in names] == names and {*MEASURES} - {*names} <= {"sharpness"}


def test_measures_are_kept_within_their_range() -> None:
    assert is_datum(["flat", "100", 100.0]) and is_datum(["flat", "0", 0])
    for wrong in ([-0.1], [100.1], [None], ["5"], [True], [float("nan")]):
        assert not is_datum(["flat", "1", *wrong])


@pytest.mark.parametrize(
    "size", [(400, 533), (96, 72), (21, 300), (20, 20), (5, 700), (9, 9), (1100, 800)]
)
@pytest.mark.parametrize("cell_px", [1, 3, 9])
def test_loops_measure_the_same_as_numpy(
    size: tuple[int, int], cell_px: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [-(-side // cell_px) for side in (size[1], size[0])]
    levels = np.random.default_rng(size).integers(0, 256, (*cells, 3), dtype=np.uint8)
    whole = np.kron(levels, np.ones((cell_px, cell_px, 1), np.uint8))
    image = Image.fromarray(whole[: size[1], : size[0]].copy())
    blurred = image.filter(ImageFilter.GaussianBlur(2))
    compiled.import_loops()
    by_loops = measured(image), measured(blurred)
    monkeypatch.delitem(sys.modules, "imgrec.pictures.measure_loops")
    assert (measured(image), measured(blurred)) == by_loops


@given(st.integers(2, 300), st.integers(2, 300))
def test_a_screen_is_looked_at_along_the_lines_that_pillow_takes(width: int, height: int) -> None:
    levels = np.random.default_rng([width, height]).integers(0, 2, (height, width, 3), np.uint8)
    image = Image.fromarray(levels * 90)
    rows = image.resize((width, min(16, height)), Image.Resampling.NEAREST)
    columns = image.resize((min(16, width), height), Image.Resampling.NEAREST)
    lines = np.asarray(rows), np.asarray(columns).transpose(1, 0, 2)
    same = min(float((some[:, 1:] == some[:, :-1]).all(axis=2).mean()) for some in lines)
    assert screen_likeness(pixels_of(image), (1, 1)) == 100 * same * 0.6


@pytest.mark.parametrize("bins", [256, 16])
def test_loops_count_colors_as_pillow_does(bins: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    pixels[1] = 255
    compiled.import_loops()
    by_loops = RgbHistogram(bins).encode(pixels)
    monkeypatch.delitem(sys.modules, "imgrec.pictures.measure_loops")
    assert (RgbHistogram(bins).encode(pixels) == by_loops).all()
    # Neither needs them in one piece.
    assert (RgbHistogram(bins).encode(pixels[::2, ::-1]) == by_loops[::2]).all()
