"""`imgrec query IMAGE…`: print the pictures most like one to five others, or like words."""

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
from imgrec.search.choices import INDEXES, INDEXES_EXPLAINED
from imgrec.system.file_names import printable
from imgrec.system.text import counted

if TYPE_CHECKING:
    from imgrec.search.answer import Answer, Text
    from imgrec.search.recommender import Recommender

_MOST_QUERIES = 5

# Characters of the path column; a longer path moves the labels of its own line only.
_WIDEST = 80

# Classes of a word that are named in its line.
_CLASSES_NAMED = 5

_DESCRIPTION = """\
Print the pictures most like one to five others, or that show what a word says, the nearest first.
A distance of 0 is the same. The query pictures themselves are left out of the answer.
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
  imgrec query a.jpg --features resnet50=1,rgb=0.5 --json
  imgrec query a.jpg --grid answer.png
  curl -s https://example.com/a.jpg | imgrec query -
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the pictures most like one to five others, or that show what a word says."""
    return run("imgrec query", _parser, _query, argv)


def table(answer: Answer, *, details: bool = False) -> str:
    """Return an answer as lines for a terminal.

    Args:
        answer: of a query.
        details: add a line of metadata below each picture that has some.
    """
    from imgrec.pictures.metadata_names import in_words

    texts = [text.unwanted for text in answer.texts]
    wanted = len(answer.queries) + texts.count(False)
    unwanted = len(answer.unwanted) + texts.count(True)
    lines = [
        f"{len(answer.results)} of {counted(answer.images, 'picture')}, "
        + f"{answer.encoder}, {answer.metric}"
        + (f", {answer.fuse} of {wanted} queries" if wanted > 1 else "")
        + (f", {unwanted} unwanted" if unwanted else "")
        + f", {_way(answer)}, {answer.elapsed_ms:.1f} ms"
    ]
    lines += [line for text in answer.texts for line in _text_lines(text)]
    lines += [_below(word, names) for word, names in answer.classes.items()]
    longest = max((len(printable(result.path)) for result in answer.results), default=0)
    width = min(_WIDEST, longest)
    for r in answer.results:
        labels = "  ".join(printable(f"{kind}={value}") for kind, value in r.labels.items())
        line = f"{r.rank:>3}  {r.distance:.4f}  {printable(r.path):<{width}}  {labels}"
        lines.append(line.rstrip())
        said = printable(in_words(r.metadata)) if details else ""
        lines += [f"     {said}"] if said else []
    pages = [f"page of {r.rank:>3}: {printable(r.page)}" for r in answer.results if r.page]
    lines += ["", *pages] if pages else []
    return "\n".join(lines) + "\n"


def _text_lines(text: Text) -> list[str]:
    """Return how a text was understood, and a warning where there is one."""
    asked = f"{'not ' if text.unwanted else ''}{printable(text.text)!r}"
    if text.word is None or text.pictures is None:
        return [f"{asked}: by the text tower of {text.by}"]
    sense = f" (sense {text.sense} of WordNet)" if text.sense else ""
    named = _named(text.classes)
    classes = f"{len(text.classes)} classes:" if text.classes[1:] else "the class"
    shown = f"{counted(text.pictures, 'picture')} with a probability of 0.5 or more"
    line = f"{asked}: {text.word}{sense}, {classes} {named} of {text.by}, {shown}"
    return [line, *([printable(text.note)] if text.note else [])]


def _below(word: str, names: Sequence[str]) -> str:
    """Return which classes were taken for a noun of `--where class=…`."""
    asked = printable(f"--where class={word}")
    which = f"{len(names)} classes here:" if names[1:] else "the class"
    return f"{asked}: {which} {_named([printable(name) for name in names])}"


def _named(classes: Sequence[str]) -> str:
    more = len(classes) - _CLASSES_NAMED
    return ", ".join(classes[:_CLASSES_NAMED]) + (f" and {more} more" if more > 0 else "")


