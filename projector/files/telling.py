"""Choose the text by which the page labels the points, and in which it searches first.

The page takes the first text column of the metadata for both. A selection of a picture and its
neighbors writes 101 labels over the map, so a label has to be short; and a name that a camera or a
database gave (IMG_1234, 06a00c0f-5f9a-…) says nothing. So the label is the shortest text that a
person reads and that tells the pictures of the run apart: of the folder or the file's name, else
the class, the community or the color. It is chosen once for a run; a picture for which that text is
missing is labeled by the next one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from imgrec.collection import Entry
from imgrec.collection.kinds import CLASS, COLOR, COMMUNITY
from imgrec.collection.path_words import name_words
from projector.files.metadata import folder_name

# Longest label in characters; at the page's font size, about three thumbnails wide.
LONGEST = 24
# Least share of the pictures for which a text must say something.
_LEAST_TELLING = 1 / 2
# Largest share of the pictures that may have the same text.
_MOST_ALIKE = 9 / 10
# Shorter words of Latin letters are rarely words: WA, FB, of.
_SHORTEST_WORD = 3
# The first of the ideographs, kana and Hangul.
_CJK = "\u2e80"


def point_labels(
    entries: Sequence[Entry],
    labels: Mapping[int, Mapping[str, str]],
    communities: Mapping[str, str],
) -> list[str]:
    """Return the label of each picture of a run (n,).

    Args:
        entries: the pictures.
        labels: values by id and kind.
        communities: the words of the communities that have any, by path.
    """
    folders = _speaking([folder_name(entry) for entry in entries])
    names = _speaking([PurePosixPath(entry.path).stem for entry in entries])
    own = [texts for texts, meanings in (folders, names) if _tell_apart(meanings)]
    own.sort(key=_length)
    classes, paths, colors = (
        [labels[entry.id].get(kind, "") for entry in entries] for kind in (CLASS, COMMUNITY, COLOR)
    )
    others = (classes, [communities.get(path, "") for path in paths], colors)
    chosen = [*own, *(texts for texts in others if _tell_apart(texts))]
    whole = [PurePosixPath(entry.path).name for entry in entries]
    return [
        _cut(next(filter(None, texts), name)) for name, *texts in zip(whole, *chosen, strict=True)
    ]


def _speaking(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names that have a word (n,), and their words (n,); both "" for the others.

    Names have to differ in their words: dress-1 and dress-2 say the same.
    """
    words = {name: " ".join(_words_of(name)).casefold() for name in set(names)}
    return [name if words[name] else "" for name in names], [words[name] for name in names]


def _words_of(name: str) -> list[str]:
    """Return the words of a name, or else its letters of scripts in which one can be a word."""
    words = [w for w in name_words(name) if len(w) >= _SHORTEST_WORD or not w.isascii()]
    return words or [letter for letter in name if letter >= _CJK and letter.isalpha()]


def _tell_apart(texts: Sequence[str]) -> bool:
    """Return whether enough pictures have a text, and few enough the same one."""
    counts = Counter(filter(None, texts))
    enough = counts.total() >= _LEAST_TELLING * len(texts)
    return enough and max(counts.values(), default=0) <= _MOST_ALIKE * len(texts)


def _length(texts: Sequence[str]) -> float:
    """Return the mean length of the labels of those that have one."""
    lengths = [min(len(text), LONGEST) for text in texts if text]
    return sum(lengths) / len(lengths)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
