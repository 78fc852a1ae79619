"""What a walk leaves out by the rules, by marks of a system, or beside a picture, and its lines."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.errors import ImgrecError
from imgrec.sources import folder_entries
from imgrec.sources.folder import FolderSource
from imgrec.sources.links import RealPlaces
from imgrec.sources.passed_over import not_taken_lines, skipped_lines, unused_lines
from imgrec.sources.place_kinds import PLACE_KINDS
from imgrec.sources.rules import RAW_PAIRS, Rules
from imgrec.sources.source import Listing
from imgrec.sources.walk import walk

TREE = [
    "a.jpg",
    "._a.jpg",
    ".pending-1790000000-b.jpg",
    ".trashed-1790000000-b.jpg",
    ".hidden.jpg",
    "2019/b.jpg",
    "2019/@eaDir/b.jpg/SYNOPHOTO_THUMB_M.jpg",
    "2019/.thumbnails/b.jpg",
    ".Trash-1000/files/a.jpg",
    "#recycle/2019/b.jpg",
    ".private/c.jpg",
    "Photos Library.photoslibrary/originals/A/d.jpg",
    "Photos Library.photoslibrary/resources/derivatives/A/d.jpg",
    "Thumbnails/e.jpg",
]
TAKEN = ["a.jpg", "2019/b.jpg", "Thumbnails/e.jpg"]


def make(root: Path, names: list[str]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def walked(root: Path, rules: Rules | None = None) -> tuple[list[str], Listing]:
    found = Listing(rules or Rules())
    return [file.path for file in walk(str(root), found)], found


def test_what_systems_and_programs_leave_is_not_listed_and_is_named(tmp_path: Path) -> None:
    paths, found = walked(make(tmp_path, TREE))
    assert paths == TAKEN
    assert skipped_lines([found]) == [
        "skipped: 1 hidden folder and 1 hidden file (--take hidden), 2 trash folders and 1 deleted "
        "file (--take trash), 2 preview folders (--take previews), 1 package (--take packages), 2 "
        "companion files (--take companions)"
    ]
    assert not_taken_lines([found]) == []
    # Two roots are one line.
    assert skipped_lines([found, found])[0].startswith("skipped: 2 hidden folders and 2 hidden f")
    assert skipped_lines([Listing()]) == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("hidden", [".hidden.jpg", ".private/c.jpg"]),
        ("trash", [".trashed-1790000000-b.jpg", ".Trash-1000/files/a.jpg", "#recycle/2019/b.jpg"]),
        ("previews", ["2019/@eaDir/b.jpg/SYNOPHOTO_THUMB_M.jpg", "2019/.thumbnails/b.jpg"]),
        ("packages", ["Photos Library.photoslibrary/originals/A/d.jpg"]),
        ("companions", ["._a.jpg", ".pending-1790000000-b.jpg"]),
    ],
)
def test_each_kind_has_its_switch(tmp_path: Path, kind: str, more: list[str]) -> None:
    paths, found = walked(make(tmp_path, TREE), Rules(frozenset({kind})))
    assert sorted(paths) == sorted([*TAKEN, *more])
    assert f"--take {kind})" not in skipped_lines([found])[0]


def test_all_switches_take_all(tmp_path: Path) -> None:
    paths, found = walked(make(tmp_path, TREE), Rules(frozenset(PLACE_KINDS)))
    assert sorted(paths) == sorted(TREE)
    assert skipped_lines([found]) == []


@pytest.mark.parametrize("name", [".photos", ".Trash-1000", "@eaDir", "My.photoslibrary"])
def test_a_folder_that_the_user_names_is_entered(tmp_path: Path, name: str) -> None:
    root = make(tmp_path / name, ["a.jpg", "x/b.jpg"])
    assert walked(root)[0] == ["a.jpg", "x/b.jpg"]


_PARTS = st.sampled_from(["a", ".h", "@eaDir", "b.app", "x.jpg", "._x.jpg", "y.png", "Trash"])
_TREES = st.lists(st.lists(_PARTS, min_size=1, max_size=4).map("/".join), max_size=8)
_RULES = st.builds(
    Rules,
    st.frozensets(st.sampled_from(PLACE_KINDS), max_size=2),
    st.lists(st.sampled_from(["a", "*.png", "a/*", "**/x.jpg", "*"]), max_size=2).map(tuple),
    st.lists(st.sampled_from(["a/", ".h", "*.jpg", "@eaDir/**", "a/.h/*"]), max_size=2).map(tuple),
)


@settings(max_examples=60)
@given(_TREES, _RULES)
def test_a_walk_lists_what_the_rules_say_of_each_path(
    tmp_path_factory: pytest.TempPathFactory, tree: list[str], rules: Rules
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for name in tree:
        file = root / name / "z.jpg" if not name.endswith((".jpg", ".png")) else root / name
        if not any(parent.is_file() for parent in file.parents) and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"x")
    there = [
        os.path.relpath(os.path.join(folder, name), root)
        for folder, _, names in os.walk(root)
        for name in names
    ]
    paths, found = walked(root, rules)
    assert sorted(paths) == sorted(path for path in there if rules.reason_of(path) is None)
    assert found.files == len(paths)


def test_files_near_to_pictures_are_named_and_others_are_counted(tmp_path: Path) -> None:
    names = ["a.jpg", "a.NEF", "b.jpeg", "b.nef", "c.mp4", "d.pdf", "._e.mp4", "f.txt", "g.xmp"]
    _, found = walked(make(tmp_path, [*names, ".trash/h.mov"]))
    raw = "2 NEF beside a picture (--take raw-pairs)"
    assert not_taken_lines([found]) == [f"7 files not taken: {raw}, 1 MP4, 1 PDF, 3 of other kinds"]
    only_texts = make(tmp_path / "x", ["a.jpg", "a.txt"])
    assert not_taken_lines([walked(only_texts)[1]]) == []


def test_a_raw_file_beside_a_picture_is_that_picture(tmp_path: Path) -> None:
    names = ["IMG_1.CR2", "img_1.jpg", "IMG_2.CR2", "IMG_2.xmp", "IMG_3.DNG", "IMG_3.NEF"]
    root = make(tmp_path, [*names, "x/IMG_2.jpg", "x/IMG_3.ARW"])
    paths, found = walked(root)
    assert paths == [
        "IMG_2.CR2",
        "IMG_3.DNG",
        "IMG_3.NEF",
        "img_1.jpg",
        "x/IMG_2.jpg",
        "x/IMG_3.ARW",
    ]
    assert not_taken_lines([found]) == [
        "2 files not taken: 1 CR2 beside a picture (--take raw-pairs), 1 of other kinds"
    ]
    assert "IMG_1.CR2" in walked(root, Rules(frozenset({RAW_PAIRS})))[0]
    # A picture that is left out stands for no RAW file.
    assert walked(root, Rules(exclude=("*.jpg",)))[0][0] == "IMG_1.CR2"


def test_a_raw_file_and_its_picture_are_a_pair_in_either_normal_form(tmp_path: Path) -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    root = make(tmp_path, [f"{composed}.NEF", f"{decomposed.upper()}.jpg"])
    assert walked(root)[0] == [f"{decomposed.upper()}.jpg"]
    root = make(tmp_path / "other", [f"{decomposed}.NEF", f"{composed}.jpg"])
    assert walked(root)[0] == [f"{composed}.jpg"]


def test_what_a_system_marks_as_hidden_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path, ["a.jpg", "Folder.jpg", "Library/b.jpg", "x/c.jpg"])
    marked = {(root / name).stat().st_ino for name in ("Folder.jpg", "Library")}
    monkeypatch.setattr(folder_entries, "MARKS_HIDDEN", True)
    monkeypatch.setattr(folder_entries, "is_marked_hidden", lambda state: state.st_ino in marked)
    paths, found = walked(root)
    assert paths == ["a.jpg", "x/c.jpg"]
    assert skipped_lines([found]) == ["skipped: 1 hidden folder and 1 hidden file (--take hidden)"]
    assert len(walked(root, Rules(frozenset({"hidden"})))[0]) == 4
    assert "Library/b.jpg" in walked(root, Rules(include=("Library",)))[0]


def test_the_marks_of_windows_and_macos_are_known() -> None:
    class State:
        st_file_attributes = 0x2

    assert folder_entries.is_marked_hidden(State())  # type: ignore[arg-type]
    State.st_file_attributes, State.st_flags = 0x20, 0x8000  # type: ignore[attr-defined]
    assert folder_entries.is_marked_hidden(State())  # type: ignore[arg-type]
    State.st_flags = 0x1  # type: ignore[attr-defined]
    assert not folder_entries.is_marked_hidden(State())  # type: ignore[arg-type]
    assert not folder_entries.is_marked_hidden(Path().stat())


def test_links_are_judged_by_the_name_of_the_link(tmp_path: Path) -> None:
    make(tmp_path / "far", ["c.jpg", ".thumbnails/c.jpg", "@eaDir/c.jpg"])
    root = make(tmp_path / "root", ["a.jpg"])
    for link, target in {
        "far": "far", ".far": "far/@eaDir", "._c.jpg": "far/c.jpg", "c.jpg": "far/c.jpg",
    }.items():  # fmt: skip
        (root / link).symlink_to(tmp_path / target)
    found = Listing()
    paths = [file.path for file in walk(str(root), found, RealPlaces([root]))]
    assert paths == ["a.jpg", "c.jpg"]
    assert found.skipped_folders == {"hidden": 1, "previews": 2} and found.skipped_files == {
        "companions": 1
    }


def test_a_glob_that_changes_nothing_is_named(tmp_path: Path) -> None:
    rules = Rules(exclude=("scanz", "*.gif"), include=("*.png", "keep/*.gif"))
    root = make(tmp_path, ["a.jpg", "b.png", "c.gif", "keep/d.gif", "scans/e.jpg"])
    paths, found = walked(root, rules)
    assert paths == ["a.jpg", "b.png", "keep/d.gif", "scans/e.jpg"]
    first, second = unused_lines([found], rules)
    assert (
        first == "--exclude 'scanz' names nothing: globs are of paths from the picture folder down"
    )
    assert second.startswith("--include '*.png' takes nothing back: ")
    assert unused_lines(
        [found, walked(make(tmp_path / "2", ["scanz/a.jpg"]), rules)[1]], rules
    ) == [second]


def test_a_folder_whose_pictures_are_all_skipped_says_so(tmp_path: Path) -> None:
    source = FolderSource.at(make(tmp_path, ["._a.jpg", ".trash/b.jpg"]))
    with pytest.raises(ImgrecError, match=r"no pictures in .*skipped: 1 trash folder \(--take tr"):
        source.check()
    source.check(rules=Rules(frozenset({"trash"})))
    with pytest.raises(ImgrecError, match=r"1 excluded folder \(--no-exclude\)"):
        FolderSource.at(make(tmp_path / "x", ["y/a.jpg"])).check(rules=Rules(exclude=("y",)))
