"""`imgrec tensorboard --logdir DIR`: serve a logdir on this machine until Ctrl-C."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from imgrec.commands import Parser, run
from projector.choices import PORT

_PROG = "imgrec tensorboard"
_DESCRIPTION = """\
Serve a logdir by the installed TensorBoard, at 127.0.0.1 only, until Ctrl-C. The address that is
printed opens the projector.
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
    add("--logdir", type=Path, required=True, metavar="DIR", help="made by imgrec projector")
    port = "the first port to try, 0 for any; the next free one is used (default %(default)s)"
    add("--port", type=_port, default=PORT, metavar="N", help=port)
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    import threading
    from urllib.parse import urlsplit

    from projector.server import start

    address = start(arguments.logdir, arguments.port)
    # From here on Ctrl-C is the way to end the command, not an interruption.
    with suppress(KeyboardInterrupt):
        port = urlsplit(address).port
        if arguments.port not in (0, port):
            sys.stderr.write(f"{_PROG}: port {arguments.port} is taken, {port} is used\n")
        sys.stderr.write(f"{_PROG}: Ctrl-C ends it\n")
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
