"""A good store with what was made of it, and the program that is attacked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ground import make_good
from program import Program


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_good(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with Program() as started:
        yield started
