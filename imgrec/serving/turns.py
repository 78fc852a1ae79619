"""The threads that answer requests: how many of each kind of work are done at once.

Both adapters hand their requests to `Turns`, and what is more than its threads waits its turn. A
question that is computed keeps a core busy, so more of them at once than there are cores answer
nobody sooner; and each thread that multiplies has buffers of its own in the library of linear
algebra, 30 MB in OpenBLAS, which stay. So computing has few threads, always the same ones. What
only reads, such as a thumbnail, waits for no question, and no question waits for the process that
decodes pictures.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import ParamSpec, TypeVar

from imgrec.system.threads import cores

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

# Two at least: a question may wait for a part of a picture to be decoded, or for an encoder.
_LEAST, _MOST = 2, 8


class Work(Enum):
    """What answering a request mostly does."""

    # Reads little, and is done at once.
    READS = "reads"
    # Compares vectors, or counts labels, of all pictures.
    COMPUTES = "computes"
    # Waits for seconds: for the process that decodes pictures, or for files to be copied.
    WAITS = "waits"


def threads_of(work: Work) -> int:
    """Return the number of requests of a kind that are answered at once."""
    if work is Work.COMPUTES:
        return min(max(cores(), _LEAST), _MOST)
    return {Work.READS: 8, Work.WAITS: 4}[work]


class Turns:
    """The threads of one server; they end with it."""

    def __init__(self) -> None:
        self._threads = {
            work: ThreadPoolExecutor(threads_of(work), thread_name_prefix=f"imgrec {work.value}")
            for work in Work
        }

    def submit(
        self,
        work: Work,
        answer: Callable[Given, Answer],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Future[Answer]:
        """Return the future of an answer, which waits for its turn; to cancel it gives that up."""
        return self._threads[work].submit(answer, *args, **kwargs)
