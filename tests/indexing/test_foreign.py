"""Vectors made elsewhere: round trips, what is refused, repeated runs, and first-class use."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import imgrec.indexing.foreign
from graph.__main__ import main as graph
from imgrec import ImgrecError, Options, Recommender, Store, index_folders
from imgrec.doctor import main as doctor
from imgrec.index import main as index
from imgrec.indexing.vector_file import read_vector_file
from imgrec.neighbors.graph import neighbors_of
from imgrec.query import main as query
from imgrec.report import main as report
from pictures import picture
from projector.__main__ import main as projector
from stores import contents

D = 6
Lines = Sequence[str]


def _paths(photos: Path) -> list[str]:
    return sorted(p.relative_to(photos).as_posix() for p in photos.rglob("*.*"))


def _vectors(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, D)).astype(np.float32)


def _npy(file: Path, paths: Lines, vectors: np.ndarray) -> Path:
    np.save(file, vectors)
    file.with_suffix(".txt").write_text("".join(f"{path}\n" for path in paths))
    return file


def _give(store_path: Path, file: Path, name: str = "made") -> list[str]:
    """Add a file of vectors; return the lines about vectors and the warnings."""
    summary = index_folders([], store_path, Options(vectors={name: file}, workers=0))
    assert summary.done == 0
    return [*summary.vectors, *summary.warnings]


def _by_path(store_path: Path, name: str = "made") -> dict[str, np.ndarray]:
    with Store.open(store_path) as store:
        feature = store.feature(name)
        entries = store.catalog.entries(feature.ids)
        return {e.path: v for e, v in zip(entries, feature.load(), strict=True)}


def _assert_kept(store_path: Path, paths: Lines, vectors: np.ndarray) -> None:
    found = _by_path(store_path)
    assert found.keys() == {*paths}
    for path, vector in zip(paths, vectors, strict=True):
        assert np.array_equal(found[path], vector.astype(np.float32))


def _parquet_table(form: str, paths: Lines, vectors: np.ndarray) -> pa.Table:
    columns: dict[str, object] = {"path": paths, "title": ["x"] * len(paths)}
    if form == "columns":
        columns = {"file": paths} | {f"x{i}": vectors[:, i] for i in range(D)}
    elif form == "fixed":
        kind = pa.list_(pa.float32(), D)
        columns["embedding"] = pa.array(list(vectors), kind)
    else:
        columns["embedding"] = pa.array(list(vectors.astype(float)), pa.list_(pa.float64()))
    return pa.table(columns)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("listed", ["txt", "json", "absolute", "dotted"])
def test_vectors_of_a_npy_file_belong_to_the_pictures_of_its_paths(
    listed: str, dtype: str, own_store: Path, photos: Path, tmp_path: Path
) -> None:
    paths = _paths(photos)[::-1]
    vectors = _vectors(len(paths)).astype(dtype)
    spelled = {"absolute": f"{photos}/", "dotted": "./"}.get(listed, "")
    file = _npy(tmp_path / "v.npy", [spelled + path for path in paths], vectors)
    if listed == "json":
        file.with_suffix(".txt").unlink()
        file.with_suffix(".json").write_text(json.dumps(paths))
    assert _give(own_store, file) == ["made: 24 vectors of 6 values from v.npy, 24 new, 0 replaced"]
    _assert_kept(own_store, paths, vectors)


@pytest.mark.parametrize("form", ["lists", "fixed", "columns"])
def test_vectors_of_a_parquet_file_belong_to_the_pictures_of_its_paths(
    form: str, own_store: Path, photos: Path, tmp_path: Path
) -> None:
    paths = _paths(photos)[::-1]
    vectors = _vectors(len(paths))
    pq.write_table(_parquet_table(form, paths, vectors), tmp_path / "v.parquet", row_group_size=7)
    _give(own_store, tmp_path / "v.parquet")
    _assert_kept(own_store, paths, vectors)


def test_a_new_store_may_have_them_as_its_own_feature(photos: Path, tmp_path: Path) -> None:
    paths, store_path = _paths(photos), tmp_path / "store"
    file = _npy(tmp_path / "v.npy", paths, _vectors(len(paths)))
    options = Options(("made", "mini"), vectors={"made": file}, workers=0)
    summary = index_folders([photos], store_path, options)
    assert summary.features == {"made": D, "mini": 512, "rgb": 768}
    # Later runs encode the other features, and keep it.
    index_folders([], store_path, Options(workers=0))
    with Store.open(store_path) as store:
        assert store.encoder == "made"
        assert store.spec().foreign
    with Recommender.open(store_path, cache="none") as recommender:
        assert recommender.query([paths[0]]).encoder == "made"


def test_unknown_and_lacking_pictures_are_named_with_counts_and_an_example(
    own_store: Path, photos: Path, tmp_path: Path
) -> None:
    paths = _paths(photos)
    given = [*paths[:20], "absent/a.jpg", "absent/b.jpg"]
    vectors = _vectors(len(given))
    lines = _give(own_store, _npy(tmp_path / "v.npy", given, vectors))
    assert lines == [
        "made: 20 vectors of 6 values from v.npy, 20 new, 0 replaced",
        "made: 2 of 22 paths are no readable pictures of the store, such as absent/a.jpg: their "
        "vectors are left out",
        f"made: 4 of 24 pictures have no vector, such as {paths[20]}: give them by "
        "--vectors made=FILE",
    ]
    _assert_kept(own_store, paths[:20], vectors[:20])
    # A run without the file encodes none of them and says so again.
    again = index_folders([], own_store, Options(workers=0))
    assert (again.done, again.warnings) == (0, lines[2:])


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
    file = _npy(tmp_path / "v.npy", _paths(photos)[:paths], vectors)
    with pytest.raises(ImgrecError, match=f"^--vectors made: [^\n]*{shown}[^\n]*$"):
        _give(own_store, file)
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
    np.save(tmp_path / "v.npy", _vectors(4))
    suffix, _, content = text.partition(" ")
    (tmp_path / f"v.{suffix}").write_text(content)
    with pytest.raises(ImgrecError, match=f"^--vectors made: [^\n]*{shown}[^\n]*$"):
        _give(own_store, tmp_path / "v.npy")
    assert not (own_store / "features" / "made").exists()


def test_other_wrong_files_and_names_are_one_line_errors(
    own_store: Path, photos: Path, tmp_path: Path
) -> None:
    paths = _paths(photos)
    file = _npy(tmp_path / "v.npy", paths, _vectors(len(paths)))
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
            _give(own_store, place, name)


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
        _give(own_store, tmp_path / "v.parquet")
    (tmp_path / "v.parquet").write_bytes(b"no table")
    with pytest.raises(ImgrecError, match=r"v\.parquet is no Parquet file \([^\n]*$"):
        _give(own_store, tmp_path / "v.parquet")


def test_the_same_path_in_two_folders_is_ambiguous(photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "copy")
    for place in (tmp_path / "copy").rglob("*.*"):
        picture("discs", len(place.name), (60, 40)).save(place)
    store_path = tmp_path / "store"
    index_folders([photos, tmp_path / "copy"], store_path, Options(("rgb",), workers=0))
    paths = _paths(photos)[:3]
    file = _npy(tmp_path / "v.npy", paths, _vectors(3))
    with pytest.raises(
        ImgrecError, match=r"^--vectors made: '[^\n]* in [^\n]*give absolute paths$"
    ):
        _give(store_path, file)
    absolute = [str(root / path) for root in (photos, tmp_path / "copy") for path in paths]
    _give(store_path, _npy(tmp_path / "v.npy", absolute, _vectors(6)))
    with Store.open(store_path) as store:
        entries = store.catalog.entries(store.feature("made").ids)
        assert {entry.location for entry in entries} == {*absolute}


def test_giving_vectors_again_writes_only_what_is_new_or_differs(
    own_store: Path, photos: Path, tmp_path: Path
) -> None:
    paths = _paths(photos)
    vectors = _vectors(len(paths))
    _give(own_store, _npy(tmp_path / "a.npy", paths[:20], vectors[:20]))
    folder = own_store / "features" / "made"
    before = contents(own_store)
    assert (
        "20 vectors of 6 values from a.npy, 0 new, 0 replaced"
        in _give(own_store, tmp_path / "a.npy")[0]
    )
    assert contents(own_store) == before
    assert [p.name for p in sorted(folder.glob("part-*"))] == ["part-000000"]
    vectors[3] += 1
    assert (
        "24 vectors of 6 values from b.npy, 4 new, 1 replaced"
        in _give(own_store, _npy(tmp_path / "b.npy", paths, vectors))[0]
    )
    _assert_kept(own_store, paths, vectors)
    # A file of some pictures leaves the others as they are.
    vectors[5] += 1
    _give(own_store, _npy(tmp_path / "c.npy", [paths[5]], vectors[5:6]))
    _assert_kept(own_store, paths, vectors)
    # Parts of which nothing is left are deleted.
    vectors = _vectors(len(paths), seed=1)
    _give(own_store, _npy(tmp_path / "d.npy", paths, vectors))
    assert [p.name for p in sorted(folder.glob("part-*"))] == ["part-000003"]
    _assert_kept(own_store, paths, vectors)
    with pytest.raises(ImgrecError, match=r"vectors of 7 values, the store's have 6: take another"):
        _give(own_store, _npy(tmp_path / "e.npy", paths, np.zeros((24, 7), "f4")))


def test_a_killed_run_is_continued_by_the_same_command(
    own_store: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = _paths(photos)
    vectors = _vectors(len(paths))
    file = _npy(tmp_path / "v.npy", paths, vectors)
    monkeypatch.setattr(imgrec.indexing.foreign, "_ROWS", 5)
    real, written = imgrec.indexing.foreign.write_part, []

    def killed(*arguments: object) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(real(*arguments))  # type: ignore[arg-type]

    monkeypatch.setattr(imgrec.indexing.foreign, "write_part", killed)
    with pytest.raises(KeyboardInterrupt):
        _give(own_store, file)
    assert len(_by_path(own_store)) == 10
    monkeypatch.setattr(imgrec.indexing.foreign, "write_part", real)
    assert "14 new, 0 replaced" in _give(own_store, file)[0]
    _assert_kept(own_store, paths, vectors)


def test_a_changed_picture_lacks_its_vector_until_it_is_given(photos: Path, tmp_path: Path) -> None:
    folder, store_path = tmp_path / "photos", tmp_path / "store"
    shutil.copytree(photos, folder)
    paths = _paths(folder)
    file = _npy(tmp_path / "v.npy", paths, _vectors(len(paths)))
    index_folders([folder], store_path, Options(("rgb",), vectors={"made": file}, workers=0))
    picture("discs", 77, (50, 40)).save(folder / paths[2])
    summary = index_folders([], store_path, Options(workers=0))
    assert summary.warnings == [
        f"made: 1 of 24 pictures have no vector, such as {paths[2]}: give them by "
        "--vectors made=FILE"
    ]
    assert _by_path(store_path).keys() == {*paths} - {paths[2]}
    assert "1 new, 0 replaced" in _give(store_path, file)[0]


def test_it_is_a_feature_like_any_other(
    own_store: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = _paths(photos)
    vectors = _vectors(len(paths))
    file = _npy(tmp_path / "v.npy", paths, vectors)
    store = ["--store", str(own_store)]
    assert index(["--vectors", f"made={file}", *store]) == 0
    assert "made: 24 vectors of 6 values from v.npy, 24 new" in capsys.readouterr().out
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = np.argsort(-(unit @ unit[4]), kind="stable")[1:4]
    assert query([paths[4], "--encoder", "made", "-k", "3", "--json", *store]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [r["path"] for r in answer["results"]] == [paths[i] for i in nearest]
    assert query([paths[4], "--features", "made=1,mini=0.5", *store]) == 0
    assert query([paths[4], "--encoder", "made+mini", *store]) == 0
    with Store.open(own_store) as opened:
        assert neighbors_of(opened, "made", k=3).neighbors.shape == (24, 3)
    assert graph(["--encoder", "made", "--out", str(tmp_path / "site"), *store]) == 0
    assert projector(["--encoder", "made", "--out", str(tmp_path / "logdir"), *store]) == 0
    assert report(["--encoder", "made", "--out", str(tmp_path / "report"), *store]) == 0
    assert doctor(store) == 0
    capsys.readouterr()
    picture("discs", 40, (90, 70)).save(tmp_path / "new.png")
    for name in ("made", "made+mini"):
        assert query([str(tmp_path / "new.png"), "--encoder", name, *store]) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert "the made vectors were made elsewhere, and no encoder here makes others" in told


def test_a_damaged_part_is_named_with_what_to_do(
    own_store: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = _paths(photos)
    vectors = _vectors(len(paths))
    file = _npy(tmp_path / "v.npy", paths, vectors)
    _give(own_store, file)
    damaged = own_store / "features" / "made" / "part-000000" / "vectors.npy"
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    assert doctor(["--store", str(own_store)]) == 1
    assert (
        f"give them by imgrec index --store {own_store} --vectors NAME=FILE"
        in capsys.readouterr().out
    )
    warnings = index_folders([], own_store, Options(workers=0)).warnings
    assert len(warnings) == 2
    assert (
        "cannot be made again from pictures: give its vectors by --vectors made=FILE"
        in (warnings[0])
    )
    assert "made: 24 of 24 pictures have no vector" in warnings[1]
    _give(own_store, file)
    _assert_kept(own_store, paths, vectors)
    # A lost catalog and description are restored with their ids.
    (own_store / "catalog.sqlite").unlink()
    (own_store / "features" / "made" / "feature.json").unlink()
    index_folders([photos], own_store, Options(workers=0))
    _assert_kept(own_store, paths, vectors)


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
