"""Test the doctor on logdirs: a sound logdir has no findings, each fault is reported."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handmade_logdirs import (
    CONFIG,
    EVENTS,
    bookmark,
    encoded,
    entry,
    make_logdir,
    sheet,
    table,
    tensor,
    tensor_with,
)
from imgrec.checks import check_logdir, render
from imgrec.checks.logdir.configs import resolved
from imgrec.doctor import main
from imgrec.store.store import Store
from logdir_findings import only, texts
from projector import write_logdir

Change = Callable[[Path], object]


def test_a_sound_logdir_is_one_line_about_its_content(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (make_logdir(tmp_path / "log", bookmarks="b.txt") / "b.txt").write_text(bookmark())
    assert main(["--logdir", str(tmp_path / "log")]) == 0
    line, last = capsys.readouterr().out.splitlines()
    assert line == (
        "ok       . / t: 9 rows × 5 columns, 2 metadata columns, 32 px thumbnails, 1 bookmark"
    )
    assert last.startswith("1 folder checked, 0 errors, 0 warnings, ")


def test_ours_is_sound(store: Store, tmp_path: Path) -> None:
    report = check_logdir(write_logdir(store, tmp_path / "log").logdir)
    assert report.findings == ()
    assert report.holdings


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logdir = make_logdir(tmp_path / "log")
    (logdir / "m.tsv").write_text(table().replace("n3", ""))
    assert main(["--logdir", str(logdir)]) == 0
    assert "warning  . / t: " in capsys.readouterr().out
    (logdir / "s.png").unlink()
    assert main(["--logdir", str(logdir)]) == 1
    assert "error    . / t: the sprite s.png is absent; " in capsys.readouterr().out
    for arguments in (["--logdir", str(tmp_path / "none")], ["--logdir", str(logdir / CONFIG)]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"shape": (9, 6)}, "180 bytes, tensor_shape 9 x 6 needs 216"),
        ({"shape": ()}, "tensor_shape is absent"),
        ({"shape": (9, 5, 1)}, "tensor_shape is 9 x 5 x 1"),
        ({"shape": (4294967295, 4294967295)}, "has 180 bytes"),
        ({"tensor": "none.bytes"}, "none.bytes is absent"),
        ({"tensor": "../t.bytes"}, "../t.bytes is outside"),
        ({"tensor": "/t.bytes"}, "/t.bytes is outside"),
        ({"tensor": "."}, "is not a regular file"),
        ({"name": "a&b"}, ". / a&b: the tensor name contains"),
        ({"name": "100%25"}, ". / 100%25: the tensor name contains"),
        ({"metadata": "none.tsv"}, "none.tsv is absent"),
        ({"metadata": "../m.tsv"}, "../m.tsv is outside"),
        ({"sprite": "none.png"}, "none.png is absent"),
        ({"sprite": "m.tsv"}, "m.tsv is not a picture"),
        ({"cell": ()}, "single_image_dim is absent"),
        ({"cell": (32,)}, "single_image_dim is 32,"),
        ({"cell": (32, 0)}, "single_image_dim is 32, 0,"),
        ({"cell": (48, 48)}, "has 4 cells for 9 rows"),
        ({"cell": (33, 33)}, "is not a whole number of cells"),
        ({"cell": (32, 48)}, "has 3 x 2 cells, not as many rows as columns"),
        ({"bookmarks": "none.txt"}, "none.txt is absent"),
        ({"bookmarks": "m.tsv"}, "m.tsv is not valid JSON"),
    ],
)
def test_a_config_that_does_not_fit(tmp_path: Path, fields: dict[str, object], said: str) -> None:
    report = check_logdir(make_logdir(tmp_path / "log", **fields))
    assert len(texts(report)) == 1
    assert said in texts(report)[0]
    assert report.failed


def _write(name: str, data: bytes | str) -> Change:
    return lambda logdir: (logdir / name).write_bytes(
        data if isinstance(data, bytes) else data.encode()
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_write(CONFIG, "embeddings { x: 1 }"), "is not a valid projector config: "),
        (_write(CONFIG, b"\xff"), "is not valid UTF-8"),
        (_write(CONFIG, ""), "names no embeddings"),
        (_write(CONFIG, entry() + entry()), 'several embeddings are named "t"'),
        (_write("t.bytes", bytes(180)), "is read as text, and line 1 has "),
        (_write("t.bytes", b"\x93NUMPY" + tensor()), "is a NumPy .npy file"),
        (
            _write("t.bytes", tensor_with({7: np.nan, 12: np.inf, 20: -np.inf})),
            "NaN or infinity in 3 rows",
        ),
        (_write("t.bytes", "1\t2\t3\t4\t5\n" * 8 + "1\t2\n"), "line 9 has 2 numbers"),
        (
            _write("t.bytes", "1\t2\t3\t4\t5\n" * 8 + "1\t2\t3\t4\tx\n"),
            "line 9 has 'x', which is not a number",
        ),
        (
            _write("t.bytes", "1\t2\t3\t4\t5\n" * 8 + "1\t2\t3\t4\t1e39\n"),
            "NaN or infinity in 1 row;",
        ),
        (_write("t.bytes", "1\t2\t3\n" * 9), "says 5 columns, t.bytes has 3"),
        (_write("t.bytes", ""), "t.bytes is empty"),
        (_write("m.tsv", table(7)), "m.tsv has 7 rows, the tensor 9; points"),
        (_write("m.tsv", table(12)), "m.tsv has 12 rows, the tensor 9"),
        (_write("m.tsv", table().partition("\n")[2]), "8 rows, the tensor 9: with several"),
        (_write("m.tsv", "name\n" + "x\n" * 9), "10 rows, the tensor 9: with one column there"),
        (_write("m.tsv", "x\n" * 5 + "\n" * 4), "5 rows, the tensor 9 (4 blank lines skipped)"),
        (_write("m.tsv", table().replace("n3", "n\r3")), "m.tsv has 10 rows"),
        (
            _write("m.tsv", table().replace("n3", "ñ3").encode("latin-1")),
            "m.tsv is not valid UTF-8",
        ),
        (_write("m.tsv", ""), "m.tsv is empty"),
        (_write("m.tsv", "name"), "has no line break at its end"),
        (_write("s.png", encoded(sheet(4, 3))), "has 4 x 3 cells, not as many rows as columns"),
        (_write("s.png", encoded(sheet(2, 2))), "has 4 cells for 9 rows"),
        (_write("s.png", encoded(sheet(), "TIFF")), "is TIFF, which browsers do not show"),
        (_write("s.png", encoded(Image.new("1", (8256, 8256)))), "8,256 x 8,256 px, larger than"),
        (_write("s.png", encoded(Image.new("1", (14000, 14000)))), "larger than 8,192 px a side"),
    ],
)
def test_a_file_that_is_broken(tmp_path: Path, change: Change, said: str) -> None:
    logdir = make_logdir(tmp_path / "log")
    change(logdir)
    report = check_logdir(logdir)
    assert report.failed
    assert any(said in text for text in texts(report)), render(report)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_write("m.tsv", table().replace("n3\t", "\t")), '1 empty cell in "name"'),
        (_write("m.tsv", table().replace("n3\tk0", "n3")), "fewer cells than columns in 1 row"),
        (_write("m.tsv", table().replace("k0", "k0\tx")), "more cells than columns in 3 rows"),
        (_write("m.tsv", table().replace("kind", "name", 1)), "several columns are named"),
        (_write("t.bytes", tensor() + b"\0"), "1 byte too many"),
        (_write("t.bytes", "1\t2\t3\t4\t5\n" * 12), "says 9 rows, t.bytes has 12"),
    ],
)
def test_faults_that_are_warnings(tmp_path: Path, change: Change, said: str) -> None:
    logdir = make_logdir(tmp_path / "log")
    change(logdir)
    report = check_logdir(logdir)
    assert any(said in text for text in texts(report, "warning")), render(report)


def test_the_first_tensor_without_a_name_is_named_by_its_file(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", name=None)
    assert [place for place, _ in check_logdir(logdir).holdings] == [". / t.bytes"]
    (logdir / CONFIG).write_text(entry(name=None) + entry(name=None))
    assert only(check_logdir(logdir)).startswith(". / (no name): tensor_name is absent; ")


@pytest.mark.parametrize("last", ["", "\n"])
def test_a_last_line_without_break_hangs_the_page_only_alone_in_a_megabyte(
    tmp_path: Path, last: str
) -> None:
    logdir = make_logdir(tmp_path / "log")
    rest = "".join(f"n{i}\t{'x' * 124_980}\n" for i in range(8))
    long = "name\tkind\n" + rest + "n8\t" + "y" * 200_000 + last
    assert len(long) - len(last) > 1_000_000 > len(long) - 200_000
    (logdir / "m.tsv").write_text(long)
    report = check_logdir(logdir)
    assert [("has no line break" in text) for text in texts(report)] == [True] * (not last)


@pytest.mark.parametrize(("rows", "sound"), [(99_999, False), (100_000, True), (100_050, True)])
def test_metadata_is_compared_with_the_rows_shown(tmp_path: Path, rows: int, sound: bool) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(100_050, 3), sprite=None)
    values = np.ones((100_050, 3), "<f4")
    values[100_001:] = np.nan
    values[0, 0] = -1
    (logdir / "t.bytes").write_bytes(b"\xff" + values.tobytes()[1:])
    (logdir / "m.tsv").write_text(table(rows))
    report = check_logdir(logdir)
    assert "the tensor has 100,050 rows; the page shows only the first 100,000" in "".join(
        texts(report, "warning")
    )
    assert [f"has {rows:,} rows, the tensor 100,000" in text for text in texts(report)] == [
        True
    ] * (not sound)


def test_only_runs_that_tensorboard_lists_are_runs(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log")
    make_logdir(logdir / "a" / "b")
    assert only(check_logdir(logdir)).startswith("a/b: the folder has a config, but no event file")
    (logdir / "a" / "b" / EVENTS).touch()
    report = check_logdir(logdir)
    assert report.findings == ()
    assert [place for place, _ in report.holdings] == [". / t", "a/b / t"]


def test_the_asset_folder_of_a_run_is_looked_into(tmp_path: Path) -> None:
    make_logdir(tmp_path / "log" / "plugins" / "org_tensorflow_tensorboard_projector")
    assert "no event file beside plugins" in only(check_logdir(tmp_path / "log"))
    (tmp_path / "log" / EVENTS).touch()
    report = check_logdir(tmp_path / "log")
    assert report.findings == ()
    assert len(report.holdings) == 1


def test_a_config_without_embeddings_is_allowed_in_the_logdir_itself(tmp_path: Path) -> None:
    logdir = tmp_path / "log"
    make_logdir(logdir / "run")
    (logdir / "run" / EVENTS).touch()
    (logdir / CONFIG).write_text("# made by somebody\n")
    assert check_logdir(logdir).findings == ()
    (logdir / "run" / CONFIG).write_text("")
    warning, error = check_logdir(logdir).findings
    assert (warning.place, warning.severity) == ("run", "warning")
    assert "names no embeddings; there is no projector tab" in f"{error.problem}; {error.effect}"


def test_an_empty_folder_holds_no_config(tmp_path: Path) -> None:
    assert "there is no projector_config.pbtxt; " in only(check_logdir(tmp_path))


def test_links_out_of_the_folder_are_refused_as_by_the_plugin(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", metadata="link/m.tsv")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "m.tsv").write_text(table())
    (logdir / "link").symlink_to(tmp_path / "outside")
    assert "link/m.tsv is outside the folder" in only(check_logdir(logdir))
    (logdir / "link").unlink()
    # A link to a parent folder must not be walked for ever.
    (logdir / "link").symlink_to(logdir)
    assert check_logdir(logdir).findings == ()
    assert resolved("link/../../outside/m.tsv", logdir) is None
    assert resolved("null\0byte", logdir) is None


_FILES = (CONFIG, "t.bytes", "m.tsv", "s.png", "b.txt")


@pytest.mark.parametrize("file", _FILES)
@pytest.mark.parametrize("seed", range(25))
def test_random_bytes_never_raise(tmp_path: Path, file: str, seed: int) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text(bookmark())
    rng = random.Random(seed)
    data = bytearray((logdir / file).read_bytes())
    for _ in range(rng.choice([1, 3, 50])):
        start = rng.randrange(len(data) + 1)
        data[start : start + rng.choice([0, 1, 9])] = rng.randbytes(rng.choice([0, 1, 9]))
    if seed % 5 == 0:
        data[:] = data[: rng.randrange(len(data) + 1)] + rng.randbytes(seed)
    (logdir / file).write_bytes(data)
    shown = render(check_logdir(logdir))
    assert shown.endswith("\n")
    assert all(line.split(" ")[0] in ("ok", "error", "warning") for line in shown.splitlines())


@pytest.mark.parametrize("file", _FILES)
@pytest.mark.parametrize("what", ["folder", "pipe", "circle", "secret", "absent", "empty"])
def test_a_path_that_is_not_a_readable_file_is_an_error(
    tmp_path: Path, file: str, what: str
) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    path = logdir / file
    path.unlink(missing_ok=True)
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "circle":
        path.symlink_to(file)
    elif what != "absent":
        path.touch(0o000 if what == "secret" else 0o644)
    assert check_logdir(logdir).failed


def test_foreign_names_are_shown_in_one_line(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", metadata="a\\nb\\033[1m.tsv")
    shown = render(check_logdir(logdir))
    assert shown.count("\n") == 1
    assert "a b [1m.tsv is absent" in shown


def test_nothing_is_changed(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log")
    shutil.copytree(logdir, tmp_path / "copy")
    check_logdir(logdir)
    assert {p.name: p.read_bytes() for p in logdir.iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "copy").iterdir()
    }
