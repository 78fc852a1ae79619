"""Verdicts that are kept: round trips, hostile arrays, and what is known of a pair."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.duplicates.verdicts import _FORMS, _STAMP, Verdicts, load_verdicts, save_verdicts
from imgrec.store.kept import load, save

SHARES = st.floats(-0.25, 1.25, width=32)
COMPARISONS = st.builds(
    Comparison,
    st.sampled_from(Verdict),
    SHARES,
    st.integers(0, int(sum(Difference))).map(Difference),
    st.none() | st.tuples(SHARES, SHARES, SHARES, SHARES),
    st.integers(0, 7),
)
PAIRS = st.tuples(st.integers(1, 30), st.integers(31, 60))


def _some() -> Verdicts:
    verdicts = Verdicts(rejected=np.array([[1, 4], [2, 3]]))
    verdicts.add((1, 2), Comparison(Verdict.SAME, 0.9, Difference.RESIZED))
    box = 0.25, 0.0, 0.5, 1.0
    verdicts.add((3, 4), Comparison(Verdict.SIMILAR, 0.7, Difference.PART, box, 5))
    verdicts.add((1, 3), Comparison(Verdict.DIFFERENT))
    return verdicts


@given(compared=st.dictionaries(PAIRS, COMPARISONS), rejected=st.sets(PAIRS))
def test_what_is_kept_is_loaded_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    compared: dict[tuple[int, int], Comparison],
    rejected: set[tuple[int, int]],
) -> None:
    folder = tmp_path_factory.mktemp("verdicts") / "verdicts"
    verdicts = Verdicts(rejected=np.array(sorted(rejected), np.int64).reshape(-1, 2))
    for pair, comparison in compared.items():
        kept = verdicts.add(pair, comparison)
        assert 0 <= kept.score <= 1
        assert abs(kept.score - min(max(comparison.score, 0), 1)) < 1e-6
        assert (kept.verdict, kept.differences) == (comparison.verdict, comparison.differences)
    save_verdicts(folder, verdicts)
    loaded = load_verdicts(folder)
    assert loaded.compared == verdicts.compared
    assert loaded.rejected.tolist() == [list(pair) for pair in sorted(rejected)]
    pairs = np.array([*compared, *rejected, (61, 62)], np.int64).reshape(-1, 2)
    assert loaded.unknown(pairs).tolist() == [[61, 62]]


def test_a_pair_is_known_in_either_order() -> None:
    verdicts = _some()
    known = verdicts.of(1, 2)
    assert known is not None and known.verdict is Verdict.SAME
    assert verdicts.of(2, 1) is known
    assert verdicts.of(4, 1) == verdicts.of(1, 4) == Comparison(Verdict.DIFFERENT)
    assert verdicts.of(2, 4) is None


def test_pairs_are_rejected_once_and_dropped_with_their_pictures() -> None:
    verdicts = _some()
    verdicts.reject(np.array([[2, 3], [7, 8]]))
    assert verdicts.rejected.tolist() == [[1, 4], [2, 3], [7, 8]]
    left = verdicts.only(np.array([1, 2, 3, 7]))
    assert left.rejected.tolist() == [[2, 3]]
    assert left.compared.keys() == {(1, 2), (1, 3)}


def _at(name: str, row: int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(arrays: dict[str, Any]) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name][row] = value

    return change


def _with(name: str, change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    return lambda arrays: arrays.update({name: change(arrays[name])})


@pytest.mark.parametrize(
    "change",
    [
        _at("pairs", 0, (2, 1)),
        _at("pairs", 0, (-1, 2)),
        _at("pairs", 2, (3, 1 << 31)),
        _at("pairs", 1, (1, 2)),
        _at("rejected", 0, (5, 5)),
        _at("rejected", 0, (2, 4)),
        _at("verdicts", 0, 3),
        _at("scores", 0, np.nan),
        _at("scores", 0, 1.5),
        _at("scores", 0, -0.5),
        _at("differences", 0, sum(Difference) + 1),
        _at("differences", 0, -1),
        _at("turns", 0, 8),
        _at("boxes", 0, (0.5, 0, 0.5, 1)),
        _at("boxes", 0, (0, 0, 2, 1)),
        _at("boxes", 0, (-1, 0, 1, 1)),
        _at("boxes", 0, (0, np.inf, 1, 1)),
        _with("pairs", lambda v: v[:2]),
        _with("scores", lambda v: v.astype(np.float64)),
        _with("verdicts", lambda v: v.astype(np.int8)),
        _with("boxes", lambda v: v[:, :3]),
        _with("rejected", lambda v: v[::-1]),
    ],
)
def test_verdicts_out_of_range_count_as_absent(
    tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    folder = tmp_path / "verdicts"
    save_verdicts(folder, _some())
    kept = load(folder, _STAMP, _FORMS)
    assert kept is not None
    arrays = {name: np.array(values) for name, values in kept.arrays.items()}
    save(folder, _STAMP, arrays)
    assert len(load_verdicts(folder).compared) == 3
    change(arrays)
    save(folder, _STAMP, arrays)
    assert not load_verdicts(folder).compared
    assert not len(load_verdicts(folder).rejected)


def test_absent_and_stale_verdicts_are_none(tmp_path: Path) -> None:
    folder = tmp_path / "verdicts"
    assert not load_verdicts(folder).compared
    save_verdicts(folder, _some())
    arrays = load(folder, _STAMP, _FORMS)
    assert arrays is not None
    save(folder, {"version": -1}, {name: np.array(v) for name, v in arrays.arrays.items()})
    assert not load_verdicts(folder).compared
