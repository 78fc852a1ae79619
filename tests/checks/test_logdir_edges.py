"""Each rule on logdirs at its edge: what must be reported, and the close case that must not.

A rule that fires too often is as wrong as one that never fires, so every test here has both.
"""

from pathlib import Path

import pytest
from PIL import Image

from handmade_logdirs import (
    CONFIG,
    EVENTS,
    encoded,
    entry,
    make_logdir,
    sheet,
    table,
    tensor,
)
from imgrec.checks import check_logdir
from imgrec.checks.logdir import configs
from logdir_findings import check_found

_PLUGIN = Path("plugins", "org_tensorflow_tensorboard_projector")


def test_a_config_of_the_limit_is_read_and_a_longer_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logdir = make_logdir(tmp_path / "log")
    size = (logdir / CONFIG).stat().st_size
    monkeypatch.setattr(configs, "_MAX_BYTES", size)
    check_found(logdir, ())
    monkeypatch.setattr(configs, "_MAX_BYTES", size - 1)
    check_found(logdir, (f"{CONFIG} has more than {size - 1:,} bytes",))


_NO_COLOR = "each text column has more than 50 different values"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # No line break at the end: the page's parser still ends, since the chunk has others.
        (table().removesuffix("\n"), ()),
        (table().replace("\n", "\r\n"), ()),
        ("name\tkind\n", ("has 0 rows, the tensor 9",)),
        (table(8), ("has 8 rows, the tensor 9: with several columns the first line",)),
        (table(9), ()),
        (table(10), ("has 10 rows, the tensor 9",)),
    ],
)
def test_a_table(tmp_path: Path, text: str, said: tuple[str, ...]) -> None:
    logdir = make_logdir(tmp_path / "log")
    (logdir / "m.tsv").write_bytes(text.encode())
    check_found(logdir, said)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([f"n{i}" for i in range(50)], ()),
        ([f"n{i}" for i in range(51)], (_NO_COLOR,)),
        ([f"n{i % 50}" for i in range(60)], ()),
        ([str(i) for i in range(51)], ()),
        ([f"-{i}.5e3" for i in range(51)], ()),
        ([*(str(i) for i in range(50)), "x"], (_NO_COLOR,)),
    ],
)
def test_a_column_to_color_by(tmp_path: Path, values: list[str], said: tuple[str, ...]) -> None:
    rows = len(values)
    logdir = make_logdir(tmp_path / "log", shape=(rows, 5), sprite=None)
    (logdir / "t.bytes").write_bytes(tensor(rows))
    # A single column, which has no header.
    (logdir / "m.tsv").write_text("".join(f"{value}\n" for value in values))
    check_found(logdir, said)


