"""The rows of an export: pictures with their vectors, read block by block.

A `Rows` is of one state of the store: whoever makes and reads it holds `Catalog.one_state`. Memory
is that of the ids and of one block, however many pictures there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Entry, Ids
from imgrec.collection.filters import Filter
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import StoreError
from imgrec.search.class_filter import with_classes_below
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store

# Values of a kind of label by the kind.
Labels = dict[str, list[str]]


@dataclass(frozen=True)
class Block:
    """Some pictures of an export, by ascending id.

    Attributes:
        entries: (m) rows of the catalog.
        labels: (m) of these pictures.
        vectors: (m, d), float32 or float16 as the store has them.
    """

    entries: list[Entry]
    labels: list[Labels]
    vectors: NDArray[Any]

    @property
    def ids(self) -> Ids:
        """The ids (m,) of the pictures."""
        return np.array([entry.id for entry in self.entries], np.int64)


@dataclass(frozen=True)
class Rows:
    """The pictures of an export.

    Attributes:
        catalog: open for reading.
        feature: opened; its vectors are exported.
        spec: of the feature.
        ids: (n,) ascending.
        wanted: the filter that the pictures pass.
    """

    catalog: Catalog
    feature: FeatureStore
    spec: EncoderSpec
    ids: Ids
    wanted: Filter

    @classmethod
    def of(cls, store: Store, feature: str | None, wanted: Filter) -> "Rows":
        """Return the pictures of a feature that pass a filter.

        Args:
            store: open for reading.
            feature: or relation; None for the store's default.
            wanted: an empty one selects all; nouns stand for the classes below them.

        Raises:
            StoreError: there is no such feature, or it has no vector of these pictures.
            WrongValueError: no picture passes the filter.
        """
        spec, opened = store.spec(feature), store.feature(feature)
        ids = opened.ids
        if wanted:
            wanted, _ = with_classes_below(wanted, store.catalog)
            ids = np.intersect1d(ids, wanted.ids(store.catalog), assume_unique=True)
        if not len(ids):
            of = f" that fits {wanted}" if wanted else ""
            raise StoreError(f"{store.path} has no {spec.name} vector of a picture{of}")
        return cls(store.catalog, opened, spec, ids, wanted)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the vectors: float16 if all of them are stored so, else float32."""
        stored = {getattr(block.vectors, "dtype", np.float32) for block in self.feature.blocks}
        return np.dtype(np.float16 if stored == {np.dtype(np.float16)} else np.float32)

    @property
    def roots(self) -> list[str]:
        """The descriptions of the sources of the store's pictures, in the order they were added."""
        return list(self.catalog.roots())

    def blocks(self, count: int) -> Iterator[Block]:
        """Yield the pictures by ascending id, `count` a block, fewer in the last one."""
        dtype = self.dtype
        for start in range(0, len(self.ids), count):
            ids = self.ids[start : start + count]
            labels = self.catalog.labels.lists(ids.tolist())
            vectors = self.feature.take(ids).astype(dtype, copy=False)
            yield Block(self.catalog.entries(ids), list(labels.values()), vectors)
