"""What folders say to somebody who trains a model: the class of a picture, and its split.

Datasets lie on disk as train/CLASS/…, CLASS/train/…, or with the splits as roots of their own. The
split of a picture is the folder on its way that is called train, validation or test; its class is
the innermost folder that is not. A picture that is in two splits, as a copy or as the same picture
in another file, makes what is measured on the second too good.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from imgrec.collection import Catalog
from imgrec.collection.kinds import SIMILAR
from imgrec.duplicates.groups import Duplicates, Group, Member
from imgrec.sources.opening import source_of

TRAIN, VALIDATION, TEST = "train", "validation", "test"
# In the order in which a picture that is in several is told.
SPLITS = (TRAIN, VALIDATION, TEST)
_NAMES = {
    **dict.fromkeys(("train", "training", "trainset", "train_set"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev", "val_set"), VALIDATION),
    **dict.fromkeys(("test", "testing", "testset", "test_set", "eval"), TEST),
}
# Verdicts on two pictures, the strongest first.
COPY, SAME = "copy", "same"


@dataclass(frozen=True)
class Sorted:
    """How pictures are sorted into folders.

    Attributes:
        classes: the class of each picture by id; one that has none is absent.
        splits: the split of each picture by id, of `SPLITS`; one that is in none is absent.
    """

    classes: Mapping[int, str]
    splits: Mapping[int, str]

    @classmethod
    def of(cls, catalog: Catalog) -> "Sorted":
        """Return how the pictures of a catalog are sorted."""
        classes: dict[int, str] = {}
        splits: dict[int, str] = {}
        for root in catalog.held_roots():
            known: dict[str, tuple[str, str]] = {}
            name = source_of(root).name or ""
            for image_id, path in catalog.paths_of(root):
                folder = path.rpartition("/")[0]
                if folder not in known:
                    known[folder] = class_and_split(name, folder)
                kind, split = known[folder]
                if kind:
                    classes[image_id] = kind
                if split:
                    splits[image_id] = split
        return cls(classes, splits)


@dataclass(frozen=True)
class Leak:
    """A picture that is in two splits.

    Attributes:
        one: id of the picture in the split that comes first in `SPLITS`.
        other: id of the picture in the other split.
        kind: `copy`, the same bytes; `same`, the same picture in another file; `similar`.
        similarity: of the two, 0 to 1.
    """

    one: int
    other: int
    kind: str
    similarity: float


def class_and_split(root: str, folder: str) -> tuple[str, str]:
    """Return the class and the split that a folder stands for, each "" if it stands for none.

    Args:
        root: name of the folder that was indexed.
        folder: path of a picture's folder below it, "" for the root itself.
    """
    inside = [part for part in folder.split("/") if part]
    named = [_NAMES[part.lower()] for part in (*inside, root) if part.lower() in _NAMES]
    classes = [part for part in (root, *inside) if part and part.lower() not in _NAMES]
    return (classes[-1] if classes else ""), (named[0] if named else "")


def leaks_of(
    found: Duplicates, splits: Mapping[int, str], digests: Mapping[int, str | None]
) -> list[Leak]:
    """Return the pairs of pictures that show the same in two splits: copies first, then by id.

    Files were compared with the one of their group that they equal, and similar ones with the
    first. Of two pictures that are only similar to a third nothing is known.

    Args:
        found: groups of duplicates.
        splits: of the pictures.
        digests: of the content of each member of a group.
    """
    leaks = [
        leak
        for group in found.groups
        for one, other in _across(group, splits)
        if (leak := _leak(group, one, other, digests))
    ]
    strength = {COPY: 0, SAME: 1, SIMILAR: 2}
    return sorted(leaks, key=lambda leak: (strength[leak.kind], leak.one, leak.other))


def _across(group: Group, splits: Mapping[int, str]) -> Iterable[tuple[Member, Member]]:
    inside = [member for member in group.members if member.id in splits]
    inside.sort(key=lambda member: (SPLITS.index(splits[member.id]), member.id))
    return ((a, b) for a, b in combinations(inside, 2) if splits[a.id] != splits[b.id])


def _leak(
    group: Group, one: Member, other: Member, digests: Mapping[int, str | None]
) -> Leak | None:
    if digests[one.id] is not None and digests[one.id] == digests[other.id]:
        return Leak(one.id, other.id, COPY, 1.0)
    if one.same_as == other.same_as:
        return Leak(one.id, other.id, SAME, min(one.comparison.score, other.comparison.score))
    first = group.members[0].id
    heads = {member.id: member for member in group.members}
    for here, there in ((one, other), (other, one)):
        if here.same_as == first and there.same_as in heads:
            return Leak(one.id, other.id, SIMILAR, heads[there.same_as].comparison.score)
    return None
