"""Which features a question compares, their weights, and what a view of a store opens once."""

from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from imgrec import ImgrecError
from imgrec.collection.filters import Filter
from imgrec.distances.axes import Axes
from imgrec.distances.metrics import metric_named
from imgrec.search.query_vectors import Resolved
from imgrec.search.space import Space
from imgrec.search.view import Compared, StoreView, parse_features, weights_asked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mini", {"mini": 1}),
        ("mini=2", {"mini": 2}),
        (" mini = 2 , rgb=0.5,", {"mini": 2, "rgb": 0.5}),
        ("a,b", {"a": 1, "b": 1}),
        ("a=", {"a": 1}),
        ("", {}),
    ],
)
def test_features_are_parsed(text: str, expected: dict[str, float]) -> None:
    assert parse_features(text) == expected
    assert list(parse_features(text)) == list(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=x", "--features a=x: x is not a number"),
        ("a=1=2", "--features a=1=2: 1=2 is not a number"),
        ("a=1,b,a=1", "--features a=1,b,a=1: a is named twice"),
    ],
)
def test_features_that_cannot_be_parsed(text: str, message: str) -> None:
    with pytest.raises(ImgrecError) as error:
        parse_features(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("metric", "encoder", "features", "expected"),
    [
        ("cosine", None, None, {"": 1}),
        ("cosine", "mini", None, {"mini": 1}),
        ("chi2", None, None, {"rgb": 1}),
        ("chi2", "other", None, {"other": 1}),
        ("cosine", None, "mini=3,rgb", {"mini": 3, "rgb": 1}),
        ("cosine", None, {"mini": 0.25}, {"mini": 0.25}),
        ("manhattan", None, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        # One feature needs no joining.
        ("chi2", None, "rgb=2", {"rgb": 2}),
        ("cosine", None, {"a": 1e-6, "b": 1e6}, {"a": 1e-6, "b": 1e6}),
    ],
)
def test_the_weights_of_a_question(
    metric: str, encoder: str | None, features: Any, expected: dict[str, float]
) -> None:
    assert weights_asked(metric_named(metric), encoder, features) == expected


@pytest.mark.parametrize(
    ("metric", "encoder", "features", "message"),
    [
        ("cosine", "mini", "rgb", "--encoder mini and --features exclude each other: give one"),
        ("cosine", None, "", "--features names no feature: give some, such as mini=1,rgb=0.5"),
        ("cosine", None, {"": 1, "a": 1}, "--features names no feature"),
        ("cosine", None, {"a": 9e-7}, "the weight of a is 9e-07: give a number from 1e-06 to 1e+0"),
        ("cosine", None, {"a": 1, "b": 1.1e6}, "the weight of b is 1.1e+06: give a number"),
        ("cosine", None, {"a": float("nan")}, "the weight of a is nan"),
        (
            "chi2",
            None,
            "a,b",
            "chi2 cannot join features: use --metric cosine or euclidean or manhattan",
        ),
    ],
)
def test_weights_that_cannot_be_used(
    metric: str, encoder: str | None, features: Any, message: str
) -> None:
    with pytest.raises(ImgrecError) as error:
        weights_asked(metric_named(metric), encoder, features)
    assert message in str(error.value)


def test_the_vectors_of_queries_are_joined_by_feature() -> None:
    opened: Any = [SimpleNamespace(spec=SimpleNamespace(dimensions=d)) for d in (2, 3)]
    space = Space(metric_named("cosine"), ())
    compared = Compared(tuple(opened), space, "a,b")
    a = Resolved("a", 1, (np.array([[1, 2]], "f4"), np.array([[3, 4, 5]], "f4")))
    b = Resolved("b", None, (np.array([[6, 7]], "f4"), np.array([[8, 9, 0]], "f4")))
    first, second = compared.queries([a, b])
    assert first.tolist() == [[1, 2], [6, 7]]
    assert second.tolist() == [[3, 4, 5], [8, 9, 0]]
    nothing = compared.queries([])
    assert [one.shape for one in nothing] == [(0, 2), (0, 3)]
    assert {one.dtype for one in (first, second, *nothing)} == {np.dtype("f4")}
    # `pca-cosine` compares coordinates on the axes: here the second value less 1, then the first.
    axes = Axes(np.array([0, 1], "f4"), np.array([[0, 1], [1, 0]], "f4"), 1.0)
    turned = Compared((opened[0],), space, "a", axes=axes).queries([a, b])
    assert [one.tolist() for one in turned] == [[[1, 1], [6, 6]]]


@dataclass(frozen=True)
class Numbered:
    """A filter of the pictures whose id is divisible by a number."""

    number: int

    def ids(self, catalog: Any) -> np.ndarray:
        catalog.asked[self.number] += 1
        return np.arange(self.number, 25, self.number)


def _view() -> tuple[StoreView, Counter[int]]:
    catalog = SimpleNamespace(asked=Counter[int]())
    store: Any = SimpleNamespace(catalog=catalog, path=None)
    return StoreView(store, ("state",)), catalog.asked


def _space(name: str = "a", *more: str) -> Any:
    parts = [SimpleNamespace(feature=SimpleNamespace(name=each)) for each in (name, *more)]
    return SimpleNamespace(ids=np.array([1, 2, 6, 8, 12, 25]), parts=parts)


def test_the_rows_that_pass_a_filter_are_found_once_for_each_space() -> None:
    view, asked = _view()
    assert view.rows_allowed(Filter.parse([], []), _space()) is None
    two: Any = Numbered(2)
    expected = [False, True, True, True, True, False]
    assert view.rows_allowed(two, _space()).tolist() == expected  # type: ignore[union-attr]
    assert view.rows_allowed(two, _space()) is view.rows_allowed(two, _space())
    assert asked == {2: 1}
    view.rows_allowed(two, _space("b"))
    view.rows_allowed(two, _space("a", "b"))
    assert asked == {2: 3}


def test_sixteen_filters_are_kept_and_the_oldest_is_dropped() -> None:
    view, asked = _view()
    filters: list[Any] = [Numbered(number) for number in range(1, 18)]
    for one in filters[:16]:
        view.rows_allowed(one, _space())
    for one in filters[:16]:
        view.rows_allowed(one, _space())
    assert set(asked.values()) == {1}
    # The seventeenth takes the place of the first, and of no other.
    view.rows_allowed(filters[16], _space())
    for one in filters[1:]:
        view.rows_allowed(one, _space())
    assert set(asked.values()) == {1}
    view.rows_allowed(filters[0], _space())
    assert asked[1] == 2


def test_filters_without_a_class_are_not_widened() -> None:
    view, _ = _view()
    plain = Filter.parse(["folder=dog"], ["x"])
    assert view.widened(plain) == (plain, {})
    assert view.widened(plain)[0] is plain
