"""Every way in which a part can be damaged, one at a time, by the cheap and by the full check."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imgrec import StoreError
from imgrec.store.arrays import load_array, load_ids
from imgrec.store.damage import Output, digest_problem, outputs_of, part_problem
from imgrec.store.parts import check_rows, part_name, part_numbers, read_manifest, write_part
from written_parts import DESCRIBED, IDS, cut, flip, write_classes, write_feature, write_thumbs

# Files up to this size are hashed by the cheap check too; of an array 128 bytes are its header.
SMALL = 1 << 16


def test_parts_are_numbered_and_sorted_by_number(tmp_path: Path) -> None:
    assert part_name(7) == "part-000007"
    assert part_name(12_345_678) == "part-12345678"
    for name in ("part-000010", "part-000002", "part-1000000", "part-00003", "part-000004x", "x"):
        (tmp_path / name).mkdir()
    assert part_numbers(tmp_path) == [2, 10, 1_000_000]
    assert part_numbers(tmp_path / "nowhere") == []
    (tmp_path / "file").write_text("", "utf-8")
    assert part_numbers(tmp_path / "file") == []
    assert Output("thumbs", tmp_path).parts() == [
        tmp_path / "part-000002",
        tmp_path / "part-000010",
        tmp_path / "part-1000000",
    ]


def test_a_part_is_what_was_written_and_is_never_written_twice(tmp_path: Path) -> None:
    output, part = write_feature(tmp_path, np.arange(12, dtype=np.float16).reshape(3, 4))
    assert part_problem(output, part) is None
    assert digest_problem(part) is None
    assert load_ids(part).tolist() == [3, 5, 9]
    assert load_array(part / "vectors.npy").tolist() == np.arange(12).reshape(3, 4).tolist()
    manifest = read_manifest(part)
    assert manifest is not None
    assert manifest["feature"] == DESCRIBED
    assert {name: told["bytes"] for name, told in manifest["files"].items()} == {
        "ids.npy": (part / "ids.npy").stat().st_size,
        "vectors.npy": (part / "vectors.npy").stat().st_size,
    }
    with pytest.raises(FileExistsError, match=r"part-000000 exists; a part is never written twice"):
        write_part(output.folder, 0, {"ids.npy": IDS})


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda part: (part / "part.json").unlink(), "part.json is not there"),
        (lambda part: cut(part / "part.json"), "part.json is damaged"),
        (lambda part: (part / "part.json").write_text("[]"), "part.json is damaged"),
        (lambda part: (part / "part.json").write_text('{"files": {}}'), "part.json is damaged"),
        (lambda part: (part / "ids.npy").unlink(), "ids.npy is not there"),
        (lambda part: cut(part / "vectors.npy"), "vectors.npy has 175 bytes, 176 were written"),
        (lambda part: flip(part / "ids.npy"), "ids.npy is not what was written, by its digest"),
        (lambda part: flip(part / "vectors.npy"), "vectors.npy is not what was written, by its"),
    ],
)
def test_a_damaged_file_is_named(
    tmp_path: Path, spoil: Callable[[Path], object], problem: str
) -> None:
    output, part = write_feature(tmp_path)
    spoil(part)
    for found in (part_problem(output, part), digest_problem(part)):
        assert found is not None
        assert found.startswith(problem)


@pytest.mark.parametrize(("rows", "noticed"), [((SMALL - 128) // 16, True), (SMALL // 16, False)])
def test_a_flipped_bit_of_a_large_file_is_noticed_by_the_full_check_only(
    tmp_path: Path, rows: int, noticed: bool
) -> None:
    ids = np.arange(1, rows + 1)
    output, part = write_feature(tmp_path, np.zeros((rows, 4), np.float32), ids)
    flip(part / "vectors.npy")
    assert ((part / "vectors.npy").stat().st_size == SMALL) is noticed
    assert (part_problem(output, part) is not None) is noticed
    assert digest_problem(part) == "vectors.npy is not what was written, by its digest"


@pytest.mark.parametrize(
    ("vectors", "ids", "problem"),
    [
        (np.zeros((2, 4), np.float32), IDS, "vectors.npy has shape (2, 4), (3, 4) expected"),
        (np.zeros((3, 5), np.float32), IDS, "vectors.npy has shape (3, 5), (3, 4) expected"),
        (np.zeros((3, 4), np.float64), IDS, "vectors.npy holds float64, float32 or float16"),
        (np.zeros((3, 4), np.float32), IDS[::-1], "its ids are not ascending whole numbers"),
        (np.zeros((3, 4), np.float32), IDS[[0, 0, 1]], "its ids are not ascending whole numbers"),
        (np.zeros((3, 4), np.float32), IDS.astype(np.int32), "its ids are not ascending whole"),
        (np.zeros((3, 4), np.float32), IDS[:, None], "its ids are not ascending whole numbers"),
    ],
)
def test_arrays_of_a_feature_that_were_written_wrong(
    tmp_path: Path, vectors: np.ndarray, ids: np.ndarray, problem: str
) -> None:
    output, part = write_feature(tmp_path, vectors, ids)
    found = part_problem(output, part)
    assert found is not None
    assert found.startswith(problem)


def test_without_a_description_any_number_of_dimensions_is_right(tmp_path: Path) -> None:
    output, part = write_feature(tmp_path, np.zeros((3, 7), np.float32))
    assert part_problem(Output("features", output.folder), part) is None
    assert part_problem(Output("features", output.folder, 7), part) is None
    assert part_problem(output, part) == "vectors.npy has shape (3, 7), (3, 4) expected"


@pytest.mark.parametrize(
    ("offsets", "size", "problem"),
    [
        ([0, 4, 4, 9], 9, None),
        ([0, 4, 9], 9, "offsets.npy has shape (3,), (4,) expected"),
        ([0.0, 4, 5, 9], 9, "offsets.npy holds float64, int64 expected"),
        ([1, 4, 5, 9], 9, "offsets.npy does not ascend from 0"),
        ([0, 5, 4, 9], 9, "offsets.npy does not ascend from 0"),
        ([0, 4, 5, 9], 10, "thumbs.bin has 10 bytes, offsets.npy says 9"),
        ([0, 4, 5, 9], 8, "thumbs.bin has 8 bytes, offsets.npy says 9"),
    ],
)
def test_offsets_of_thumbnails(
    tmp_path: Path, offsets: list[float], size: int, problem: str | None
) -> None:
    assert part_problem(*write_thumbs(tmp_path, offsets, size)) == problem


@pytest.mark.parametrize(
    ("top", "probabilities", "problem"),
    [
        (np.zeros((3, 5), np.int16), np.zeros((3, 5), np.float32), None),
        (
            np.zeros((2, 5), np.int16),
            np.zeros((3, 5), np.float32),
            "top.npy has shape (2, 5), (3, k) expected",
        ),
        (
            np.zeros((3, 5), np.int16),
            np.zeros((3, 4), np.float32),
            "probabilities.npy has shape (3, 4), (3, 5) expected",
        ),
        (
            np.zeros((3, 5), np.int32),
            np.zeros((3, 5), np.float32),
            "top.npy holds int32, int16 expected",
        ),
        (
            np.zeros((3, 5), np.int16),
            np.zeros((3, 5), np.float64),
            "probabilities.npy holds float64, float32 expected",
        ),
    ],
)
def test_arrays_of_classes(
    tmp_path: Path, top: np.ndarray, probabilities: np.ndarray, problem: str | None
) -> None:
    assert part_problem(*write_classes(tmp_path, top, probabilities)) == problem


def test_rows_of_parallel_arrays() -> None:
    part = Path("features/x/part-000000")
    check_rows(part, ids=3, vectors=3)
    check_rows(part)
    with pytest.raises(StoreError) as error:
        check_rows(part, ids=3, vectors=3, more=2)
    assert "its rows do not match (ids has 3, vectors has 3, more has 2)" in str(error.value)


def test_outputs_are_features_and_classes_by_name_then_thumbnails(tmp_path: Path) -> None:
    write_thumbs(tmp_path, [0, 1, 2, 3], 3)
    write_feature(tmp_path, foreign=True)
    write_classes(tmp_path, np.zeros((3, 5), np.int16), np.zeros((3, 5), np.float32))
    for name, text in (("a", '{"dimensions": "4", "foreign": 1}'), ("z", "[]"), ("b", "{")):
        (tmp_path / "features" / name).mkdir()
        (tmp_path / "features" / name / "feature.json").write_text(text, "utf-8")
    (tmp_path / "features" / "file").write_text("", "utf-8")
    assert list(outputs_of(tmp_path)) == [
        Output("features", tmp_path / "features" / "a"),
        Output("features", tmp_path / "features" / "b"),
        Output("features", tmp_path / "features" / "x", 4, True),
        Output("features", tmp_path / "features" / "z"),
        Output("classes", tmp_path / "classes" / "x"),
        Output("thumbs", tmp_path / "thumbs"),
    ]


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (OSError(5, "Input/output error", "/s/vectors.npy"), "Input/output error: vectors.npy"),
        (OSError(5, "Input/output error"), "Input/output error: part-000000"),
        (OSError("odd"), "odd: part-000000"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, problem: str
) -> None:
    def fail(file: Path) -> str:
        raise error

    output, part = write_feature(tmp_path)
    monkeypatch.setattr("imgrec.store.damage._file_digest", fail)
    assert part_problem(output, part) == problem
    assert digest_problem(part) == problem
