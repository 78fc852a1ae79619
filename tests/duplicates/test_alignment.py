"""Alignment: known shifts, scales and gains are recovered; similarity against numpy and SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import convolve

from blob_scenes import Plane, seen
from imgrec.duplicates.alignment import (
    DOWN,
    GAIN,
    OFFSET,
    RIGHT,
    SCALE,
    SIMILARITY,
    fit_miniatures,
    fit_sketches,
)

ONE, OTHER = np.array([0]), np.array([1])
SHAPES = st.tuples(
    st.floats(0.92, 1.08), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05), st.floats(0.8, 1.2)
)


def compared(
    a: tuple[Plane, Plane], b: tuple[Plane, Plane], tints: tuple[float, float] = (128, 128)
) -> NDArray[np.float64]:
    """Compare two pictures of one hue each, given with 16 and with 64 pixels a side."""
    small = np.rint(np.stack([a[0], b[0]])).clip(0, 255).astype(np.uint8)
    large = np.rint(np.stack([a[1], b[1]])).clip(0, 255).astype(np.uint8)
    color = np.full((2, 2, 16, 16), 128, np.uint8)
    color[0, 0], color[1, 0] = tints
    aspects, fits = np.ones(2, np.float32), np.zeros((1, 6))
    fit_sketches(small, aspects, ONE, OTHER, fits)
    if fits[0, SIMILARITY] > 0:
        fit_miniatures(large, color, aspects, ONE, OTHER, fits)
    return fits[0]


def scene_twice(seed: int = 0) -> tuple[Plane, Plane]:
    return seen(16, seed=seed), seen(64, seed=seed)


@given(SHAPES)
def test_known_shift_scale_and_brightness_are_recovered(
    shape: tuple[float, float, float, float],
) -> None:
    scale, right, down, gain = shape
    a = scene_twice()
    placed = scale, scale, right, down
    b = gain * seen(16, *placed) + 3, gain * seen(64, *placed) + 3
    fit = compared(a, b)
    assert fit[[SCALE, RIGHT, DOWN]] == pytest.approx([scale, right, down], abs=0.003)
    assert fit[GAIN] == pytest.approx(gain, abs=0.02)
    assert fit[OFFSET] == pytest.approx(3, abs=3)
    assert fit[SIMILARITY] > 0.97


@pytest.mark.parametrize("seed", range(1, 9))
def test_different_scenes_are_not_similar(seed: int) -> None:
    assert compared(scene_twice(), scene_twice(seed))[SIMILARITY] < 0.2


def test_pictures_that_differ_in_a_corner_are_not_similar() -> None:
    a, b = scene_twice(), scene_twice()
    other = seen(64, seed=1)
    # This changes 9 of the 64 blocks.
    b[1][:24, :24] = other[:24, :24]
    assert compared(a, b)[SIMILARITY] < 0.5
    b[1][:] = a[1]
    # This changes 2 of the 64 blocks, as a watermark at an edge does.
    b[1][:8, :16] = other[:8, :16]
    assert compared(a, b)[SIMILARITY] > 0.9


def test_colors_are_compared() -> None:
    assert compared(scene_twice(), scene_twice(), (128, 128))[SIMILARITY] > 0.99
    assert compared(scene_twice(), scene_twice(), (128, 144))[SIMILARITY] == pytest.approx(0.75)
    assert compared(scene_twice(), scene_twice(), (110, 150))[SIMILARITY] == 0


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [(0, 0, True), (255, 255, True), (200, 170, True), (0, 255, False), (60, 200, False)],
)
def test_uniform_pictures_are_similar_if_their_brightness_is(
    first: int, second: int, same: bool
) -> None:
    a, b = ((np.full((16, 16), v, float), np.full((64, 64), v, float)) for v in (first, second))
    assert (compared(a, b)[SIMILARITY] > 0.8) == same


def test_similarity_without_a_shift_equals_numpy_and_scipy() -> None:
    a, noise = scene_twice(), np.random.default_rng(5).normal(0, 6, (64, 64))
    b = a[0], np.rint(a[1] + noise)
    fit = compared(a, b)
    assert fit[[SCALE, RIGHT, DOWN]] == pytest.approx([1, 0, 0], abs=0.01)
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    smooth_a, smooth_b = (convolve(np.rint(x[1]), kernel, mode="nearest") for x in (a, b))
    told = np.minimum(fit[GAIN] * smooth_a + fit[OFFSET], 255)
    errors, spreads, floor = [], [], 4 + 0.01 * (told.var() + smooth_b.var())
    for i in range(0, 64, 8):
        for j in range(0, 64, 8):
            block = np.s_[i : i + 8, j : j + 8]
            errors.append(((told - smooth_b)[block] ** 2).mean())
            spreads.append(told[block].var() + smooth_b[block].var())
    explained = np.sort(1 - np.array(errors) / (np.array(spreads) + floor))
    assert fit[SIMILARITY] == pytest.approx(explained[3], abs=0.02)


def test_pictures_of_aspect_ratios_that_no_crop_explains_are_not_compared() -> None:
    planes = np.zeros((2, 16, 16), np.uint8)
    fits = np.ones((1, 6))
    fit_sketches(planes, np.array([1, 1.5], np.float32), ONE, OTHER, fits)
    assert fits[0, SIMILARITY] == 0
