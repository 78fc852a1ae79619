"""Names on maps: which islands have one, what it is, and that no two overlap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.reporting.facts.islands import (
    Coded,
    Island,
    density_of,
    islands_of,
    overlap,
    placed,
)

_WIDTH, _HEIGHT, _SMOOTH_PX = 1040.0, 686.0, 12.0
_CENTERS = np.array([[150.0, 120.0], [850.0, 140.0], [500.0, 560.0]])


def _points(each: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(3), each)
    return _CENTERS[codes] + rng.normal(scale=18, size=(len(codes), 2)), codes


def _found(points: np.ndarray, *kinds: Coded) -> list[Island]:
    density = density_of(points, _WIDTH, _HEIGHT, _SMOOTH_PX)
    assert density.max() == 1
    return islands_of(points, density, _WIDTH, _HEIGHT, _SMOOTH_PX, kinds)


def test_each_island_has_the_name_of_its_pictures_where_they_are() -> None:
    points, codes = _points()
    found = _found(points, (codes, ["hat", "dress", "shoes"]))
    assert {island.name for island in found} == {"hat", "dress", "shoes"}
    for island in found:
        center = _CENTERS[["hat", "dress", "shoes"].index(island.name)]
        assert np.hypot(*(center - [island.x, island.y])) < 40


def test_a_name_that_all_pictures_have_gives_way_to_one_that_tells() -> None:
    points, codes = _points()
    everywhere: Coded = (np.zeros(len(codes), np.int64), ["photos"])
    assert _found(points, everywhere) == []
    clusters: Coded = (codes + 1, ["", "cluster 1", "cluster 2", "cluster 3"])
    names = {island.name for island in _found(points, everywhere, clusters)}
    assert names == {"cluster 1", "cluster 2", "cluster 3"}


def test_mixed_and_small_islands_have_no_name() -> None:
    points, codes = _points()
    mixed = np.where(codes == 1, np.arange(len(codes)) % 4, codes)
    found = _found(points, (mixed, ["hat", "b", "shoes", "d"]))
    assert {island.name for island in found} == {"hat", "shoes"}
    lonely = np.vstack([points, [[1000.0, 650.0]] * 4])
    found = _found(lonely, (np.append(codes, [3] * 4), ["hat", "dress", "shoes", "four"]))
    assert "four" not in {island.name for island in found}


_PLACES = st.tuples(st.floats(-50, 450), st.floats(-50, 350), st.floats(10, 160))


@settings(max_examples=60, deadline=None)
@given(st.lists(_PLACES, max_size=25))
def test_labels_are_within_and_never_overlap(places: list[tuple[float, float, float]]) -> None:
    islands = [Island(str(n), x, y, 1) for n, (x, y, _) in enumerate(places)]
    bounds = (0.0, 20.0, 400.0, 280.0)
    found = placed(islands, [(width, 20.0) for *_, width in places], bounds)
    for number, (_, box) in enumerate(found):
        assert box[0] >= 0 and box[1] >= 20 and box[2] <= 400 + 1e-9 and box[3] <= 280 + 1e-9
        assert not any(overlap(box, other) for _, other in found[:number])
    assert not places or found


@pytest.mark.parametrize(
    ("other", "expected"),
    [((10, 0, 20, 10), False), ((9.9, 0, 20, 10), True), ((0, 10, 10, 20), False),
     ((0, 9.9, 10, 20), True), ((2, 2, 3, 3), True)],
)  # fmt: skip
def test_boxes_that_touch_do_not_overlap(
    other: tuple[float, float, float, float], expected: bool
) -> None:
    assert overlap((0, 0, 10, 10), other) == expected
    assert overlap(other, (0, 0, 10, 10)) == expected
