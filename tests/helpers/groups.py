"""Process groups: a command and its workers."""

import os
import time


def group_ends(group: int, timeout_s: float = 20) -> bool:
    """Wait until no process of a group exists; return False at the timeout."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
