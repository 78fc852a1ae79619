"""Tests of replacing a logdir: atomic, incremental, never deleting files of the user."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from groups import group_ends
from imgrec.errors import ImgrecError
from imgrec.store.parts import write_part
from imgrec.store.store import Store
from logdirs import RUN_FILES, contents, names, only_run, runs, table
from projector.__main__ import main
from projector.errors import ProjectorError
from projector.export import Export, ProjectorOptions, write_logdir
from projector.files.sprite import write_sprite
from projector_store import colors, make_store, plain
from thumb_parts import write_thumbs

PLAIN = ProjectorOptions(methods=())
TINY = ProjectorOptions(overview=12, page_size=40, clusters=3, methods=())
_COUNT = 96


def _vectors(count: int) -> NDArray[np.float32]:
    """Return vectors of three distant groups; the group is the number modulo 3."""
    rng = np.random.default_rng(2)
    centers = 20 * np.eye(3, 8)
    return (centers[np.arange(count) % 3] + rng.normal(size=(count, 8))).astype(np.float32)


def _grouped(path: Path) -> Path:
    images = [plain(c) for c in colors(_COUNT)]
    return make_store(path, images, _vectors(_COUNT))


def _exported(store: Path, out: Path, options: ProjectorOptions = TINY) -> Export:
    with Store.open(store) as opened:
        return write_logdir(opened, out, options=options)


def _add(path: Path, vector: NDArray[np.float32]) -> int:
    """Add a picture; return its id."""
    with Store.create(path) as store:
        new = store.catalog.last_id() + 1
        store.catalog.db.execute(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, width, height, format, status) "
            "VALUES (?, 1, ?, 1, 1, 96, 96, 'PNG', 'ok')", [new, f"{new:05d}.png"],
        )  # fmt: skip
        arrays = {"ids.npy": np.array([new]), "vectors.npy": vector[None].astype(np.float32)}
        write_part(store.paths.feature("flat"), new, arrays)
        thumbs = [decode_back((9, 99, 9))]
        write_thumbs(store.paths.thumbs, new, np.array([new]), thumbs)
    return new


def decode_back(color: tuple[int, int, int]) -> bytes:
    """Return a thumbnail of one color as JPEG."""
    from imgrec.pictures.decoding import thumbnail

    return thumbnail(plain(color))


def _inodes(logdir: Path) -> dict[str, int]:
    return {str(p.relative_to(logdir)): p.stat().st_ino for p in logdir.rglob("*") if p.is_file()}


def test_a_logdir_is_replaced_and_a_failed_run_leaves_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "log"
    write_logdir(store, out, "rgb", PLAIN)
    write_logdir(store, out, "mini", PLAIN)
    before = contents(out)
    assert sorted(path.name for path in only_run(out).iterdir()) == RUN_FILES
    # No sprite of the previous logdir can be reused.
    monkeypatch.setattr("projector.compose.VERSION", -1)
    monkeypatch.setattr("projector.files.sprite_workers.write_sprite", _full_disk)
    with pytest.raises(OSError, match="no space"):
        write_logdir(store, out, "rgb", PLAIN)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize(
    "name", ["mynote.txt", "run1/events.out.tfevents.1", "all 24 pictures/events.out.tfevents.1"]
)
def test_a_logdir_with_a_file_of_the_user_is_never_replaced(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    out = tmp_path / "log"
    argv = ["--store", str(own_store), "--out", str(out), "--layouts", "none"]
    assert main(argv) == 0
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("mine")
    before = contents(tmp_path)
    capsys.readouterr()
    assert main(argv) == 2
    foreign = "run1/" if name.startswith("run1") else name
    assert capsys.readouterr().err == (
        f"imgrec projector: {out} holds {foreign}, which is not part of the logdir and would be "
        "lost: move it away, or name another folder\n"
    )
    assert contents(tmp_path) == before
    (out / name).unlink()
    if name.startswith("run1"):
        (out / "run1").rmdir()
    assert main(argv) == 0


def test_what_came_while_it_was_written_is_not_deleted(
    own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = _exported(own_store, tmp_path / "log", PLAIN).logdir

    def meanwhile(path: Path, sheet: Image.Image) -> None:
        (out / "mynote.txt").write_text("mine")
        write_sprite(path, sheet)

    monkeypatch.setattr("projector.files.sprite_workers.write_sprite", meanwhile)
    # No sprite of the previous logdir can be reused.
    monkeypatch.setattr("projector.compose.VERSION", -1)
    with pytest.raises(ImgrecError, match=r"holds mynote\.txt, which is not part of the logdir"):
        _exported(own_store, out, PLAIN)
    assert (out / "mynote.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize("name", ["holiday.jpg", "projector_config.pbtxt", "projector.json"])
def test_something_else_is_never_replaced(store: Store, tmp_path: Path, name: str) -> None:
    out = tmp_path / "other"
    out.mkdir()
    (out / name).write_text("embeddings {}")
    with pytest.raises(ImgrecError, match="is not empty and holds no logdir of ours"):
        write_logdir(store, out, options=PLAIN)
    with pytest.raises(ImgrecError, match="is a file: name a folder for the logdir"):
        write_logdir(store, out / name, options=PLAIN)
    assert [path.name for path in out.iterdir()] == [name]


def test_a_manifest_cannot_lead_out_of_its_folder(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("mine")
    out = write_logdir(store, tmp_path / "log", options=PLAIN).logdir
    listed = (out / "projector.json").read_text("utf-8")
    (out / "projector.json").write_text(listed.replace("all 24 pictures", "../mine"), "utf-8")
    with pytest.raises(ImgrecError, match="holds all 24 pictures/, which is not part"):
        write_logdir(store, out, options=PLAIN)
    assert (tmp_path / "mine" / "a.txt").read_text() == "mine"


def test_a_second_run_takes_everything_over(tmp_path: Path) -> None:
    store = _grouped(tmp_path / "store")
    first = _exported(store, tmp_path / "log")
    before, files = contents(first.logdir), _inodes(first.logdir)
    assert all(run.changed for run in first.runs)
    second = _exported(store, tmp_path / "log")
    assert not any(run.changed for run in second.runs)
    assert contents(second.logdir) == before
    now = _inodes(second.logdir)
    assert {name for name in now if now[name] != files[name]} == {"projector.json"}


def test_a_new_picture_changes_only_the_runs_it_is_in(tmp_path: Path) -> None:
    store, out = _grouped(tmp_path / "store"), tmp_path / "log"
    before = {run.name: run for run in _exported(store, out).runs}
    old = contents(out)
    new = _add(store, _vectors(1)[0])
    made = _exported(store, out)
    same = [run for run in made.runs if not run.changed]
    pages = [run for run in made.runs if run.kind == "page"]
    assert [run.kind for run in same].count("page") == len(pages) - 1
    for run in same:
        assert run.name in before
        kept = {k: v for k, v in contents(out).items() if k.startswith(f"{run.name}/")}
        assert kept == {k: v for k, v in old.items() if k.startswith(f"{run.name}/")}
    (page,) = [run for run in pages if run.changed]
    assert page.name not in before
    assert page.name.endswith(" (2)")
    assert f"{new:05d}.png" in names(out / page.name)
    assert sorted(n for run in pages for n in names(out / run.name)) == [
        f"{i:05d}.png" for i in range(1, _COUNT + 2)
    ]
    neighbors = {int(n[:5]) % 3 for n in names(out / page.name) if int(n[:5]) != new}
    # All of the group of the first vector.
    assert neighbors == {1}


def test_new_labels_change_the_tables_and_nothing_else(tmp_path: Path) -> None:
    store, out = _grouped(tmp_path / "store"), tmp_path / "log"
    _exported(store, out)
    files = {path: inode for path, inode in _inodes(out).items() if path.endswith(".webp")}
    with Store.create(store) as writable:
        writable.catalog.labels.replace("class", dict.fromkeys(range(1, _COUNT + 1), "pan"))
    made = _exported(store, out)
    assert all(run.changed for run in made.runs)
    assert {row["class"] for run in runs(out) for row in table(run)} == {"pan"}
    assert sorted(files.values()) == sorted(i for p, i in _inodes(out).items() if ".webp" in p)


def test_where_nothing_can_be_linked_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, out = _grouped(tmp_path / "store"), tmp_path / "log"
    _exported(store, out)
    before = contents(out)
    monkeypatch.setattr(os, "link", _full_disk)
    monkeypatch.setattr("projector.files.sprite_workers.write_sprite", _full_disk)
    _exported(store, out)
    assert contents(out) == before


def test_a_file_that_is_no_longer_whole_is_made_again(tmp_path: Path) -> None:
    store, out = _grouped(tmp_path / "store"), tmp_path / "log"
    _exported(store, out)
    before = contents(out)
    damaged = runs(out)[0] / "sprite.webp"
    damaged.write_bytes(b"x")
    (runs(out)[1] / "tensor.bytes").unlink()
    _exported(store, out)
    assert contents(out) == before


def _same_size(out: Path) -> None:
    for path in [p for p in out.rglob("*") if p.is_file() and p.name != "projector.json"]:
        state = path.stat()
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def _other_keys(out: Path) -> None:
    """Exchange two sprites of the same run of another logdir, which the manifest vouches for."""
    first, second = (run / "sprite.webp" for run in runs(out)[:2])
    listed = json.loads((out / "projector.json").read_text("utf-8"))
    files = {run["folder"]: run["files"] for run in listed["runs"].values()}
    a, b = (files[sprite.parent.name] for sprite in (first, second))
    data = first.read_bytes(), second.read_bytes()
    first.write_bytes(data[1])
    second.write_bytes(data[0])
    a["sprite.webp"]["size_bytes"], b["sprite.webp"]["size_bytes"] = len(data[1]), len(data[0])
    (out / "projector.json").write_text(json.dumps(listed), "utf-8")


@pytest.mark.parametrize("tamper", [_same_size, _other_keys])
def test_files_that_somebody_exchanged_are_written_anew(
    tmp_path: Path, tamper: Callable[[Path], None]
) -> None:
    store, out = _grouped(tmp_path / "store"), tmp_path / "log"
    _exported(store, out)
    before = contents(out)
    tamper(out)
    assert contents(out) != before
    _exported(store, out)
    after = contents(out)
    assert {name for name in before if after[name] != before[name]} <= {"projector.json"}
    assert after.keys() == before.keys()


def test_files_of_a_logdir_that_this_user_did_not_write_are_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, out = _grouped(tmp_path / "store"), tmp_path / "log"
    _exported(store, out)
    before, files = contents(out), _inodes(out)
    for name in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "cache of another user"))
    _exported(store, out)
    assert contents(out) == before
    assert not set(files.values()) & set(_inodes(out).values())


def test_a_store_on_a_read_only_disk_can_be_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _grouped(tmp_path / "store")
    _exported(store, tmp_path / "expected")
    shutil.rmtree(store / "projector")
    shutil.rmtree(store / "indexes")
    for place in ("imgrec.derived.kept.Store.writing", "projector.kept_pages.save"):
        monkeypatch.setattr(place, _full_disk)
    _exported(store, tmp_path / "log")
    assert not (store / "projector" / "flat").exists()
    assert contents(tmp_path / "log") == contents(tmp_path / "expected")


def test_an_unreadable_thumbnail_is_told(tmp_path: Path) -> None:
    store = _grouped(tmp_path / "store")
    _exported(store, tmp_path / "log")
    data = store / "thumbs" / "part-000000" / "thumbs.bin"
    data.write_bytes(b"\0" * data.stat().st_size)
    with pytest.raises(ProjectorError, match=r"thumbnail of picture .* is damaged"):
        _exported(store, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def _full_disk(*_: object, **__: object) -> None:
    raise OSError("no space")


def _read(screen: int, until: tuple[str, ...] = ()) -> str:
    """Return what a terminal is sent up to one of some words, or to its end."""
    said = ""
    # EIO: nobody has the terminal open any more.
    with suppress(OSError):
        while not any(word in said for word in until):
            said += os.read(screen, 1 << 12).decode("utf-8", "replace")
    return said


def test_ctrl_c_ends_the_workers_in_the_middle_of_a_layout(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(3000, 20)).astype(np.float32)
    path = make_store(tmp_path / "store", [plain((9, 9, 9))] * 3000, vectors)
    command = [sys.executable, "-m", "projector", "--store", str(path), "--out"]
    # A terminal shows each stage at once, however fast the machine is.
    screen, terminal = pty.openpty()
    run = subprocess.Popen(
        [*command, str(tmp_path / "log"), "--workers", "2"],
        stdout=subprocess.DEVNULL, stderr=terminal, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    try:
        said = _read(screen, until=("t-SNE", "UMAP"))
        assert run.poll() is None, said
        os.killpg(run.pid, signal.SIGINT)
        said = _read(screen)
    finally:
        os.close(screen)
    assert run.wait(timeout=30) == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("imgrec projector: stopped")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store"]
    assert group_ends(run.pid)
