"""Reads, listings and conditional writes against moto, a folder, and rclone, the bad store."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from imgrec.errors import ImgrecError
from imgrec.objects.errors import ChangedObjectError, MissingObjectError, ObjectError
from imgrec.objects.objects import Objects
from imgrec.objects.opening import objects_at
from object_servers import PAGE, ObjectServer, answering, rclone_server, skip_without_obstore

GOOD = ("moto", "folder")


@pytest.fixture(scope="session")
def bad_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    skip_without_obstore()
    with rclone_server(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture(params=[*GOOD, "rclone"])
def objects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Objects:
    if request.param == "folder":
        skip_without_obstore()
        folder: Path = request.getfixturevalue("tmp_path")
        return objects_at(f"file://{folder}/made", made=True)
    if request.param == "moto":
        return objects_at(f"s3://{request.getfixturevalue('bucket')}/a prefix/ü")
    server: ObjectServer = request.getfixturevalue("bad_server")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return objects_at(f"s3://{server.new_bucket()}/prefix")


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["objects"])


def test_what_is_written_is_read(objects: Objects) -> None:
    data = bytes(range(256)) * 40
    objects.put("a/b c/ü.bin", data)
    content, info = objects.get("a/b c/ü.bin")
    assert content == data
    assert (info.key, info.size) == ("a/b c/ü.bin", len(data))
    assert objects.head("a/b c/ü.bin") == info
    objects.put("a/b c/ü.bin", b"other")
    assert objects.get("a/b c/ü.bin")[0] == b"other"
    assert objects.get("a/b c/ü.bin")[1].etag != info.etag


def test_ranges(objects: Objects, kind: str) -> None:
    data = bytes(range(200))
    objects.put("k", data)
    if kind == "rclone":
        with pytest.raises(ObjectError):  # it answers a range as if it were whole
            objects.get_range("k", 0, 1)
        return
    assert objects.get_range("k", 0, 1) == data[:1]
    assert objects.get_range("k", 7, 100) == data[7:107]
    assert objects.get_range("k", 190, 100) == data[190:]
    assert objects.get_ranges("k", [150, 0, 3], [10, 2, 1]) == [data[150:160], data[:2], data[3:4]]
    with pytest.raises(ObjectError):
        objects.get_range("k", 200, 1)
    with pytest.raises(MissingObjectError):
        objects.get_range("none", 0, 1)


def test_what_is_not_there(objects: Objects) -> None:
    assert objects.head("none") is None
    with pytest.raises(MissingObjectError, match=r"there is no .*none"):
        objects.get("none")
    objects.delete("none")
    assert list(objects.list()) == []


def test_create_writes_only_what_is_not_there(objects: Objects, kind: str) -> None:
    assert objects.create("a/k", b"one")
    assert objects.create("a/k", b"two") is (kind == "rclone")
    assert objects.create("a/k", b"one") is (kind == "rclone")
    if kind != "rclone":
        assert objects.get("a/k")[0] == b"one"
    objects.delete("a/k")
    assert objects.create("a/k", b"three")
    assert objects.get("a/k")[0] == b"three"


def test_another_version_is_told(objects: Objects, kind: str) -> None:
    if kind == "rclone":
        pytest.skip("rclone ignores If-Match")
    objects.put("k", b"one")
    etag = objects.get("k")[1].etag
    assert objects.get("k", etag)[0] == b"one"
    objects.put("k", b"three")
    with pytest.raises(ChangedObjectError, match="changed"):
        objects.get("k", etag)


def test_a_listing_is_sorted_over_pages(objects: Objects) -> None:
    names = [f"{number * 7919 % 251:04}" for number in range(251)]
    assert len(set(names)) > 2 * PAGE
    keys = {f"d/{name}" for name in names} | {"d-a", "d!", "d0", "e/é", "Z", "🙂"}
    for key in keys:
        objects.put(key, key.encode())
    listed = list(objects.list())
    assert [info.key for info in listed] == sorted(keys)
    assert [info.size for info in listed] == [len(info.key.encode()) for info in listed]
    assert listed[5] == objects.head(listed[5].key)
    below = sorted(f"d/{name}" for name in names)
    assert [info.key for info in objects.list("d/")] == below
    assert [info.key for info in objects.list("d/", after=below[20])] == below[21:]
    assert list(objects.list("none/")) == []


def test_the_head_of_an_object(objects: Objects, kind: str) -> None:
    objects.put("k", b"0123456789")
    if kind == "rclone":
        pytest.skip("rclone answers a range as if it were whole")
    content, info = objects.get("k", head=4)
    assert (content, info.size) == (b"0123", 10)
    assert objects.get("k", info.etag, head=40) == (b"0123456789", info)


def test_traffic_is_counted(objects: Objects) -> None:
    objects.put("k", b"12345")
    objects.get("k")
    objects.create("l", b"123")
    objects.head("none")
    assert (objects.traffic.writes, objects.traffic.bytes_written) == (2, 8)
    assert (objects.traffic.reads, objects.traffic.bytes_read) == (2, 5)


def test_an_absent_bucket_is_named(bucket: str) -> None:
    objects = objects_at(f"s3://{bucket}-absent/a")
    for ask in (lambda: objects.get("k"), lambda: list(objects.list())):
        with pytest.raises(MissingObjectError, match=f"there is no s3://{bucket}-absent/a"):
            ask()


def test_the_marker_of_a_folder_disturbs_no_listing(
    bucket: str, object_server: ObjectServer
) -> None:
    objects = objects_at(f"s3://{bucket}")
    # The marker `a/` comes behind them all, on another page, and is given as `a`.
    names = [f"a-{number:03}" for number in range(PAGE + 20)]
    for name in [*names, "a/b"]:
        objects.put(name, b"x")
    marker = Request(f"{object_server.endpoint}/{bucket}/a/", method="PUT", data=b"")
    urlopen(marker, timeout=60).close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imgrec.objects.objects._PAGE", PAGE)
        assert [info.key for info in objects.list() if info.size] == [*names, "a/b"]


def test_a_key_that_cannot_be_asked_for_is_an_error_of_one_line(bucket: str) -> None:
    objects = objects_at(f"s3://{bucket}")
    for key in ("a//b", "../up", "a/./b", "a\x01b"):
        with pytest.raises(ObjectError, match="key cannot be read") as error:
            objects.get(key)
        assert str(error.value).isprintable()


def test_an_absent_credential_is_told_and_a_present_one_is_not(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "5ecret")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(ObjectError, match="credentials come from the environment") as error:
        objects_at(f"s3://{bucket}").get("k")
    assert "5ecret" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_are_told_of_every_request(
    status: int, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = b"<Error><Code>SignatureDoesNotMatch</Code></Error>"
    with answering(status, answer) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        objects = objects_at(f"s3://{bucket}/a")
        for ask in (lambda: objects.get("k"), lambda: list(objects.list())):
            with pytest.raises(ObjectError, match="is refused: credentials come from the env"):
                ask()


def test_storage_without_ranges_is_told(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"ETag": '"e"', "Last-Modified": "Mon, 30 Nov 2026 00:00:00 GMT"}
    with answering(200, b"the whole", **headers) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        objects = objects_at(f"s3://{bucket}/a")
        for ask in (lambda: objects.get("k", head=4), lambda: objects.get_range("k", 2, 3)):
            with pytest.raises(ObjectError, match="does not answer ranges") as error:
                ask()
            assert str(error.value).isprintable()
        assert objects.get("k")[0] == b"the whole"


def test_plain_http_goes_to_this_machine_only(monkeypatch: pytest.MonkeyPatch, bucket: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://imgrec.invalid:9")
    with pytest.raises(ImgrecError, match="AWS_ENDPOINT_URL is plain HTTP to imgrec"):
        objects_at(f"s3://{bucket}")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://user:5ecret@127.0.0.1:9",
        "https://127.0.0.1:9/?key=5ecret",
        "5ecret",
        "ftp://127.0.0.1/5ecret",
        "http://",
        "http://127.0.0.1:5ecret",
        "http://[5ecret",
    ],
)
def test_an_endpoint_that_is_no_server_alone_is_refused_and_not_printed(
    monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(ImgrecError, match="AWS_ENDPOINT_URL is no address of a server") as error:
        objects_at("s3://bucket")
    assert "5ecret" not in str(error.value)


@pytest.mark.parametrize("prefix", ["a%20b", "a b", "a%2Fb", "100 %"])
def test_a_prefix_is_taken_as_it_is_written(bucket: str, prefix: str) -> None:
    objects_at(f"s3://{bucket}/{prefix}").put("k", prefix.encode())
    assert [info.key for info in objects_at(f"s3://{bucket}").list()] == [f"{prefix}/k"]
    assert objects_at(f"s3://{bucket}/{prefix}").get("k")[0] == prefix.encode()
