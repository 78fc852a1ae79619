"""A comparison seen from the other picture: turns and boxes, against pixels that are turned."""

import numpy as np
import pytest

from imgrec.duplicates.comparison import Comparison, Verdict
from imgrec.duplicates.orientation import reversed_comparison, turned_box


def _turned(pixels: np.ndarray, turn: int) -> np.ndarray:
    return np.rot90(pixels[:, ::-1] if turn > 3 else pixels, turn % 4)


@pytest.mark.parametrize("turn", range(8))
def test_a_box_is_where_the_turned_pixels_are(turn: int) -> None:
    pixels = np.zeros((40, 80), bool)
    pixels[4:12, 20:50] = True
    left, top, right, bottom = turned_box((20 / 80, 4 / 40, 50 / 80, 12 / 40), turn)
    turned = _turned(pixels, turn)
    height, width = turned.shape
    rows, columns = np.nonzero(turned)
    edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    expected = [edge / side for edge, side in zip(edges, (width, height) * 2, strict=True)]
    assert np.allclose([left, top, right, bottom], expected)


@pytest.mark.parametrize("turn", range(8))
def test_reversed_twice_is_as_before_and_turns_undo_each_other(turn: int) -> None:
    comparison = Comparison(Verdict.SIMILAR, 0.5, box=(0.25, 0.0, 0.5, 0.125), turn=turn)
    back = reversed_comparison(comparison)
    assert reversed_comparison(back) == comparison
    pixels = np.arange(12).reshape(3, 4)
    assert np.array_equal(_turned(_turned(pixels, turn), back.turn), pixels)
    assert reversed_comparison(Comparison(Verdict.SAME)).box is None
