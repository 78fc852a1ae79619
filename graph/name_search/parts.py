"""Words that are found by a part of them: a bounded list that the browser scans.

A prefix is found by order in the files of words; a part within a word is not. So the words of
letters alone, which people name files and folders with, are listed once in a file of their own,
and the browser looks for the typed letters in that text. Hashes, numbers and names of cameras have
digits and are left out: nobody remembers their middle. The list is bounded by `MOST_WORDS`, the
most frequent first, which is at most 0.5 MB, and less than 0.2 MB for English words.
"""

import re
from collections.abc import Sequence

import numpy as np

from graph.name_search.postings import Numbers

MOST_WORDS = 20_000
# A word of this length at least has a part of three letters that is not its beginning.
_LEAST = 4
_SINGLE = re.compile(r"(?<![^\W_])([^\W\d_])[ _]([^\W\d_]{2,12})(?![^\W_])")
_HYPHENED = re.compile(r"(?<![^\W_])[^\W\d_]{1,12}(?:[-'’][^\W\d_]{1,12}){1,2}(?![^\W_])")


def part_words(words: Sequence[str], counts: Numbers) -> list[str]:
    """Return the words that are searched for parts, the most frequent first.

    Args:
        words: n words.
        counts: number of documents with each (n,).
    """
    order = np.lexsort((np.arange(len(words)), -counts))
    found = (words[i] for i in order.tolist())
    return [word for word in found if len(word) >= _LEAST and word.isalpha()][:MOST_WORDS]


def joined_words(folded: str) -> list[str]:
    """Return words written with a hyphen or an apostrophe as one: "tshirt" of "t-shirt".

    A single letter before a space or an underscore counts too: "t_shirt", "t shirt".

    Args:
        folded: a text as `graph.words.fold` returns it.
    """
    hyphened = (re.sub(r"[-'’]", "", found[0]) for found in _HYPHENED.finditer(folded))
    return [*hyphened, *(one + two for one, two in _SINGLE.findall(folded))]
