"""Addresses of object storage: what they name, what is refused, and that no secret is printed."""

import sys

import pytest

from imgrec.errors import ImgrecError
from imgrec.objects.addresses import Address, address_of, is_address, is_no_folder
from imgrec.objects.opening import objects_at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket", Address("s3", "bucket", "")),
        ("s3://bucket/", Address("s3", "bucket", "")),
        ("s3://bucket/a/b", Address("s3", "bucket", "a/b")),
        ("gs://bucket/a b/ü/", Address("gs", "bucket", "a b/ü")),
        ("az://container/x", Address("az", "container", "x")),
        ("file:///tmp/store/", Address("file", "", "/tmp/store")),
        ("file:///", Address("file", "", "/")),
    ],
)
def test_what_an_address_names(text: str, expected: Address) -> None:
    address = address_of(text)
    assert address == expected
    assert address_of(address.url) == expected
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "bucket/a",
        "http://host/a",
        "https://host/a",
        "S4://bucket",
        "s3:/bucket",
        "s3://",
        "s3:///a",
        "s3://bucket?versionId=1",
        "s3://bucket#x",
        "s3://bucket/a/../b",
        "s3://bucket/./b",
        "s3://bucket/a//b",
        "file://folder",
        "file:///a/../b",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ImgrecError) as error:
        address_of(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "s3://AKIAKEY:pa55word@bucket/prefix",
        "s3://AKIAKEY:pa55/word@bucket/prefix",
        "https://AKIAKEY:pa55word@host/prefix",
        "s3://bucket/prefix?X-Amz-Signature=pa55word",
        "s3://bucket?key=pa55word",
        "az://container/prefix#pa55word",
    ],
)
def test_what_may_be_a_secret_is_refused_and_not_printed(text: str) -> None:
    with pytest.raises(ImgrecError) as error:
        address_of(text)
    assert "pa55" not in str(error.value)
    assert "word" not in str(error.value)
    assert "AKIAKEY" not in str(error.value)


@pytest.mark.parametrize("text", ["s3://b", "https://host/a", "S3://b/a", "s3:/b", "file:/tmp/a"])
def test_what_was_meant_as_an_address_is_no_folder(text: str) -> None:
    assert is_no_folder(text)


@pytest.mark.parametrize("text", ["/tmp/a", "C:/photos", "a:b", "./s3:/b", "notes: 2020/x", ":/a"])
def test_a_folder_with_a_colon_is_one(text: str) -> None:
    assert not is_no_folder(text)


def test_without_obstore_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ImgrecError, match=r"s3://b needs obstore: pip install 'imgrec\[scale\]'"):
        objects_at("s3://b")


def test_an_absent_folder_is_named() -> None:
    pytest.importorskip("obstore", reason="no obstore: pip install 'imgrec[scale]'")
    with pytest.raises(ImgrecError, match="no folder /no/such/folder"):
        objects_at("file:///no/such/folder")
