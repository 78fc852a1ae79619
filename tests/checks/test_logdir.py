"""Test the doctor on logdirs: a sound logdir has no findings, each fault is reported."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.plugins.projector.projector_plugin import (
    _read_tensor_binary_file,
    _read_tensor_tsv_file,
)

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
)
from imgrec.checks import CheckReport, check_logdir, render
from imgrec.checks.findings import Finding, Place, collected
from imgrec.checks.logdir import tensors
from imgrec.checks.logdir.configs import find_runs, read_config, resolved
from imgrec.checks.logdir.tensor_text import Pieces, fails_with_tensorflow
from imgrec.checks.logdir.tensors import check_tensor
from imgrec.doctor import main
from imgrec.store.store import Store
from projector import write_logdir

Change = Callable[[Path], object]


def _texts(report: CheckReport, severity: str = "error") -> list[str]:
    return [
        f"{f.place}: {f.problem}; {f.effect}" for f in report.findings if f.severity == severity
    ]


def _only(report: CheckReport, severity: str = "error") -> str:
    """Return the only finding of a report as a line."""
    (finding,) = report.findings
    assert finding.severity == severity
    return f"{finding.place}: {finding.problem}; {finding.effect}"


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
    assert len(_texts(report)) == 1
    assert said in _texts(report)[0]
    assert report.failed


def test_embeddings_of_one_tensor_share_what_is_found_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The colored dots of a run have the tensor of its thumbnails, which may be large."""
    logdir = make_logdir(tmp_path / "log", name="t")
    config = (logdir / CONFIG).read_text()
    (logdir / CONFIG).write_text(config + config.replace('"t"', '"dots"'))
    (logdir / "t.bytes").write_bytes(_values({7: np.nan}))
    whole, read = tensors.read_rows, []

    def counting(path: Path, *pieces: Pieces) -> object:
        read.append(path.name)
        return whole(path, *pieces)

    monkeypatch.setattr(tensors, "read_rows", counting)
    places = [finding.place for finding in check_logdir(logdir).findings]
    assert places == [". / t", ". / dots"]
    assert read == ["t.bytes"]


def _write(name: str, data: bytes | str) -> Change:
    return lambda logdir: (logdir / name).write_bytes(
        data if isinstance(data, bytes) else data.encode()
    )


def _values(change: dict[int, float]) -> bytes:
    values = np.frombuffer(tensor(), "<f4").copy()
    for place, value in change.items():
        values[place] = value
    return values.tobytes()


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
            _write("t.bytes", _values({7: np.nan, 12: np.inf, 20: -np.inf})),
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
    assert any(said in text for text in _texts(report)), render(report)


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
    assert any(said in text for text in _texts(report, "warning")), render(report)


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        (9, 2, "2 columns, the page needs 3"),
        (9, 1, "1 column, the page"),
        (1, 5, "1 row, the page"),
    ],
)
def test_a_tensor_that_is_too_small(tmp_path: Path, rows: int, columns: int, said: str) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(rows, columns), metadata=None)
    values = np.full((rows, columns), -1, "<f4")
    (logdir / "t.bytes").write_bytes(b"\xff" + values.tobytes()[1:])
    assert said in _only(check_logdir(logdir))


def test_the_first_tensor_without_a_name_is_named_by_its_file(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", name=None)
    assert [place for place, _ in check_logdir(logdir).holdings] == [". / t.bytes"]
    (logdir / CONFIG).write_text(entry(name=None) + entry(name=None))
    assert _only(check_logdir(logdir)).startswith(". / (no name): tensor_name is absent; ")


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
    assert [("has no line break" in text) for text in _texts(report)] == [True] * (not last)


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
        _texts(report, "warning")
    )
    assert [f"has {rows:,} rows, the tensor 100,000" in text for text in _texts(report)] == [
        True
    ] * (not sound)


def test_rows_beyond_those_shown_are_not_checked_for_nan(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(), metadata=None, sprite=None)
    for rows, sound in [(100_000, True), (99_999, False)]:
        (logdir / "t.bytes").write_text("1\t2\t3\n" * rows + "nan\t2\t3\n")
        assert check_logdir(logdir).failed != sound


