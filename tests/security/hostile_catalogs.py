"""Catalogs of another schema, with rows that lie, or with files beside them that SQLite obeys."""

import os
import struct

from attack import Attack
from ground import Ground, Spoil
from signing import execute

_CATALOG = "catalog.sqlite"
_COPY = "CREATE TABLE real_images AS SELECT * FROM images"
# Any of these is run when somebody else reads or writes the table.
_SCHEMAS = {
    "trigger that deletes": (
        "CREATE TRIGGER t AFTER UPDATE ON images BEGIN DELETE FROM labels; END",
    ),
    "trigger on labels that fills the disk": (
        "CREATE TABLE filled (data)",
        "CREATE TRIGGER t AFTER INSERT ON labels BEGIN INSERT INTO filled "
        "SELECT zeroblob(1000000) FROM images, images, images; END",
    ),
    "trigger on roots": (
        "CREATE TRIGGER t AFTER INSERT ON roots BEGIN UPDATE images SET path = '../x'; END",
    ),
    "view in the place of images": (
        _COPY,
        "DROP TABLE labels",
        "DROP TABLE images",
        "CREATE VIEW images AS SELECT * FROM real_images",
        "CREATE TABLE labels (image_id INTEGER, kind TEXT, value TEXT)",
    ),
    "view without an end": (
        "DROP TABLE labels",
        "DROP TABLE images",
        "CREATE VIEW images AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS id, 1 AS root_id, 'a' AS path, 1 AS size, 1 AS mtime_ns, '' AS token, "
        "'' AS digest, 1 AS width, 1 AS height, 'JPEG' AS format, 'ok' AS status, "
        "NULL AS reason FROM n",
        "CREATE TABLE labels (image_id INTEGER, kind TEXT, value TEXT)",
    ),
    "another table": ("CREATE TABLE notes (text)",),
    "another view": ("CREATE VIEW v AS SELECT 1",),
    "another index": ("CREATE INDEX more ON images (size)",),
    "index by an expression": ("CREATE INDEX more ON images (length(path))",),
    "virtual table": ("CREATE VIRTUAL TABLE words USING fts5(text)",),
    "generated column": (
        "ALTER TABLE images ADD COLUMN x GENERATED ALWAYS AS (hex(zeroblob(100000000))) VIRTUAL",
    ),
    "another column": ("ALTER TABLE images ADD COLUMN x TEXT DEFAULT 'y'",),
    "other constraints": (
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL DEFAULT', 'CHECK "
        "(length(randomblob(1000000000)) > 0) DEFAULT') WHERE name = 'images'",
    ),
    "SQL that is none": (
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = 'CREATE TABLE images (' WHERE name = 'images'",
    ),
    "page of another table": (
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master "
        "WHERE name = 'labels') WHERE name = 'images'",
    ),
    "page that is not there": (
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET rootpage = 2000000000 WHERE name = 'images'",
    ),
    "schema of the future": ("PRAGMA user_version = 2000000000",),
    "schema of no version": ("PRAGMA user_version = -1",),
    "text in UTF-16": (
        "PRAGMA writable_schema = ON",
        "DELETE FROM sqlite_master",
    ),
}
_ROWS = {
    "path with ..": "UPDATE images SET path = '../../home/Documents/deep/photo.jpg' WHERE id = 1",
    "path: ..": "UPDATE images SET path = '..' WHERE id = 1",
    "path: absolute": "UPDATE images SET path = '/etc/passwd' WHERE id = 1",
    "path: empty": "UPDATE images SET path = '' WHERE id = 1",
    "path: NUL": "UPDATE images SET path = 'a' || char(0) || '.jpg' WHERE id = 1",
    "path: blob": "UPDATE images SET path = x'ff00fe' WHERE id = 1",
    "path: a million letters": "UPDATE images SET path = hex(zeroblob(500000)) WHERE id = 1",
    "size: text": "UPDATE images SET size = 'many' WHERE id = 1",
    "size: negative": "UPDATE images SET size = -5 WHERE id = 1",
    "size: 2**63 - 1": "UPDATE images SET size = 9223372036854775807",
    "time: text": "UPDATE images SET mtime_ns = 'late' WHERE id = 1",
    "time: 2**63 - 1": "UPDATE images SET mtime_ns = 9223372036854775807",
    "time: -2**63": "UPDATE images SET mtime_ns = -9223372036854775808",
    "width: text": "UPDATE images SET width = 'wide' WHERE id = 1",
    "width: 0": "UPDATE images SET width = 0 WHERE id = 1",
    "width: 2**62": "UPDATE images SET width = 4611686018427387904, height = 4611686018427387904",
    "width: a number that is none": "UPDATE images SET width = 9e999 WHERE id = 1",
    "digest: markup": "UPDATE images SET digest = '\"><xss-canary>' WHERE id = 1",
    "digest: blob": "UPDATE images SET digest = zeroblob(1000) WHERE id = 1",
    "format: a million letters": "UPDATE images SET format = hex(zeroblob(500000)) WHERE id = 1",
    "reason: control characters": (
        "UPDATE images SET status = 'failed', reason = 'x' || char(27) || '[2J' WHERE id = 1"
    ),
    "id: 2**63 - 1": "UPDATE images SET id = 9223372036854775807 WHERE id = 24",
    "id: negative": "UPDATE images SET id = -7 WHERE id = 24",
    "id: 0": "UPDATE images SET id = 0 WHERE id = 24",
    "next id: 2**63 - 1": "UPDATE sqlite_sequence SET seq = 9223372036854775807",
    "next id: text": "UPDATE sqlite_sequence SET seq = 'next'",
    "root that is not there": "UPDATE images SET root_id = 99 WHERE id = 1",
    "root: relative": "UPDATE roots SET path = '../home'",
    "root: with ..": "UPDATE roots SET path = path || '/../../home'",
    "root: unknown scheme": "UPDATE roots SET path = 'ftp://example.org/x'",
    "root: empty": "UPDATE roots SET path = ''",
    "root: NUL": "UPDATE roots SET path = '/a' || char(0)",
    "root: blob": "UPDATE roots SET path = x'2fff00'",
    "root: control characters": "UPDATE roots SET path = '/a' || char(27) || '[2J'",
    "root: a device": "UPDATE roots SET path = '/dev/zero'",
    "community: a number of 100,000 digits": (
        "UPDATE labels SET value = hex(zeroblob(50000)) WHERE kind = 'community'"
    ),
    "community: no number": "UPDATE labels SET value = '1..x' WHERE kind = 'community'",
    "cluster: no number": "UPDATE labels SET value = 'x' WHERE kind = 'cluster'",
    "confidence: NaN": (
        "INSERT INTO labels SELECT id, 'confidence', 'nan' FROM images UNION ALL "
        "SELECT id, 'class', 'x' FROM images"
    ),
    "label of a picture that is not there": (
        "INSERT INTO labels VALUES (4611686018427387904, 'color', 'red')"
    ),
    "label: blob": "UPDATE labels SET value = x'ff00' WHERE image_id = 1",
    "label: kind of a million letters": (
        "INSERT INTO labels VALUES (1, hex(zeroblob(500000)), 'red')"
    ),
}
# What the doctor need not tell: a person may have done it, or it is the text of a label.
_UNTOLD = (
    "root: a device",
    "root: control characters",
    "community: a number of 100,000 digits",
    "community: no number",
    "cluster: no number",
    "confidence: NaN",
    "label: kind of a million letters",
    "digest: markup",
    "time: 2**63 - 1",
    "time: -2**63",
    "size: 2**63 - 1",
    "reason: control characters",
    "format: a million letters",
    "schema of no version",
)


