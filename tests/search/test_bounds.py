"""Limits of a search: reached exactly, one less and one more; and what is kept in between."""

import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vector_stores
from cached_vectors import SPEC, vector
from imgrec import ImgrecError, Recommender
from imgrec.collection.filters import Filter
from imgrec.distances.metrics import metric_named
from imgrec.search.cache import _GuardedCache
from imgrec.search.class_ranking import Bounds, count_probable, likeliest
from imgrec.search.view import parse_features, weights_asked

COUNT = 200
VECTORS = vector_stores.clustered(COUNT, 16)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bounds") / "store"
    vector_stores.make(path, {"vec": VECTORS})
    vector_stores.update(path)
    return path


@pytest.fixture
def opened(path: Path) -> Any:
    with Recommender.open(path, cache="none") as found:
        yield found


@pytest.mark.parametrize(("most", "way"), [(COUNT * 16, "exact"), (COUNT * 16 - 1, "hnsw")])
def test_few_values_are_compared_exactly(
    opened: Recommender, monkeypatch: pytest.MonkeyPatch, most: int, way: str
) -> None:
    chosen: list[str] = []

    def note(self: Any, question: Any, k: int) -> Any:
        chosen.append("hnsw")
        from imgrec.search.candidates import ExactIndex

        return ExactIndex(self.space).candidates(question, k)

    monkeypatch.setattr("imgrec.search.ways._FEW_VALUES", most)
    monkeypatch.setattr("imgrec.search.candidates.HnswIndex.candidates", note)
    opened.query([1])
    assert chosen == ([] if way == "exact" else ["hnsw"])


