"""A sound network site, and copies of it to damage."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from edited_sites import change, sound_site


@pytest.fixture(scope="module")
def sound(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound_site(photo_store, tmp_path_factory.mktemp("sound"), page_size=4)


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
