"""`imgrec collections`: named selections of pictures: list, change, export and copy them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.arguments import store_of, store_option
from imgrec.commands import Parser, run, summary_line, warn
from imgrec.errors import ImgrecError
from imgrec.system.text import counted

if TYPE_CHECKING:
    from imgrec.collection import Entry
    from imgrec.store.store import Store

_PROG = "imgrec collections"
_DESCRIPTION = """\
Name selections of pictures, and use them: `--where collection=NAME` of imgrec query and imgrec
export filters by one. Without a name, list the collections; with a name alone, list its pictures.
"""
_EXAMPLES = """\
examples:
  imgrec collections                                        which there are
  imgrec collections best --add a.jpg holidays/b.jpg 1234   files, paths of the catalog, ids
  imgrec collections best --remove a.jpg
  imgrec query a.jpg -k 50 -0 | xargs -0 imgrec collections alike --add
  imgrec collections best --rename favorites
  imgrec collections best --delete                          the pictures stay
  imgrec collections best --csv best.csv
  imgrec collections best -0 | xargs -0 tar -cf best.tar
  imgrec collections best --copy ~/picked                   copies of its files, none replaced
  imgrec collections best --link ~/picked                   hard links: the same files, no space
"""
# Options that exclude each other, but for `--add` with `--remove`.
_ALONE = ("change", "delete", "rename", "paths", "csv", "json", "copy", "link")
_SHOWN = {"change": "--add or --remove", "paths": "--paths or -0"}


def main(argv: Sequence[str] | None = None) -> int:
    """List, change, export or copy collections."""
    return run(_PROG, _parser, _collections, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    parser.add_argument("name", nargs="?", metavar="NAME", help="of a collection")
    store_option(parser.add_argument_group("store"))

    add = parser.add_argument_group("change").add_argument
    image = "pictures to add: files, paths as the catalog has them, or ids"
    add("--add", nargs="+", default=[], metavar="IMAGE", help=image)
    add("--remove", nargs="+", default=[], metavar="IMAGE", help="pictures to take out")
    add("--rename", metavar="NEW", help="give the collection another name")
    add("--delete", action="store_true", help="delete the collection; its pictures stay")

    add = parser.add_argument_group("output").add_argument
    add("--json", action="store_true", help="print one JSON object and nothing else")
    add("--paths", action="store_true", help="print the absolute paths alone, one a line")
    null = "the same, each ended by NUL, for xargs -0: any name is safe in it"
    add("-0", "--null", action="store_true", help=null)
    add("--csv", type=Path, metavar="FILE.csv", help="write the pictures as a table")

    add = parser.add_argument_group("files").add_argument
    copy = "copy the files into a folder, under their names; no file is replaced"
    add("--copy", type=Path, metavar="DIR", help=copy)
    link = "the same with hard links: what changes one changes the original too"
    add("--link", type=Path, metavar="DIR", help=link)
    return parser


def _collections(a: argparse.Namespace) -> int:
    a.paths, a.change = a.paths or a.null, bool(a.add or a.remove)
    _check(a)
    if a.name is None:
        _print_collections(a)
        return 0
    if a.change or a.delete or a.rename:
        _change(a)
        return 0
    return _use(a)


def _check(a: argparse.Namespace) -> None:
    """Check that no option is given that would mean nothing, before anything is read.

    Raises:
        ImgrecError: one is.
    """
    given = [_SHOWN.get(name, f"--{name}") for name in _ALONE if getattr(a, name)]
    if len(given) > 1:
        raise ImgrecError(f"{given[0]} and {given[1]} exclude each other: leave one of them out")
    if a.name is None and given and not a.json:
        raise ImgrecError(f"{given[0]} is for one collection: name it, imgrec collections NAME")
    if a.csv is not None:
        from imgrec.review.table import check_table

        check_table(a.csv)


def _print_collections(a: argparse.Namespace) -> None:
    import json

    from imgrec.labels.collections import collections_of
    from imgrec.store.store import Store

    with Store.open(store_of(a.store)) as store:
        found = collections_of(store)
        if a.json:
            listed = [{"name": name, "count": count} for name, count in found.items()]
            place = str(store.path.resolve())
            sys.stdout.write(json.dumps({"collections": listed, "store": place}) + "\n")
            return
    sys.stdout.writelines(f"{name}: {counted(count, 'picture')}\n" for name, count in found.items())
    if not found:
        warn(_PROG, ["there is none yet: imgrec collections NAME --add IMAGE makes one"])


def _change(a: argparse.Namespace) -> None:
    from imgrec.labels.collections import (
        change_collection,
        collection_name,
        delete_collection,
        rename_collection,
    )
    from imgrec.search.named import ids_named
    from imgrec.store.store import Store

    name = collection_name(a.name)
    with Store.open(store_of(a.store)) as store:
        if a.delete:
            count = delete_collection(store, name)
            told = f"deleted, {counted(count, 'picture')} had been in it"
        elif a.rename:
            count = rename_collection(store, name, a.rename)
            name, told = collection_name(a.rename), counted(count, "picture")
        else:
            add, remove = (ids_named(store.catalog, names) for names in (a.add, a.remove))
            told = counted(change_collection(store, name, add, remove), "picture")
    sys.stdout.write(f"{name}: {told}\n")


def _use(a: argparse.Namespace) -> int:
    """Print, export or copy the pictures of a collection."""
    from imgrec.search.recommender import Recommender
    from imgrec.serving.collections import as_json, entries_in

    with Recommender.open(store_of(a.store)) as recommender:
        entries = entries_in(recommender.store, a.name)
        if a.json:
            import json

            sys.stdout.write(json.dumps(as_json(recommender, a.name)) + "\n")
        elif a.paths:
            _print_paths((entry.location for entry in entries), null=a.null)
        elif a.csv:
            _write_table(recommender.store, entries, a)
        elif a.copy or a.link:
            return _copy(recommender.store, entries, a)
        else:
            from imgrec.collection.kinds import COLLECTION
            from imgrec.labels.collections import collection_name
            from imgrec.search.table import listing_table

            listing = recommender.pictures({COLLECTION: collection_name(a.name)})
            sys.stdout.writelines(listing_table(listing))
    return 0


def _print_paths(files: Iterable[str], *, null: bool) -> None:
    from imgrec.query_output import print_paths

    print_paths(files, _PROG, null=null)


def _write_table(store: Store, entries: list[Entry], a: argparse.Namespace) -> None:
    from imgrec.serving.collections import table
    from imgrec.system.atomic_files import write_text

    write_text(a.csv, table(store, entries))
    sys.stdout.write(summary_line([counted(len(entries), "picture")], a, a.csv))


def _copy(store: Store, entries: list[Entry], a: argparse.Namespace) -> int:
    from imgrec.serving.copying import COPY, LINK, check_target, copy_pictures

    # A link that the user names is theirs.
    folder = (a.copy or a.link).expanduser().resolve()
    check_target(store, folder)
    done = copy_pictures(entries, folder, COPY if a.copy else LINK)
    warn(_PROG, done.failed)
    told = [f"{counted(done.written, 'file')} {'copied' if a.copy else 'linked'}"]
    told += [f"{done.there:,} there already"] if done.there else []
    sys.stdout.write(summary_line(told, a, folder))
    return 1 if done.failed else 0


if __name__ == "__main__":
    sys.exit(main())
