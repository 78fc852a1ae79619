"""The vectors of a query: a file, a path of the catalog, an id, or a picture or file in memory.

A picture that is in the catalog, at its place with an unchanged version or as a copy with the
same digest, has stored vectors. Any other is decoded and encoded, by the encoder that made the
feature, and its vectors are cached by the digest of its content. For a relation it is encoded by
both encoders, and the two vectors are composed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.collection import Catalog, Entry
from imgrec.collection.rows import MOST_ID
from imgrec.derived.kept import Searchable
from imgrec.encoders.spec import Encoder, EncoderSpec, Vectors, check_finite
from imgrec.errors import EncoderError, PictureError, StoreError, WrongValueError
from imgrec.pictures.digests import digest
from imgrec.search.cache import VectorCache
from imgrec.search.named import entry_at
from imgrec.search.query_pictures import (
    Asked,
    Content,
    Decoded,
    Decoder,
    FileBytes,
    content_of,
    decoded_here,
    is_image,
    unreadable,
)
from imgrec.sources.opening import picture_at
from imgrec.store.composition import Halves
from imgrec.store.relations import RelatedFeature, RelationSpec

# Of pictures with one file name: read from the catalog, and named in a message.
_MOST_CALLED = 1000
_MOST_NAMED = 3


@dataclass(frozen=True)
class Resolved:
    """A query picture with its vectors.

    Attributes:
        name: as the caller named it.
        id: in the catalog, None for a picture that is not in it.
        vectors: (1, d) float32 for each feature.
    """

    name: str
    id: int | None
    vectors: tuple[Vectors, ...]


class Resolver:
    """Finds or computes the vectors of queries; thread-safe."""

    def __init__(
        self, cache: VectorCache, weights: Path | None, device: str, decoder: Decoder = decoded_here
    ) -> None:
        self._cache = cache
        self._decoder = decoder
        self._weights = weights
        self._device = device
        self._encoders: dict[str, Encoder] = {}
        self._lock = threading.Lock()

    def warnings(self, features: Sequence[Searchable]) -> list[str]:
        """Return a line where the device that was named encodes none of the features.

        Raises:
            EncoderError: weights were named, and no encoder of the features takes any.
        """
        if not self._weights and self._device in ("auto", "cpu"):
            return []
        specs = [spec for opened in features for spec in encoded_by(opened)]
        names = " and ".join(dict.fromkeys(spec.name for spec in specs))
        if self._weights and not any(_needs_weights(spec.name) for spec in specs):
            raise EncoderError(
                f"the weights {self._weights} are for a model by its name, and what is compared "
                f"is {names}: leave them out"
            )
        if self._device in ("auto", "cpu") or not all(spec.in_worker for spec in specs):
            return []
        return [
            f"{names} is encoded on the CPU, as the store's vectors were, not on {self._device}"
        ]

    def resolve(self, asked: Asked, catalog: Catalog, features: Sequence[Searchable]) -> Resolved:
        """Return the vectors of a picture, the stored ones if it is in the catalog.

        Args:
            asked: the location of a picture (a file), a path of the catalog, an id, a PIL
                image, pixels (h, w), (h, w, 3) or (h, w, 4), uint8, or the bytes of a file.
            catalog: of the store.
            features: those whose vectors are wanted.

        Raises:
            WrongValueError: there is no such picture.
            PictureError: it cannot be read.
            EncoderError: it cannot be encoded.
        """
        if is_image(asked) or isinstance(asked, np.ndarray):
            specs = [spec for opened in features for spec in encoded_by(opened)]
            need_px = max(spec.preprocessing.resize_px for spec in specs)
            return self._encoded(content_of(asked, need_px), None, features)
        if isinstance(asked, int | np.integer):
            return _with_id(int(asked), catalog, features)
        if isinstance(asked, FileBytes):
            content = Content(asked.name, digest(asked.data), asked.data)
            return self._of_content(content, catalog, features)
        if isinstance(asked, Decoded):
            return self._of_content(Content(asked.name, asked.digest, asked), catalog, features)
        name = str(asked)
        if not name:
            raise WrongValueError(
                "an empty name is no picture: name a file, or a path of the catalog"
            )
        try:
            source, path = picture_at(asked if isinstance(asked, Path) else name)
            listed = source.find(path)
        except PictureError as error:
            raise WrongValueError(f"no picture at {name} ({error}): name a file") from error
        entry = entry_at(catalog, source.location(path), listed) if listed else None
        if listed is None:
            entry = catalog.find_path(name)
            if entry is None:
                raise WrongValueError(_absent(name, path, catalog))
        if entry is not None and (listed is None or _has(entry, features)):
            return _stored(name, entry, features)
        try:
            data = source.read(path)
        except PictureError as error:
            raise unreadable(name, error) from error
        return self._of_content(Content(name, digest(data), data), catalog, features)

    def _of_content(
        self, content: Content, catalog: Catalog, features: Sequence[Searchable]
    ) -> Resolved:
        """Return the vectors of a file's content, the stored ones of a copy in the catalog."""
        entry = catalog.find_digest(content.digest)
        if entry is not None and _has(entry, features):
            return _stored(content.name, entry, features)
        return self._encoded(content, entry, features)

    def resolve_text(self, text: str, features: Sequence[Searchable]) -> Resolved:
        """Return the vectors of a text; all features are of encoders with a text tower.

        Raises:
            WrongValueError: the text is empty.
            EncoderError: it cannot be encoded.
        """
        check_text(text)
        known_by = digest(b"text " + text.encode("utf-8", "replace"))
        vectors = tuple(self._text_vector(text, known_by, opened.spec) for opened in features)
        return Resolved(text, None, vectors)

    def _text_vector(self, text: str, known_by: str, spec: EncoderSpec) -> Vectors:
        kept = self._cache.get(spec, known_by)
        if kept is not None:
            return kept
        from imgrec.encoders.text import TextEncoder

        with self._lock:
            encoder = self._encoder(spec)
            if not isinstance(encoder, TextEncoder):
                raise EncoderError(f"{spec.name} encodes no texts: ask by pictures")
            vector = encoder.encode_text([text])
        check_finite(spec.name, [vector])
        self._cache.put(spec, known_by, vector)
        return vector

    def _encoded(
        self, content: Content, entry: Entry | None, features: Sequence[Searchable]
    ) -> Resolved:
        """Return computed vectors; `entry` is its row, if it has one that lacks stored vectors."""
        vectors = tuple(self._vectors(content, opened) for opened in features)
        return Resolved(content.name, entry.id if entry else None, vectors)

    def _vectors(self, content: Content, opened: Searchable) -> Vectors:
        """Return the vector (1, d) of a picture for a feature, composed for a relation."""
        vectors = [self._vector(content, spec) for spec in encoded_by(opened)]
        if isinstance(opened.feature, RelatedFeature):
            return Halves(opened.feature.composition, *vectors).composed()
        return vectors[0]

    def _vector(self, content: Content, spec: EncoderSpec) -> Vectors:
        kept = self._cache.get(spec, content.digest)
        if kept is not None:
            return kept
        try:
            image = content.image(spec.preprocessing.resize_px, self._decoder)
        except PictureError as error:
            raise unreadable(content.name, error) from error
        from imgrec.pictures.decoding import pixels_for

        pixels = np.stack([pixels_for(image, spec.preprocessing)])  # (1, h, w, 3)
        with self._lock:
            vector = self._encoder(spec).encode(pixels)
        check_finite(spec.name, [vector])
        self._cache.put(spec, content.digest, vector)
        return vector

    def _encoder(self, spec: EncoderSpec) -> Encoder:
        known = self._encoders.get(spec.name)
        if known is None or known.spec.identity() != spec.identity():
            known = matching_encoder(spec, self._weights, self._device)
            self._encoders[spec.name] = known
        return known


