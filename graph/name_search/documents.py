"""The documents of the search index, communities and pictures, as files of JSON rows.

A document is what a search result shows: a name, a folder, labels, the page to open and the
thumbnail cell.
Documents are numbered by their order, split into files of a few kilobytes, so that the browser
loads only the files of the results that it shows. Within a file, folders, labels and pages are
tables, and rows refer to them by index.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from graph.addresses import Cell
from graph.name_search.labels import Label, label_terms
from imgrec.collection.kinds import COMMUNITY, FOLDER
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
        labels: those that a search finds and a result shows, its class among them.
        folder_label: the label of its folder, which a search finds; "" for none.
        community: path of its community; "" for none.
    """

    id: int
    name: str
    folder: str
    page: str
    cell: Cell
    labels: tuple[Label, ...] = ()
    folder_label: str = ""
    community: str = ""

    def terms(self) -> Iterator[str]:
        """Yield the terms of all its labels."""
        more = ((FOLDER, self.folder_label), (COMMUNITY, self.community))
        return label_terms([*self.labels, *(label for label in more if label[1])])


class CommunityDocument(NamedTuple):
    """A community as a document of the index.

    Attributes:
        name: of the community, which is searched.
        about: description shown below the name; it is not searched.
        pages: names of its pages; a result opens the first.
        face: id of its representative picture; None for no thumbnail.
        path: of the community; "" for none.
    """

    name: str
    about: str
    pages: tuple[str, ...]
    face: int | None
    path: str = ""

    def terms(self) -> Iterator[str]:
        """Yield the terms of its path."""
        return label_terms([(COMMUNITY, self.path)] if self.path else [])


class DocumentFile:
    """Builder of one file of documents, with tables for folders, labels and pages.

    Args:
        titles: heading of the results of each page, by page name.
        faces: representative pictures of all communities, by id.
    """

    def __init__(self, titles: Mapping[str, str], faces: Mapping[int, PictureDocument]) -> None:
        self._titles, self._faces = titles, faces
        self._folders: dict[str, int] = {}
        self._labels: dict[Label, int] = {}
        self._pages: dict[tuple[str, str], int] = {}
        self._rows: list[str] = []
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add_picture(self, picture: PictureDocument) -> None:
        """Append the row [id, name, folder, page, *cell, *labels].

        Folder, page and labels are indices.
        """
        page = self._index(self._pages, (picture.page, self._titles.get(picture.page, "")))
        folder = self._index(self._folders, picture.folder)
        labels = [self._index(self._labels, label) for label in picture.labels]
        self._add([picture.id, picture.name, folder, page, *picture.cell, *labels])

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
        """Return the file as JSON: `folders`, `labels`, `pages` and `rows`."""
        tables = {
            "folders": list(self._folders),
            "labels": list(self._labels),
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
