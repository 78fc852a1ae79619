"""Names compared in SQL as a reader compares them: NFC and NFD of one name are equal.

A disk of macOS holds decomposed names (NFD), a keyboard types composed ones (NFC), and the catalog
keeps what the disk says, byte for byte, because only that opens the file. So what was typed is
compared with the composed form of what is kept.
"""

import sqlite3

from imgrec.system.file_names import composed

# SQL of the composed form of a column. A name may be no UTF-8, hence as bytes.
COMPOSED = "CAST(composed(CAST({} AS BLOB)) AS TEXT)"


def add_composed(db: sqlite3.Connection) -> None:
    """Give a connection the function of `COMPOSED`; no schema can call it (`trusted_schema`)."""
    db.create_function("composed", 1, _composed, deterministic=True)


def _composed(name: bytes | None) -> bytes | None:
    if name is None or name.isascii():
        return name
    return composed(name.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