def _way(answer: Answer) -> str:
    return "exact" if answer.exact else f"by {answer.index}, compared exactly"


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
    add("-k", type=positive, default=5, metavar="N", help="how many to print (default 5)")
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
    add("--metric", default="cosine", metavar="NAME", help=_one_of(METRICS_EXPLAINED, "cosine"))
    add("--fuse", default="mean", metavar="NAME", help=_one_of(FUSIONS_EXPLAINED, "mean"))
    encoder_option(group, "the feature to compare")
    several = "compare several features together, weighted: mini=1,rgb=0.5"
    add("--features", metavar="NAME=WEIGHT,…", help=several)
    add("--index", default="auto", metavar="NAME", help=_one_of(INDEXES, "auto"))
    add("--exact", action="store_const", const="exact", dest="index", help="same as --index exact")

    group = parser.add_argument_group("store")
    store_option(group)

    add = parser.add_argument_group("pictures that are not in the store").add_argument
    weights = "the weights that the store's vectors were made with"
    add("--weights", type=Path, metavar="FILE", help=weights)
    device = "where they are encoded: auto, cpu, cuda, mps (default auto)"
    add("--device", default="auto", help=device)
    cache = "where their vectors are cached: a file, redis://…, or none; default: a file in the "
    cache += "user's cache folder"
    add("--cache", metavar="WHERE", help=cache)

    add = parser.add_argument_group("output").add_argument
    add("--json", action="store_true", help="print one JSON object and nothing else")
    details = "print when, with what and where each picture was taken, its title and keywords"
    add("--details", action="store_true", help=details)
    add("--grid", type=Path, metavar="FILE.png", help="draw queries and answers into a picture")
    return parser


def _one_of(names: Mapping[str, str] | Sequence[str], default: str) -> str:
    return f"{', '.join(names)}; see below (default {default})"


def _explained(head: str, lines: Mapping[str, str]) -> str:
    return f"{head}\n" + "".join(f"  {name:<12}{text}\n" for name, text in lines.items()) + "\n"


def _query(arguments: argparse.Namespace) -> None:
    from imgrec.search.query_vectors import FileBytes
    from imgrec.search.recommender import Recommender

    a = arguments
    if not a.images and not a.text:
        raise ImgrecError("nothing is asked: name an IMAGE, or give --text WORD")
    for pictures, texts in ((a.images, a.text), (a.unwanted, a.not_text)):
        if len(pictures) + len(texts) > _MOST_QUERIES:
            both = counted(len(pictures), "picture")
            both += f" and {counted(len(texts), 'text')}" if texts else ""
            raise ImgrecError(
                f"{both} are too many to ask about at once: "
                f"name up to {_MOST_QUERIES} (the Python interface takes any number)"
            )
    with Recommender.open(store_of(a.store), a.weights, a.device, a.cache) as recommender:
        given = _given([*a.images, *a.unwanted])
        images, unwanted = (
            [FileBytes(name, given[name]) if name in given else name for name in names]
            for names in (a.images, a.unwanted)
        )
        answer = recommender.query(
            images, a.k, a.metric, a.fuse, a.encoder, features=a.features, text=a.text,
            unwanted=unwanted, unwanted_text=a.not_text, where=a.where, under=a.under,
            index=a.index,
        )  # fmt: skip
        if a.grid:
            _write_grid(recommender, answer, given, a.grid)
    warn("imgrec query", answer.warnings)
    sys.stdout.write(_json(answer) if a.json else table(answer, details=a.details))


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
                raise ImgrecError(
                    f"{_source(name)} cannot be read: {error.reason} ({error})"
                ) from error
    return given


def _source(name: str) -> str:
    return "standard input" if name == "-" else name


def _json(answer: Answer) -> str:
    import json

    return json.dumps(answer.to_dict()) + "\n"


def _write_grid(
    recommender: Recommender, answer: Answer, given: Mapping[str, bytes], path: Path
) -> None:
    import io

    from imgrec.search.grid import answer_grid
    from imgrec.system.atomic_files import write_bytes

    if path.suffix.lower() != ".png":
        raise ImgrecError(f"--grid {path}: the grid is a PNG, name a file that ends in .png")
    buffer = io.BytesIO()
    answer_grid(recommender.store, answer, given).save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())
    sys.stderr.write(f"grid: {path}\n")


if __name__ == "__main__":
    sys.exit(main())
