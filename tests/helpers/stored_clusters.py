"""The clusters of a feature that is named, for tests."""

from imgrec.derived.clusters import Clusters, clusters_in
from imgrec.store.store import Store


def clusters_of(store: Store, name: str | None = None, count: int | None = None) -> Clusters:
    """Return the clusters of a feature, by default the store's own; they are kept in the store."""
    return clusters_in(store, store.spec(name), store.feature(name), count)
