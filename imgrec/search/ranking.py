"""The search of a question in one state of a store, which can be continued.

A `Ranking` holds what was searched, the features of a state of the store, so that its order can be
made longer; `Ranked` is the order alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.distances.metrics import Distances
from imgrec.search.answer import Answer
from imgrec.search.candidates import Question
from imgrec.search.ranked import Ranked, Told
from imgrec.search.view import Compared, StoreView
from imgrec.search.ways import Found, chosen_index, search, search_joined


@dataclass(frozen=True)
class Ranking:
    """The nearest pictures of a question, and what was searched.

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
    asked: Told
    found: Found
    k: int

    @classmethod
    def of(
        cls, view: StoreView, compared: Compared, question: Question, asked: Told, k: int
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

    def ranked(self) -> Ranked:
        """Return the order alone, which holds no features."""
        metric, found = self.compared.space.metric, self.found
        return Ranked(
            store=self.view.store,
            names=self.view.community_names,
            asked=self.asked,
            encoder=self.compared.name,
            metric=metric.name,
            has_similarity=metric.has_similarity and self.question.fuse != "rank",
            fuse=self.question.fuse,
            count=self.question.count,
            searched=self.searched,
            index=found.index,
            exact=found.exact,
            ids=self.ids,
            scores=found.scores,
            distances=found.distances,
        )

    def answer(self) -> Answer:
        """Return the answer with all pictures found; its time is 0."""
        return self.ranked().answer(self.k)

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

    def rows(self) -> NDArray[np.intp]:
        """Return the ascending rows (m,) of the space that may be in the answer."""
        return self.question.rows_allowed(len(self.compared.space.ids))

    def distances(self, rows: NDArray[np.intp]) -> Distances:
        """Return the fused distances (m,) of some rows of the space to the question.

        Those to unwanted pictures count as they do in the order of the results, and none is below
        0. For `--fuse rank` of several queries a distance is a mean rank among these rows.
        """
        exact = self.compared.space.distances(self.question.vectors, rows)
        return np.maximum(self.question.scores(exact), 0)
