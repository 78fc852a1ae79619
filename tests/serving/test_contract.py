"""The contract of the service over FastAPI, and questions by words."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import classified_stores
from imgrec.serving.asgi import make_app
from imgrec.serving.guards import Access
from imgrec.serving.service import Service
from services import opened_service
from serving_contract import Answered, Caller, ServingContract, posted, queried

_ACCESS = Access(token="the-token", files="the-secret", port=8000)


def caller(service: Service) -> Caller:
    """Return what calls a service through FastAPI, with the token."""
    app = make_app(service, _ACCESS)
    client = TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)

    def call(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        allowed = {"authorization": f"Bearer {_ACCESS.token}", **headers}
        response = client.request(method, path, headers=allowed, content=body or None)
        return Answered(response.status_code, response.headers, response.content)

    return call


@pytest.fixture(scope="module")
def call(photo_store: Path) -> Iterator[Caller]:
    """Yield a caller of `photo_store`."""
    with opened_service(photo_store) as service:
        yield caller(service)


class TestFastApi(ServingContract):
    """Runs the contract."""


@pytest.mark.parametrize(
    ("asked", "arguments"),
    [
        ({"text": "dog", "k": 9}, ["--text", "dog", "-k", "9"]),
        ({"text": ["dog", "cup"], "unwanted_text": "cat"},
         ["--text", "dog", "--text", "cup", "--not-text", "cat"]),
        ({"pictures": [5], "unwanted_text": ["dog"], "k": 30},
         ["f5/000005.jpg", "--not-text", "dog", "-k", "30"]),
    ],
)  # fmt: skip
def test_words_are_understood_as_by_the_command(
    asked: dict[str, object],
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    classified_stores.register(monkeypatch)
    store = classified_stores.make(tmp_path / "store", 200)
    with opened_service(store) as service:
        assert service.store().texts
        found = posted(caller(service), "/api/search", asked)
    expected = queried(store, *arguments)
    assert found["texts"] == expected["texts"] != []
    assert found["results"] == expected["results"] != []
