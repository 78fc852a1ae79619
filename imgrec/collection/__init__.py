"""The collection: the SQLite catalog of its pictures, and the rescan that updates it.

Picture rows have ids that are never given twice: an id stands for one content, so vectors and
thumbnails may be stored under it for good. Only this folder contains SQL on the catalog.
"""

from imgrec.collection.catalog import Catalog
from imgrec.collection.labels import add_labels
from imgrec.collection.rows import Entry, Ids, Outcome

__all__ = ["Catalog", "Entry", "Ids", "Outcome", "add_labels"]
