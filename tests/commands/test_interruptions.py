"""SIGINT, failing imports and closed streams: every command ends in one line with its exit code."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# Raises KeyboardInterrupt at the import of a module, like Ctrl-C during that import.
_INTERRUPTING = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            {act}
sys.meta_path.insert(0, Interrupting())
"""
_RAISES = "raise KeyboardInterrupt"
_SIGNALS = "signal.raise_signal(signal.SIGINT)"

# The words `photo`, `photos` and `store` are replaced by a picture, a folder and a store.
_CASES = {
    "index": ("imgrec.index", "photos --store new --encoder mini --workers 0", "numpy"),
    "query": ("imgrec.query", "photo --store store", "numpy"),
    "query, grid": ("imgrec.query", "photo --store store --grid g.png", "imgrec.search.grid"),
    "catalog": ("imgrec.catalog", "--store store", "numpy"),
    "doctor": ("imgrec.doctor", "--store store", "numpy"),
    "report": ("imgrec.report", "--store store --out out", "matplotlib"),
    "serve": ("imgrec.serve", "--store store", "numpy"),
    "serve, later": ("imgrec.serve", "--store store --port 0", "fastapi"),
    "samples": ("imgrec.samples", "out --count 1", "numpy"),
    "graph": ("graph", "--store store --out out", "igraph"),
    "projector": ("projector", "--store store --out out", "sklearn"),
    "tensorboard": ("projector.serve", "--logdir out", "tensorboard"),
    "program": ("imgrec", "query photo --store store", "numpy"),
    "program, lazily": ("imgrec", "graph --store store --out out", "graph.__main__"),
}


def _run(
    case: str, act: str, folder: Path, places: dict[str, Path]
) -> "subprocess.CompletedProcess[str]":
    module, line, at = _CASES[case]
    (folder / "site").mkdir()
    text = _INTERRUPTING.format(module=at, act=act)
    (folder / "site" / "sitecustomize.py").write_text(text)
    arguments = [str(places.get(word, word)) for word in line.split()]
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env={
            **os.environ,
            "PYTHONPATH": f"{folder / 'site'}{os.pathsep}{Path.cwd()}",
            # Figures that a report before has kept there are drawn without that import.
            "XDG_CACHE_HOME": str(folder / "cache"),
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "act"), [*((case, _SIGNALS) for case in _CASES), ("graph", _RAISES)]
)
def test_ctrl_c_during_an_import_prints_one_line_and_exits_130(
    case: str, act: str, photos: Path, own_store: Path, tmp_path: Path
) -> None:
    # Not the shared store: a command that nothing interrupts would write its labels.
    places = {"photos": photos, "photo": next(photos.rglob("*.jpg")), "store": own_store}
    done = _run(case, act, tmp_path, places)
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    said = [line for line in done.stderr.replace("\r", "\n").splitlines() if "stopped" in line]
    assert len(said) == 1
    assert said[0].startswith("imgrec")
    assert said[0].endswith(": stopped; the same command continues where it was")


# Loses the first exception: Python only prints what a weak reference callback raises, and importlib
# has such a callback for each module lock.
_LOSING = """
import signal, time, weakref
from imgrec.commands import Parser, run
class Thing: pass
def main(arguments):
    thing = Thing()
    reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
    del thing
    for _ in range(3000):
        time.sleep(0.01)
def failing(arguments):
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise ImportError("numpy._core.multiarray failed to import")
raise SystemExit(run("imgrec try", lambda prog: Parser(prog, ""), {main}, []))
"""


@pytest.mark.parametrize("main", ["main", "failing"])
def test_a_ctrl_c_swallowed_by_a_callback_still_stops_the_command(main: str) -> None:
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _LOSING.replace("{main}", main)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert time.monotonic() - start < 25
    assert done.returncode == 130
    assert done.stderr == "\nimgrec try: stopped; the same command continues where it was\n"


def test_an_import_error_without_ctrl_c_is_raised() -> None:
    program = "from imgrec.commands import Parser, run\ndef main(a): import no_such_module\n"
    program += "run('imgrec try', lambda prog: Parser(prog, ''), main, [])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", ">/dev/full"])
@pytest.mark.parametrize("arguments", ["catalog --store $STORE", "catalog --store /none"])
@pytest.mark.skipif(os.name == "nt", reason="closed by a POSIX shell")
def test_a_closed_stream_gives_no_traceback(closed: str, arguments: str, photo_store: Path) -> None:
    command = f'"{sys.executable}" -m imgrec {arguments} {closed}'
    done = subprocess.run(
        ["sh", "-c", command],
        capture_output=True, text=True, check=False,
        env={**os.environ, "STORE": str(photo_store), "PYTHONUNBUFFERED": ""},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    fails = arguments.endswith("none") or "full" in closed
    assert done.returncode == (2 if fails else 0)
    if "2>&-" not in closed:
        assert done.stderr.count("\n") == fails


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_ends_the_server_silently(tmp_path: Path) -> None:
    signals = "import signal, projector.server as s, threading as t, os\n"
    signals += "s.start = lambda logdir, port, store: 'http://127.0.0.1:6006/'\n"
    signals += "t.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
    signals += "from projector.serve import main; raise SystemExit(main(['--logdir', 'x']))"
    done = subprocess.run([sys.executable, "-c", signals], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "imgrec tensorboard: press Ctrl-C to stop\n")
    assert done.stdout == "http://127.0.0.1:6006/\n"
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
