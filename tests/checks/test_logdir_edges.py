"""Each rule on logdirs at its edge: what must be reported, and the close case that must not.

A rule that fires too often is as wrong as one that never fires, so every test here has both.
"""

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
)
from imgrec.checks import check_logdir
from imgrec.checks.logdir import bookmarks, configs, tensors

_PLUGIN = Path("plugins", "org_tensorflow_tensorboard_projector")


def _found(logdir: Path) -> list[str]:
    """Return all findings of a logdir as lines."""
    return [f"{f.severity} {f.place}: {f.problem}" for f in check_logdir(logdir).findings]


def _check(logdir: Path, said: tuple[str, ...]) -> None:
    """Assert that a logdir has exactly the findings that contain these texts, in this order."""
    found = _found(logdir)
    assert len(found) == len(said), found
    assert all(text in line for text, line in zip(said, found, strict=True)), found


def _umap(count: int, **more: float) -> list[dict[str, float]]:
    return [{"umap-0": i, "umap-1": -i, **more} for i in range(count)]


def _axes(count: int, *names: str) -> list[dict[str, float]]:
    return [{name: i + k for k, name in enumerate(names)} for i in range(count)]


_MOVES = "it is a t-SNE layout"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        # A view of isolated points has only their coordinates.
        ({"filteredPoints": [0, 4, 8], "projections": _umap(3)}, ()),
        ({"filteredPoints": [0, 4, 8], "projections": _umap(2)}, ("1 of 3 points",)),
        ({"filteredPoints": [0, 4, 8], "projections": _umap(4)}, ("but there are 3 points",)),
        ({"filteredPoints": [], "projections": _umap(9)}, ()),
        ({"filteredPoints": [], "projections": _umap(3)}, ("6 of 9 points",)),
        ({"filteredPoints": None, "projections": _umap(3)}, ("6 of 9 points",)),
        ({"projections": _umap(8)}, ("1 of 9 points",)),
        ({"projections": _umap(9)}, ()),
        ({"projections": _umap(10)}, ("it has 10 projections",)),
        # The third axis is that of the bookmark's own projection.
        ({"umapIs3d": True, "tSNEis3d": False, "projections": _umap(9)}, ("umap-2",)),
        ({"umapIs3d": False, "tSNEis3d": True, "projections": _umap(9)}, ()),
        ({"umapIs3d": True, "projections": _axes(9, "umap-0", "umap-1", "umap-2")}, ()),
        (
            {
                "selectedProjection": "tsne",
                "tSNEis3d": True,
                "projections": _axes(9, "tsne-0", "tsne-1"),
            },
            ("9 of 9 points have no finite tsne-0, tsne-1, tsne-2", _MOVES),
        ),
        (
            {
                "selectedProjection": "tsne",
                "umapIs3d": True,
                "projections": _axes(9, "tsne-0", "tsne-1"),
            },
            (_MOVES,),
        ),
        # The page computes PCA itself.
        ({"selectedProjection": "pca", "projections": []}, ()),
        (
            {
                "selectedProjection": "pca",
                "pcaComponentDimensions": [0, 1],
                "projections": _axes(9, "pca-0", "pca-1"),
            },
            (),
        ),
        (
            {
                "selectedProjection": "pca",
                "pcaComponentDimensions": [0, 2],
                "projections": _axes(9, "pca-0", "pca-1"),
            },
            ("9 of 9 points have no finite pca-0, pca-2",),
        ),
        (
            {"selectedProjection": "custom", "projections": _axes(9, "linear-x", "linear-y")},
            (),
        ),
        ({"selectedProjection": "custom", "projections": _axes(9, "linear-x")}, ("linear-y",)),
        ({"selectedProjection": "custom", "projections": _axes(9, "linear-y")}, ("linear-x",)),
        ({"selectedColorOptionName": "No color map"}, ()),
        ({"selectedColorOptionName": "no color map"}, ("it colors by",)),
        ({"selectedLabelOption": "kind"}, ()),
        ({"selectedLabelOption": "__index__"}, ("it labels by",)),
        ({"selectedLabelOption": None, "selectedColorOptionName": None}, ()),
        *(
            ({key: wrong}, (f'"{key}" is absent or of the wrong type',))
            for key, wrong in (
                ("tSNEIteration", "0"),
                ("tSNEPerplexity", "5"),
                ("tSNELearningRate", []),
                ("pcaComponentDimensions", 3),
                ("customXRightText", 1),
                ("customYUpText", 1),
                ("customYDownText", 1),
            )
        ),
    ],
)
def test_a_bookmark(tmp_path: Path, fields: dict[str, object], said: tuple[str, ...]) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text(bookmark(**fields))
    _check(logdir, said)


