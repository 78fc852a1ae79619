"""Relations: virtual features that join an embedding with `mini`, composed from both on the fly.

What a network recognizes and how a picture looks (layout, outline, color) complement each other:
the mean of both similarities finds better neighbors than either. The relation `lite0+mini` is

    cos = (cos(lite0 - mean, lite0' - mean) + 0.5 cos(mini, mini')) / 1.5

The embedding is centered because its vectors are not negative: all of them point into one corner
of the space, and without the mean their cosines tell more. `lite0+mini` is what query, network,
projector, duplicates and report compare if the store's encoder is `lite0` and `mini` is there.
Any other embedding can be joined by name, such as `resnet50+mini`.

A relation is opened like a feature (`FeatureStore`), and everything derived from features works on
it. It has a row for each picture that has both, and takes no space but that of the mean:

    relations/<relation>/
        kept.json              the encoder of the embedding, the number of vectors of the mean
        mean.npy               (d,) float32

The mean is fitted by indexing and stays the same until the collection has grown by half, so that
what is derived stays valid while pictures come and go. Invariant: its digest is part of the
identity of the relation's spec. Whatever was derived with another mean is stale.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.store.arrays import all_finite, form_problem
from imgrec.store.composition import ComposedVectors, Composition, Halves
from imgrec.store.elsewhere import FarVectors
from imgrec.store.features import Block, FeatureStore
from imgrec.store.kept import load, save
from imgrec.system.json_files import a_number, problem
from imgrec.system.text import counted

JOINED, WEIGHT = "mini", 0.5
# Encoders whose relation is the default of a store.
_DEFAULT = ("lite0",)
_VERSION = 1
_MEAN = "mean"
# The mean of more vectors differs by less than anybody could measure.
_FIT_ROWS = 32_768
_STEP_ROWS = 2_048
_GROWTH = 1.5


@dataclass(frozen=True)
class Relation:
    """Which features are joined.

    Attributes:
        centered: the feature whose vectors are centered.
        joined: the feature that is joined with it.
        weight: of the cosine of the joined feature; that of the other one is 1.
    """

    centered: str
    joined: str = JOINED
    weight: float = WEIGHT

    @property
    def name(self) -> str:
        """The name by which it is opened, and that of its folders."""
        return f"{self.centered}+{self.joined}"

    @property
    def features(self) -> tuple[str, str]:
        """The names of both features."""
        return self.centered, self.joined


@dataclass(frozen=True, kw_only=True)
class RelationSpec(EncoderSpec):
    """The spec of a relation: those of its features, the weight, and the digest of the mean.

    Attributes:
        parts: the specs of both features, the centered one first.
        weight: of the cosine of the second one.
        mean_digest: SHA-256 of the mean.
    """

    parts: tuple[EncoderSpec, EncoderSpec]
    weight: float
    mean_digest: str

    def identity(self) -> dict[str, Any]:
        """Return everything that decides the composed vectors."""
        return {
            "name": self.name,
            "version": self.version,
            "parts": [part.identity() for part in self.parts],
            "weight": self.weight,
            "mean": self.mean_digest,
        }


@dataclass(frozen=True)
class Mean:
    """The mean of the vectors of a feature.

    Attributes:
        values: (d,) float32.
        fitted_on: number of vectors that the feature had.
    """

    values: NDArray[np.float32]
    fitted_on: int

    def is_outgrown(self, count: int) -> bool:
        """Return True if it has to be fitted again for a feature of `count` vectors."""
        return count >= _GROWTH * self.fitted_on


class RelatedFeature(FeatureStore):
    """A relation, opened: the composed vectors of the pictures that have both features."""

    def __init__(
        self,
        relation: Relation,
        composition: Composition,
        first: FeatureStore,
        second: FeatureStore,
    ) -> None:
        """Compose two open features."""
        dimensions = first.dimensions + second.dimensions
        super().__init__(relation.name, dimensions, list(_blocks(composition, first, second)))
        self.encoders = relation.features
        self.composition, self._first, self._second = composition, first, second

    def check_reach(self, rows: int | None = None) -> None:
        """Check that so many vectors of both features may be read; raises as for each."""
        self._first.check_reach(rows)
        self._second.check_reach(rows)

    def take_rows(self, rows: NDArray[np.intp]) -> Vectors:
        """Return the vectors (m, d) of these rows, in this order."""
        return self.halves(rows).composed()

    def halves(self, rows: NDArray[np.intp]) -> Halves:
        """Return the rows of both features (m,) that the vectors of these rows consist of."""
        first, second = (
            # As many rows: all pictures of the feature are in the relation.
            part.take_rows(rows if len(part) == len(self) else part.rows_of(self.ids[rows]))
            for part in (self._first, self._second)
        )
        return Halves(self.composition, first, second)

    def half_addresses(
        self, rows: NDArray[np.intp] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Return where in memory the rows (m,) of both features begin, as `addresses` does."""
        first, second = (
            part.addresses(
                rows
                if len(part) == len(self)
                else part.rows_of(self.ids if rows is None else self.ids[rows])
            )
            for part in (self._first, self._second)
        )
        return None if first is None or second is None else (first, second)

    def lacking(self, pictures: int) -> list[str]:
        """Return a line for each of both features that some of all pictures lack."""
        return [
            f"{pictures - len(part):,} of {counted(pictures, 'picture')} lack {part.name} and are "
            f"not compared: run imgrec index"
            for part in (self._first, self._second)
            if len(part) < pictures
        ]

    def in_memory(self) -> FeatureStore:
        """Return the vectors, composed once: for whoever reads them many times."""
        blocks = [replace(block, vectors=block.load()) for block in self.blocks]
        return FeatureStore(self.name, self.dimensions, blocks)


