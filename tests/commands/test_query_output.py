"""What `imgrec query` prints for people and programs: paths, lists, links, the viewer."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from imgrec import ImgrecError, Options, Store, index_folders
from imgrec.query import main
from imgrec.system import viewer
from pictures import picture

ASKED = "discs/000.jpg"


def _run(store: Path, *arguments: str) -> int:
    try:
        return main([*arguments, "--store", str(store)])
    except SystemExit as left:
        return int(left.code or 0)


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _paths(photo_store: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert _run(photo_store, *arguments, "--json") == 0
    return [result["file"] for result in json.loads(capsys.readouterr().out)["results"]]


def test_paths_are_absolute_and_those_of_the_json(
    photo_store: Path, photos: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert _run(photo_store, ASKED, "-k", "3", "--json") == 0
    files = [result["file"] for result in json.loads(capsysbinary.readouterr().out)["results"]]
    assert len(files) == 3 and all(Path(file).is_relative_to(photos) for file in files)
    assert all(Path(file).is_file() for file in files)
    assert _run(photo_store, ASKED, "-k", "3", "--paths") == 0
    assert capsysbinary.readouterr().out == b"".join(os.fsencode(f) + b"\n" for f in files)
    for null in ("-0", "--null"):
        assert _run(photo_store, ASKED, "-k", "3", null) == 0
        assert capsysbinary.readouterr().out == b"".join(os.fsencode(f) + b"\0" for f in files)


@pytest.fixture
def breaking(tmp_path: Path) -> Path:
    """Index two pictures, one of which has a line break in its name and a byte that is no UTF-8."""
    (tmp_path / "photos").mkdir()
    picture("discs", 1).save(tmp_path / "photos" / "a.png")
    name = os.fsdecode(b"b\nc\xff.png")
    try:
        picture("discs", 2).save(tmp_path / "photos" / name)
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such name")
    index_folders([tmp_path / "photos"], tmp_path / "store", Options(("mini",), workers=0))
    return tmp_path


def test_a_name_with_a_line_break_is_only_in_the_list_with_nul(
    breaking: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    photos, store = os.fsencode(breaking / "photos"), breaking / "store"
    assert _run(store, "--under", str(breaking / "photos"), "--paths") == 0
    out, err = capsysbinary.readouterr()
    assert out == photos + b"/a.png\n"
    assert b"1 picture has a line break in its name and is left out: use -0" in err
    assert _run(store, "--under", str(breaking / "photos"), "-0") == 0
    out, err = capsysbinary.readouterr()
    assert out == photos + b"/a.png\0" + photos + b"/b\nc\xff.png\0"
    assert err == b""


def test_a_filter_alone_lists_its_pictures_by_path(
    photo_store: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = sorted(str(file) for file in (photos / "discs").iterdir())
    assert _run(photo_store, "--where", "folder=discs") == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == f"{len(expected)} pictures, by path"
    assert [line.split()[0] for line in lines] == [
        Path(file).relative_to(photos).as_posix() for file in expected
    ]
    assert all("folder=discs" in line for line in lines)
    assert _run(photo_store, "--under", "discs", "-k", "2") == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == f"2 of {len(expected)} pictures, by path"
    assert len(lines) == 2
    assert _paths(photo_store, capsys, "--under", "discs") == expected
    assert _paths(photo_store, capsys, "--under", "discs", "-k", "3") == expected[:3]


def test_a_list_spans_several_folders_in_the_order_of_the_whole_path(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("b", "a"):
        shutil.copytree(photos / "discs", tmp_path / name)
    roots = [tmp_path / "b", tmp_path / "a"]
    index_folders(roots, tmp_path / "store", Options(("mini",), workers=0))
    every = sorted(str(file) for root in roots for file in root.iterdir())
    found = _paths(tmp_path / "store", capsys, *(a for r in roots for a in ("--under", str(r))))
    assert found == every
    count = len(every) // 2 + 1
    limited = ("-k", str(count), *(a for r in roots for a in ("--under", str(r))))
    assert _paths(tmp_path / "store", capsys, *limited) == every[:count]


@pytest.mark.parametrize(
    "option",
    [
        *(["--metric", "chi2"], ["--fuse", "min"], ["--encoder", "rgb"], ["--features", "mini=1"]),
        *(["--index", "hnsw"], ["--exact"], ["--weights", "w.pth"], ["--device", "cpu"]),
        *(["--cache", "none"], ["--grid", "g.png"], ["--not", ASKED], ["--not-text", "dog"]),
    ],
    ids=lambda option: option[0],
)
def test_a_list_takes_no_option_of_a_question(
    option: list[str], photo_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(photo_store, "--where", "folder=discs", *option) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    name = "--index" if option == ["--exact"] else option[0]
    assert f"nothing is asked, and {name} is for a question" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--json", "--paths"], "--json and --paths exclude each other"),
        (["--json", "-0"], "--json and -0 exclude each other"),
        (["--paths", "--details"], "--paths and --details exclude each other"),
        (["-0", "--pages"], "-0 and --pages exclude each other"),
        (["--exact", "--index", "sketch"], "not allowed with argument"),
        (["--encoder", "mini", "--features", "rgb=1"], "exclude each other"),
        (["--weights", "absent.pth"], "absent.pth: there is no such file"),
        (["--device", "gpu"], "the device 'gpu' is unknown: give auto, cpu, cuda"),
        (["--device", "cuda:x"], "the device 'cuda:x' is unknown"),
        (["--cache", "/no-such-folder/v.sqlite"], "at the top of the disk"),
        (["--cache", ""], "an empty name"),
        (["--grid", "no-such-folder/a.png"], "there is no folder no-such-folder"),
        (["-k", "x"], "'x' is no whole number"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(
    options: list[str],
    message: str,
    photo_store: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _run(photo_store, ASKED, *options) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err


def test_weights_for_features_that_take_none_are_refused(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "w.pth").write_bytes(b"")
    assert _run(photo_store, ASKED, "--weights", str(tmp_path / "w.pth")) == 2
    assert "are for a model by its name, and what is compared is mini" in capsys.readouterr().err


def test_a_picture_under_not_that_is_asked_for_is_told(
    photo_store: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(photo_store, ASKED, "--not", "checks/000.jpg") == 0
    assert capsys.readouterr().err == ""
    shutil.copy(photos / ASKED, tmp_path / "copy.jpg")
    for same in (ASKED, str(photos / ASKED), str(tmp_path / "copy.jpg")):
        assert _run(photo_store, ASKED, "--not", same) == 0
        assert "is asked for and unwanted at once" in capsys.readouterr().err
    picture("discs", 99).save(tmp_path / "new.png")
    new = str(tmp_path / "new.png")
    assert _run(photo_store, new, "--not", new, "--json", "--cache", "none") == 0
    (told,) = json.loads(capsys.readouterr().out)["warnings"]
    assert told.startswith(f"{new} is asked for and unwanted at once")


@pytest.fixture
def with_site(photos: Path, tmp_path: Path) -> Path:
    """Index the photos and write a site."""
    from graph.__main__ import main as graph

    index_folders([photos], tmp_path / "store", Options(("mini",), workers=0))
    command = ["--store", str(tmp_path / "store"), "--out", str(tmp_path / "site")]
    assert graph([*command, "--workers", "0"]) == 0
    return tmp_path / "store"


def test_links_to_pages_are_printed_in_a_terminal_and_where_asked(
    with_site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    capsys.readouterr()
    assert _run(with_site, ASKED, "-k", "2") == 0
    assert "page of" not in capsys.readouterr().out
    assert _run(with_site, ASKED, "-k", "2", "--pages") == 0
    asked = capsys.readouterr().out.splitlines()[1:]
    assert [line[:10] for line in asked[-2:]] == ["page of 1:", "page of 2:"]
    assert _run(with_site, "--under", "discs", "-k", "1", "--pages") == 0
    assert capsys.readouterr().out.splitlines()[-1].strip().startswith(with_site.parent.as_uri())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert _run(with_site, ASKED, "-k", "2") == 0
    assert capsys.readouterr().out.splitlines()[1:] == asked


def test_the_community_of_a_result_has_its_name(
    with_site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from imgrec import Store
    from imgrec.labels.community_names import names_of

    with Store.open(with_site) as store:
        names, labels = names_of(store), store.catalog.labels.of_kind("community")
    capsys.readouterr()
    for question in ([ASKED, "-k", "3"], ["--under", "discs"]):
        assert _run(with_site, *question, "--json") == 0
        results = json.loads(capsys.readouterr().out)["results"]
        assert results
        for result in results:
            path = labels[result["id"]]
            assert result["community"] == names.of(path)
            assert result["labels"]["community"] == path
        assert _run(with_site, *question) == 0
        shown = capsys.readouterr().out
        assert all(f"community={result['community']}" in shown for result in results)


def test_pages_are_asked_for_and_there_are_none(
    photo_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for question in ([ASKED], ["--under", "discs"]):
        assert _run(photo_store, *question, "--pages") == 0
        told = capsys.readouterr().err
        assert f"imgrec graph --store {photo_store} --out SITE" in told


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a viewer that writes down what it was given before all others; return its list."""
    if sys.platform == "win32":
        pytest.skip("Windows opens files by a call")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    text = f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/shown\n'
    for name in ("xdg-open", "open"):
        _executable(bin_folder / name, text)
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":7")
    return tmp_path / "shown"


