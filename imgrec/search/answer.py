"""The result types of a query; `--json` prints them, so their field names are a contract."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """One picture of an answer.

    Attributes:
        rank: position in the answer, from 1.
        id: catalog id.
        path: relative to its root.
        distance: fused distance to the queries, 0 for equal vectors; with `--fuse rank` the mean
            rank, from 0.
        similarity: 1 - distance; None for metrics where that is not a similarity.
        per_query: distance to each query picture.
        per_unwanted: distance to each unwanted picture (`--not`).
        labels: the picture's labels, by kind.
        page: link to its page in the network site; None if there is no site.
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
    """The pictures most similar to the queries, in ascending order of distance.

    Attributes:
        queries: the query pictures, as given.
        unwanted: the unwanted pictures, as given.
        encoder: the feature compared, or the joined features with their weights.
        metric: name of the metric.
        fuse: how the distances to several queries were fused.
        k: number of results asked for.
        images: number of pictures searched, after filters.
        index: `exact`, or the index that proposed the candidates.
        exact: True if the distance to every picture was computed.
        elapsed_ms: time of the query in an open store, in milliseconds.
        results: the pictures found.
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
        """Return the answer as the JSON object that `--json` prints."""
        return asdict(self)
