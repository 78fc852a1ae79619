"""What the search can find, communities and pictures, as files of rows for the browser."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from graph.addresses import Cell

DOCUMENTS_BYTES = 6_000  # a file is full then: results may lie in 30 of them


class PictureDocument(NamedTuple):
    """A picture that can be found.

    Attributes:
        page: name of the page that shows it.
        cell: on the sheet of that page.
    """

    id: int
    name: str
    folder: str
    page: str
    cell: Cell


class CommunityDocument(NamedTuple):
    """A community that can be found.

    Attributes:
        about: what is told of it; it is not found by that.
        pages: names of its pages; the first is the one to open.
        face: the picture that stands for it; None for no thumbnail.
    """

    name: str
    about: str
    pages: tuple[str, ...]
    face: int | None


class DocumentFile:
    """A file of documents as it grows; what several of them say is said once.

    Args:
        titles: page name to what stands above its results.
        faces: id to picture, of all communities.
    """

    def __init__(self, titles: Mapping[str, str], faces: Mapping[int, PictureDocument]) -> None:
        self._titles, self._faces = titles, faces
        self._folders: dict[str, int] = {}
        self._pages: dict[tuple[str, str], int] = {}
        self._rows: list[str] = []
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add_picture(self, picture: PictureDocument) -> None:
        """Add [id, name, folder, page, *cell]; folder and page are numbers of the tables."""
        page = self._index(self._pages, (picture.page, self._titles.get(picture.page, "")))
        folder = self._index(self._folders, picture.folder)
        self._add([picture.id, picture.name, folder, page, *picture.cell])

    def add_group(self, group: CommunityDocument) -> None:
        """Add a row without id; where there is a face, its cell and the page of the sheet."""
        page = self._index(self._pages, (group.pages[0], ""))
        row: list[Any] = [None, group.name, self._index(self._folders, group.about), page]
        face = self._faces.get(group.face) if group.face is not None else None
        if face:
            row += [*face.cell, self._index(self._pages, (face.page, ""))]
        self._add(row)

    def text(self) -> str:
        """Return the tables and the rows."""
        tables = (
            f'"folders":{json_text(list(self._folders))},"pages":{json_text(list(self._pages))}'
        )
        return f'{{{tables},"rows":[{",".join(self._rows)}]}}'

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
    """Yield files of the communities and then of the pictures, in the order given."""
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


def json_text(value: object) -> str:
    """Return JSON in which no name ends a script or a line of it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _titles(groups: Iterable[CommunityDocument]) -> dict[str, str]:
    return {
        page: group.name if part == 1 else f"{group.name} · page {part}"
        for group in groups
        for part, page in enumerate(group.pages, start=1)
    }
