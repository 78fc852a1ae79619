"""Find the near-duplicates of a store: one picture re-encoded, resized, cropped or brightened.

Byte-for-byte copies share a content digest. Candidate pairs are contents that are neighbors in the
k-NN graph; each pair is verified on the thumbnails (`verification`), and its similarity is kept in
the store, so that it is computed once. Verified pairs are bundled (`bundles`), and each group
has a representative, the picture to keep.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Ids
from imgrec.distances.blockwise import distances_to_all
from imgrec.distances.metrics import METRICS
from imgrec.duplicates.bundles import bundles, links_of
from imgrec.duplicates.pairs import (
    CANDIDATES,
    KnownPairs,
    Similarities,
    crowded_contents,
    likely_pairs,
    load_pairs,
    save_pairs,
    unique_pairs,
)
from imgrec.duplicates.sketching import sketches_by
from imgrec.duplicates.verification import (
    SIZES,
    Sizes,
    similarities_by_block,
    similarities_of,
)
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import StoreError, WrongValueError
from imgrec.neighbors.graph import neighbors_in
from imgrec.neighbors.neighbors import top_k
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store
from imgrec.system.progress import progress
from imgrec.system.stage_costs import NEAR_DUPLICATES

THRESHOLD = 0.7  # `make bench-duplicates` prints what others give
LEAST_THRESHOLD = 0.4
REPRESENTATIVE, COPY, NEAR = "representative", "copy", "near"
_QUERIES = 16
# Least seconds between two times that similarities are saved, which a kill may lose.
_KEEP_S = 10.0


@dataclass(frozen=True)
class NearDuplicates:
    """Groups of near-duplicates.

    The representative, the picture to keep, has the most pixels; ties go to the larger file, then
    to the smaller id. The other members are sorted by descending similarity to it, copies before
    near-duplicates, then by id. Groups are sorted by the representative's id.

    Attributes:
        groups: the ids of each group, two or more, the representative first.
        kinds: parallel to `groups`: `representative`, `copy` (the same bytes as the
            representative) or `near`.
        similarities: parallel to `groups`: similarity to the representative, 0 to 1.
    """

    groups: tuple[tuple[int, ...], ...] = ()
    kinds: tuple[tuple[str, ...], ...] = ()
    similarities: tuple[tuple[float, ...], ...] = ()

    def labels(self) -> dict[int, str]:
        """Return the label of each picture in a group: the id of its representative, as text."""
        return {image_id: str(group[0]) for group in self.groups for image_id in group}


def find_near(
    store: Store,
    name: str | None = None,
    threshold: float = THRESHOLD,
    *,
    workers: int = 0,
    quiet: bool = True,
) -> NearDuplicates:
    """Return the near-duplicates among the ok pictures of a store.

    The similarities of verified pairs are kept in the store, so that the next call verifies only
    new pairs. If the store cannot be written, they are not kept.

    Args:
        store: an open store.
        name: the feature whose k-NN graph gives the candidates; by default the store's default.
        threshold: least similarity of near-duplicates, 0.4 to 1.
        workers: processes that decode thumbnails where many are new; 0: this one does.
        quiet: show no progress bar.

    Raises:
        StoreError: there is no such feature, or a thumbnail is absent or damaged.
        ValueError: the threshold is above 1, or below 0.4, where pairs are rejected by sketches.
    """
    spec, feature = store.spec(name), store.feature(name)
    return near_in(store, spec, feature, threshold, workers=workers, quiet=quiet)


def near_in(
    store: Store,
    spec: EncoderSpec,
    feature: FeatureStore,
    threshold: float = THRESHOLD,
    *,
    workers: int = 0,
    quiet: bool = True,
) -> NearDuplicates:
    """Return the near-duplicates by a feature that is open already; see `find_near`.

    Raises:
        StoreError: a thumbnail is absent or damaged.
        ValueError: the threshold is below 0.4 or above 1.
    """
    if not LEAST_THRESHOLD <= threshold <= 1:
        raise WrongValueError(f"threshold is {threshold}: give {LEAST_THRESHOLD} to 1")
    copies = store.catalog.copies()
    pairs = candidate_pairs(store, spec, feature, copies, quiet=quiet)
    verifier = Verifier(store, threshold)
    verifier.verify(pairs, workers=workers, quiet=quiet)
    links = links_of(pairs[verifier.are_alike(pairs)].tolist())
    found = bundles(_best_first(store.catalog, links), links, verifier.are_like)
    verifier.keep()
    return _composed(found, copies, verifier.known)


def candidate_pairs(
    store: Store,
    spec: EncoderSpec,
    feature: FeatureStore,
    copies: Mapping[int, Sequence[int]],
    *,
    quiet: bool = True,
) -> Ids:
    """Return the candidate pairs (p, 2) of contents, ascending.

    A content is represented by the smallest id of its copies.
    """
    if len(feature) < 2:
        return np.zeros((0, 2), np.int64)
    first = {image_id: content for content, ids in copies.items() for image_id in ids}
    contents = np.array([first.get(i, i) for i in feature.ids.tolist()], np.int64)
    neighbors = neighbors_in(store, spec, feature, quiet=quiet)
    crowded = crowded_contents(neighbors, contents)
    beyond = _pairs_beyond_copies(feature, contents, crowded)
    return unique_pairs(np.concatenate([likely_pairs(neighbors, contents), beyond]))


class Verifier:
    """Verifies pairs of pictures, each once, and keeps their similarities in the store."""

    def __init__(self, store: Store, threshold: float) -> None:
        self.known = load_pairs(store.paths.duplicates)
        self._store, self._threshold = store, np.float32(threshold)
        self._thumbs, self._ids = store.thumbs(), store.catalog.ids("ok")
        self._new: list[tuple[Ids, Similarities]] = []

    def verify(
        self, pairs: Ids, *, workers: int = 0, quiet: bool = True, sizes: Sizes = SIZES
    ) -> None:
        """Verify those of the pairs (p, 2) that have no known similarity, and keep the results.

        Args:
            pairs: ids.
            workers: processes that make sketches where there are many; 0: this one does.
            quiet: show no progress bar.
            sizes: how many pairs are processed at a time.
        """
        new = pairs[np.isnan(self.known.of(pairs))]
        sketched = partial(sketches_by, workers, self._store.paths.thumbs) if workers else None
        get, kept_at = self._thumbs.get, time.monotonic()
        try:
            with progress(NEAR_DUPLICATES, total=len(new), unit="pairs", quiet=quiet) as bar:
                for seen in similarities_by_block(new, get, bar.update, sizes, sketched):
                    self._new.append(seen)
                    # Not after each block: all that is known is written anew.
                    if time.monotonic() - kept_at > _KEEP_S:
                        self.keep()
                        kept_at = time.monotonic()
        finally:
            self.keep()

    def are_alike(self, pairs: Ids) -> NDArray[np.bool_]:
        """Return a mask (p,) of the known pairs (p, 2) that are near-duplicates."""
        return np.asarray(self.known.of(pairs) >= self._threshold)

    def are_like(self, one: int, others: Sequence[int]) -> list[bool]:
        """Return which pictures are near-duplicates of one; unknown pairs are verified now.

        New similarities become known at the next `keep`; `bundles` asks for no pair twice before.
        """
        pairs = np.sort([(one, other) for other in others], axis=1)
        found = self.known.of(pairs)
        new = np.flatnonzero(np.isnan(found))
        if len(new):
            found[new] = similarities_of(pairs[new], self._thumbs.get)
            self._new.append((pairs[new], found[new]))
        return [bool(alike) for alike in found >= self._threshold]

    def keep(self) -> None:
        """Add the new similarities to the known ones, and save them if the store is writable."""
        if not self._new:
            return
        pairs, similarities = (np.concatenate(column) for column in zip(*self._new, strict=True))
        self._new = []
        self.known = self.known.joined(pairs, similarities).only(self._ids)
        # A store that is read-only, full or locked is no reason to fail.
        with suppress(OSError, StoreError), self._store.writing():
            save_pairs(self._store.paths.duplicates, self.known)


def _pairs_beyond_copies(feature: FeatureStore, contents: Ids, crowded: Ids) -> Ids:
    """Return pairs (p, 2) of contents whose k neighbors are all copies, with their nearest others.

    Args:
        feature: n vectors.
        contents: (n,) the content of each row.
        crowded: (c,) the contents whose neighbors are all copies of themselves.
    """
    pairs = [np.zeros((0, 2), np.int64)]
    rows = np.unique(contents, return_index=True)[1]
    rows = rows[np.isin(contents[rows], crowded)]
    for start in range(0, len(rows), _QUERIES):
        asked = rows[start : start + _QUERIES]
        distances = distances_to_all(feature, METRICS["cosine"], feature.take_rows(asked))
        for row, of_row in zip(asked, distances, strict=True):
            of_row[contents == contents[row]] = np.inf
            nearest = top_k(of_row, CANDIDATES)
            others = contents[nearest[np.isfinite(of_row[nearest])]]
            pairs.append(np.stack([np.full(len(others), contents[row]), others], axis=1))
    return np.concatenate(pairs)


def _best_first(catalog: Catalog, ids: Iterable[int]) -> list[int]:
    """Return pictures in the order of preference: the one to keep first."""
    entries = catalog.entries(sorted(ids))
    ranked = sorted(entries, key=lambda e: (-(e.width or 0) * (e.height or 0), -e.size, e.id))
    return [entry.id for entry in ranked]


def _composed(
    found: Iterable[Sequence[int]], copies: Mapping[int, Sequence[int]], known: KnownPairs
) -> NearDuplicates:
    """Return the groups: bundles of contents, and contents that only have exact copies."""
    bundled = {bundle[0]: bundle for bundle in found}
    alone = copies.keys() - {content for bundle in bundled.values() for content in bundle}
    bundled |= {content: [content] for content in alone}
    groups = [_members(bundled[best], copies, known) for best in sorted(bundled)]
    columns = [tuple(tuple(column) for column in zip(*group, strict=True)) for group in groups]
    return NearDuplicates(*(tuple(rows) for rows in zip(*columns, strict=True)))


def _members(
    bundle: Sequence[int], copies: Mapping[int, Sequence[int]], known: KnownPairs
) -> list[tuple[int, str, float]]:
    """Return (id, kind, similarity) of the pictures of a bundle, in the order of the group."""
    best, *others = bundle
    pairs = np.sort(np.array([(best, i) for i in others], np.int64).reshape(-1, 2), axis=1)
    similarities = dict(zip(others, known.of(pairs).tolist(), strict=True))
    members = [(i, COPY, 1.0) for i in copies.get(best, [best]) if i != best]
    for other, similarity in similarities.items():
        members += [(i, NEAR, similarity) for i in copies.get(other, [other])]
    members.sort(key=lambda member: (-member[2], member[1] == NEAR, member[0]))
    return [(best, REPRESENTATIVE, 1.0), *members]
