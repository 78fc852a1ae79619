"""`imgrec tensorboard --logdir DIR`: serve a logdir locally until Ctrl-C."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from imgrec.arguments import (
    STORE_FOLDER,
    STORE_VARIABLE,
    default_store,
    local_store,
    port_number,
)
from imgrec.commands import Parser, run
from projector.choices import PORT

_PROG = "imgrec tensorboard"
_DESCRIPTION = """\
Serve a logdir with the installed TensorBoard until Ctrl-C, on 127.0.0.1 only. The first printed
address opens the projector, the second the tab imgrec, which searches all pictures of the store,
with their full vectors.
"""
_EXAMPLES = """\
examples:
  imgrec tensorboard --logdir logdir
  imgrec tensorboard --logdir logdir --port 7000
  imgrec tensorboard --logdir logdir --store photos-store
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
    store = (
        f"the store of the tab imgrec; default: ${STORE_VARIABLE}, else ./{STORE_FOLDER}, where "
    )
    store += "the logdir was written from it"
    add("--store", type=local_store, metavar="DIR", help=store)
    port = "first port to try, the next free one is used; 0 for any (default %(default)s)"
    add("--port", type=port_number, default=PORT, metavar="N", help=port)
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    import threading
    from urllib.parse import urldefrag, urlsplit

    from imgrec_tensorboard import NAME
    from projector.server import start

    store = _store(arguments)
    address = start(arguments.logdir, arguments.port, store)
    # From here on Ctrl-C is the normal way to end the command, so it exits with 0.
    with suppress(KeyboardInterrupt):
        port = urlsplit(address).port
        if arguments.port not in (0, port):
            sys.stderr.write(f"{_PROG}: port {arguments.port} is in use, using {port}\n")
        sys.stderr.write(f"{_PROG}: press Ctrl-C to stop\n")
        tab = f"{urldefrag(address).url}#{NAME}\n" if store else ""
        sys.stdout.write(f"{address}\n{tab}")
        sys.stdout.flush()
        threading.Event().wait()


def _store(arguments: argparse.Namespace) -> Path | None:
    """Return the store of the tab; one that nobody has named only where the logdir is of it.

    Raises:
        StoreError: there is no store where one is named, or it is damaged.
    """
    from imgrec.store.manifest import read_manifest
    from imgrec.store.written_from import is_written_from
    from imgrec.system.output_folder import LOGDIR

    named: Path | None = arguments.store
    if named is not None:
        read_manifest(named)
        return named
    usual = default_store()
    return usual if usual and is_written_from(usual, LOGDIR, arguments.logdir) else None


if __name__ == "__main__":
    sys.exit(main())
