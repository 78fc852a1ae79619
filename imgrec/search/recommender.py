"""`Recommender`: find the pictures most similar to one or more query pictures."""

# Unquoted, `help` would print each alias of a type as the union that it stands for.
from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from imgrec.distances.blockwise import keep_freed_memory, load_kernels
from imgrec.distances.metrics import metric_named
from imgrec.encoders.accelerators import check_device
from imgrec.errors import WrongValueError
from imgrec.search.answer import Answer
from imgrec.search.asked import (
    Pictures,
    Texts,
    Under,
    Where,
    Wish,
    filter_asked,
    pictures_asked,
    texts_asked,
)
from imgrec.search.cache import open_cache
from imgrec.search.candidates import COUNTS, CandidateCounts, Question
from imgrec.search.contradictions import both_asked_and_unwanted
from imgrec.search.query_pictures import Decoder, decoded_here
from imgrec.search.query_vectors import Resolver
from imgrec.search.ranked import Told
from imgrec.search.ranking import Ranking
from imgrec.search.space import Space
from imgrec.search.states import States
from imgrec.search.view import Compared, StoreView, weights_asked
from imgrec.store.store import Store, check_store
from imgrec.system.argument_types import (
    PATH,
    PATH_OR_NONE,
    TEXT,
    TEXT_OR_NONE,
    WHOLE,
    WHOLE_OR_NONE,
    Kind,
    check_type,
)

if TYPE_CHECKING:
    from imgrec.search.listing import Listing

_FEATURES = Kind((str, Mapping), "a text such as 'mini=1,rgb=0.5', or a mapping", or_none=True)

# From so many float32 values on, repeated questions are answered by the compiled loops.
_WORTH_COMPILED = 1 << 21
_Answered = TypeVar("_Answered")


