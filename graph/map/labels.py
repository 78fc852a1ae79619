"""By what the pictures of a map are colored: a code for each picture and kind of label.

The kinds are the communities of the first level, the year, and the labels of the catalog. A kind
that tells no two pictures apart, or every picture from every other, is left out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.communities.guide import Guide
from graph.picture_facts import UNSEEN
from imgrec.collection import Catalog, Ids
from imgrec.collection.kinds import CLASS, CLUSTER, COLLECTION, COLOR, COMMUNITY, CONFIDENCE, FOLDER
from imgrec.maps.format import MOST_KINDS, MOST_VALUES, NO_VALUE, OTHER_VALUE
from imgrec.pictures.metadata_names import TAKEN
from imgrec.system.file_names import printable

# The kind of what is no label of the catalog.
YEAR = "year"
_FIRST = (CLASS, FOLDER, COLOR, COLLECTION, CLUSTER)
_LONGEST = 80
_YEAR = len("2019")


@dataclass(frozen=True)
class Coloring:
    """The codes of a kind of label.

    Attributes:
        kind: of the label.
        title: for people.
        values: by code - 1, as text; the most frequent first.
        counts: number of pictures of each.
        codes: (n,) uint16, `NO_VALUE`, `OTHER_VALUE`, or the place of the value plus one.
    """

    kind: str
    title: str
    values: list[str]
    counts: list[int]
    codes: NDArray[np.uint16]

    def facts(self) -> dict[str, Any]:
        """Return what the facts of the map say of it."""
        return {
            "kind": self.kind, "title": self.title, "values": self.values, "counts": self.counts
        }  # fmt: skip


def colorings(
    guide: Guide, communities: Mapping[int, str], catalog: Catalog, ids: Ids
) -> list[Coloring]:
    """Return the kinds by which pictures are colored, communities first.

    Args:
        guide: to all communities.
        communities: the path of each picture, by id.
        catalog: has the labels.
        ids: (n,) of the pictures.
    """
    wanted = ids.tolist()
    firsts = {path: guide.names[path] for path in guide.children("")}
    of_first = (firsts.get(communities[i].partition(".")[0], "") for i in wanted)
    # A collection of one page has no communities of a first level.
    found = [_coloring(COMMUNITY, "Community", of_first)]
    known = [kind for kind in catalog.labels.kinds() if kind not in (*UNSEEN, CONFIDENCE)]
    ranks = {kind: rank for rank, kind in enumerate(_FIRST)}
    for kind in sorted(known, key=lambda kind: (ranks.get(kind, len(ranks)), kind)):
        labels = catalog.labels.of_kind(kind)
        shown = printable(kind)[:_LONGEST]
        found.append(_coloring(shown, shown.capitalize(), (labels.get(i, "") for i in wanted)))
    found.insert(2, _coloring(YEAR, "Year", _years(catalog, wanted)))
    return [one for one in found if _tells(one)][:MOST_KINDS]


def _coloring(kind: str, title: str, values: Iterable[str]) -> Coloring:
    every = list(values)
    counted = Counter(filter(None, every))
    ranked = sorted(counted, key=lambda value: (-counted[value], value))[:MOST_VALUES]
    numbers = {value: number for number, value in enumerate(ranked, NO_VALUE + 1)} | {"": NO_VALUE}
    codes = np.array([numbers.get(value, OTHER_VALUE) for value in every], np.uint16)
    shown = [printable(value)[:_LONGEST] for value in ranked]
    return Coloring(kind, title, shown, [counted[value] for value in ranked], codes)


def _tells(one: Coloring) -> bool:
    used = len(np.unique(one.codes))
    return used > 1 and max(one.counts, default=0) > 1


def _years(catalog: Catalog, ids: list[int]) -> Iterable[str]:
    found: dict[int, str] = {}
    for value, own in catalog.metadata.groups(TAKEN, MOST_VALUES, first=_YEAR).items():
        found |= dict.fromkeys(own.tolist(), value)
    return (found.get(i, "") for i in ids)