def check_text(text: str) -> None:
    """Check that a text says something.

    Raises:
        WrongValueError: it is empty.
    """
    if not text.strip():
        raise WrongValueError(f"text {text!r} is empty: say what to look for")


def encoded_by(opened: Searchable) -> tuple[EncoderSpec, ...]:
    """Return the specs of the encoders of a feature: two of a relation."""
    return opened.spec.parts if isinstance(opened.spec, RelationSpec) else (opened.spec,)


def _absent(name: str, path: str, catalog: Catalog) -> str:
    """Return why a name is no picture that can be asked for.

    Args:
        name: as asked.
        path: its last part.
        catalog: of the store.
    """
    outside = catalog.find_outside(name)
    if outside is None:
        called = _called(path, catalog)
        return f"no picture at {name}: {called or 'name a file, or a path of the catalog'}"
    what = {
        "left-out": "left out of the collection: name its file, or index its folder again",
        "missing": "missing, its file is not there: name another",
    }
    return f"{name} is {what.get(outside.status, f'{outside.status}: name another')}"


def _called(last: str, catalog: Catalog) -> str:
    """Return which pictures of the catalog have a file name, "" for none."""
    if not last:
        return ""
    found = catalog.ids_ending([f"/{last}"], "ok").tolist()
    # What is asked of SQLite has wildcards, of which a name may hold some.
    paths = [
        entry.path
        for entry in catalog.entries(found[:_MOST_CALLED])
        if entry.path.casefold().endswith(f"/{last}".casefold())
    ]
    if len(paths) == 1:
        return f"did you mean {paths[0]}?"
    more = ", …" if paths[_MOST_NAMED:] else ""
    listed = ", ".join(paths[:_MOST_NAMED]) + more
    return f"{len(paths)} pictures are called so, name one: {listed}" if paths else ""


