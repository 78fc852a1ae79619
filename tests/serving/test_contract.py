"""The contract of the service over FastAPI, and questions by words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import classified_stores
from services import caller, opened_service
from serving_contract import Caller, ServingContract, posted, queried


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
