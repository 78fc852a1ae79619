"""The meaningful words of a picture's path, without numbers, hashes and camera prefixes."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from imgrec.system.file_names import printable

_HASHES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|"
    r"(?<![^\W_])(?=[0-9a-f]*\d)[0-9a-f]{8,}(?![^\W_])",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[^\w'’-]|_")
# A word with a number beside it: dress12, 2019summer.
_WITH_NUMBER = re.compile(r"(?:\d*)([^\W\d_]{2,})(?:\d*)")
_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Parts of up to so many letters stay joined: t-shirt and x-ray are one word, red-dress is two.
_SHORT = 3
_LONGEST = 32
# Longest folder name, in words, that counts as a phrase.
_LONGEST_PHRASE = 4
_NONE = (
    "img dsc dscn dscf pict pic picture image imag photo foto mvimg pxl vid wp gopr dji sam cimg",
    "scan screenshot copy kopie untitled thumb jpg jpeg png gif webp tif tiff bmp heic file",
    "whatsapp signal the and of im wa edit edited final",
    "train test validation val images photos pictures data dataset",
)
# Prefixes of cameras and programs, and words that occur in any folder.
_PREFIXES = frozenset(" ".join(_NONE).split())


def words_of(path: str) -> list[str]:
    """Return the unique words of a path: of its folders, whole folder names, and the file name.

    Args:
        path: relative to its root.
    """
    place = printable(path)
    folder, _, name = place.rpartition("/")
    if name in ("", "."):
        parsed = PurePosixPath(place)
        folder, name = str(parsed.parent), parsed.name
    found = dict.fromkeys(_folder_words(folder))
    found.update(dict.fromkeys(_words(_stem(name))))
    return [word for word in found if len(word) <= _LONGEST]


# Many pictures are in one folder.
@lru_cache(maxsize=4096)
def _folder_words(folder: str) -> tuple[str, ...]:
    """Return the words of the folders of a path, and their whole names."""
    found: dict[str, None] = {}
    for part in PurePosixPath(folder).parts:
        words = list(_words(part))
        if 1 < len(words) <= _LONGEST_PHRASE:
            found[" ".join(words)] = None
        found.update(dict.fromkeys(words))
    return tuple(found)


def _stem(name: str) -> str:
    """Return the name of a file without its suffix, as `pathlib` does in a tenth of the time."""
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name


def name_words(name: str) -> list[str]:
    """Return the words of one name, of a file without its suffix or of a folder, in order."""
    return list(_words(printable(name)))


def _words(name: str) -> Iterator[str]:
    for chunk in _SEPARATORS.split(_HASHES.sub(" ", name)):
        parts = chunk.strip("-'’").split("-")
        whole = len(parts) == 2 and all(map(_LETTERS.fullmatch, parts))
        if whole and min(map(len, parts)) < _SHORT:
            yield "-".join(parts)
        else:
            yield from filter(None, map(_word, parts))


def _word(part: str) -> str | None:
    """Return the word in a part of a name, without digits beside it; None if it is not a word."""
    if _LETTERS.fullmatch(part):
        letters = part
    else:
        with_number = _WITH_NUMBER.fullmatch(part)
        letters = with_number[1] if with_number else ""
    return letters if len(letters) > 1 and letters.casefold() not in _PREFIXES else None
