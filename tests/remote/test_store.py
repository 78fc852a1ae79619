"""A store in object storage: commits, conflicts, sheets, ranges, over `file://`."""

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("obstore", reason="obstore is not installed")

from imgrec.errors import StoreError
from imgrec.objects.errors import ObjectError
from imgrec.remote.manifest import Entry, Manifest, decode_manifest, manifest_key
from imgrec.remote.places import OTHERS, by_unit, is_mirrored, may_hold, sheet_of
from imgrec.remote.preflight import preflight
from imgrec.remote.store import ConflictError, RemoteStore
from imgrec.store.elsewhere import blob_key
from remote_stores import commit_files, url_of


def part(number: int, name: str = "vectors.npy") -> str:
    return f"features/mini/part-{number:06d}/{name}"


def test_what_is_committed_is_read_again(tmp_path: Path) -> None:
    made = RemoteStore.create(url_of(tmp_path / "a"))
    assert made.manifest.number == 1
    assert made.entries() == {}
    commit_files(made, {"store.json": b"{}", part(0): b"0123456789"})
    opened = RemoteStore.open(url_of(tmp_path / "a"))
    assert opened.manifest == made.manifest
    assert opened.manifest.number == 2
    assert opened.manifest.committers == "any"
    assert opened.entries().keys() == {"store.json", part(0)}
    assert opened.entries("features/").keys() == {part(0)}
    assert opened.entry(part(0)).size == 10
    assert opened.read(part(0)) == b"0123456789"
    assert opened.read_range(part(0), 3, 4) == b"3456"
    assert opened.read_range(part(0), 10, 0) == b""
    with pytest.raises(StoreError, match="not among 10"):
        opened.read_range(part(0), 8, 3)


