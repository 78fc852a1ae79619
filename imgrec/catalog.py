"""`imgrec catalog`: say what is in a store."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imgrec.arguments import store_of, store_option
from imgrec.commands import Parser, pasteable, run
from imgrec.system.file_names import printable, valid

if TYPE_CHECKING:
    from imgrec.collection import Entry
    from imgrec.store.store import Store

_EXAMPLES = """\
examples:
  imgrec catalog
  imgrec catalog --failed | sort                  files that are no readable pictures, and why
  imgrec catalog --warnings                       files that are damaged beside their pixels
  imgrec catalog --missing | cut -f 2             files that are gone
  imgrec catalog --left-out | wc -l               files that are there and do not belong any more
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
    lists = {
        "failed": "list the failed files instead: reason, path and message, separated by tabs",
        "warnings": "list the readable files of which something else is damaged, likewise",
        "missing": "list the missing files, which are not there, likewise, without a message",
        "left-out": "list the files that are there and left out of the collection, likewise",
    }
    for name, text in lists.items():
        add(f"--{name}", action="append_const", dest="listed", const=name, help=text)
    add("--json", action="store_true", help="one JSON object; with a list, its files as well")
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
                columns = [_reason(entry), printable(entry.location), _detail(entry)]
                sys.stdout.write("\t".join(columns).rstrip("\t") + "\n")
        else:
            lines = described(inventory_of(store))
            sys.stdout.write("".join(f"{printable(pasteable(line))}\n" for line in lines))


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
                "detail": _detail(entry),
            }
            for entry in _files(store, listed)
        ]
    return found


def _files(store: Store, lists: list[str]) -> Iterator[Entry]:
    catalog = store.catalog
    for name in lists:
        of_list = catalog.entries_warned() if name == "warnings" else catalog.entries_with(name)
        yield from of_list


def _reason(entry: Entry) -> str:
    """Return the code of a failure; else what list the picture is on."""
    if entry.status == "failed":
        return entry.reason or "unknown"
    return "warning" if entry.status == "ok" else entry.status


def _detail(entry: Entry) -> str:
    """Return the message of a failure or warning; empty for what is not in the collection."""
    outside = entry.status in ("missing", "left-out")
    return "" if outside else printable(entry.detail or "")


if __name__ == "__main__":
    sys.exit(main())
