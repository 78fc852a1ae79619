"""The entry point of the tab "imgrec" in TensorBoard, found by the group `tensorboard_plugins`.

TensorBoard imports this module at each start, in every environment that has imgrec, and ends if the
import fails. So it imports nothing of imgrec, nor anything large: the store is opened, and what
answers is imported, when somebody opens the tab. Whatever goes wrong then becomes one line in the
tab, and the next visit tries again.

The store is named by `--imgrec_store` alone, never by a file in the logdir: who reads somebody
else's logdir shall not open what that names.

Source: tensorboard/plugins/base_plugin.py; the loader of openxla/xprof.
"""

import argparse
import json
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tensorboard.plugins import base_plugin

NAME = "imgrec"
# Where TensorBoard mounts a plugin.
BELOW = f"/data/plugin/{NAME}"
FLAG = "imgrec_store"
_HELP = "folder of an imgrec store: adds the tab imgrec, in which all of its pictures are searched"
_ENTRY = "/index.js"
_MODULE = "text/javascript; charset=utf-8"
_REINSTALL = (
    "install it anew in the environment of TensorBoard: pip install --force-reinstall imgrec"
)
# TensorBoard itself answers every name, also one that a web page has pointed at this machine.
_HERE = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_ELSEWHERE = "The tab imgrec is shown only where TensorBoard is opened as 127.0.0.1 or localhost."
# TensorBoard imports it into an empty page of the frame, and calls `render`.
_SAYING = """\
export function render() {
  const line = document.createElement("p");
  line.id = "imgrec-trouble";
  line.setAttribute("role", "alert");
  line.textContent = %s;
  line.style.font = "16px/1.5 system-ui, sans-serif";
  line.style.margin = "3rem auto";
  line.style.padding = "0 1rem";
  line.style.maxWidth = "45rem";
  line.style.overflowWrap = "anywhere";
  document.documentElement.style.colorScheme = "light dark";
  document.documentElement.lang = "en";
  document.title = "imgrec";
  document.body.replaceChildren(line);
}
"""

WsgiApp = Callable[[Mapping[str, Any], Callable[..., Any]], Iterable[bytes]]


class ImgrecLoader(base_plugin.TBLoader):  # type: ignore[misc]
    """Adds the flag, and the tab where it is given.

    Attributes:
        plugin: what was loaded last; None for none.
    """

    def __init__(self) -> None:
        self.plugin: ImgrecPlugin | None = None

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        """Add `--imgrec_store`."""
        group = parser.add_argument_group("imgrec plugin")
        # Another plugin has the flag; of two of one name, `load` says so.
        with suppress(argparse.ArgumentError):
            group.add_argument(f"--{FLAG}", metavar="PATH", default="", help=_HELP)

    def load(self, context: base_plugin.TBContext) -> "ImgrecPlugin | None":
        """Return the plugin; None if no store is named, or another plugin has its name."""
        store = getattr(context.flags, FLAG, "")
        if not store:
            return None
        if NAME in (context.plugin_name_to_instance or {}):
            sys.stderr.write(
                f"imgrec: another plugin of TensorBoard has the name {NAME}, so --{FLAG} adds no "
                "tab: uninstall one of them\n"
            )
            return None
        self.plugin = ImgrecPlugin(_expanded(store), context.logdir or "")
        return self.plugin


class ImgrecPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """The tab; opens the store when it is first looked at."""

    plugin_name = NAME

    def __init__(self, store: Path, logdir: str) -> None:
        """Name what is shown.

        Args:
            store: folder of the store.
            logdir: what TensorBoard shows beside it; "" for none.
        """
        # A relative path is that of the directory in which TensorBoard was started.
        self._store, self._logdir = store.absolute(), Path(logdir).absolute() if logdir else None
        self._lock = threading.Lock()
        self._opened: WsgiApp | None = None

    def get_plugin_apps(self) -> dict[str, WsgiApp]:
        """Return the application, at every path."""
        return {_ENTRY: self.answer, "/*": self.answer}

    def is_active(self) -> bool:
        """Return True: a store was named."""
        return True

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Return how TensorBoard shows the tab."""
        return base_plugin.FrontendMetadata(
            es_module_path=_ENTRY, tab_name=NAME, disable_reload=True
        )

    def answer(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request of WSGI."""
        if not _HERE.fullmatch(environ.get("HTTP_HOST", "")):
            return _troubled(_ELSEWHERE, "403 Forbidden", environ, start)
        try:
            app = self._app()
        except (Exception, SystemExit) as error:
            # What is wrong names the store, and `Host` may be a lie of another machine.
            line = _line(error) if _is_near(environ.get("REMOTE_ADDR", "")) else _ELSEWHERE
            return _troubled(line, "503 Service Unavailable", environ, start)
        return app(environ, start)

    def _app(self) -> WsgiApp:
        with self._lock:
            if self._opened is None:
                from projector.tab.opening import open_tab

                self._opened = open_tab(self._store, self._logdir, BELOW)
            return self._opened


def _expanded(store: str) -> Path:
    """Return a path whose `~` a shell has left, as in `--imgrec_store=~/photos-store`."""
    # As it is where no such user is known.
    with suppress(RuntimeError):
        return Path(store).expanduser()
    return Path(store)


def _is_near(peer: str) -> bool:
    """Return True if a connection comes from this machine."""
    try:
        return ip_address(peer.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def module_saying(line: str) -> bytes:
    """Return a module whose `render` shows one line in the tab."""
    return (_SAYING % json.dumps(line)).encode()


def _line(error: BaseException) -> str:
    """Return what is wrong and what to do, in one line."""
    text = " ".join(str(error).split())
    # Its own errors say it already; they cannot be named here without an import.
    if type(error).__module__.startswith(("imgrec.", "projector.")):
        return f"{text}. Then load this page again."
    return f"imgrec cannot be loaded ({type(error).__name__}: {text}): {_REINSTALL}"


def _troubled(
    line: str, status: str, environ: Mapping[str, Any], start: Callable[..., Any]
) -> Iterable[bytes]:
    """Answer that the tab cannot be opened: as a module that says so, else as an error."""
    is_module = environ.get("PATH_INFO", "").endswith(_ENTRY)
    body = module_saying(line) if is_module else json.dumps({"error": line}).encode()
    headers = [
        ("Content-Type", _MODULE if is_module else "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
    start("200 OK" if is_module else status, headers)
    return [body]
