"""Facets against counting one by one; a histogram of a sample."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vector_stores
from imgrec import Recommender, Store
from imgrec.collection.filters import Filter
from imgrec.collection.metadata import add_metadata
from imgrec.errors import WrongValueError
from imgrec.pictures.metadata_names import Datum
from imgrec.serving.answers import Facets
from imgrec.serving.facets import MOST_VALUES, Tally
from imgrec.serving.histogram import histogram_of
from imgrec.serving.requests import FacetsRequest

_COUNT = 300
_CAMERAS = ("Canon EOS 5D", "Canon EOS 5D Mark II", "NIKON D700", "...")


def _communities(number: int) -> str:
    return (f"{1 + number % 3}.{number // 6 % 4}", f"{1 + number % 3}")[number % 2]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store of 300 pictures with labels of several kinds and dates; ten are missing."""
    path = vector_stores.make(
        tmp_path_factory.mktemp("facets") / "store",
        {"x": vector_stores.clustered(_COUNT, 16)},
    )
    ids = range(1, _COUNT + 1)
    with Store.create(path) as store:
        labels = store.catalog.labels
        labels.add("shape", {i: ("round", "square", "\udce9 <b>")[i % 3] for i in ids})
        labels.add("size", {i: f"{i % 60:03}" for i in ids})
        labels.add("community", {i: _communities(i) for i in ids})
        labels.add("collection", {i: "best" for i in ids if i % 5 == 0})
        labels.add("collection", {i: "worst, of all" for i in ids if i % 10 == 0})
        labels.add("confidence", dict.fromkeys(ids, "0.5"))
        labels.add("duplicates", {i: "1" for i in ids if i % 50 == 0})
        with store.catalog.transaction() as db:
            for i in ids:
                taken = [Datum("taken", _taken(i), float(i))] if i % 2 else []
                add_metadata(db, i, [Datum("camera", _CAMERAS[i % 4]), *taken])
    vector_stores.remove(path, list(range(1, 301, 30)))
    return path


def _taken(number: int) -> str:
    return ("2018", f"2019-{1 + number // 6 % 12:02}-14T10:00:00", "2020-05-01")[number % 3]


@pytest.fixture(scope="module")
def recommender(path: Path) -> Iterator[Recommender]:
    with Recommender.open(path, cache="none") as opened:
        yield opened


def _counted(found: Facets) -> dict[str, dict[str, int]]:
    return {one.kind: {v.value: v.count for v in one.values} for one in found.facets}


def _passing(recommender: Recommender, wanted: Filter) -> set[int]:
    try:
        return set(wanted.ids(recommender.store.catalog).tolist())
    except WrongValueError:
        return set()


_FILTERS = st.lists(
    st.sampled_from(
        ["shape=round", "shape=square", "community=1", "community=2.1", "collection=best",
         "taken=2019", "taken=2019-07", "size=007", "half=low", "camera=canon"]
    ),
    max_size=3,
    unique=True,
).map(Filter.parse)  # fmt: skip


@given(_FILTERS)
def test_each_count_is_what_the_filter_finds(recommender: Recommender, wanted: Filter) -> None:
    found = Tally().facets(recommender.view(), wanted)
    assert found.images == len(_passing(recommender, wanted))
    checked = 0
    for facet in found.facets:
        others = tuple(pair for pair in wanted.where if pair[0] != facet.kind)
        assert facet.total >= len(facet.values) > 0
        for value in facet.values:
            one = Filter((*others, (facet.kind, value.value)), ())
            assert value.count == len(_passing(recommender, one)), one
            checked += 1
    assert checked > 10 or found.images < 50


def test_every_label_is_counted(recommender: Recommender) -> None:
    found = _counted(Tally().facets(recommender.view(), Filter()))
    ok = [i for i in range(1, _COUNT + 1) if i % 30 != 1]
    assert found["shape"] == Counter(("round", "square", "\udce9 <b>")[i % 3] for i in ok)
    assert found["taken"] == Counter(_taken(i)[:7] for i in ok if i % 2)
    assert found["collection"] == {
        "best": sum(i % 5 == 0 for i in ok), "worst, of all": sum(i % 10 == 0 for i in ok),
    }  # fmt: skip
    canon = sum(i % 4 == 0 for i in ok)
    assert found["camera"] == {
        "Canon EOS 5D": canon + sum(i % 4 == 1 for i in ok),
        "Canon EOS 5D Mark II": sum(i % 4 == 1 for i in ok),
        "NIKON D700": sum(i % 4 == 2 for i in ok),
    }
    assert found["community"]["1"] == sum(1 + i % 3 == 1 for i in ok)
    assert not {"confidence", "duplicates"} & set(found)


