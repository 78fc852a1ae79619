"""The README and the start page: their commands run, their links and make targets exist."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from imgrec import Store
from imgrec.collection.kinds import BUNDLE, CLASS, CONFIDENCE, DUPLICATES, SIMILAR
from paths import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted(page.relative_to(ROOT).as_posix() for page in DOCS.rglob("*.md"))


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def _commands(page: Path) -> list[str]:
    lines = [line for block in _blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("imgrec ")]


def test_the_commands_of_the_start_page_and_the_python_of_the_readme_work(tmp_path: Path) -> None:
    commands = _commands(DOCS / "start.md")
    assert len(commands) == 11
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert "Traceback" not in done.stderr
    made = {"pictures", "try", "answer.png", "try-site", "try-logdir", "try-report"}
    made |= {"try-duplicates.csv"}
    assert made <= set(os.listdir(tmp_path / "build"))
    (code,) = _blocks(README, "python")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 5
    _check_labels_are_documented(tmp_path / "build" / "try")
    _check_files_are_documented(tmp_path / "build" / "try")


def _check_labels_are_documented(store_path: Path) -> None:
    with Store.open(store_path) as store:
        ids = store.catalog.ids("ok").tolist()
        kinds = {kind for labels in store.catalog.labels.of(ids).values() for kind in labels}
    assert {"folder", "color", "cluster", "community"} <= kinds
    concepts = (DOCS / "concepts.md").read_text("utf-8")
    for kind in (*kinds, CLASS, CONFIDENCE, DUPLICATES, SIMILAR, BUNDLE):
        assert f"| `{kind}` |" in concepts, kind


def _check_files_are_documented(store_path: Path) -> None:
    tree = "\n".join(_blocks(DOCS / "store.md", ""))
    for path in store_path.iterdir():
        name = path.name.removesuffix("-wal").removesuffix("-shm")
        assert re.search(rf"^  {re.escape(name)}\b", tree, re.MULTILINE), name


def test_the_commands_of_the_readme_are_among_those_of_the_start_page() -> None:
    commands = _commands(README)
    assert len(commands) == 8
    assert set(commands) <= set(_commands(DOCS / "start.md"))


def test_the_readme_is_short() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", *PAGES])
def test_every_make_target_named_exists(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    # Only in code or at the start of a line of a block, so that the verb "make" does not match.
    text = (ROOT / page).read_text("utf-8")
    named = set(re.findall(r"(?:`|^\$ |^)make ([a-z]+(?:-[a-z]+)*)", text, re.MULTILINE))
    assert named <= targets, named - targets


def test_make_help_and_the_page_of_commands_list_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    page = (DOCS / "commands.md").read_text("utf-8")
    for target in set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)):
        assert f"make {target} " in shown.stdout, target
        assert re.search(rf"`make {target}[` ]", page) or target == "help", target


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *PAGES])
def test_linked_pictures_and_pages_exist(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    for link in local:
        assert (path.parent / link).is_file(), link


def test_the_readme_has_pictures_and_links() -> None:
    links = re.findall(r"\]\(([^)#\s]+)", README.read_text("utf-8"))
    assert len([link for link in links if link.startswith("docs/images/")]) >= 4
    assert len([link for link in links if link.endswith(".md")]) >= 10


def test_the_first_picture_is_a_short_and_small_animation() -> None:
    file = DOCS / "images" / "tour.webp"
    assert file.stat().st_size < 3_000_000
    with Image.open(file) as tour:
        assert tour.format == "WEBP"
        assert tour.width == 960
        frames = ImageSequence.Iterator(tour)
        durations_ms = [frame.load() and frame.info["duration"] for frame in frames]
    assert len(durations_ms) > 30
    assert 8_000 <= sum(durations_ms) <= 14_000
