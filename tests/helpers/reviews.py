"""Groups of duplicates made by hand, and a trash of their own for tests."""

import re
from pathlib import Path

import pytest

from imgrec.collection import Entry
from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.duplicates.groups import COPY, IDENTICAL, KEPT, LINK, NO, SAME, YES
from imgrec.pictures.decoding import digest
from imgrec.review.reviewed import Reviewed, ReviewedGroup

HALF = Comparison(Verdict.SAME, 0.9, Difference.REENCODED | Difference.RESIZED)


def entry(
    image_id: int,
    path: str = "a.jpg",
    root: str = "/photos",
    *,
    size: int = 1234,
    sides: tuple[int, int] = (640, 480),
    form: str = "JPEG",
    content: str = "digest",
) -> Entry:
    return Entry(image_id, root, path, size, 0, content, *sides, form, "ok", None)


def kept(of: Entry) -> Reviewed:
    return Reviewed(of, KEPT, YES, of, IDENTICAL, "")


def goes(of: Entry, beside: Entry, kind: str = COPY) -> Reviewed:
    comparison = HALF if kind == SAME else IDENTICAL
    return Reviewed(of, kind, NO, beside, comparison, "the same bytes")


def link(of: Entry, beside: Entry, keep: str = YES) -> Reviewed:
    return Reviewed(of, LINK, keep, beside, IDENTICAL, "another name of the same file")


def files_group(folder: Path, *names: str, data: bytes = b"picture") -> ReviewedGroup:
    """Write files of the same bytes and return their group, the first one kept."""
    rows = []
    for number, name in enumerate(names):
        (folder / name).write_bytes(data)
        rows.append(
            entry(number, name, str(folder), size=len(data), content=digest(data))
        )  # fmt: skip
    return (kept(rows[0]), *(goes(row, rows[0]) for row in rows[1:]))


def name_of(cell: str) -> str:
    """Return the name encoded in a cell of the table, decoded by the documented rules."""
    told = re.sub(
        r"\\(\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})",
        lambda match: match[0].encode().decode("unicode_escape"),
        cell.removeprefix("'"),
    )
    return told.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def own_trash(patch: pytest.MonkeyPatch, data: Path) -> Path:
    """Make a folder the user's data folder, whose trash send2trash uses; return that trash."""
    import send2trash.plat_other as freedesktop

    patch.setenv("XDG_DATA_HOME", str(data))
    patch.setattr(freedesktop, "XDG_DATA_HOME", str(data).encode())
    patch.setattr(freedesktop, "HOMETRASH_B", str(data / "Trash").encode())
    patch.setattr("send2trash.send2trash", freedesktop.send2trash)
    return data / "Trash"
