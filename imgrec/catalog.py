"""`imgrec catalog`: say what is in a store."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imgrec.arguments import store_of, store_option
from imgrec.commands import Parser, run
from imgrec.system.file_names import printable, valid

if TYPE_CHECKING:
    from imgrec.collection import Entry
    from imgrec.store.store import Store

_EXAMPLES = """\
examples:
  imgrec catalog
  imgrec catalog --failed | sort                  files that are no readable pictures, and why
  imgrec catalog --missing | cut -f 2             files that are gone
  imgrec catalog --json
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Say what is in a store."""
    return run("imgrec catalog", _parser, _show, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    description = "Say what is in a store: pictures, failures, formats, features, labels, folders."
    parser = Parser(prog, description, _EXAMPLES)
    store_option(parser.add_argument_group("store"))
    add = parser.add_argument_group("output").add_argument
    listed = "list the {} files instead: reason and path, separated by a tab"
    for status in ("failed", "missing"):
        add(
            f"--{status}",
            action="append_const",
            dest="listed",
            const=status,
            help=listed.format(status),
        )
    add("--json", action="store_true", help="one JSON object; with --failed, its files as well")
    return parser


def _show(arguments: argparse.Namespace) -> None:
    import json

    from imgrec.store.inventory import described, inventory_of
    from imgrec.store.store import Store

    with Store.open(store_of(arguments.store)) as store:
        if arguments.json:
            sys.stdout.write(json.dumps(_object(store, arguments.listed)) + "\n")
        elif arguments.listed:
            for entry in _files(store, arguments.listed):
                sys.stdout.write(f"{_reason(entry)}\t{printable(entry.location)}\n")
        else:
            lines = described(inventory_of(store))
            sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))


def _object(store: Store, listed: list[str] | None) -> dict[str, Any]:
    from imgrec.store.inventory import as_json, inventory_of

    found = as_json(inventory_of(store))
    if listed:
        found["files"] = [
            {
                "id": entry.id,
                "reason": _reason(entry),
                "root": valid(entry.root),
                "path": valid(entry.path),
            }
            for entry in _files(store, listed)
        ]
    return found


def _files(store: Store, statuses: list[str]) -> Iterator[Entry]:
    for status in statuses:
        yield from store.catalog.entries_with(status)


def _reason(entry: Entry) -> str:
    return entry.reason or "missing" if entry.status == "failed" else entry.status


if __name__ == "__main__":
    sys.exit(main())
