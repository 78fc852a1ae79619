"""`imgrec COMMAND …`: one program for all commands, the same as their `python -m` forms.

The table holds the modules of the commands as text, and only the one that is asked for is
imported: `imgrec --help` answers at once, and `imgrec` does not depend on the packages `graph`
and `projector`, which depend on it.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from imgrec.commands import Parser, run
from imgrec.errors import ImgrecError
from imgrec.system.suggestions import close_matches


class Command(NamedTuple):
    """A command: the group it is listed in, the module whose `main` it calls, a line on it."""

    group: str
    module: str
    summary: str


COMMANDS = {
    "index": Command("make", "imgrec.index", "make or update a store of pictures"),
    "plan": Command("make", "imgrec.plan", "what indexing would take, by a sample"),
    "samples": Command("make", "imgrec.samples.__main__", "render pictures to try it with"),
    "query": Command("ask", "imgrec.query", "the pictures most like one to five others"),
    "catalog": Command("ask", "imgrec.catalog", "what is in a store, which files failed"),
    "collections": Command(
        "ask", "imgrec.collections", "name selections of pictures, export and copy them"
    ),
    "export": Command("ask", "imgrec.export", "hand the vectors over: Parquet, Lance, Qdrant"),
    "serve": Command("look", "imgrec.serve", "a page to search a store in the browser"),
    "projector": Command(
        "look", "projector.__main__", "write a logdir for TensorBoard's projector"
    ),
    "tensorboard": Command("look", "projector.serve", "serve such a logdir on this machine"),
    "graph": Command("look", "graph.__main__", "write the network of similar pictures as pages"),
    "duplicates": Command(
        "look", "imgrec.duplicates.__main__", "review duplicates; list, trash them"
    ),
    "report": Command("look", "imgrec.report", "write what is in a collection on one page"),
    "pull": Command("share", "imgrec.pull", "make a local store from one in object storage"),
    "push": Command("share", "imgrec.push", "bring a local store to object storage"),
    "prune": Command(
        "share", "imgrec.prune", "delete what no state in object storage needs any more"
    ),
    "doctor": Command("check", "imgrec.doctor", "what is wrong with a store, a logdir, a site"),
}

_EXAMPLES = """\
examples:
  imgrec index ~/Pictures                make the store ./imgrec-store
  imgrec query ~/Pictures/beach.jpg      the pictures most like this one
  imgrec graph --out site                then open site/index.html
  imgrec query --help                    the options of a command

The store is named by --store DIR, else by $IMGREC_STORE, else it is ./imgrec-store.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names; return its exit code."""
    return run("imgrec", _parser, _call, argv)


def _call(arguments: argparse.Namespace) -> int:
    """Call the `main` of a command, or list all commands if none is named.

    Raises:
        ImgrecError: there is no such command; the nearest ones are named.
    """
    name = arguments.command
    if name is None:
        _parser("imgrec").print_help()
        return 0
    if name not in COMMANDS:
        near = close_matches(name, COMMANDS, 2)
        meant = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(COMMANDS)}"
        raise ImgrecError(f"no command is called {name!r}; {meant} (see imgrec --help)")
    code: int = import_module(COMMANDS[name].module).main(arguments.arguments)
    return code


class _Commands(Parser):
    """Parser of the first argument alone; the others are passed on as they are.

    `argparse.REMAINDER` would lose a `--` directly behind the command, which the command needs to
    tell a name such as `-1.jpg` from an option.
    """

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Return the name of the command, None where there is none, and its arguments."""
        given = sys.argv[1:] if args is None else list(args)
        found = super().parse_args(given[:1], namespace)
        found.arguments = given[1:]
        return found


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = _Commands(prog, f"See what is in a folder of pictures.\n\n{_listed()}", _EXAMPLES)
    parser.usage = f"{prog} [--help] [--version] COMMAND …"
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    return parser


def _listed() -> str:
    lines = []
    for group in dict.fromkeys(command.group for command in COMMANDS.values()):
        lines.append(f"{group}:")
        lines += [f"  {n:<12} {c.summary}" for n, c in COMMANDS.items() if c.group == group]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
