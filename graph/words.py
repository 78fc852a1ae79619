"""Tokenization for the name search; `templates/terms.js` applies the same rules to the query."""

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache

# Length of a word in code points; the rest is cut off.
MAX_LENGTH = 24
# Removed: accents of Latin, Greek and Cyrillic, and variation selectors of emoji.
MARKS = "\u0300-\u036f\ufe00-\ufe0f"
# Letters that NFKD does not decompose.
LETTERS = {
    **{"ß": "ss", "ς": "σ", "ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h"},
    **{"ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"},
}
# Scripts without spaces between words: Thai, Lao, Burmese, Khmer, kana, Han.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
)
_ASCII = re.compile("[a-z0-9]+")
_TWO_PARTS = re.compile("(?:[^0-9]+([0-9]{2,})|[0-9]+([^0-9]{2,}))")
_FOLDED = str.maketrans(LETTERS)


def fold(text: str) -> str:
    """Return a text normalized for search: lower case, without accents and compatibility forms.

    Source: Unicode NFKD without the combining marks U+0300 to U+036F; marks of other scripts are
    kept, since there they are vowels.
    """
    if text.isascii():
        return text.lower()
    plain = re.sub(f"[{MARKS}]", "", unicodedata.normalize("NFKD", text))
    return plain.lower().translate(_FOLDED)


def terms(text: str) -> list[str]:
    """Return the unique search terms of a text, normalized, in order.

    A term is a run of letters, marks and digits, or a single symbol. Letters followed by digits,
    or digits followed by letters, give a second term for the second part, and numbers one without
    leading zeros: "dsc00123" also gives "00123" and "123". Scripts without spaces give all
    bigrams, and the last letter.
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
    """Return regular expression ranges of the characters in words (`W`) and of symbols (`S`)."""
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
