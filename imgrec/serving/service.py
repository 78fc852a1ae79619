"""`Service`: what the live page asks, answered from a store; knows nothing of HTTP."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from imgrec.collection.kinds import COLLECTION
from imgrec.distances.choices import FUSIONS_EXPLAINED, METRICS_EXPLAINED
from imgrec.distances.metrics import METRICS
from imgrec.encoders.registry import encodes_text, is_known
from imgrec.maps.format import packed
from imgrec.search.answer import Answer
from imgrec.search.choices import INDEXES_EXPLAINED
from imgrec.search.listing import Picture, pictures_of
from imgrec.search.query_pictures import Asked, Decoded
from imgrec.search.ranking import Ranking
from imgrec.search.recommender import Recommender
from imgrec.search.view import StoreView
from imgrec.serving.answers import (
    Copies,
    Facets,
    Facts,
    Found,
    Histogram,
    Listed,
    Medoids,
    Painted,
    Pictures,
    ProjectorPlace,
    StoreFacts,
    Thumbnails,
    Upload,
)
from imgrec.serving.decoder import GuardedDecoder
from imgrec.serving.facets import Tally
from imgrec.serving.histogram import histogram_of
from imgrec.serving.lists import Lists
from imgrec.serving.medoids import medoids_of, sampled
from imgrec.serving.orders import FIRST, Order, Orders, Part
from imgrec.serving.originals import Media, Originals, entry_of
from imgrec.serving.painting import painting_of
from imgrec.serving.parts import Parts
from imgrec.serving.projector import places_of
from imgrec.serving.requests import (
    MOST_PICTURES,
    FacetsRequest,
    ListRequest,
    MedoidsRequest,
    PictureAsked,
    PicturesRequest,
    SearchRequest,
)
from imgrec.serving.site_map import ServedMap
from imgrec.serving.uploads import Uploads, needs_of
from imgrec.store.written_from import is_written_from
from imgrec.system.output_folder import LOGDIR
from imgrec.version import __version__

# Contents that several pictures have, in an answer.
MOST_COPIES = 20_000


class Service:
    """Answers the requests of `imgrec.serving.requests`; thread-safe."""

    def __init__(
        self,
        recommender: Recommender,
        decoder: GuardedDecoder,
        links: Callable[[], dict[str, str]] = dict,
        exports: Path | None = None,
        logdir: Path | None = None,
    ) -> None:
        """Make the service of an open store, see `imgrec.serving.opening`.

        Args:
            recommender: open.
            decoder: decodes pictures from outside.
            links: returns the paths of what else is served, see `StoreFacts.links`.
            exports: folder that collections may be copied to; None for none.
            logdir: of the projector; None for none. Nothing is read from that of another store.
        """
        self.recommender = recommender
        self._links = links
        self.exports = exports
        self.decoder = decoder
        self.uploads = Uploads(decoder)
        self.originals = Originals(decoder)
        self._logdir = logdir
        self.map = ServedMap(recommender.store.path)
        self._parts = Parts(decoder)
        self._orders, self._lists, self._tally = Orders(), Lists(), Tally()
        self._copies: WeakKeyDictionary[StoreView, Copies] = WeakKeyDictionary()
        self._prepared = False

    def store(self) -> StoreFacts:
        """Return what can be asked of the store."""
        view = self.recommender.view()
        store = view.store
        names = [*store.feature_names(), *store.relation_names()]
        specs = [store.spec(name) for name in names]
        return StoreFacts(
            name=store.path.resolve().name,
            images=store.catalog.totals.counts().get("ok", 0),
            features=names,
            default=store.default_feature or "",
            texts=bool(store.class_encoders()) or _has_text_tower(store.default_feature),
            metrics=dict(METRICS_EXPLAINED),
            fusions=dict(FUSIONS_EXPLAINED),
            indexes=dict(INDEXES_EXPLAINED),
            links=self._links(),
            exports=str(self.exports.absolute()) if self.exports else "",
            version=__version__,
            map=self.map.is_there(),
            projector=self._has_logdir(),
            compared={
                name: [
                    spec.name
                    for spec in specs
                    if spec.kind == "histogram" or not metric.histograms_only
                ]
                for name, metric in METRICS.items()
            },
            store=hashlib.blake2b(os.fsencode(store.path.resolve()), digest_size=8).hexdigest(),
        )

    def search(self, request: SearchRequest) -> Found:
        """Return the first results of a question, or the next of an earlier one.

        Raises:
            ImgrecError: the question cannot be answered; see `Recommender.query`.
            GoneError: the cursor or an upload is no longer kept.
        """
        started = time.perf_counter()
        if request.cursor is not None:
            part = self._orders.next(request.cursor, request.k)
            answer = part.ranked.answer(request.k, part.start)
        else:
            part, answer = self.recommender.of_one_state(lambda _: self._first(request))
            self._prepare_once()
        answer = replace(
            answer,
            warnings=[*answer.warnings, *part.warnings],
            elapsed_ms=round(1000 * (time.perf_counter() - started), 3),
        )
        return Found(answer, part.cursor)

    def _first(self, request: SearchRequest) -> tuple[Part, Answer]:
        part = self._orders.first(self._order(request), request.k)
        return part, part.ranked.answer(request.k)

    def _order(self, request: SearchRequest) -> Order:
        # A metric that joins the k nearest of others finds others with another k.
        joins = request.metric in METRICS and METRICS[request.metric].joins
        depth = request.k if joins else max(request.k, FIRST)
        ranking, _, warnings = self._ranking(request, depth)
        return Order(ranking, request.within, warnings)

    def _prepare_once(self) -> None:
        """Load what the next questions need, while who has asked the first looks at the answer."""
        if not self._prepared:
            self._prepared = True
            threading.Thread(target=self.recommender.prepare, daemon=True).start()

    def distances(self, request: SearchRequest) -> Histogram:
        """Return how many pictures lie how far from a question; its limit does not count."""
        ranking, _, _ = self._ranking(request, 1)
        return histogram_of(ranking)

    def grid(self, request: SearchRequest) -> Media:
        """Return the first results of a question drawn as one PNG, its queries beside them."""
        from imgrec.serving.drawing import MOST_DRAWN, grid_png

        first = replace(request, cursor=None, k=min(request.k, MOST_DRAWN))
        ranking, asked, _ = self._ranking(first, first.k)
        ranked = ranking.ranked()
        if first.within is not None:
            ranked = ranked.within(first.within)
        # A metric that joins several finds more than k.
        answer = ranked.part(0, MOST_DRAWN).answer(first.k)
        drawn = [one for one in asked if isinstance(one, Decoded | int)]
        return Media(
            grid_png(ranking.view, answer, drawn, self.decoder), "image/png", lasting=False
        )

    def listed(self, request: ListRequest) -> Listed:
        """Return the first pictures that pass a filter, or the next of an earlier list.

        Raises:
            WrongValueError: no picture passes, or the filter names an unknown label or folder.
            GoneError: the cursor is no longer kept.
        """
        if request.cursor is not None:
            return self._lists.next(request.cursor, request.k)
        return self.recommender.of_one_state(lambda view: self._lists.first(view, request))

    def facets(self, request: FacetsRequest) -> Facets:
        """Return how many pictures have which label, of those that pass a filter.

        Raises:
            WrongValueError: the filter names an unknown label or folder.
        """
        return self.recommender.of_one_state(
            lambda view: self._tally.facets(view, request.wanted, request.kind, request.text)
        )

    def copies(self) -> Copies:
        """Return which pictures have the same content; counted once for a state of the store."""
        return self.recommender.of_one_state(self._copies_of)

    def _copies_of(self, view: StoreView) -> Copies:
        known = self._copies.get(view)
        if known is None:
            groups = islice(view.store.catalog.copies().values(), MOST_COPIES)
            known = self._copies[view] = Copies(list(groups))
        return known

    def upload(self, data: bytes, content_type: str) -> Upload:
        """Keep a picture from outside, so that it can be asked about; see `Uploads.put`."""
        view = self.recommender.view()
        token, opened = self.uploads.put(data, content_type, needs_of(view.store))
        return Upload(
            token,
            opened.width,
            opened.height,
            opened.format,
            opened.warning,
            self._same(view, opened.digest),
        )

    def uploaded(self, token: str) -> Media:
        """Return a picture of an upload.

        Raises:
            GoneError: it was dropped, or never given.
        """
        return Media(self.uploads.get(token).shown, "image/webp")

    def picture(self, image_id: int) -> Facts:
        """Return all that is known of a picture.

        Raises:
            NotFoundError: there is no such picture.
        """
        view = self.recommender.view()
        entry = entry_of(view, image_id)
        (picture,) = pictures_of(view.store, [entry.id], view.community_names)
        # Several values of a kind are joined in the labels of a picture.
        collections = picture.labels.get(COLLECTION, "")
        return Facts(
            picture,
            entry.width or 0,
            entry.height or 0,
            entry.size,
            entry.format or "",
            [one for one in self._same(view, entry.digest or "") if one.id != image_id],
            collections.split(", ") if collections else [],
        )

    def places(self, image_id: int) -> list[ProjectorPlace]:
        """Return where the projector shows a picture; see `places_of`.

        Raises:
            NotFoundError: there is no such picture.
        """
        view = self.recommender.view()
        entry = entry_of(view, image_id)
        return places_of(view.store, self._logdir, entry) if self._logdir else []

    def _has_logdir(self) -> bool:
        logdir, store = self._logdir, self.recommender.store
        return logdir is not None and is_written_from(store.path, LOGDIR, logdir)

    def pictures(self, request: PicturesRequest) -> Pictures:
        """Return what is known of some pictures; those that are not there are left out."""
        return self.recommender.of_one_state(lambda view: self._pictures(view, request.ids))

    def _pictures(self, view: StoreView, asked: tuple[int, ...]) -> Pictures:
        known = np.isin(np.array(asked, np.int64), view.ids)
        ids = [one for one, there in zip(asked, known.tolist(), strict=True) if there]
        return Pictures(list(pictures_of(view.store, ids, view.community_names)))

    def medoids(self, request: MedoidsRequest) -> Medoids:
        """Return the pictures that stand for many, by the default feature; see `medoids_of`.

        Of more than `imgrec.serving.medoids.MOST_COMPARED` an even sample is compared, and what
        has no vector is left out.
        """
        view = self.recommender.view()
        feature = view.compared(METRICS["cosine"], {"": 1.0}).space.parts[0].feature
        rows = np.sort(feature.rows_of(np.array(sorted({*request.ids}), np.int64)))
        rows = rows[rows >= 0]
        rows = rows[sampled(len(rows))]
        chosen = medoids_of(feature.take_rows(rows), MOST_PICTURES)
        return Medoids(feature.ids[rows[chosen]].tolist())

    def painted(self, token: str, request: SearchRequest) -> Painted:
        """Return how far all pictures of the map are from a question.

        Raises:
            GoneError: the token is not that of the map.
        """
        ids = self.map.read(token, lambda opened: opened.ids)
        ranking, _, _ = self._ranking(request, 1)
        painting = painting_of(ranking, ids, request.within)
        return Painted(
            map=token,
            least=painting.least,
            greatest=painting.greatest,
            exact=painting.exact,
            distances=packed(painting.steps),
        )

    def thumbnail(self, image_id: int) -> Media:
        """Return the thumbnail of a picture; see `Originals.thumbnail`."""
        return self.originals.thumbnail(self.recommender.view(), image_id)

    def thumbnails(self, ids: Sequence[int]) -> Thumbnails:
        """Return the thumbnails of several pictures.

        A page shows dozens at once, and each answer costs server and browser more than the picture.
        """
        found = map(self.recommender.view().thumbs.find, ids)
        return Thumbnails([None if jpeg is None else b64encode(jpeg).decode() for jpeg in found])

    def preview(self, image_id: int) -> Media:
        """Return a larger picture of a picture; see `Originals.preview`."""
        return self.originals.preview(self.recommender.view(), image_id)

    def original(self, image_id: int) -> Media:
        """Return a picture in full size; see `Originals.original`."""
        return self.originals.original(self.recommender.view(), image_id)

    def _ranking(
        self, request: SearchRequest, k: int
    ) -> tuple[Ranking, list[Decoded | int], tuple[str, ...]]:
        """Return the ranking of a question, its pictures, and the warnings about them."""
        cut = [self._asked(one) for one in (*request.pictures, *request.unwanted)]
        asked = [one for one, _ in cut]
        wanted: list[Asked] = [*asked[: len(request.pictures)]]
        unwanted: list[Asked] = [*asked[len(request.pictures) :]]
        ranking = self.recommender.rank(
            wanted,
            k,
            request.metric,
            request.fuse,
            request.encoder,
            features=request.features,
            text=request.text,
            unwanted=unwanted,
            unwanted_text=request.unwanted_text,
            where=[f"{kind}={value}" for kind, value in request.wanted.where],
            under=request.wanted.under,
            index=request.index,
        )
        return ranking, asked, tuple(dict.fromkeys(warning for _, warning in cut if warning))

    def _asked(self, one: PictureAsked) -> tuple[Decoded | int, str]:
        """Return a picture as the recommender takes it, and a warning, "" for none."""
        if one.upload is not None:
            return self.uploads.asked(one.upload, one.box), ""
        assert one.id is not None
        if one.box is None:
            return one.id, ""
        return self._parts.asked(self.recommender.view(), one.id, one.box)

    def _same(self, view: StoreView, digest: str) -> list[Picture]:
        ids = [entry.id for entry in view.store.catalog.entries_of(digest)] if digest else []
        return list(pictures_of(view.store, ids, view.community_names))


def _has_text_tower(feature: str | None) -> bool:
    return bool(feature) and all(
        is_known(name) and encodes_text(name) for name in (feature or "").split("+")
    )