def test_only_runs_that_tensorboard_lists_are_runs(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log")
    make_logdir(logdir / "a" / "b")
    assert _only(check_logdir(logdir)).startswith("a/b: the folder has a config, but no event file")
    (logdir / "a" / "b" / EVENTS).touch()
    report = check_logdir(logdir)
    assert report.findings == ()
    assert [place for place, _ in report.holdings] == [". / t", "a/b / t"]


def test_the_asset_folder_of_a_run_is_looked_into(tmp_path: Path) -> None:
    make_logdir(tmp_path / "log" / "plugins" / "org_tensorflow_tensorboard_projector")
    assert "no event file beside plugins" in _only(check_logdir(tmp_path / "log"))
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
    assert "there is no projector_config.pbtxt; " in _only(check_logdir(tmp_path))


def test_links_out_of_the_folder_are_refused_as_by_the_plugin(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", metadata="link/m.tsv")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "m.tsv").write_text(table())
    (logdir / "link").symlink_to(tmp_path / "outside")
    assert "link/m.tsv is outside the folder" in _only(check_logdir(logdir))
    (logdir / "link").unlink()
    # A link to a parent folder must not be walked for ever.
    (logdir / "link").symlink_to(logdir)
    assert check_logdir(logdir).findings == ()
    assert resolved("link/../../outside/m.tsv", logdir) is None
    assert resolved("null\0byte", logdir) is None


@pytest.mark.parametrize(
    ("fields", "severity", "said"),
    [
        (
            {"projections": [{"umap-0": 1, "umap-1": 2}] * 5},
            "error",
            "4 of 9 points have no finite umap-0, umap-1",
        ),
        ({"projections": [{"umap-0": 1, "umap-1": 2}] * 12}, "error", "it has 12 projections"),
        (
            {"projections": [{"umap-0": 1}] * 9},
            "error",
            "9 of 9 points have no finite umap-0, umap-1",
        ),
        ({"tSNEIteration": float("nan")}, "error", "is not valid JSON (NaN"),
        ({"umapIs3d": True}, "error", "9 of 9 points have no finite umap-0, umap-1, umap-2"),
        ({"projections": None}, "error", '"projections" is absent or of the wrong type'),
        ({"customXLeftText": None}, "error", '"customXLeftText" is absent or of the wrong type'),
        ({"selectedProjection": "mds"}, "error", "selectedProjection is 'mds'"),
        ({"selectedLabelOption": "zz"}, "warning", "labels by 'zz'"),
        ({"selectedColorOptionName": ["zz"]}, "warning", "colors by \"['zz']\""),
        ({"selectedPoints": None}, "warning", "selectedPoints"),
        (
            {"selectedProjection": "tsne", "projections": [{"tsne-0": 1, "tsne-1": 2}] * 9},
            "warning",
            "t-SNE layout; its points move when",
        ),
    ],
)
def test_a_bookmark_that_does_not_fit(
    tmp_path: Path, fields: dict[str, object], severity: str, said: str
) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text(bookmark(**fields))
    assert said in _only(check_logdir(logdir), severity)


def test_a_fault_of_many_bookmarks_is_one_finding(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text(json.dumps(json.loads(bookmark(umapIs3d=True)) * 5))
    assert ". / t: b.txt, bookmarks 1, 2, 3 and 2 more: 9 of 9 points" in _only(
        check_logdir(logdir)
    )


@pytest.mark.parametrize(
    "text", ["{", "{}", "null", "[1]", "[NaN]", "[" * 100_000, '[{"selectedProjection": []}]']
)
def test_invalid_bookmarks_files(tmp_path: Path, text: str) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text(text)
    assert _only(check_logdir(logdir)).startswith(". / t: b")


def test_long_texts_and_wide_tensors_are_slow(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(3000, 2000), metadata=None, sprite=None)
    (logdir / "t.bytes").write_text(("\t".join(["1"] * 2000) + "\n") * 3000)
    assert "is text of 3,000 x 2,000 numbers; TensorBoard takes about 2 s" in _only(
        check_logdir(logdir), "warning"
    )
    (logdir / CONFIG).write_text(entry(shape=(20_000, 600), metadata=None, sprite=None))
    (logdir / "t.bytes").write_bytes(tensor(20_000, 600))
    assert "20,000 rows of 600 columns are many" in _only(check_logdir(logdir), "warning")


def _of_tensor(logdir: Path, pieces: Pieces) -> list[Finding]:
    """Return the findings on the one tensor of a logdir."""
    findings: list[Finding] = []
    (run,) = collected(find_runs(logdir), findings)
    (embedding,) = collected(read_config(run), findings)
    collected(check_tensor(Place(run.name), embedding, pieces), findings)
    return findings


def _plugin_reads(path: Path, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape that TensorBoard's own plugin reads; None if it fails."""
    try:
        try:
            return _read_tensor_tsv_file(str(path)).shape
        except UnicodeDecodeError:
            return _read_tensor_binary_file(str(path), shape).shape
    except ValueError:
        return None


@pytest.mark.parametrize("seed", range(40))
def test_a_tensor_is_read_as_the_plugin_reads_it(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tensorboard.compat.tensorflow_stub.io.gfile._DEFAULT_BLOCK_SIZE", 30_000)
    rng = random.Random(seed)
    rows = [f"{rng.random():.3f}\t{i}\t-1e{i % 9}\n" for i in range(9000)]
    for wrong in rng.sample(["x\t1\t2\n", "1\t2\n", "\n", "1\t2\t nan\r\n", "\t\t\n"], 2):
        rows.insert(rng.randrange(len(rows)), wrong)
    if rng.random() < 0.3:
        rows = [row for row in rows if row[0] in "0\n"]
    data = "".join(rows).encode()
    if rng.random() < 0.6:
        place = rng.randrange(len(data))
        data = data[:place] + b"\xff" + data[place:]
    shape = (len(data) // 4, 1) if rng.random() < 0.7 else (7, 3)
    logdir = make_logdir(tmp_path / "log", shape=shape, metadata=None, sprite=None)
    (logdir / "t.bytes").write_bytes(data)
    seen = _plugin_reads(logdir / "t.bytes", shape)
    effects = [finding.effect for finding in _of_tensor(logdir, Pieces(30_000, 10_000))]
    assert any("missing among the tabs" in effect for effect in effects) == (seen is None), effects


def test_with_tensorflow_a_line_before_invalid_bytes_makes_it_text(tmp_path: Path) -> None:
    for data, fails in [
        (b"ab\ncd\xff", True),
        (b"ab\xff\ncd", False),
        (b"1\t2\n3\n\xff", False),
        (b"ab", False),
        (b"\n\n\xff", False),
    ]:
        (tmp_path / "t").write_bytes(data)
        assert fails_with_tensorflow(tmp_path / "t") == fails, data


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
