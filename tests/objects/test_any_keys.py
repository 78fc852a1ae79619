"""Listings of buckets whose keys are no paths: what is named, by which requests, and failures."""

import random
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from imgrec.objects import any_keys, retries
from imgrec.objects.addresses import address_of
from imgrec.objects.any_keys import any_page, is_plain
from imgrec.objects.errors import (
    MissingObjectError,
    ObjectError,
    PassingObjectError,
    UnnamedObjectError,
)
from imgrec.objects.objects import Objects
from imgrec.objects.opening import objects_at
from imgrec.objects.traffic import Traffic
from object_servers import PAGE, SECRET, ObjectServer, answering, put_any, s3_client

ODD = ("a//b.jpg", "a/./c.jpg", "../d.jpg", "./e", "m/\x01.jpg", "m/\x7f", "//", "z//")
PLAIN = ("a/-1.jpg", "a/0", "a/0.jpg", "m/+ %20&<>.jpg", "m/é €.jpg", "a/..b/.c", "z.jpg", "#?")


def listed(objects: Objects, prefix: str = "", after: str = "") -> tuple[list[str], list[str]]:
    """Return the keys that a listing gives, and those that it passes over."""
    unnamed: list[str] = []
    keys = [info.key for info in objects.list(prefix, after, unnamed=unnamed.append)]
    return keys, unnamed


