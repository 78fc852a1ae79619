"""Where the pictures of a folder are, as pathlib writes it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.sources.folder import FolderSource

PIECES = st.lists(st.sampled_from(["a", "B c", "ü", ".", "..", ".x", "", "/", "//", "\n", "\\"]))


@given(PIECES, PIECES)
def test_a_location_is_what_pathlib_makes_of_it(folder: list[str], path: list[str]) -> None:
    for root in ("/" + "/".join(folder), "/".join(folder), "D:\\Photos"):
        for below in ("/".join(path), "".join(path)):
            assert FolderSource(root).location(below) == str(Path(root, below))


@pytest.mark.parametrize("folder", ["/", "//", "/photos", "/photos/", "//nas/photos"])
def test_the_location_of_a_folder_and_of_its_files(folder: str) -> None:
    source = FolderSource(folder)
    assert source.location() == str(Path(folder))
    assert source.location("2019/07/a b.jpg") == str(Path(folder, "2019/07/a b.jpg"))
