"""`Service`: what the live page asks, answered from a store; knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from imgrec.collection.kinds import COMMUNITY
from imgrec.distances.choices import FUSIONS_EXPLAINED, METRICS_EXPLAINED
from imgrec.errors import StoreError
from imgrec.search.listing import Listing
from imgrec.search.query_vectors import Asked
from imgrec.search.ranking import Ranking
from imgrec.search.recommender import Recommender
from imgrec.serving.answers import Facet, Facets, FacetValue, Found, Listed, StoreFacts
from imgrec.serving.cursors import Cursors
from imgrec.serving.errors import NotFoundError
from imgrec.serving.requests import FacetsRequest, ListRequest, PictureAsked, SearchRequest
from imgrec.version import __version__

_MOST_ORDERS = 256


@dataclass(frozen=True)
class _Order:
    """A ranking, and up to where it was answered."""

    ranking: Ranking
    answered: int


class Service:
    """Answers the requests of `imgrec.serving.requests`; thread-safe."""

    def __init__(
        self,
        recommender: Recommender,
        links: Callable[[], dict[str, str]] = dict,
        exports: Path | None = None,
    ) -> None:
        """Make a service over an open store.

        Args:
            recommender: answers; whoever made it closes it.
            links: returns the paths of what else is served, see `StoreFacts.links`.
            exports: folder that collections may be copied to; None for none.
        """
        self.recommender = recommender
        self._links = links
        self.exports = exports
        self._orders: Cursors[_Order] = Cursors(_MOST_ORDERS)
        self._lists: Cursors[tuple[Listing, int]] = Cursors(_MOST_ORDERS)

    def store(self) -> StoreFacts:
        """Return what can be asked of the store."""
        store = self.recommender.store
        return StoreFacts(
            name=store.path.resolve().name,
            images=len(store.catalog.ids("ok")),
            features=[*store.feature_names(), *store.relation_names()],
            default=store.default_feature or "",
            texts=bool(store.class_encoders()),
            metrics=dict(METRICS_EXPLAINED),
            fusions=dict(FUSIONS_EXPLAINED),
            links=self._links(),
            exports=str(self.exports.absolute()) if self.exports else "",
            version=__version__,
        )

    def search(self, request: SearchRequest) -> Found:
        """Return the first results of a question, or the next of an earlier one."""
        if request.cursor is not None:
            order = self._orders.get(request.cursor)
            ranking, start = order.ranking, order.answered
        else:
            ranking, start = self._ranked(request), 0
        stop = start + request.k
        if stop > len(ranking):
            ranking = ranking.deeper(4 * stop)
        answer = ranking.answer(start, stop)
        more = stop < len(ranking)
        return Found(answer, self._orders.keep(_Order(ranking, stop)) if more else None)

    def _ranked(self, request: SearchRequest) -> Ranking:
        return self.recommender.rank(
            [self._picture(one) for one in request.pictures],
            request.k,
            request.metric,
            request.fuse,
            request.encoder,
            features=request.features,
            text=request.text,
            unwanted=[self._picture(one) for one in request.unwanted],
            unwanted_text=request.unwanted_text,
            where=[f"{kind}={value}" for kind, value in request.wanted.where],
            under=request.wanted.under,
            index=request.index,
        )

    def _picture(self, asked: PictureAsked) -> Asked:
        if asked.id is None:
            raise NotFoundError("uploads are not taken yet")
        return asked.id

    def list(self, request: ListRequest) -> Listed:
        """Return the first pictures that pass a filter, or the next of an earlier list."""
        where = [f"{kind}={value}" for kind, value in request.wanted.where]
        listing = self.recommender.pictures(where, request.wanted.under)
        pictures = list(islice(listing, request.k))
        return Listed(listing.images, pictures, None, listing.classes)

    def facets(self, request: FacetsRequest) -> Facets:
        """Return how many pictures have which label."""
        labels = self.recommender.store.catalog.labels
        facets = []
        for kind in labels.kinds():
            counts: dict[str, int] = {}
            for _, value in labels.rows(kind):
                counts[value] = counts.get(value, 0) + 1
            values = [FacetValue(v, n) for v, n in sorted(counts.items(), key=lambda i: -i[1])[:50]]
            if kind != COMMUNITY or values:
                facets.append(Facet(kind, values, len(counts)))
        return Facets(len(self.recommender.store.catalog.ids("ok")), facets)

    def thumbnail(self, image_id: int) -> bytes:
        """Return the thumbnail of a picture, a WebP.

        Raises:
            NotFoundError: there is none.
        """
        try:
            return self.recommender.store.thumbs().get(image_id)
        except (StoreError, KeyError) as error:
            raise NotFoundError(f"no picture has the id {image_id}") from error