@pytest.mark.parametrize("last", ["x", "\udcff"])
def test_bytes_beyond_the_last_row_that_is_shown_must_be_text_too(
    tmp_path: Path, last: str
) -> None:
    """The plugin decodes a whole block before it counts lines."""
    logdir = make_logdir(tmp_path / "log", shape=(100_001, 3), sprite=None)
    (logdir / "t.bytes").write_bytes(tensor(100_001, 3))
    (logdir / "m.tsv").write_bytes(b"1\n" * 130_000 + last.encode("utf-8", "surrogateescape"))
    shown = "warning . / t: the tensor has 100,001 rows"
    check_found(logdir, (shown,) if last == "x" else (shown, "m.tsv is not valid UTF-8"))


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((8192, 8192), ()),
        ((8194, 8194), ("is 8,194 x 8,194 px, larger than",)),
        ((2, 8194), ("is 2 x 8,194 px, larger than",)),
        ((8194, 2), ("is 8,194 x 2 px, larger than",)),
    ],
)
def test_a_sprite_of_the_largest_side(
    tmp_path: Path, size: tuple[int, int], said: tuple[str, ...]
) -> None:
    logdir = make_logdir(
        tmp_path / "log", shape=(4, 5), metadata=None, cell=(max(1, size[0] // 2), size[1] // 2)
    )
    (logdir / "t.bytes").write_bytes(tensor(4))
    (logdir / "s.png").write_bytes(encoded(Image.new("1", size)))
    check_found(logdir, said)


@pytest.mark.parametrize(
    ("per_side", "said"), [(317, ()), (316, ("has 99,856 cells for 100,000",))]
)
def test_a_sprite_needs_a_cell_for_each_point_that_is_shown(
    tmp_path: Path, per_side: int, said: tuple[str, ...]
) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(101_000, 3), metadata=None, cell=(1, 1))
    (logdir / "t.bytes").write_bytes(tensor(101_000, 3))
    (logdir / "s.png").write_bytes(encoded(Image.new("L", (per_side, per_side))))
    check_found(logdir, ("warning . / t: the tensor has 101,000 rows", *said))


@pytest.mark.parametrize(
    ("size", "cell", "said"),
    [
        ((96, 96), (32, 32), ()),
        ((96, 144), (32, 48), ("warning . / t: the cells of s.png are 32 x 48 px",)),
        ((144, 96), (48, 32), ("warning . / t: the cells of s.png are 48 x 32 px",)),
        ((96, 97), (32, 32), ("is not a whole number of cells",)),
        ((97, 96), (32, 32), ("is not a whole number of cells",)),
        ((96, 128), (32, 32), ("3 x 4 cells, not as many rows as columns",)),
        ((128, 96), (32, 32), ("4 x 3 cells, not as many rows as columns",)),
        ((96, 96), (0, 32), ("single_image_dim is 0, 32,",)),
        ((96, 96), (32, 0), ("single_image_dim is 32, 0,",)),
        ((96, 96), (32, 32, 0), ()),
    ],
)
def test_the_cells_of_a_sprite(
    tmp_path: Path, size: tuple[int, int], cell: tuple[int, ...], said: tuple[str, ...]
) -> None:
    logdir = make_logdir(tmp_path / "log", cell=cell)
    (logdir / "s.png").write_bytes(encoded(Image.new("RGB", size)))
    check_found(logdir, said)


@pytest.mark.parametrize(("rows", "said"), [(9, ()), (10, ("has 9 cells for 10 rows",))])
def test_as_many_cells_as_rows(tmp_path: Path, rows: int, said: tuple[str, ...]) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(rows, 5), metadata=None)
    (logdir / "t.bytes").write_bytes(tensor(rows))
    (logdir / "s.png").write_bytes(encoded(sheet()))
    check_found(logdir, said)


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("100%", False), ("50% off", False), ("a%zz", False), ("a=b?c/d", False), ("a:0", False),
        ("a%20b", True), ("a&b", True), ("a#b", True), ("a+b", True),
    ],
)  # fmt: skip
def test_names_that_the_page_puts_into_addresses(tmp_path: Path, name: str, lost: bool) -> None:
    logdir = make_logdir(tmp_path / "log", name=name)
    check_found(logdir, ("the tensor name contains",) if lost else ())
    if not lost:
        # TensorFlow appends :0 to names of tensors, which the page removes.
        ((place, _),) = check_logdir(logdir).holdings
        assert place == f". / {name.removesuffix(':0')}"


@pytest.mark.parametrize(("name", "lost"), [("a b%", False), ("a%20b", True), ("a&b", True)])
def test_names_of_runs_that_the_page_puts_into_addresses(
    tmp_path: Path, name: str, lost: bool
) -> None:
    run = make_logdir(tmp_path / "log" / name)
    (run / EVENTS).touch()
    check_found(tmp_path / "log", (f"error {name}: the name of the run contains",) if lost else ())


@pytest.mark.parametrize("listed", [True, False])
def test_of_two_configs_the_one_of_the_plugin_counts_in_a_run_that_is_listed(
    tmp_path: Path, listed: bool
) -> None:
    logdir = make_logdir(tmp_path / "log", name="own")
    make_logdir(logdir / _PLUGIN, name="of the plugin")
    if listed:
        (logdir / EVENTS).touch()
    check_found(
        logdir,
        ("warning .: there is a config in the folder and one in",)
        if listed
        else ("error .: there is a config in plugins/",),
    )
    ((place, _),) = check_logdir(logdir).holdings
    assert place == (". / of the plugin" if listed else ". / own")


def test_a_name_that_is_given_twice_and_two_that_differ(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log")
    (logdir / CONFIG).write_text(entry() + entry(name="u"))
    check_found(logdir, ())
    (logdir / CONFIG).write_text(entry() + entry(name="t:0"))
    check_found(logdir, ('several embeddings are named "t"',))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("n3\tk0", "n3\tk0", ()),
        ("n3\tk0", "n3", ("fewer cells than columns in 1 row",)),
        ("n3\tk0", "n3\tk0\tz", ("more cells than columns in 1 row",)),
        ("n3\tk0", "\tk0", ('1 empty cell in "name"',)),
        ("n3\tk0", "n3\t", ('1 empty cell in "kind"',)),
        ("n3\tk0", "n3\t-", ()),
        ("name\tkind", "name\tKind", ()),
        ("name\tkind", "kind\tkind", ('several columns are named "kind"',)),
    ],
)
def test_cells_of_a_table(tmp_path: Path, old: str, new: str, said: tuple[str, ...]) -> None:
    logdir = make_logdir(tmp_path / "log")
    text = table()
    assert old in text
    (logdir / "m.tsv").write_text(text.replace(old, new, 1))
    check_found(logdir, said)
