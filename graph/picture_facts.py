"""The facts about a picture that the panel of a page shows when it is selected."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from imgrec.collection import Entry
from imgrec.collection.kinds import (
    BUNDLE,
    CLASS,
    COLLECTION,
    COMMUNITY,
    CONFIDENCE,
    DUPLICATES,
    SIMILAR,
)
from imgrec.collection.labels import JOINT
from imgrec.pictures.metadata_names import CAMERA, LENS, TAKEN, Datum
from imgrec.sources.opening import source_of
from imgrec.system.file_links import link_to
from imgrec.system.file_names import printable
from imgrec.system.text import size_text

# Number of neighbors shown.
NEAR = 12
# Kinds of label that no page shows as such: its place says the one, the others are ids of pictures.
UNSEEN = (COMMUNITY, DUPLICATES, SIMILAR, BUNDLE)
# Those beside that the page shows in another place.
_NO_CHIPS = (CLASS, CONFIDENCE, *UNSEEN)
# Metadata that the page shows: places, titles and keywords stay in the store.
_SAID = (TAKEN, CAMERA, LENS)
_DATE = len("2019-07-14")
_LEAST_SHARE = 0.05
_LEAST_CLASS = 0.2


def name_of(entry: Entry) -> str:
    """Return a picture's file name as valid, printable Unicode."""
    return printable(entry.path.rpartition("/")[2])


def folder_of(entry: Entry) -> str:
    """Return a picture's folder relative to its root, as printable Unicode; "" for the root."""
    return printable(entry.path.rpartition("/")[0])


def describe(
    entry: Entry,
    labels: Mapping[str, str],
    folder: Path,
    linked: bool = True,
    said: Sequence[Datum] = (),
) -> dict[str, Any]:
    """Return the facts about a picture that the panel shows, as a JSON object.

    Args:
        entry: the picture's row in the catalog.
        labels: its labels, by kind.
        folder: absolute path of the page's folder, to link to the file from.
        linked: False to leave out the link: `href` is then None.
        said: metadata of the file.
    """
    file = source_of(entry.root).file(entry.path) if linked else None
    return {
        "folder": folder_of(entry),
        "facts": " · ".join(_facts(entry)),
        "href": link_to(file, folder) if file else None,
        "labels": [chip.row() for chip in chips_of(labels, said)],
    }


class Chip(NamedTuple):
    """A label or metadata of a picture, as the panel shows it and the search finds it.

    Attributes:
        kind: of the label, or name of the metadata.
        value: that is searched.
        shown: the value as text, of a class with its probability.
    """

    kind: str
    value: str
    shown: str

    def row(self) -> list[str]:
        """Return [kind, shown], with the value appended where it differs from what is shown."""
        row = [self.kind, self.shown]
        return row if self.value == self.shown else [*row, self.value]


def chips_of(labels: Mapping[str, str], said: Sequence[Datum] = ()) -> list[Chip]:
    """Return the labels and metadata of a picture that a page shows, its class first.

    Args:
        labels: by kind.
        said: metadata of the file; of these, the date, the camera and the lens are shown.
    """
    chips = [
        (kind, value)
        for kind, values in sorted(labels.items())
        if kind not in _NO_CHIPS
        # A picture may be in several collections, whose names hold no comma.
        for value in (values.split(JOINT) if kind == COLLECTION else [values])
    ]
    for datum in said:
        if datum.name in _SAID and datum.name not in labels:
            value = datum.value[:_DATE] if datum.name == TAKEN else datum.value
            chips.append((datum.name, value))
    of_class = [Chip(CLASS, printable(labels[CLASS]), class_of(labels))] if CLASS in labels else []
    return [*of_class, *(Chip(printable(k), *[printable(value)] * 2) for k, value in chips)]


def class_of(labels: Mapping[str, str]) -> str:
    """Return a picture's class with its probability: "golden retriever 92 %"; "" for none."""
    if CLASS not in labels:
        return ""
    name = printable(labels[CLASS])
    try:
        share = float(labels.get(CONFIDENCE, ""))
    except ValueError:
        return name
    # NaN and infinity are no share either.
    return f"{name} {_percent(share)}" if 0 <= share <= 1 else name


def clipped(name: str, most: int = 60) -> str:
    """Return a name shortened to `most` characters, with an ellipsis."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def main_folders(counts: Counter[str], most: int = 2) -> str:
    """Return the most frequent folder names with their shares: "dress 71 %, skirt 12 %"."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    total = counts.total()
    return ", ".join(
        f"{printable(name)} {_percent(count / total)}"
        for name, count in ranked
        if count >= _LEAST_SHARE * total
    )


def main_classes(sums: Mapping[str, float], pictures: int, most: int = 2) -> str:
    """Return the classes with the largest shares of the probability: "jersey 61 %, poncho 21 %".

    Args:
        sums: of the probabilities of each class, over some pictures.
        pictures: the number of these.
        most: number of classes, at most; those with less than a fifth are left out.
    """
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:most]
    return ", ".join(
        f"{printable(name)} {_percent(total / pictures)}"
        for name, total in ranked
        if total >= _LEAST_CLASS * pictures
    )


def _percent(share: float) -> str:
    return f"{round(100 * share)}\N{NO-BREAK SPACE}%"


def _facts(entry: Entry) -> list[str]:
    facts = [f"{entry.width} × {entry.height}"] if entry.width and entry.height else []
    return [*facts, *([entry.format] if entry.format else []), size_text(entry.size)]
