"""Pull: a local store from one in object storage."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("obstore", reason="obstore is not installed")

from imgrec import Store
from imgrec.errors import StoreError
from imgrec.remote.pull import pull
from imgrec.remote.store import RemoteStore
from imgrec.store.kept import load, save
from imgrec.store.parts import write_part
from imgrec.store.pulled import CONTENTS, NOTHING, VECTORS, read_pulled
from remote_stores import assert_equal_stores, commit_files, mirror, mirrored_files, url_of
from stores import contents


@pytest.fixture
def pushed(photo_store: Path, tmp_path: Path) -> RemoteStore:
    """The store of photos at an address, with a kept folder beside."""
    local = tmp_path / "local"
    shutil.copytree(photo_store, local)
    save(local / "knn" / "mini", {"v": 1}, {"rows": np.arange(9)})
    return mirror(local, url_of(tmp_path / "remote"))


def test_a_pulled_store_is_equal(pushed: RemoteStore, tmp_path: Path) -> None:
    done = pull(pushed.url, tmp_path / "pulled")
    assert_equal_stores(tmp_path / "local", tmp_path / "pulled")
    assert contents(tmp_path / "pulled") == contents(tmp_path / "local")
    assert (done.number, done.lacks) == (2, NOTHING)
    assert done.files == len(pushed.entries())
    assert load(tmp_path / "pulled" / "knn" / "mini", {"v": 1}, ["rows"]) is not None


def test_a_second_pull_reads_nothing(pushed: RemoteStore, tmp_path: Path) -> None:
    pull(pushed.url, tmp_path / "pulled")
    with Store.open(tmp_path / "pulled"):
        pass
    again = pull(pushed.url, tmp_path / "pulled")
    assert (again.files, again.size) == (0, 0)


def test_a_pull_brings_only_what_changed(pushed: RemoteStore, tmp_path: Path) -> None:
    pull(pushed.url, tmp_path / "pulled")
    save(tmp_path / "local" / "knn" / "mini", {"v": 2}, {"rows": np.arange(5)})
    changed = mirrored_files(tmp_path / "local")
    pushed.refresh()
    commit_files(pushed, {path: data for path, data in changed.items() if "knn" in path})
    done = pull(pushed.url, tmp_path / "pulled")
    assert done.files == 2
    assert_equal_stores(tmp_path / "local", tmp_path / "pulled")


def test_what_is_derived_and_no_longer_named_is_deleted(
    pushed: RemoteStore, tmp_path: Path
) -> None:
    pull(pushed.url, tmp_path / "pulled")
    save(tmp_path / "pulled" / "layouts" / "own", {"v": 1}, {"rows": np.arange(5)})
    pushed.commit(dict.fromkeys(pushed.entries("knn/")))
    pull(pushed.url, tmp_path / "pulled")
    assert not (tmp_path / "pulled" / "knn" / "mini").exists()
    assert (tmp_path / "pulled" / "layouts" / "own" / "kept.json").is_file()


def test_a_part_that_is_no_longer_named_is_set_aside(pushed: RemoteStore, tmp_path: Path) -> None:
    pull(pushed.url, tmp_path / "pulled")
    pushed.commit(dict.fromkeys(pushed.entries("features/mini/part-000000/")))
    done = pull(pushed.url, tmp_path / "pulled")
    assert done.aside == ("features/mini/part-000000",)
    assert not (tmp_path / "pulled" / "features" / "mini" / "part-000000").exists()
    aside = tmp_path / "pulled" / "damaged" / "features" / "mini" / "part-000000"
    assert (aside / "vectors.npy").is_file()


@pytest.mark.parametrize("name", ["catalog.sqlite", "roots.json", "features/mini/feature.json"])
def test_changes_of_ones_own_are_not_overwritten(
    pushed: RemoteStore, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "pulled"
    pull(pushed.url, folder)
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data + b"\n")
    with pytest.raises(StoreError, match=rf"changes of its own that .* lacks \({name}\)"):
        pull(pushed.url, folder)
    assert (folder / name).read_bytes() == data + b"\n"
    pull(pushed.url, folder, force=True)
    assert_equal_stores(tmp_path / "local", folder)


def test_a_part_of_ones_own_is_not_lost(pushed: RemoteStore, tmp_path: Path) -> None:
    folder = tmp_path / "pulled"
    pull(pushed.url, folder)
    arrays = {"ids": np.array([900]), "vectors": np.zeros((1, 3), np.float32)}
    write_part(folder / "features" / "mini", 7, {f"{n}.npy": a for n, a in arrays.items()})
    with pytest.raises(StoreError, match=r"\(features/mini/part-000007\)"):
        pull(pushed.url, folder)
    done = pull(pushed.url, folder, force=True)
    assert done.aside == ("features/mini/part-000007",)
    assert (folder / "damaged" / "features" / "mini" / "part-000007" / "ids.npy").is_file()
    assert_equal_stores(tmp_path / "local", folder)


def test_another_store_is_not_overwritten(
    pushed: RemoteStore, photo_store: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(photo_store, other)
    (other / "roots.json").write_bytes(b"{}")
    with pytest.raises(StoreError, match="changes of its own"):
        pull(pushed.url, other)
    note = tmp_path / "notes"
    note.mkdir()
    (note / "mine.txt").write_bytes(b"mine")
    with pytest.raises(StoreError, match="is no store and not empty"):
        pull(pushed.url, note)
    with pytest.raises(StoreError, match="is no store and not empty"):
        pull(pushed.url, note / "mine.txt")


def test_a_shallow_pull_has_ids_alone(pushed: RemoteStore, tmp_path: Path) -> None:
    folder = tmp_path / "pulled"
    done = pull(pushed.url, folder, shallow=True)
    assert done.lacks == CONTENTS
    part = folder / "features" / "mini" / "part-000000"
    assert {path.name for path in part.iterdir()} == {"ids.npy", "part.json"}
    assert {path.name for path in (folder / "thumbs" / "part-000000").iterdir()} == {
        "ids.npy",
        "part.json",
    }
    assert not (folder / "knn").exists()
    with Store.open(folder) as store, Store.open(tmp_path / "local") as local:
        assert store.feature_names() == local.feature_names()
        assert store.catalog.ids("ok").tolist() == local.catalog.ids("ok").tolist()
    assert pull(pushed.url, folder, shallow=True).files == 0
    assert pull(pushed.url, folder).lacks == NOTHING
    assert_equal_stores(tmp_path / "local", folder)


def test_only_some_outputs(pushed: RemoteStore, tmp_path: Path) -> None:
    folder = tmp_path / "pulled"
    done = pull(pushed.url, folder, outputs=["thumbs"])
    assert done.lacks == CONTENTS
    assert (folder / "thumbs" / "part-000000" / "thumbs.bin").is_file()
    assert not (folder / "features" / "mini" / "part-000000").exists()


def test_without_vectors_those_of_a_feature_with_a_sketch_are_left_out(
    pushed: RemoteStore, tmp_path: Path
) -> None:
    save(tmp_path / "local" / "indexes" / "mini" / "sketch", {"v": 1}, {"rows": np.arange(9)})
    files = mirrored_files(tmp_path / "local")
    commit_files(pushed, {path: data for path, data in files.items() if "/sketch/" in path})
    done = pull(pushed.url, tmp_path / "pulled", vectors=False)
    assert done.lacks == VECTORS
    part = tmp_path / "pulled" / "features" / "mini" / "part-000000"
    assert {path.name for path in part.iterdir()} == {"ids.npy", "part.json"}
    rgb = tmp_path / "pulled" / "features" / "rgb" / "part-000000" / "vectors.npy"
    assert rgb.is_file() == (tmp_path / "local" / "features" / "rgb").is_dir()


def test_a_damaged_blob_leaves_nothing_behind(pushed: RemoteStore, tmp_path: Path) -> None:
    digest = pushed.entry("features/mini/part-000000/vectors.npy").digest
    blob = tmp_path / "remote" / "blobs" / digest[:2] / digest
    good = blob.read_bytes()
    blob.write_bytes(bytes(len(good)))
    with pytest.raises(StoreError, match=r"part-000000/vectors.npy .*by its digest"):
        pull(pushed.url, tmp_path / "pulled")
    assert not (tmp_path / "pulled" / "features" / "mini" / "part-000000").exists()
    assert not (tmp_path / "pulled" / "store.json").exists()
    blob.write_bytes(good)
    pull(pushed.url, tmp_path / "pulled")
    assert_equal_stores(tmp_path / "local", tmp_path / "pulled")
    assert not list((tmp_path / "pulled").rglob(".tmp-*"))


def test_where_a_store_came_from_is_kept(pushed: RemoteStore, tmp_path: Path) -> None:
    pull(pushed.url, tmp_path / "pulled")
    kept = read_pulled(tmp_path / "pulled")
    assert kept is not None
    assert kept.url == pushed.url
    assert kept.states == {2: pushed.manifest.digest()}
    assert read_pulled(tmp_path / "local") is None


def test_an_empty_store_is_told(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "remote"))
    with pytest.raises(StoreError, match=r"is empty: imgrec push DIR file://"):
        pull(remote.url, tmp_path / "pulled")
    assert not (tmp_path / "pulled").exists()
