"""`python -m imgrec.catalog --store DIR`: what is in a store."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from imgrec.collection import Entry
from imgrec.commands import Parser, run
from imgrec.store.inventory import as_json, described, inventory_of
from imgrec.store.store import Store
from imgrec.system.file_names import printable, valid

_LISTED = "instead, the files of this kind: reason and path, separated by a tab"


def main(argv: Sequence[str] | None = None) -> int:
    """Say what is in a store."""
    return run(_parser(), _show, argv)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="imgrec.catalog", description="Say what is in a store.")
    add = parser.add_argument
    add("--store", required=True, type=Path, help="the store's folder")
    add("--failed", action="append_const", dest="listed", const="failed", help=_LISTED)
    add("--missing", action="append_const", dest="listed", const="missing", help=_LISTED)
    add("--json", action="store_true", help="one JSON object; with --failed, its files as well")
    return parser


def _show(arguments: argparse.Namespace) -> None:
    with Store.open(arguments.store) as store:
        if arguments.json:
            sys.stdout.write(json.dumps(_object(store, arguments.listed)) + "\n")
        elif arguments.listed:
            for entry in _files(store, arguments.listed):
                sys.stdout.write(f"{_reason(entry)}\t{printable(str(entry.file))}\n")
        else:
            lines = described(inventory_of(store))
            sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))


def _object(store: Store, listed: list[str] | None) -> dict[str, Any]:
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
