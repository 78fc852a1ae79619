"""Contents and their files: the unit that is compared, and the unit that is kept or deleted.

Files of equal bytes are one content. A content is named by the smallest id of its files.
"""

from collections.abc import Iterable

from imgrec.collection import Catalog, Entry
from imgrec.duplicates.keep_rules import pixels
from imgrec.pictures.metadata_names import Datum


class Contents:
    """The ok pictures of a catalog by content.

    Attributes:
        copies: the ascending ids of each content that has several files.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.copies = catalog.copies()
        self._content = {i: content for content, ids in self.copies.items() for i in ids}
        self._catalog = catalog
        self._files: dict[int, list[Entry]] = {}

    def content_of(self, image_id: int) -> int:
        """Return the content of a picture."""
        return self._content.get(image_id, image_id)

    def read(self, contents: Iterable[int]) -> None:
        """Read the files of contents from the catalog, as many at a time as there are."""
        new = sorted({*contents} - self._files.keys())
        ids = [i for content in new for i in self.copies.get(content, [content])]
        for entry in self._catalog.entries(ids):
            self._files.setdefault(self.content_of(entry.id), []).append(entry)

    def metadata(self, ids: Iterable[int]) -> dict[int, tuple[Datum, ...]]:
        """Return {id: what the file says of itself}."""
        return self._catalog.metadata.of(ids)

    def files(self, content: int) -> list[Entry]:
        """Return the files of a content by ascending id."""
        if content not in self._files:
            self.read([content])
        return self._files[content]

    def ordered(self, one: int, other: int) -> tuple[int, int]:
        """Return two contents in the order in which they are compared: the larger one first.

        It depends on the contents alone, not on their ids.
        """
        first, second = sorted((one, other), key=self._order)
        return first, second

    def _order(self, content: int) -> tuple[int, int, str]:
        entry = self.files(content)[0]
        return -pixels(entry), -entry.size, entry.digest or ""
