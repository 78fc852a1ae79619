"""Counts of requests and bytes, for the cost of a run."""

import threading
from dataclasses import dataclass, field


@dataclass
class Traffic:
    """Requests to object storage and the bytes they moved; may be used by several threads.

    Attributes:
        reads: number of reading requests: get, range, head, and pages of listings.
        writes: number of writing requests, those that found the key there too.
        bytes_read: content read.
        bytes_written: content written.
    """

    reads: int = 0
    writes: int = 0
    bytes_read: int = 0
    bytes_written: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def read(self, size: int) -> None:
        """Count a reading request of so many bytes."""
        with self._lock:
            self.reads += 1
            self.bytes_read += size

    def wrote(self, size: int) -> None:
        """Count a writing request of so many bytes."""
        with self._lock:
            self.writes += 1
            self.bytes_written += size
