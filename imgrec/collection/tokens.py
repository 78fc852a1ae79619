"""Tokens that differ where size and time do not: learned, accepted, or left to be compared.

A folder gives each file a weak token, its ctime and inode (`imgrec.sources.versions`). Where only
that differs the content is read, because the file may have been edited in place. Two cases need no
reading. A catalog of an older imgrec knows no token: what is listed now is learned. And where a
disk was copied or mounted anew, the tokens of the whole root differ; reading it all would take
hours and find nothing, so they are accepted, which the run says. Invariant: the strong part of a
token is never accepted, and few files are always read.
"""

import sqlite3
from collections.abc import Iterable

from imgrec.sources.source import WEAK

# Fewer files than these are read in any case: that takes seconds, and may be one edited folder.
_FEW = 50
# Share of the files of a root that must have another token for it to be taken for a copied disk.
_COPIED = 0.9
# Share that must have another inode and the ctime of before. No edit of a file leaves its ctime, so
# the file system gives out new inodes by itself; after a mount that may hit a part of the files.
_RENUMBERED = 0.1

_SAME_STRONG = (
    f"instr(images.token, '{WEAK}') > 0 AND instr(found.token, '{WEAK}') > 0 AND "
    f"substr(images.token, 1, instr(images.token, '{WEAK}')) = "
    f"substr(found.token, 1, instr(found.token, '{WEAK}'))"
)
_SAME_CTIME = (
    "substr(images.token, 1, instr(images.token, '.')) = "
    "substr(found.token, 1, instr(found.token, '.'))"
)
# SQL that tells in what a row and the file at its place differ: `absent` (no file is listed),
# `version` (the content has to be compared), `unknown` (size and time are equal, the token is not
# known yet), `weak` or `inode` (only that part of the token differs), `same`.
DIFFERENCE = f"""CASE
    WHEN found.size IS NULL THEN 'absent'
    WHEN found.size != images.size OR found.mtime_ns != images.mtime_ns THEN 'version'
    WHEN found.token = images.token THEN 'same'
    WHEN images.token = '' THEN 'unknown'
    WHEN NOT ({_SAME_STRONG}) THEN 'version'
    WHEN {_SAME_CTIME} THEN 'inode'
    ELSE 'weak' END"""


def settle_tokens(db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, int]:
    """Give rows the listed token where their files are taken for unchanged.

    Args:
        db: with the temporary table `differing`, from which these rows are taken.
        numbers: ids of the roots that were listed.

    Returns:
        {id of root: number of files whose other token was accepted}.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        _take_listed(db, "what = 'unknown'")
        accepted = {number: _accept(db, number) for number in numbers}
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return {number: count for number, count in accepted.items() if count}


def _accept(db: sqlite3.Connection, number: int) -> int:
    """Accept the weak tokens of a root if they differ throughout; return how many."""
    query = "SELECT what, count(*) FROM temp.differing WHERE root_id = ? GROUP BY what"
    counts = dict(db.execute(query, [number]).fetchall())
    inodes = counts.get("inode", 0)
    both = inodes + counts.get("weak", 0)
    if both < _FEW:
        return 0
    alike = _compared(db, number) - counts.get("absent", 0) - counts.get("version", 0)
    if both >= _COPIED * alike:
        _take_listed(db, "root_id = ? AND what IN ('inode', 'weak')", number)
        return int(both)
    if inodes >= max(_FEW, _RENUMBERED * alike):
        _take_listed(db, "root_id = ? AND what = 'inode'", number)
        return int(inodes)
    return 0


def _compared(db: sqlite3.Connection, number: int) -> int:
    """Return how many rows of a root were compared with what is listed."""
    members = (
        "SELECT count(*) FROM images WHERE root_id = ? AND status != 'missing' "
        "AND status != 'left-out'"
    )
    returning = "SELECT count(*) FROM temp.differing WHERE root_id = ? AND left_out"
    return sum(int(db.execute(query, [number]).fetchone()[0]) for query in (members, returning))


def _take_listed(db: sqlite3.Connection, where: str, *values: object) -> None:
    """Give the rows that `where` selects of `differing` their listed token; they differ no more.

    Those that were left out stay in the table as `same`: they belong to the collection again.
    """
    db.execute(
        "UPDATE images SET token = (SELECT token FROM temp.differing AS d WHERE d.id = images.id) "
        f"WHERE id IN (SELECT id FROM temp.differing WHERE {where})",
        values,
    )
    db.execute(f"DELETE FROM temp.differing WHERE {where} AND NOT left_out", values)
    db.execute(f"UPDATE temp.differing SET what = 'same' WHERE {where}", values)
