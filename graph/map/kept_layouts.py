"""Which layouts that other commands keep a map can show; light, for finding that nothing is new."""

from pathlib import Path

from imgrec.layouts.choices import OVERVIEW_SIZE
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store


def shown_layouts(store: Store, feature: FeatureStore) -> list[Path]:
    """Return the folders of kept layouts in 2-D that may be of all pictures of a feature.

    Of more than `OVERVIEW_SIZE` pictures only samples are laid out so, which no map shows.
    """
    if len(feature) > OVERVIEW_SIZE:
        return []
    return sorted(store.paths.layouts(feature.name).glob("*-2d-*"))
