"""Vectors made elsewhere that are refused: files, lists of paths, tables, names, arguments."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foreign_vectors import D, give, paths_of, vectors_of, write_npy
from imgrec import ImgrecError
from imgrec.index import main as index
from imgrec.indexing.vector_file import read_vector_file
from stores import contents


@pytest.mark.parametrize(
    ("paths", "vectors", "shown"),
    [
        (3, np.zeros((4, D), "f4"), "v.npy holds 4 vectors, and 3 paths are given: give one path"),
        (4, np.zeros((4, D), "i8"), "v.npy holds int64: save float16, float32 or float64"),
        (4, np.zeros(4, "f4"), r"v.npy has the shape \(4,\): save an array of rows and columns"),
        (4, np.zeros((4, 0), "f4"), r"v.npy has the shape \(4, 0\)"),
        (4, np.array([[0.0]] * 3 + [[np.nan]]), "1 of 4 vectors hold values that are no finite"),
        (4, np.array([[0.0]] * 3 + [[1e300]]), "1 of 4 vectors hold values that are no finite"),
        (4, np.array([[0.0]] * 3 + [[-2e12]]), "1 of 4 vectors hold values that are no finite"),
        (4, np.array([[None]] * 4), r"v.npy is no numpy array \(.*\): save it by numpy.save"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_changes_nothing(
    paths: int, vectors: np.ndarray, shown: str, own_store: Path, photos: Path, tmp_path: Path
) -> None:
    before = contents(own_store)
    file = write_npy(tmp_path / "v.npy", paths_of(photos)[:paths], vectors)
    with pytest.raises(ImgrecError, match=f"^--vectors made: [^\n]*{shown}[^\n]*$"):
        give(own_store, file)
    assert contents(own_store) == before
    assert not (own_store / "features" / "made").exists()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("txt a\na\nb\nc", "1 of 4 paths are given twice, such as 'a': give each once"),
        ("txt a\nb\nc\n./a", "1 of 4 paths are given twice, such as 'a'"),
        ("txt a\nb\nc\nd", "none of the 4 paths is a picture of the store, such as 'a'"),
        ("json [1, 2, 3, 4]", "v.json is no JSON list of texts"),
        ("json [", "v.json is no JSON "),
        ("csv a", "neither of v.txt and v.json is beside"),
    ],
)
def test_a_wrong_list_of_paths_changes_nothing(
    text: str, shown: str, own_store: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "v.npy", vectors_of(4))
    suffix, _, content = text.partition(" ")
    (tmp_path / f"v.{suffix}").write_text(content)
    with pytest.raises(ImgrecError, match=f"^--vectors made: [^\n]*{shown}[^\n]*$"):
        give(own_store, tmp_path / "v.npy")
    assert not (own_store / "features" / "made").exists()


def test_other_wrong_files_and_names_are_one_line_errors(
    own_store: Path, photos: Path, tmp_path: Path
) -> None:
    paths = paths_of(photos)
    file = write_npy(tmp_path / "v.npy", paths, vectors_of(len(paths)))
    file.with_suffix(".json").write_text("[]")
    wrong: list[tuple[str, Path, str]] = [
        ("made", file, "both v.txt and v.json are beside"),
        ("made", tmp_path / "absent.npy", "there is no file"),
        ("made", tmp_path / "absent.parquet", "there is no file"),
        ("made", tmp_path / "v.csv", "is no file of vectors: name a .npy or .parquet"),
        ("mini", file, "'mini' cannot name vectors made elsewhere"),
        ("MINI", file, "'MINI' cannot name vectors made elsewhere"),
        ("Lite0", file, "'Lite0' cannot name vectors made elsewhere"),
        ("Rgb", file, "'Rgb' cannot name vectors made elsewhere"),
        ("a+mini", file, "'a.mini' cannot name vectors"),
        ("a:b", file, "'a:b' cannot name vectors"),
    ]
    for name, place, shown in wrong:
        with pytest.raises(ImgrecError, match=f"^--vectors {name[:1]}[^\n]*{shown}[^\n]*$"):
            give(own_store, place, name)


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ({"a": ["x"], "b": ["y"], "v": [[1.0]]}, r"has 2 columns of texts \(a, b\): call the one"),
        ({"path": ["x"]}, "has 0 columns of lists of floats"),
        ({"path": ["x"], "v": [[1.0]], "w": [[1.0]]}, r"2 columns of lists of floats \(v, w\)"),
        ({"path": ["x", "y"], "v": [[1.0], [1.0, 2.0]]}, "'v' has lists of 1 to 2 values"),
        ({"path": ["x", "y"], "v": [[1.0], [None]]}, "'v' has empty places"),
        ({"path": ["x", None], "v": [[1.0], [2.0]]}, "the column 'path' has empty places"),
    ],
)
def test_a_wrong_parquet_table_is_a_one_line_error(
    columns: dict[str, list[object]], shown: str, own_store: Path, tmp_path: Path
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "v.parquet")
    with pytest.raises(ImgrecError, match=f"^--vectors made: [^\n]*{shown}[^\n]*$"):
        give(own_store, tmp_path / "v.parquet")
    (tmp_path / "v.parquet").write_bytes(b"no table")
    with pytest.raises(ImgrecError, match=r"v\.parquet is no Parquet file \([^\n]*$"):
        give(own_store, tmp_path / "v.parquet")


def test_wrong_arguments_are_one_line_errors(
    own_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ["--store", str(own_store)]
    with pytest.raises(SystemExit):
        index(["--vectors", "made", *store])
    assert "'made' is not NAME=FILE" in capsys.readouterr().err
    assert index(["--vectors", "made=a.npy", "--vectors", "made=b.npy", *store]) == 2
    assert "--vectors made=… is given twice" in capsys.readouterr().err


@pytest.mark.parametrize("letter", ["(", "[", "-"])
def test_a_header_that_is_nested_is_no_array(tmp_path: Path, letter: str) -> None:
    text = (letter * 9_000).encode() + b"\n"
    file = tmp_path / "v.npy"
    file.write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)
    file.with_suffix(".txt").write_text("a.png\n")
    with pytest.raises(ImgrecError, match="no numpy array"):
        read_vector_file("x", file)
