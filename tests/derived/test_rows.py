"""Derived rows by a recipe that doubles vectors: what is reused, when all is computed anew."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgrec.derived.rows import (
    FIT_ROWS,
    Coverage,
    Derived,
    axes_of,
    derive,
    is_current,
    load_derived,
    save_derived,
    usable_places,
)
from imgrec.encoders.spec import EncoderSpec
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.features import Block, FeatureStore

SPEC = EncoderSpec("x", 2, Preprocessing(8, 8))


@dataclass(frozen=True)
class Doubling:
    """Twice each vector, its first value as a whole number, and a model of the sample's sum."""

    name: str = "doubled"
    version: int = 3
    model_names: frozenset[str] = frozenset({"sum"})
    columns: frozenset[str] = frozenset({"twice", "first"})
    refit_growth: float = 2.0
    computed: list[list[float]] = field(default_factory=list, compare=False)

    def fit(self, sample: np.ndarray) -> dict[str, Any]:
        return {"sum": sample.sum(axis=0)}

    def rows(self, model: Any, vectors: np.ndarray) -> dict[str, Any]:
        if len(vectors):
            self.computed.append(vectors[:, 0].tolist())
        return {"twice": 2 * vectors, "first": vectors[:, 0].astype(np.int16)}


def _block(ids: list[int], source: str = "a") -> Block:
    """Return a block whose vectors are (id, -id)."""
    vectors = np.array([[i, -i] for i in ids], np.float32)
    return Block(np.array(ids, np.int64), vectors, source=source)


def _feature(*blocks: Block) -> FeatureStore:
    return FeatureStore("x", 2, list(blocks))


def _check(feature: FeatureStore, derived: Derived) -> None:
    """Assert that every row is that of its own picture."""
    assert derived.rows["twice"].tolist() == [[2.0 * i, -2.0 * i] for i in feature.ids]
    assert derived.rows["first"].tolist() == feature.ids.tolist()
    assert derived.rows["first"].dtype == np.int16
    assert derived.coverage.is_of(feature)


def test_all_rows_are_computed_at_first() -> None:
    recipe, feature = Doubling(), _feature(_block([1, 4, 6]), _block([2, 5], "b"))
    derived = derive(recipe, feature)
    _check(feature, derived)
    assert derived.model["sum"].tolist() == [18, -18]
    assert derived.fitted_on == 5
    assert sorted(recipe.computed) == [[1, 4, 6], [2, 5]]
    assert derived.token == (0, 0)


def test_only_new_vectors_get_new_rows_and_the_model_stays() -> None:
    before = _feature(_block([1, 4, 6, 7]), _block([2, 5], "b"))
    old = derive(Doubling(), before)
    # 6 is gone, 3 and 9 are new, and 5 was encoded again into another part.
    whole = _block([1, 4, 6, 7])
    after = _feature(
        whole.only(whole.ids != 6), _block([2], "b"), _block([3, 5], "c"), _block([9], "d")
    )
    recipe = Doubling()
    new = derive(recipe, after, old)
    _check(after, new)
    assert sorted(recipe.computed) == [[3, 5], [9]]
    assert new.model["sum"].tolist() == [25, -25]
    assert new.fitted_on == 6
    # The kept rows themselves are taken over, not computed again.
    marked = replace(old, rows={**old.rows, "first": old.rows["first"] + 100})
    carried = derive(Doubling(), after, marked).rows["first"].tolist()
    assert carried == [101, 102, 3, 104, 5, 107, 9]


@pytest.mark.parametrize(("count", "refitted"), [(7, False), (8, True), (9, True)])
def test_the_model_is_fitted_again_when_the_collection_has_grown_by_the_factor(
    count: int, refitted: bool
) -> None:
    old = derive(Doubling(), _feature(_block([1, 2, 3, 4])))
    ids = list(range(1, 5)), list(range(5, count + 1))
    grown = _feature(_block(ids[0]), _block(ids[1], "b"))
    new = derive(Doubling(), grown, old)
    _check(grown, new)
    assert (usable_places(Doubling(), grown, old) is None) is refitted
    assert new.fitted_on == (count if refitted else 4)
    expected = sum(range(1, (count if refitted else 4) + 1))
    assert new.model["sum"].tolist() == [expected, -expected]
    assert is_current(Doubling(), grown, new)


def test_the_model_is_fitted_on_a_sample_of_a_large_collection() -> None:
    ids = np.arange(1, FIT_ROWS + 2)
    vectors = np.ones((len(ids), 2), np.float32)
    derived = derive(Doubling(), FeatureStore("x", 2, [Block(ids, vectors, source="a")]))
    assert derived.model["sum"].tolist() == [FIT_ROWS, FIT_ROWS]
    assert derived.fitted_on == FIT_ROWS + 1


def test_nothing_is_reused_of_a_collection_with_no_vector_in_common() -> None:
    old = derive(Doubling(), _feature(_block([1, 2, 3, 4])))
    other = _feature(_block([1, 2, 3], "z"))
    assert usable_places(Doubling(), other, old) is None
    new = derive(Doubling(), other, old)
    assert new.model["sum"].tolist() == [6, -6]
    assert new.fitted_on == 3
    _check(other, new)


