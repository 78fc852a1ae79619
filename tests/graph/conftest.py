"""Fixtures of the tests of pages: a small store and its site."""

from pathlib import Path

import pytest

from site_stores import clusters, make_store, plain_names, site_of


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("graph"), plain_names(60), clusters(60))


@pytest.fixture(scope="module")
def site(store_path: Path) -> Path:
    return site_of(store_path, store_path.parent / "site", page_size=8).index.parent
