"""Sites, logdirs and reports from elsewhere: checked, linked to and replaced without harm."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ground import Ground, make_ground
from program import Program
from run_attack import changed, problems

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as Linux has them"),
]

# One file of each kind that a site and a logdir have.
_FILES = {
    "site": ("site.json", "index.html", "pages", "sheets", "search/index.js", "assets/page.css"),
    "logdir": (
        "projector.json", "projector_config.pbtxt", "tensor.bytes", "metadata.tsv", "sprite.webp",
        "bookmarks.json",
    ),
}  # fmt: skip
Damage = Callable[[Path, Ground], object]


def _link(path: Path, ground: Ground) -> None:
    path.symlink_to(ground.home / "letter.txt")


def _sparse(path: Path, _: Ground) -> None:
    path.touch()
    os.truncate(path, 20 << 30)


_DAMAGES: dict[str, Damage] = {
    "FIFO": lambda path, _: os.mkfifo(path),
    "link": _link,
    "endless": lambda path, _: path.symlink_to("/dev/zero"),
    "loop": lambda path, _: path.symlink_to(path.name),
    "nested": lambda path, _: path.write_bytes(b'[{"a":' * 100_000),
    "20 GiB": _sparse,
}
_CASES = [
    (kind, file, what) for kind, files in _FILES.items() for file in files for what in _DAMAGES
]


def _spoiled(ground: Ground, good: Path, kind: str, file: str, what: str) -> None:
    """Copy the good site or logdir into `out`, and spoil a file of it."""
    shutil.copytree(good.parent / "made" / kind, ground.out / kind)
    path = next(iter(sorted((ground.out / kind).rglob(file))), ground.out / kind / file)
    if path.is_dir() and not path.is_symlink():
        path = next(path.iterdir())
    path.unlink()
    _DAMAGES[what](path, ground)


@pytest.mark.parametrize(("kind", "file", "what"), _CASES)
def test_a_hostile_folder_harms_nothing(
    kind: str, file: str, what: str, good: Path, tmp_path: Path, program: Program
) -> None:
    ground = make_ground(tmp_path / "ground", good)
    _spoiled(ground, good, kind, file, what)
    before = ground.snapshot()
    lines = [f"doctor --{kind} out/{kind}"]
    if what in ("FIFO", "link", "nested"):
        own = "projector --layouts none" if kind == "logdir" else "graph"
        lines.append(f"{own} --store store --out out/{kind} --workers 0")
    for line in lines:
        ended = program.run(line.split(), ground.work)
        found = list(problems(ended, line.split()[0]))
        if (file, what) == ("projector_config.pbtxt", "link"):
            # The doctor follows links as TensorBoard does, and quotes the line that is no config:
            # to the owner, in the owner's terminal.
            found = [problem for problem in found if problem != "shows the owner's text"]
        assert found == []
        assert changed(before, ground.snapshot()) == []
        # What is no regular file is not ours, whatever the list of files says.
        assert ended.code == 2 or line is lines[0] or what == "nested"
    assert ground.leaks() == []


def test_the_good_folders_are_found_good_and_replaced(
    good: Path, tmp_path: Path, program: Program
) -> None:
    ground = make_ground(tmp_path / "ground", good)
    for kind in _FILES:
        shutil.copytree(good.parent / "made" / kind, ground.out / kind)
    for line in (
        "doctor --logdir out/logdir",
        "projector --store store --layouts none --out out/logdir --workers 0",
        "graph --store store --out out/site --workers 0",
    ):
        ended = program.run(line.split(), ground.work)
        assert (ended.code, ended.raised) == (0, None), ended.err


@pytest.mark.parametrize(
    "path", ["../letter.txt", "/etc/hostname", "HOME/letter.txt", "~/x", "\\0"]
)
def test_a_logdir_cannot_name_files_outside(
    path: str, good: Path, tmp_path: Path, program: Program
) -> None:
    ground = make_ground(tmp_path / "ground", good)
    shutil.copytree(good.parent / "made" / "logdir", ground.out / "logdir")
    (config,) = (ground.out / "logdir").rglob("projector_config.pbtxt")
    text = config.read_text()
    named = path.replace("HOME", str(ground.home))
    config.write_text(text.replace("metadata.tsv", named).replace("sprite.webp", named))
    (config.parent.parent / "letter.txt").write_text("x")
    before = ground.snapshot()
    ended = program.run(["doctor", "--logdir", "out/logdir"], ground.work)
    assert ended.code == 1
    assert list(problems(ended, "doctor")) == []
    assert changed(before, ground.snapshot()) == []