def _executed(*statements: str) -> Spoil:
    off = "PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"
    return lambda ground: execute(ground.store / _CATALOG, *off, *statements)


def _hot_journal(ground: Ground) -> None:
    """Leave a rollback journal whose super-journal is a file of the owner.

    SQLite rolls the journal back, and then deletes the super-journal that it names.

    Source: "The Rollback Journal" and "Super-Journal Record" in the SQLite file format.
    """
    catalog = ground.store / _CATALOG
    execute(catalog, "PRAGMA journal_mode = DELETE")
    pages = catalog.stat().st_size // 4096
    magic = bytes.fromhex("d9d505f920a163d7")
    header = magic + struct.pack(">IIIII", 0, 1, pages, 512, 4096)
    name = os.fsencode(ground.home / "letter.txt")
    checksum = sum(byte - 256 if byte > 127 else byte for byte in name)
    lock_page = (1 << 30) // 4096 + 1
    record = struct.pack(">I", lock_page) + name + struct.pack(">Ii", len(name), checksum) + magic
    (ground.store / f"{_CATALOG}-journal").write_bytes(header.ljust(512, b"\0") + record)


def _cut(ground: Ground) -> None:
    catalog = ground.store / _CATALOG
    catalog.write_bytes(catalog.read_bytes()[:5000])


def _random(ground: Ground) -> None:
    (ground.store / _CATALOG).write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)


def _other_pages(ground: Ground) -> None:
    """Fill all pages but the first with bytes that are no b-tree."""
    catalog = ground.store / _CATALOG
    data = catalog.read_bytes()
    catalog.write_bytes(data[:4096] + b"\x0d\xff" * ((len(data) - 4096) // 2))


def _no_log(ground: Ground) -> None:
    for name in ("wal", "shm"):
        (ground.store / f"{_CATALOG}-{name}").write_bytes(os.urandom(1 << 16))


def _log_of_another(ground: Ground) -> None:
    """Give the catalog a write-ahead log that says it has 2**31 pages."""
    magic, page = 0x377F0682, b"\x0d" + bytes(4095)
    header = struct.pack(">IIIIII", magic, 3007000, 4096, 0, 1, 2)
    sums = _checksums(header, (0, 0))
    frame = struct.pack(">II", 1, 2**31 - 1)
    both = _checksums(page, _checksums(frame, sums))
    log = header + struct.pack(">II", *sums) + frame + struct.pack(">IIII", 1, 2, *both) + page
    (ground.store / f"{_CATALOG}-wal").write_bytes(log)


def _checksums(data: bytes, before: tuple[int, int]) -> tuple[int, int]:
    """Return the checksum of a write-ahead log after some more bytes.

    Source: "WAL File Format" in the SQLite file format, little-endian.
    """
    first, second = before
    words = struct.unpack(f"<{len(data) // 4}I", data)
    for x, y in zip(words[::2], words[1::2], strict=True):
        first = (first + x + second) & 0xFFFFFFFF
        second = (second + y + first) & 0xFFFFFFFF
    return first, second


HOSTILE_CATALOGS = [
    Attack("catalog: journal that names a file to delete", _hot_journal),
    Attack("catalog: truncated", _cut),
    Attack("catalog: not SQLite", _random),
    Attack("catalog: pages of other bytes", _other_pages),
    Attack("catalog: log of random bytes", _no_log, found=False),
    Attack("catalog: log of 2**31 pages", _log_of_another),
    *(
        Attack(f"catalog: {what}", _executed(*statements), found=what not in _UNTOLD)
        for what, statements in _SCHEMAS.items()
    ),
]
HOSTILE_ROWS = [
    Attack(f"row: {what}", _executed(statement), found=what not in _UNTOLD)
    for what, statement in _ROWS.items()
]
