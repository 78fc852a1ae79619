"""Tests of the JSON of the bookmarks."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from projector.files.bookmarks import STEPS, Bookmark, bookmarks_text


def _layout(count: int, dimensions: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, dimensions)).astype(np.float32)


def _states(*views: Bookmark, count: int, axes: int = 3) -> list[dict[str, Any]]:
    states: list[dict[str, Any]] = json.loads(
        bookmarks_text(views, _layout(count, axes, seed=9), 50, "name")
    )
    return states


def _column(state: dict[str, Any], key: str) -> NDArray[np.float64]:
    return np.array([point[key] for point in state["projections"]], np.float64)


def _check_rounding(found: NDArray[np.float64], given_: NDArray[np.floating]) -> None:
    """Check that rescaled coordinates differ by at most half a quantization step."""
    given_ = given_.astype(np.float64)
    length = np.ptp(given_)
    back = given_.min() + (found - found.min()) / (np.ptp(found) or 1) * length
    np.testing.assert_allclose(back, given_, rtol=0, atol=length * (0.5 / STEPS + 1e-12))


def test_names_stand_in_order_and_whole() -> None:
    names = ["UMAP, 2-D", 'a "quoted" \\ one', "größer · 日本語", "</script>", "UMAP, 2-D"]
    states = _states(*(Bookmark(name, _layout(4, 2)) for name in names), count=4)
    assert [state["label"] for state in states] == names
    assert [state["isSelected"] for state in states] == [False] * 5


def test_a_plane_has_a_third_coordinate_that_is_always_the_same() -> None:
    layout = _layout(7, 2)
    plane, flat = _states(Bookmark("a", layout, flat=True), Bookmark("a", layout), count=7)
    assert len(set(_column(plane, "umap-2"))) == 1
    for key in ("umap-0", "umap-1"):
        assert np.array_equal(_column(plane, key), _column(flat, key))
    assert (plane["umapIs3d"], flat["umapIs3d"]) == (True, False)
    assert plane["cameraDef"]["position"][:2] == [0, 0]
    assert "cameraDef" not in flat


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("axes", [2, 3])
def test_every_point_has_its_place_and_its_principal_components(dimensions: int, axes: int) -> None:
    layout = _layout(7, dimensions)
    (state,) = _states(Bookmark("a", layout), count=7, axes=axes)
    keys = {*(f"pca-{k}" for k in range(axes)), *(f"umap-{k}" for k in range(dimensions))}
    assert [set(point) for point in state["projections"]] == [keys] * 7
    for k in range(dimensions):
        _check_rounding(_column(state, f"umap-{k}"), layout[:, k])
    for k in range(axes):
        _check_rounding(_column(state, f"pca-{k}"), _layout(7, axes, seed=9)[:, k])
    assert state["umapIs3d"] is (dimensions == 3)
    assert state["dataSetDimensions"] == [7, 50]


def test_a_view_of_the_pca_tab_has_places_of_its_own() -> None:
    layout = _layout(6, 2)
    (state,) = _states(Bookmark("a", layout, tab="pca"), count=6)
    assert state["selectedProjection"] == "pca"
    assert state["pcaComponentDimensions"] == [0, 1]
    assert set(state["projections"][0]) == {"pca-0", "pca-1", "pca-2"}
    _check_rounding(_column(state, "pca-0"), layout[:, 0])
    _check_rounding(_column(state, "pca-2"), _layout(6, 3, seed=9)[:, 2])


def test_colors_are_off_unless_asked_for() -> None:
    plain, colored = _states(
        Bookmark("a", _layout(3, 2)), Bookmark("b", _layout(3, 2), color="cluster"), count=3
    )
    assert plain["selectedColorOptionName"] == "No color map"
    assert colored["selectedColorOptionName"] == "cluster"
    assert plain["selectedLabelOption"] == colored["selectedLabelOption"] == "name"


@given(
    arrays(
        np.float32,
        st.integers(1, 30).map(lambda count: (count, 2)),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    )
)
def test_any_finite_coordinates_are_half_a_step_off_at_most(layout: NDArray[np.float32]) -> None:
    (state,) = _states(Bookmark("a", layout), count=len(layout))
    for k in range(2):
        found = _column(state, f"umap-{k}")
        assert found.min() >= 10_000 and found.max() <= 99_999
        _check_rounding(found, layout[:, k])


def test_equal_coordinates_stay_equal() -> None:
    (state,) = _states(Bookmark("a", np.full((5, 2), 0.1, np.float32)), count=5)
    assert len(set(_column(state, "umap-0"))) == 1


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(wrong: float) -> None:
    layout = _layout(5, 2)
    layout[3, 1] = wrong
    with pytest.raises(ValueError, match="coordinate of point 3 is not finite"):
        _states(Bookmark("a", layout), count=5)


@pytest.mark.parametrize("shape", [(4, 2), (6, 2), (5, 1), (5, 4)])
def test_other_shapes_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"positions of 'a' are .*: give 5 x 2 or 3"):
        _states(Bookmark("a", _layout(*shape)), count=5)


def test_no_views_are_an_empty_list() -> None:
    assert _states(count=5) == []
