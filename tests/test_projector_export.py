"""From a store to a logdir: whole, aligned row by row, and never in place of something else."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

import projector
from imgrec.store import Store
from projector import export
from projector.__main__ import main
from projector.errors import ProjectorError
from projector.export import write_logdir
from projector.sprite import grid_for, write_sprite
from projector_store import colours, decode, make_store, plain

_FILES = ["metadata.tsv", "projector_config.pbtxt", "sprite.webp", "tensor.bytes"]


def _rows(logdir: Path) -> list[list[str]]:
    text = (logdir / "metadata.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.split("\n")[1:-1]]


def _config(logdir: Path) -> ProjectorConfig:
    text = (logdir / "projector_config.pbtxt").read_text("utf-8")
    return text_format.Parse(text, ProjectorConfig())


def _tensor(logdir: Path) -> np.ndarray:
    shape = _config(logdir).embeddings[0].tensor_shape
    return np.fromfile(logdir / "tensor.bytes", "<f4").reshape(shape)


def _sprite(logdir: Path) -> np.ndarray:
    return np.asarray(Image.open(logdir / "sprite.webp"))


def _tree(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("count", [2, 3, 4, 5, 10, 65])
def test_files_agree_on_the_rows(count: int, tmp_path: Path) -> None:
    path = make_store(tmp_path / "store", [plain(c) for c in colours(count)])
    with Store.open(path) as store:
        made = write_logdir(store, tmp_path / "log")
    assert sorted(_contents(made.logdir)) == _FILES
    (entry,) = _config(made.logdir).embeddings
    assert list(entry.tensor_shape) == [count, made.columns]
    assert len(_rows(made.logdir)) == len(_tensor(made.logdir)) == count == made.points
    with Image.open(made.logdir / entry.sprite.image_path) as sheet:
        assert sheet.size == (grid_for(count).side_px,) * 2
    assert list(entry.sprite.single_image_dim) == [made.cell_px] * 2


def test_pictures_that_failed_are_absent_and_rows_stay_aligned(
    odd_store: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    with Store.open(odd_store[0]) as store:
        made = write_logdir(store, tmp_path / "log")
        entries = store.catalog.entries(store.catalog.ids("ok"))
        thumbs = [decode(store.thumbs().get(entry.id)) for entry in entries]
        assert store.catalog.counts()["failed"] > 0
    assert [row[3] for row in _rows(made.logdir)] == [f"{e.width}x{e.height}" for e in entries]
    grid, sheet = grid_for(made.points), _sprite(made.logdir)
    for i, thumb in enumerate(thumbs):
        left, top = grid.corner_px(i)
        cell = sheet[top : top + grid.cell_px, left : left + grid.cell_px]
        shown = _shown(cell, thumb)
        assert np.abs(shown[:, :, :3].mean(axis=(0, 1)) - thumb.mean(axis=(0, 1))).max() < 4
        assert (shown[:, :, 3] == 255).all()
        assert (cell[:, :, 3] > 0).sum() == shown[:, :, 3].size  # nothing but the thumbnail


def test_missing_pictures_are_absent(tmp_path: Path) -> None:
    path = make_store(tmp_path / "store", [plain(c) for c in colours(6)])
    with Store.create(path) as store:
        store.catalog.db.execute("UPDATE images SET status = 'missing' WHERE id IN (1, 4)")
    with Store.open(path) as store:
        made = write_logdir(store, tmp_path / "log")
    assert [row[0] for row in _rows(made.logdir)] == [f"{i:05d}.png" for i in (2, 3, 5, 6)]
    assert np.abs(_sprite(made.logdir)[50, 50] - np.array([*colours(6)[1], 255])).max() < 6


def test_more_than_the_page_takes_is_sampled_evenly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_store(tmp_path / "store", [plain(c) for c in colours(50)])
    monkeypatch.setattr(export, "MAX_POINTS", 10)
    assert main(["--store", str(path), "--out", str(tmp_path / "log")]) == 0
    assert "points     10, an even sample of 50\n" in capsys.readouterr().out
    numbers = [int(row[0][:5]) for row in _rows(tmp_path / "log")]
    assert [(number - 1) // 5 for number in numbers] == list(range(10))


def test_the_command_says_what_it_made(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "log"
    assert main(["--store", str(photo_store), "--out", str(out), "--dimensions", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "points     24"
    assert lines[1].startswith("columns    5 of mini, ")
    assert lines[1].endswith(" % of the variance kept")
    assert lines[2:] == ["sprite     100 px a picture", f"logdir     {out}"]


def test_another_feature_can_be_shown(store: Store, tmp_path: Path) -> None:
    assert write_logdir(store, tmp_path / "log", "rgb").encoder == "rgb"
    assert _config(tmp_path / "log").embeddings[0].tensor_name == "rgb"


def test_the_same_store_gives_the_same_bytes(store: Store, tmp_path: Path) -> None:
    first, second = (write_logdir(store, tmp_path / name).logdir for name in ("a", "b"))
    assert _contents(first) == _contents(second)


def test_labels_and_strange_names_reach_the_table(tmp_path: Path) -> None:
    images = [plain(c) for c in colours(2)]
    names = ["a/tab\t<b>.png", "a/caf\udce9.png"]
    labels = {"community": {1: "3.10"}}
    path = make_store(tmp_path / "store", images, names=names, labels=labels)
    with Store.open(path) as store:
        write_logdir(store, tmp_path / "log")
    assert [(row[0], row[5]) for row in _rows(tmp_path / "log")] == [
        ("tab <b>.png", "#3.10"), ("caf\N{REPLACEMENT CHARACTER}.png", "-"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "has"), [(0, "no readable pictures"), (1, "only 1 readable picture")]
)
def test_one_picture_is_too_few(
    count: int, has: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = np.zeros((count, 8), np.float32)
    path = make_store(tmp_path / "store", [plain(c) for c in colours(count)], vectors)
    assert main(["--store", str(path), "--out", str(tmp_path / "log")]) == 2
    error = capsys.readouterr().err
    assert f"store has {has}, the projector shows 2 or more: run python -m imgrec.index" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "log").exists()


def test_a_logdir_is_replaced_and_a_failed_run_leaves_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "log"
    write_logdir(store, out, "rgb")
    (out / "sprite.jpg").write_text("of an earlier version")
    write_logdir(store, out, "mini")
    before = _contents(out)
    assert sorted(before) == _FILES
    monkeypatch.setattr("projector.run.write_sprite", _full_disk)
    with pytest.raises(OSError, match="no space"):
        write_logdir(store, out, "rgb")
    assert _contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize("name", ["mynote.txt", "run1/events.out.tfevents.1", "metadata.tsv/a"])
def test_a_logdir_with_a_file_of_the_user_is_never_replaced(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    out = tmp_path / "log"
    argv = ["--store", str(photo_store), "--out", str(out)]
    assert main(argv) == 0
    if name.startswith("metadata.tsv"):
        (out / "metadata.tsv").unlink()
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("mine")
    before = _tree(tmp_path)
    capsys.readouterr()
    assert main(argv) == 2
    foreign = name.partition("/")[0]
    assert capsys.readouterr().err == (
        f"projector: {out} holds something else than the files of this command, {foreign}: "
        "move it away or name another place\n"
    )
    assert _tree(tmp_path) == before
    (out / name).unlink()
    if "/" in name:
        (out / foreign).rmdir()
    assert main(argv) == 0


def test_what_came_while_it_was_written_is_not_deleted(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = write_logdir(store, tmp_path / "log").logdir

    def meanwhile(path: Path, sheet: Image.Image) -> None:
        (out / "mynote.txt").write_text("mine")
        write_sprite(path, sheet)

    monkeypatch.setattr("projector.run.write_sprite", meanwhile)
    with pytest.raises(ProjectorError, match=r"holds something else .* mynote\.txt"):
        write_logdir(store, out)
    assert (out / "mynote.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize("name", ["holiday.jpg", "projector_config.pbtxt"])
def test_something_else_is_never_replaced(store: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("embeddings {}")
    with pytest.raises(ProjectorError, match="holds something else"):
        write_logdir(store, tmp_path)
    with pytest.raises(ProjectorError, match="holds something else"):
        write_logdir(store, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--store", "absent"], "no store at absent"),
        (["--encoder", "vgg"], "has no feature 'vgg' (there: mini, rgb)"),
        (["--dimensions", "0"], "0 is less than 1"),
    ],
)
def test_mistakes_are_told_in_one_line(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    arguments: list[str], message: str,
) -> None:  # fmt: skip
    argv = ["--store", str(photo_store), "--out", str(tmp_path / "log"), *arguments]
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
                          check=True, cwd=Path(__file__).parents[1])  # fmt: skip
    assert not {"torch", "tensorflow", "matplotlib"} & set(done.stdout.split())


def test_the_public_names_are_sorted_and_there() -> None:
    assert projector.__all__ == sorted(projector.__all__)
    assert all(hasattr(projector, name) for name in projector.__all__)


def test_thumbnails_smaller_than_a_cell_are_enlarged(tmp_path: Path) -> None:
    path = make_store(tmp_path / "store", [plain(c, (8, 4)) for c in colours(2)])
    with Store.open(path) as store:
        made = write_logdir(store, tmp_path / "log")
    alpha = _sprite(made.logdir)[:100, :100, 3]
    assert (alpha[:, 1:99] == 255).all(axis=1).sum() == 49
    assert (alpha == 255).sum() == 49 * 98


def _shown(cell: np.ndarray, thumb: np.ndarray) -> np.ndarray:
    """Return the part of a cell (s, s, 4) where the thumbnail stands."""
    h, w = thumb.shape[:2]
    size = [max(1, round(side * (len(cell) - 2) / max(h, w))) for side in (h, w)]
    top, left = ((len(cell) - side) // 2 for side in size)
    return cell[top : top + size[0], left : left + size[1]]


def _full_disk(*_: object) -> None:
    raise OSError("no space")
