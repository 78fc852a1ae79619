"""Which known name an unknown one may stand for: what messages ask as "did you mean".

Names are compared without case, and with spaces for `_` and `-`: first as they are spelled, then by
the words they hold, then by words that are spelled like those asked for.
"""

from collections.abc import Collection, Iterable

from imgrec.system.file_names import printable

# Two words are alike from this similarity on (`difflib.SequenceMatcher.ratio`).
_WORDS_ALIKE = 0.65
_LEAST_LETTERS = 3


def likeliest(asked: str, known: Iterable[str], most: int = 2) -> list[str]:
    """Return the known names that an unknown one may stand for, the likeliest first.

    Args:
        asked: the unknown name.
        known: names that there are.
        most: how many to return at most.
    """
    spelled = {_plain(name): name for name in known}
    plain = _plain(asked)
    if plain in spelled:
        return [spelled[plain]]
    near = close_matches(plain, spelled, most)
    words = set(plain.split())
    holding = [one for one in spelled if words and words <= set(one.split())]
    alike = _with_words_like(words, spelled)
    return [spelled[one] for one in dict.fromkeys([*near, *holding, *alike])][:most]


def did_you_mean(asked: str, known: Iterable[str], most: int = 2) -> str:
    """Return the question whether a likely name was meant; "" where none is likely."""
    close = likeliest(asked, known, most)
    return f"did you mean {' or '.join(map(printable, close))}?" if close else ""


def instead(asked: str, known: Collection[str]) -> str:
    """Return what a message says instead of an unknown name: the likely ones, then all."""
    return " ".join(filter(None, [did_you_mean(asked, known), f"known: {', '.join(known)}"]))


def close_matches(asked: str, known: Iterable[str], most: int, least: float = 0.6) -> list[str]:
    """Return the known names spelled most like an unknown one, at least `least` of 0 to 1 alike."""
    # Imported here: few commands have anything to suggest.
    from difflib import get_close_matches

    return get_close_matches(asked, list(known), most, least)


def _with_words_like(words: set[str], names: Iterable[str]) -> list[str]:
    """Return the names that hold a word like each of these; none for letters and numbers alone."""
    if not words or not all(len(one) >= _LEAST_LETTERS and one.isalpha() for one in words):
        return []
    return [
        name
        for name in names
        if all(close_matches(one, name.split(), 1, _WORDS_ALIKE) for one in words)
    ]


def _plain(name: str) -> str:
    """Return a name in lower case with spaces only, so that Golden_Retriever is golden retriever.

    The names of ImageNet's classes are written both ways.
    """
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
