"""Values of make variables are data: neither make nor the shell runs what is in them.

Each payload leaves a canary file behind if it is run as code. The targets run with an environment
whose programs only record their arguments, so that every recipe is run for every payload.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paths import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("make"), reason="needs make and a POSIX shell"
)

_NAMES = (
    *(
        "IMAGES",
        "STORE",
        "LOGDIR",
        "SITE",
        "EXPORT",
        "HANDOVER",
        "SAMPLES",
        "GRID",
        "DUPLICATES",
        "REPORT",
    ),
    "REVIEW",
    *("COUNT", "PORT", "N", "D", "ENCODER", "WEIGHTS", "Q", "K", "T", "LAYOUTS"),
    *("KILLS", "FILES", "SEED", "KEEP", "V"),
)
# Appends the number of its arguments, the arguments and the settings in its environment, each ended
# by a null byte. A shell script, as it starts faster than Python.
_PROGRAM = f"""#!/bin/sh
printf '%s\\0' "$#" "$@" {" ".join(f'"${name}"' for name in _NAMES)} >> '{{log}}'
"""
# Names that the Makefile uses for itself, and one that it does not know.
_OWN = (
    *("PY", "PIP", "laid", "chosen", "weighted", "counted", "sized", "deep", "typical", "settings"),
    *(
        "given",
        "odd",
        "indexed",
        "shown",
        "details",
        ".name",
        ".letter",
        "MAKEFILE_LIST",
        "UNKNOWN",
    ),
)
_PAYLOADS = {
    "shell": "$(shell touch {canary})",
    "shell in braces": "${{shell touch {canary}}}",
    "file": "$(file >{canary},x)",
    "eval": "$(eval x := $(shell touch {canary}))",
    "call": "$(call shell,touch {canary})",
    "paths": "$(abspath x) $(wildcard *) $(K)",
    "doubled": "$$(touch {canary})",
    "four times": "$$$$(shell touch {canary})",
    "command": "$(touch {canary})",
    "backticks": "`touch {canary}`",
    "semicolon": "x; touch {canary}; ",
    "and": "x & touch {canary} & x",
    "pipe": "x | touch {canary}",
    "redirected": "x > {canary}",
    "newline": "x\ntouch {canary}\n",
    "recipe": "x\nall:\n\ttouch {canary}\n",
    "double quotes": '"; touch {canary}; "',
    "single quotes": "'; touch {canary}; '",
    "closed": ")); touch {canary} #",
    "option": "--help",
    "glob": "* ~ [a-z] {{a,b}} # % = :",
}


def _targets() -> list[str]:
    found = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"help", "install", "query", "demo", "bench-graph", "clean"} <= set(found)
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with the Makefile and an environment of programs that only record."""
    work = tmp_path / "project"
    (work / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", work)
    (work / "pyproject.toml").touch()
    (work / "constraints.txt").touch()
    program = _PROGRAM.format(log=tmp_path / "log")
    for name in ("python", "ruff", "mypy"):
        (work / ".venv" / "bin" / name).write_text(program)
        (work / ".venv" / "bin" / name).chmod(0o755)
    return work


def _make(
    project: Path, *arguments: str, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    kept = {k: v for k, v in kept.items() if k not in _NAMES} | (environment or {})
    command = ["make", "-C", str(project), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=kept, timeout=60)


def _calls(project: Path) -> list[tuple[list[str], dict[str, str]]]:
    """Return the arguments and the settings of each call of a program, in order."""
    words, calls = (project.parent / "log").read_text().split("\0"), []
    while len(words) > 1:
        count = int(words[0])
        end = 1 + count + len(_NAMES)
        settings = dict(zip(_NAMES, words[1 + count : end], strict=True))
        calls.append((words[1 : 1 + count], settings))
        words = words[end:]
    return calls


@pytest.mark.parametrize("payload", _PAYLOADS.values(), ids=list(_PAYLOADS))
@pytest.mark.parametrize("way", ["command line", "environment", "overriding environment"])
def test_no_value_is_run_in_any_target(project: Path, way: str, payload: str) -> None:
    canary = project.parent / "canary"
    value = payload.format(canary=canary)
    values = dict.fromkeys((*_NAMES, *_OWN), value) | {"Q": f"x {value}"}
    given = [f"{name}={text}" for name, text in values.items()] if way == "command line" else []
    flags = ["-e"] if way == "overriding environment" else []
    _make(project, "-k", *flags, *_targets(), *given, environment={} if given else values)
    assert not canary.exists()
    assert not list(project.glob("*canary*"))
    calls = _calls(project)
    # Every value arrives as it was given, wherever make went through it.
    assert all(each == {name: values[name] for name in _NAMES} for _, each in calls)
    seen = [argument for arguments, _ in calls for argument in arguments]
    for option in ("store", "logdir", "encoder", "weights", "layouts", "port", "count", "text"):
        assert f"--{option}={value}" in seen
    for option in ("out", "grid", "csv", "dimensions", "images", "photos", "kills", "seed"):
        assert f"--{option}={value}" in seen
    assert ["-k", value] in [seen[i : i + 2] for i in range(len(seen))]
    names = ["--", "x", *value.split()]
    assert names in [arguments[-len(names) :] for arguments, _ in calls]


@pytest.mark.parametrize("payload", _PAYLOADS.values(), ids=list(_PAYLOADS))
@pytest.mark.parametrize("way", ["command line", "environment"])
def test_an_environment_of_a_strange_name_is_refused(project: Path, way: str, payload: str) -> None:
    canary = project.parent / "canary"
    value = payload.format(canary=canary)
    given, environment = ([f"VENV={value}"], {}) if way == "command line" else ([], {"VENV": value})
    done = _make(project, "-k", "help", "install", *given, environment=environment)
    assert not canary.exists()
    assert "VENV is not the name of a folder" in done.stderr or payload == "--help"


def test_the_interpreter_is_no_shell_command(project: Path) -> None:
    canary = project.parent / "canary"
    for payload in _PAYLOADS.values():
        value = payload.format(canary=canary)
        _make(project, "install", f"PYTHON={value}")
        _make(project, "install", environment={"PYTHON": value})
    # "touch canary" on its own is a program with its arguments, which PYTHON may name.
    assert not canary.exists()
    _make(project, "install", f"PYTHON={project}/.venv/bin/python -X utf8")
    assert _calls(project)[0][0][:3] == ["-X", "utf8", "-c"]


def test_query_names_split_at_spaces_unless_one_file_has_them(project: Path) -> None:
    (project / "my photo.jpg").touch()
    (project / ".venv" / "installed").touch()
    for asked, names in (
        ("a.jpg b.jpg", ["a.jpg", "b.jpg"]),
        ("my photo.jpg", ["my photo.jpg"]),
        ("*.jpg", ["*.jpg"]),
        ("--grid x", ["--grid", "x"]),
    ):
        (project.parent / "log").unlink(missing_ok=True)
        _make(project, "query", f"Q={asked}")
        arguments = _calls(project)[-1][0]
        assert arguments[arguments.index("--") + 1 :] == names


def test_settings_keep_their_defaults_and_are_left_out_where_empty(project: Path) -> None:
    (project / ".venv" / "installed").touch()
    _make(project, "projector", "ENCODER=mini", "LAYOUTS=umap,tsne", "STORE=my store")
    assert [arguments for arguments, _ in _calls(project)] == [
        ["-m", "imgrec.samples", "--count=600", "--", "build/samples"],
        ["-m", "imgrec.index", "--store=my store", "--encoder=mini", "--", "build/samples"],
        [
            *("-m", "projector", "--store=my store", "--out=build/tensorboard"),
            *("--encoder=mini", "--layouts=umap,tsne"),
        ],
    ]
    (project.parent / "log").unlink()
    _make(project, "query", "T=dog")
    assert _calls(project)[-1][0] == [
        *("-m", "imgrec.query", "--text=dog", "--store=build/store", "-k", "5", "--"),
    ]
