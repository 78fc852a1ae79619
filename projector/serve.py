"""Serve a logdir on this machine: python -m projector.serve --logdir DIR."""

import argparse
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from imgrec.commands import Parser, run
from projector.server import PORT, start


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command until Ctrl-C; return its exit code."""
    parser = Parser(prog="projector.serve", description=__doc__)
    parser.add_argument("--logdir", type=Path, required=True, help="made by python -m projector")
    parser.add_argument(
        "--port", type=_port, default=PORT, help="%(default)s, or the next free one"
    )
    return run(parser, _run, argv)


def _run(arguments: argparse.Namespace) -> None:
    with suppress(KeyboardInterrupt):  # the way to end it
        address = start(arguments.logdir, arguments.port)
        port = urlsplit(address).port
        if arguments.port not in (0, port):
            sys.stderr.write(f"projector.serve: port {arguments.port} is taken, {port} is used\n")
        sys.stderr.write("projector.serve: Ctrl-C ends it\n")
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        threading.Event().wait()


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 65_536:
        raise argparse.ArgumentTypeError(f"{text} is no port: 0 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
