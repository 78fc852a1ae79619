"""A site of 64 pictures, whose search box is asked."""

from pathlib import Path

import pytest

from search_box import NAMES
from site_stores import clusters, make_store, site_of


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("with spaces and ü")
    path = make_store(folder, NAMES, clusters(len(NAMES)))
    return site_of(path, folder / "site", page_size=10).index.parent
