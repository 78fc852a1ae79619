"""The make targets with the default sample, from nothing, on an installed environment."""

import os
import subprocess
import sys
from pathlib import Path

from machine import rows, seconds

_ROOT = Path(__file__).parents[2]


def measured(work: Path) -> str:
    """Return the wall seconds of the first and second `make projector` and `make graph`."""
    lines = []
    for target in ("projector", "graph"):
        build = work / f"make-{target}"
        first, second = (seconds(lambda t=target, b=build: _make(t, b)) for _ in range(2))  # type: ignore[misc]
        lines.append([f"make {target}", f"{first:.1f}", f"{second:.1f}"])
    return rows(["command", "first run, s", "second run, s"], lines)


def _make(target: str, build: Path) -> None:
    places = [f"{name}={build / folder}" for name, folder in _PLACES.items()]
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    command = ["make", "-C", str(_ROOT), target, f"VENV={sys.prefix}", "IMAGES=", *places]
    subprocess.run(command, check=True, capture_output=True, env=environment)


_PLACES = {"STORE": "store", "SAMPLES": "samples", "LOGDIR": "tensorboard", "SITE": "site"}