def test_places_are_those_of_the_same_vectors() -> None:
    feature = _feature(_block([1, 2, 3, 4]))
    old = derive(Doubling(), feature)
    assert usable_places(Doubling(), feature, None) is None
    same = usable_places(Doubling(), feature, old)
    assert same is not None
    assert same.tolist() == [0, 1, 2, 3]
    some = usable_places(Doubling(), _feature(_block([2, 4]), _block([3, 5], "b")), old)
    assert some is not None
    assert some.tolist() == [1, -1, 3, -1]


@pytest.mark.parametrize(("left", "current"), [(10, True), (8, True), (7, False)])
def test_rows_are_current_while_at_most_a_fifth_of_them_is_dead(left: int, current: bool) -> None:
    whole = _block(list(range(1, 11)))
    derived = derive(Doubling(), _feature(whole))
    assert is_current(Doubling(), _feature(whole.only(whole.ids <= left)), derived) is current


def test_rows_are_not_current_if_one_vector_lacks_a_row_or_the_model_is_outgrown() -> None:
    derived = derive(Doubling(), _feature(_block([1, 2, 3, 4])))
    one_more = _feature(_block([1, 2, 3, 4]), _block([5], "b"))
    assert is_current(Doubling(), one_more, derived) is False
    whole = derive(Doubling(), one_more, derived)
    assert is_current(Doubling(), one_more, whole) is True
    assert is_current(Doubling(refit_growth=1.25), one_more, whole) is False
    assert is_current(Doubling(refit_growth=1.26), one_more, whole) is True


def test_saved_rows_are_those_that_are_loaded(tmp_path: Path) -> None:
    feature = _feature(_block([1, 4, 6]), _block([2, 5], "b"))
    derived = derive(Doubling(), feature)

    def more(folder: Path) -> None:
        (folder / "more.txt").write_text("more", "utf-8")

    save_derived(tmp_path, Doubling(), SPEC, derived, more)
    for verify in (True, False):
        loaded = load_derived(tmp_path, Doubling(), SPEC, verify=verify)
        assert loaded is not None
        _check(feature, loaded)
        assert loaded.model["sum"].tolist() == [18, -18]
        assert loaded.fitted_on == 5
        assert loaded.coverage.sources == ("a", "b")
        assert loaded.token != (0, 0)
    assert (tmp_path / "doubled" / "more.txt").read_text("utf-8") == "more"
    files = {"kept.json", "more.txt", "ids.npy", "owners.npy", "model-sum.npy"}
    files |= {"rows-twice.npy", "rows-first.npy"}
    assert {path.name for path in (tmp_path / "doubled").iterdir()} == files


def test_rows_of_another_recipe_version_or_encoder_are_not_loaded(tmp_path: Path) -> None:
    save_derived(tmp_path, Doubling(), SPEC, derive(Doubling(), _feature(_block([1, 2]))))
    assert load_derived(tmp_path, Doubling(version=4), SPEC) is None
    assert load_derived(tmp_path, Doubling(), replace(SPEC, version=7)) is None
    assert load_derived(tmp_path, Doubling(columns=frozenset({"thrice"})), SPEC) is None
    assert load_derived(tmp_path / "elsewhere", Doubling(), SPEC) is None
    # The folder of one recipe under the name of another.
    (tmp_path / "doubled").rename(tmp_path / "other")
    assert load_derived(tmp_path, Doubling(name="other"), SPEC) is None
    assert load_derived(tmp_path, Doubling(), SPEC) is None


def _coverage(ids: list[int], owners: list[int], *sources: str) -> Coverage:
    return Coverage(np.array(ids, np.int64), np.array(owners, np.int32), sources)


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        (_coverage([], []), True),
        (_coverage([3], [0], "a"), True),
        (_coverage([1, 2, 9], [0, 1, 0], "a", "b"), True),
        (_coverage([1, 2, 2], [0, 1, 0], "a", "b"), False),
        (_coverage([2, 1], [0, 0], "a"), False),
        (_coverage([1, 2], [0, 2], "a", "b"), False),
        (_coverage([1, 2], [-1, 0], "a", "b"), False),
        (_coverage([1, 2], [0, 0]), False),
    ],
)
def test_coverage_is_consistent_if_ids_ascend_and_owners_are_sources(
    coverage: Coverage, expected: bool
) -> None:
    assert coverage.is_consistent() is expected


def test_coverage_is_of_a_feature_with_the_same_parts_in_the_same_order() -> None:
    feature = _feature(_block([1, 3]), _block([2], "b"))
    assert Coverage.of(feature).is_of(feature)
    assert not Coverage.of(feature).is_of(_feature(_block([1, 3]), _block([2], "c")))
    assert not Coverage.of(feature).is_of(_feature(_block([1, 3]), _block([4], "b")))
    # The same ids and sources, and picture 3 in the other part.
    assert not Coverage.of(feature).is_of(_feature(_block([1]), _block([2, 3], "b")))
    mine = _coverage([1, 2, 3], [0, 1, 0], "a", "b")
    assert mine.is_of(feature)
    # Of a part without a token nothing is known.
    nameless = _feature(_block([1, 3], ""), _block([2], "b"))
    assert Coverage.of(nameless).places(nameless).tolist() == [-1, 1, -1]


def test_the_axes_of_a_model_project_by_its_mean_and_components() -> None:
    axes = axes_of({"mean": np.array([1, 0], "f4"), "components": np.array([[0, 2]], "f4")})
    assert axes.project(np.array([[5, 3]], "f4")).tolist() == [[6]]
