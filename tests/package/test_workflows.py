"""The CI workflows: they call existing make targets, and their tokens may only read."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from paths import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="an sdist has no workflows")


def _steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values():
        yield from job["steps"]


def _commands() -> str:
    return "\n".join(step.get("run", "") for path in WORKFLOWS for step in _steps(path))


def test_every_make_target_exists() -> None:
    called = set(re.findall(r"\bmake ([a-z-]+)", _commands()))
    assert called == {"dev", "docs", "test-fast"}
    assert called <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_windows_runs_the_tests_of_make_test_fast() -> None:
    selected = r'-m pytest(?: -n auto --cov)? -m "([^"]+)"'
    (of_make,) = re.findall(selected, MAKEFILE)
    assert re.findall(selected, _commands()) == [of_make]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert not [name for name, job in workflow["jobs"].items() if "permissions" in job]
    # Otherwise the token is stored in the checkout, where tests can read it.
    for step in _steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
    assert "secrets." not in path.read_text("utf-8")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_only_official_actions_are_used_pinned_by_major_version(path: Path) -> None:
    for step in _steps(path):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
