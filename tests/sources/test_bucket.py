"""A bucket as a picture source: the pictures of a folder, changes by etag, faults, refusals."""

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from fault_proxy import Fault, fault_proxy, seeded
from imgrec import Options, PictureError, Recommender, Store, index_folders
from imgrec.errors import ImgrecError
from imgrec.index import main as index_main
from imgrec.objects import retries
from imgrec.objects.objects import Objects
from imgrec.objects.opening import objects_at
from imgrec.sources import bucket as bucket_module
from imgrec.sources.bucket import BucketSource
from imgrec.sources.folder import FolderSource
from imgrec.sources.opening import source_at
from imgrec.sources.rules import Rules
from imgrec.sources.side_by_side import THREADS
from imgrec.sources.source import Listing
from object_servers import SECRET, ObjectServer, moto_server, put_any
from pictures import encoded, picture
from stores import HERE, contents

NAMES = (
    "top.jpg",
    "a/1.JPG",
    "a/1.CR2",
    "a/2.cr2",
    "a/b/deep.png",
    "a-b/x.webp",
    "a/.hidden.jpg",
    ".thumbnails/t.jpg",
    "@eaDir/p.jpg",
    "$RECYCLE.BIN/x.jpg",
    "notes.txt",
    "film.mp4",
    "z/film.MP4",
    "é/ü ö.jpg",
    "odd?#%20~.jpg",
)
RULES = (
    Rules(),
    Rules(exclude=("*.png", "a-*")),
    Rules(exclude=("*",), include=("a", ".thumbnails")),
    Rules(take=frozenset({"hidden", "raw-pairs", "previews"})),
)


def upload(folder: Path, address: str) -> Objects:
    """Put the files of a folder below an address."""
    objects = objects_at(address)
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            objects.put(file.relative_to(folder).as_posix(), file.read_bytes())
    return objects


@pytest.fixture
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_FIRST_DELAY_S", 0.001)
    monkeypatch.setattr(bucket_module, "_gone", {})


@pytest.mark.parametrize("rules", RULES, ids=["none", "exclude", "include", "take"])
def test_the_rules_leave_out_what_they_do_of_a_folder(
    rules: Rules, bucket: str, tmp_path: Path
) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    upload(tmp_path, f"s3://{bucket}/p")
    of_folder, of_bucket = Listing(rules), Listing(rules)
    expected = sorted(each.path for each in FolderSource(str(tmp_path)).pictures(of_folder))
    listed = list(source_at(f"s3://{bucket}/p").pictures(of_bucket))
    assert sorted(each.path for each in listed) == expected
    assert of_bucket == of_folder
    assert all(each.token and "~" not in each.token for each in listed)


def test_a_bucket_is_indexed_as_its_folder(photos: Path, photo_store: Path, bucket: str) -> None:
    address = f"s3://{bucket}/photos"
    upload(photos, address)
    store = photo_store.parent / f"of-{bucket}"
    summary = index_folders([address], store, Options(encoders=("mini",), workers=2))
    assert (summary.done, summary.new) == (24, 24)
    assert contents(store) == contents(photo_store)
    assert index_folders([], store, HERE).done == 0
    with Recommender.open(store, cache="none") as recommender:
        path = next(photos.rglob("*.jpg")).relative_to(photos).as_posix()
        found = recommender.query([f"{address}/{path}"], k=3)
        assert len(found.results) == 3


