"""Make the tables of `imgrec/encoders/imagenet/wordnet/` from the files of WordNet 3.0.

    python tools/imagenet_words.py [--wordnet /usr/share/wordnet]

The 1,000 classes of ImageNet are nouns of WordNet 3.0: the id n02085620 is the noun at byte
02085620 of `data.noun`. Three tables are made:

    nouns.txt      each class and each hypernym of a class: id, hypernyms, words
    relatives.txt  words that have no class, by the nearest noun above them that has
    plurals.txt    irregular plurals of the words of both tables

A word means several nouns, its senses. In `nouns.txt` a word has the number of its sense behind a #
at the one sense that it stands for: the commonest that has classes. A sense in the table that a
word does not stand for has no number. "jacket" is not a dust jacket: where a commoner sense is a
thing without a class, a rarer one counts only if it is named at least half as often in WordNet's
tagged texts, or if it is itself a class (the mouse of a computer, as there is no class of mice).

The same files of WordNet give the same tables. Debian has them in the package `wordnet-base`.

Source: https://wordnet.princeton.edu/documentation/wndb5wn
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WORDNET = Path("/usr/share/wordnet")
IMAGENET = Path(__file__).parents[1] / "imgrec" / "encoders" / "imagenet"
# WordNet's files of animals, artifacts, body parts, food, objects, plants, substances.
THINGS = {5, 6, 8, 13, 17, 20, 27}
# For so many nouns that one rather asks for the classes above them: people by their office, the
# parts of a body. Only words that WordNet's tagged texts have are taken.
RARE = {8, 18}
RELATIVES = {5, 6, 13, 17, 20, *RARE}
# Of a word without a class, so many senses are looked at.
SENSES = 3
# A noun with more classes, such as "artifact", is no help to who asked for something else.
MOST_CLASSES = 400


@dataclass(frozen=True)
class Noun:
    """One noun of WordNet (a synset).

    Attributes:
        kind: number of the lexicographer's file.
        words: its synonyms, as they are written.
        above: the ids of its hypernyms.
    """

    kind: int
    words: tuple[str, ...]
    above: tuple[str, ...]


@dataclass(frozen=True)
class WordNet:
    """The nouns of WordNet.

    Attributes:
        nouns: by id, such as n02084071.
        senses: for each word the ids of its senses, sense 1 first.
        counts: how often a sense (word, number) occurs in the tagged texts.
        plurals: for each irregular plural its singulars.
    """

    nouns: Mapping[str, Noun]
    senses: Mapping[str, Sequence[str]]
    counts: Mapping[tuple[str, int], int]
    plurals: Mapping[str, Sequence[str]]


def read(folder: Path) -> WordNet:
    """Read the nouns of WordNet 3.0.

    Raises:
        ValueError: the files are of another version: the ids of ImageNet are offsets in 3.0.
        OSError: a file is absent.
    """
    if "WordNet 3.0 Copyright" not in (folder / "data.noun").read_text("utf-8")[:2000]:
        raise ValueError(f"{folder} is not WordNet 3.0, whose offsets are the ids of ImageNet")
    nouns = dict(map(_noun, _rows(folder / "data.noun")))
    senses = {row[0]: [f"n{offset}" for offset in row[-int(row[2]) :]]
              for row in map(str.split, _rows(folder / "index.noun"))}  # fmt: skip
    counts = {}
    for key, sense, count in map(str.split, _rows(folder / "cntlist.rev")):
        word, _, rest = key.partition("%")
        if rest.startswith("1"):  # nouns
            counts[word, int(sense)] = int(count)
    plurals = {row[0]: row[1:] for row in map(str.split, _rows(folder / "noun.exc"))}
    return WordNet(nouns, senses, counts, plurals)


def tables(wordnet: WordNet, classes: Sequence[str]) -> dict[str, str]:
    """Return the text of each table by the name of its file.

    Args:
        wordnet: the nouns.
        classes: the ids of the classes.
    """
    below = _classes_below(wordnet, classes)
    meant = {word: noun for word in wordnet.senses if (noun := _meant(wordnet, word, below))}
    number = {(word, noun): wordnet.senses[word].index(noun) + 1 for word, noun in meant.items()}
    nouns = [_noun_row(key, wordnet.nouns[key], number) for key in sorted(below)]
    near = _relatives(wordnet, meant, below)
    relatives = [f"{key}\t{' '.join(sorted(words))}" for key, words in sorted(near.items())]
    known = {*meant, *(word for words in near.values() for word in words)}
    plurals = [
        f"{plural}\t{' '.join(singular)}"
        for plural, singulars in sorted(wordnet.plurals.items())
        if (singular := [word for word in singulars if word in known]) and plural not in known
    ]
    named = {"nouns.txt": nouns, "relatives.txt": relatives, "plurals.txt": plurals}
    return {name: "".join(f"{row}\n" for row in rows) for name, rows in named.items()}


def _rows(file: Path) -> Iterator[str]:
    # The license at the beginning of a file is indented.
    return (row for row in file.read_text("utf-8").splitlines() if row and row[0] != " ")


def _noun(row: str) -> tuple[str, Noun]:
    fields = row.split("|")[0].split()
    count = int(fields[3], 16)
    words, rest = fields[4 : 4 + 2 * count : 2], fields[4 + 2 * count :]
    pointers = zip(rest[1::4], rest[2::4], strict=False)
    above = tuple(f"n{offset}" for kind, offset in pointers if kind in ("@", "@i"))
    return f"n{fields[0]}", Noun(int(fields[1]), tuple(words), above)


def _classes_below(wordnet: WordNet, classes: Iterable[str]) -> dict[str, set[str]]:
    """Return the classes of each noun that is one or has one below it."""
    below = defaultdict(set)
    for one in classes:
        waiting = [one]
        while waiting:
            key = waiting.pop()
            below[key].add(one)
            waiting += wordnet.nouns[key].above
    return dict(below)


def _meant(wordnet: WordNet, word: str, below: Mapping[str, set[str]]) -> str | None:
    """Return the noun that a word stands for, None for a word without classes."""
    commonest = 0
    for number, key in enumerate(wordnet.senses[word], start=1):
        count = wordnet.counts.get((word, number), 0)
        is_class = below.get(key) == {key}
        if key in below and (is_class or 2 * count >= commonest):
            return key
        if wordnet.nouns[key].kind in THINGS:
            commonest = max(commonest, count)
    return None


def _noun_row(key: str, noun: Noun, number: Mapping[tuple[str, str], int]) -> str:
    words = []
    for written in noun.words:
        sense = number.get((written.lower(), key))
        words.append(written.replace("_", " ") + (f"#{sense}" if sense else ""))
    return f"{key}\t{' '.join(noun.above)}\t{', '.join(words)}"


def _relatives(
    wordnet: WordNet, meant: Mapping[str, str], below: Mapping[str, set[str]]
) -> dict[str, list[str]]:
    """Return plain lower-case words without a class, by the nearest noun that helps."""
    helpful = {key for key in meant.values() if len(below[key]) <= MOST_CLASSES}
    near = defaultdict(list)
    for word, senses in wordnet.senses.items():
        if word in meant or not word.isalpha():
            continue
        for number, key in enumerate(senses[:SENSES], start=1):
            noun = wordnet.nouns[key]
            rare = noun.kind in RARE and (word, number) not in wordnet.counts
            if noun.kind not in RELATIVES or rare or word not in noun.words:
                continue
            if found := _nearest(wordnet, key, helpful):
                near[found].append(word)
                break
    return near


def _nearest(wordnet: WordNet, key: str, wanted: set[str]) -> str | None:
    """Return the first noun of a set on the way up from a noun, level by level."""
    level = [key]
    while level:
        if found := [one for one in level if one in wanted]:
            return found[0]
        level = [above for one in level for above in wordnet.nouns[one].above]
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wordnet", type=Path, default=WORDNET, metavar="DIR")
    wordnet = read(parser.parse_args(argv).wordnet)
    classes = (IMAGENET / "wnids.txt").read_text("utf-8").split()
    for name, text in tables(wordnet, classes).items():
        (IMAGENET / "wordnet" / name).write_text(text, "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
