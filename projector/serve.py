"""`imgrec tensorboard --logdir DIR`: serve a logdir locally until Ctrl-C."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from imgrec.arguments import port_number
from imgrec.commands import Parser, run
from projector.choices import PORT

_PROG = "imgrec tensorboard"
_DESCRIPTION = """\
Serve a logdir with the installed TensorBoard until Ctrl-C, on 127.0.0.1 only. The printed address
opens the projector.
"""
_EXAMPLES = """\
examples:
  imgrec tensorboard --logdir logdir
  imgrec tensorboard --logdir logdir --port 7000
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve a logdir until Ctrl-C."""
    return run(_PROG, _parser, _serve, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    add = parser.add_argument_group("what to serve").add_argument
    add(
        "--logdir",
        type=Path,
        required=True,
        metavar="DIR",
        help="a logdir written by imgrec projector",
    )
    port = "first port to try, the next free one is used; 0 for any (default %(default)s)"
    add("--port", type=port_number, default=PORT, metavar="N", help=port)
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    import threading
    from urllib.parse import urlsplit

    from projector.server import start

    address = start(arguments.logdir, arguments.port)
    # From here on Ctrl-C is the normal way to end the command, so it exits with 0.
    with suppress(KeyboardInterrupt):
        port = urlsplit(address).port
        if arguments.port not in (0, port):
            sys.stderr.write(f"{_PROG}: port {arguments.port} is in use, using {port}\n")
        sys.stderr.write(f"{_PROG}: press Ctrl-C to stop\n")
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
