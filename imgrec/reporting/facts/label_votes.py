"""What the nearest pictures say about the class of each: likely wrong labels, classes explained.

The k nearest pictures of a picture vote for their classes, the picture itself has no vote
(leave-one-out). A class is explained as far as its pictures are outvoted by none other. A label is
likely wrong if another class has at least the votes that this other class gives its own pictures
on average: a class that is hard to tell from its neighbors must say more than one that is not.

Source: Northcutt, Jiang and Chuang 2021, Confident Learning: Estimating Uncertainty in Dataset
Labels, JAIR 70: the threshold of a class is the mean confidence of what is labeled with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.neighbors.neighbors import Neighbors
from imgrec.reporting.facts.catalog import codes_of
from imgrec.store.features import positions

# Pictures that a class must have, to be of those that vote and are voted on.
LEAST = 6
_BLOCK_ROWS = 1 << 16


@dataclass(frozen=True)
class Votes:
    """The votes of the neighbors of m pictures, by ascending id.

    Attributes:
        ids: (m,) pictures of a class that has at least `LEAST`.
        codes: (m,) number of each picture's class.
        names: of the classes.
        voters: (m,) how many neighbors of each picture vote.
        own: (m,) votes for its own class.
        best: (m,) the other class with the most votes, -1 if there is none. Of several with as
            many votes that of the nearest neighbor.
        most: (m,) votes for that class.
        distance: (m,) mean cosine distance to the neighbors of that class.
    """

    ids: Ids
    codes: NDArray[np.int64]
    names: tuple[str, ...]
    voters: NDArray[np.int64]
    own: NDArray[np.int64]
    best: NDArray[np.int64]
    most: NDArray[np.int64]
    distance: NDArray[np.float64]

    @property
    def explained(self) -> NDArray[np.bool_]:
        """Mask (m,) of the pictures whose own class has more votes than any other."""
        return self.own > self.most


@dataclass(frozen=True)
class Suspect:
    """A picture whose label is likely wrong.

    Attributes:
        id: of the picture.
        label: its class.
        likely: the class that its neighbors vote for.
        votes: (class, votes), the most first.
        voters: number of neighbors that voted.
        distance: mean cosine distance to the neighbors of the likely class.
        evidence: ids of these neighbors, the nearest first.
    """

    id: int
    label: str
    likely: str
    votes: tuple[tuple[str, int], ...]
    voters: int
    distance: float
    evidence: tuple[int, ...]


@dataclass(frozen=True)
class Explained:
    """How far the neighbors of a class explain it.

    Attributes:
        name: of the class.
        pictures: number of its pictures.
        explained: number of these whose neighbors vote for it.
        taken_for: the class that most of the others are taken for, "" if there is none.
        taken: number of these.
    """

    name: str
    pictures: int
    explained: int
    taken_for: str = ""
    taken: int = 0

    @property
    def share(self) -> float:
        """Share of its pictures that are explained, 0 to 1."""
        return self.explained / self.pictures


def votes_of(neighbors: Neighbors, classes: Mapping[int, str]) -> Votes | None:
    """Return the votes of the neighbors; None unless two classes or more have `LEAST` pictures.

    No more neighbors vote than a class has other pictures, so that a small one is not outvoted by
    its size. Neighbors without a class have no vote.

    Args:
        neighbors: of all pictures.
        classes: class by id.
    """
    codes, names = codes_of(neighbors.ids, classes)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    if (counts >= LEAST).sum() < 2:
        return None
    codes = np.where((codes >= 0) & (counts[codes] >= LEAST), codes, -1)
    inside = np.flatnonzero(codes >= 0)
    parts = [_block(neighbors, codes, counts, rows) for rows in _blocks(inside)]
    voters, own, best, most, distance = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Votes(
        neighbors.ids[inside], codes[inside], tuple(names), voters, own, best, most, distance
    )


def suspects_of(votes: Votes, neighbors: Neighbors, classes: Mapping[int, str]) -> list[Suspect]:
    """Return the pictures whose labels are likely wrong, the most likely first.

    They are ranked by how far the likely class leads in votes; of equal ones those first whose
    neighbors of that class are nearest, then by id.

    Args:
        votes: of the neighbors.
        neighbors: of all pictures.
        classes: class by id.
    """
    share = votes.own / np.maximum(votes.voters, 1)
    sizes = np.bincount(votes.codes, minlength=len(votes.names))
    usual = np.bincount(votes.codes, share, len(votes.names)) / np.maximum(sizes, 1)
    other = votes.most / np.maximum(votes.voters, 1)
    led = (votes.best >= 0) & (votes.most > votes.own) & (other >= usual[votes.best])
    lead = other - share
    order = np.lexsort((votes.ids, votes.distance, -lead))
    return [_suspect(votes, neighbors, classes, row) for row in order[led[order]].tolist()]


def explained_of(votes: Votes) -> list[Explained]:
    """Return how far each class is explained, the least explained first, then by name."""
    found = []
    for code in np.unique(votes.codes).tolist():
        of_class = votes.codes == code
        explained = of_class & votes.explained
        taken = np.bincount(votes.best[of_class & ~explained & (votes.best >= 0)])
        most = int(taken.argmax()) if taken.any() else -1
        found.append(
            Explained(
                votes.names[code],
                int(of_class.sum()),
                int(explained.sum()),
                votes.names[most] if most >= 0 else "",
                int(taken[most]) if most >= 0 else 0,
            )
        )
    return sorted(found, key=lambda one: (one.share, one.name))


def _blocks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(rows), _BLOCK_ROWS):
        yield rows[start : start + _BLOCK_ROWS]


def _block(
    neighbors: Neighbors,
    codes: NDArray[np.int64],
    counts: NDArray[np.int64],
    rows: NDArray[np.intp],
) -> tuple[NDArray[np.int64], ...]:
    """Return voters, own, best, most and distance (b,) of some rows."""
    near = positions(neighbors.ids, neighbors.neighbors[rows])  # (b, k)
    voted, mine = codes[near], codes[rows][:, None]  # (b, k), (b, 1)
    # The classless give way to those behind them; then so many vote as the class has others.
    rank = np.cumsum(voted >= 0, axis=1)
    voted = np.where((voted >= 0) & (rank < counts[mine]), voted, -1)
    tally = (voted[:, :, None] == voted[:, None, :]).sum(
        axis=2
    )  # (b, k), votes of each one's class
    tally = np.where((voted < 0) | (voted == mine), 0, tally)
    # argmax takes the first of equal ones: the class of the nearest.
    place = tally.argmax(axis=1)
    at = np.arange(len(rows))
    most = tally[at, place]
    best = np.where(most > 0, voted[at, place], -1)
    distances = neighbors.distances[rows].astype(np.float64)
    total = np.where(voted == best[:, None], distances, 0).sum(axis=1)
    distance = np.where(most > 0, total / np.maximum(most, 1), 0.0)
    return (voted >= 0).sum(axis=1), (voted == mine).sum(axis=1), best, most, distance


def _suspect(votes: Votes, neighbors: Neighbors, classes: Mapping[int, str], row: int) -> Suspect:
    at = int(neighbors.ids.searchsorted(votes.ids[row]))
    known = set(votes.names)
    voting = [i for i in neighbors.neighbors[at].tolist() if classes.get(i) in known]
    voting = voting[: int(votes.voters[row])]
    tally: dict[str, int] = {}
    for i in voting:
        tally[classes[i]] = tally.get(classes[i], 0) + 1
    likely = votes.names[int(votes.best[row])]
    return Suspect(
        int(votes.ids[row]),
        votes.names[int(votes.codes[row])],
        likely,
        tuple(sorted(tally.items(), key=lambda pair: (-pair[1], pair[0]))),
        int(votes.voters[row]),
        float(votes.distance[row]),
        tuple(i for i in voting if classes[i] == likely),
    )
