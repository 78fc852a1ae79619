"""The words a name is found by; `templates/lookup.js` cuts what is typed by the same rules."""

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache

MAX_LENGTH = 24  # of a word, in code points: what comes after is not compared
MARKS = "\u0300-\u036f\ufe00-\ufe0f"  # accents of Latin, Greek and Cyrillic; how an emoji is drawn
LETTERS = {  # that Unicode takes for letters of their own
    **{"ß": "ss", "ς": "σ", "ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h"},
    **{"ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"},
}
# Thai, Lao, Burmese, Khmer, kana, Han: written without spaces between words
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
)
_ASCII = re.compile("[a-z0-9]+")
_TWO_PARTS = re.compile("(?:[^0-9]+([0-9]{2,})|[0-9]+([^0-9]{2,}))")
_FOLDED = str.maketrans(LETTERS)


def fold(text: str) -> str:
    """Return a text without case, accents and other ways to write the same letters.

    Source: Unicode NFKD; its combining marks of U+0300 to U+036F are left out, those of
    other scripts are kept, for there they are vowels.
    """
    if text.isascii():
        return text.lower()
    plain = re.sub(f"[{MARKS}]", "", unicodedata.normalize("NFKD", text))
    return plain.lower().translate(_FOLDED)


def terms(text: str) -> list[str]:
    """Return the words a text is found by, folded, each once, in order.

    A word is a run of letters, marks and digits, or a single symbol. One that is letters and
    then digits, or digits and then letters, is found by its second part too, and a number
    without its leading zeros: "dsc00123" by "00123" and "123". Where a script has no spaces,
    every two letters that follow each other are a word, and the last letter.
    """
    folded = fold(text)
    found: dict[str, None] = {}
    for word in _words(folded):
        if word[0] > "\u0dff" and _unspaced().fullmatch(word):
            found |= dict.fromkeys(word[i : i + 2] for i in range(len(word)))
            continue
        found |= dict.fromkeys(part[:MAX_LENGTH] for part in _parts(word))
    return list(found)


def _parts(word: str) -> Iterator[str]:
    yield word
    parts = _TWO_PARTS.fullmatch(word)
    last = word if parts is None else parts[1] or parts[2]
    yield last
    if last[0] == "0" and last.isdecimal():
        yield last.lstrip("0") or "0"


def _words(folded: str) -> list[str]:
    return _ASCII.findall(folded) if folded.isascii() else _any_script().findall(folded)


@cache
def _any_script() -> "re.Pattern[str]":
    kinds = _kinds()
    unspaced = _unspaced().pattern
    return re.compile(f"{unspaced}|[{kinds['S']}]|(?:(?!{unspaced})[{kinds['W']}])+")


@cache
def _unspaced() -> "re.Pattern[str]":
    return re.compile(f"(?:(?=[{UNSPACED}])[{_kinds()['W']}])+")


@cache
def _kinds() -> dict[str, str]:
    """The ranges of characters that are of a word (`W`) and of symbols (`S`), for `re`."""
    ranges: dict[str, list[str]] = {"W": [], "S": []}
    start, kind = 0, ""
    for code in range(sys.maxunicode + 2):
        here = _kind(chr(code)) if code <= sys.maxunicode else ""
        if here != kind:
            if kind:
                ranges[kind].append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start, kind = code, here
    return {kind: "".join(of_kind) for kind, of_kind in ranges.items()}


def _kind(character: str) -> str:
    category = unicodedata.category(character)
    return "S" if category == "So" else "W" if category[0] in "LMN" else ""