def test_values_are_those_of_the_pictures_that_pass_the_filter(
    opened: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the pictures are low: as many values as may be compared exactly."""
    for most, exact in ((COUNT // 2 * 16, True), (COUNT // 2 * 16 - 1, False)):
        monkeypatch.setattr("imgrec.search.ways._FEW_VALUES", most)
        called: list[str] = []

        def note(self: Any, question: Any, k: int, called: list[str] = called) -> Any:
            called.append("sketch")
            from imgrec.search.candidates import ExactIndex

            return ExactIndex(self.space).candidates(question, k)

        monkeypatch.setattr("imgrec.search.candidates.SketchIndex.candidates", note)
        opened.query([1], where=["half=low"])
        assert called == ([] if exact else ["sketch"])


@pytest.mark.parametrize(("most", "able"), [(10, True), (9, False)])
@pytest.mark.parametrize("way", ["sketch", "hnsw"])
def test_an_index_lacks_a_limited_number_of_rows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, most: int, able: bool
) -> None:
    grown = Path(shutil.copytree(path, tmp_path / "store"))
    vector_stores.add_pictures(grown, range(COUNT + 1, COUNT + 11))
    more = vector_stores.clustered(10, 16, seed=5)
    vector_stores.add_part(grown, "vec", np.arange(COUNT + 1, COUNT + 11), more)
    monkeypatch.setattr("imgrec.search.ways._MOST_UNCOVERED", most)
    with Recommender.open(grown, cache="none") as found:
        if able:
            assert found.query([1], index=way).results
            return
        with pytest.raises(ImgrecError, match="10 pictures are not in it yet: run imgrec index"):
            found.query([1], index=way)


@pytest.mark.parametrize("weight", [1e-6, 1.0, 1e6])
def test_the_least_and_the_greatest_weight(weight: float) -> None:
    assert weights_asked(metric_named("cosine"), None, {"a": weight, "b": 1}) == {
        "a": weight, "b": 1
    }  # fmt: skip


@pytest.mark.parametrize(
    "weight", [9.9e-7, 1.01e6, 0.0, -1.0, float("nan"), float("inf"), float("-inf")]
)
def test_weights_beyond_them(weight: float) -> None:
    for weights in ({"a": weight, "b": 1}, {"b": 1, "a": weight}, f"a={weight},b=1"):
        with pytest.raises(ImgrecError, match="the weight of a is"):
            weights_asked(metric_named("cosine"), None, weights)


@pytest.mark.parametrize("text", ["", " ", ",", "=", "=1", "a=1,=2"])
def test_features_without_a_name(text: str) -> None:
    with pytest.raises(ImgrecError, match="names no feature"):
        weights_asked(metric_named("cosine"), None, text)


@pytest.mark.parametrize("text", ["a=1,a=2", "a,a", "a, a =3"])
def test_a_feature_that_is_named_twice(text: str) -> None:
    with pytest.raises(ImgrecError, match="a is named twice"):
        parse_features(text)


def test_only_the_last_filters_are_kept(opened: Recommender) -> None:
    opened.query([1])
    view = opened._states._view
    assert view is not None
    space = view.compared(metric_named("cosine"), {"": 1.0}).space
    folders = ([f"f{i}" for i in range(7) if number >> i & 1] for number in range(1, 41))
    asked = [Filter.parse([], some) for some in folders]
    for number, wanted in enumerate(asked, start=1):
        view.rows_allowed(wanted, space)
        assert len(view._allowed) == min(number, 16)
    assert [wanted for wanted, _ in view._allowed] == asked[-16:]
    # One that is kept is not computed, and drops none.
    assert view.rows_allowed(asked[-16], space) is view.rows_allowed(asked[-16], space)
    assert [wanted for wanted, _ in view._allowed] == asked[-16:]


def _open_bounds(count: int) -> Bounds:
    """Return bounds that leave every picture open; the most probable come last."""
    return Bounds(np.zeros(count, np.float32), np.linspace(0.5, 1, count, dtype=np.float32))


@pytest.mark.parametrize("most", [9, 10, 11])
def test_as_many_pictures_are_scored_as_may_be(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("imgrec.search.class_ranking._MOST_ROWS", most)
    monkeypatch.setattr("imgrec.search.class_ranking._BLOCK_ROWS", 4)
    for ask in (
        lambda exact: likeliest(_open_bounds(10), exact, 10),
        lambda exact: count_probable(_open_bounds(10), exact, 0.5),
    ):  # type: Callable[[Any], Any]
        scored: list[int] = []

        def exact(rows: np.ndarray, scored: list[int] = scored) -> np.ndarray:
            scored.extend(rows.tolist())
            return np.full(len(rows), 0.1, np.float32)

        ask(exact)
        # The greatest bounds first.
        assert scored == list(range(9, 9 - min(most, 10), -1))


@pytest.mark.parametrize(("share", "count"), [(0.5, 1), (0.50001, 0), (0.49999, 1)])
def test_a_picture_of_exactly_the_share_is_probable(share: float, count: int) -> None:
    half = np.array([0.5], np.float32)
    sure, unsure = Bounds(half, half), Bounds(half - 0.5, half)
    assert count_probable(sure, None, share) == count
    assert count_probable(sure, lambda rows: half[rows], share) == count
    assert count_probable(unsure, lambda rows: half[rows], share) == count


def test_a_tie_with_the_least_of_the_best_goes_to_the_smaller_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The block after the best must be examined if its bound equals their least probability."""
    monkeypatch.setattr("imgrec.search.class_ranking._BLOCK_ROWS", 1)
    bounds = Bounds(np.zeros(3, np.float32), np.array([0.4, 0.9, 0.4], np.float32))
    shares = np.array([0.4, 0.4, 0.4], np.float32)
    rows, _ = likeliest(bounds, lambda rows: shares[rows], 1)
    assert rows.tolist() == [0]


@dataclass
class _Broken:
    """A backend of the cache that fails, and fails again when it is closed."""

    name: str = "broken"
    errors: tuple[type[Exception], ...] = (sqlite3.Error, OSError)
    limit_s: float = 1.0
    closed: int = 0
    asked: list[str] = field(default_factory=list)

    def read(self, key: str, within_s: float) -> object:
        self.asked.append(key)
        raise OSError(5, "Input/output error")

    def write(self, key: str, data: bytes, within_s: float) -> None:
        self.asked.append(key)
        raise sqlite3.OperationalError("disk I/O error.")

    def close(self) -> None:
        self.closed += 1
        raise OSError(9, "Bad file descriptor")


@pytest.mark.parametrize("first", ["get", "put"])
def test_a_backend_that_fails_is_closed_even_if_closing_fails(first: str) -> None:
    made: list[_Broken] = []
    warned: list[str] = []
    now_s = [0.0]

    def make() -> _Broken:
        made.append(_Broken())
        return made[-1]

    cache = _GuardedCache(make, 30.0, warned.append, lambda: now_s[0])
    if first == "get":
        assert cache.get(SPEC, "a") is None
    else:
        cache.put(SPEC, "a", vector(1))
    assert [place.closed for place in made] == [1]
    # Not asked during the pause, and a new one afterwards.
    now_s[0] = 29.9
    assert cache.get(SPEC, "a") is None
    assert len(made) == 1
    now_s[0] = 30.0
    assert cache.get(SPEC, "a") is None
    assert [place.closed for place in made] == [1, 1]
    cache.close()
    cache.close()
    now_s[0] = 1e9
    assert cache.get(SPEC, "a") is None
    assert [place.closed for place in made] == [1, 1]
    assert len(warned) == 1
    assert warned[0].endswith("): continuing without it")
    assert ".)" not in warned[0]


def test_an_error_that_is_none_of_the_backend_is_raised_and_the_lock_is_free() -> None:
    class Odd(_Broken):
        def read(self, key: str, within_s: float) -> object:
            raise ZeroDivisionError

    cache = _GuardedCache(Odd, 30.0, print, lambda: 0.0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cache.get(SPEC, "a")
    # Closing it fails too, which is no reason to fail.
    cache.close()
