"""`imgrec serve`: the live page of a store, on 127.0.0.1, until Ctrl-C."""

import argparse
import sys
from collections.abc import Sequence

from imgrec.arguments import store_of, store_option, whole
from imgrec.commands import Parser, run
from imgrec.system.extras import require

_PROG = "imgrec serve"
_DESCRIPTION = """\
Serve a page on which a collection is searched, on 127.0.0.1 only, until Ctrl-C.
"""
_EXAMPLES = """\
examples:
  imgrec serve
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the live page until Ctrl-C."""
    return run(_PROG, _parser, _serve, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    store_option(parser.add_argument_group("store"))
    add = parser.add_argument_group("address").add_argument
    add("--port", type=whole, default=8000, metavar="N", help="port (default %(default)s)")
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    require("fastapi", extra="serve", why="imgrec serve")
    import uvicorn

    from imgrec.search.recommender import Recommender
    from imgrec.serving.asgi import make_app
    from imgrec.serving.service import Service

    with Recommender.open(store_of(arguments.store)) as recommender:
        sys.stdout.write(f"http://127.0.0.1:{arguments.port}/\n")
        sys.stdout.flush()
        uvicorn.run(make_app(Service(recommender)), port=arguments.port, log_level="warning")


if __name__ == "__main__":
    sys.exit(main())
