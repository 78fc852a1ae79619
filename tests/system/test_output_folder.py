"""What may be replaced: an absent or empty folder, and one in which every file is listed."""

import json
from pathlib import Path
from typing import Any

import pytest

from imgrec import ImgrecError
from imgrec.system.output_folder import LOGDIR, REPORT, REVIEW, SITE, OutputFolder
from imgrec.version import __version__

FILES = ("index.html", "pages/community-1.html", "sheets/index.jpg")


def _written(out: Path, *files: str, **marker: Any) -> None:
    """Write a site of some files, and its marker with changed values."""
    for name in files:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(name, "utf-8")
    described = json.loads(SITE.described(out, {"title": "t"}))
    (out / "site.json").write_text(json.dumps({**described, **marker}), "utf-8")


def _refused(out: Path, kind: OutputFolder = SITE) -> str:
    before = sorted(out.rglob("*")) if out.is_dir() else out.read_bytes()
    with pytest.raises(ImgrecError) as error:
        kind.check_place(out)
    assert before == (sorted(out.rglob("*")) if out.is_dir() else out.read_bytes())
    return str(error.value)


def test_the_marker_lists_every_file_and_no_folder(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, "utf-8")
    (tmp_path / "empty").mkdir()
    text = SITE.described(tmp_path, {"title": "t"})
    assert text.endswith("}\n")
    assert '\n  "title": "t",\n' in text
    assert json.loads(text) == {
        "format": SITE.format,
        "written_by": f"imgrec {__version__}",
        "title": "t",
        "files": sorted(FILES),
    }


def test_absent_and_empty_folders_and_our_own_may_be_written(tmp_path: Path) -> None:
    SITE.check_place(tmp_path / "absent")
    SITE.check_place(tmp_path)
    _written(tmp_path, *FILES)
    SITE.check_place(tmp_path)
    # A file that is gone since is no reason to stop.
    (tmp_path / "index.html").unlink()
    SITE.check_place(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", "utf-8")
    for kind in (SITE, REPORT, REVIEW, LOGDIR):
        assert _refused(tmp_path / "file", kind) == (
            f"{tmp_path / 'file'} is a file: name a folder for the {kind.what}"
        )


def test_a_folder_without_our_marker_is_not_ours(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text("mine", "utf-8")
    told = f"{tmp_path} is not empty and holds no site of ours (a.txt): name another folder"
    assert _refused(tmp_path) == told
    # Whatever stands in a file of that name.
    for text in ("{", "[]", "5", "{}", '{"written_by": "another 1"}', '{"written_by": "imgrec"}'):
        (tmp_path / "site.json").write_text(text, "utf-8")
        assert _refused(tmp_path) == told


def test_the_marker_of_another_kind_is_not_ours(tmp_path: Path) -> None:
    _written(tmp_path, *FILES)
    assert _refused(tmp_path, REPORT) == (
        f"{tmp_path} is not empty and holds no report of ours (index.html): name another folder"
    )


@pytest.mark.parametrize("changed", [{"format": 99}, {"format": None}, {"files": "index.html"}])
def test_a_marker_of_another_format_does_not_list_files(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    _written(tmp_path, *FILES, **changed)
    assert _refused(tmp_path) == (
        f"{tmp_path} holds a site of another version, which does not list its files: "
        "delete it, or name another folder"
    )


@pytest.mark.parametrize("name", ["mine.txt", "pages/mine.txt", "pages/community-2.html"])
def test_a_file_that_is_not_listed_is_named(tmp_path: Path, name: str) -> None:
    _written(tmp_path, *FILES)
    (tmp_path / name).write_text("mine", "utf-8")
    assert _refused(tmp_path) == (
        f"{tmp_path} holds {name}, which is not part of the site and would be lost: "
        "move it away, or name another folder"
    )


def test_a_folder_that_holds_no_listed_file_is_named_at_any_depth(tmp_path: Path) -> None:
    _written(tmp_path, *FILES)
    (tmp_path / "pages" / "mine" / "deep").mkdir(parents=True)
    assert f"{tmp_path} holds pages/mine/, which is not part of" in _refused(tmp_path)


@pytest.mark.parametrize("target", ["index.html", "pages"])
def test_links_are_not_ours(tmp_path: Path, target: str) -> None:
    _written(tmp_path, *FILES)
    (tmp_path / "link").symlink_to(target)
    assert f"{tmp_path} holds link, which is not part of the site" in _refused(tmp_path)
