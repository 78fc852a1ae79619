"""How far all pictures of a map are from a question, against NumPy."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vector_stores
from imgrec import Recommender
from imgrec.serving.painting import FARTHEST, NOT_ASKED, Painting, painting_of

_COUNT = 900
_REMOVED = [3, 400, 900]
# Of the map: one of a picture that never was, those that are gone, and not all that are there.
_IDS = np.array([*range(1, 700), 800, 899, 900, 2000], np.int64)
_VECTORS = vector_stores.clustered(_COUNT, 24)


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recommender]:
    path = tmp_path_factory.mktemp("painting") / "store"
    vector_stores.make(path, {"x": _VECTORS})
    vector_stores.remove(path, _REMOVED)
    with Recommender.open(path, cache="none") as opened:
        yield opened


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = vectors.astype(np.float64)
    scaled: NDArray[np.float64] = exact / np.linalg.norm(exact, axis=1, keepdims=True)
    return scaled


def _cosines(query: int) -> NDArray[np.float64]:
    """Return the distances of all pictures of the map to one; NaN for those that are not there."""
    found = np.full(len(_IDS), np.nan)
    there = (_IDS <= _COUNT) & ~np.isin(_IDS, _REMOVED)
    unit = _unit(_VECTORS)
    found[there] = 1 - unit[_IDS[there] - 1] @ unit[query - 1]
    return found


def _told(painting: Painting) -> NDArray[np.float64]:
    """Return the distances that a painting tells; NaN where it tells none."""
    steps = painting.steps.astype(np.float64)
    steps[painting.steps == NOT_ASKED] = np.nan
    return painting.least + steps * (painting.greatest - painting.least) / FARTHEST


def _is_step_near(painting: Painting, expected: NDArray[np.float64], query: int) -> None:
    half = (painting.greatest - painting.least) / FARTHEST / 2
    others = query != _IDS
    told, of_others = _told(painting), expected[others]
    np.testing.assert_allclose(told[others], of_others, rtol=0, atol=half + 1e-6)
    # The picture that is asked about, which no answer has, sets no end of the scale.
    assert painting.least == pytest.approx(np.nanmin(of_others), abs=1e-6)
    assert painting.greatest == pytest.approx(np.nanmax(of_others), abs=1e-6)


def test_every_picture_has_its_distance(recommender: Recommender) -> None:
    painting = painting_of(recommender.rank([17], 1), _IDS)
    expected = _cosines(17)
    assert painting.exact and painting.steps.dtype == np.uint8
    _is_step_near(painting, expected, 17)
    assert painting.steps[16] == 0 and painting.steps.max() == NOT_ASKED
    assert np.flatnonzero(painting.steps == NOT_ASKED).tolist() == [2, 399, 701, 702]


def test_several_pictures_and_unwanted_ones_count_as_in_an_answer(
    recommender: Recommender,
) -> None:
    ranking = recommender.rank([17, 30], _COUNT, fuse="max", unwanted=[500])
    painting = painting_of(ranking, _IDS)
    scores = dict(zip(ranking.ids.tolist(), ranking.found.scores.tolist(), strict=True))
    told = _told(painting)
    half = (painting.greatest - painting.least) / FARTHEST / 2
    compared = [row for row, i in enumerate(_IDS.tolist()) if i in scores]
    assert len(compared) == len(_IDS) - 4 - 3
    for row in compared:
        # Nothing is nearer than a copy of a picture of the question.
        assert told[row] == pytest.approx(max(0, scores[_IDS[row]]), abs=half + 1e-5)


def test_what_filters_leave_out_has_no_distance(recommender: Recommender) -> None:
    painting = painting_of(recommender.rank([17], 1, where=["half=high"]), _IDS)
    expected = _cosines(17)
    expected[_IDS <= _COUNT // 2] = np.nan
    _is_step_near(painting, expected, 17)


def test_what_lies_beyond_the_limit_has_no_distance(recommender: Recommender) -> None:
    expected = _cosines(17)
    limit = float(np.nanmedian(expected))
    painting = painting_of(recommender.rank([17], 1), _IDS, within=limit)
    expected[expected > limit] = np.nan
    _is_step_near(painting, expected, 17)
    assert painting.greatest <= limit


def test_nothing_within_the_limit(recommender: Recommender) -> None:
    painting = painting_of(recommender.rank([17], 1), _IDS, within=-1.0)
    assert (painting.steps == NOT_ASKED).all()
    assert (painting.least, painting.greatest) == (0, 0)


@pytest.mark.parametrize("ids", [[], [2000, 3000], [17]])
def test_maps_of_few_pictures(recommender: Recommender, ids: list[int]) -> None:
    painting = painting_of(recommender.rank([17], 1), np.array(ids, np.int64))
    assert painting.steps.tolist() == [0 if i == 17 else NOT_ASKED for i in ids]
    assert (painting.least, painting.greatest) == (0, 0)


def test_many_are_estimated_and_look_the_same(tmp_path: Path) -> None:
    vectors = vector_stores.clustered(3000, 160)
    path = vector_stores.make(tmp_path / "store", {"x": vectors})
    vector_stores.update(path)
    ids = np.arange(1, 3001)
    with Recommender.open(path, cache="none") as recommender:
        ranking = recommender.rank([17, 2], 1, unwanted=[8])
        assert ranking.compared.space.has_estimates
        exact, estimated = painting_of(ranking, ids), painting_of(ranking, ids, most_values=1000)
        plain = recommender.rank([17], 1, metric="manhattan")
        # Its estimates are in another unit.
        assert painting_of(plain, ids, most_values=1000).exact
    assert exact.exact and not estimated.exact
    span = exact.greatest - exact.least
    assert np.abs(_told(exact) - _told(estimated)).max() < 0.05 * span
    assert np.corrcoef(_told(exact), _told(estimated))[0, 1] > 0.999
