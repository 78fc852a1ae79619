"""Walking a folder: every picture is listed once under its real path, with links or without."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from imgrec.errors import ImgrecError
from imgrec.pictures.decoding import SUFFIXES
from imgrec.sources.folder import FolderSource
from imgrec.sources.links import RealPlaces
from imgrec.sources.rules import Rules
from imgrec.sources.source import Listing
from imgrec.sources.versions import listed_at
from imgrec.sources.walk import walk


def write(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def places(root: Path, roots: Sequence[Path] | None = None, follow: bool = True) -> list[str]:
    found = walk(str(root), Listing(), RealPlaces(roots or [root]) if follow else None)
    return [file.path for file in found]


def test_names_sizes_and_times_equal_those_of_the_files(tmp_path: Path) -> None:
    names = ["a.jpg", "b/c.PNG", "b/.hidden.gif", "b/d.txt", ".jpg", "e.jpg.txt", "f.tif/g.jpeg"]
    for length, name in enumerate(names):
        write(tmp_path / name, b"x" * length)
    found = Listing(Rules(frozenset({"hidden"})))
    files = list(walk(str(tmp_path), found))
    expected = {
        os.path.relpath(os.path.join(folder, name), tmp_path)
        for folder, _, inside in os.walk(tmp_path)
        for name in inside
        if os.path.splitext(name)[1].lower() in SUFFIXES
    }
    assert {file.path for file in files} == expected
    assert (found.files, found.others) == (len(expected), len(names) - len(expected))
    for file in files:
        state = (tmp_path / file.path).stat()
        assert (file.size, file.mtime_ns) == (state.st_size, state.st_mtime_ns)
        assert file == listed_at(file.path, state)


def test_the_same_tree_is_walked_in_the_same_order(tmp_path: Path) -> None:
    names = [f"{folder}/{name}.jpg" for folder in "cab" for name in "zxy"]
    for name in names:
        write(tmp_path / "one" / name)
    for name in reversed(names):
        write(tmp_path / "two" / name)
    assert places(tmp_path / "one") == places(tmp_path / "two")


class TestLinks:
    """Symbolic links, followed if that was asked for."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        write(tmp_path / "root" / "a.jpg")
        write(tmp_path / "root" / "sub" / "b.jpg")
        write(tmp_path / "outside" / "c.jpg")
        write(tmp_path / "outside" / "deep" / "d.jpg")
        return tmp_path / "root"

    def test_are_counted_and_not_followed_unless_asked(self, root: Path) -> None:
        (root / "out").symlink_to(root.parent / "outside")
        (root / "c.jpg").symlink_to(root.parent / "outside" / "c.jpg")
        # A link to neither a folder nor a picture.
        (root / "notes").symlink_to(root.parent / "nowhere")
        found = Listing()
        assert [file.path for file in walk(str(root), found)] == ["a.jpg", "sub/b.jpg"]
        assert (found.links, found.others) == (2, 1)

    def test_a_linked_folder_or_file_is_listed_at_the_path_of_the_link(self, root: Path) -> None:
        (root / "out").symlink_to(root.parent / "outside" / "deep")
        (root / "c.jpg").symlink_to(root.parent / "outside" / "c.jpg")
        assert places(root) == ["a.jpg", "sub/b.jpg", "c.jpg", "out/d.jpg"]

    @pytest.mark.parametrize("target", [".", "..", "sub", "sub/b.jpg", "a.jpg", "loop.jpg"])
    def test_link_loops_end_and_pictures_below_the_root_are_listed_once(
        self, root: Path, target: str
    ) -> None:
        (root / "sub" / "loop.jpg").symlink_to(root / target)
        found = places(root)
        assert sorted(found)[:2] == ["a.jpg", "sub/b.jpg"]
        real = [os.path.realpath(root / path) for path in found]
        assert len(set(real)) == len(real)
        # ".." contains the root, which is not entered again, and its siblings, which are.
        assert len(found) == (4 if target == ".." else 2)

    def test_of_several_links_the_first_by_path_and_the_shortest_wins(self, root: Path) -> None:
        (root / "y").symlink_to(root.parent / "outside")
        (root / "x").symlink_to(root.parent / "outside" / "deep")
        (root / "z.jpg").symlink_to(root.parent / "outside" / "c.jpg")
        assert places(root)[2:] == ["x/d.jpg", "y/c.jpg"]

    def test_links_behind_links_are_followed(self, root: Path) -> None:
        write(root.parent / "far" / "e.jpg")
        (root.parent / "outside" / "on").symlink_to(root.parent / "far")
        (root.parent / "far" / "back").symlink_to(root.parent / "outside")
        (root / "out").symlink_to(root.parent / "outside")
        assert places(root)[2:] == ["out/c.jpg", "out/deep/d.jpg", "out/on/e.jpg"]

    def test_pictures_of_another_root_are_not_listed_through_a_link(self, root: Path) -> None:
        (root / "out").symlink_to(root.parent / "outside" / "deep")
        assert places(root, [root, root.parent / "outside"]) == ["a.jpg", "sub/b.jpg"]

    def test_broken_links_and_links_to_no_picture_list_nothing(self, root: Path) -> None:
        (root / "gone.jpg").symlink_to(root.parent / "gone.jpg")
        (root / "self.jpg").symlink_to(root / "self.jpg")
        os.mkfifo(root.parent / "pipe")
        (root / "pipe.jpg").symlink_to(root.parent / "pipe")
        assert places(root) == ["a.jpg", "sub/b.jpg"]

    def test_output_folders_of_imgrec_behind_a_link_are_skipped(self, root: Path) -> None:
        write(root.parent / "site" / "site.json", b'{"written_by": "imgrec 0.1.0"}')
        write(root.parent / "site" / "sheet.jpg")
        (root / "site").symlink_to(root.parent / "site")
        found = Listing()
        assert len(list(walk(str(root), found, RealPlaces([root])))) == 2
        assert found.outputs == ["site"]


def test_why_a_root_is_offline(tmp_path: Path) -> None:
    write(tmp_path / "there" / "notes.txt")
    (tmp_path / "empty").mkdir()
    write(tmp_path / "file")
    assert FolderSource.at(tmp_path / "there").why_offline() is None
    assert FolderSource.at(tmp_path / "empty").why_offline() == f"{tmp_path / 'empty'} is empty"
    for absent in (tmp_path / "gone", tmp_path / "file"):
        assert FolderSource.at(absent).why_offline() == f"{absent} is not there"


def test_the_error_for_a_folder_of_links_only_names_the_option(tmp_path: Path) -> None:
    write(tmp_path / "outside" / "a.jpg")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.jpg").symlink_to(tmp_path / "outside" / "a.jpg")
    with pytest.raises(ImgrecError, match=r"not followed: 1 \(--follow-links\)"):
        FolderSource.at(tmp_path / "root").check()
    FolderSource.at(tmp_path / "root").check(RealPlaces([tmp_path / "root"]))
