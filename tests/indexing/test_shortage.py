"""Runs in which memory does not suffice: no verdict on a file, one line, and the next run reads."""

import sys
from pathlib import Path

import pytest

import imgrec.indexing.read as reading
from imgrec import Options, index_folders
from imgrec.errors import MemoryShortageError
from imgrec.index import main
from imgrec.pictures.decoding import Picture, decode
from pictures import encoded, picture, write_pictures
from stores import statuses


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "photos", each=2)
    (tmp_path / "photos" / "large.jpg").write_bytes(encoded(picture("discs", 1, (31, 17)), "JPEG"))
    return tmp_path / "photos"


@pytest.mark.parametrize("error", [MemoryShortageError("9 MB are not free"), MemoryError()])
def test_a_picture_that_memory_does_not_suffice_for_is_read_by_the_next_run(
    error: Exception,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def short(data: bytes, need_px: int) -> Picture:
        found = decode(data, need_px)
        if found.width == 31:
            raise error
        return found

    store = folder.parent / "store"
    command = [str(folder), "--store", str(store), "--encoder", "mini", "--workers", "0"]
    monkeypatch.setattr(reading, "decode", short)
    assert main(command) == 2
    said = capsys.readouterr()
    assert "memory did not suffice for 1 picture" in said.err.splitlines()[-1]
    assert "failed" not in said.out and "1 not read" in said.out
    assert statuses(store)["large.jpg"] == "new"
    monkeypatch.undo()
    assert main(command) == 0
    assert set(statuses(store).values()) == {"ok"}


def test_a_feature_that_memory_does_not_suffice_for_leaves_a_picture_ok(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder.parent / "store"
    index_folders([folder], store, Options(encoders=("rgb",), workers=0))

    def short(data: bytes, need_px: int) -> Picture:
        raise MemoryShortageError("9 MB are not free")

    monkeypatch.setattr(reading, "decode", short)
    assert index_folders([], store, Options(encoders=("mini",), workers=0)).unread == 7
    assert set(statuses(store).values()) == {"ok"}
    monkeypatch.undo()
    assert index_folders([], store, Options(encoders=("mini",), workers=0)).done == 7


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_picture_whose_worker_the_system_kills_is_read_by_the_next_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import os, signal, imgrec.indexing.read as reading\n"
        "kept = reading.decode\n"
        "def dying(*arguments, **named):\n"
        "    picture = kept(*arguments, **named)\n"
        "    if picture.width == 31: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return picture\n"
        "reading.decode = dying\n"
    )
    store = tmp_path / "store"
    options = Options(encoders=("mini",), workers=1)
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path / "site"))
        summary = index_folders([folder], store, options)
    assert (summary.unread, summary.counts["failed"], summary.counts["ok"]) == (1, 0, 6)
    assert statuses(store)["large.jpg"] == "new"
    assert index_folders([], store, options).unread == 0
    assert statuses(store)["large.jpg"] == "ok"