@pytest.mark.parametrize("text", ["05", "SQU", "\udce9 <", "nothing", "2"])
@pytest.mark.parametrize("kind", ["size", "shape", "camera", "community", "unknown"])
def test_values_are_found_by_a_text_as_by_counting(
    recommender: Recommender, kind: str, text: str
) -> None:
    wanted = Filter.parse(["shape=square"])
    view = recommender.view()
    found = Tally().facets(view, wanted, kind, text)
    assert found.images == len(_passing(recommender, wanted))
    values: dict[str, int] = {}
    for value in _values(recommender, kind):
        others = () if kind == "shape" else wanted.where
        name = view.community_names.of(value) if kind == "community" else ""
        count = len(_passing(recommender, Filter((*others, (kind, value)), ())))
        if count and text.lower() in f"{name} {value}".lower():
            values[value] = count
    assert _counted(found).get(kind, {}) == values
    assert [facet.total for facet in found.facets] == ([len(values)] if values else [])


def _values(recommender: Recommender, kind: str) -> set[str]:
    if kind == "camera":
        return set(_CAMERAS[:3])
    found = set(recommender.store.catalog.labels.groups(kind, 1000))
    return found | {path[0] for path in found} if kind == "community" else found


def test_a_text_without_a_kind_is_refused() -> None:
    with pytest.raises(WrongValueError, match="give `kind` too"):
        FacetsRequest.parse({"text": "red"})
    assert FacetsRequest.parse({"kind": None, "text": None}) == FacetsRequest()
    assert FacetsRequest.parse({"kind": "class", "text": "red\u3000"}).text == "red\u3000"


def test_the_most_frequent_are_named_and_all_are_counted(recommender: Recommender) -> None:
    facets = Tally().facets(recommender.view(), Filter()).facets
    (size,) = [facet for facet in facets if facet.kind == "size"]
    assert (len(size.values), size.total) == (MOST_VALUES, 58)
    counts = [value.count for value in size.values]
    assert counts == sorted(counts, reverse=True)
    (taken,) = [facet for facet in facets if facet.kind == "taken"]
    months = [value.value for value in taken.values]
    assert months == sorted(months)
    (community,) = [facet for facet in facets if facet.kind == "community"]
    assert "Community 1" in [value.name for value in community.values]


def test_no_picture_is_no_error_and_an_unknown_label_is(recommender: Recommender) -> None:
    tally, view = Tally(), recommender.view()
    both = Filter.parse(["size=000", "shape=square"])
    found = tally.facets(view, both)
    assert found.images == 0
    # Those of the other value are offered.
    assert _counted(found)["shape"] == {"round": 5 - sum(i % 30 == 1 for i in range(60, 301, 60))}
    with pytest.raises(WrongValueError, match="no picture has this value"):
        tally.facets(view, Filter.parse(["size=none"]))


def test_labels_that_were_added_are_counted(path: Path, tmp_path: Path) -> None:
    import shutil

    own = Path(shutil.copytree(path, tmp_path / "store"))
    with Recommender.open(own, cache="none") as recommender:
        tally = Tally()
        assert "new" not in _counted(tally.facets(recommender.view(), Filter()))
        with Store.create(own) as store:
            store.catalog.labels.add("new", {2: "a", 3: "a", 31: "gone"})
        assert _counted(tally.facets(recommender.view(), Filter()))["new"] == {"a": 2}


@pytest.mark.parametrize("fuse", ["mean", "rank"])
def test_a_histogram_of_a_sample_is_near_that_of_all(recommender: Recommender, fuse: str) -> None:
    ranking = recommender.rank([2, 200], 1, fuse=fuse, unwanted=[77])
    whole, sample = histogram_of(ranking), histogram_of(ranking, 16 * 150)
    assert whole.exact and not sample.exact
    assert sum(whole.counts) == sum(sample.counts) == _COUNT - 10 - 3
    assert sample == histogram_of(ranking, 16 * 150)
    cumulated = [np.cumsum(found.counts) / sum(found.counts) for found in (whole, sample)]
    at = [
        np.interp(np.linspace(0, whole.edges[-1], 9), found.edges[1:], share)
        for found, share in zip((whole, sample), cumulated, strict=True)
    ]
    assert np.abs(at[0] - at[1]).max() < 0.12
