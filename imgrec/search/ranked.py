"""An order of pictures that answers a question: ids and distances, and what is told of them.

What is told of a picture is read from the catalog when it is looked at, so that a long order costs
what is shown of it, and a later part of it belongs to the same order, whatever was indexed
meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.kinds import COMMUNITY
from imgrec.distances.metrics import Distances
from imgrec.labels.community_names import CommunityNames
from imgrec.pictures.metadata_names import by_name
from imgrec.search.answer import Answer, Result, Text
from imgrec.store.site_link import pages_of, site_of
from imgrec.store.store import Store


@dataclass(frozen=True)
class Told:
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
class Ranked:
    """An order of pictures, nearest first.

    Attributes:
        store: where what is told of a picture is read.
        names: of its communities.
        asked: what the answer repeats.
        encoder: the features as the answer names them.
        metric: name of the metric.
        has_similarity: True if 1 - distance is a similarity.
        fuse: how distances to several queries became one.
        count: number q of query pictures and texts.
        searched: number of pictures that the filters leave.
        index: the index that proposed the candidates.
        exact: True if every distance was computed.
        ids: (m,) catalog ids.
        scores: (m,) fused distances.
        distances: (q + u, m) distances to query and unwanted vectors.
    """

    store: Store
    names: CommunityNames
    asked: Told
    encoder: str
    metric: str
    has_similarity: bool
    fuse: str
    count: int
    searched: int
    index: str
    exact: bool
    ids: Ids
    scores: NDArray[np.float32]
    distances: Distances

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def bytes(self) -> int:
        """The bytes that its arrays take."""
        return self.ids.nbytes + self.scores.nbytes + self.distances.nbytes

    def part(self, start: int, stop: int | None = None) -> Ranked:
        """Return the order from rank `start` + 1 to rank `stop`."""
        return self._chosen(slice(start, stop))

    def within(self, distance: float) -> Ranked:
        """Return the order without the pictures farther than a distance."""
        # Scores are float32; a limit that is not would overflow.
        most = float(np.finfo(self.scores.dtype).max)
        return self._chosen(np.flatnonzero(self.scores <= min(max(distance, -most), most)))

    def results(self, before: int = 0) -> list[Result]:
        """Return what is known of these pictures, nearest first.

        Args:
            before: number of pictures that are nearer than these.
        """
        store, names, count = self.store, self.names, self.count
        ids = self.ids.tolist()
        labels, metadata = store.catalog.labels.of(ids), store.catalog.metadata.of(ids)
        places = store.catalog.places(ids)
        communities = {image_id: labels[image_id].get(COMMUNITY) for image_id in ids}
        pages = pages_of(site_of(store.path), communities)
        return [
            Result(
                rank=rank,
                id=place.id,
                path=place.path,
                file=place.location,
                distance=score,
                similarity=1 - score if self.has_similarity else None,
                per_query=distances[:count],
                per_unwanted=distances[count:],
                labels=labels[place.id],
                page=pages[place.id],
                metadata=by_name(metadata[place.id]),
                community=names.of(path) if (path := communities[place.id]) else None,
            )
            for rank, (place, score, distances) in enumerate(
                zip(places, self.scores.tolist(), self.distances.T.tolist(), strict=True),
                start=before + 1,
            )
        ]

    def answer(self, k: int, before: int = 0) -> Answer:
        """Return the answer with all of `results`; its time is 0.

        Args:
            k: number of pictures that were asked for.
            before: number of pictures that are nearer than these.
        """
        asked = self.asked
        return Answer(
            queries=asked.queries,
            unwanted=asked.unwanted,
            texts=asked.texts,
            encoder=self.encoder,
            metric=self.metric,
            fuse=self.fuse,
            k=k,
            images=self.searched,
            index=self.index,
            exact=self.exact,
            elapsed_ms=0.0,
            results=self.results(before),
            classes=asked.classes,
            warnings=asked.warnings,
            store=self.store.absolute,
        )

    def _chosen(self, which: slice | NDArray[np.intp]) -> Ranked:
        return replace(
            self,
            ids=self.ids[which],
            scores=self.scores[which],
            distances=self.distances[:, which],
        )
