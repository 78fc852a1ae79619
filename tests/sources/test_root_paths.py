"""Roots as text, in the style of the system that wrote them."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.sources.root_paths import is_windows_path, path_below

NAME = st.text(st.characters(blacklist_characters='/\\:\0<>"|?*', blacklist_categories=["Cs"]),
               min_size=1, max_size=5).filter(lambda name: name.strip(". ") == name)  # fmt: skip
NAMES = st.lists(NAME, max_size=4)


@pytest.mark.parametrize(
    ("root", "place", "path"),
    [
        ("D:\\Photos", "D:\\Photos", ""),
        ("D:\\Photos", "D:\\Photos\\", ""),
        ("D:\\Photos", "D:/Photos", ""),
        ("D:\\Photos", "d:\\PHOTOS", ""),
        ("D:\\Photos\\2019\\05", "D:\\Photos", "2019/05"),
        ("D:\\Photos", "D:", "Photos"),
        ("D:\\Photos", "D:\\", "Photos"),
        ("D:\\", "D:\\", ""),
        ("D:\\Photos", "\\\\?\\D:\\Photos", ""),
        ("\\\\nas\\pictures\\2019", "\\\\NAS\\Pictures", "2019"),
        ("\\\\nas\\pictures", "\\\\nas\\pictures\\", ""),
        ("\\\\nas\\pictures\\x", "\\\\?\\UNC\\nas\\pictures", "x"),
        ("\\\\nas\\pictures\\2019", "//NAS/Pictures/", "2019"),
        ("\\\\nas\\pictures", "//nas/other", None),
        ("\\\\nas\\pictures", "//", None),
        ("D:\\Photos", "//", None),
        ("//nas/pictures/2019", "//nas/pictures", "2019"),
        ("D:\\K\u00f6ln", "D:\\Ko\u0308ln", ""),
        ("/mnt/old/photos", "/mnt/old", "photos"),
        ("/mnt/old", "/mnt/old/", ""),
        ("/mnt/old", "/", "mnt/old"),
        ("/mnt/K\u00f6ln/a", "/mnt/Ko\u0308ln", "a"),
        # POSIX compares bytes, and a backslash is a letter.
        ("/mnt/old", "/mnt/OLD", None),
        ("/mnt/old\\x", "/mnt/old", None),
        ("/mnt/older", "/mnt/old", None),
        ("/mnt", "/mnt/old", None),
        ("D:\\Photos", "D:\\Photo", None),
        ("D:\\Photos", "E:\\Photos", None),
        ("D:\\Photos", "/Photos", None),
        ("/Photos", "D:\\", None),
        ("\\\\nas\\pictures", "\\\\nas\\pic", None),
    ],
)
def test_a_root_below_a_place(root: str, place: str, path: str | None) -> None:
    assert path_below(root, place) == path


@given(NAMES, NAMES)
def test_what_is_joined_below_a_place_is_found_below_it(outer: list[str], inner: list[str]) -> None:
    posix = PurePosixPath("/", *outer)
    assert path_below(str(posix.joinpath(*inner)), str(posix)) == "/".join(inner)
    for anchor in ("C:\\", "\\\\host\\share\\"):
        windows = PureWindowsPath(anchor, *outer)
        found = path_below(str(windows.joinpath(*inner)), windows.as_posix().replace("//", "\\\\"))
        assert found == "/".join(inner)


def test_what_is_a_path_of_windows() -> None:
    assert all(map(is_windows_path, ["C:", "c:\\x", "C:/x", "\\\\host\\share"]))
    assert not any(map(is_windows_path, ["", "/x", "x", "x\\y", "C:x", "ab:\\x", "mem://x", "//x"]))
