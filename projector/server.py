"""Run the installed TensorBoard on a logdir, in this process, bound to the loopback interface.

The server is reachable from this machine only, and answers no web page of another site
(`local_requests`). Its page has the list of bookmarks closed (`closed_bookmarks`). The address is
returned when the projector plugin reports the logdir, so that a browser that opens it never sees an
empty page.
"""

import io
import json
import os
import socket
import sys
import time
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from tensorboard import program

from imgrec.system.advice import quoted
from imgrec.system.local_requests import WsgiApp, local_only
from imgrec.system.regular_files import read_regular
from projector.choices import PORT
from projector.closed_bookmarks import closed_bookmarks
from projector.errors import ProjectorError
from projector.files.formats import CONFIG_NAME

HOST = "127.0.0.1"
_TRIED_PORTS = 100
_LOADER_NOTE = "experimental fast data loading"
_TIMEOUT_S = 60.0
# TensorBoard reads a config whole, whatever it is.
_MOST_CONFIG_BYTES = 1 << 24


def start(logdir: Path, port: int = PORT) -> str:
    """Serve a logdir in a background thread; return the URL that opens the projector.

    Args:
        logdir: written by `projector.export.write_logdir`.
        port: first port to try; the next free one is used. 0 lets the system choose.

    Raises:
        ProjectorError: there is no such logdir, a config of it is no text, no port is free, or
            TensorBoard does not start or respond in time.
    """
    configs = [*logdir.glob(CONFIG_NAME), *logdir.glob(f"*/{CONFIG_NAME}")]
    if not configs:
        raise ProjectorError(f"no logdir at {logdir}: {_where_to_write(logdir)}")
    for config in configs:
        _check_config(config)
    board = program.TensorBoard(server_class=_local_server)
    # The fast data loader is used if available. It sorts the runs by our event files.
    board.configure(logdir=str(logdir.resolve()), host=HOST, port=free_port(port))
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            address = board.launch()
    except program.TensorBoardServerException as error:
        raise ProjectorError(f"TensorBoard cannot be started: {error.msg}") from error
    # The note on the fast loader needs no action of the user.
    if _LOADER_NOTE not in said.getvalue():
        sys.stderr.write(said.getvalue())
    _wait(address)
    return f"{address}#projector"


def _where_to_write(logdir: Path) -> str:
    """Return what makes a logdir, in another folder where this one holds anything else."""
    if not logdir.exists() or (logdir.is_dir() and not any(logdir.iterdir())):
        return f"run imgrec projector --out {quoted(logdir)}"
    what = "the folder holds something else" if logdir.is_dir() else "it is a file"
    return f"{what}; name a logdir, or write one into another folder: imgrec projector --out DIR"


def _check_config(config: Path) -> None:
    """Check that a config can be read: a pipe would block TensorBoard, a device has no end."""
    try:
        read_regular(config.resolve(), _MOST_CONFIG_BYTES).decode()
    except (OSError, ValueError) as error:
        raise ProjectorError(
            f"{config} cannot be read ({error}): imgrec doctor --logdir tells more"
        ) from error


def _local_server(app: WsgiApp, flags: Any) -> Any:
    """Return TensorBoard's own server with the check of each request before all of its routes."""
    guarded = local_only(closed_bookmarks(app))
    return program.create_port_scanning_werkzeug_server(guarded, flags)


def free_port(first: int, *, tried: int = _TRIED_PORTS) -> int:
    """Return the first free port from `first` on; 0 is returned unchanged.

    Args:
        first: first port to try; 0 leaves the choice to the operating system.
        tried: number of ports to try.

    Raises:
        ProjectorError: all these ports are in use.
    """
    if first == 0:
        return 0
    for port in range(first, min(first + tried, 65_536)):
        with socket.socket() as probe:
            # Ignore sockets in TIME_WAIT. On Windows, it would let two servers share a port.
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ProjectorError(f"no free port from {first} on: name another with --port")


def _wait(address: str) -> None:
    """Wait until the projector plugin is enabled; it looks for the config lazily.

    Raises:
        ProjectorError: it is not enabled in time.
    """
    end = time.monotonic() + _TIMEOUT_S
    opener = build_opener(ProxyHandler({}))
    while time.monotonic() < end:
        with opener.open(f"{address}data/plugins_listing", timeout=_TIMEOUT_S) as answer:
            if json.load(answer)["projector"]["enabled"]:
                return
        time.sleep(0.05)
    raise ProjectorError(
        f"TensorBoard at {address} does not list the projector after {_TIMEOUT_S:.0f} s: try again"
    )
