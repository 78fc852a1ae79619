"""`python -m imgrec.query IMAGE… --store DIR`: the pictures most like one to five others."""

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec.commands import Parser, positive, run
from imgrec.distances.metrics import FUSIONS, METRICS
from imgrec.errors import ImgrecError
from imgrec.search.answer import Answer
from imgrec.search.recommender import Recommender
from imgrec.search.ways import INDEXES
from imgrec.system.atomic_files import write_bytes
from imgrec.system.file_names import printable
from imgrec.system.text import counted

_MOST_QUERIES = 5
_WIDEST = 80  # letters of a path before the labels of other lines stop standing in line


def main(argv: Sequence[str] | None = None) -> int:
    """Print the pictures most like one to five others."""
    return run(_parser(), _query, argv)


def table(answer: Answer) -> str:
    """Return an answer as lines for a terminal."""
    lines = [
        f"{len(answer.results)} of {counted(answer.images, 'picture')}, "
        + f"{answer.encoder}, {answer.metric}"
        + (f", {answer.fuse} of {len(answer.queries)} queries" if answer.queries[1:] else "")
        + (f", {len(answer.unwanted)} unwanted" if answer.unwanted else "")
        + f", {_way(answer)}, {answer.elapsed_ms:.1f} ms"
    ]
    longest = max((len(printable(result.path)) for result in answer.results), default=0)
    width = min(_WIDEST, longest)
    for r in answer.results:
        labels = "  ".join(f"{kind}={printable(value)}" for kind, value in r.labels.items())
        line = f"{r.rank:>3}  {r.distance:.4f}  {printable(r.path):<{width}}  {labels}"
        lines.append(line.rstrip())
    pages = [f"page of {r.rank:>3}: {printable(r.page)}" for r in answer.results if r.page]
    lines += ["", *pages] if pages else []
    return "\n".join(lines) + "\n"


def _way(answer: Answer) -> str:
    return "exact" if answer.exact else f"by {answer.index}, compared exactly"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="imgrec.query", description="The pictures most like one to five others.")
    add = parser.add_argument
    add("images", nargs="+", metavar="IMAGE", help="a file, or a path as the catalog has it")
    add("--store", required=True, type=Path)
    add("-k", type=positive, default=5, help="how many (default 5)")
    add("--metric", default="cosine", help=f"{', '.join(METRICS)} (default cosine)")
    add("--fuse", default="mean", help=f"{', '.join(FUSIONS)} of the distances (default mean)")
    add("--not", action="append", default=[], metavar="IMAGE", dest="unwanted",
        help="push away what is like this one; may be repeated")  # fmt: skip
    add("--where", action="append", default=[], metavar="KIND=VALUE",
        help="only pictures with this label; may be repeated")  # fmt: skip
    add("--under", action="append", default=[], metavar="FOLDER",
        help="only pictures in this folder; may be repeated")  # fmt: skip
    add("--encoder", metavar="NAME", help="the feature to compare; default: the store's own")
    add("--features", metavar="NAME=WEIGHT,…", help="several together, as mini=1,rgb=0.5")
    add("--index", default="auto", help=f"{', '.join(INDEXES)} (default auto: the fastest)")
    add("--exact", action="store_const", const="exact", dest="index", help="same as --index exact")
    add("--weights", type=Path, metavar="FILE", help="those the store's vectors were made with")
    add("--device", default="auto", help="where a picture that is not in the store is encoded")
    add("--cache", metavar="WHERE", help="of vectors of such pictures: a file, redis://…, or none; "
        "default: in the user's cache folder")  # fmt: skip
    add("--json", action="store_true", help="print one JSON object and nothing else")
    add("--grid", type=Path, metavar="FILE.png", help="draw queries and answers into a picture")
    return parser


def _query(arguments: argparse.Namespace) -> None:
    for asked in (arguments.images, arguments.unwanted):
        if len(asked) > _MOST_QUERIES:
            raise ImgrecError(
                f"{len(asked)} pictures are too many to ask about at once: "
                f"name up to {_MOST_QUERIES} (the Python interface takes any number)"
            )
    a = arguments
    with Recommender.open(a.store, a.weights, a.device, a.cache) as recommender:
        answer = recommender.query(
            a.images, a.k, a.metric, a.fuse, a.encoder, features=a.features, unwanted=a.unwanted,
            where=a.where, under=a.under, index=a.index,
        )  # fmt: skip
        if a.grid:
            _write_grid(recommender, answer, a.grid)
    if arguments.json:
        sys.stdout.write(json.dumps(answer.to_dict()) + "\n")
    else:
        sys.stdout.write(table(answer))


def _write_grid(recommender: Recommender, answer: Answer, path: Path) -> None:
    from imgrec.search.grid import answer_grid

    if path.suffix.lower() != ".png":
        raise ImgrecError(f"--grid {path}: the grid is a PNG, name a file that ends in .png")
    buffer = io.BytesIO()
    answer_grid(recommender.store, answer).save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())
    sys.stderr.write(f"grid: {path}\n")


if __name__ == "__main__":
    sys.exit(main())
