"""Tests of the runs: the sample of the overview, the pictures of each run, their names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.collection import Entry
from imgrec.layouts.overview import spread_sample
from projector.choices import MAX_POINTS
from projector.runs import OVERVIEW, PAGE, WHOLE, Run, plan_runs, run_name


def _entry(path: str) -> Entry:
    return Entry(1, "/pictures", path, 1, 1, None, 9, 9, "PNG", "ok", None)


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=300),
    st.integers(1, 80),
    st.integers(1, 9),
)
def test_a_sample_has_its_size_and_shows_every_group(
    groups: list[int], count: int, step: int
) -> None:
    ids = 5 + step * np.arange(len(groups))
    codes = np.array(groups)
    sample = spread_sample(ids, codes, count)
    assert len(sample) == min(count, len(ids))
    assert (np.diff(sample) > 0).all()
    assert np.isin(sample, ids).all()
    if count >= len(set(groups)):
        assert set(codes[np.isin(ids, sample)]) == set(groups)


def test_groups_have_the_shares_they_have_in_the_collection() -> None:
    groups = np.repeat([0, 1, 2, 3], [6_000, 3_000, 990, 10])
    ids = np.random.default_rng(0).permutation(10_000) + 1
    order = np.argsort(ids)
    sample = spread_sample(ids[order], groups[order], 1_000)
    counts = np.bincount(groups[order][np.isin(ids[order], sample)])
    assert np.abs(counts - [600, 300, 99, 1]).max() <= 1


def test_a_sample_is_not_the_first_rows() -> None:
    sample = spread_sample(np.arange(1, 10_001), np.zeros(10_000, int), 500)
    quarters = np.histogram(sample, 4, (0, 10_001))[0]
    assert quarters.min() > 90


def test_a_sample_hardly_changes_when_pictures_come() -> None:
    ids, groups = np.arange(1, 10_001), np.arange(10_000) % 7
    before = spread_sample(ids, groups, 500)
    more = np.arange(1, 10_101)
    after = spread_sample(more, np.arange(10_100) % 7, 500)
    assert len(np.intersect1d(before, after)) > 480


def test_what_must_be_in_a_sample_is() -> None:
    always = np.array([17, 4_711, 9_999])
    sample = spread_sample(np.arange(1, 10_001), np.zeros(10_000, int), 10, always)
    assert len(sample) == 10
    assert np.isin(always, sample).all()


@given(st.integers(2, 60), st.integers(1, 6), st.integers(0, 99))
def test_pages_hold_every_picture_once(n: int, count: int, seed: int) -> None:
    ids = 3 * np.arange(1, n + 1)
    pages = np.random.default_rng(seed).integers(count, size=n).astype(np.int32)
    runs = plan_runs(ids, pages, ids[::2])
    assert len({run.key for run in runs}) == len(runs)
    if not pages.any():
        assert [(run.kind, run.ids.tolist()) for run in runs] == [(WHOLE, ids.tolist())]
        return
    assert [runs[0].kind, runs[-1].kind] == [OVERVIEW, WHOLE]
    of_pages = [run for run in runs if run.kind == PAGE]
    assert [run.number for run in of_pages] == (np.unique(pages) + 1).tolist()
    assert sorted(np.concatenate([run.ids for run in of_pages])) == ids.tolist()
    assert all((np.diff(run.ids) > 0).all() for run in runs)


def test_no_tensor_is_longer_than_the_page_takes() -> None:
    n = MAX_POINTS + 1
    runs = plan_runs(np.arange(n), (np.arange(n) % 20).astype(np.int32), np.arange(9_000))
    assert WHOLE not in {run.kind for run in runs}
    assert max(len(run.ids) for run in runs) == 9_000


def test_names_explain_themselves() -> None:
    ids = np.arange(2_500)
    entries = [_entry("dress/a.jpg")] * 1_500 + [_entry("a&b #1/c.jpg")] * 1_000
    assert run_name(Run(OVERVIEW, 0, ids), 400_000, entries) == "overview 2,500 of 400,000"
    assert run_name(Run(WHOLE, 0, ids), 2_500, entries) == "all 2,500 pictures"
    assert run_name(Run(PAGE, 7, ids), 2_500, entries) == "page 07, dress, a b 1"
    many = [_entry(f"{i}/a.jpg") for i in range(2_500)]
    assert run_name(Run(PAGE, 112, ids), 2_500, many) == "page 112"


@pytest.mark.parametrize("folder", ["é" * 200, "a" * 59 + "…", "\udce9", "..", "a\tb\nc", "%2e"])
def test_a_name_is_that_of_a_folder_and_fit_for_an_address(folder: str) -> None:
    name = run_name(Run(PAGE, 1, np.arange(1)), 1, [_entry(f"{folder}/a.jpg")])
    assert name.startswith("page 01")
    assert len(name.encode()) <= 62
    assert not set(name) & set('/\\&#+%?"<>|:*\t\n')
    assert name == name.strip(" .")