def test_open_gives_the_files_found_to_the_viewer(
    photo_store: Path, shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = _paths(photo_store, capsys, ASKED, "-k", "3")
    assert _run(photo_store, ASKED, "-k", "3", "--open") == 0
    assert sorted(shown.read_text().splitlines()) == sorted(files)
    assert "page of" not in capsys.readouterr().out


def test_open_shows_no_more_than_twenty_and_only_pictures_that_are_there(
    photo_store: Path, shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(photo_store, ASKED, "-k", "23", "--open") == 2
    assert "23 pictures are too many windows" in capsys.readouterr().err
    assert not shown.exists()


@pytest.mark.parametrize(
    ("file", "message"),
    [("run.sh", "is no picture by its name"), ("absent.png", "is not there")],
)
def test_what_is_no_picture_is_not_opened(file: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("")
    with pytest.raises(ImgrecError, match=message):
        viewer.check_viewable([str(tmp_path / file)], {".png"})
    with pytest.raises(ImgrecError, match="is no picture by its name"):
        viewer.check_viewable(["relative.png"], {".png"})


def test_where_there_is_no_viewer_one_line_says_what_to_do_instead(
    photo_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImgrecError, match="xdg-open is not installed: use --paths"):
        viewer.viewer_command("linux", {"DISPLAY": ":0"})
    _executable(tmp_path / "xdg-open", "#!/bin/sh\nexit 3\n")
    with pytest.raises(ImgrecError, match="there is no screen here"):
        viewer.viewer_command("linux", {})
    assert viewer.viewer_command("linux", {"WAYLAND_DISPLAY": "w"}) == ("xdg-open",)
    assert viewer.viewer_command("darwin", {}) == ("open",)
    assert viewer.viewer_command("win32", {}) == ()
    with pytest.raises(ImgrecError, match="xdg-open ended with 3"):
        viewer.open_files(("xdg-open",), [tmp_path / "a.png"])
    with pytest.raises(ImgrecError, match="cannot be started"):
        viewer.open_files(("no-such-viewer",), [tmp_path / "a.png"])


def test_an_empty_answer_says_that_pictures_wait_to_be_indexed(
    own_store: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = str(photos / ASKED)
    assert _run(own_store, asked) == 0
    assert "not indexed yet" not in capsys.readouterr().err
    with (
        Store.open(own_store) as store,
        store.writable() as open_,
        open_.catalog.transaction() as db,
    ):
        db.execute("UPDATE images SET status = 'new'")
    assert _run(own_store, asked) == 0
    captured = capsys.readouterr()
    assert "0 of 0 pictures" in captured.out
    assert "imgrec query: 24 pictures not indexed yet: run imgrec index --store " in captured.err