class Recommender:
    """An open store that answers similarity queries; thread-safe.

    Changes that another process commits to the store are visible from the next query on.
    """

    def __init__(
        self,
        store: Store,
        weights: Path | str | None = None,
        device: str = "auto",
        cache: str | None = None,
        *,
        counts: CandidateCounts = COUNTS,
        decoder: Decoder = decoded_here,
    ) -> None:
        check_store(store)
        check_type("weights", weights, PATH_OR_NONE)
        check_type("device", device, TEXT)
        check_type("cache", cache, TEXT_OR_NONE)
        check_device(device)
        if weights is not None and not Path(weights).is_file():
            raise WrongValueError(f"weights {weights}: there is no such file, name another")
        self._states = States(store)
        self._counts = counts
        self._cache = open_cache(cache)
        self._resolver = Resolver(self._cache, Path(weights) if weights else None, device, decoder)
        self._asked_before = self._worth_compiled = False

    @classmethod
    def open(
        cls,
        path: Path | str,
        weights: Path | str | None = None,
        device: str = "auto",
        cache: str | None = None,
        *,
        decoder: Decoder = decoded_here,
    ) -> Recommender:
        """Open a store.

        Args:
            path: the store's folder.
            weights: state dict of the encoder, to encode query pictures that are not in the store.
            device: where such pictures are encoded: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
            cache: where the vectors of such pictures are cached, see `imgrec.search.cache`;
                by default a file in the user's cache folder.
            decoder: decodes such pictures; by default in this process.

        Raises:
            StoreError: there is no store at this path, or it is damaged.
            ImgrecError: there is no file of weights, no such device, or no folder for the cache.
        """
        check_type("path", path, PATH)
        store = Store.open(path)
        try:
            return cls(store, weights, device, cache, decoder=decoder)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Close the store and the cache; later queries raise WrongValueError."""
        self._states.close()
        self._cache.close()

    @property
    def store(self) -> Store:
        """The store, open; another object once the catalog has been replaced."""
        return self._states.store

    def __enter__(self) -> Recommender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Recommender of {self.store!r}>"

    def _repr_html_(self) -> str:
        return self.store._repr_html_()

    def pictures(self, where: Where = (), under: Under = (), k: int | None = None) -> Listing:
        """Return the pictures that pass a filter, by path; nothing is compared.

        Args:
            where: as in `query`.
            under: as in `query`.
            k: the first k of them; None for all.

        Raises:
            WrongValueError: no picture passes, or the filter names an unknown label or folder.
        """
        check_type("k", k, WHOLE_OR_NONE)
        if k is not None and k < 1:
            raise WrongValueError(f"k is {k}: give 1 or more, or None for all")
        from imgrec.search.listing import list_pictures

        return list_pictures(self.view(), filter_asked(where, under), k)

    def query(
        self,
        images: Pictures = (),
        k: int = 5,
        metric: str = "cosine",
        fuse: str = "mean",
        encoder: str | None = None,
        *,
        features: str | Mapping[str, float] | None = None,
        text: Texts = (),
        unwanted: Pictures = (),
        unwanted_text: Texts = (),
        where: Where = (),
        under: Under = (),
        index: str = "auto",
    ) -> Answer:
        """Return the k pictures most similar to query pictures and texts.

        The query pictures are left out. One that is in the catalog, by path or by content, uses
        its stored vector; no encoder is loaded then.

        Args:
            images: one picture or a sequence of them: files, paths relative to a root of the
                store, catalog ids, PIL images, uint8 arrays (h, w, 3), or the bytes of a file.
                There may be none if there is a text.
            k: number of results; fewer if the store holds fewer, and up to 3k for the metric
                `combined`.
            metric: one of `imgrec.distances.metrics.METRICS`.
            fuse: how distances to several queries become one: `mean`, `min`, `max` or `rank`.
            encoder: the feature to compare; by default the store's default feature, or `rgb` for
                a metric that is defined for histograms only.
            features: several features to join, with weights: `{"mini": 1, "rgb": 0.5}` or
                `"mini=1,rgb=0.5"`.
            text: what results should show, one text or several: English nouns such as "dog",
                found by the classes of ImageNet; any text where the feature's encoder has a
                text tower.
            unwanted: pictures that results should not be like.
            unwanted_text: what results should not show.
            where: labels or metadata that results must have, such as `"folder=dress"` or
                `{"folder": "dress", "taken": "2019-07"}`, where a value may be a list of which any
                fits; the classes below a noun that is no picture's class, such as `class=dog`.
            under: folders in which results must lie.
            index: `auto`, `exact`, `sketch` or `hnsw`.

        Raises:
            WrongTypeError: an argument has another type; a TypeError too.
            WrongValueError: there is no query picture and no text, or no such picture; k is below
                1; a word has no class; a metric, filter, index or way to fuse is unknown, or they
                cannot be combined; a ValueError too.
            PictureError: a picture cannot be decoded.
            StoreError: the store lacks a feature.
            EncoderError: a new picture or text cannot be encoded.
        """
        started = time.perf_counter()
        answer = self.of_one_state(
            lambda _: self.rank(
                images, k, metric, fuse, encoder, features=features, text=text, unwanted=unwanted,
                unwanted_text=unwanted_text, where=where, under=under, index=index,
            ).answer()
        )  # fmt: skip
        return replace(answer, elapsed_ms=round(1000 * (time.perf_counter() - started), 3))

    def rank(
        self,
        images: Pictures = (),
        k: int = 5,
        metric: str = "cosine",
        fuse: str = "mean",
        encoder: str | None = None,
        *,
        features: str | Mapping[str, float] | None = None,
        text: Texts = (),
        unwanted: Pictures = (),
        unwanted_text: Texts = (),
        where: Where = (),
        under: Under = (),
        index: str = "auto",
    ) -> Ranking:
        """Return the order of the k pictures most similar, to be read in parts; see `query`.

        It is of one state of the store, whatever another process commits meanwhile.
        """
        asked = Wish(
            pictures=pictures_asked("images", images),
            unwanted=pictures_asked("unwanted", unwanted),
            texts=texts_asked("text", text),
            unwanted_texts=texts_asked("unwanted_text", unwanted_text),
            wanted=filter_asked(where, under),
            fuse=fuse,
            index=index,
            k=k,
        )
        _check_types(k, metric, fuse, encoder, features, index)
        if not asked.pictures and not asked.texts:
            raise WrongValueError(
                "no picture and no text is asked for: give images or text, or list what passes a "
                "filter by pictures(where=…)"
            )
        if k < 1:
            raise WrongValueError(f"k is {k}: give 1 or more")
        chosen = metric_named(metric)
        weights = weights_asked(chosen, encoder, features)
        return self.of_one_state(
            lambda view: self._ranked(view, view.compared(chosen, weights), asked)
        )

    def of_one_state(self, ask: Callable[[StoreView], _Answered]) -> _Answered:
        """Return what a function answers from one state of the store.

        What was committed before is visible. All that the function reads in this thread is of this
        state, `view` of this Recommender too. It is called again if files of features were replaced
        meanwhile; what files that change faster than they can be read give is returned all the
        same.
        """
        return self._states.answered(ask)

    def prepare(self) -> None:
        """Import what makes repeated questions fast, if it is worth it for what was asked.

        The second question does so otherwise, and waits for it.
        """
        if self._worth_compiled:
            load_kernels()
            keep_freed_memory()

    def _ranked(self, view: StoreView, compared: Compared, asked: Wish) -> Ranking:
        space, warnings = compared.space, self._resolver.warnings(compared.opened)
        self._load_kernels(space)
        catalog, resolve = view.store.catalog, self._resolver.resolve
        with self._cache.question():
            likes = [resolve(one, catalog, compared.opened) for one in asked.pictures]
            dislikes = [resolve(one, catalog, compared.opened) for one in asked.unwanted]
            texts = [
                view.texts.understood(one, compared.opened, self._resolver, unwanted=negative)
                for negative, several in ((False, asked.texts), (True, asked.unwanted_texts))
                for one in several
            ]
        likes += [one.resolved for one in texts if not one.text.unwanted]
        dislikes += [one.resolved for one in texts if one.text.unwanted]
        widened, classes = view.widened(asked.wanted)
        question = Question(
            wanted=(to := compared.queries(likes)),
            unwanted=(away := compared.queries(dislikes)),
            margins=space.between(to, away),
            fuse=asked.fuse,
            left_out=space.rows_of([one.id for one in (*likes, *dislikes) if one.id is not None]),
            allowed=view.rows_allowed(widened, space),
            counts=self._counts,
        )
        told = Told(
            queries=[query.name for query in likes[: len(asked.pictures)]],
            unwanted=[query.name for query in dislikes[: len(asked.unwanted)]],
            texts=[one.text for one in texts],
            classes=classes,
            warnings=[*compared.lacking, *warnings, *both_asked_and_unwanted(likes, dislikes)],
            index=asked.index,
        )
        return Ranking.of(view, compared, question, told, asked.k)

    def view(self) -> StoreView:
        """Return the view of the store's current state, a new one if the store has changed.

        Within `of_one_state` it is the view of the question.

        Raises:
            StoreError: the store is gone, or damaged.
            WrongValueError: this Recommender is closed.
        """
        return self._states.view()

    def _load_kernels(self, space: Space) -> None:
        """Import the compiled loops at the second question: for one, the import does not pay."""
        self._worth_compiled = len(space.ids) * space.dimensions >= _WORTH_COMPILED
        if self._asked_before:
            self.prepare()
        self._asked_before = True


def _check_types(
    k: object, metric: object, fuse: object, encoder: object, features: object, index: object
) -> None:
    check_type("k", k, WHOLE)
    for name, value in (("metric", metric), ("fuse", fuse), ("index", index)):
        check_type(name, value, TEXT)
    check_type("encoder", encoder, TEXT_OR_NONE)
    check_type("features", features, _FEATURES)
