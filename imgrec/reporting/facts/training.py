"""What somebody who trains a model on the pictures wants to know first, from what the store holds.

Folders are taken for labels (`imgrec.reporting.facts.splits`). They say something about labels only
if they divide the pictures, as for the precision of metrics, and if neighbors share them clearly
more often than chance would have it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from imgrec.collection.kinds import SIMILAR
from imgrec.duplicates.find import known_duplicates
from imgrec.neighbors.neighbors import Neighbors
from imgrec.neighbors.precision import chance_of
from imgrec.reporting.facts.diverse import Diverse, diverse_subset
from imgrec.reporting.facts.label_votes import (
    Explained,
    Suspect,
    Votes,
    explained_of,
    suspects_of,
    votes_of,
)
from imgrec.reporting.facts.precision import divides
from imgrec.reporting.facts.splits import SPLITS, Leak, Sorted, leaks_of
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store

# Times chance that neighbors must share a class, for classes to mean anything here.
_NO_BETTER = 1.5


@dataclass(frozen=True)
class Labels:
    """What neighbors say about the labels of a collection.

    Attributes:
        pictures: number of pictures of the classes that count.
        explained: of each class, the least explained first.
        suspects: pictures whose labels are likely wrong, the most likely first.
        agreement: share of the votes that are for a picture's own class, 0 to 1.
        chance: what it would be if pictures were sorted at random.
    """

    pictures: int
    explained: tuple[Explained, ...]
    suspects: tuple[Suspect, ...]
    agreement: float
    chance: float

    @property
    def tells(self) -> bool:
        """True if neighbors share a class clearly more often than by chance."""
        return self.agreement >= _NO_BETTER * self.chance

    @property
    def share(self) -> float:
        """Share of all these pictures that are explained, 0 to 1."""
        return sum(one.explained for one in self.explained) / self.pictures


@dataclass(frozen=True)
class Training:
    """Facts for somebody who trains a model.

    Attributes:
        sorted: how the pictures are sorted into folders.
        labels: what neighbors say about it; None if the folders do not divide the pictures.
        sizes: number of pictures of each split that has any, in the order of `SPLITS`.
        leaks: pictures in two splits.
        leaking: number of pictures of each split but the first that are in an earlier one too,
            those that are only similar not counted.
        compared: True if files were compared, False if only copies are known.
        diverse: a diverse subset; None if none was asked for.
    """

    sorted: Sorted
    labels: Labels | None
    sizes: Mapping[str, int]
    leaks: tuple[Leak, ...]
    leaking: Mapping[str, int]
    compared: bool
    diverse: Diverse | None

    @classmethod
    def of(
        cls, store: Store, feature: FeatureStore, neighbors: Neighbors | None, diverse: int
    ) -> "Training":
        """Return the facts of a store.

        Args:
            store: open.
            feature: vectors of all pictures.
            neighbors: k-NN graph of these, None if there is none.
            diverse: size of the diverse subset, 0 for none.
        """
        sorted_ = Sorted.of(store.catalog)
        ok = store.catalog.ids("ok").tolist()
        splits = {i: sorted_.splits[i] for i in ok if i in sorted_.splits}
        leaks = _leaks(store, splits)
        certain = [leak for leak in leaks if leak.kind != SIMILAR]
        return cls(
            sorted_,
            labels_of(neighbors, sorted_.classes) if neighbors else None,
            _counted(splits.values()),
            tuple(leaks),
            _counted(splits[i] for i in {leak.other for leak in certain}),
            store.paths.verdicts.is_dir(),
            diverse_subset(feature, diverse) if diverse else None,
        )


def labels_of(neighbors: Neighbors, classes: Mapping[int, str]) -> Labels | None:
    """Return what neighbors say about the classes of pictures; None if they do not divide them."""
    votes = votes_of(neighbors, classes)
    if votes is None or not divides(np.bincount(votes.codes), len(neighbors.ids)):
        return None
    labels = Labels(
        len(votes.ids),
        tuple(explained_of(votes)),
        (),
        _agreement(votes),
        chance_of(votes.codes),
    )
    if not labels.tells:
        return labels
    suspects = tuple(suspects_of(votes, neighbors, classes))
    return Labels(labels.pictures, labels.explained, suspects, labels.agreement, labels.chance)


def _agreement(votes: Votes) -> float:
    return float(votes.own.sum() / max(1, votes.voters.sum()))


def _leaks(store: Store, splits: Mapping[int, str]) -> list[Leak]:
    if len({*splits.values()}) < 2:
        return []
    found = known_duplicates(store)
    members = [member.id for member in found.members()]
    digests = {entry.id: entry.digest for entry in store.catalog.entries(members)}
    return leaks_of(found, splits, digests)


def _counted(splits: Iterable[str]) -> dict[str, int]:
    counts = Counter(splits)
    return {split: counts[split] for split in SPLITS if counts[split]}
