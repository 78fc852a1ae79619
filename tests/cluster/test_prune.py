"""A prune deletes what no kept state names, and nothing else, whoever writes meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imgrec.cluster.drive import index_to
from imgrec.cluster.made import MADE
from imgrec.cluster.prune import DAY_S, Keep, doomed, prune
from imgrec.errors import StoreError
from imgrec.objects.opening import objects_at
from imgrec.prune import main
from imgrec.remote.prune_lock import KEY
from imgrec.remote.pull import pull
from imgrec.remote.push import push
from imgrec.remote.store import RemoteStore
from killed_driver import OPTIONS
from planned_runs import planned
from pruned_stores import ONE, aged, assert_whole, history, keys, needed
from remote_stores import assert_equal_stores, url_of

pytest.importorskip("obstore", reason="needs obstore, of the extra scale")


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
