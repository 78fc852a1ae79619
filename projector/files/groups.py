"""Group the pictures of a run by what they are colored by, for the tensor of dots.

The page multiplies a color into the thumbnails, which makes them nearly black. So colors have a
tensor without thumbnails, in which every point is a dot. The palette of the page has ten colors and
repeats them; a group beyond these cannot be told from another one. The invariant is that no column
to color by has more than `MAX_COLORS` values: the largest groups, and the rest as `other`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from imgrec.collection import Entry
from imgrec.collection.kinds import (
    BUNDLE,
    CLASS,
    CLUSTER,
    COLOR,
    COMMUNITY,
    CONFIDENCE,
    DUPLICATES,
    FOLDER,
    SIMILAR,
)
from projector.files.metadata import MAX_COLORS, OTHER, category, folder_name

# Kinds whose values are ids or numbers, not groups.
_NO_GROUPS = frozenset({BUNDLE, CONFIDENCE, DUPLICATES, SIMILAR})
_FIRST = (FOLDER, CLASS, COMMUNITY, CLUSTER, COLOR)
# Largest share of `other` among the folders that are worth a bookmark.
_MOST_OTHER = 1 / 2


@dataclass(frozen=True)
class Groups:
    """The pictures of a run (n,) in groups of one kind.

    Attributes:
        kind: of label: `folder`, `class`, `community`.
        values: the group of each picture, at most `MAX_COLORS` different ones.
    """

    kind: str
    values: tuple[str, ...]

    @property
    def column(self) -> str:
        """The name of the column; no other table has it.

        The page keeps the column to color by when another tensor is chosen, if that has a column of
        the same name. Then the thumbnails would be tinted after a look at the dots.
        """
        return f"main {self.kind}"

    @property
    def parts(self) -> bool:
        """True if there are two groups at least, and most pictures are in groups of their own."""
        counts = Counter(self.values)
        return len(counts) > 1 and counts[OTHER] <= _MOST_OTHER * len(self.values)


def groups_of(
    entries: Sequence[Entry],
    labels: Mapping[int, Mapping[str, str]],
    named: Callable[[str], str],
    left_out: Collection[str] = (),
) -> list[Groups]:
    """Return the groups of the pictures by folder, class, community, cluster, color, others sorted.

    Of nested communities, the finest level is taken that has few enough communities, else the
    coarsest.

    Args:
        entries: the pictures.
        labels: values by id and kind; communities as paths.
        named: returns the name of a community.
        left_out: kinds that are no groups.
    """
    kinds = {kind for of_image in labels.values() for kind in of_image} - _NO_GROUPS
    kinds -= set(left_out)
    ordered = [FOLDER, *(k for k in _FIRST if k in kinds and k != FOLDER)]
    ordered += sorted(kinds - set(_FIRST))
    found = []
    for kind in ordered:
        values = [labels[entry.id].get(kind, "") for entry in entries]
        if kind == FOLDER:
            values = [folder_name(entry) for entry in entries]
        elif kind == COMMUNITY:
            values = [named(path) if path else "" for path in _coarse(values)]
        found.append(Groups(kind, tuple(category(values))))
    return found


def _coarse(paths: Sequence[str]) -> list[str]:
    """Return the paths of communities cut to the deepest level with at most `MAX_COLORS`."""
    deepest = max((path.count(".") + 1 for path in paths), default=1)
    for depth in range(deepest, 1, -1):
        cut = [".".join(path.split(".")[:depth]) for path in paths]
        if len(set(cut)) <= MAX_COLORS:
            return cut
    return [path.partition(".")[0] for path in paths]
