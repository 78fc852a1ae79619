"""Push: the state of a local store to object storage, and back."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("obstore", reason="obstore is not installed")

from imgrec import Store
from imgrec.errors import StoreError
from imgrec.labels.keep import keep_labels
from imgrec.objects.errors import ObjectError
from imgrec.remote.manifest import Entry
from imgrec.remote.merge import merged
from imgrec.remote.pull import pull
from imgrec.remote.push import push
from imgrec.remote.store import RemoteStore
from imgrec.store.elsewhere import blob_key
from imgrec.store.kept import save
from imgrec.store.pulled import read_pulled
from remote_stores import assert_equal_stores, mirrored_files, url_of
from stores import nothing_can_be_written


def keep(store: Path, name: str, value: int) -> None:
    """Keep an array as something derived."""
    save(store / name, {"v": 1}, {"rows": np.full(3, value)})


def test_a_file_in_the_place_of_the_folder_is_told_in_words(
    own_store: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ObjectError, match="cannot be reached") as told:
        push(own_store, url_of(tmp_path / "file"))
    assert "[Errno" not in str(told.value)


def test_a_pushed_and_pulled_store_is_equal(own_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    keep(own_store, "knn/mini", 1)
    done = push(own_store, url)
    assert done.files == len(mirrored_files(own_store)) == len(RemoteStore.open(url).entries())
    assert not done.one_committer
    pull(url, tmp_path / "pulled")
    assert_equal_stores(own_store, tmp_path / "pulled")


def test_nothing_new_is_no_commit(own_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    first = push(own_store, url)
    again = push(own_store, url)
    assert (again.number, again.files, again.removed) == (first.number, 0, 0)
    pull(url, tmp_path / "pulled")
    assert push(tmp_path / "pulled", url).number == first.number
    (own_store / "pulled.json").unlink()
    assert push(own_store, url).number == first.number


def test_only_what_changed_is_committed(own_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    keep(own_store, "knn/mini", 1)
    push(own_store, url)
    keep(own_store, "knn/mini", 2)
    done = push(own_store, url)
    assert (done.number, done.files, done.removed) == (3, 2, 0)
    shutil.rmtree(own_store / "knn")
    done = push(own_store, url)
    assert (done.files, done.removed) == (0, 2)
    pull(url, tmp_path / "pulled")
    assert_equal_stores(own_store, tmp_path / "pulled")


def test_labels_in_the_log_of_the_catalog_are_pushed(own_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    push(own_store, url)
    with Store.open(own_store) as reading, Store.create(own_store) as store:
        keep_labels(store, "cluster", {int(store.catalog.ids("ok")[0]): "7"})
        # Open for reading too, so that the log is not merged into the file.
        assert reading.catalog.ids("ok").size
        assert push(own_store, url).files == 1
    pull(url, tmp_path / "pulled")
    assert_equal_stores(own_store, tmp_path / "pulled")


def test_what_different_ones_changed_is_merged(own_store: Path, tmp_path: Path) -> None:
    url, other = url_of(tmp_path / "remote"), tmp_path / "other"
    push(own_store, url)
    pull(url, other)
    keep(own_store, "knn/mini", 1)
    keep(other, "layouts/mini/page", 2)
    push(own_store, url)
    push(other, url)
    assert {"knn/mini/kept.json", "layouts/mini/page/kept.json"} <= RemoteStore.open(
        url
    ).entries().keys()
    # Neither takes back what the other one did.
    with pytest.raises(StoreError, match=r"run imgrec pull .* first"):
        push(other, url)
    assert push(own_store, url).files == 0
    for store in (own_store, other):
        pull(url, store)
        assert push(store, url).files == 0
    assert_equal_stores(own_store, other)


def test_what_both_changed_is_a_conflict(own_store: Path, tmp_path: Path) -> None:
    url, other = url_of(tmp_path / "remote"), tmp_path / "other"
    keep(own_store, "knn/mini", 0)
    push(own_store, url)
    pull(url, other)
    keep(own_store, "knn/mini", 1)
    keep(other, "knn/mini", 2)
    push(own_store, url)
    number = RemoteStore.open(url).manifest.number
    with pytest.raises(StoreError, match=r"have changed \(knn/mini\).*--force") as told:
        push(other, url)
    assert len(str(told.value).splitlines()) == 1
    assert RemoteStore.open(url).manifest.number == number
    with pytest.raises(StoreError, match=r"changes of its own .* \(knn/mini\)"):
        pull(url, other)
    push(other, url, force=True)
    pull(url, tmp_path / "pulled")
    assert_equal_stores(other, tmp_path / "pulled")


def _cut(blob: Path) -> None:
    blob.write_bytes(blob.read_bytes()[:-1])


@pytest.mark.parametrize("damaged", [Path.unlink, _cut])
@pytest.mark.parametrize("of", ["file", "sheet"])
def test_what_is_lost_or_cut_off_there_is_written_again_by_force(
    of: str, damaged: Callable[[Path], None], own_store: Path, tmp_path: Path
) -> None:
    url = url_of(tmp_path / "remote")
    push(own_store, url)
    remote = RemoteStore.open(url)
    path = "features/mini/part-000000/vectors.npy"
    entry = remote.entry(path) if of == "file" else remote.manifest.sheets["features/mini/000000"]
    damaged(tmp_path / "remote" / blob_key(entry.digest))
    with pytest.raises((StoreError, ObjectError), match="run imgrec push --force"):
        pull(url, tmp_path / "pulled")
    done = push(own_store, url, force=True)
    assert done.number == remote.manifest.number + (of == "sheet")
    pull(url, tmp_path / "pulled")
    assert_equal_stores(own_store, tmp_path / "pulled")
    assert push(own_store, url).files == 0


def test_another_store_is_a_conflict_and_force_replaces_it(
    own_store: Path, odd_store: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    url = url_of(tmp_path / "remote")
    push(own_store, url)
    odd = tmp_path / "odd"
    shutil.copytree(odd_store[0], odd)
    with pytest.raises(StoreError, match=r"have changed \("):
        push(odd, url)
    push(odd, url, force=True)
    pull(url, tmp_path / "pulled")
    assert_equal_stores(odd, tmp_path / "pulled")


def test_of_several_at_once_nothing_is_lost(own_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    push(own_store, url)
    names = [f"layouts/x{number}" for number in range(5)]
    copies = [tmp_path / f"copy{number}" for number in range(5)]
    for copy, name in zip(copies, names, strict=True):
        pull(url, copy)
        keep(copy, name, 1)
    barrier, failures = threading.Barrier(len(copies)), list[BaseException]()

    def pushed(copy: Path) -> None:
        barrier.wait()
        try:
            push(copy, url)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=pushed, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    remote = RemoteStore.open(url)
    assert {f"{name}/kept.json" for name in names} <= remote.entries().keys()
    assert remote.manifest.number == 2 + len(copies)


def test_a_damaged_part_is_not_pushed(own_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    vectors = own_store / "features" / "mini" / "part-000000" / "vectors.npy"
    data = vectors.read_bytes()
    vectors.write_bytes(data[:-4] + b"abcd")
    with pytest.raises(StoreError, match=r"vectors.npy is not what was written"):
        push(own_store, url)
    assert RemoteStore.open(url).entries() == {}
    vectors.write_bytes(data[:-4])
    with pytest.raises(StoreError, match=r"part-000000 is damaged"):
        push(own_store, url)


def test_a_store_without_its_contents_is_not_pushed(own_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    push(own_store, url)
    pull(url, tmp_path / "shallow", shallow=True)
    with pytest.raises(StoreError, match=r"imgrec push needs the contents .*: run imgrec pull "):
        push(tmp_path / "shallow", url)


def test_a_store_on_a_read_only_disk_is_pushed(own_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    with nothing_can_be_written(own_store):
        push(own_store, url)
    assert read_pulled(own_store) is None
    pull(url, tmp_path / "pulled")
    assert_equal_stores(own_store, tmp_path / "pulled")


def test_no_store_is_not_pushed(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store at"):
        push(tmp_path, url_of(tmp_path / "remote"))
    assert not (tmp_path / "remote").exists()


def test_merging_takes_the_side_that_changed() -> None:
    a, b = Entry("1" * 32, 1), Entry("2" * 32, 2)
    assert merged({"x/a": a}, {"x/a": b}, {"x/a": a}).changes == {"x/a": b}
    assert merged({"x/a": a}, {"x/a": a}, {"x/a": b}).changes == {}
    assert merged({"x/a": a}, {}, {"x/a": a}).changes == {"x/a": None}
    assert merged({"x/a": a}, {"x/a": a}, {}).changes == {}
    assert merged({}, {"x/a": a}, {"x/a": a}).conflicts == []
    assert merged({}, {"x/a": a}, {"x/a": b}).conflicts == ["x/a"]
    assert merged({"x/a": a}, {}, {"x/a": b}).conflicts == ["x/a"]
    assert merged({}, {"x/a": a}, {"x/a": b}, force=True).changes == {"x/a": a}
    assert merged({}, {}, {"x/a": b}, force=True).changes == {"x/a": None}
    # A part is one thing: its files are replaced together.
    base = {"p/part.json": a, "p/ids.npy": a}
    assert merged(base, {"p/part.json": b, "p/top.npy": b}, base).changes == {
        "p/part.json": b,
        "p/top.npy": b,
        "p/ids.npy": None,
    }
