"""Parts of vectors and thumbnails: round trips, valid rows, errors for damaged files."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrays_on_disk import is_mapped
from imgrec import StoreError
from imgrec.store.features import FeatureStore, positions, stored_ids
from imgrec.store.parts import part_numbers, write_part
from imgrec.store.thumbnails import ThumbStore
from thumb_parts import write_thumbs

DIMENSIONS = 3


def _write(folder: Path, number: int, ids: list[int]) -> None:
    vectors = np.array([[i, i / 2, -i] for i in ids], np.float32).reshape(-1, DIMENSIONS)
    write_part(folder, number, {"ids.npy": np.array(ids, np.int64), "vectors.npy": vectors})


def _expected(ids: list[int]) -> np.ndarray:
    return np.array([[i, i / 2, -i] for i in ids], np.float32).reshape(-1, DIMENSIONS)


@given(
    st.lists(st.integers(1, 60), unique=True, min_size=1),
    st.sets(st.integers(1, 60)),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_rows_match_their_ids_for_any_division_into_parts(
    tmp_path_factory: pytest.TempPathFactory,
    ids: list[int],
    dead: set[int],
    parts: int,
    rng: random.Random,
) -> None:
    folder = tmp_path_factory.mktemp("feature")
    for number, start in enumerate(range(0, len(ids), -(-len(ids) // parts))):
        # The ids of the parts interleave.
        chunk = ids[start : start + -(-len(ids) // parts)]
        _write(folder, number, sorted(chunk))
    feature = FeatureStore.open(folder, DIMENSIONS, np.array(sorted(dead), np.int64))
    live = sorted(set(ids) - dead)
    assert feature.ids.tolist() == live
    assert np.array_equal(feature.load(), _expected(live))
    placed = np.zeros_like(_expected(live))
    for rows, vectors in feature.slices():
        placed[rows] += vectors
    assert np.array_equal(placed, _expected(live))
    rng.shuffle(live)
    assert np.array_equal(feature.take(np.array(live, np.int64)), _expected(live))
    assert stored_ids(folder).tolist() == sorted(ids)


def test_a_complete_part_is_memory_mapped(tmp_path: Path) -> None:
    # A small file is read.
    _write(tmp_path, 0, list(range(1, 5000)))
    assert is_mapped(FeatureStore.open(tmp_path, DIMENSIONS).load())


def test_of_two_rows_of_an_id_the_newer_is_used(tmp_path: Path) -> None:
    for number, shift in enumerate((0, 10, 20)):
        ids = np.array([1, 2, 3][: 3 - number])
        vectors = np.full((len(ids), DIMENSIONS), shift, np.float32)
        write_part(tmp_path, number, {"ids.npy": ids, "vectors.npy": vectors})
    feature = FeatureStore.open(tmp_path, DIMENSIONS)
    assert feature.ids.tolist() == [1, 2, 3]
    assert feature.load()[:, 0].tolist() == [20, 10, 0]
    assert feature.take(np.array([3, 1]))[:, 0].tolist() == [0, 20]


def test_rows_beyond_the_last_id_are_skipped(tmp_path: Path) -> None:
    _write(tmp_path, 0, [1, 2, 7])
    assert FeatureStore.open(tmp_path, DIMENSIONS, last=2).ids.tolist() == [1, 2]


@pytest.mark.parametrize(
    "ids", [np.array(1), np.eye(2), np.array(["a"]), np.array([1.0]), np.array([2, 1])]
)
def test_invalid_ids_are_refused(tmp_path: Path, ids: np.ndarray) -> None:
    write_part(tmp_path, 0, {"ids.npy": ids, "vectors.npy": np.zeros((1, DIMENSIONS), np.float32)})
    with pytest.raises(StoreError, match=r"ids\.npy is damaged.*not (ascending whole )?numbers"):
        FeatureStore.open(tmp_path, DIMENSIONS)


def test_of_two_thumbnails_of_an_id_the_newer_is_used(tmp_path: Path) -> None:
    for number, thumb in enumerate((b"old", b"new")):
        write_thumbs(tmp_path, number, np.array([4]), [thumb])
    assert ThumbStore.open(tmp_path).get(4) == b"new"


def test_an_id_without_a_vector(tmp_path: Path) -> None:
    _write(tmp_path, 0, [1, 2])
    with pytest.raises(StoreError, match="no vector of picture 7"):
        FeatureStore.open(tmp_path, DIMENSIONS).take(np.array([1, 7]))


def test_a_part_is_never_written_twice(tmp_path: Path) -> None:
    _write(tmp_path, 0, [1])
    with pytest.raises(FileExistsError):
        _write(tmp_path, 0, [1])
    assert part_numbers(tmp_path) == [0]


def test_the_error_for_arrays_of_different_length_names_both_lengths(tmp_path: Path) -> None:
    vectors = np.zeros((3, DIMENSIONS), np.float32)
    write_part(tmp_path, 0, {"ids.npy": np.arange(2), "vectors.npy": vectors})
    with pytest.raises(StoreError, match="ids has 2, vectors has 3"):
        FeatureStore.open(tmp_path, DIMENSIONS)


def test_errors_name_damaged_files_and_wrong_dimensions(tmp_path: Path) -> None:
    _write(tmp_path, 0, [1])
    with pytest.raises(StoreError, match=r"part-000000.*\(1, 3\), \(m, 7\) expected"):
        FeatureStore.open(tmp_path, 7)
    (tmp_path / "part-000000" / "vectors.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(StoreError, match=r"part-000000/vectors\.npy is damaged"):
        FeatureStore.open(tmp_path, DIMENSIONS)


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_thumbnails_round_trip(
    tmp_path_factory: pytest.TempPathFactory, thumbs: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("thumbs")
    ids = np.arange(10, 10 + 3 * len(thumbs), 3)
    write_thumbs(folder, 0, ids, thumbs)
    opened = ThumbStore.open(folder)
    assert [opened.get(int(i)) for i in ids] == thumbs
    with pytest.raises(StoreError, match="no thumbnail of picture 11"):
        opened.get(11)


def test_a_truncated_thumbnail_file_is_detected(tmp_path: Path) -> None:
    write_thumbs(tmp_path, 0, np.array([1, 2]), [b"abc", b"defg"])
    (tmp_path / "part-000000" / "thumbs.bin").write_bytes(b"abcd")
    with pytest.raises(StoreError, match=r"thumbs\.bin bytes has 4"):
        ThumbStore.open(tmp_path)


@given(
    st.lists(st.integers(-50, 50), unique=True, max_size=20),
    st.booleans(),
    st.lists(st.integers(-60, 60) | st.sampled_from([-(1 << 63), (1 << 63) - 1]), max_size=20),
)
def test_positions_of_ids_with_and_without_gaps(
    ids: list[int], gaps: bool, wanted: list[int]
) -> None:
    kept = sorted(ids) if gaps else list(range(ids[0], ids[0] + len(ids))) if ids else []
    found = positions(np.array(kept, np.int64), np.array(wanted, np.int64))
    assert found.dtype == np.intp
    assert found.tolist() == [kept.index(one) if one in kept else -1 for one in wanted]
