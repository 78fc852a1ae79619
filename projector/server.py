"""Run the installed TensorBoard on a logdir, in this process, bound to the loopback interface.

The server is reachable from this machine only, and answers no web page of another site
(`local_requests`). Its page has the list of bookmarks closed (`closed_bookmarks`). Where a store is
named it has the tab imgrec too (`imgrec_tensorboard`). The address is returned when the projector
plugin reports the logdir, so that a browser that opens it never sees an empty page.
"""

import io
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from tensorboard import program

from imgrec.errors import cause_of
from imgrec.system.advice import quoted
from imgrec.system.local_requests import WsgiApp, local_only
from imgrec.system.regular_files import read_regular
from imgrec_tensorboard import BELOW, FLAG, ImgrecLoader
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


def start(logdir: Path, port: int = PORT, store: Path | None = None) -> str:
    """Serve a logdir in a background thread; return the URL that opens the projector.

    Args:
        logdir: written by `projector.export.write_logdir`.
        port: first port to try; the next free one is used. 0 lets the system choose.
        store: folder of the store to show in the tab imgrec; None for no such tab.

    Raises:
        ProjectorError: there is no such logdir, a config of it is no text, no port is free, or
            TensorBoard does not start or respond in time.
    """
    configs = [*logdir.glob(CONFIG_NAME), *logdir.glob(f"*/{CONFIG_NAME}")]
    if not configs:
        raise ProjectorError(f"no logdir at {logdir}: {_where_to_write(logdir)}")
    for config in configs:
        _check_config(config)
    loader = ImgrecLoader()
    board = program.TensorBoard(_plugins(loader), server_class=partial(_local_server, loader))
    # The fast data loader is used if available. It sorts the runs by our event files.
    board.configure(
        logdir=str(logdir.resolve()), host=HOST, port=free_port(port),
        **{FLAG: str(store.resolve()) if store else ""},
    )  # fmt: skip
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            address = board.launch()
    except program.TensorBoardServerException as error:
        raise ProjectorError(f"TensorBoard cannot be started: {error.msg}") from error
    sys.stderr.write(_news(said.getvalue()))
    _wait(address)
    return f"{address}#projector"


def _news(said: str) -> str:
    """Return what the start said that the user can act on: not the note on the fast loader."""
    if _LOADER_NOTE not in said:
        return said
    return "".join(line for line in said.splitlines(keepends=True) if line.startswith("imgrec:"))


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
            f"{config} cannot be read ({cause_of(error)}): imgrec doctor --logdir tells more"
        ) from error


def _plugins(loader: ImgrecLoader) -> list[Any]:
    """Return the plugins of TensorBoard, ours once: its entry point is found where it is installed.

    It comes last, so that it steps back where another plugin has its name.
    """
    # Imports all of its plugins.
    from tensorboard import default

    ours = ImgrecLoader.__module__
    found = [one for one in default.get_plugins() if getattr(one, "__module__", "") != ours]
    return [*found, loader]


def _local_server(loader: ImgrecLoader, app: WsgiApp, flags: Any) -> Any:
    """Return TensorBoard's own server with the check of each request before all of its routes."""
    guarded = _beside(loader, local_only(closed_bookmarks(app)))
    return program.create_port_scanning_werkzeug_server(guarded, flags)


def _beside(loader: ImgrecLoader, app: WsgiApp) -> WsgiApp:
    """Return an application that asks the tab at once, whose own guards are stricter.

    They know which pages have an origin of their own: those of the network site, whose scripts and
    pictures every other guard takes for requests of another site.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_ours = environ.get("PATH_INFO", "").startswith(f"{BELOW}/")
        tab = loader.plugin.answer if loader.plugin and is_ours else app
        return tab(environ, start_response)

    return answer


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
