"""`Recommender`: find the pictures most similar to one or more query pictures."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from imgrec.collection.filters import Filter
from imgrec.collection.kinds import COMMUNITY
from imgrec.distances.blockwise import keep_freed_memory, load_kernels
from imgrec.distances.metrics import Metric, metric_named
from imgrec.errors import StoreError
from imgrec.pictures.metadata_names import by_name
from imgrec.search.answer import Answer, Result
from imgrec.search.cache import open_cache
from imgrec.search.candidates import COUNTS, CandidateCounts, Question
from imgrec.search.query_vectors import Asked, Resolver
from imgrec.search.space import Space
from imgrec.search.view import StoreView, weights_asked
from imgrec.search.ways import Found, chosen_index, search, search_joined
from imgrec.store.manifest import is_store
from imgrec.store.site_link import page_of, site_of
from imgrec.store.store import Store

# From so many float32 values on, repeated questions are answered by the compiled loops.
_WORTH_COMPILED = 1 << 21


class Recommender:
    """An open store that answers similarity queries; thread-safe.

    Changes that another process commits to the store are visible from the next query on.
    """

    def __init__(
        self,
        store: Store,
        weights: Path | None = None,
        device: str = "auto",
        cache: str | None = None,
        *,
        counts: CandidateCounts = COUNTS,
    ) -> None:
        self.store = store
        self._counts = counts
        self._cache = open_cache(cache)
        self._resolver = Resolver(self._cache, weights, device)
        self._lock = threading.Lock()
        self._view: StoreView | None = None
        self._outlived: list[Store] = []
        self._closed = False
        self._asked_before = False

    @classmethod
    def open(
        cls,
        path: Path | str,
        weights: Path | str | None = None,
        device: str = "auto",
        cache: str | None = None,
    ) -> "Recommender":
        """Open a store.

        Args:
            path: the store's folder.
            weights: state dict of the encoder, to encode query pictures that are not in the store.
            device: where such pictures are encoded: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
            cache: where the vectors of such pictures are cached, see `imgrec.search.cache`;
                by default a file in the user's cache folder.

        Raises:
            StoreError: there is no store at this path, or it is damaged.
        """
        return cls(Store.open(path), Path(weights) if weights else None, device, cache)

    def close(self) -> None:
        """Close the store and the cache; later queries raise ValueError."""
        self._closed, self._view = True, None
        for store in (*self._outlived, self.store):
            store.close()
        self._cache.close()

    def __enter__(self) -> "Recommender":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def query(
        self,
        images: Sequence[Asked] = (),
        k: int = 5,
        metric: str = "cosine",
        fuse: str = "mean",
        encoder: str | None = None,
        *,
        features: str | Mapping[str, float] | None = None,
        text: Sequence[str] = (),
        unwanted: Sequence[Asked] = (),
        unwanted_text: Sequence[str] = (),
        where: Sequence[str] = (),
        under: Sequence[str] = (),
        index: str = "auto",
    ) -> Answer:
        """Return the k pictures most similar to query pictures and texts.

        The query pictures are left out. One that is in the catalog, by path or by content, uses
        its stored vector; no encoder is loaded then.

        Args:
            images: files, paths relative to a root of the store, catalog ids, PIL images, or
                uint8 arrays (h, w, 3). There may be none if there is a text.
            k: number of results; fewer if the store holds fewer, and up to 3k for the metric
                `combined`.
            metric: one of `imgrec.distances.metrics.METRICS`.
            fuse: how distances to several queries become one: `mean`, `min`, `max` or `rank`.
            encoder: the feature to compare; by default the store's default feature, or `rgb` for
                a metric that is defined for histograms only.
            features: several features to join, with weights: `{"mini": 1, "rgb": 0.5}` or
                `"mini=1,rgb=0.5"`.
            text: what results should show: English nouns such as "dog", found by the classes of
                ImageNet; any text where the feature's encoder has a text tower.
            unwanted: pictures that results should not be like.
            unwanted_text: what results should not show.
            where: labels or metadata that results must have, such as `folder=dress` or
                `taken=2019-07`; the classes below a noun that is no picture's class, such as
                `class=dog`.
            under: folders in which results must lie.
            index: `auto`, `exact`, `sketch` or `hnsw`.

        Raises:
            ValueError: there is no query picture and no text, or k is below 1.
            ImgrecError: a picture cannot be read; a word has no class; or a metric, feature,
                filter, index or way to fuse is unknown, or they cannot be combined.
        """
        _check_lists(images=images, text=text, unwanted=unwanted, unwanted_text=unwanted_text)
        if not len(images) + len(text) or k < 1:
            raise ValueError(
                f"{len(images)} pictures, {len(text)} texts and k = {k}: "
                "at least 1 picture or text, and 1 result, are needed"
            )
        started = time.perf_counter()
        chosen, wanted = metric_named(metric), Filter.parse(where, under)
        view = self._current_view()
        compared = view.compared(chosen, weights_asked(chosen, encoder, features))
        space = compared.space
        self._load_kernels(space)
        catalog, resolve = view.store.catalog, self._resolver.resolve
        with self._cache.question():
            likes = [resolve(one, catalog, compared.opened) for one in images]
            dislikes = [resolve(one, catalog, compared.opened) for one in unwanted]
            texts = [
                view.texts.understood(one, compared.opened, self._resolver, unwanted=negative)
                for negative, several in ((False, text), (True, unwanted_text))
                for one in several
            ]
        likes += [one.resolved for one in texts if not one.text.unwanted]
        dislikes += [one.resolved for one in texts if one.text.unwanted]
        widened, classes = view.widened(wanted)
        allowed = view.rows_allowed(widened, space)
        asked = [query.id for query in (*likes, *dislikes) if query.id is not None]
        to, away = compared.queries(likes), compared.queries(dislikes)
        margins, left_out = space.between(to, away), space.rows_of(asked)
        question = Question(to, away, margins, fuse, left_out, allowed, self._counts)
        if chosen.joins:
            found = search_joined(space, question, k, index)
        else:
            found = search(chosen_index(space, question, index), question, k)
        results = _results(view.store, space, found, len(likes), chosen, fuse)
        return Answer(
            queries=[query.name for query in likes[: len(images)]],
            unwanted=[query.name for query in dislikes[: len(unwanted)]],
            texts=[one.text for one in texts],
            encoder=compared.name,
            metric=metric,
            fuse=fuse,
            k=k,
            images=question.count_allowed(len(space.ids)),
            index=found.index,
            exact=found.exact,
            elapsed_ms=round(1000 * (time.perf_counter() - started), 3),
            results=results,
            classes=classes,
            warnings=list(compared.lacking),
        )

    def _current_view(self) -> StoreView:
        """Return the view of the store's current state, a new one if the store has changed."""
        with self._lock:
            if self._closed:
                raise ValueError("this Recommender is closed: open another")
            if not is_store(self.store.path):
                raise StoreError(f"the store {self.store.path} is gone: open another")
            if self.store.catalog.is_outdated():
                renewed = Store.open(self.store.path)
                # Closed later: another thread may still be reading from it.
                self._outlived.append(self.store)
                self.store = renewed
            state = self.store.state()
            view = self._view
            if view is None or view.store is not self.store or view.state != state:
                view = self._view = StoreView(self.store, state)
            return view

    def _load_kernels(self, space: Space) -> None:
        """Import the compiled loops at the second question: for one, the import does not pay."""
        if self._asked_before and len(space.ids) * space.dimensions >= _WORTH_COMPILED:
            load_kernels()
            keep_freed_memory()
        self._asked_before = True


def _check_lists(**given: object) -> None:
    for name, value in given.items():
        if isinstance(value, str | Path) or not hasattr(value, "__len__"):
            what = "texts" if "text" in name else "pictures"
            raise ValueError(f"{name} is {type(value).__name__}: give a list of {what}")


def _results(
    store: Store, space: Space, found: Found, count: int, metric: Metric, fuse: str
) -> list[Result]:
    ids = space.ids[found.rows].tolist()
    labels, metadata = store.catalog.labels.of(ids), store.catalog.metadata.of(ids)
    has_similarity = metric.has_similarity and fuse != "rank"
    entries, site = store.catalog.entries(ids), site_of(store.path)
    return [
        Result(
            rank=rank,
            id=entry.id,
            path=entry.path,
            distance=score,
            similarity=1 - score if has_similarity else None,
            per_query=distances[:count],
            per_unwanted=distances[count:],
            labels=labels[entry.id],
            page=page_of(site, labels[entry.id].get(COMMUNITY), entry.id),
            metadata=by_name(metadata[entry.id]),
        )
        for rank, (entry, score, distances) in enumerate(
            zip(entries, found.scores.tolist(), found.distances.T.tolist(), strict=True), start=1
        )
    ]
