"""A sound network site, and copies of it to damage."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from edited_sites import change, plain
from graph.pages.site import write_site
from imgrec.store.store import Store


@pytest.fixture(scope="module")
def sound(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    shutil.copytree(photo_store, folder / "store")
    with Store.open(folder / "store") as store:
        write_site(store, folder / "site", plain(page_size=4))
    return folder / "site"


@pytest.fixture
def site(sound: Path, tmp_path: Path) -> Path:
    """A copy in another folder, with absolute links to the picture files."""
    copy = tmp_path / "site"
    shutil.copytree(sound, copy)
    for page in copy.glob("pages/*.html"):
        change(page, lambda data: _absolute(data, sound))
    return copy


def _absolute(data: Any, sound: Path) -> None:
    for picture in data["data"].get("pictures", {}).values():
        picture["href"] = Path(sound, "pages", picture["href"]).resolve().as_uri()
