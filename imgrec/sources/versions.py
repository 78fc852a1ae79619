"""The version of a local file, by which a rescan knows it again: size, time and token.

Size and modification time are not enough: tools that edit a file in place may restore its time
(`rsync -t`, `cp -p`, editors of metadata). What no such tool can restore is the time of the last
change of the inode (ctime), and one that replaces the file by another gives it another inode. Both
also change where no content does: by a new name, right or owner, on a copied disk, and for each
mount of a file system without inodes of its own (FAT, SMB, FUSE). So they are the *weak* part of
the token (`imgrec.sources.source.Listed`): a difference says that the content has to be compared.

The catalog keeps times as 64-bit nanoseconds, which end in the year 2262; file systems go further
(ext4 to 2446, XFS to 2486, NTFS to 30828), and broken clocks and archives write such times. One
beyond the range is bounded, and its exact value becomes the strong part of the token: so two of
them still differ.

On Windows a listed folder gives no inode, and `st_ctime` is the time of creation: a file that was
replaced is noticed, one that was edited in place is not (`imgrec index --reread` reads it).
"""

import os
import sys

from imgrec.sources.source import WEAK, Listed

# The smallest integer of SQLite is left free: the catalog's mark for a time that is forgotten.
LEAST_NS = -(2**63) + 1
MOST_NS = 2**63 - 1
# `os.scandir` gives 0 as the inode of every file there, `os.stat` another number.
_HAS_INODES = sys.platform != "win32"
# Makes a `Listed` in half the time of its constructor, for each file of a rescan.
_new = tuple.__new__


def listed_at(path: str, state: os.stat_result) -> Listed:
    """Return the version of a file.

    Args:
        path: within its source.
        state: of the file.

    Returns:
        Its token is `~CTIME.INODE` in hexadecimal digits; of a time beyond the range of the
        catalog `mtime TIME~CTIME.INODE`.
    """
    time_ns = state.st_mtime_ns
    inode = state.st_ino if _HAS_INODES else 0
    # The fastest way to write numbers so.
    weak = WEAK + "%x.%x" % (state.st_ctime_ns, inode)  # noqa: UP031
    if LEAST_NS <= time_ns <= MOST_NS:
        return _new(Listed, (path, state.st_size, time_ns, weak))
    bounded = min(max(time_ns, LEAST_NS), MOST_NS)
    return Listed(path, state.st_size, bounded, f"mtime {time_ns}{weak}")
