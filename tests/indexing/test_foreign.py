"""Vectors made elsewhere: round trips, repeated runs, and first-class use."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import imgrec.indexing.foreign
from foreign_vectors import D, Lines, give, paths_of, vectors_of, write_npy
from graph.__main__ import main as graph
from imgrec import ImgrecError, Options, Recommender, Store, index_folders
from imgrec.doctor import main as doctor
from imgrec.index import main as index
from imgrec.neighbors.graph import neighbors_of
from imgrec.query import main as query
from imgrec.report import main as report
from pictures import picture
from projector.__main__ import main as projector
from stores import contents


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
    paths = paths_of(photos)[::-1]
    vectors = vectors_of(len(paths)).astype(dtype)
    spelled = {"absolute": f"{photos}/", "dotted": "./"}.get(listed, "")
    file = write_npy(tmp_path / "v.npy", [spelled + path for path in paths], vectors)
    if listed == "json":
        file.with_suffix(".txt").unlink()
        file.with_suffix(".json").write_text(json.dumps(paths))
    assert give(own_store, file) == ["made: 24 vectors of 6 values from v.npy, 24 new, 0 replaced"]
    _assert_kept(own_store, paths, vectors)


@pytest.mark.parametrize("form", ["lists", "fixed", "columns"])
def test_vectors_of_a_parquet_file_belong_to_the_pictures_of_its_paths(
    form: str, own_store: Path, photos: Path, tmp_path: Path
) -> None:
    paths = paths_of(photos)[::-1]
    vectors = vectors_of(len(paths))
    pq.write_table(_parquet_table(form, paths, vectors), tmp_path / "v.parquet", row_group_size=7)
    give(own_store, tmp_path / "v.parquet")
    _assert_kept(own_store, paths, vectors)


def test_a_new_store_may_have_them_as_its_own_feature(photos: Path, tmp_path: Path) -> None:
    paths, store_path = paths_of(photos), tmp_path / "store"
    file = write_npy(tmp_path / "v.npy", paths, vectors_of(len(paths)))
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
    paths = paths_of(photos)
    given = [*paths[:20], "absent/a.jpg", "absent/b.jpg"]
    vectors = vectors_of(len(given))
    lines = give(own_store, write_npy(tmp_path / "v.npy", given, vectors))
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


def test_the_same_path_in_two_folders_is_ambiguous(photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "copy")
    for place in (tmp_path / "copy").rglob("*.*"):
        picture("discs", len(place.name), (60, 40)).save(place)
    store_path = tmp_path / "store"
    index_folders([photos, tmp_path / "copy"], store_path, Options(("rgb",), workers=0))
    paths = paths_of(photos)[:3]
    file = write_npy(tmp_path / "v.npy", paths, vectors_of(3))
    with pytest.raises(
        ImgrecError, match=r"^--vectors made: '[^\n]* in [^\n]*give absolute paths$"
    ):
        give(store_path, file)
    absolute = [str(root / path) for root in (photos, tmp_path / "copy") for path in paths]
    give(store_path, write_npy(tmp_path / "v.npy", absolute, vectors_of(6)))
    with Store.open(store_path) as store:
        entries = store.catalog.entries(store.feature("made").ids)
        assert {entry.location for entry in entries} == {*absolute}


def test_giving_vectors_again_writes_only_what_is_new_or_differs(
    own_store: Path, photos: Path, tmp_path: Path
) -> None:
    paths = paths_of(photos)
    vectors = vectors_of(len(paths))
    give(own_store, write_npy(tmp_path / "a.npy", paths[:20], vectors[:20]))
    folder = own_store / "features" / "made"
    before = contents(own_store)
    assert (
        "20 vectors of 6 values from a.npy, 0 new, 0 replaced"
        in give(own_store, tmp_path / "a.npy")[0]
    )
    assert contents(own_store) == before
    assert [p.name for p in sorted(folder.glob("part-*"))] == ["part-000000"]
    vectors[3] += 1
    assert (
        "24 vectors of 6 values from b.npy, 4 new, 1 replaced"
        in give(own_store, write_npy(tmp_path / "b.npy", paths, vectors))[0]
    )
    _assert_kept(own_store, paths, vectors)
    # A file of some pictures leaves the others as they are.
    vectors[5] += 1
    give(own_store, write_npy(tmp_path / "c.npy", [paths[5]], vectors[5:6]))
    _assert_kept(own_store, paths, vectors)
    # Parts of which nothing is left are deleted.
    vectors = vectors_of(len(paths), seed=1)
    give(own_store, write_npy(tmp_path / "d.npy", paths, vectors))
    assert [p.name for p in sorted(folder.glob("part-*"))] == ["part-000003"]
    _assert_kept(own_store, paths, vectors)
    with pytest.raises(ImgrecError, match=r"vectors of 7 values, the store's have 6: take another"):
        give(own_store, write_npy(tmp_path / "e.npy", paths, np.zeros((24, 7), "f4")))


def test_a_killed_run_is_continued_by_the_same_command(
    own_store: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = paths_of(photos)
    vectors = vectors_of(len(paths))
    file = write_npy(tmp_path / "v.npy", paths, vectors)
    monkeypatch.setattr(imgrec.indexing.foreign, "_ROWS", 5)
    real, written = imgrec.indexing.foreign.write_part, []

    def killed(*arguments: object) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(real(*arguments))  # type: ignore[arg-type]

    monkeypatch.setattr(imgrec.indexing.foreign, "write_part", killed)
    with pytest.raises(KeyboardInterrupt):
        give(own_store, file)
    assert len(_by_path(own_store)) == 10
    monkeypatch.setattr(imgrec.indexing.foreign, "write_part", real)
    assert "14 new, 0 replaced" in give(own_store, file)[0]
    _assert_kept(own_store, paths, vectors)


def test_a_changed_picture_lacks_its_vector_until_it_is_given(photos: Path, tmp_path: Path) -> None:
    folder, store_path = tmp_path / "photos", tmp_path / "store"
    shutil.copytree(photos, folder)
    paths = paths_of(folder)
    file = write_npy(tmp_path / "v.npy", paths, vectors_of(len(paths)))
    index_folders([folder], store_path, Options(("rgb",), vectors={"made": file}, workers=0))
    picture("discs", 77, (50, 40)).save(folder / paths[2])
    summary = index_folders([], store_path, Options(workers=0))
    assert summary.warnings == [
        f"made: 1 of 24 pictures have no vector, such as {paths[2]}: give them by "
        "--vectors made=FILE"
    ]
    assert _by_path(store_path).keys() == {*paths} - {paths[2]}
    assert "1 new, 0 replaced" in give(store_path, file)[0]


def test_it_is_a_feature_like_any_other(
    own_store: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = paths_of(photos)
    vectors = vectors_of(len(paths))
    file = write_npy(tmp_path / "v.npy", paths, vectors)
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
    paths = paths_of(photos)
    vectors = vectors_of(len(paths))
    file = write_npy(tmp_path / "v.npy", paths, vectors)
    give(own_store, file)
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
    give(own_store, file)
    _assert_kept(own_store, paths, vectors)
    # A lost catalog and description are restored with their ids.
    (own_store / "catalog.sqlite").unlink()
    (own_store / "features" / "made" / "feature.json").unlink()
    index_folders([photos], own_store, Options(workers=0))
    _assert_kept(own_store, paths, vectors)
