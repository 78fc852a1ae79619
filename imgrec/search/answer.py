"""The result types of a query; `--json` prints them, so their field names are a contract."""

from dataclasses import asdict, dataclass, field
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
        per_query: distance to each query picture, then to each text.
        per_unwanted: distance to each unwanted picture (`--not`), then to each unwanted text.
        labels: the picture's labels, by kind.
        metadata: what its file says of itself, by name (`imgrec.pictures.metadata_names`): texts,
            numbers, and a list of keywords. It may hold the place where it was taken.
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
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Text:
    """How a text of a question was understood.

    Attributes:
        text: as given.
        unwanted: True if results should not be like it (`--not-text`).
        by: the encoder that knows it, by its classes or by its text tower.
        word: the noun of WordNet, or the name of a class; None for a text tower, which has none
            of what follows.
        sense: number of the sense of the word in WordNet 3.0; None for the name of a class.
        classes: the names of the classes it stands for.
        pictures: number of pictures that show one of them with a probability of 0.5 or more.
        best: the greatest probability of a picture.
        note: what to know about the answer, one line; empty in most cases.
    """

    text: str
    unwanted: bool
    by: str
    word: str | None = None
    sense: int | None = None
    classes: list[str] = field(default_factory=list)
    pictures: int | None = None
    best: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Answer:
    """The pictures most similar to the queries, in ascending order of distance.

    Attributes:
        queries: the query pictures, as given.
        unwanted: the unwanted pictures, as given.
        texts: the texts, then the unwanted ones, and how each was understood.
        encoder: the feature or relation compared, or the joined features with their weights.
        metric: name of the metric.
        fuse: how the distances to several queries were fused.
        k: number of results asked for.
        images: number of pictures searched, after filters.
        index: `exact`, or the index that proposed the candidates.
        exact: True if the distance to every picture was computed.
        elapsed_ms: time of the query in an open store, in milliseconds.
        results: the pictures found.
        classes: for each noun of `--where class=…` that is no picture's class, those below it
            that pictures have, and that were taken.
        warnings: a line for each feature of a relation that some pictures lack, which are not
            compared.
    """

    queries: list[str]
    unwanted: list[str]
    texts: list[Text]
    encoder: str
    metric: str
    fuse: str
    k: int
    images: int
    index: str
    exact: bool
    elapsed_ms: float
    results: list[Result]
    classes: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as the JSON object that `--json` prints."""
        return asdict(self)