@pytest.mark.parametrize(
    ("label", "color", "said"),
    [
        ("__index__", "No color map", ()),
        ("name", "No color map", ("it labels by 'name'",)),
        ("__index__", "kind", ("it colors by 'kind'",)),
    ],
)
def test_a_bookmark_where_there_is_no_metadata(
    tmp_path: Path, label: str, color: str, said: tuple[str, ...]
) -> None:
    logdir = make_logdir(tmp_path / "log", metadata=None, bookmarks="b.txt")
    (logdir / "b.txt").write_text(
        bookmark(selectedLabelOption=label, selectedColorOptionName=color)
    )
    _check(logdir, said)


def test_a_bookmark_of_metadata_that_cannot_be_read_gets_no_second_finding(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", metadata="none.tsv", bookmarks="b.txt")
    (logdir / "b.txt").write_text(bookmark())
    _check(logdir, ("none.tsv is absent",))


def test_a_bookmarks_file_of_the_limit_is_checked_and_a_longer_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text("{}")
    monkeypatch.setattr(bookmarks, "_MAX_BYTES", 2)
    _check(logdir, ("error . / t: b.txt is not a JSON array",))
    (logdir / "b.txt").write_text("{} ")
    _check(logdir, ("warning . / t: b.txt has more than 2 bytes",))


def test_a_config_of_the_limit_is_read_and_a_longer_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logdir = make_logdir(tmp_path / "log")
    size = (logdir / CONFIG).stat().st_size
    monkeypatch.setattr(configs, "_MAX_BYTES", size)
    _check(logdir, ())
    monkeypatch.setattr(configs, "_MAX_BYTES", size - 1)
    _check(logdir, (f"{CONFIG} has more than {size - 1:,} bytes",))


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
    _check(logdir, said)


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
    _check(logdir, said)


@pytest.mark.parametrize("last", ["x", "\udcff"])
def test_bytes_beyond_the_last_row_that_is_shown_must_be_text_too(
    tmp_path: Path, last: str
) -> None:
    """The plugin decodes a whole block before it counts lines."""
    logdir = make_logdir(tmp_path / "log", shape=(100_001, 3), sprite=None)
    (logdir / "t.bytes").write_bytes(tensor(100_001, 3))
    (logdir / "m.tsv").write_bytes(b"1\n" * 130_000 + last.encode("utf-8", "surrogateescape"))
    shown = "warning . / t: the tensor has 100,001 rows"
    _check(logdir, (shown,) if last == "x" else (shown, "m.tsv is not valid UTF-8"))


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
    _check(logdir, said)


@pytest.mark.parametrize(
    ("per_side", "said"), [(317, ()), (316, ("has 99,856 cells for 100,000",))]
)
def test_a_sprite_needs_a_cell_for_each_point_that_is_shown(
    tmp_path: Path, per_side: int, said: tuple[str, ...]
) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(101_000, 3), metadata=None, cell=(1, 1))
    (logdir / "t.bytes").write_bytes(tensor(101_000, 3))
    (logdir / "s.png").write_bytes(encoded(Image.new("L", (per_side, per_side))))
    _check(logdir, ("warning . / t: the tensor has 101,000 rows", *said))


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
    _check(logdir, said)


