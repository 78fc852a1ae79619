"""Answers and lists of pictures as lines for a terminal."""

from collections.abc import Iterator, Mapping, Sequence

from imgrec.search.answer import Answer, Text, answer_heading
from imgrec.search.listing import Listing
from imgrec.search.picture_lines import detail_lines, labels_told, result_lines
from imgrec.store.site_link import page_url
from imgrec.system.file_names import printable
from imgrec.system.text import counted

# Classes of a word that are named in its line.
_CLASSES_NAMED = 5


def answer_table(answer: Answer, *, details: bool = False, pages: bool = False) -> str:
    """Return an answer as lines for a terminal.

    Args:
        answer: of a query.
        details: add a line of metadata below each picture that has some.
        pages: add the link of each result to its page in the network, where it has one.
    """
    lines = [f"{answer_heading(answer)}, {_way(answer)}, {answer.elapsed_ms:.1f} ms"]
    lines += [line for text in answer.texts for line in _text_lines(text)]
    lines += classes_lines(answer.classes)
    lines += result_lines(answer.results, details=details)
    links = [f"page of {r.rank}: {page_url(r.page)}" for r in answer if pages and r.page]
    lines += ["", *links] if links else []
    return "\n".join(lines) + "\n"


def listing_table(listing: Listing, *, details: bool = False, pages: bool = False) -> Iterator[str]:
    """Yield a list of pictures as lines for a terminal, each with its line break.

    Args:
        listing: of an open store.
        details: add a line of metadata below each picture that has some.
        pages: add the link of each picture to its page in the network, where it has one.
    """
    of = "" if len(listing) == listing.images else f"{len(listing):,} of "
    yield f"{of}{counted(listing.images, 'picture')}, by path\n"
    yield from (f"{line}\n" for line in classes_lines(listing.classes))
    for picture in listing:
        yield (
            f"{printable(picture.path)}  {labels_told(picture.labels, picture.community)}".rstrip()
            + "\n"
        )
        yield from (f"{line}\n" for line in detail_lines(picture, details))
        if pages and picture.page:
            yield f"     {page_url(picture.page)}\n"


def classes_lines(classes: Mapping[str, Sequence[str]]) -> list[str]:
    """Return which classes were taken for each noun of `--where class=…`."""
    lines = []
    for word, names in classes.items():
        asked = printable(f"--where class={word}")
        which = f"{len(names)} classes here:" if names[1:] else "the class"
        lines.append(f"{asked}: {which} {_named([printable(name) for name in names])}")
    return lines


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


def _named(classes: Sequence[str]) -> str:
    more = len(classes) - _CLASSES_NAMED
    return ", ".join(classes[:_CLASSES_NAMED]) + (f" and {more} more" if more > 0 else "")


def _way(answer: Answer) -> str:
    return "exact" if answer.exact else f"by {answer.index}, compared exactly"
