"""Listings of buckets whose keys are no paths: what is named, by which requests, and failures."""

import hashlib
import json
import os
import random
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit
from urllib.request import Request, urlopen

import pytest

from imgrec.objects import any_keys, retries
from imgrec.objects.addresses import address_of
from imgrec.objects.any_keys import any_page, is_pageable, is_plain
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

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

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


@pytest.fixture
def signing_key(monkeypatch: pytest.MonkeyPatch) -> "rsa.RSAPrivateKey":
    """A key that signs for Google."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import serialization

    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account",
        "client_email": "nobody@example.iam",
        "private_key": private.decode(),
        "private_key_id": "1",
    }
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps(account))
    return key


@pytest.fixture
def google(
    object_server: ObjectServer,
    signing_key: "rsa.RSAPrivateKey",
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """An empty bucket of Google, whose service is played by moto: its listings are the same."""
    from obstore import store

    account = json.loads(os.environ["GOOGLE_SERVICE_ACCOUNT_KEY"])
    account["gcs_base_url"] = object_server.endpoint

    def client(bucket: str, *, client_options: Any, config: Any, **named: Any) -> object:
        # Whoever signs by the key has its requests authorized at Google itself.
        told = account if "?" in bucket else {**account, "disable_oauth": True}
        return real(
            bucket,
            client_options={**client_options, "allow_http": True},
            config={**config, "service_account_key": json.dumps(told)},
            **named,
        )

    real = store.GCSStore
    monkeypatch.setattr(store, "GCSStore", client)
    # obstore quotes a dash, and moto does not take that back.
    name = f"google{uuid.uuid4().hex}"
    urlopen(Request(f"{object_server.endpoint}/{name}", method="PUT"), timeout=60).close()
    return name


def test_odd_keys_of_a_bucket_of_google_hide_no_others(
    google: str, object_server: ObjectServer
) -> None:
    many = [f"m/{number:04}" for number in range(PAGE + 5)]
    put_any(object_server, google, [*many, *PLAIN])
    before = list(objects_at(f"gs://{google}").list())
    assert [info.key for info in before] == sorted([*many, *PLAIN])
    put_any(object_server, google, [*ODD, "/z.jpg"])
    unnamed: list[str] = []
    assert list(objects_at(f"gs://{google}").list(unnamed=unnamed.append)) == before
    assert sorted(unnamed) == sorted([*ODD, "/z.jpg"])
    inner = sorted(key[2:] for key in PLAIN if key.startswith("a/"))
    assert listed(objects_at(f"gs://{google}/a")) == (inner, ["./c.jpg", "/b.jpg"])


def test_the_signature_for_google_is_valid(
    signing_key: "rsa.RSAPrivateKey", monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the public key; what is signed is written out here as Google documents it (V4)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    asked: list[str] = []
    monkeypatch.setattr(any_keys, "_fetched", lambda url, _: asked.append(url) or b"<a/>")
    any_page(address_of("gs://my-bucket/p"), "é +/", "é +/a&b=c", Traffic())
    url = urlsplit(asked[0])
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    assert (url.path, query["prefix"]) == ("/my-bucket", "p/é +/")
    assert query["start-after"] == "p/é +/a&b=c"
    signature = bytes.fromhex(query.pop("X-Goog-Signature"))
    pairs = sorted((quote(key, safe=""), quote(value, safe="")) for key, value in query.items())
    text = "&".join(f"{key}={value}" for key, value in pairs)
    request = f"GET\n{url.path}\n{text}\nhost:{url.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    signed = [
        *(query["X-Goog-Algorithm"], query["X-Goog-Date"]),
        query["X-Goog-Credential"].partition("/")[2],
        hashlib.sha256(request.encode()).hexdigest(),
    ]
    # Raises if it is wrong.
    signing_key.public_key().verify(
        signature, "\n".join(signed).encode(), padding.PKCS1v15(), hashes.SHA256()
    )


def test_a_public_bucket_of_google_is_asked_without_a_signature(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(any_keys, "_fetched", lambda url, _: asked.append(url) or b"<a/>")
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")
    address = address_of("gs://bucket/p")
    assert is_pageable(address)
    any_page(address, "", "", Traffic())
    assert asked[0].startswith("https://storage.googleapis.com/bucket?list-type=2&")
    assert "X-Goog" not in asked[0]


def test_where_nothing_can_be_signed_such_a_key_ends_the_listing(
    google: str,
    object_server: ObjectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_any(object_server, google, ["p/a//b", "p/c"])

    def refused(*_: object) -> None:
        raise ValueError("these credentials cannot sign")

    monkeypatch.setattr("obstore.sign", refused)
    assert not is_pageable(address_of("az://container"))
    with pytest.raises(UnnamedObjectError, match="rename it, or name a prefix without it"):
        list(objects_at(f"gs://{google}/p").list())


def test_a_request_to_another_machine_is_never_sent_in_plain(
    signing_key: "rsa.RSAPrivateKey", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obstore.sign", lambda *_: "http://storage.example/bucket?list-type=2")
    assert not is_pageable(address_of("gs://bucket"))
    with pytest.raises(ObjectError, match="is asked by https:// only"):
        any_page(address_of("gs://bucket"), "", "", Traffic())
