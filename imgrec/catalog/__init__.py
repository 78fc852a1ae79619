"""The catalogue: which pictures there are, where they are and what is known of them."""

from imgrec.catalog.catalog import Catalog
from imgrec.catalog.labelling import add_labels
from imgrec.catalog.rows import Entry, Ids, Outcome

__all__ = ["Catalog", "Entry", "Ids", "Outcome", "add_labels"]
