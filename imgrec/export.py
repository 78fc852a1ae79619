"""`imgrec export`: hand vectors, paths and labels over to other search engines."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.arguments import progress_options, refuse, store_of, store_option
from imgrec.commands import Parser, run, summary_line, warn
from imgrec.handover.choices import COLLECTION
from imgrec.system.text import counted, size_text

if TYPE_CHECKING:
    from imgrec.handover.export import Exported

_PROG = "imgrec export"
_DESCRIPTION = """\
Hand the vectors of a store over to other search engines, with the path, digest and labels of each
picture. A folder of an older export is replaced as a whole; a collection of Qdrant is brought up to
date, and a run that was stopped goes on. The network of similar pictures: imgrec graph --gexf.
"""
_EXAMPLES = """\
examples:
  imgrec export --parquet vectors                for DuckDB, Spark, Milvus, faiss, NumPy
  imgrec export --lance vectors.lance            a dataset of Lance
  imgrec export --qdrant http://127.0.0.1:6333   the key: QDRANT_API_KEY in the environment
  imgrec export --parquet dogs --where class=dog --feature lite0
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the vectors of a store for other engines."""
    return run(_PROG, _parser, _export, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    group = parser.add_argument_group("store")
    store_option(group)
    add = group.add_argument
    feature = "the feature or relation whose vectors are written; default: the store's "
    feature += "encoder; lite0+mini if that is lite0 and mini is there"
    add("--feature", metavar="NAME", help=feature)
    where = "only pictures with this label, such as color=red, or of which their file says this, "
    where += "such as taken=2019-07; may be repeated"
    add("--where", action="append", default=[], metavar="KIND=VALUE", help=where)
    under = "only pictures in this folder; may be repeated"
    add("--under", action="append", default=[], metavar="FOLDER", help=under)

    add = parser.add_argument_group("output").add_argument
    parquet = "a folder of Parquet files; needs the extra parquet"
    add("--parquet", type=Path, metavar="DIR", help=parquet)
    add("--lance", type=Path, metavar="DIR", help="a dataset of Lance; needs the extra lance")
    qdrant = "a server of Qdrant, such as http://127.0.0.1:6333, or a folder of its client; needs "
    qdrant += "the extra qdrant"
    add("--qdrant", metavar="URL", help=qdrant)
    name = "the collection of Qdrant, made where there is none (default %(default)s)"
    add("--collection", dest="points", default=COLLECTION, metavar="NAME", help=name)
    progress_options(parser)
    return parser


def _export(arguments: argparse.Namespace) -> None:
    a = arguments
    if a.qdrant is None:
        refuse(a.given, ["points"], "names a collection of Qdrant: give --qdrant URL too")
    from imgrec.handover.export import export_vectors
    from imgrec.store.store import Store

    with Store.open(store_of(a.store)) as store:
        done = export_vectors(
            store, parquet=a.parquet, lance=a.lance, qdrant=a.qdrant, collection=a.points,
            feature=a.feature, where=a.where, under=a.under, quiet=a.quiet,
        )  # fmt: skip
        warn(_PROG, store.lacking(store.feature(done[0].feature)))
    if a.verbose:
        sys.stdout.write(f"feature    {done[0].feature}\n")
    for each in done:
        sys.stdout.write(summary_line(_told(each), a, _place(each)))


def _told(done: "Exported") -> list[str]:
    if done.target != "qdrant":
        return [counted(done.pictures, "picture"), size_text(done.size_bytes)]
    told = [f"{counted(done.pictures - done.kept, 'point')} written"]
    told += [f"{done.kept:,} kept"] if done.kept else []
    return told + ([f"{done.deleted:,} deleted"] if done.deleted else [])


def _place(done: "Exported") -> str:
    return f"collection {done.place}" if done.target == "qdrant" else done.place


if __name__ == "__main__":
    sys.exit(main())