def relation_named(name: str) -> Relation | None:
    """Return the relation of a name such as `lite0+mini`; None if it is not one of a relation."""
    centered, plus, joined = name.rpartition("+")
    return Relation(centered) if centered and plus and joined == JOINED else None


def relations_among(embeddings: Collection[str]) -> list[Relation]:
    """Return the relations of the embeddings of a store, by name; none without `mini`."""
    if JOINED not in embeddings:
        return []
    return [Relation(name) for name in sorted(embeddings) if name != JOINED]


def default_name(encoder: str | None, features: Collection[str]) -> str | None:
    """Return what a store compares where nothing is named: a relation, or its encoder.

    Args:
        encoder: of the store.
        features: the names of those that the store has.
    """
    if encoder in _DEFAULT and encoder in features and JOINED in features:
        return Relation(encoder).name
    return encoder


def is_joined_by_default(encoder: str | None, named: str) -> bool:
    """Return True if adding a feature to a store of this encoder makes their relation the default.

    Args:
        encoder: of the store.
        named: the feature that is added.
    """
    return encoder in _DEFAULT and named == JOINED


def relation_spec(
    relation: Relation, parts: tuple[EncoderSpec, EncoderSpec], mean: Mean
) -> RelationSpec:
    """Return the spec of a relation of these features and this mean."""
    first, second = parts
    digest = hashlib.sha256(np.ascontiguousarray(mean.values, "<f4").tobytes()).hexdigest()
    return RelationSpec(
        name=relation.name,
        dimensions=first.dimensions + second.dimensions,
        preprocessing=first.preprocessing,
        version=_VERSION,
        weights=first.weights,
        in_worker=False,
        parts=parts,
        weight=relation.weight,
        mean_digest=digest,
    )


def fit_mean(feature: FeatureStore) -> Mean:
    """Return the mean of the finite vectors of a feature, of an even sample of a large one.

    The same vectors give the same bytes, however they are divided into parts.
    """
    count = len(feature)
    rows = np.arange(min(count, _FIT_ROWS)) * count // max(1, min(count, _FIT_ROWS))
    total, used = np.zeros(feature.dimensions), 0
    for start in range(0, len(rows), _STEP_ROWS):
        vectors = feature.take_rows(rows[start : start + _STEP_ROWS])
        vectors = vectors[np.isfinite(vectors).all(axis=1)]
        total += vectors.sum(axis=0, dtype=np.float64)
        used += len(vectors)
    return Mean((total / max(1, used)).astype(np.float32), count)


def load_mean(folder: Path, spec: EncoderSpec) -> Mean | None:
    """Return the mean kept in a folder; None where it is absent, damaged or of another encoder."""
    kept = load(folder, _stamp(spec), [_MEAN])
    if kept is None or problem(kept.state, {"fitted_on": a_number(0, 1 << 40)}):
        return None
    values = kept.arrays[_MEAN]
    if form_problem(values, "float32 d", {"d": spec.dimensions}) or not all_finite(values):
        return None
    return Mean(np.array(values), kept.state["fitted_on"])


def save_mean(folder: Path, spec: EncoderSpec, mean: Mean) -> None:
    """Write a mean, atomically.

    Raises:
        OSError: the disk is full or read-only; an older mean stays as it was.
    """
    save(folder, _stamp(spec), {_MEAN: mean.values}, {"fitted_on": mean.fitted_on})


def _stamp(spec: EncoderSpec) -> dict[str, Any]:
    return {"version": _VERSION, "encoder": spec.identity()}


def _blocks(composition: Composition, first: FeatureStore, second: FeatureStore) -> Iterator[Block]:
    """Yield a block for each pair of blocks that share pictures."""
    starts = np.array([block.ids[0] for block in second.blocks])
    ends = np.array([block.ids[-1] for block in second.blocks])
    for left in first.blocks:
        for number in np.flatnonzero((starts <= left.ids[-1]) & (ends >= left.ids[0])):
            right = second.blocks[number]
            ids, own, other = _common(left.ids, right.ids)
            if len(ids):
                vectors = ComposedVectors(
                    composition,
                    _plain(left.vectors),
                    _plain(right.vectors),
                    left.places(own),
                    right.places(other),
                )
                known = left.source and right.source
                yield Block(ids, vectors, source=f"{left.source} | {right.source}" if known else "")


def _plain(vectors: NDArray[Any] | ComposedVectors | FarVectors) -> NDArray[Any] | FarVectors:
    return vectors if isinstance(vectors, FarVectors) else np.asarray(vectors)


def _common(left: Ids, right: Ids) -> tuple[Ids, NDArray[np.intp], NDArray[np.intp]]:
    """Return the ids (m,) that two blocks share, and their rows (m,) in each."""
    if np.array_equal(left, right):
        every = np.arange(len(left))
        return left, every, every
    return np.intersect1d(left, right, assume_unique=True, return_indices=True)
