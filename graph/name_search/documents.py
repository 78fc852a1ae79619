"""The documents of the search index, communities and pictures, as files of JSON rows.

A document is what a search result shows: a name, a folder, a class, the page to open and the
thumbnail cell.
Documents are numbered by their order, split into files of a few kilobytes, so that the browser
loads only the files of the results that it shows. Within a file, folders, classes and pages are
string tables, and rows refer to them by index.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from graph.addresses import Cell
from imgrec.system.script_data import json_text

# Size at which a file is full. Small, since 30 results may be spread over 30 files.
DOCUMENTS_BYTES = 6_000


class PictureDocument(NamedTuple):
    """A picture as a document of the index.

    Attributes:
        id: of the catalog.
        name: its file name.
        folder: its folder.
        page: name of the page that shows it.
        cell: its thumbnail on the sheet of that page.
        category: its class; "" for none.
    """

    id: int
    name: str
    folder: str
    page: str
    cell: Cell
    category: str = ""


class CommunityDocument(NamedTuple):
    """A community as a document of the index.

    Attributes:
        name: of the community, which is searched.
        about: description shown below the name; it is not searched.
        pages: names of its pages; a result opens the first.
        face: id of its representative picture; None for no thumbnail.
    """

    name: str
    about: str
    pages: tuple[str, ...]
    face: int | None


class DocumentFile:
    """Builder of one file of documents, with string tables for folders, classes and pages.

    Args:
        titles: heading of the results of each page, by page name.
        faces: representative pictures of all communities, by id.
    """

    def __init__(self, titles: Mapping[str, str], faces: Mapping[int, PictureDocument]) -> None:
        self._titles, self._faces = titles, faces
        self._folders: dict[str, int] = {}
        self._classes: dict[str, int] = {}
        self._pages: dict[tuple[str, str], int] = {}
        self._rows: list[str] = []
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add_picture(self, picture: PictureDocument) -> None:
        """Append the row [id, name, folder, page, *cell, class]; all but id, name are indices.

        A picture without a class has none at the end of its row.
        """
        page = self._index(self._pages, (picture.page, self._titles.get(picture.page, "")))
        folder = self._index(self._folders, picture.folder)
        row = [picture.id, picture.name, folder, page, *picture.cell]
        category = [self._index(self._classes, picture.category)] if picture.category else []
        self._add([*row, *category])

    def add_group(self, group: CommunityDocument) -> None:
        """Append the row [null, name, about, page]; about and page are table indices.

        With a representative picture, its cell and the page of its sheet are appended.
        """
        page = self._index(self._pages, (group.pages[0], ""))
        row: list[Any] = [None, group.name, self._index(self._folders, group.about), page]
        face = self._faces.get(group.face) if group.face is not None else None
        if face:
            row += [*face.cell, self._index(self._pages, (face.page, ""))]
        self._add(row)

    def text(self) -> str:
        """Return the file as JSON: `folders`, `classes`, `pages` and `rows`."""
        tables = {
            "folders": list(self._folders),
            "classes": list(self._classes),
            "pages": list(self._pages),
        }
        parts = [f'"{name}":{json_text(table)}' for name, table in tables.items()]
        return f'{{{",".join(parts)},"rows":[{",".join(self._rows)}]}}'

    def _index(self, table: dict[Any, int], value: object) -> int:
        if value not in table:
            table[value] = len(table)
            self.size_bytes += len(json_text(value).encode()) + 1
        return table[value]

    def _add(self, row: list[Any]) -> None:
        self._rows.append(json_text(row))
        self.size_bytes += len(self._rows[-1].encode()) + 1


def document_files(
    pictures: Sequence[PictureDocument], groups: Sequence[CommunityDocument]
) -> Iterator[DocumentFile]:
    """Yield the files of all documents: communities first, then pictures, in the given order."""
    wanted = {group.face for group in groups}
    faces = {picture.id: picture for picture in pictures if picture.id in wanted}
    titles = _titles(groups)
    file = DocumentFile(titles, faces)
    documents: Iterable[CommunityDocument | PictureDocument] = chain(groups, pictures)
    for document in documents:
        if isinstance(document, CommunityDocument):
            file.add_group(document)
        else:
            file.add_picture(document)
        if file.size_bytes >= DOCUMENTS_BYTES:
            yield file
            file = DocumentFile(titles, faces)
    if len(file):
        yield file


def _titles(groups: Iterable[CommunityDocument]) -> dict[str, str]:
    return {
        page: group.name if part == 1 else f"{group.name} · page {part}"
        for group in groups
        for part, page in enumerate(group.pages, start=1)
    }
