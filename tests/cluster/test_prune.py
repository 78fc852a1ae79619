"""A prune deletes what no kept state names, and nothing else, whoever writes meanwhile."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from imgrec.cluster.drive import index_to
from imgrec.cluster.made import MADE
from imgrec.cluster.prune import DAY_S, Keep, doomed, prune
from imgrec.errors import StoreError
from imgrec.objects.opening import objects_at
from imgrec.prune import main
from imgrec.remote.prune_lock import KEY, STALE_S, PruneLock
from imgrec.remote.pull import pull
from imgrec.remote.push import push
from imgrec.remote.store import ConflictError, RemoteStore
from killed_driver import OPTIONS
from planned_runs import planned
from remote_stores import assert_equal_stores, commit_files, url_of

pytest.importorskip("obstore", reason="needs obstore, of the extra scale")

# The newest state alone, however new all is: storage in whole seconds has no time between.
ONE = Keep(last=1, within_s=-100.0)
MONTH = 30 * DAY_S


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "remote"


def aged(place: Path, age_s: float = MONTH) -> None:
    """Make all objects that are there now older."""
    then = time.time() - age_s
    for path in place.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def keys(place: Path) -> set[str]:
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}


def needed(place: Path, numbers: Iterable[int]) -> set[str]:
    """Return the keys of states and of all that they name, read as JSON."""
    found = set()
    for number in numbers:
        key = f"manifests/{number:010d}.json"
        sheets = json.loads((place / key).read_bytes())["sheets"].values()
        listed = [
            entry
            for digest, _ in sheets
            for entry in json.loads((place / "blobs" / digest[:2] / digest).read_bytes()).values()
        ]
        found |= {key, *(f"blobs/{digest[:2]}/{digest}" for digest, _ in [*sheets, *listed])}
    return found


def assert_whole(url: str) -> None:
    """Assert that each content of the newest state is there and is what it is said to be."""
    store = RemoteStore.open(url)
    for path in store.entries():
        store.read(path)


def history(url: str, states: int, seed: int) -> None:
    """Commit states, each of which changes some of a few files."""
    chance = random.Random(seed)
    remote = RemoteStore.create(url)
    for _ in range(states - 1):
        paths = chance.sample([f"indexes/mini/x/{n}.bin" for n in range(9)], 3)
        commit_files(remote, {path: chance.randbytes(50) for path in paths})


@pytest.mark.parametrize("last", [1, 2, 5])
def test_what_is_left_is_what_kept_states_name(place: Path, last: int) -> None:
    history(url_of(place), 7, last)
    aged(place)
    found = prune(url_of(place), Keep(last), delete=True)
    # The prune itself commits state 8, like the newest one before.
    assert keys(place) == needed(place, [*range(8 - last, 7), 7, 8])
    assert (len(found.states), found.kept_states) == (7 - last, last)
    assert_whole(url_of(place))
    assert prune(url_of(place), Keep(last), delete=True).all == []
    # However often it is repeated, its own states take the place of no other.
    for number in (9, 10):
        aged(place)
        prune(url_of(place), Keep(last), delete=True)
        assert keys(place) == needed(place, [*range(8 - last, 7), number - 1, number])


def test_files_of_others_are_kept(place: Path) -> None:
    history(url_of(place), 3, 0)
    own = {
        "made/notes.json",
        "preflight/plan.txt",
        "blobs/ab/readme",
        "manifests/old.json",
        "a.jpg",
    }
    for key in own:
        (place / key).parent.mkdir(parents=True, exist_ok=True)
        (place / key).write_text("{}")
    aged(place)
    prune(url_of(place), Keep(1), delete=True)
    assert keys(place) == needed(place, [3, 4]) | own


def test_nothing_is_deleted_unless_asked_for(place: Path) -> None:
    history(url_of(place), 5, 1)
    aged(place)
    before = keys(place)
    found = prune(url_of(place), Keep(1))
    assert {info.key for info in found.states} == {f"manifests/{n:010d}.json" for n in range(1, 5)}
    assert {info.key for info in found.contents} == {
        key for key in before - needed(place, [5]) if key.startswith("blobs/")
    }
    assert keys(place) == before


def test_what_is_new_is_kept(place: Path) -> None:
    history(url_of(place), 4, 1)
    aged(place)
    # Of a push that has not committed, and the state that was the newest until a moment ago.
    new = RemoteStore.open(url_of(place)).put_blob(b"new").digest
    history(url_of(place), 2, 2)
    prune(url_of(place), Keep(1), delete=True)
    assert keys(place) == needed(place, [4, 5, 6]) | {f"blobs/{new[:2]}/{new}"}
    aged(place, 13 * DAY_S)
    assert prune(url_of(place), Keep(1)).all == []
    aged(place, 15 * DAY_S)
    assert prune(url_of(place), Keep(1)).all != []


def test_a_bucket_is_pruned(bucket: str, own_store: Path, tmp_path: Path) -> None:
    url = f"s3://{bucket}/store"
    push(own_store, url)
    (own_store / "colors.json").write_bytes(b"{}")
    push(own_store, url)
    objects = objects_at(url)
    objects.create("blobs/00/" + "0" * 32, b"garbage")
    objects.create("not/ours.bin", b"")
    found = prune(url, ONE, delete=True)
    assert "blobs/00/" + "0" * 32 in {info.key for info in found.contents}
    numbers = [int(info.key[-15:-5]) for info in objects.list("manifests/")]
    assert numbers == [4]
    assert objects.head("not/ours.bin") is not None
    pull(url, tmp_path / "pulled")
    assert_equal_stores(own_store, tmp_path / "pulled")


def test_a_damaged_state_stops_it(place: Path) -> None:
    history(url_of(place), 4, 1)
    aged(place)
    (place / "manifests/0000000003.json").write_bytes(b"{}")
    before = keys(place)
    with pytest.raises(StoreError, match=r"3\.json is damaged or gone: nothing is deleted"):
        prune(url_of(place), Keep(2), delete=True)
    assert keys(place) == before


_KILLED = """
import os, signal, sys
from imgrec.cluster.prune import Keep, prune
from imgrec.objects.objects import Objects

