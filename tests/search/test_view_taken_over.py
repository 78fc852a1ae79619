"""Views of a store that changes: features are opened again if they differ, and only then."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import imgrec.search.view
from imgrec import Recommender, Store
from imgrec.labels.collections import change_collection
from vector_stores import add_part, add_pictures, clustered, make, remove

_COUNT, _D = 60, 8
_VECTORS = clustered(2 * _COUNT, _D)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return _old(make(tmp_path / "store", {"x": _VECTORS[:_COUNT]}, part_rows=20))


def _old(path: Path) -> Path:
    """Give a store the times of one that nobody has written to for a while."""
    for number, place in enumerate(sorted(path.rglob("*"))):
        # Not those before: what was written since has to have another time.
        aged = place.stat().st_mtime_ns - 10**10 - number
        os.utime(place, ns=(aged, aged))
    return path


def _opened(recommender: Recommender) -> object:
    """Ask a question; return the feature that answered it."""
    answer = recommender.query([1], k=5)
    with Recommender.open(recommender.store.path) as fresh:
        expected = fresh.query([1], k=5)
    assert [(r.id, r.distance) for r in answer] == [(r.id, r.distance) for r in expected]
    view = recommender._states._view
    assert view is not None
    return view.compared(imgrec.search.view.METRICS["cosine"], {"": 1.0}).opened[0].feature


def test_a_label_leaves_features_open(path: Path) -> None:
    with Recommender.open(path) as recommender:
        first, view = _opened(recommender), recommender._states._view
        for number in range(3):
            change_collection(recommender.store, "best", [number + 1])
            assert _opened(recommender) is first
            assert recommender._states._view is not view


def test_a_filter_is_not_taken_over(path: Path) -> None:
    with Recommender.open(path) as recommender:
        _opened(recommender)
        for ids in ([2, 3], [4, 5, 6], [7]):
            was = [i for i in range(2, 8) if i not in ids]
            change_collection(recommender.store, "best", ids, was)
            found = recommender.query([1], k=9, where=["collection=best"])
            assert {result.id for result in found} == set(ids)


def test_other_pictures_open_features_again(path: Path) -> None:
    with Recommender.open(path) as recommender:
        first = _opened(recommender)
        nearest = recommender.query([1], k=1).results[0].id
        remove(path, [nearest])
        second = _opened(recommender)
        assert second is not first
        change_collection(recommender.store, "best", [1])
        assert _opened(recommender) is second


def test_a_new_part_opens_features_again(path: Path) -> None:
    with Recommender.open(path) as recommender:
        first = _opened(recommender)
        add_part(path, "x", np.arange(2, 10), _VECTORS[60:68])
        assert _opened(recommender) is not first


def test_files_that_were_just_written_are_opened_again(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"x": _VECTORS[:_COUNT]})
    with Recommender.open(path) as recommender:
        first = _opened(recommender)
        change_collection(recommender.store, "best", [1])
        assert _opened(recommender) is not first


def test_what_was_opened_during_a_write_is_opened_again(path: Path) -> None:
    with Recommender.open(path) as recommender:
        view = recommender.view()
        # Between the state of the view and the opening of its features.
        remove(path, [5])
        metric = imgrec.search.view.METRICS["cosine"]
        during = view.compared(metric, {"": 1.0}).opened[0].feature
        with Store.create(path) as store, store.catalog.transaction() as db:
            db.execute("UPDATE images SET status = 'ok' WHERE id = 5")
        # The pictures are those of the view again, and its feature lacks one of them.
        assert 5 not in during.ids.tolist()
        feature = _opened(recommender)
        assert feature is not during
        assert 5 in recommender.view().compared(metric, {"": 1.0}).space.ids.tolist()


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("label"), st.integers(1, _COUNT)),
        st.tuples(st.just("remove"), st.integers(2, _COUNT)),
        st.tuples(st.just("return"), st.integers(2, _COUNT)),
        st.tuples(st.just("renew"), st.integers(2, _COUNT - 4)),
        st.tuples(st.just("add"), st.integers(1, 3)),
        st.tuples(st.just("age"), st.just(0)),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_any_history_is_answered_as_by_a_new_recommender(
    path: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    own = Path(shutil.copytree(path, tmp_path_factory.mktemp("own") / "store"))
    with Recommender.open(own) as recommender:
        _opened(recommender)
        for what, number in steps:
            _do(own, what, number)
            _opened(recommender)


def _do(path: Path, what: str, number: int) -> None:
    with Store.create(path) as store:
        last, ok = store.catalog.last_id(), store.catalog.ids("ok").tolist()
        if what == "label" and number in ok:
            change_collection(store, "best", [number])
        if what == "return":
            with store.catalog.transaction() as db:
                db.execute("UPDATE images SET status = 'ok' WHERE id = ?", [number])
    if what == "remove":
        remove(path, [number])
    if what == "renew":
        add_part(path, "x", np.arange(number, number + 4), _VECTORS[-4:])
    if what == "add":
        ids = np.arange(last + 1, last + 1 + number)
        add_pictures(path, ids.tolist())
        add_part(path, "x", ids, _VECTORS[:number] + 1)
    if what == "age":
        _old(path)
