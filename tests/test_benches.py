"""Every bench of the Makefile starts in the installed environment, wherever it is called."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from paths import ROOT

_BENCHES = sorted(
    {*re.findall(r"\$\(PY\) (tests/bench\S*)", (ROOT / "Makefile").read_text(encoding="utf-8"))}
)


def test_the_makefile_names_benches() -> None:
    assert len(_BENCHES) > 10


@pytest.mark.parametrize("bench", _BENCHES)
def test_a_bench_starts(bench: str, tmp_path: Path) -> None:
    """A folder of benches must not hide a package: one named `graph` did, from the search path."""
    command = [sys.executable, str(ROOT / bench), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")