@pytest.mark.parametrize("seed", range(2))
def test_odd_keys_hide_no_others(bucket: str, object_server: ObjectServer, seed: int) -> None:
    chance = random.Random(seed)
    many = [f"{chance.choice('abmxz')}/{chance.randrange(10**6)}" for _ in range(PAGE + 50)]
    plain = {f"p/{key}" for key in (*PLAIN, *many)}
    odd = {f"p/{key}" for key in (*chance.sample(ODD, 5), f"x/{chance.randrange(10**6)}//y")}
    put_any(object_server, bucket, plain | odd | {"q/other.jpg", "p.jpg"})
    for top in ("p/", "p/a/", "p/x/"):
        inner = [key.removeprefix(top) for key in plain | odd if key.startswith(top)]
        expected = sorted(key for key in inner if f"{top}{key}" in plain)
        keys, unnamed = listed(objects_at(f"s3://{bucket}/{top}"))
        assert keys == expected
        assert sorted(unnamed) == sorted(set(inner) - set(expected))
    keys, unnamed = listed(objects_at(f"s3://{bucket}/p"), "a/")
    assert keys == sorted(key[2:] for key in plain if key.startswith("p/a/"))
    after = keys[len(keys) // 2]
    assert listed(objects_at(f"s3://{bucket}/p"), "a/", after)[0] == [k for k in keys if k > after]


def test_objects_are_named_as_by_other_listings(bucket: str, object_server: ObjectServer) -> None:
    put_any(object_server, bucket, PLAIN, b"some bytes")
    before = list(objects_at(f"s3://{bucket}").list())
    put_any(object_server, bucket, ODD)
    assert list(objects_at(f"s3://{bucket}").list()) == before
    found = s3_client(object_server).list_objects_v2(Bucket=bucket)["Contents"]
    named = {one["Key"]: (one["Size"], one["ETag"]) for one in found if one["Key"] in PLAIN}
    assert {info.key: (info.size, info.etag) for info in before} == named


def test_a_slash_at_the_beginning_of_a_key_is_not_lost(
    bucket: str, object_server: ObjectServer
) -> None:
    put_any(object_server, bucket, ["/z.jpg", "a.jpg", "b/c.jpg"])
    assert listed(objects_at(f"s3://{bucket}")) == (["a.jpg", "b/c.jpg"], ["/z.jpg"])
    many = [f"{number:04}" for number in range(PAGE + 5)]
    put_any(object_server, bucket, many)
    assert listed(objects_at(f"s3://{bucket}"))[0] == [*many, "a.jpg", "b/c.jpg"]


def test_markers_of_folders_are_no_odd_keys(bucket: str, object_server: ObjectServer) -> None:
    put_any(object_server, bucket, ["p/a//1.jpg", "p/b/2.jpg"])
    put_any(object_server, bucket, ["p/", "p/a/", "p/a//", "p/b/"], b"")
    assert listed(objects_at(f"s3://{bucket}/p")) == (["b/2.jpg"], ["a//1.jpg"])


@pytest.mark.parametrize("key", ODD)
def test_what_is_passed_over_cannot_be_asked_for(bucket: str, key: str) -> None:
    assert not is_plain(key)
    # But for slashes at the ends, which obstore drops.
    if key not in ("//", "z//"):
        with pytest.raises(UnnamedObjectError):
            objects_at(f"s3://{bucket}").get(key)


@pytest.mark.parametrize("key", PLAIN)
def test_what_is_listed_can_be_asked_for(
    bucket: str, object_server: ObjectServer, key: str
) -> None:
    assert is_plain(key)
    put_any(object_server, bucket, [key], key.encode())
    assert objects_at(f"s3://{bucket}").get(key)[0] == key.encode()


def test_the_signature_is_that_of_another_client(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference is botocore, Amazon's own client, for the time that the signature names."""
    from botocore import auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token")
    asked: list[str] = []
    monkeypatch.setattr(any_keys, "_fetched", lambda url, _: asked.append(url) or b"<a/>")
    any_page(address_of(f"s3://{bucket}/p"), "é +/", "é +/a&b=c", Traffic())
    query = dict(parse_qsl(urlsplit(asked[0]).query, keep_blank_values=True))
    assert (query["prefix"], query["start-after"]) == ("p/é +/", "p/é +/a&b=c")
    when = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: when.replace(tzinfo=None))
    request = AWSRequest("GET", asked[0].partition("&X-Amz-")[0])
    credentials = Credentials("testing", SECRET, "a-token")
    signer = auth.S3SigV4QueryAuth(credentials, "s3", "us-east-1", int(query["X-Amz-Expires"]))
    signer.add_auth(request)
    expected = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    assert query["X-Amz-Signature"] == expected["X-Amz-Signature"]
    assert query == expected


def test_a_public_bucket_is_asked_without_a_signature(
    bucket: str, object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_any(object_server, bucket, ["a//b", "c"])
    s3_client(object_server).put_bucket_acl(Bucket=bucket, ACL="public-read")
    asked: list[str] = []
    fetched = any_keys._fetched
    monkeypatch.setattr(any_keys, "_fetched", lambda *a: asked.append(a[0]) or fetched(*a))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    assert listed(objects_at(f"s3://{bucket}")) == (["c"], ["a//b"])
    assert asked
    assert not any("X-Amz" in url for url in asked)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>no listing", ObjectError),
        (200, b"<a><Contents><Key>k</Key></Contents></a>", ObjectError),
        (301, b"", ObjectError),
        (403, b"<Error>" + SECRET.encode() + b"</Error>", ObjectError),
        (404, b"", MissingObjectError),
        (429, b"", PassingObjectError),
        (503, b"", PassingObjectError),
    ],
)
def test_a_wrong_answer_is_an_error_of_one_line_without_secrets(
    status: int, body: bytes, kind: type[ObjectError], bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(status, body, Location="http://127.0.0.1:9/") as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(ObjectError) as error:
            any_page(address_of(f"s3://{bucket}"), "", "", Traffic())
    assert type(error.value) is kind
    assert bucket in str(error.value)
    assert str(error.value).isprintable()
    assert not any(secret in str(error.value) for secret in (SECRET, "Signature", "Credential"))


def test_a_server_that_is_gone_is_told_without_the_address_of_the_request(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(PassingObjectError, match="cannot be reached") as error:
        any_page(address_of(f"s3://{bucket}"), "", "", Traffic())
    assert "X-Amz" not in str(error.value)


def test_a_lost_page_is_asked_for_again(
    bucket: str, object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "_FIRST_DELAY_S", 0.001)
    put_any(object_server, bucket, ["p/a//b", *(f"p/{number:03}" for number in range(PAGE + 1))])
    fetched, tries = any_keys._fetched, iter(range(100))

    def sometimes(url: str, where: str) -> bytes:
        if next(tries) % 3:
            raise PassingObjectError("lost")
        return fetched(url, where)

    monkeypatch.setattr(any_keys, "_fetched", sometimes)
    keys, unnamed = listed(objects_at(f"s3://{bucket}/p"))
    assert (keys, unnamed) == ([f"{number:03}" for number in range(PAGE + 1)], ["a//b"])
