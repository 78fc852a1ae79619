"""TensorBoard with the tab imgrec in a process of its own, as its command or as ours starts it."""

import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from killing import interrupt
from paths import ROOT

BELOW = "/data/plugin/imgrec"
_ADDRESS = re.compile(r"(http://[^\s/]+:\d+)/")


@dataclass(frozen=True)
class TabServer:
    """A running server.

    Attributes:
        origin: scheme, host and port, with a loopback address for a host.
        process: of the command.
        said: lines that it has written to standard error so far.
    """

    origin: str
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.origin.rpartition(":")[2])


def entry_point(folder: Path, more: str = "") -> Path:
    """Write what an installation of imgrec tells TensorBoard, where that may be an older one.

    Args:
        folder: to be named in PYTHONPATH; a distribution of the same name behind it is not seen.
        more: further lines of the group.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    points = project["entry-points"]["tensorboard_plugins"]
    lines = [f"{name} = {place}" for name, place in points.items()]
    info = folder / "imgrec-0.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: imgrec\nVersion: 0.0\n")
    text = "\n".join(["[tensorboard_plugins]", *lines, more])
    (info / "entry_points.txt").write_text(f"{text}\n")
    return folder


@contextmanager
def tensorboard(
    path: Sequence[Path], logdir: Path, *arguments: str, host: str = "127.0.0.1"
) -> Iterator[TabServer]:
    """Run the command `tensorboard` until the block ends.

    Args:
        path: folders from which Python imports first.
        logdir: to be shown.
        arguments: further ones.
        host: to listen at.
    """
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--port", "0"]
    command += ["--host", host, "--load_fast", "false", *arguments]
    folders = os.pathsep.join(map(str, (*path, ROOT)))
    # Another directory than the checkout, whose imgrec.egg-info would be found.
    with _running(command, path[0], {"PYTHONPATH": folders}) as (process, said, address):
        yield TabServer(address, process, said)


@contextmanager
def ours(logdir: Path, *arguments: str, path: Sequence[Path] = ()) -> Iterator[TabServer]:
    """Run the command `imgrec tensorboard` until the block ends; see `tensorboard`."""
    command = [sys.executable, "-m", "projector.serve", "--logdir", str(logdir), "--port", "0"]
    folders = os.pathsep.join(map(str, (*path, ROOT)))
    variables = {"PYTHONPATH": folders}
    with _running([*command, *arguments], ROOT, variables) as (process, said, address):
        yield TabServer(address, process, said)


@contextmanager
def _running(
    command: Sequence[str], folder: Path, variables: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[str], list[str], str]]:
    """Run a server; yield it when it has said its address on one of its streams."""
    said: list[str] = []
    found = threading.Event()
    address = []
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | variables, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if not address and (match := _ADDRESS.search(line)):
                address.append(match[1])
                found.set()
        found.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        found.wait()
        assert address, "".join(said)
        # Python resolves it to IPv6 first where there is that.
        yield process, said, re.sub(r"//[^:]+:", "//127.0.0.1:", address[0])
    finally:
        interrupt(process, 30)
        reader.join()
        assert process.stdout is not None
        process.stdout.close()
