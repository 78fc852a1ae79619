"""Tests of writing a logdir: complete, aligned row by row; and of its command."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import projector
from durations import ends_after_some_time
from imgrec.encoders.spec import EncoderSpec
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.parts import write_part
from imgrec.store.store import Store
from logdirs import RUN_FILES, bookmarks, config, contents, names, only_run, sprite, table, tensor
from paths import ROOT
from projector.__main__ import main
from projector.export import ProjectorOptions, write_logdir
from projector.files.sprite import grid_for
from projector_store import colors, decode, make_store, plain
from site_stores import keep_classes

PLAIN = ProjectorOptions(methods=())
TINY = ProjectorOptions(overview=20, page_size=25, clusters=5, methods=())


@pytest.mark.parametrize("count", [2, 3, 4, 5, 10, 65])
def test_files_agree_on_the_rows(count: int, tmp_path: Path) -> None:
    path = make_store(tmp_path / "store", [plain(c) for c in colors(count)])
    with Store.open(path) as store:
        made = write_logdir(store, tmp_path / "log", options=PLAIN)
    run, (summary,) = only_run(made.logdir), made.runs
    assert sorted(file.name for file in run.iterdir()) == RUN_FILES
    entry = config(run)
    assert list(entry.tensor_shape) == [count, made.columns]
    assert len(table(run)) == len(tensor(run)) == count == summary.points
    with Image.open(run / entry.sprite.image_path) as sheet:
        assert sheet.size == (grid_for(count).side_px,) * 2
    assert list(entry.sprite.single_image_dim) == [summary.cell_px] * 2
    assert {len(mark["projections"]) for mark in bookmarks(run)} == {count}


def test_pictures_that_failed_are_absent_and_rows_stay_aligned(
    odd_store: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    shutil.copytree(odd_store[0], tmp_path / "store")
    with Store.open(tmp_path / "store") as store:
        made = write_logdir(store, tmp_path / "log", options=PLAIN)
        entries = store.catalog.entries(store.catalog.ids("ok"))
        thumbs = [decode(store.thumbs().get(entry.id)) for entry in entries]
        assert store.catalog.totals.counts()["failed"] > 0
    run = only_run(made.logdir)
    assert [row["size"] for row in table(run)] == [f"{e.width}x{e.height}" for e in entries]
    grid, sheet = grid_for(len(entries)), sprite(run)
    for i, thumb in enumerate(thumbs):
        left, top = grid.corner_px(i)
        cell = sheet[top : top + grid.cell_px, left : left + grid.cell_px]
        shown = _shown(cell, thumb)
        assert np.abs(shown[:, :, :3].mean(axis=(0, 1)) - thumb.mean(axis=(0, 1))).max() < 4
        assert (shown[:, :, 3] == 255).all()
        # Everything outside the thumbnail is transparent.
        assert (cell[:, :, 3] > 0).sum() == shown[:, :, 3].size


def test_missing_pictures_are_absent(tmp_path: Path) -> None:
    path = make_store(tmp_path / "store", [plain(c) for c in colors(6)])
    with Store.create(path) as store:
        store.catalog.db.execute("UPDATE images SET status = 'missing' WHERE id IN (1, 4)")
    with Store.open(path) as store:
        run = only_run(write_logdir(store, tmp_path / "log", options=PLAIN).logdir)
    assert names(run) == [f"{i:05d}.png" for i in (2, 3, 5, 6)]
    assert np.abs(sprite(run)[50, 50] - np.array([*colors(6)[1], 255])).max() < 6


def test_overview_and_pages_hold_every_picture(tmp_path: Path) -> None:
    with Store.open(_store(tmp_path / "store", 110)) as store:
        made = write_logdir(store, tmp_path / "log", options=TINY)
    kinds = [run.kind for run in made.runs]
    assert kinds == ["overview", *["page"] * (len(kinds) - 2), "whole"]
    by_kind = {kind: [made.logdir / r.name for r in made.runs if r.kind == kind] for kind in kinds}
    everything = [f"{i:05d}.png" for i in range(1, 111)]
    assert [names(run) for run in by_kind["whole"]] == [everything]
    on_pages = [name for run in by_kind["page"] for name in names(run)]
    assert sorted(on_pages) == everything
    assert len(by_kind["page"]) >= 5
    (overview,) = by_kind["overview"]
    assert len(names(overview)) == 20
    pages = {name: f"page {n:02d}" for n, run in enumerate(by_kind["page"], 1)
             for name in names(run)}  # fmt: skip
    for run in (overview, *by_kind["whole"]):
        assert {row["name"]: row["page"] for row in table(run)} == {n: pages[n] for n in names(run)}
    central = {row["center"] for row in table(by_kind["whole"][0])} - {"-"}
    assert central == {row["center"] for row in table(overview)} - {"-"}
    assert len(central) == 5


def test_rows_of_every_run_are_those_of_their_pictures(tmp_path: Path) -> None:
    path = _store(tmp_path / "store", 60)
    with Store.open(path) as store:
        made = write_logdir(store, tmp_path / "log", options=TINY)
        vectors = store.feature().load()
    inner = vectors - vectors.mean(axis=0)
    for summary in made.runs:
        run = made.logdir / summary.name
        rows = np.array([int(name[:5]) - 1 for name in names(run)])
        wanted = inner[rows] @ inner[rows].T
        columns = tensor(run)
        columns = columns - tensor(made.logdir / made.runs[-1].name).mean(axis=0)
        assert np.allclose(columns @ columns.T, wanted, rtol=1e-3, atol=0.1)
        for i, (row, (left, top)) in enumerate(
            zip(rows, map(grid_for(len(rows)).corner_px, range(len(rows))), strict=True)
        ):
            middle = sprite(run)[top + summary.cell_px // 2, left + summary.cell_px // 2, :3]
            assert np.abs(middle - np.array(colors(60)[row])).max() < 8, (summary.name, i)


def test_more_than_one_tensor_holds_makes_no_run_of_all(tmp_path: Path) -> None:
    with Store.open(_store(tmp_path / "store", 60)) as store:
        made = write_logdir(store, tmp_path / "log", options=replace(TINY, max_points=50))
    assert {run.kind for run in made.runs} == {"overview", "page"}


def test_the_command_says_what_it_made(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "log"
    argv = ["--store", str(own_store), "--out", str(out), "--dimensions", "5"]
    assert main([*argv, "--layouts", "umap", "--clusters", "4", "-v"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "pictures   24, 4 clusters"
    assert lines[1].startswith("columns    5 of mini, ")
    assert lines[1].endswith(" % of the variance kept")
    run = "all 24 pictures; 100 px a picture, 5 layouts; dots colored by folder, cluster"
    assert lines[2] == f"run        {run}"
    (last,) = lines[3:]
    assert last.startswith("24 pictures, 1 run, 1 new or changed, ")
    assert ends_after_some_time(last, str(out))
    assert main([*argv, "--layouts", "umap", "--clusters", "4"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("nothing new, ") and ends_after_some_time(line, str(out))
    with Store.open(own_store) as store:
        assert set(store.catalog.labels.of_kind("cluster").values()) == {"1", "2", "3", "4"}


@pytest.mark.parametrize(
    "arguments", [["--seed", "-1"], ["--seed", str(2**32)], ["--workers", "3000000000"]]
)
def test_numbers_that_nothing_takes_are_one_line(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--store", str(own_store), "--out", str(tmp_path / "log"), *arguments])
    assert arguments[1] in capsys.readouterr().err
    assert not (tmp_path / "log").exists()


def test_the_command_tells_of_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _store(tmp_path / "store", 60)
    argv = ["--store", str(path), "--out", str(tmp_path / "log"), "--layouts", "none"]
    assert main([*argv, "--page-size", "25", "--overview", "10", "--verbose"]) == 0
    lines = capsys.readouterr().out.splitlines()
    shown = "100 px a picture, 2 layouts; dots colored by cluster"
    assert lines[2] == f"run        overview 10 of 60; {shown}"
    assert lines[3] == f"run        all 60 pictures; {shown}"
    assert lines[4].startswith("pages      3, of ")


def test_all_dimensions_on_demand(tmp_path: Path) -> None:
    path = _store(tmp_path / "store", 30)
    argv = ["--store", str(path), "--out", str(tmp_path / "log"), "--layouts", "none", "--full"]
    assert main(argv) == 0
    with Store.open(path) as store:
        vectors = store.feature().load()
    assert np.allclose(tensor(only_run(tmp_path / "log")), vectors, rtol=2**-15)


def test_another_feature_can_be_shown(store: Store, tmp_path: Path) -> None:
    assert write_logdir(store, tmp_path / "log", "rgb", PLAIN).encoder == "rgb"
    assert config(only_run(tmp_path / "log")).tensor_name == "rgb"


def test_the_same_store_gives_the_same_bytes(store: Store, tmp_path: Path) -> None:
    first, second = (
        write_logdir(store, tmp_path / name, options=ProjectorOptions(clusters=4)).logdir
        for name in "ab"
    )
    assert contents(first) == contents(second)


@pytest.mark.parametrize("methods", [("grid",), ("tsne", "grid", "umap")])
def test_the_grid_is_umap_with_a_cell_for_each_picture(
    methods: tuple[str, ...], store: Store, tmp_path: Path
) -> None:
    options = ProjectorOptions(clusters=4, methods=methods)
    run = only_run(write_logdir(store, tmp_path / "log", options=options).logdir)
    marks = {mark["label"]: mark["projections"] for mark in bookmarks(run)}
    assert ("UMAP, 2-D" in marks) == ("umap" in methods)
    grid = [(point["umap-0"], point["umap-1"]) for point in marks["Grid, 2-D, to zoom in"]]
    # 24 pictures: four rows of five, and one of four.
    assert len(set(grid)) == 24
    rows = [sorted(x for x, y in grid if y == row) for row in sorted({y for _, y in grid})]
    assert [len(row) for row in rows] == [4, 5, 5, 5, 5]
    assert all(row == rows[-1][: len(row)] for row in rows)
    if "umap" in methods:
        x = np.array([point["umap-0"] for point in marks["UMAP, 2-D"]])
        across = np.array(grid)[:, 0]
        assert np.corrcoef(x, across)[0, 1] > 0.6


def test_labels_and_strange_names_reach_the_table(tmp_path: Path) -> None:
    images = [plain(c) for c in colors(2)]
    file_names = ["a/tab\t<b>.png", "a/caf\udce9.png"]
    labels = {"community": {1: "3.10"}}
    path = make_store(tmp_path / "store", images, names=file_names, labels=labels)
    with Store.open(path) as store:
        write_logdir(store, tmp_path / "log", options=PLAIN)
    rows = table(only_run(tmp_path / "log"))
    assert [(row["name"], row["community"]) for row in rows] == [
        ("tab <b>.png", "Community 3.10"), ("caf\N{REPLACEMENT CHARACTER}.png", "-"),
    ]  # fmt: skip
    assert {row["color"] for row in rows} <= {"red", "turquoise"}
    assert bookmarks(only_run(tmp_path / "log"))[-1]["label"] == "PCA, 3-D"


def test_the_classes_of_each_picture_are_a_column_of_text(tmp_path: Path) -> None:
    path = make_store(tmp_path / "store", [plain(c) for c in colors(3)])
    found = {1: (("alp", 0.9), ("hay", 0.05)), 2: (("hay", 0.03), ("alp", 0.01))}
    keep_classes(path, found)
    with Store.open(path) as store:
        write_logdir(store, tmp_path / "log", options=PLAIN)
    rows = table(only_run(tmp_path / "log"))
    assert [row["classes"] for row in rows] == ["alp 0.90, hay 0.05", "hay 0.03", "-"]
    assert [row["class"] for row in rows] == ["alp", "hay", "-"]


@pytest.mark.parametrize(
    ("count", "has"), [(0, "no readable pictures"), (1, "only 1 readable picture")]
)
def test_one_picture_is_too_few(
    count: int, has: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = np.zeros((count, 8), np.float32)
    path = make_store(tmp_path / "store", [plain(c) for c in colors(count)], vectors)
    assert main(["--store", str(path), "--out", str(tmp_path / "log")]) == 2
    error = capsys.readouterr().err
    assert f"store has {has}, the projector needs at least 2: run imgrec index" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "log").exists()


def test_a_feature_of_one_picture_is_too_few(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_store(tmp_path / "store", [plain(c) for c in colors(3)])
    with Store.create(path) as store:
        store.add_feature(EncoderSpec("lone", 4, Preprocessing(8, 8)))
        files = {"ids.npy": np.array([2]), "vectors.npy": np.ones((1, 4), np.float32)}
        write_part(store.paths.feature("lone"), 0, files)
    assert main(["--store", str(path), "--encoder", "lone", "--out", str(tmp_path / "log")]) == 2
    told = "store has 'lone' of 1 picture, the projector needs at least 2: choose another --encoder"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--store", "absent"], "no store at absent"),
        (["--encoder", "vgg"], "has no feature 'vgg' (there: mini, rgb)"),
        (["--dimensions", "0"], "0 is not 1 or more"),
        (["--layouts", "umap,mds"], "'mds' is no layout (there: umap, tsne, grid, or none)"),
        (["--page-size", "1"], "1 is out of range: give 2 to 100,000"),
        (["--overview", "100001"], "100001 is out of range: give 2 to 100,000"),
        (["--full", "--dimensions", "9"], "not allowed with"),
    ],
)
def test_mistakes_are_told_in_one_line(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    arguments: list[str], message: str,
) -> None:  # fmt: skip
    argv = ["--store", str(own_store), "--out", str(tmp_path / "log"), *arguments]
    try:
        code = main(argv)
    except SystemExit as error:
        code = int(error.code or 0)
    assert code == 2
    error_text = capsys.readouterr().err
    assert message in error_text
    assert error_text.count("\n") == 1


def test_nothing_imports_torch_or_tensorflow() -> None:
    program = "import sys, projector.__main__, projector.serve; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          check=True, cwd=ROOT)  # fmt: skip
    assert not {"torch", "tensorflow", "matplotlib", "umap", "openTSNE", "sklearn", "scipy"} & set(
        done.stdout.split()
    )


def test_the_public_names_are_sorted_and_there() -> None:
    assert projector.__all__ == sorted(projector.__all__)
    assert all(hasattr(projector, name) for name in projector.__all__)


def test_thumbnails_smaller_than_a_cell_are_enlarged(tmp_path: Path) -> None:
    path = make_store(tmp_path / "store", [plain(c, (8, 4)) for c in colors(2)])
    with Store.open(path) as store:
        made = write_logdir(store, tmp_path / "log", options=PLAIN)
    alpha = sprite(only_run(made.logdir))[:100, :100, 3]
    assert (alpha[:, 1:99] == 255).all(axis=1).sum() == 49
    assert (alpha == 255).sum() == 49 * 98


def _shown(cell: np.ndarray, thumb: np.ndarray) -> np.ndarray:
    """Return the part of a cell (s, s, 4) that the thumbnail covers."""
    h, w = thumb.shape[:2]
    size = [max(1, round(side * (len(cell) - 2) / max(h, w))) for side in (h, w)]
    top, left = ((len(cell) - side) // 2 for side in size)
    return cell[top : top + size[0], left : left + size[1]]


def _store(path: Path, count: int) -> Path:
    """Make a store of pictures in five distant groups."""
    rng = np.random.default_rng(1)
    centers = 10 * rng.normal(size=(5, 12))
    vectors = centers[rng.integers(5, size=count)] + rng.normal(size=(count, 12))
    return make_store(path, [plain(c) for c in colors(count)], vectors.astype(np.float32))
