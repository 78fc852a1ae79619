"""Keep what was decided on duplicates as labels of the pictures."""

from imgrec.collection.kinds import DUPLICATES, SIMILAR
from imgrec.duplicates.groups import Duplicates
from imgrec.labels.keep import keep_labels
from imgrec.store.store import Store


def keep_duplicate_labels(store: Store, found: Duplicates) -> list[str]:
    """Make the groups the only labels `duplicates` and `similar`; return a warning line if not.

    Args:
        store: open for reading or writing.
        found: of this store.
    """
    warnings = keep_labels(store, DUPLICATES, found.labels())
    return [*warnings, *keep_labels(store, SIMILAR, found.similar_labels())]
