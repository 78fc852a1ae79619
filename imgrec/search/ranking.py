"""The pictures nearest to a question, in order, of one state of a store.

A search keeps rows and distances only. What is told of a picture is read from the catalog when it
is looked at, so that a long ranking costs what is shown of it, and a later part of it belongs to
the same order, whatever was indexed meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from imgrec.collection import Ids
from imgrec.distances.metrics import Distances
from imgrec.search.answer import Answer, Result, Text
from imgrec.search.candidates import Question
from imgrec.search.results import ranked_results
from imgrec.search.view import Compared, StoreView
from imgrec.search.ways import Found, chosen_index, search, search_joined


@dataclass(frozen=True)
class Asked:
    """What was asked, as an answer repeats it.

    Attributes:
        queries: the names of the query pictures.
        unwanted: the names of the unwanted pictures.
        texts: the texts, then the unwanted ones, and how each was understood.
        classes: those taken for nouns of the filter, see `Answer`.
        warnings: see `Answer`.
        index: as asked for, such as `auto`.
    """

    queries: list[str]
    unwanted: list[str]
    texts: list[Text] = field(default_factory=list)
    classes: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    index: str = "auto"


@dataclass(frozen=True)
class Ranking:
    """The nearest pictures of a question.

    Attributes:
        view: of the state that was searched.
        compared: the features.
        question: the query vectors and the rows allowed.
        asked: what the answer repeats.
        found: the nearest rows.
        k: number of pictures that were asked for; there may be fewer.
    """

    view: StoreView
    compared: Compared
    question: Question
    asked: Asked
    found: Found
    k: int

    @classmethod
    def of(
        cls, view: StoreView, compared: Compared, question: Question, asked: Asked, k: int
    ) -> Ranking:
        """Return the k nearest pictures; up to 3k for the metric `combined`.

        Raises:
            WrongValueError: the index is unknown, or cannot answer this question.
        """
        space = compared.space
        if space.metric.joins:
            found = search_joined(space, question, k, asked.index)
        else:
            found = search(chosen_index(space, question, asked.index), question, k)
        return cls(view, compared, question, asked, found, k)

    def __len__(self) -> int:
        return len(self.found.rows)

    @property
    def ids(self) -> Ids:
        """The catalog ids (m,) of the pictures found, nearest first."""
        ids: Ids = self.compared.space.ids[self.found.rows]
        return ids

    @property
    def searched(self) -> int:
        """Number of pictures that the filters leave."""
        return self.question.count_allowed(len(self.compared.space.ids))

    def deeper(self, k: int) -> Ranking:
        """Return a ranking of k pictures that begins with the pictures of this one, as they are.

        An index that estimates distances may find another order when asked for more, so what is
        new comes after what is there.
        """
        further = Ranking.of(self.view, self.compared, self.question, self.asked, k)
        new = ~np.isin(further.found.rows, self.found.rows)
        found = replace(
            further.found,
            rows=np.concatenate([self.found.rows, further.found.rows[new]]),
            scores=np.concatenate([self.found.scores, further.found.scores[new]]),
            distances=np.hstack([self.found.distances, further.found.distances[:, new]]),
        )
        return replace(further, found=found)

    def distances(self, rows: Ids) -> Distances:
        """Return the fused distances (m,) of some rows of the space to the question.

        Those to unwanted pictures count as they do in the order of the results, and none is below
        0. For `--fuse rank` of several queries a distance is a mean rank among these rows.
        """
        exact = self.compared.space.distances(self.question.vectors, rows)
        return np.maximum(self.question.scores(exact), 0)

    def results(self, start: int = 0, stop: int | None = None) -> list[Result]:
        """Return what is known of the pictures from rank `start` + 1 to rank `stop`."""
        metric = self.compared.space.metric
        found = replace(
            self.found,
            rows=self.found.rows[start:stop],
            scores=self.found.scores[start:stop],
            distances=self.found.distances[:, start:stop],
        )
        return ranked_results(
            self.view.store,
            self.view.community_names,
            self.compared.space,
            found,
            self.question.count,
            metric,
            self.question.fuse,
            start,
        )

    def answer(self, start: int = 0, stop: int | None = None) -> Answer:
        """Return the answer with the results of `results`; its time is 0."""
        asked = self.asked
        return Answer(
            queries=asked.queries,
            unwanted=asked.unwanted,
            texts=asked.texts,
            encoder=self.compared.name,
            metric=self.compared.space.metric.name,
            fuse=self.question.fuse,
            k=self.k,
            images=self.searched,
            index=self.found.index,
            exact=self.found.exact,
            elapsed_ms=0.0,
            results=self.results(start, stop),
            classes=asked.classes,
            warnings=asked.warnings,
            store=str(self.view.store.path.resolve()),
        )
