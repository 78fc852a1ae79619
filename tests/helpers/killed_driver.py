"""`python killed_driver.py AFTER PHOTOS URL WORK`: index, and be killed at a request to storage.

`AFTER PHOTOS STORE`, without WORK: by a crew into a local store, whose exchange is the storage.

The process ends as by `kill -9`, right before the request of that number, or right after it where
the number is odd: nothing is cleaned up, and what was under way is lost.
"""

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from imgrec import Options, index_folders
from imgrec.cluster.drive import index_to, one_crew
from imgrec.cluster.local_drive import LocalRead
from imgrec.objects.objects import Objects

OPTIONS = Options(encoders=("mini",), workers=0, batch_size=4, part_rows=3)
KILLED = 9


def _counted(method: Callable[..., Any], numbers: Iterator[int], last: int) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> Any:
        # Requests are made by several threads: each has a number of its own, and one is the last.
        is_last = next(numbers) == last
        if is_last and last % 2 == 0:
            os._exit(KILLED)
        result = method(*arguments, **named)
        if is_last:
            os._exit(KILLED)
        return result

    return called


def main() -> None:
    after, photos, place, *work = int(sys.argv[1]), *sys.argv[2:]
    numbers = count(1)
    for name in ("get", "create", "put", "head"):
        setattr(Objects, name, _counted(getattr(Objects, name), numbers, after))
    if work:
        index_to([photos], place, OPTIONS, work=Path(work[0]))
    else:
        index_folders([photos], place, OPTIONS, LocalRead(one_crew))


if __name__ == "__main__":
    main()
