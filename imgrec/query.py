"""`imgrec query IMAGE…`: print the pictures most like one to five others, or like words.

Without a picture and a word it lists the pictures that pass `--where` and `--under`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.arguments import encoder_option, positive, store_of, store_option
from imgrec.commands import Parser, run, warn
from imgrec.distances.choices import FUSIONS_EXPLAINED, METRICS_EXPLAINED
from imgrec.errors import ImgrecError
from imgrec.query_output import open_pictures, print_answer, print_list
from imgrec.search.choices import INDEXES, INDEXES_EXPLAINED
from imgrec.system.text import counted

if TYPE_CHECKING:
    from imgrec.search.answer import Answer
    from imgrec.search.recommender import Recommender
    from imgrec.store.store import Store

_PROG = "imgrec query"
_MOST_QUERIES = 5
_K = 5
# What only orders an answer, and means nothing for a list of pictures.
_OF_QUESTIONS = (
    *("unwanted", "not_text", "metric", "fuse", "encoder", "features", "index", "weights"),
    *("device", "cache", "grid"),
)

_DESCRIPTION = """\
Print the pictures most like one to five others, or that show what a word says, the nearest first.
A distance of 0 is the same. The query pictures themselves are left out of the answer. With --where
or --under alone, list the pictures that fit, by path.
"""
_EXAMPLES = """\
examples:
  imgrec query beach.jpg                            the 5 nearest
  imgrec query a.jpg b.jpg --fuse min -k 20         like a or like b
  imgrec query red.jpg --metric chi2                by color alone
  imgrec query --text dog                           pictures of dogs
  imgrec query a.jpg --text dog --not-text grass    like a and with a dog, without grass
  imgrec query a.jpg --not b.jpg --where color=red --under holidays/2024
  imgrec query a.jpg --where taken=2019-07..2019-08 --where camera=canon --details
  imgrec query --where class=dog --paths            all pictures of dogs, for another program
  imgrec query a.jpg -k 50 -0 | xargs -0 cp -t alike
  imgrec query a.jpg --open                         in the system's viewer
  imgrec query a.jpg --features resnet50=1,rgb=0.5 --json
  imgrec query a.jpg --grid answer.png
  curl -s https://example.com/a.jpg | imgrec query -
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the pictures most like others, or that show what a word says, or that fit a filter."""
    return run(_PROG, _parser, _query, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    explained = _explained("--metric, the distance of two pictures:", METRICS_EXPLAINED)
    explained += _explained(
        "--fuse, the distance of a picture to several others, from its distances to each:",
        FUSIONS_EXPLAINED,
    )
    explained += _explained("--index, how the nearest are found:", INDEXES_EXPLAINED)
    parser = Parser(prog, _DESCRIPTION, explained + _EXAMPLES)

    add = parser.add_argument_group("question").add_argument
    image = "a file, a path as the catalog has it, or - for standard input"
    add("images", nargs="*", metavar="IMAGE", help=image)
    text = "what pictures should show, such as dog; may be repeated, and joined with pictures"
    add("--text", action="append", default=[], metavar="WORD", help=text)
    most = f"how many to print (default {_K}; all of a list by --where or --under alone)"
    add("-k", type=positive, metavar="N", help=most)
    unwanted = "move away from what is like this one; may be repeated"
    add("--not", action="append", default=[], metavar="IMAGE", dest="unwanted", help=unwanted)
    unwanted = "move away from what shows this; may be repeated"
    add("--not-text", action="append", default=[], metavar="WORD", help=unwanted)
    where = "only pictures with this label, such as color=red or class=dog, or of which their file "
    where += "says this, such as taken=2019-07 or iso=400..; may be repeated"
    add("--where", action="append", default=[], metavar="KIND=VALUE", help=where)
    under = "only pictures in this folder; may be repeated"
    add("--under", action="append", default=[], metavar="FOLDER", help=under)

    group = parser.add_argument_group("comparison")
    add = group.add_argument
    add("--metric", metavar="NAME", help=_one_of(METRICS_EXPLAINED, "cosine"))
    add("--fuse", metavar="NAME", help=_one_of(FUSIONS_EXPLAINED, "mean"))
    encoder_option(group, "the feature to compare")
    several = "compare several features together, weighted: mini=1,rgb=0.5"
    add("--features", metavar="NAME=WEIGHT,…", help=several)
    add = group.add_mutually_exclusive_group().add_argument
    add("--index", metavar="NAME", help=_one_of(INDEXES, "auto"))
    add("--exact", action="store_const", const="exact", dest="index", help="same as --index exact")

    group = parser.add_argument_group("store")
    store_option(group)

    add = parser.add_argument_group("pictures that are not in the store").add_argument
    weights = "the weights that the store's vectors were made with"
    add("--weights", type=Path, metavar="FILE", help=weights)
    device = "where they are encoded: auto, cpu, cuda, cuda:1, mps (default auto)"
    add("--device", metavar="NAME", help=device)
    cache = "where their vectors are cached: a file, redis://…, or none; default: a file in the "
    cache += "user's cache folder"
    add("--cache", metavar="WHERE", help=cache)

    add = parser.add_argument_group("output").add_argument
    add("--json", action="store_true", help="print one JSON object and nothing else")
    add("--paths", action="store_true", help="print the absolute paths alone, one a line")
    null = "the same, each ended by NUL, for xargs -0: any name is safe in it"
    add("-0", "--null", action="store_true", help=null)
    details = "print when, with what and where each picture was taken, its title and keywords"
    add("--details", action="store_true", help=details)
    pages = "print the link of each picture to its page in the network; done in a terminal"
    add("--pages", action="store_true", help=pages)
    add("--grid", type=Path, metavar="FILE.png", help="draw queries and answers into a picture")
    add("--open", action="store_true", help="show the pictures found in the system's viewer")
    return parser


def _one_of(names: Mapping[str, str] | Sequence[str], default: str) -> str:
    return f"{', '.join(names)}; see below (default {default})"


def _explained(head: str, lines: Mapping[str, str]) -> str:
    return f"{head}\n" + "".join(f"  {name:<12}{text}\n" for name, text in lines.items()) + "\n"


def _query(arguments: argparse.Namespace) -> None:
    a = arguments
    _check(a)
    # Before anything is computed: where there is no viewer, nothing should be.
    viewer = _viewer() if a.open else ()
    from imgrec.search.recommender import Recommender

    device = a.device or "auto"
    with Recommender.open(store_of(a.store), a.weights, device, a.cache) as recommender:
        if _is_question(a):
            found = _answered(recommender, a)
            warn(_PROG, [*found.warnings, *_waiting(found, recommender.store)])
            print_answer(found, a)
            files = [result.file for result in found]
        else:
            listed = recommender.pictures(a.where, a.under, a.k)
            print_list(listed, a)
            files = list(listed.files()) if a.open else []
    if a.open:
        open_pictures(viewer, files)


def _waiting(found: Answer, store: Store) -> list[str]:
    """Say why an answer is empty while the first run is still reading pictures."""
    if found.images or not (new := store.catalog.totals.counts()["new"]):
        return []
    return [f"{counted(new, 'picture')} not indexed yet: run imgrec index, or wait until it ends"]


def _viewer() -> Sequence[str]:
    from imgrec.system.viewer import viewer_command

    return viewer_command()


def _is_question(a: argparse.Namespace) -> bool:
    return bool(a.images or a.text)


def _check(a: argparse.Namespace) -> None:
    """Check that no option is given that would mean nothing, before anything is read.

    Raises:
        ImgrecError: one is.
    """
    if not _is_question(a):
        useless = [a.given[name] for name in _OF_QUESTIONS if name in a.given]
        if useless or not (a.where or a.under):
            useless_too = f", and {useless[0]} is for a question" if useless else ""
            raise ImgrecError(
                f"nothing is asked{useless_too}: name an IMAGE, or give --text WORD "
                "(--where and --under alone list pictures)"
            )
    for pictures, texts in ((a.images, a.text), (a.unwanted, a.not_text)):
        if len(pictures) + len(texts) > _MOST_QUERIES:
            both = counted(len(pictures), "picture")
            both += f" and {counted(len(texts), 'text')}" if texts else ""
            raise ImgrecError(
                f"{both} are too many to ask about at once: "
                f"name up to {_MOST_QUERIES} (the Python interface takes any number)"
            )
    a.paths = a.paths or a.null
    for one, other in (("json", "paths"), ("paths", "details"), ("paths", "pages")):
        if getattr(a, one) and getattr(a, other):
            shown = "-0" if a.null else "--paths"
            names = [shown if name == "paths" else f"--{name}" for name in (one, other)]
            raise ImgrecError(f"{' and '.join(names)} exclude each other: leave one of them out")
    if a.grid and a.grid.suffix.lower() != ".png":
        raise ImgrecError(f"--grid {a.grid}: the grid is a PNG, name a file that ends in .png")
    if a.grid and not a.grid.parent.is_dir():
        raise ImgrecError(f"--grid {a.grid}: there is no folder {a.grid.parent}, name another")


def _answered(recommender: Recommender, a: argparse.Namespace) -> Answer:
    from imgrec.search.query_pictures import FileBytes

    given = _given([*a.images, *a.unwanted])
    images, unwanted = (
        [FileBytes(name, given[name]) if name in given else name for name in names]
        for names in (a.images, a.unwanted)
    )
    answer = recommender.query(
        images, a.k or _K, a.metric or "cosine", a.fuse or "mean", a.encoder,
        features=a.features, text=a.text, unwanted=unwanted, unwanted_text=a.not_text,
        where=a.where, under=a.under, index=a.index or "auto",
    )  # fmt: skip
    if a.grid:
        _write_grid(recommender, answer, given, a.grid)
    return answer


def _given(names: Sequence[str]) -> dict[str, bytes]:
    """Return the bytes of the pictures that come from standard input or another pipe, by name.

    Raises:
        ImgrecError: one cannot be read.
    """
    from imgrec.errors import PictureError
    from imgrec.sources.streams import read_stream, stream_of

    given = {}
    for name in dict.fromkeys(names):
        stream = stream_of(name)
        if stream is not None:
            try:
                given[name] = read_stream(stream)
            except PictureError as error:
                source = "standard input" if name == "-" else name
                raise ImgrecError(f"{source} cannot be read: {error.reason} ({error})") from error
    return given


def _write_grid(
    recommender: Recommender, answer: Answer, given: Mapping[str, bytes], path: Path
) -> None:
    import io

    from imgrec.search.grid import answer_grid
    from imgrec.system.atomic_files import write_bytes

    buffer = io.BytesIO()
    answer_grid(recommender.store, answer, given).save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())
    sys.stderr.write(f"grid: {path}\n")


if __name__ == "__main__":
    sys.exit(main())
