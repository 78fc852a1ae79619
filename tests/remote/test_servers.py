"""Push and pull over HTTP: moto, storage without conditional writes, and a proxy that fails."""

import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("obstore", reason="obstore is not installed")

from fault_proxy import Fault, fault_proxy, seeded
from imgrec import Store
from imgrec.errors import StoreError
from imgrec.objects.errors import ObjectError
from imgrec.objects.opening import objects_at
from imgrec.remote.preflight import preflight
from imgrec.remote.pull import pull
from imgrec.remote.push import push
from imgrec.remote.store import ConflictError, RemoteStore
from imgrec.store.kept import save
from object_servers import SECRET, ObjectServer, environment, rclone_server
from remote_stores import assert_equal_stores, commit_files


def test_a_store_in_a_bucket_is_equal(bucket: str, own_store: Path, tmp_path: Path) -> None:
    url = f"s3://{bucket}/deep/store"
    save(own_store / "knn" / "mini", {"v": 1}, {"rows": np.arange(9)})
    push(own_store, url)
    pull(url, tmp_path / "pulled")
    assert_equal_stores(own_store, tmp_path / "pulled")
    assert pull(url, tmp_path / "pulled").files == 0
    assert push(own_store, url).files == 0
    kept = (tmp_path / "pulled" / "pulled.json").read_text("utf-8")
    assert SECRET not in kept


def test_a_large_file_is_streamed_through_a_bucket(
    bucket: str, own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.remote.blobs.PIECE_BYTES", 1 << 16)
    numbers = np.random.default_rng(0).integers(0, 256, 9_000_000, np.uint8)
    save(own_store / "knn" / "mini", {"v": 1}, {"rows": numbers})
    push(own_store, f"s3://{bucket}/store")
    pull(f"s3://{bucket}/store", tmp_path / "pulled")
    assert_equal_stores(own_store, tmp_path / "pulled")


def test_a_pulled_feature_reads_rows_of_a_bucket_by_ranges(
    bucket: str, own_store: Path, tmp_path: Path
) -> None:
    save(own_store / "indexes" / "mini" / "sketch", {"v": 1}, {"rows": np.arange(9)})
    push(own_store, f"s3://{bucket}/store")
    pull(f"s3://{bucket}/store", tmp_path / "pulled", vectors=False)
    with Store.open(own_store) as whole, Store.open(tmp_path / "pulled") as far:
        feature = whole.feature("mini")
        ids = feature.ids[[9, 0, 4]]
        np.testing.assert_array_equal(far.feature("mini").take(ids), feature.take(ids))


def test_a_push_asks_once_for_each_content(
    bucket: str, object_server: ObjectServer, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fault_proxy(object_server.endpoint, lambda *_: Fault.NONE) as proxy:
        for name, value in environment(proxy.endpoint).items():
            monkeypatch.setenv(name, value)
        push(own_store, f"s3://{bucket}/store")
        puts = [path for method, path in proxy.requests if method == "PUT" and "/blobs/" in path]
        assert len(puts) == len(set(puts))
        # Whether the store is being pruned is asked once.
        lock = ("HEAD", f"/{bucket}/store/prune/lock.json")
        assert [asked for asked in proxy.requests if asked[0] == "HEAD"] == [lock]
        proxy.requests.clear()
        push(own_store, f"s3://{bucket}/store")
        assert [asked for asked in proxy.requests if asked[0] in ("PUT", "HEAD")] == [lock]


@pytest.mark.parametrize("seed", range(3))
def test_failing_requests_change_nothing(
    bucket: str,
    object_server: ObjectServer,
    own_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    url = f"s3://{bucket}/store"
    with fault_proxy(object_server.endpoint, seeded(seed)) as proxy:
        for name, value in environment(proxy.endpoint).items():
            monkeypatch.setenv(name, value)
        push(own_store, url)
        save(own_store / "knn" / "mini", {"v": 1}, {"rows": np.arange(9)})
        push(own_store, url)
        pull(url, tmp_path / "pulled")
        assert sum(proxy.counts.values()) > proxy.counts[Fault.NONE]
    assert_equal_stores(own_store, tmp_path / "pulled")


def test_of_several_in_a_bucket_nothing_is_lost(bucket: str) -> None:
    url = f"s3://{bucket}/store"
    RemoteStore.create(url)
    names = [f"layouts/x{number}/kept.json" for number in range(6)]
    failures: list[BaseException] = []

    def committed(name: str) -> None:
        try:
            remote = RemoteStore.open(url)
            while True:
                try:
                    commit_files(remote, {name: name.encode()})
                    return
                except ConflictError:
                    remote.refresh()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=committed, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = RemoteStore.open(url)
    assert found.entries().keys() == set(names)
    assert found.manifest.number == 1 + len(names)
    numbers = range(2, found.manifest.number + 1)
    chain = [found.at(number) for number in numbers]
    assert all(each is not None and len(each.entries()) == i for i, each in enumerate(chain, 1))


def test_an_absent_bucket_is_told(bucket: str, own_store: Path, tmp_path: Path) -> None:
    with pytest.raises(ObjectError) as told:
        push(own_store, "s3://there-is-none/store")
    assert "s3://there-is-none/store cannot be listed: there is no such bucket" in str(told.value)
    assert len(str(told.value).splitlines()) == 1
    with pytest.raises((ObjectError, StoreError)):
        pull("s3://there-is-none/store", tmp_path / "pulled")
    assert not (tmp_path / "pulled").exists()


def test_storage_without_conditional_writes_is_found_and_has_one_committer(
    own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rclone_server(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        url = f"s3://{server.new_bucket()}/store"
        assert not preflight(objects_at(url))
        assert push(own_store, url).one_committer
        remote, other = RemoteStore.open(url), RemoteStore.open(url)
        assert remote.manifest.committers == "one"
        # Where there is time to look, what is there is not overwritten.
        commit_files(remote, {"layouts/a/kept.json": b"1"})
        with pytest.raises(ConflictError):
            commit_files(other, {"layouts/b/kept.json": b"2"})
        remote.commit({"layouts/a/kept.json": None})
        pull(url, tmp_path / "pulled")
        assert_equal_stores(own_store, tmp_path / "pulled")
