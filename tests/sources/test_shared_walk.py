"""A walk that a second process shares finds what a walk in one process does, and leaves nothing."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from groups import group_ends
from imgrec.sources import shared_walk as module
from imgrec.sources.columns import Columns, Picture
from imgrec.sources.folder import FolderSource
from imgrec.sources.links import RealPlaces
from imgrec.sources.rules import Rules
from imgrec.sources.source import Listing
from imgrec.system.worker import WorkerDiedError
from imgrec.system.workers import Workers
from paths import ROOT
from waiting import until

Children = Callable[[], list[Any]]

_RULES = [Rules(), Rules(frozenset({"hidden", "raw-pairs"}), ("b*", "*.gif"), ("b1", ".hid"))]
# Longer than any path that the system takes, in folders of so long a name.
_LONG, _MOST = "n" * 200, 4096


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Write a tree of odd names, links, output of imgrec, and folders that cannot be listed."""
    root = tmp_path / "root"
    names = [f"{a}{n}/{b}/{n}{suffix}" for a in "ab" for n in range(4) for b in ("x", "y/z")
             for suffix in (".jpg", ".PNG", ".txt", ".nef")]  # fmt: skip
    names += ["top.jpg", ".hid/a.jpg", "b1/.trash/b.jpg", "e\u0301/\xe9.jpg", "\udcff/\udce9.gif"]
    names += ["a0/li\nne/a b.tif", "b2/thumbs/c.jpg", "a1/.jpg", "a1/x.jpg/inside.jpg", "b3/m.mp4"]
    for number, name in enumerate(names):
        file = Path(os.fsdecode(os.fsencode(root / name)))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * number)
    for place in ("b2/site", "a2/y/site", "a2/y-/site"):
        (root / place).mkdir(parents=True)
        (root / place / "site.json").write_bytes(b'{"written_by": "imgrec 0.1.0"}')
        (root / place / "sheet.jpg").write_bytes(b"x")
    (root / "a3" / "out.jpg").symlink_to(tmp_path / "nowhere")
    (root / "b0" / "up").symlink_to("..")
    os.utime(root / "top.jpg", (15_032_385_535, 15_032_385_535))
    for place in ("a3/deep", "b0"):
        _nest(root / place)
    return root


def _nest(folder: Path) -> None:
    """Nest folders until the path of the inmost one is longer than the system takes."""
    folder.mkdir(exist_ok=True)
    above, length = os.open(folder, os.O_RDONLY), len(str(folder))
    while length <= _MOST:
        os.mkdir(_LONG, dir_fd=above)
        inside = os.open(_LONG, os.O_RDONLY, dir_fd=above)
        os.close(above)
        above, length = inside, length + len(_LONG) + 1
    os.close(above)


def _pictures(folders: Iterator[Columns]) -> list[Picture]:
    return sorted(picture for folder in folders for picture in folder.pictures())


def _alone(root: Path, rules: Rules) -> tuple[list[Picture], Listing]:
    found = Listing(rules)
    return _pictures(FolderSource(str(root)).folders(found)), found


@pytest.fixture
def children() -> Children:
    """Return a function that returns the processes that the test has started and that run."""
    before = {process.pid for process in multiprocessing.active_children()}
    return lambda: [one for one in multiprocessing.active_children() if one.pid not in before]


@pytest.mark.parametrize("rules", _RULES)
@pytest.mark.parametrize("files", [1, 20, 2_000])
def test_it_finds_what_a_walk_in_one_process_finds(
    tree: Path, rules: Rules, files: int, monkeypatch: pytest.MonkeyPatch, children: Children
) -> None:
    monkeypatch.setattr(module, "_TASK_FILES", files)
    expected, listing = _alone(tree, rules)
    found = Listing(rules)
    folders = FolderSource(str(tree)).folders(found, shared=True)
    assert _pictures(folders) == expected
    # Lists of what is named to a user too, in their order.
    assert found == listing
    assert len(found.unreadable) == 2
    assert len(found.outputs) >= 2
    assert not children()


