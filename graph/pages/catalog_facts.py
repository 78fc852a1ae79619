"""What the catalog says of some pictures, read once for a page and its contact sheet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imgrec.collection import Catalog, Entry
from imgrec.pictures.metadata_names import Datum


@dataclass(frozen=True)
class CatalogFacts:
    """What the catalog says of some pictures, by id.

    Attributes:
        entries: their rows.
        labels: their labels, by kind.
        said: metadata of their files.
    """

    entries: Mapping[int, Entry]
    labels: Mapping[int, dict[str, str]]
    said: Mapping[int, tuple[Datum, ...]]

    @classmethod
    def of(cls, catalog: Catalog, ids: Iterable[int]) -> "CatalogFacts":
        """Read the facts of pictures.

        Raises:
            StoreError: an id is not in the catalog.
        """
        wanted = sorted({*ids})
        entries = {entry.id: entry for entry in catalog.entries(wanted)}
        return cls(entries, catalog.labels.of(wanted), catalog.metadata.of(wanted))