def _has(entry: Entry, features: Sequence[Searchable]) -> bool:
    """Return True if every opened feature has a vector of a picture."""
    ids = np.array([entry.id])
    return all(opened.feature.rows_of(ids)[0] >= 0 for opened in features)


def _stored(name: str, entry: Entry, features: Sequence[Searchable]) -> Resolved:
    ids = np.array([entry.id])
    return Resolved(name, entry.id, tuple(opened.feature.take(ids) for opened in features))


def _with_id(image_id: int, catalog: Catalog, features: Sequence[Searchable]) -> Resolved:
    name = f"id {image_id}"
    if 0 < image_id <= MOST_ID:
        ids = np.array([image_id])
        rows = [opened.feature.rows_of(ids) for opened in features]
        # A feature has rows of ok pictures only, so the catalog has nothing to add.
        if all(row[0] >= 0 for row in rows):
            pairs = zip(features, rows, strict=True)
            vectors = tuple(opened.feature.take_rows(row) for opened, row in pairs)
            return Resolved(name, image_id, vectors)
    return _stored(name, _entry_with(image_id, catalog), features)


def _entry_with(image_id: int, catalog: Catalog) -> Entry:
    try:
        (entry,) = catalog.entries([image_id])
    except (StoreError, OverflowError) as error:
        raise WrongValueError(f"no picture has the id {image_id} in this catalog") from error
    if entry.status != "ok":
        raise WrongValueError(f"picture {image_id} ({entry.path}) is {entry.status}: name another")
    return entry


def matching_encoder(spec: EncoderSpec, weights: Path | None, device: str) -> Encoder:
    """Return the encoder of a spec, see `imgrec.encoders.matching_encoder`."""
    from imgrec.encoders import registry

    return registry.matching_encoder(spec, weights, device)


def _needs_weights(name: str) -> bool:
    from imgrec.encoders.registry import needs_weights

    return needs_weights(name)