def test_the_other_process_takes_part(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    submit = Workers.submit

    def noted(workers: Workers, function: Any, *arguments: Any) -> Future[Any]:
        given.append(arguments)
        future = submit(workers, function, *arguments)
        # Else this process may have listed all before the other one has started.
        future.exception()
        return future

    monkeypatch.setattr(Workers, "submit", noted)
    assert _pictures(module.shared_walk(str(tree), Listing())) == _alone(tree, Rules())[0]
    assert len(given) > 3


class _Dying(Workers):
    """A pool whose process is killed, or cannot be started."""

    def submit(self, function: Any, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(WorkerDiedError(started=False))
        return future


def test_what_a_process_had_taken_that_died_is_listed_here(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Workers", _Dying)
    found = Listing()
    assert (_pictures(module.shared_walk(str(tree), found)), found) == _alone(tree, Rules())


def test_a_kill_of_the_other_process_loses_nothing(tree: Path, children: Children) -> None:
    found, pictures = Listing(), []
    for folder in module.shared_walk(str(tree), found):
        for process in children():
            process.kill()
        pictures += folder.pictures()
    assert (sorted(pictures), found) == _alone(tree, Rules())


def test_nothing_is_left_of_a_walk_that_is_given_up(tree: Path, children: Children) -> None:
    folders = module.shared_walk(str(tree), Listing())
    # The first is the root, before there is anything to share.
    next(folders), next(folders)
    until(lambda: bool(children()))
    folders.close()  # type: ignore[attr-defined]
    assert not children()


def test_links_are_followed_in_one_process(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Workers", None)
    source, found, again = FolderSource(str(tree)), Listing(), Listing()
    shared = source.folders(found, RealPlaces([tree]), shared=True)
    assert list(shared) == list(source.folders(again, RealPlaces([tree])))
    assert found == again


_SCRIPT = """
import sys
from imgrec.sources.folder import FolderSource
from imgrec.sources.source import Listing

def walk():
    count = sum(len(one.paths) for one in FolderSource(sys.argv[1]).folders(Listing(), shared=True))
    print(count, "imgrec.sources.shared_walk" in sys.modules)

def in_a_thread():
    import threading
    thread = threading.Thread(target=walk)
    thread.start()
    thread.join()

print("runs")
"""


@pytest.mark.parametrize("call", ["walk()", "in_a_thread()"])
@pytest.mark.parametrize(
    ("guard", "is_shared"),
    [
        ("{}", False),
        ("if sys.argv:\n    {}", False),
        ("if __name__ == '__main__':\n    {}", True),
        ("if '__main__' == __name__ and sys.argv:\n    print(end='')\n    {}", True),
    ],
)
def test_a_script_without_a_guard_walks_alone_and_runs_once(
    tmp_path: Path, call: str, guard: str, is_shared: bool
) -> None:
    for name in range(9):
        (tmp_path / "root" / f"{name}").mkdir(parents=True)
        (tmp_path / "root" / f"{name}" / "a.jpg").write_bytes(b"x")
    (tmp_path / "script.py").write_text(_SCRIPT + guard.format(call))
    run = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "root")], cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = run.stdout.splitlines()
    assert f"9 {is_shared}" in lines
    # The other process imports the script, which prints, too, if it is not killed before.
    assert lines.count("runs") <= 1 + is_shared
    assert run.stderr == ""


_ENDS = """
import os, signal, sys, time
from imgrec.sources import shared_walk as module
from imgrec.sources.source import Listing

if __name__ == "__main__":
    # What runs in the background of a shell ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for _ in module.shared_walk(sys.argv[1], Listing()):
        print("walks", flush=True)
        time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_other_process_ends_with_this_one(tmp_path: Path, number: int) -> None:
    for name in range(9):
        (tmp_path / f"{name}").mkdir()
        (tmp_path / f"{name}" / "a.jpg").write_bytes(b"x")
    (tmp_path / "ends.py").write_text(_ENDS)
    run = subprocess.Popen(
        [sys.executable, str(tmp_path / "ends.py"), str(tmp_path)], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stdout.readline() == b"walks\n"
    # As a terminal sends it: to all processes.
    os.killpg(run.pid, number) if number == signal.SIGINT else run.kill()
    run.wait()
    run.stdout.close()
    assert group_ends(run.pid)
