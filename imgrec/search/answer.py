"""The result types of a query; `--json` prints them, so their field names are a contract.

An answer is a sequence of its results. Shown in a notebook it has their thumbnails, which it reads
from the store by id when it is shown: an id stands for one content, so they stay true.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from imgrec.collection.kinds import FOLDER
from imgrec.search.picture_lines import class_told, result_lines
from imgrec.system.file_names import printable
from imgrec.system.text import counted

# Lines of pictures in the text of a Python prompt.
REPR_LINES = 10


@dataclass(frozen=True)
class Result:
    """One picture of an answer.

    Attributes:
        rank: position in the answer, from 1.
        id: catalog id.
        path: relative to its root.
        file: absolute path of the file.
        distance: fused distance to the queries, 0 for equal vectors; with `--fuse rank` the mean
            rank, from 0.
        similarity: 1 - distance; None for metrics where that is not a similarity.
        per_query: distance to each query picture, then to each text.
        per_unwanted: distance to each unwanted picture (`--not`), then to each unwanted text.
        labels: the picture's labels, by kind.
        metadata: what its file says of itself, by name (`imgrec.pictures.metadata_names`): texts,
            numbers, and a list of keywords. It may hold the place where it was taken.
        page: link to its page in the network site; None if there is no site.
        community: the name of its community, "dress · t-shirt (3.1)"; None if it has none.
    """

    rank: int
    id: int
    path: str
    file: str
    distance: float
    similarity: float | None
    per_query: list[float]
    per_unwanted: list[float]
    labels: dict[str, str]
    page: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    community: str | None = None


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


@dataclass(frozen=True, repr=False)
class Answer:
    """The pictures most similar to the queries, in ascending order of distance.

    It iterates over its results, has their number as its length, and shows them as pictures in a
    notebook.

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
            compared, and for each picture or text that is asked for and unwanted at once.
        store: absolute path of the store; "" if it is not known.
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
    store: str = ""

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, place: int) -> Result:
        return self.results[place]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as the JSON object that `--json` prints."""
        return {
            **{name: _copied(value) for name, value in vars(self).items()},
            "texts": [asdict(text) for text in self.texts],
            "results": [_copied(vars(result)) for result in self.results],
        }

    def __repr__(self) -> str:
        asked = [*self.queries, *(text.text for text in self.texts if not text.unwanted)]
        lines = result_lines(self.results[:REPR_LINES])
        more = len(self.results) - len(lines)
        lines += [f"… and {more:,} more"] if more > 0 else []
        like = printable(", ".join(asked))
        return "\n".join([f"<Answer: {answer_heading(self)}; like {like}>", *lines])

    def _repr_html_(self) -> str:
        # Imported here, as in a notebook alone: it imports Pillow.
        from imgrec.store.notebook import Cell, pictures_html

        cells = [Cell(r.id, r.path, _facts(r)) for r in self.results]
        return pictures_html(self.store, answer_heading(self), cells)


def _copied(value: Any) -> Any:
    """Return a value of JSON with dicts and lists of its own.

    `dataclasses.asdict` copies texts and numbers too, which takes longer than many a search.
    """
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return value


def answer_heading(answer: Answer) -> str:
    """Return how many pictures were found, among how many, and what was compared."""
    texts = [text.unwanted for text in answer.texts]
    wanted = len(answer.queries) + texts.count(False)
    unwanted = len(answer.unwanted) + texts.count(True)
    return (
        f"{len(answer.results)} of {counted(answer.images, 'picture')}, "
        + f"{answer.encoder}, {answer.metric}"
        + (f", {answer.fuse} of {wanted} queries" if wanted > 1 else "")
        + (f", {unwanted} unwanted" if unwanted else "")
    )


def _facts(result: Result) -> list[str]:
    """Return the lines below the picture of a result: its distance and its class or folder."""
    told = class_told(result.labels) or result.labels.get(FOLDER, "")
    return [f"{result.rank}: {result.distance:.4f}", *([told] if told else [])]
