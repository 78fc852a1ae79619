"""`imgrec serve`: the live page of a store, on 127.0.0.1, until Ctrl-C."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.arguments import port_number, store_of, store_option
from imgrec.commands import Parser, run
from imgrec.errors import ImgrecError
from imgrec.system.extras import require

if TYPE_CHECKING:
    from socket import socket

    from imgrec.search.recommender import Recommender
    from imgrec.serving.decoder import GuardedDecoder

_PROG = "imgrec serve"
_PORT = 8000
_LOOPBACK = "127.0.0.1"
_DESCRIPTION = """\
Serve a page on which a collection is searched in the browser, until Ctrl-C. It is printed with a
token, without which nothing of the collection is answered, and reachable from this machine only.
"""
_EXAMPLES = """\
examples:
  imgrec serve                          then open the printed address
  imgrec serve --open                   the same, in the browser
  imgrec serve --store photos-store --port 8080
  imgrec serve --exports ~/picked       collections can be copied into this folder
"""
_OTHERS = (
    "{prog}: --host {host}: other machines reach this server; whoever has the printed address can "
    "see all pictures of the collection and change its selections, and nothing is encrypted\n"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the live page until Ctrl-C."""
    return run(_PROG, _parser, _serve, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    group = parser.add_argument_group("store")
    store_option(group)
    report = "the report to serve beside it; default: a folder report beside the store"
    group.add_argument("--report", type=Path, metavar="DIR", help=report)
    logdir = "the projector's logdir, to say where it shows a picture; default: none"
    group.add_argument("--logdir", type=Path, metavar="DIR", help=logdir)
    exports = "folder that collections may be copied or linked into; default: none"
    group.add_argument("--exports", type=Path, metavar="DIR", help=exports)

    add = parser.add_argument_group("address").add_argument
    port = "first port to try, the next free one is used; 0 for any (default %(default)s)"
    add("--port", type=port_number, default=_PORT, metavar="N", help=port)
    host = "address of this machine to listen at; others than the default are reached from others"
    add("--host", default=_LOOPBACK, metavar="NAME", help=f"{host} (default %(default)s)")
    add("--open", action="store_true", help="open the page in the browser")

    add = parser.add_argument_group("pictures that are not in the store").add_argument
    weights = "the weights that the store's vectors were made with"
    add("--weights", type=Path, metavar="FILE", help=weights)
    device = "where they are encoded: auto, cpu, cuda, cuda:1, mps (default %(default)s)"
    add("--device", default="auto", metavar="NAME", help=device)
    cache = "where their vectors are cached: a file, redis://…, or none; default: a file in the "
    cache += "user's cache folder"
    add("--cache", metavar="WHERE", help=cache)
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    for package in ("fastapi", "uvicorn"):
        require(package, extra="serve", why="the live page")
    from imgrec.serving.opening import opened_store
    from imgrec.serving.server import bound_socket

    path = store_of(arguments.store)
    named = arguments.weights, arguments.device, arguments.cache
    with ExitStack() as stack:
        recommender, decoder = stack.enter_context(opened_store(path, *named))
        _check_folders(path, arguments)
        # Bound before the rest is imported: who asks meanwhile waits, and is answered.
        listening = stack.enter_context(bound_socket(arguments.host, arguments.port))
        decoder.start()
        _answer(arguments, recommender, decoder, listening, stack)


def _check_folders(store_path: Path, arguments: argparse.Namespace) -> None:
    from imgrec.store.written_from import is_written_from
    from imgrec.system.output_folder import LOGDIR, REPORT

    report, exports, logdir = arguments.report, arguments.exports, arguments.logdir
    if logdir is not None and not is_written_from(store_path, LOGDIR, logdir):
        raise ImgrecError(f"{logdir} holds no logdir that was written from {store_path}")
    if report is not None and not is_written_from(store_path, REPORT, report):
        raise ImgrecError(f"{report} holds no report that was written from {store_path}")
    if exports is not None and not exports.is_dir():
        raise ImgrecError(f"there is no folder {exports}: make it, or name another by --exports")


def _answer(
    arguments: argparse.Namespace,
    recommender: "Recommender",
    decoder: "GuardedDecoder",
    listening: "socket",
    stack: ExitStack,
) -> None:
    from imgrec.serving.access import access_of, address_of
    from imgrec.serving.asgi import make_app
    from imgrec.serving.browser import opened_in_browser
    from imgrec.serving.folders import Folders
    from imgrec.serving.server import server_of
    from imgrec.serving.service import Service
    from imgrec.store.running import said_to_run

    port = listening.getsockname()[1]
    access = access_of(arguments.host, port)
    folders = Folders(recommender.store.path, arguments.report)
    links = partial(folders.links, access.files)
    service = Service(recommender, decoder, links, arguments.exports, arguments.logdir)
    app = make_app(service, access, folders)
    stack.enter_context(said_to_run(recommender.store.path, port))
    address = address_of(arguments.host, access)
    server = server_of(app)
    # From here on Ctrl-C is the normal way to end the command, so it exits with 0.
    with server.capture_signals():
        _say(arguments, port)
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        if arguments.open:
            stack.enter_context(opened_in_browser(address))
        server.run(sockets=[listening])


def _say(arguments: argparse.Namespace, port: int) -> None:
    """Tell on standard error what differs from the usual, and how to stop."""
    if arguments.host not in (_LOOPBACK, "localhost", "::1"):
        sys.stderr.write(_OTHERS.format(prog=_PROG, host=arguments.host))
    if arguments.port not in (0, port):
        sys.stderr.write(f"{_PROG}: port {arguments.port} is in use, using {port}\n")
    sys.stderr.write(f"{_PROG}: press Ctrl-C to stop\n")


if __name__ == "__main__":
    sys.exit(main())