@pytest.mark.parametrize(("rows", "said"), [(9, ()), (10, ("has 9 cells for 10 rows",))])
def test_as_many_cells_as_rows(tmp_path: Path, rows: int, said: tuple[str, ...]) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(rows, 5), metadata=None)
    (logdir / "t.bytes").write_bytes(tensor(rows))
    (logdir / "s.png").write_bytes(encoded(sheet()))
    _check(logdir, said)


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("100%", False), ("50% off", False), ("a%zz", False), ("a=b?c/d", False), ("a:0", False),
        ("a%20b", True), ("a&b", True), ("a#b", True), ("a+b", True),
    ],
)  # fmt: skip
def test_names_that_the_page_puts_into_addresses(tmp_path: Path, name: str, lost: bool) -> None:
    logdir = make_logdir(tmp_path / "log", name=name)
    _check(logdir, ("the tensor name contains",) if lost else ())
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
    _check(tmp_path / "log", (f"error {name}: the name of the run contains",) if lost else ())


@pytest.mark.parametrize("listed", [True, False])
def test_of_two_configs_the_one_of_the_plugin_counts_in_a_run_that_is_listed(
    tmp_path: Path, listed: bool
) -> None:
    logdir = make_logdir(tmp_path / "log", name="own")
    make_logdir(logdir / _PLUGIN, name="of the plugin")
    if listed:
        (logdir / EVENTS).touch()
    _check(
        logdir,
        ("warning .: there is a config in the folder and one in",)
        if listed
        else ("error .: there is a config in plugins/",),
    )
    ((place, _),) = check_logdir(logdir).holdings
    assert place == (". / of the plugin" if listed else ". / own")


@pytest.mark.parametrize(("limit", "slow"), [(45, False), (44, True)])
def test_a_text_of_the_limit_is_not_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, slow: bool
) -> None:
    logdir = make_logdir(tmp_path / "log")
    (logdir / "t.bytes").write_text("1\t2\t3\t4\t5\n" * 9)
    monkeypatch.setattr(tensors, "_SLOW_CELLS", limit)
    _check(logdir, ("t.bytes is text of 9 x 5 numbers",) if slow else ())


@pytest.mark.parametrize("columns", [50, 600])
def test_a_wide_tensor_is_slow_and_a_narrow_one_is_not(tmp_path: Path, columns: int) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(20_000, columns), metadata=None, sprite=None)
    (logdir / "t.bytes").write_bytes(tensor(20_000, columns))
    _check(logdir, ("20,000 rows of 600 columns are many",) if columns == 600 else ())


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
    _check(logdir, said if start[:1] == b"x" else ())


@pytest.mark.parametrize(("row", "sound"), [(99_999, False), (100_000, True)])
def test_only_rows_that_are_shown_must_be_finite(tmp_path: Path, row: int, sound: bool) -> None:
    logdir = make_logdir(tmp_path / "log", shape=(100_002, 3), metadata=None, sprite=None)
    values = np.frombuffer(tensor(100_002, 3), "<f4").copy().reshape(-1, 3)
    values[row, 1] = np.inf
    (logdir / "t.bytes").write_bytes(values.tobytes())
    more = "warning . / t: the tensor has 100,002 rows"
    _check(logdir, (more,) if sound else ("NaN or infinity in 1 row", more))


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
    _check(logdir, ("NaN or infinity in 3 rows",))


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
    _check(logdir, (said,) if said else ())


def test_a_name_that_is_given_twice_and_two_that_differ(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log")
    (logdir / CONFIG).write_text(entry() + entry(name="u"))
    _check(logdir, ())
    (logdir / CONFIG).write_text(entry() + entry(name="t:0"))
    _check(logdir, ('several embeddings are named "t"',))


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
    _check(logdir, said)
