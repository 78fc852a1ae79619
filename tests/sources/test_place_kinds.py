"""Which names on a path say that a file is none of the collection, and which do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.sources.place_kinds import PLACE_KINDS, file_kind, folder_kind, place_kind

KINDS = {
    "hidden": [".private/a.jpg", "2019/.a.jpg", ".picasaoriginals/a.jpg", ".app/a.png"],
    "trash": [
        "$RECYCLE.BIN/S-1-5-21/$RA1B2C3.jpg",
        "RECYCLER/a.jpg",
        ".Trash/a.jpg",
        ".Trash-1000/files/beach.png",
        ".Trashes/501/a.jpg",
        "#recycle/2019/a.jpg",
        "@Recycle/a.jpg",
        "2019/.recycle/a.jpg",
        "albums/.dtrash/files/a.jpg",
        "share/Trash/files/a.jpg",
        "2019/.trashed-1790000000-a.jpg",
        ".stversions/a~20200101-000000.jpg",
        "#snapshot/GMT-2020.01.01/a.jpg",
        "ada/files_trashbin/files/a.jpg.d1790000000",
        "ada/files_versions/a.jpg.v1790000000",
        ".dtrash/.thumbnails/a.jpg",
    ],
    "previews": [
        "2019/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg",
        "2019/@EADIR/a.jpg",
        "2019/.@__thumb/a.jpg",
        "DCIM/.thumbnails/1.jpg",
        "site/Thumbs/a.jpg",
        "Catalog Previews.lrdata/a/b.jpg",
        "Mine.photoslibrary.old/Thumbs/a.jpg",
        "CaptureOne/Cache/a.jpg",
        "appdata_oc1x2y3z/preview/0/1/a.jpg",
        "iPhoto Library/Data.noindex/a.jpg",
    ],
    "packages": [
        "Photos Library.photoslibrary/originals/A/A1.heic",
        "Photos Library.photoslibrary/resources/derivatives/A/A1.jpeg",
        "My.AppLibrary.aplibrary/Masters/a.jpg",
        "Viewer.app/Contents/Resources/icon.icns",
    ],
    "companions": [
        "._a.jpg",
        "2019/._a.jpg",
        ".pending-1790000000-a.jpg",
        "__MACOSX/a.jpg",
        "web/_vti_cnf/a.jpg",
    ],
}
ORDINARY = [
    "a.jpg",
    "Trash/a.jpg",
    "files/a.jpg",
    "Thumbnails/a.jpg",
    "Previews/a.jpg",
    "preview/a.jpg",
    "Originals/a.jpg",
    "resources/a.jpg",
    "Data/a.jpg",
    "my.application/a.jpg",
    "recycle/a.jpg",
    "eaDir/a.jpg",
    "app/a.jpg",
    "_a.jpg",
    "a._b.jpg",
]


@pytest.mark.parametrize(("kind", "path"), [(k, path) for k in KINDS for path in KINDS[k]])
def test_a_name_that_programs_leave_has_its_kind(kind: str, path: str) -> None:
    assert place_kind(path) == kind


@pytest.mark.parametrize("path", ORDINARY)
def test_a_name_that_people_give_has_no_kind(path: str) -> None:
    assert place_kind(path) is None


def test_all_kinds_are_those_named() -> None:
    assert set(KINDS) == set(PLACE_KINDS)


def test_previews_inside_a_photo_library_are_told_from_its_originals() -> None:
    assert folder_kind("Mine.photoslibrary") == "packages"
    assert folder_kind("resources", "Mine.photoslibrary") == "previews"
    assert folder_kind("Thumbnails", "Old.aplibrary") == "previews"
    assert folder_kind("originals", "Mine.photoslibrary") is None
    assert folder_kind("Masters", "Mine.photoslibrary") is None


_NAMES = st.sampled_from(
    [
        "2019",
        ".x",
        "@eaDir",
        ".Trash-1",
        "L.photoslibrary",
        "resources",
        "a.jpg",
        "._b.jpg",
        "Trash",
    ]
)


@given(st.lists(_NAMES, min_size=1, max_size=5))
def test_the_kind_of_a_path_is_that_of_its_outermost_part(names: list[str]) -> None:
    *folders, name = names
    parents = ["", *folders]
    kinds = [folder_kind(f, parent) for f, parent in zip(folders, parents, strict=False)]
    expected = next((kind for kind in (*kinds, file_kind(name)) if kind), None)
    assert place_kind("/".join(names)) == expected


@given(st.text(alphabet="abc.@_#$~é ", min_size=1, max_size=12))
def test_only_names_with_a_dot_in_front_are_hidden(name: str) -> None:
    assert (folder_kind(name) == "hidden") <= name.startswith(".")
    assert (file_kind(name) is not None) == name.startswith(".")
    assert folder_kind(name) == folder_kind(name.upper().replace("É", "é"))