left, delete = int(sys.argv[1]), Objects.delete

def killing(self, key):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    delete(self, key)

Objects.delete = killing
prune(sys.argv[2], Keep(1, 1.0), delete=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL here")
def test_a_prune_that_is_killed_is_repeated(place: Path, own_store: Path, tmp_path: Path) -> None:
    url = url_of(place)
    push(own_store, url)
    history(url, 30, 1)
    for after in (1, 20, 40):
        aged(place)
        command = [sys.executable, "-c", _KILLED, str(after), url]
        killed = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert_whole(url)
        # The lock of a process that is gone holds nobody up.
        assert (place / KEY).is_file()
        history(url, 2, after)
    aged(place)
    prune(url, Keep(1), delete=True)
    newest = RemoteStore.open(url).manifest.number
    assert keys(place) == needed(place, [newest - 1, newest])
    assert_whole(url)


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


def test_a_huge_note_of_a_made_part_is_not_read(place: Path) -> None:
    remote = RemoteStore.create(url_of(place))
    note = place / MADE / f"{1:032x}.json"
    note.parent.mkdir()
    with note.open("wb") as file:
        file.truncate(1 << 30)
    # One that is gone when it is read was deleted by somebody else.
    (place / MADE / f"{2:032x}.json").symlink_to(place / "nothing")
    aged(place)
    found = doomed(remote, ONE, time.time())
    assert [info.key for info in found.made] == [f"{MADE}{note.name}"]
    assert remote.objects.traffic.bytes_read < 10_000


def test_who_lost_the_lock_deletes_no_more(place: Path) -> None:
    history(url_of(place), 2, 1)
    with PruneLock(objects_at(url_of(place))) as lock:
        lock.hold()
        (place / KEY).write_bytes(b"{}")
        with pytest.raises(StoreError, match="stood still"):
            lock.hold()
    # It is another one's.
    assert (place / KEY).exists()


def test_an_open_run_is_not_pruned(photos: Path, place: Path, tmp_path: Path) -> None:
    url = url_of(place)
    history(url, 3, 1)
    planned(photos, tmp_path / "store", url, OPTIONS)
    aged(place)
    before = keys(place)
    with pytest.raises(StoreError, match=r"a run into .* is at work, or was killed"):
        prune(url, Keep(1), delete=True)
    assert keys(place) == before


def test_runs_that_are_done_leave_what_the_next_one_needs(
    photos: Path, place: Path, tmp_path: Path
) -> None:
    url, some = url_of(place), tmp_path / "photos"
    some.mkdir()
    for path in photos.glob("discs/*"):
        (some / path.name).write_bytes(path.read_bytes())
    index_to([str(some)], url, OPTIONS, work=tmp_path / "work")
    for path in photos.glob("stripes/*"):
        (some / f"stripes-{path.name}").write_bytes(path.read_bytes())
    index_to([str(some)], url, OPTIONS, work=tmp_path / "work")
    aged(place)
    plans = {path.name for path in (place / "plans").iterdir()}
    assert len(plans) == 2
    prune(url, Keep(1), delete=True)
    assert {path.name for path in (place / "plans").iterdir()} == {max(plans)}
    assert [path.name for path in (place / "jobs").iterdir() if any(path.rglob("*.json"))] == [
        max(plans).partition("-")[2].removesuffix(".json")
    ]
    assert_whole(url)
    again = index_to([str(some)], url, OPTIONS, work=tmp_path / "another")
    assert (again.done, again.new) == (0, 0)


def test_made_parts_are_kept_while_their_contents_are(
    photos: Path, bucket: str, place: Path, tmp_path: Path
) -> None:
    url, pictures = url_of(place), objects_at(f"s3://{bucket}/p")
    for path in sorted(photos.rglob("*.*"))[:6]:
        pictures.put(path.name, path.read_bytes())
    index_to([pictures.location()], url, OPTIONS, work=tmp_path / "work")
    made = {key for key in keys(place) if key.startswith(MADE)}
    assert made
    aged(place)
    prune(url, Keep(1), delete=True)
    assert {key for key in keys(place) if key.startswith(MADE)} == made
    rows = [json.loads((place / key).read_bytes())["rows"][0] for key in made]
    assert {f"blobs/{digest[:2]}/{digest}" for digest in rows} <= keys(place)
    store = RemoteStore.open(url)
    store.commit(dict.fromkeys(store.entries("features/")))
    prune(url, ONE, delete=True)
    newest = store.manifest.number + 1
    left = keys(place)
    assert {key for key in left if not key.startswith(("plans/", "jobs/"))} == needed(
        place, [newest]
    )


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


def test_the_command_lists_and_deletes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = url_of(place)
    history(url, 13, 1)
    aged(place)
    expected = keys(place) - needed(place, range(4, 14))
    assert main([url]) == 0
    told = capsys.readouterr().out
    assert f"{len(expected)} objects to delete" in told
    assert "overtaken states: 3, " in told
    assert "--delete does it" in told
    assert expected <= keys(place)
    assert main([url, "--delete", "--quiet"]) == 0
    told = capsys.readouterr()
    assert f"{len(expected)} objects deleted" in told.out
    assert told.err == ""
    assert keys(place) == needed(place, range(4, 15))
    assert main([f"file://{place}-absent"]) == 2
    assert main(["s3://user:secret@b/x"]) == 2
    assert "secret" not in capsys.readouterr().err


def test_more_days_than_there_were_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([url_of(place), "--keep-within", "9" * 400])
    assert "is more than 365,000 days" in capsys.readouterr().err