def test_a_commit_removes_and_replaces(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    commit_files(remote, {"store.json": b"1", "roots.json": b"2", part(3): b"x"})
    remote.commit({"store.json": remote.put_blob(b"3"), part(3): None, "colors.json": None})
    opened = RemoteStore.open(remote.url)
    assert {path: opened.read(path) for path in opened.entries()} == {
        "store.json": b"3",
        "roots.json": b"2",
    }
    assert set(opened.manifest.sheets) == {OTHERS}
    earlier = opened.at(2)
    assert earlier is not None
    assert earlier.read(part(3)) == b"x"
    assert opened.at(9) is None


def test_an_empty_address_holds_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no (folder|store)"):
        RemoteStore.open(url_of(tmp_path))


def test_of_two_commits_the_second_is_told(tmp_path: Path) -> None:
    one = RemoteStore.create(url_of(tmp_path / "a"))
    other = RemoteStore.open(one.url)
    commit_files(one, {"roots.json": b"one"})
    with pytest.raises(ConflictError, match="run the same command again"):
        commit_files(other, {"colors.json": b"other"})
    assert other.manifest.number == 1
    other.refresh()
    commit_files(other, {"colors.json": b"other"})
    found = RemoteStore.open(one.url)
    assert found.manifest.number == 3
    assert found.entries().keys() == {"roots.json", "colors.json"}
    assert found.manifest.previous == one.manifest.digest()


def test_a_commit_whose_answer_was_lost_is_known_as_ones_own(tmp_path: Path) -> None:
    one = RemoteStore.create(url_of(tmp_path / "a"))
    again = RemoteStore.open(one.url)
    commit_files(one, {"roots.json": b"same"})
    commit_files(again, {"roots.json": b"same"})
    assert again.manifest == one.manifest


def test_a_commit_writes_again_only_the_sheets_that_change(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    numbers = 0, 1023, 1024, 5000
    commit_files(remote, {**{part(n): b"%d" % n for n in numbers}, "store.json": b"{}"})
    before = remote.manifest.sheets
    assert set(before) == {OTHERS, *(f"features/mini/00000{n}" for n in (0, 1, 4))}
    commit_files(remote, {part(1025): b"new"})
    after = remote.manifest.sheets
    assert {name for name in after if after[name] != before.get(name)} == {"features/mini/000001"}


def test_a_blob_is_written_once(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    writes = remote.objects.traffic.writes
    entry = remote.put_blob(b"content")
    assert remote.put_blob(b"content") == entry
    assert remote.objects.traffic.writes == writes + 1
    remote.commit({"roots.json": entry})
    opened = RemoteStore.open(remote.url)
    opened.entries()
    assert opened.put_blob(b"content") == entry
    assert opened.objects.traffic.writes == 0


def test_a_blob_that_has_lost_its_content_is_written_again(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    entry = remote.put_blob(b"content")
    (tmp_path / "a" / blob_key(entry.digest)).write_bytes(b"")
    other = RemoteStore.open(remote.url)
    commit_files(other, {"roots.json": b"content"})
    assert other.read("roots.json") == b"content"


def test_a_large_blob_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgrec.remote.blobs.PIECE_BYTES", 1000)
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 100)
    entry = remote.blobs.put_file(path)
    assert entry == Entry(entry.digest, 25_600)
    with (tmp_path / "back").open("w+b") as file:
        remote.blobs.write_to(file, entry)
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    (tmp_path / "a" / blob_key(entry.digest)).write_bytes(b"y" * 25_600)
    with (tmp_path / "back").open("w+b") as file, pytest.raises(StoreError, match="by its digest"):
        remote.blobs.write_to(file, entry)
    (tmp_path / "a" / blob_key(entry.digest)).write_bytes(b"y" * 10_000_000)
    with (tmp_path / "back").open("w+b") as file, pytest.raises(ObjectError, match="is not read"):
        remote.blobs.write_to(file, entry)


def test_a_damaged_blob_is_refused_by_name(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    commit_files(remote, {"roots.json": b"content"})
    blob = tmp_path / "a" / blob_key(remote.entry("roots.json").digest)
    blob.write_bytes(b"CONTENT")
    with pytest.raises(StoreError, match=r"roots.json \(file://.*by its digest"):
        remote.read("roots.json")
    blob.write_bytes(b"content and more")
    with pytest.raises(ObjectError, match="16 bytes or more, and may have 7"):
        remote.read("roots.json")
    blob.unlink()
    with pytest.raises(ObjectError, match=r"there is no roots.json .*push --force"):
        remote.read("roots.json")


@pytest.mark.skipif(os.name != "posix", reason="there are no named pipes here")
def test_a_pipe_in_the_place_of_a_blob_is_refused(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    commit_files(remote, {"roots.json": b"content"})
    entry = remote.entry("roots.json")
    blob = tmp_path / "a" / blob_key(entry.digest)
    blob.unlink()
    os.mkfifo(blob)
    with pytest.raises(ObjectError, match="is no file"):
        remote.read("roots.json")
    with pytest.raises(ObjectError, match="is no file"):
        remote.read_range("roots.json", 0, 3)
    with (tmp_path / "b").open("w+b") as file, pytest.raises(ObjectError, match="is no file"):
        remote.objects.get_to(blob_key(entry.digest), file, 7)
    with pytest.raises(ObjectError, match="is no file"):
        remote.objects.head(blob_key(entry.digest))
    (tmp_path / "a" / "prune").mkdir()
    os.mkfifo(tmp_path / "a" / "prune" / "lock.json")
    with pytest.raises(ObjectError, match="is no file"):
        RemoteStore.create(remote.url)


def test_a_state_of_the_last_number_is_not_followed_by_one_that_nobody_sees(
    tmp_path: Path,
) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    remote._create(Manifest(10**10 - 1))
    remote.refresh()
    with pytest.raises(StoreError, match="last number"):
        commit_files(remote, {"roots.json": b"content"})


def test_storage_with_conditional_writes_passes_the_preflight(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    assert preflight(remote.objects)
    assert not list((tmp_path / "a" / "preflight").glob("*"))


@pytest.mark.parametrize(
    "path",
    [
        "store.json",
        "catalog.sqlite",
        "features/mini/part-000000/ids.npy",
        "features/open_clip%3a%56i%54/feature.json",
        "classes/labels.json",
        "layouts/lite0+mini/whole-2d/3/1_2.js",
    ],
)
def test_files_of_a_store_are_mirrored(path: str) -> None:
    assert is_mirrored(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "lock",
        "serving.json",
        "graph.json",
        "pulled.json",
        "damaged/features/mini/part-000000/ids.npy",
        "features",
        "/etc/passwd",
        "../store.json",
        "features/../../x",
        "features/mini/./x",
        "features//x",
        "features/mini/",
        "features\\mini\\x",
        "features/mini/.tmp-x",
        "features/mini/NUL",
        "features/mini/com1.npy",
        "features/c:/x",
        "features/mini/x\n",
        "features/mini/ü",
        "features/mini/x.",
        "features/" + "x" * 201,
        "features/" + "a/" * 8 + "x",
    ],
)
def test_other_paths_are_not(path: str) -> None:
    assert not is_mirrored(path)


def test_units_are_parts_and_kept_folders() -> None:
    paths = ["store.json", "classes/labels.json", part(1), part(1, "part.json"),
             "knn/mini/kept.json", "knn/mini/a.npy", "projector/mini/map.json"]  # fmt: skip
    found = by_unit(dict.fromkeys(paths, 0))
    assert {unit: sorted(files) for unit, files in found.items()} == {
        "store.json": ["store.json"],
        "classes/labels.json": ["classes/labels.json"],
        "features/mini/part-000001": sorted([part(1), part(1, "part.json")]),
        "knn/mini": ["knn/mini/a.npy", "knn/mini/kept.json"],
        "projector/mini/map.json": ["projector/mini/map.json"],
    }


def test_sheets_hold_what_their_name_says() -> None:
    assert sheet_of(part(2047)) == "features/mini/000001"
    assert sheet_of("thumbs/part-000000/part.json") == "thumbs/000000"
    assert sheet_of("features/mini/feature.json") == OTHERS
    assert sheet_of("knn/part-000000/x") == OTHERS
    assert may_hold("features/mini/000001", "features/")
    assert may_hold("features/mini/000001", part(1024))
    assert not may_hold("features/mini/000001", "features/minimal/")
    assert not may_hold("thumbs/000000", "features/")
    assert may_hold(OTHERS, "features/")


def sheet_text(**entries: object) -> bytes:
    return json.dumps(entries).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"store.json": ["' + b"0" * 32 + b'", 1e999]}',
        sheet_text(**{"../x": ["0" * 32, 1]}),
        sheet_text(**{"/x": ["0" * 32, 1]}),
        sheet_text(**{part(0): ["0" * 32, 1]}),
        sheet_text(**{"store.json": ["0" * 32, -1]}),
        sheet_text(**{"store.json": ["0" * 32, 1 << 60]}),
        sheet_text(**{"store.json": ["0" * 32, True]}),
        sheet_text(**{"store.json": ["../../../../etc/passwd", 1]}),
        sheet_text(**{"store.json": ["0" * 32]}),
        sheet_text(**{"store.json": "0" * 32}),
        b'{"a":' * 40 + b"1" + b"}" * 40,
    ],
)
def test_a_hostile_sheet_is_refused(tmp_path: Path, data: bytes) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    sheets = {OTHERS: remote.put_blob(data)}
    remote._create(Manifest(2, remote.manifest.digest(), sheets))
    with pytest.raises(StoreError, match="no list of files of a store"):
        RemoteStore.open(remote.url).entries()


def changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(Manifest(2).encoded()), **fields}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[" * 100_000,
        changed(format=2),
        changed(format="1"),
        changed(number=0),
        changed(number=10**10),
        changed(number=3),
        changed(previous="x"),
        changed(committers="all"),
        changed(sheets={"others": ["0" * 32, 1 << 60]}),
        changed(sheets={"others": {}}),
        changed(cost={"cpu_s": "1"}),
        changed(more=1),
        changed(written_by="\x1b[31m"),
        changed(),
    ],
)
def test_a_hostile_manifest_is_refused(tmp_path: Path, data: bytes) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    remote.objects.create(manifest_key(2), data)
    with pytest.raises(StoreError) as told:
        RemoteStore.open(remote.url)
    assert len(str(told.value).splitlines()) == 1


def test_a_sheet_that_is_said_to_be_huge_is_not_read(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    remote._create(Manifest(2, sheets={OTHERS: Entry("0" * 32, 1 << 40)}))
    with pytest.raises(StoreError, match="it is not read"):
        RemoteStore.open(remote.url).entries()


def test_other_keys_among_the_manifests_are_passed_over(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    for name in ("0000000000.json", "99.json", "x.json", "0000000009.json.bak", "٠٠٠٠٠٠٠٠٠٩.json"):
        (tmp_path / "a" / "manifests" / name).write_bytes(b"x")
    assert RemoteStore.open(remote.url).manifest == remote.manifest


def test_a_manifest_is_encoded_one_way() -> None:
    made = Manifest(7, "0" * 32, {"others": Entry("1" * 32, 5)}, "one", {"cpu_s": 1.5})
    assert decode_manifest(made.encoded(), "x") == made


def test_a_path_outside_of_a_store_is_never_committed(tmp_path: Path) -> None:
    remote = RemoteStore.create(url_of(tmp_path / "a"))
    with pytest.raises(ValueError, match="no path of a file"):
        remote.commit({"../x": Entry("0" * 32, 1)})
