"""Addresses of Qdrant: credentials are refused and never repeated."""

from pathlib import Path

import pytest

from imgrec import ImgrecError, WrongValueError
from imgrec.handover.qdrant import translated
from imgrec.handover.qdrant_address import (
    API_KEY,
    check_address,
    check_collection,
    opened_client,
)

pytest.importorskip("qdrant_client", reason="needs the extra qdrant")


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(API_KEY, raising=False)


@pytest.mark.parametrize(
    "address",
    [
        "http://user:geheim@127.0.0.1:6333",
        "https://geheim@example.org",
        "https://example.org/?api_key=geheim",
        "https://example.org/#geheim",
        "user:geheim@example.org:6333",
        "https:/geheim.example.org",
        "http://user:geheim@[::1",
        "http://user:geheim@example.org:port",
        "ftp://user:geheim@example.org",
    ],
)
def test_an_address_with_credentials_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(WrongValueError) as refused:
        check_address(address)
    assert "geheim" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "is no address"),
        ("127.0.0.1:6333", "begin with http://"),
        ("ftp://example.org", "begins with ftp://"),
        ("http://", "give http://HOST:6333"),
        ("http://example.org:70000", "is not valid"),
    ],
)
def test_what_is_no_address_is_refused(address: str, message: str) -> None:
    with pytest.raises(WrongValueError, match=message):
        check_address(address)


def test_a_key_is_not_sent_in_plain_text_to_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_KEY, "geheim")
    with pytest.raises(WrongValueError, match=r"sent to example\.org unencrypted") as refused:
        check_address("http://example.org:6333")
    assert "geheim" not in str(refused.value)
    for address in ("https://example.org", "http://127.0.0.1:6333", "http://localhost:6333"):
        check_address(address)


def test_a_server_that_is_not_there_is_one_line_without_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(API_KEY, "geheim")
    # Port 1 of this machine: nothing listens there.
    with (
        pytest.raises(ImgrecError, match="could not be written") as refused,
        opened_client("http://127.0.0.1:1") as client,
        translated("pictures"),
    ):
        client.collection_exists("pictures")
    assert "geheim" not in str(refused.value)
    assert "\n" not in str(refused.value)


# The client leaves its lock file open where it cannot have the lock.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_folder_is_opened_by_one_process_at_a_time(tmp_path: Path) -> None:
    folder = str(tmp_path / "points")
    with opened_client(folder), pytest.raises(ImgrecError, match=f"{folder} of Qdrant cannot"):  # noqa: SIM117
        with opened_client(folder):
            pass


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a\\b", "a\nb", "a:b", "x" * 256, "a\0"])
def test_names_that_qdrant_refuses_are_refused(name: str) -> None:
    with pytest.raises(WrongValueError, match="cannot be the name"):
        check_collection(name)


@pytest.mark.parametrize("name", ["imgrec", "lite0+mini", "bilder ü", "x" * 255])
def test_other_names_are_accepted(name: str) -> None:
    check_collection(name)
