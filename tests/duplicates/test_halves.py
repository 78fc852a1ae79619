"""Both halves of what is symmetric in alignment: planes of color, signs, ends of ranges, orders."""

import numpy as np
import pytest
from numpy.typing import NDArray

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

PAIR = np.array([0]), np.array([1])
TURNED = np.array([1]), np.array([0])


def _fit(
    first: tuple[Plane, Plane],
    second: tuple[Plane, Plane],
    *,
    pair: tuple[NDArray[np.int64], NDArray[np.int64]] = PAIR,
    tints: tuple[tuple[int, int], tuple[int, int]] = ((128, 128), (128, 128)),
    aspects: tuple[float, float] = (1, 1),
) -> NDArray[np.float64]:
    """Return the fit of two pictures, each given with 16 and with 64 pixels a side.

    Args:
        first: planes of the first picture, and of the second.
        second: likewise.
        pair: rows of the pair, in one of both orders.
        tints: Cb and Cr of each picture, which is of one hue.
        aspects: width / height of each.
    """
    small, large = (
        np.rint(np.stack([first[i], second[i]])).clip(0, 255).astype(np.uint8) for i in (0, 1)
    )
    color = np.empty((2, 2, 16, 16), np.uint8)
    color[:] = np.array(tints)[:, :, None, None]
    ratios, fits = np.array(aspects, np.float32), np.zeros((1, 6))
    fit_sketches(small, ratios, *pair, fits)
    if fits[0, SIMILARITY] > 0:
        fit_miniatures(large, color, ratios, *pair, fits)
    return fits[0]


def _twice(**changes: float) -> tuple[Plane, Plane]:
    return seen(16, **changes), seen(64, **changes)


@pytest.mark.parametrize("plane", [0, 1])
@pytest.mark.parametrize("step", [-16, 16])
@pytest.mark.parametrize("pair", [PAIR, TURNED])
def test_each_plane_of_color_counts(plane: int, step: int, pair: object) -> None:
    other = [128, 128]
    other[plane] += step
    for tints in (((128, 128), tuple(other)), (tuple(other), (128, 128))):
        found = _fit(_twice(), _twice(), pair=pair, tints=tints)  # type: ignore[arg-type]
        # 1 - (16 / 32)²
        assert found[SIMILARITY] == pytest.approx(0.75, abs=0.02)


def test_both_planes_of_color_add_up() -> None:
    found = _fit(_twice(), _twice(), tints=((128, 128), (112, 144)))
    assert found[SIMILARITY] == pytest.approx(0.5, abs=0.02)
    # Equal differences from gray are no difference.
    assert _fit(_twice(), _twice(), tints=((90, 160), (90, 160)))[SIMILARITY] > 0.99


@pytest.mark.parametrize("name", ["right", "below"])
@pytest.mark.parametrize("shift", [-0.12, -0.05, 0.05, 0.12])
def test_a_shift_of_either_sign_on_either_axis(name: str, shift: float) -> None:
    found = _fit(_twice(), _twice(**{name: shift}))
    wanted = {RIGHT: shift if name == "right" else 0, DOWN: shift if name == "below" else 0}
    for place, value in wanted.items():
        assert found[place] == pytest.approx(value, abs=0.004)
    assert found[SIMILARITY] > 0.9


@pytest.mark.parametrize("name", ["right", "below"])
@pytest.mark.parametrize("shift", [-0.22, 0.22])
def test_a_shift_that_no_crop_explains(name: str, shift: float) -> None:
    assert _fit(_twice(), _twice(**{name: shift}))[SIMILARITY] == 0


@pytest.mark.parametrize(("scale", "same"), [(0.6, False), (0.8, True), (1.25, True), (1.5, False)])
def test_a_scale_between_both_ends(scale: float, same: bool) -> None:
    found = _fit(_twice(), _twice(across=scale, down=scale))
    assert (found[SIMILARITY] > 0.9) == same
    if same:
        assert found[SCALE] == pytest.approx(scale, abs=0.004)


@pytest.mark.parametrize(("gain", "same"), [(0.5, False), (0.7, True), (1.3, True), (2.0, False)])
def test_a_gain_between_both_ends(gain: float, same: bool) -> None:
    """Around the mean, so that nothing is clipped and the offset stays small."""
    first = tuple(60 + 0.3 * (plane - 110) for plane in _twice())
    second = tuple(60 + gain * 0.3 * (plane - 110) - 60 * (1 - gain) for plane in _twice())
    found = _fit(first, second)  # type: ignore[arg-type]
    assert (found[SIMILARITY] > 0.8) == same
    if same:
        assert found[GAIN] == pytest.approx(gain, abs=0.05)


@pytest.mark.parametrize(("offset", "same"), [(-60, False), (-25, True), (25, True), (60, False)])
def test_an_offset_of_either_sign(offset: int, same: bool) -> None:
    scene = tuple(100 + 0.5 * (plane - 110) for plane in _twice())
    found = _fit(scene, tuple(plane + offset for plane in scene))  # type: ignore[arg-type]
    assert (found[SIMILARITY] > 0.8) == same
    if same:
        assert found[OFFSET] == pytest.approx(offset, abs=8)


@pytest.mark.parametrize("clipped", ["first", "second"])
def test_either_picture_may_be_clipped(clipped: str) -> None:
    """What is brighter than white in one of both may have any brightness in the other."""
    dark = tuple(1.3 * plane - 20 for plane in _twice())
    bright = tuple((1.5 * plane).clip(max=255) for plane in dark)
    assert (bright[1] == 255).mean() > 0.05
    pair = (bright, dark) if clipped == "first" else (dark, bright)
    found = _fit(*pair)  # type: ignore[arg-type]
    assert found[SIMILARITY] > 0.85
    # Where the clipped one is dark, it must be dark in the other too.
    hole = bright[1].copy()
    hole[:24, :24] = 20
    spoilt = (bright[0], hole)
    pair = (spoilt, dark) if clipped == "first" else (dark, spoilt)
    assert _fit(*pair)[SIMILARITY] < 0.5  # type: ignore[arg-type]


@pytest.mark.parametrize("ratio", [1.3, 1 / 1.3, 1.4, 1 / 1.4])
@pytest.mark.parametrize("pair", [PAIR, TURNED])
def test_aspect_ratios_between_both_ends(ratio: float, pair: object) -> None:
    """A wider picture shows more on both sides: the same scene is narrower on its square."""
    crop = _twice(across=1, down=1)
    wider = _twice(across=np.sqrt(ratio), down=1 / np.sqrt(ratio))
    found = _fit(crop, wider, pair=pair, aspects=(1, ratio))  # type: ignore[arg-type]
    assert (found[SIMILARITY] > 0.9) == (max(ratio, 1 / ratio) < 1.34)


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("pair", [PAIR, TURNED])
def test_a_difference_in_any_corner_of_either_picture(
    corner: tuple[int, int], pair: object
) -> None:
    other = seen(64).copy()
    rows, columns = (slice(0, 24) if one == 0 else slice(40, 64) for one in corner)
    other[rows, columns] = seen(64, right=0.4, below=0.4)[rows, columns]
    found = _fit(_twice(), (seen(16), other), pair=pair)  # type: ignore[arg-type]
    assert found[SIMILARITY] < 0.6
