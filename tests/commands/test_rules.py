"""Rules at the command line: what is left out, said, kept, forgotten and shown."""

import json
import shutil
from pathlib import Path

import pytest

from imgrec.catalog import main as catalog
from imgrec.index import main as index
from pictures import encoded, picture
from stores import statuses


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Make a folder with pictures in ordinary places and in places that programs leave."""
    root = tmp_path / "photos"
    for seed, name in enumerate(
        ["a.png", "b.gif", "scans/c.png", "scans/best/d.png", ".private/e.png", "@eaDir/a.png"]
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture("discs", seed, (40, 30)).save(root / name)
    shutil.copy(root / "a.png", root / "._a.png")
    (root / "film.mp4").write_bytes(b"x")
    return root


class Runs:
    """Runs of one store, in this process."""

    def __init__(self, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.photos, self.store = photos, photos.parent / "store"
        self._capsys = capsys

    def index(self, *arguments: str) -> tuple[list[str], list[str]]:
        """Return the lines of a run: standard output and standard error."""
        self._capsys.readouterr()
        options = ["--store", str(self.store), "--encoder", "mini", "--workers", "0"]
        assert index([str(self.photos), *options, *arguments]) == 0
        out, err = self._capsys.readouterr()
        return out.splitlines(), err.splitlines()

    def catalog(self, *arguments: str) -> str:
        self._capsys.readouterr()
        assert catalog(["--store", str(self.store), *arguments]) == 0
        return self._capsys.readouterr().out

    def ok(self) -> list[str]:
        return sorted(path for path, state in statuses(self.store).items() if state == "ok")


@pytest.fixture
def runs(photos: Path, capsys: pytest.CaptureFixture[str]) -> Runs:
    return Runs(photos, capsys)


def test_what_is_left_out_is_said_and_rules_are_kept_until_forgotten(runs: Runs) -> None:
    ordinary = ["a.png", "b.gif", "scans/best/d.png", "scans/c.png"]
    out, _ = runs.index()
    assert runs.ok() == ordinary
    assert out[:2] == [
        "skipped: 1 hidden folder (--take hidden), 1 preview folder (--take previews), "
        "1 companion file (--take companions)",
        "1 file not taken: 1 MP4",
    ]
    assert "rules:" not in runs.catalog()

    out, err = runs.index("--exclude", "scans", "--exclude", "*.GIF", "--include", "scans/best")
    assert runs.ok() == ["a.png", "scans/best/d.png"]
    assert "2 excluded files (--no-exclude)" in out[0]
    assert not [line for line in err if "names nothing" in line or "takes nothing" in line]
    # The next run knows them still, and reads nothing.
    out, _ = runs.index()
    assert runs.ok() == ["a.png", "scans/best/d.png"]
    assert "pictures, nothing new, " in out[-1]
    rules = "--exclude scans --exclude '*.GIF' --include scans/best"
    assert f"rules: {rules}\n" in runs.catalog()
    assert json.loads(runs.catalog("--json"))["rules"] == {
        "take": [], "exclude": ["scans", "*.GIF"], "include": ["scans/best"]
    }  # fmt: skip

    # A kind more, and one exclusion instead of two.
    out, _ = runs.index("--take", "hidden", "--no-exclude", "--exclude", "b.*", "--no-include")
    assert runs.ok() == [".private/e.png", "a.png", "scans/best/d.png", "scans/c.png"]
    # What comes back is not read again: only the hidden one is new.
    assert " pictures, 1 new, " in out[-1] and "1 read (" in out[-1]
    assert "1 back" in out[-1]
    out, _ = runs.index("--no-take", "--no-exclude")
    assert runs.ok() == ordinary
    assert " pictures, 1 back, 1 left out, " in out[-1]
    assert "photos: 4 pictures, 1 left out\n" in runs.catalog()


def test_a_raw_file_is_taken_where_no_picture_stands_beside_it(runs: Runs) -> None:
    def write_raw(name: str, seed: int) -> None:
        preview = encoded(picture("stripes", seed, (160, 120)), "JPEG")
        (runs.photos / name).write_bytes(b"FUJIFILMCCD-RAW " + bytes(84) + preview)

    write_raw("A.RAF", 1)
    write_raw("z.raf", 2)
    out, err = runs.index("--exclude", "scans")
    assert runs.ok() == ["a.png", "b.gif", "z.raf"]
    assert "2 files not taken: 1 RAF beside a picture (--take raw-pairs), 1 MP4" in out
    assert not [line for line in err if "RAF:" in line]
    runs.index("--take", "raw-pairs")
    assert runs.ok() == ["A.RAF", "a.png", "b.gif", "z.raf"]
    # Without its picture it is one itself.
    runs.index("--no-take", "--exclude", "a.png")
    assert runs.ok() == ["A.RAF", "b.gif", "z.raf"]


def test_a_folder_of_which_rules_leave_all_out_comes_back_without_being_named(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    def again(*options: str) -> str:
        capsys.readouterr()
        assert index(["--store", str(runs.store), "--workers", "0", *options]) == 0
        return capsys.readouterr().out

    runs.index()
    other = runs.photos.parent / "other"
    other.mkdir()
    picture("checks", 9, (40, 30)).save(other / "z.png")
    again(str(other))
    assert len(runs.ok()) == 5
    # One folder, then both.
    for glob, left in (("z.png", 4), ("*", 0)):
        again("--exclude", glob)
        assert len(runs.ok()) == left
        again("--retry-failed")
        assert "back" in again("--no-exclude")
        assert len(runs.ok()) == 5
    # What --only leaves out stays away.
    again(str(other), "--only")
    again("--exclude", "a.png")
    again("--no-exclude")
    assert runs.ok() == ["z.png"]


def test_too_many_globs_are_refused_in_one_line(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    globs = [f"--exclude=g{number}" for number in range(101)]
    for arguments in (globs, globs[:60], globs[60:]):
        code = index([str(runs.photos), "--store", str(runs.store), "--encoder", "mini",
                      "--workers", "0", *arguments])  # fmt: skip
        told = capsys.readouterr().err
        assert code == (0 if arguments == globs[:60] else 2)
        if code:
            assert told.count("\n") == 1 and "101 globs of one option: the limit is 100" in told
    assert "--exclude g59" in runs.catalog() and "--exclude g60" not in runs.catalog()


def test_a_glob_of_this_run_that_changes_nothing_is_a_warning(runs: Runs) -> None:
    _, err = runs.index("--exclude", "scanz", "--include", "*.png")
    assert "--exclude 'scanz' names nothing: globs are of paths from the picture folder down" in err
    assert any(line.startswith("--include '*.png' takes nothing back: ") for line in err)
    _, err = runs.index()
    assert not [line for line in err if "scanz" in line or "*.png" in line]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--exclude", ""], "argument --exclude: the glob '' names nothing"),
        (["--include", "../x"], "argument --include: the glob '../x' has '..'"),
        (["--exclude", "x" * 1001], "the limit is 1000"),
        (["--take", "thumbs"], "argument --take: invalid choice: 'thumbs'"),
        (["--exclude", "*"], "no pictures in "),
    ],
)
def test_wrong_rules_are_one_line_and_make_no_store(
    photos: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    store = photos.parent / "store"
    try:
        code = index([str(photos), "--store", str(store), *arguments])
    except SystemExit as error:
        code = int(error.code or 0)
    assert code == 2
    err = capsys.readouterr().err.splitlines()
    assert message in err[-1]
    assert not store.exists()
