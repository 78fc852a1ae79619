"""Pictures that are there and do not belong to the collection: said everywhere, and never moved."""

import json
import os
import shutil
import unicodedata
from pathlib import Path

import pytest

from imgrec import ImgrecError, Options, Recommender, Store, Summary, index_folders
from imgrec.catalog import main as catalog_command
from imgrec.checks import check_store
from imgrec.index import main as index_command
from imgrec.index import report, told
from imgrec.reporting.facts.health import Health
from imgrec.reporting.sections.health import _lines
from pictures import picture
from stores import HERE, statuses


class Ground:
    """A store of two folders, `one` with three pictures and `two` with one."""

    def __init__(self, top: Path) -> None:
        self.one, self.two, self.store = top / "one", top / "two", top / "store"
        (self.one / "x").mkdir(parents=True)
        self.two.mkdir()
        for number, name in enumerate(("a.png", "b.png", "x/c.png")):
            picture("discs", number).save(self.one / name)
        picture("checks", 9).save(self.two / "own.png")

    def index(self, *folders: Path, **options: object) -> Summary:
        return index_folders(folders, self.store, Options(**{**vars(HERE), **options}))  # type: ignore[arg-type]

    def ids(self) -> dict[str, int]:
        """Return {path: id} of the ok pictures, with the name of the root in front."""
        with Store.open(self.store) as store:
            rows = store.catalog.entries_with("ok")
            return {f"{Path(row.root).name}/{row.path}": row.id for row in rows}


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def test_a_folder_that_only_leaves_out_is_told_and_comes_back_unread(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.index(ground.one)
    before = ground.ids()
    summary = ground.index(ground.two, only=True)
    assert (summary.left_out, summary.gone, summary.moved, summary.done) == (3, 0, 0, 1)
    assert summary.counts == {"new": 0, "ok": 1, "failed": 0, "missing": 0, "left-out": 3}
    assert (
        report(summary, verbose=True).splitlines()[0]
        == "1 picture, 0 failed, 0 missing, 3 left out"
    )
    counts, *did = told(summary)
    assert counts == "1 picture"
    assert did[:2] == ["1 new", "3 left out"] and did[2].startswith("1 read (")

    assert catalog_command(["--store", str(ground.store)]) == 0
    out = capsys.readouterr().out
    assert f"root: {ground.one}: 0 pictures, 3 left out\n" in out
    assert catalog_command(["--store", str(ground.store), "--left-out", "--missing"]) == 0
    out = capsys.readouterr().out
    names = ["a.png", "b.png", os.path.join("x", "c.png")]
    assert out == "".join(f"left-out\t{ground.one / name}\n" for name in names)
    assert catalog_command(["--store", str(ground.store), "--left-out", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pictures"]["left-out"] == 3
    assert [root["left_out"] for root in found["roots"]] == [3, 0]
    assert [file["reason"] for file in found["files"]] == ["left-out"] * 3

    with Recommender.open(ground.store, cache="none") as recommender:
        with pytest.raises(ImgrecError, match=r"^a\.png is left out of the collection: name its"):
            recommender.query(["a.png"])
        with pytest.raises(ImgrecError, match=r"^picture 1 \(a\.png\) is left-out: name another"):
            recommender.query([1])
        # Its file is a picture like any other.
        results = recommender.query([ground.one / "a.png"], k=5).results
        assert [result.path for result in results] == ["own.png"]
        lines = _lines(Health.of(recommender.store))
        assert lines[0] == "1 pictures are readable, 0 failed, 0 are missing, 3 are left out."
    assert check_store(ground.store)[0].findings == ()

    back = ground.index(ground.one)
    assert (back.done, back.new, back.moved, back.left_out) == (0, 0, 0, 0)
    assert {**before, "two/own.png": 4} == ground.ids()


def test_a_copy_of_what_is_left_out_was_not_moved(ground: Ground) -> None:
    ground.index(ground.one)
    before = ground.ids()
    shutil.copy2(ground.one / "a.png", ground.two / "copy.png")
    summary = ground.index(ground.two, only=True)
    assert (summary.new, summary.moved, summary.counts["left-out"]) == (2, 0, 3)
    assert (back := ground.index(ground.one)).new == back.done == 0
    assert ground.ids().items() >= before.items()
    # Where the old file is gone it was moved.
    ground.index(ground.two, only=True)
    (ground.one / "b.png").rename(ground.two / "moved.png")
    summary = ground.index(ground.two, only=True)
    assert (summary.new, summary.moved) == (0, 1)
    assert ground.ids()["two/moved.png"] == before["one/b.png"]


def test_a_folder_inside_or_around_what_is_left_out_keeps_the_ids(ground: Ground) -> None:
    """Then one file lies below two roots, under another path in each."""
    ground.index(ground.one)
    before = ground.ids()
    summary = ground.index(ground.one / "x", only=True)
    assert (summary.new, summary.moved, summary.left_out) == (0, 1, 2)
    assert ground.ids() == {"x/c.png": before["one/x/c.png"]}
    assert ground.index(ground.one, only=True).new == 0
    assert ground.ids() == before


def test_a_rule_leaves_out_what_is_there_and_its_end_brings_it_back(ground: Ground) -> None:
    ground.index(ground.one)
    before = ground.ids()
    (ground.one / "b.png").unlink()
    summary = ground.index(ground.one, exclude=("x", "b.png"))
    assert (summary.left_out, summary.gone, summary.counts["ok"]) == (1, 1, 1)
    assert statuses(ground.store) == {"a.png": "ok", "b.png": "missing", "x/c.png": "left-out"}
    # Another run changes nothing.
    assert (again := ground.index()).left_out == again.gone == again.new == 0
    summary = ground.index(forget=("exclude",))
    assert (summary.new, summary.done, summary.moved) == (0, 0, 0)
    assert ground.ids() == {path: i for path, i in before.items() if path != "one/b.png"}


def test_a_lost_catalog_comes_back_with_what_was_left_out(ground: Ground) -> None:
    ground.index(ground.one)
    ground.index(ground.two, only=True)
    before = statuses(ground.store)
    (ground.store / "catalog.sqlite").unlink()
    summary = ground.index()
    assert (summary.done, summary.new, summary.left_out) == (0, 0, 0)
    assert statuses(ground.store) == before
    ground.index(ground.one, ground.two, exclude=("x",))
    before = statuses(ground.store)
    assert before["x/c.png"] == "left-out"
    (ground.store / "catalog.sqlite").unlink()
    assert ground.index().new == 0
    assert statuses(ground.store) == before


def test_a_root_that_takes_the_place_of_one_that_is_left_out(
    ground: Ground, tmp_path: Path
) -> None:
    ground.index(ground.one, ground.two)
    before = ground.ids()
    ground.index(ground.one, only=True)
    # What was `one` lies at `two` now, where `two` was.
    shutil.rmtree(ground.two)
    ground.one.rename(ground.two)
    command = ["--store", str(ground.store), "--relocate", str(ground.one), str(ground.two)]
    assert index_command(command) == 0
    assert (summary := ground.index()).new == summary.moved == summary.gone == 0
    moved = {path.replace("one/", "two/"): i for path, i in before.items() if "one/" in path}
    assert ground.ids() == moved
    assert check_store(ground.store)[0].findings == ()


def test_a_root_of_windows_is_relocated_as_text(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.index(ground.one)
    before = ground.ids()
    with Store.create(ground.store) as store:
        store.catalog.db.execute("UPDATE roots SET path = 'D:\\Photos\\one'")
    command = ["--store", str(ground.store), "--relocate"]
    assert index_command([*command, "E:\\Photos", str(ground.one.parent)]) == 2
    said = "the store has no folder E:\\Photos (there: D:\\Photos\\one): name one of these"
    assert said in capsys.readouterr().err
    assert index_command([*command, "d:/photos/", str(ground.one.parent)]) == 0
    said = f"D:\\Photos\\one is {ground.one} now: 3 pictures, 3 of 3 looked for are there\n"
    assert capsys.readouterr().out == said
    assert (summary := ground.index()).new == summary.moved == summary.done == 0
    assert ground.ids() == before


def test_reread_finds_what_no_version_shows(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on Windows, which tells neither ctime nor inode of an edit in place."""
    ground.index(ground.one)
    for name in ("a.png", "x/c.png"):
        file, state = ground.one / name, (ground.one / name).stat()
        file.write_bytes(file.read_bytes()[:-1] + b"!")
        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    with Store.create(ground.store) as store:
        store.catalog.db.execute("UPDATE images SET token = ''")
    assert ground.index().changed == 0
    summary = ground.index(reread="x/*")
    assert (summary.compared_again, summary.changed, summary.new) == (1, 1, 1)
    assert ground.index(reread=str(ground.one / "b.png")).compared_again == 1
    summary = ground.index(reread="")
    assert (summary.compared_again, summary.changed, summary.done) == (3, 1, 1)
    assert "1 changed, 3 compared again, 1 read" in ", ".join(told(summary))
    for glob, says in (("y/*", "no picture of the store"), ("a/../b", "has '..'")):
        assert index_command(["--store", str(ground.store), "--reread", glob]) == 2
        err = capsys.readouterr().err
        assert says in err and err.count("\n") == 1


@pytest.mark.parametrize(("kept", "typed"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_in_both_normal_forms_are_one_name(ground: Ground, kept: str, typed: str) -> None:
    inside, asked = (unicodedata.normalize(form, "K\u00f6ln/\u00fc.png") for form in (kept, typed))  # type: ignore[arg-type]
    folder = asked.partition("/")[0]
    (ground.one / inside).parent.mkdir()
    picture("stripes", 1).save(ground.one / inside)
    ground.index(ground.one)
    with Recommender.open(ground.store, cache="none") as recommender:
        assert _found(recommender, "a.png", where=[f"folder={folder}"]) == {inside}
        for under in (folder, str(ground.one / folder)):
            assert _found(recommender, "a.png", under=[under]) == {inside}
        for named in (asked, ground.one / asked):
            assert _found(recommender, named) == {"a.png", "b.png", "x/c.png"}


def _found(recommender: Recommender, asked: Path | str, **filters: list[str]) -> set[str]:
    return {result.path for result in recommender.query([asked], k=9, **filters).results}  # type: ignore[arg-type]
