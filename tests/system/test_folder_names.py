"""Names and their folders: reversible, and safe on file systems with the strictest rules."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.system.folder_names import folder_name, name_of_folder

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
# What NTFS and the Win32 interface refuse.
_FORBIDDEN = re.compile(r'[<>:"/\\\\|?*\x00-\x1f]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@given(NAMES)
def test_a_name_is_recovered_from_its_folder(name: str) -> None:
    assert name_of_folder(folder_name(name)) == name


@given(NAMES)
def test_a_folder_is_safe_on_every_file_system(name: str) -> None:
    folder = folder_name(name)
    assert folder.isascii()
    assert not _FORBIDDEN.search(folder)
    assert not _DEVICES.fullmatch(folder)
    assert not folder.startswith((".", " "))
    assert not folder.endswith((".", " "))


@given(NAMES, NAMES)
def test_different_names_have_different_folders_whatever_the_case(one: str, other: str) -> None:
    assert (folder_name(one).casefold() == folder_name(other).casefold()) == (one == other)


@pytest.mark.parametrize("name", ["mini", "rgb", "lite0+mini", "resnet50", "vit_b_16", "a.b-c"])
def test_a_plain_name_is_its_own_folder(name: str) -> None:
    assert folder_name(name) == name


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("open_clip:ViT-B-32/laion2b", "open_clip%3a%56i%54-%42-32%2flaion2b"),
        ("timm:resnet10t.c3_in1k", "timm%3aresnet10t.c3_in1k"),
        ("RN50", "%52%4e50"),
        ("nul", "%6eul"),
        ("com1.x", "%63om1.x"),
        ("..", "%2e%2e"),
        (".", "%2e"),
        ("a%2fb", "a%252fb"),
        ("größe", "gr%c3%b6%c3%9fe"),
    ],
)
def test_other_characters_are_percent_encoded(name: str, folder: str) -> None:
    assert folder_name(name) == folder