def test_renamed_objects_are_read_side_by_side_and_keep_their_ids(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = objects_at(f"s3://{bucket}/p")
    for seed in range(THREADS):
        objects.put(f"{seed}.jpg", encoded(picture("discs", seed), "JPEG"))
    index_folders([f"s3://{bucket}/p"], tmp_path / "s", HERE)
    with Store.open(tmp_path / "s") as store:
        before = {e.path: e.id for e in store.catalog.entries(store.catalog.ids("ok"))}
    for seed in range(THREADS):
        objects.put(f"new/{seed}.jpg", objects.get(f"{seed}.jpg")[0])
        objects.delete(f"{seed}.jpg")
    whole, together = BucketSource.read, threading.Barrier(THREADS, timeout=60)

    def met(self: BucketSource, path: str, head: int | None = None) -> bytes:
        together.wait()
        return whole(self, path, head)

    monkeypatch.setattr(BucketSource, "read", met)
    summary = index_folders([f"s3://{bucket}/p"], tmp_path / "s", HERE)
    assert (summary.moved, summary.new, summary.gone, summary.done) == (THREADS, 0, 0, 0)
    with Store.open(tmp_path / "s") as store:
        after = {e.path: e.id for e in store.catalog.entries(store.catalog.ids("ok"))}
    assert after == {f"new/{path}": i for path, i in before.items()}


def test_a_rescan_reads_what_has_another_etag(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = objects_at(f"s3://{bucket}/p")
    for seed in range(6):
        objects.put(f"{seed}.jpg", encoded(picture("discs", seed), "JPEG"))
    index_folders([f"s3://{bucket}/p"], tmp_path / "s", HERE)
    before = objects.get("1.jpg")[0]
    other = encoded(picture("stripes", 60), "JPEG")[: len(before)].ljust(len(before), b"\0")
    objects.put("1.jpg", other)
    objects.put("2 renamed.jpg", objects.get("2.jpg")[0])
    objects.delete("2.jpg")
    objects.delete("3.jpg")
    objects.put("6.jpg", encoded(picture("discs", 6), "JPEG"))
    read: list[str] = []
    whole = Objects.get

    def noted(self: Objects, key: str, *given: Any, **named: Any) -> Any:
        read.append(key)
        return whole(self, key, *given, **named)

    monkeypatch.setattr(Objects, "get", noted)
    summary = index_folders([], tmp_path / "s", HERE)
    assert (summary.new, summary.changed, summary.moved, summary.gone) == (2, 1, 1, 1)
    assert set(read) == {"1.jpg", "2 renamed.jpg", "6.jpg"}
    read.clear()
    assert index_folders([], tmp_path / "s", HERE).done == 0
    assert not read


@pytest.mark.usefixtures("short_delays")
def test_an_index_through_faults_equals_one_without(
    photos: Path,
    photo_store: Path,
    bucket: str,
    object_server: ObjectServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    upload(photos, f"s3://{bucket}/photos")
    with fault_proxy(object_server.endpoint, seeded(3, share=0.6)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        index_folders([f"s3://{bucket}/photos"], tmp_path / "s", HERE)
        assert sum(proxy.counts.values()) - proxy.counts[Fault.NONE] > 5
    assert contents(tmp_path / "s") == contents(photo_store)


@pytest.mark.usefixtures("short_delays")
def test_a_service_that_goes_away_keeps_the_pictures(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with moto_server(tmp_path) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        name = server.new_bucket()
        objects = objects_at(f"s3://{name}")
        for seed in range(4):
            objects.put(f"{seed}.jpg", encoded(picture("discs", seed), "JPEG"))
        index_folders([f"s3://{name}"], tmp_path / "s", HERE)
    before = contents(tmp_path / "s")
    summary = index_folders([], tmp_path / "s", HERE)
    assert len(summary.warnings) == 1
    assert f"s3://{name} cannot be reached" in summary.warnings[0]
    assert summary.warnings[0].endswith("its pictures stay as they are")
    assert contents(tmp_path / "s") == before
    with pytest.raises(PictureError) as error:
        source_at(f"s3://{name}").read("0.jpg")
    assert error.value.reason == "unreadable"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("https://example.org/pictures", "an address of the web is no picture folder"),
        ("s3://", "names no bucket"),
        ("s3://KEY:pa55@bucket/p", "credentials come from the environment"),
        ("s3://no-such-bucket-here/p", "there is no s3://no-such-bucket-here/p"),
        ("s3://{bucket}/empty", "holds nothing"),
        ("s3://{bucket}/texts", "no pictures in s3://"),
    ],
)
def test_what_cannot_be_indexed_is_one_line(
    place: str, told: str, bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    objects_at(f"s3://{bucket}").put("texts/a.txt", b"")
    arguments = [place.format(bucket=bucket), "--store", str(tmp_path / "s"), "--encoder", "rgb"]
    assert index_main(arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and told in lines[0]
    assert "pa55" not in lines[0]
    assert not (tmp_path / "s").exists()


def test_no_credential_gets_into_the_store(bucket: str, tmp_path: Path) -> None:
    objects_at(f"s3://{bucket}").put("1.jpg", encoded(picture("discs", 1), "JPEG"))
    index_folders([f"s3://{bucket}"], tmp_path / "s", HERE)
    assert all(
        SECRET.encode() not in file.read_bytes()
        for file in (tmp_path / "s").rglob("*")
        if file.is_file()
    )


def test_odd_objects_have_a_reason(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = objects_at(f"s3://{bucket}")
    objects.put("empty.jpg", b"")
    objects.put("large.jpg", bytes(2000))
    source = source_at(f"s3://{bucket}")
    monkeypatch.setattr(bucket_module, "MAX_MEMORY", 1999)
    for path, head, reason in [
        ("empty.jpg", None, "empty"),
        ("empty.jpg", 10, "empty"),
        ("large.jpg", None, "too-large"),
        ("absent.jpg", None, "unreadable"),
        ("absent.jpg", 10, "unreadable"),
        ("a//b.jpg", None, "unreadable"),
    ]:
        with pytest.raises(PictureError) as error:
            source.read(path, head)
        assert error.value.reason == reason
    assert source.read("large.jpg", 10) == bytes(10)


def test_the_marker_of_a_folder_named_as_a_picture_is_none(
    bucket: str, object_server: ObjectServer
) -> None:
    objects = objects_at(f"s3://{bucket}")
    objects.put("dir.png/1.jpg", b"x")
    objects.put("empty.jpg", b"")
    marker = Request(f"{object_server.endpoint}/{bucket}/dir.png/", method="PUT", data=b"")
    urlopen(marker, timeout=60).close()
    listed = [each.path for each in source_at(f"s3://{bucket}").pictures(Listing())]
    assert sorted(listed) == ["dir.png/1.jpg", "empty.jpg"]


def test_keys_that_are_no_paths_are_named_once_and_hide_nothing(
    bucket: str, object_server: ObjectServer, tmp_path: Path
) -> None:
    good = [f"{folder}{number}.jpg" for folder in ("", "a/", "a/b/") for number in range(3)]
    for seed, key in enumerate(good):
        objects_at(f"s3://{bucket}").put(f"p/{key}", encoded(picture("discs", seed), "JPEG"))
    odd = ["p/a//1.jpg", "p/a/./2.jpg", "p//3.JPG", "p/a/\x07.png", "p/a//note.txt"]
    put_any(object_server, bucket, odd)
    found = Listing()
    listed = [each.path for each in source_at(f"s3://{bucket}/p").pictures(found)]
    assert sorted(listed) == sorted(good)
    assert (found.files, found.unnamed, found.others) == (len(good), 4, 1)
    summary = index_folders([f"s3://{bucket}/p"], tmp_path / "s", HERE)
    assert (summary.new, summary.done) == (len(good), len(good))
    (line,) = summary.warnings
    assert "4 pictures" in line
    assert "'/3.JPG'" in line
    assert "\n" not in line
    again = index_folders([], tmp_path / "s", HERE)
    assert (again.done, again.gone, again.warnings) == (0, 0, [line])
    excluded = Listing(Rules(exclude=("a",)))
    list(source_at(f"s3://{bucket}/p").pictures(excluded))
    assert (excluded.unnamed, excluded.first_unnamed) == (1, "/3.JPG")


def test_a_prefix_with_odd_keys_alone_says_so(bucket: str, object_server: ObjectServer) -> None:
    put_any(object_server, bucket, ["p/a//1.jpg", "p/a//2.jpg"])
    with pytest.raises(ImgrecError, match=r"no pictures in .*; 2 pictures .*'a//1.jpg'"):
        source_at(f"s3://{bucket}/p").check()


def test_keys_in_random_order_give_one_listing(bucket: str) -> None:
    objects = objects_at(f"s3://{bucket}")
    keys = [f"{folder}{number}.jpg" for folder in ("", "a/", "a/b/", "a!/") for number in range(5)]
    random.Random(1).shuffle(keys)
    for key in keys:
        objects.put(key, b"x")
    found = Listing()
    assert sorted(each.path for each in source_at(f"s3://{bucket}").pictures(found)) == sorted(keys)
    assert found.files == len(keys)


def test_ctrl_c_while_a_bucket_is_read_ends_in_one_line(bucket: str, tmp_path: Path) -> None:
    objects = objects_at(f"s3://{bucket}")
    data = encoded(picture("discs", 1), "JPEG")
    for number in range(150):
        objects.put(f"{number:03}.jpg", data + bytes([number]))
    command = [sys.executable, "-m", "imgrec", "index", f"s3://{bucket}", "--encoder", "rgb"]
    command += ["--store", str(tmp_path / "s"), "--workers", "1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if "150" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert "Traceback" not in rest
    assert process.returncode in (0, 130)
    index_folders([f"s3://{bucket}"], tmp_path / "s", Options(encoders=("rgb",), workers=0))
    with Store.open(tmp_path / "s") as store:
        assert len(store.catalog.ids("ok")) == 150


def test_without_obstore_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ImgrecError, match=r"needs obstore: pip install 'imgrec\[scale\]'"):
        index_folders(["s3://imgrec-without"], tmp_path / "s", HERE)
