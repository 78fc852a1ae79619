"""The version of a local file, by which a rescan knows it again: size, time and token.

The catalog keeps times as 64-bit nanoseconds, which end in the year 2262; file systems go further
(ext4 to 2446, XFS to 2486, NTFS to 30828), and broken clocks and archives write such times. One
beyond the range is bounded, and its exact value becomes the token: so two of them still differ.
"""

import os

from imgrec.sources.source import Listed

# The smallest integer of SQLite is left free: the catalog's mark for a time that is forgotten.
LEAST_NS = -(2**63) + 1
MOST_NS = 2**63 - 1


def listed_at(path: str, state: os.stat_result) -> Listed:
    """Return the version of a file.

    Args:
        path: within its source.
        state: of the file.
    """
    time_ns = state.st_mtime_ns
    bounded = min(max(time_ns, LEAST_NS), MOST_NS)
    return Listed(path, state.st_size, bounded, "" if bounded == time_ns else f"mtime {time_ns}")
