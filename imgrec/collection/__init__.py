"""The catalog: which pictures there are, where they are and what is known of them."""

from imgrec.collection.catalog import Catalog
from imgrec.collection.labels import add_labels
from imgrec.collection.rows import Entry, Ids, Outcome

__all__ = ["Catalog", "Entry", "Ids", "Outcome", "add_labels"]
