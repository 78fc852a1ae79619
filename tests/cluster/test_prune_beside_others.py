"""A prune beside writers, readers and other prunes: its lock, and commits that it overtakes."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imgrec.cluster.drive import index_to
from imgrec.cluster.prune import prune
from imgrec.errors import StoreError
from imgrec.objects.opening import objects_at
from imgrec.remote.prune_lock import KEY, STALE_S, PruneLock
from imgrec.remote.store import ConflictError, RemoteStore
from killed_driver import OPTIONS
from pruned_stores import ONE, aged, assert_whole, history
from remote_stores import commit_files, url_of

pytest.importorskip("obstore", reason="needs obstore, of the extra scale")


def test_a_commit_on_contents_that_were_pruned_is_refused(place: Path) -> None:
    """A writer finds an old content, and a prune deletes it before the writer commits."""
    url = url_of(place)
    writer = RemoteStore.create(url)
    commit_files(writer, {"colors.json": b"old"})
    commit_files(writer, {"colors.json": b"new"})
    aged(place)
    old = RemoteStore.open(url)
    entry = old.put_blob(b"old")
    assert prune(url, ONE, delete=True).contents
    with pytest.raises(ConflictError):
        old.commit({"roots.json": entry})
    old.rebase()
    assert old.put_blob(b"old") == entry
    old.commit({"roots.json": entry})
    assert RemoteStore.open(url).read("roots.json") == b"old"
    assert_whole(url)


def test_a_commit_on_a_state_whose_followers_were_pruned_is_not_lost(place: Path) -> None:
    url = url_of(place)
    RemoteStore.create(url)
    late = RemoteStore.open(url)
    history(url, 4, 1)
    prune(url, ONE, delete=True)
    assert not (place / "manifests/0000000002.json").exists()
    entry = late.put_blob(b"late")
    with pytest.raises(ConflictError):
        late.commit({"roots.json": entry})
    late.rebase()
    late.commit({"roots.json": late.put_blob(b"late")})
    assert RemoteStore.open(url).read("roots.json") == b"late"


@pytest.mark.parametrize("write", ["create", "rebase", "index"])
def test_nobody_begins_to_write_while_it_deletes(
    write: str, place: Path, photos: Path, tmp_path: Path
) -> None:
    url = url_of(place)
    history(url, 2, 1)
    writer = RemoteStore.open(url)
    begin: dict[str, Callable[[], Any]] = {
        "create": lambda: RemoteStore.create(url),
        "rebase": writer.rebase,
        "index": lambda: index_to([str(photos)], url, OPTIONS, work=tmp_path / "work"),
    }
    with PruneLock(writer.objects):
        with pytest.raises(StoreError, match="is being pruned: run the same command when"):
            begin[write]()
        with pytest.raises(StoreError, match="another process prunes"):
            prune(url, ONE, delete=True)
        # Who reads is not held up.
        assert_whole(url)
        # Nor is anybody by a lock that was forgotten long ago.
        aged(place / "prune", STALE_S + 60)
        RemoteStore.create(url)
    assert not (place / KEY).exists()
    begin[write]()


def test_a_wrong_clock_of_this_machine_does_not_end_the_lock_of_another(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, now = url_of(place), time.time
    history(url, 2, 1)
    with PruneLock(objects_at(url)):
        monkeypatch.setattr(time, "time", lambda: now() + 2 * STALE_S)
        with pytest.raises(StoreError, match="is being pruned"):
            RemoteStore.create(url)
        with pytest.raises(StoreError, match="another process prunes"):
            prune(url, ONE, delete=True)
        assert (place / KEY).exists()
    assert not any((place / "preflight").iterdir())


def test_who_lost_the_lock_deletes_no_more(place: Path) -> None:
    history(url_of(place), 2, 1)
    with PruneLock(objects_at(url_of(place))) as lock:
        lock.hold()
        (place / KEY).write_bytes(b"{}")
        with pytest.raises(StoreError, match="stood still"):
            lock.hold()
    # It is another one's.
    assert (place / KEY).exists()


def test_writers_and_prunes_at_once_lose_nothing(place: Path) -> None:
    """Writers use a few contents again and again, and a prune without any patience deletes them."""
    url, writers, commits = url_of(place), 3, 12
    contents = [bytes([number]) * 100 for number in range(5)]
    RemoteStore.create(url)
    done = threading.Semaphore(0)
    last: dict[str, bytes] = {}
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        chance, path = random.Random(writer), f"indexes/mini/w{writer}/x.bin"
        try:
            for _ in range(commits):
                data = chance.choice(contents)
                while True:
                    try:
                        store = RemoteStore.create(url)
                        store.commit({path: store.put_blob(data)})
                    except StoreError:
                        continue
                    break
                last[path] = data
                done.release()
        except BaseException as error:
            failures.append(error)
            for _ in range(commits):
                done.release()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for _ in range(writers * commits // 3):
        for _ in range(3):
            done.acquire()
        prune(url, ONE, delete=True)
        assert_whole_or_overtaken(url)
    for thread in threads:
        thread.join()
    assert not failures
    assert {path: RemoteStore.open(url).read(path) for path in last} == last
    assert len(last) == writers


def assert_whole_or_overtaken(url: str) -> None:
    """Assert that the newest state is whole, where none is newer when it was read."""
    before = RemoteStore.open(url).manifest
    try:
        assert_whole(url)
    except StoreError:
        if RemoteStore.open(url).manifest.number == before.number:
            raise
