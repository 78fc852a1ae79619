"""The commands of the README are run, the tables of the reference are complete."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from imgrec.distances.metrics import FUSIONS, METRICS
from imgrec.pictures.decoding import REASONS
from paths import ROOT

README = (ROOT / "README.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "REFERENCE.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_readmes_commands_and_its_python_work(tmp_path: Path) -> None:
    commands = [line for block in _blocks("sh") for line in block.splitlines()]
    commands = [line for line in commands if line.startswith("python -m ")]
    assert len(commands) == 11
    for command in commands:
        done = subprocess.run(
            [sys.executable, *shlex.split(command)[1:]],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert "Traceback" not in done.stderr
    made = {"pictures", "try", "answer.png", "try-site", "try-logdir", "try-report"}
    made |= {"try-duplicates.csv"}
    assert made <= set(os.listdir(tmp_path / "build"))
    (code,) = _blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 5


def test_every_make_target_named_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"make ([a-z-]+)", README.replace("without make", "")))
    assert named <= targets, named - targets
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in targets:
        assert f"make {target} " in shown.stdout, target


@pytest.mark.parametrize("name", [*REASONS, *METRICS, *FUSIONS])
def test_the_reference_names(name: str) -> None:
    assert name in REFERENCE


@pytest.mark.parametrize("page", ["README.md", "docs/PROJECTOR.md"])
def test_pictures_and_pages_linked_are_there(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert len(local) >= 3
    for link in local:
        assert (path.parent / link).is_file(), link
