"""The installed TensorBoard on a logdir, in this process, for this machine only."""

import io
import json
import os
import socket
import sys
import time
from contextlib import redirect_stderr
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from tensorboard import program

from projector.choices import PORT
from projector.errors import ProjectorError
from projector.files.formats import CONFIG_NAME

HOST = "127.0.0.1"
_TRIED_PORTS = 100
_LOADER_NOTE = "experimental fast data loading"
_TIMEOUT_S = 60.0


def start(logdir: Path, port: int = PORT) -> str:
    """Serve a logdir in a background thread; return the address that opens the projector.

    Args:
        logdir: made by `projector.export.write_logdir`.
        port: the first one to try; the next free one is taken. 0 leaves it to the system.

    Raises:
        ProjectorError: there is no such logdir, no port is free, or no answer comes.
    """
    if not any(logdir.glob(CONFIG_NAME)) and not any(logdir.glob(f"*/{CONFIG_NAME}")):
        raise ProjectorError(
            f"no logdir at {logdir}: run imgrec projector --store STORE --out {logdir}"
        )
    board = program.TensorBoard()
    # The fast loader where there is one: it lists the runs in our order, the other in none.
    board.configure(logdir=str(logdir.resolve()), host=HOST, port=free_port(port))
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            address = board.launch()
    except program.TensorBoardServerException as error:
        raise ProjectorError(f"TensorBoard cannot be started: {error.msg}") from error
    if _LOADER_NOTE not in said.getvalue():  # that one asks for nothing
        sys.stderr.write(said.getvalue())
    _wait(address)
    return f"{address}#projector"


def free_port(first: int) -> int:
    """Return the first port from `first` on that nothing listens at.

    Raises:
        ProjectorError: there is none among the next hundred.
    """
    if first == 0:
        return 0
    for port in range(first, min(first + _TRIED_PORTS, 65_536)):
        with socket.socket() as probe:
            # On Windows the option would let two servers share a port.
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ProjectorError(f"no free port from {first} on: name another with --port")


def _wait(address: str) -> None:
    """Wait until the page would show the projector: its plugin looks for the config lazily."""
    end = time.monotonic() + _TIMEOUT_S
    opener = build_opener(ProxyHandler({}))
    while time.monotonic() < end:
        with opener.open(f"{address}data/plugins_listing", timeout=_TIMEOUT_S) as answer:
            if json.load(answer)["projector"]["enabled"]:
                return
        time.sleep(0.05)
    raise ProjectorError(f"TensorBoard at {address} finds no projector after {_TIMEOUT_S:.0f} s")
