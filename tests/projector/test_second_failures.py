"""What fails while something else is being handled: nothing is lost, and nothing is left behind."""

import os
import threading
from pathlib import Path

import pytest

from imgrec.store.store import Store
from imgrec.system.known_outputs import checksum_of
from logdirs import contents
from projector.export import ProjectorOptions, write_logdir
from projector.files.pieces import Piece
from projector.manifest import NOTHING, taken_over
from projector.writer import LogdirWriter
from projector_store import colors, make_store, plain

PLAIN = ProjectorOptions(clusters=2, methods=())


def _exported(store: Path, out: Path, options: ProjectorOptions = PLAIN) -> Path:
    with Store.open(store) as opened:
        return write_logdir(opened, out, options=options).logdir


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("twenty") / "store"
    return make_store(path, [plain(color) for color in colors(20)])


def test_a_file_that_disappears_while_it_is_taken_over_is_made_again(
    twenty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = _exported(twenty, tmp_path / "log")
    before = contents(out)

    def link(source: Path, new: Path) -> None:
        # Nothing can be linked here, and there is nothing left to be copied.
        Path(source).unlink()
        raise OSError

    monkeypatch.setattr(os, "link", link)
    assert contents(_exported(twenty, out)) == before


def test_a_file_that_can_be_neither_linked_nor_copied_is_not_taken_over(tmp_path: Path) -> None:
    right = checksum_of(b"x")
    assert not taken_over(tmp_path / "gone", tmp_path / "new", right)
    assert not (tmp_path / "new").exists()
    (tmp_path / "there").write_text("x")
    (tmp_path / "new").mkdir()
    assert not taken_over(tmp_path / "there", tmp_path / "new", right)


def test_a_failing_slow_file_fails_the_logdir_even_if_others_follow(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise OSError("no space")

    with LogdirWriter(tmp_path / "old", NOTHING, tmp_path) as writer:
        writer.write("a", "a", [Piece("x", "x", fail, slow=True)])
        writer.write("b", "b", [Piece("x", "x", lambda path: path.touch(), slow=True)])
        with pytest.raises(OSError, match="no space"):
            writer.finish()


def test_after_an_error_no_slow_file_is_begun_and_no_thread_is_left(tmp_path: Path) -> None:
    go, begun = threading.Event(), []
    threads = threading.active_count()

    def wait(path: Path) -> None:
        begun.append(path)
        go.wait(10)

    with (
        pytest.raises(KeyboardInterrupt),
        LogdirWriter(tmp_path / "old", NOTHING, tmp_path) as writer,
    ):
        writer._threads._max_workers = 1
        for name in "abc":
            writer.write(name, name, [Piece("x", "x", wait, slow=True)])
        threading.Timer(0.2, go.set).start()
        raise KeyboardInterrupt
    assert [path.parent.name for path in begun] == ["a"]
    assert threading.active_count() <= threads + 1


@pytest.mark.parametrize("name", ["projector", "layouts", "indexes"])
def test_a_store_in_which_nothing_can_be_kept_is_shown_all_the_same(
    tmp_path: Path, name: str
) -> None:
    store = make_store(tmp_path / "store", [plain(color) for color in colors(20)])
    options = ProjectorOptions(clusters=2, methods=("umap",), page_size=12, overview=5)
    expected = contents(_exported(store, tmp_path / "first", options))
    for made in ("projector", "layouts", "indexes"):
        for path in sorted((store / made).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (store / made).rmdir()
    (store / name).write_text("in the way")
    assert contents(_exported(store, tmp_path / "second", options)) == expected
    assert (store / name).read_text() == "in the way"
