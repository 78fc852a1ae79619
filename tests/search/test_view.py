"""Which features a question compares, their weights, and what a view of a store opens once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import imgrec.search.view
import vector_stores
from imgrec import ImgrecError, Store
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
        ("a=x", "features a=x: x is not a number"),
        ("a=1=2", "features a=1=2: 1=2 is not a number"),
        ("a=1,b,a=1", "features a=1,b,a=1: a is named twice"),
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
        ("cosine", "mini", "rgb", "encoder mini and features exclude each other: give one"),
        ("cosine", None, "", "features names no feature: give some, such as mini=1,rgb=0.5"),
        ("cosine", None, {"": 1, "a": 1}, "features names no feature"),
        ("cosine", None, {"a": 9e-7}, "the weight of a is 9e-07: give a number from 1e-06 to 1e+0"),
        ("cosine", None, {"a": 1, "b": 1.1e6}, "the weight of b is 1.1e+06: give a number"),
        ("cosine", None, {"a": float("nan")}, "the weight of a is nan"),
        (
            "chi2",
            None,
            "a,b",
            "chi2 cannot join features: use metric cosine or euclidean or manhattan",
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


@pytest.fixture
def opened_view(tmp_path: Path) -> Iterator[StoreView]:
    """Open a view of a store of an embedding and a histogram, with classes."""
    features = {"own": vector_stores.clustered(30, 8), "rgb": vector_stores.histograms(30, 12)}
    path = vector_stores.make(tmp_path / "store", features)
    vector_stores.update(path)
    with Store.create(path) as store:
        store.catalog.labels.replace("class", {1: "beagle", 2: "tabby"})
    with Store.open(path) as store:
        yield StoreView(store, store.state())


def test_a_question_compares_one_feature_with_its_indexes(opened_view: StoreView) -> None:
    metric = metric_named("cosine")
    own = opened_view.compared(metric, {"": 1.0})
    assert (own.name, own.lacking, own.axes) == ("own", (), None)
    (part,) = own.space.parts
    assert (part.feature.name, part.weight) == ("own", 1.0)
    assert part.sketch is not None
    assert part.hnsw is not None
    assert own.space.metric is metric
    # It is opened once, by whatever name.
    again = opened_view.compared(metric, {"own": 1.0})
    assert again.opened[0] is own.opened[0]
    assert opened_view.compared(metric, {"own": 1.0}).opened[0] is own.opened[0]


def test_joined_features_are_named_with_their_weights(opened_view: StoreView) -> None:
    joined = opened_view.compared(metric_named("euclidean"), {"rgb": 0.5, "own": 2.0})
    assert joined.name == "rgb=0.5,own=2"
    assert [(part.feature.name, part.weight) for part in joined.space.parts] == [
        ("rgb", 0.5),
        ("own", 2.0),
    ]
    assert [each.spec.name for each in joined.opened] == ["rgb", "own"]
    assert joined.space.parts[0].hnsw is None
    assert joined.space.parts[1].hnsw is not None


def test_every_feature_is_checked_against_the_metric(opened_view: StoreView) -> None:
    with pytest.raises(ImgrecError, match="own is not one"):
        opened_view.compared(metric_named("chi2"), {"rgb": 1.0, "own": 1.0})
    with pytest.raises(ImgrecError, match="no feature 'nothing'"):
        opened_view.compared(metric_named("cosine"), {"own": 1.0, "nothing": 1.0})


def test_a_reduced_metric_compares_coordinates_on_axes_that_are_opened_once(
    opened_view: StoreView, monkeypatch: pytest.MonkeyPatch
) -> None:
    reduced = opened_view.compared(metric_named("pca-cosine"), {"rgb": 1.0})
    assert (reduced.name, reduced.lacking) == ("rgb", ())
    assert reduced.axes is not None
    (part,) = reduced.space.parts
    assert (part.feature.dimensions, part.sketch, part.weight) == (11, None, 1.0)
    assert reduced.opened[0].spec.name == "rgb"
    monkeypatch.delattr(imgrec.search.view, "open_reduced")
    again = opened_view.compared(metric_named("pca-cosine"), {"rgb": 1.0})
    assert again.axes is reduced.axes
    resolved = Resolved("x", 1, (reduced.opened[0].feature.take(np.array([7])),))
    assert np.allclose(reduced.queries([resolved])[0], part.feature.take(np.array([7])), atol=1e-6)


def test_pictures_that_lack_a_feature_of_a_relation_are_told(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"lite0": vector_stores.clustered(30, 8)})
    vector_stores.add_part(path, "mini", np.arange(1, 21), vector_stores.clustered(20, 4))
    vector_stores.update(path)
    with Store.open(path) as store:
        view = StoreView(store, store.state())
        compared = view.compared(metric_named("cosine"), {"": 1.0})
        assert compared.name == "lite0+mini"
        assert compared.lacking == (
            "10 of 30 pictures lack mini and are not compared: run imgrec index",
        )


def test_a_noun_is_looked_up_once(opened_view: StoreView) -> None:
    asked = Filter.parse(["class=dog"], [])
    widened = opened_view.widened(asked)
    assert widened[1] == {"dog": ["beagle"]}
    assert widened[0].ids(opened_view.store.catalog).tolist() == [1]
    assert opened_view.widened(Filter.parse(["class=dog"], [])) is widened
