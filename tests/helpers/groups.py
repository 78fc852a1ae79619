"""Groups of processes, as a command and its workers are one."""

import os
import time


def group_ends(group: int, timeout_s: float = 20) -> bool:
    """Wait until no process of a group is left; say whether that came in time."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
