"""Every built-in encoder gives the vectors it gave when its version was last raised.

The reference vectors are files, made by `tests/helpers/golden.py` from pixels and weights by
integer formulas. A vector that drifts (changed padding, normalization, channel order or layer)
fails here and in no other test: neighbors would only become worse.
"""

from pathlib import Path

import numpy as np
import pytest

from golden import FOLDER, NAMES, NETWORKS, golden_encoder, golden_pixels
from imgrec.encoders.registry import BUILT_IN
from mini_reference import reference

# Relative to the norm of a vector. Histograms are exact counts. The others are sums in single
# precision, whose rounding differs between processors and BLAS libraries: each rounding is 6e-8,
# and up to a few thousand follow each other; a mistake moves a vector by a hundredth or more.
# `lite0` on the CPU is integers up to the last scaling.
TOLERANCE = {"lite0": 1e-6, "rgb": 0.0, "mini": 1e-5, "resnet18": 1e-4, "squeezenet1_1": 1e-4}


def test_every_built_in_encoder_is_pinned() -> None:
    assert {*BUILT_IN} <= {*NAMES}
    assert {path.stem for path in FOLDER.glob("*.npy")} == {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_vectors_are_those_of_the_reference(name: str, tmp_path: Path) -> None:
    encoder = golden_encoder(name, tmp_path)
    expected = np.load(FOLDER / f"{name}.npy")
    pixels = golden_pixels(encoder.spec.preprocessing.crop_px)
    found = encoder.encode(pixels)
    assert found.dtype == np.float32
    assert found.shape == expected.shape == (len(pixels), encoder.spec.dimensions)
    lengths = np.linalg.norm(expected, axis=1)
    assert (np.linalg.norm(found - expected, axis=1) <= TOLERANCE[name] * lengths).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_tolerance_is_smaller_than_the_effect_of_mistakes(name: str, tmp_path: Path) -> None:
    encoder = golden_encoder(name, tmp_path)
    expected = np.load(FOLDER / f"{name}.npy")[:4]
    pixels = golden_pixels(encoder.spec.preprocessing.crop_px)[:4]
    lengths = np.linalg.norm(expected, axis=1)
    for wrong in (pixels[..., ::-1], np.roll(pixels, 1, axis=2), pixels // 10 * 9):
        moved = np.linalg.norm(encoder.encode(wrong) - expected, axis=1) / lengths
        assert moved.max() > 10 * TOLERANCE[name]


def test_rgb_counts_the_levels_of_each_channel() -> None:
    pixels = golden_pixels(224)
    counts = [np.bincount(p[:, :, c].ravel(), minlength=256) for p in pixels for c in range(3)]
    expected = np.reshape(counts, (len(pixels), 768)) / (3 * 224 * 224)
    found = golden_encoder("rgb", FOLDER).encode(pixels)
    assert np.allclose(found, expected, rtol=1e-6, atol=0)


def test_mini_equals_its_reference_implementation() -> None:
    pixels = golden_pixels(64)
    found = golden_encoder("mini", FOLDER).encode(pixels)
    expected = np.stack([reference(picture) for picture in pixels])
    assert np.linalg.norm(found - expected, axis=1).max() < 2e-5
