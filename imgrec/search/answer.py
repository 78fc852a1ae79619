"""What a question is answered with."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """A picture of the answer.

    Attributes:
        rank: from 1.
        id: in the catalog.
        path: relative to its root.
        distance: to the queries, fused; 0 = the same. With `rank` the mean place, from 0.
        similarity: 1 - distance, None where that means nothing.
        per_query: distance to each query picture.
        per_unwanted: distance to each picture that the answers should not be like.
        labels: what the stages found out about it, by kind.
        page: the address of its page in the network, None where no site is known.
    """

    rank: int
    id: int
    path: str
    distance: float
    similarity: float | None
    per_query: list[float]
    per_unwanted: list[float]
    labels: dict[str, str]
    page: str | None = None


@dataclass(frozen=True)
class Answer:
    """The pictures most like the queries, the nearest first.

    Attributes:
        queries: as they were asked.
        unwanted: likewise, what the answers should not be like.
        encoder: the feature compared, or the features and weights that were joined.
        images: number of pictures searched.
        index: the way that was gone: `exact`, or the index that proposed candidates.
        exact: whether every distance was computed.
        elapsed_ms: from the paths to the results, the store already open.
    """

    queries: list[str]
    unwanted: list[str]
    encoder: str
    metric: str
    fuse: str
    k: int
    images: int
    index: str
    exact: bool
    elapsed_ms: float
    results: list[Result]

    def to_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(self)
