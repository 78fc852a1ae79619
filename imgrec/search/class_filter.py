"""What `--where class=dog` means where no picture has a class of that name: the classes below it.

Labels hold the names of single classes, such as "golden retriever", and people think of dogs. So a
value that is no picture's class is looked up as a noun (`imgrec.encoders.imagenet.words`), and the
filter gets a pair for each class below it that pictures have; pairs of one kind are joined by OR.
Invariant: a value that some picture has is never widened, whatever the word means.
"""

from collections.abc import Sequence
from dataclasses import replace

from imgrec.collection import Catalog
from imgrec.collection.filters import Filter, offered
from imgrec.collection.kinds import CLASS
from imgrec.encoders.imagenet.words import Meaning, meaning_of
from imgrec.errors import ImgrecError, WrongValueError
from imgrec.system.file_names import printable


def with_classes_below(wanted: Filter, catalog: Catalog) -> tuple[Filter, dict[str, list[str]]]:
    """Return a filter with nouns replaced by the classes below them.

    Args:
        wanted: the filter as asked; other kinds than `class` are left as they are.
        catalog: whose pictures are filtered.

    Returns:
        The filter, and the classes by each noun that was replaced. A word that stands for no class
        stays, and is refused by the filter.

    Raises:
        WrongValueError: no picture has one of the classes that a word stands for.
    """
    found: dict[str, list[str]] = {}
    for kind, value in wanted.where:
        if kind == CLASS and value not in found:
            below = _classes_below(value, catalog)
            if below:
                found[value] = below
    if not found:
        return wanted, {}
    pairs = [
        (kind, name)
        for kind, value in wanted.where
        for name in (found.get(value, [value]) if kind == CLASS else [value])
    ]
    return replace(wanted, where=tuple(dict.fromkeys(pairs))), found


def _classes_below(word: str, catalog: Catalog) -> list[str]:
    """Return the classes below a noun that pictures have, sorted; none for a class of that name.

    Raises:
        WrongValueError: no picture has one of them.
    """
    known = catalog.labels.values(CLASS)
    if not known or word in known:
        return []
    try:
        meaning = meaning_of(word)
    except ImgrecError:
        return []
    found = sorted({*meaning.class_names} & {*known})
    if not found:
        asked = printable(f"class={word}")
        raise WrongValueError(f"where {asked}: {_in_no_picture(meaning, known)}")
    return found


def _in_no_picture(meaning: Meaning, known: Sequence[str]) -> str:
    names = meaning.class_names
    stands = f"{len(names)} classes" if names[1:] else f"the class {names[0]}"
    of_them = "one of them as its class" if names[1:] else "it as its class"
    instead = offered(meaning.word, known)
    return f"{meaning.word} stands for {stands}, and no picture has {of_them}" + (
        f"; {instead}" if instead else ""
    )
