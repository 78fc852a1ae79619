"""Test the doctor on the tensors of logdirs: read as TensorBoard does, finite, of a fair size."""

import random
from pathlib import Path

import numpy as np
import pytest
from tensorboard.plugins.projector.projector_plugin import (
    _read_tensor_binary_file,
    _read_tensor_tsv_file,
)

from handmade_logdirs import CONFIG, entry, make_logdir, tensor, tensor_with
from imgrec.checks import check_logdir
from imgrec.checks.findings import Finding, Place, collected
from imgrec.checks.logdir import tensors
from imgrec.checks.logdir.configs import find_runs, read_config
from imgrec.checks.logdir.tensor_text import Pieces, fails_with_tensorflow
from imgrec.checks.logdir.tensors import check_tensor
from logdir_findings import check_found, only


def test_embeddings_of_one_tensor_share_what_is_found_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The colored dots of a run have the tensor of its thumbnails, which may be large."""
    logdir = make_logdir(tmp_path / "log", name="t")
    config = (logdir / CONFIG).read_text()
    (logdir / CONFIG).write_text(config + config.replace('"t"', '"dots"'))
    (logdir / "t.bytes").write_bytes(tensor_with({7: np.nan}))
    whole, read = tensors.read_rows, []

    def counting(path: Path, *pieces: Pieces) -> object:
        read.append(path.name)
        return whole(path, *pieces)

    monkeypatch.setattr(tensors, "read_rows", counting)
    places = [finding.place for finding in check_logdir(logdir).findings]
    assert places == [". / t", ". / dots"]
    assert read == ["t.bytes"]


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
    assert said in only(check_logdir(logdir))


def test_rows_beyond_those_shown_are_not_checked_for_nan(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(), metadata=None, sprite=None)
    for rows, sound in [(100_000, True), (99_999, False)]:
        (logdir / "t.bytes").write_text("1\t2\t3\n" * rows + "nan\t2\t3\n")
        assert check_logdir(logdir).failed != sound


def test_long_texts_and_wide_tensors_are_slow(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(3000, 2000), metadata=None, sprite=None)
    (logdir / "t.bytes").write_text(("\t".join(["1"] * 2000) + "\n") * 3000)
    assert "is text of 3,000 x 2,000 numbers; TensorBoard takes about 2 s" in only(
        check_logdir(logdir), "warning"
    )
    (logdir / CONFIG).write_text(entry(shape=(20_000, 600), metadata=None, sprite=None))
    (logdir / "t.bytes").write_bytes(tensor(20_000, 600))
    assert "20,000 rows of 600 columns are many" in only(check_logdir(logdir), "warning")


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


@pytest.mark.parametrize(("limit", "slow"), [(45, False), (44, True)])
def test_a_text_of_the_limit_is_not_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, slow: bool
) -> None:
    logdir = make_logdir(tmp_path / "log")
    (logdir / "t.bytes").write_text("1\t2\t3\t4\t5\n" * 9)
    monkeypatch.setattr(tensors, "_SLOW_CELLS", limit)
    check_found(logdir, ("t.bytes is text of 9 x 5 numbers",) if slow else ())


@pytest.mark.parametrize("columns", [50, 600])
def test_a_wide_tensor_is_slow_and_a_narrow_one_is_not(tmp_path: Path, columns: int) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(20_000, columns), metadata=None, sprite=None)
    (logdir / "t.bytes").write_bytes(tensor(20_000, columns))
    check_found(logdir, ("20,000 rows of 600 columns are many",) if columns == 600 else ())


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"x\n\0\0\xff", ("a line break before its first byte that is not UTF-8",)),
        (b"1\n\0\0\xff", ("a line break before its first byte that is not UTF-8",)),
        (b"x\0\0\0\xff\0\n", ()),
    ],
)
def test_a_line_break_in_binary_values(tmp_path: Path, start: bytes, said: tuple[str, ...]) -> None:
    logdir = make_logdir(tmp_path / "log")
    data = np.zeros(45, "<f4").tobytes()
    (logdir / "t.bytes").write_bytes(start + data[len(start) :])
    # The second line of the second case is a row of one number, and the next one fails.
    check_found(logdir, said if start[:1] == b"x" else ())


@pytest.mark.parametrize(("row", "sound"), [(99_999, False), (100_000, True)])
def test_only_rows_that_are_shown_must_be_finite(tmp_path: Path, row: int, sound: bool) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(100_002, 3), metadata=None, sprite=None)
    values = np.frombuffer(tensor(100_002, 3), "<f4").copy().reshape(-1, 3)
    values[row, 1] = np.inf
    (logdir / "t.bytes").write_bytes(values.tobytes())
    more = "warning . / t: the tensor has 100,002 rows"
    check_found(logdir, (more,) if sound else ("NaN or infinity in 1 row", more))


def test_a_row_that_is_read_in_several_pieces_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A config may say that a file of gigabytes is one row."""
    monkeypatch.setattr("imgrec.checks.logdir.tensors._READ_BYTES", 8)
    logdir = make_logdir(tmp_path / "log", shape=(5, 9), metadata=None, sprite=None)
    values = np.frombuffer(tensor(5, 9), "<f4").copy().reshape(5, 9)
    values[1, ::3] = np.nan
    values[2, 0] = values[4] = np.inf
    (logdir / "t.bytes").write_bytes(values.tobytes())
    check_found(logdir, ("NaN or infinity in 3 rows",))


@pytest.mark.parametrize(("rows", "said"), [(100_000, ()), (100_001, ("shows only the first",))])
def test_a_tensor_of_more_rows_than_are_shown(
    tmp_path: Path, rows: int, said: tuple[str, ...]
) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(rows, 3), metadata=None, sprite=None)
    (logdir / "t.bytes").write_bytes(tensor(rows, 3))
    found = [f"{f.problem}; {f.effect}" for f in check_logdir(logdir).findings]
    assert len(found) == len(said)
    assert all(text in line for text, line in zip(said, found, strict=True))


@pytest.mark.parametrize(("rows", "said"), [(8, "says 9 rows"), (9, ""), (10, "says 9 rows")])
def test_a_shape_of_more_or_fewer_rows_than_the_text(tmp_path: Path, rows: int, said: str) -> None:
    logdir = make_logdir(tmp_path / "log", metadata=None, sprite=None)
    (logdir / "t.bytes").write_text("1\t2\t3\t4\t5\n" * rows)
    check_found(logdir, (said,) if said else ())
