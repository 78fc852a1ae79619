"""The file stage: pairs of files are read and compared in worker processes.

A file that cannot be read, or whose bytes are no more those that the catalog knows, makes its pair
`SIMILAR` and `UNREAD`: related by the thumbnails, to be looked at. So does a decoder that crashes
or takes too long; the death of a process costs one pair.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType

from imgrec.collection import Entry
from imgrec.duplicates.comparing import compare_files
from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.errors import PictureError
from imgrec.pictures.decoding import digest
from imgrec.sources.opening import source_of
from imgrec.system.threads import cores
from imgrec.system.worker import beat
from imgrec.system.workers import Workers, result_or

# Time limit of a pair: two files are decoded, some of them several times.
PAIR_S = 60.0
# Copies of a content that are tried where the first cannot be read.
_TRIED = 3
UNREAD = Comparison(Verdict.SIMILAR, 0.0, Difference.UNREAD)


@dataclass(frozen=True, slots=True)
class Content:
    """Where the bytes of a content are; small and picklable.

    Attributes:
        digest: of the bytes.
        places: (root, path) of files that hold them.
    """

    digest: str
    places: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, files: Iterable[Entry]) -> "Content":
        """Return the content of some files of equal bytes."""
        files = [*files]
        return cls(files[0].digest or "", tuple((e.root, e.path) for e in files[:_TRIED]))

    def read(self) -> bytes:
        """Return the bytes.

        Raises:
            PictureError: no file can be read, or none holds these bytes any more.
        """
        for root, path in self.places:
            try:
                data = source_of(root).read(path)
            except PictureError:
                continue
            if digest(data) == self.digest:
                return data
        raise PictureError("unreadable", "no file has the content that the catalog knows")


def compare_contents(first: Content, second: Content, within_s: float = PAIR_S) -> Comparison:
    """Read and compare two contents, in a worker process or in this one."""
    beat(None, within_s)
    try:
        return compare_files(first.read(), second.read())
    except (PictureError, MemoryError):
        return UNREAD


class FileStage:
    """Compares pairs of contents; a context manager that ends its worker processes."""

    def __init__(self, workers: int | None = None, within_s: float = PAIR_S) -> None:
        """Make a stage.

        Args:
            workers: processes; 0 compares in this process, None for one per core.
            within_s: time limit of a pair; not enforced without workers.
        """
        self.workers = cores() if workers is None else workers
        self._processes = Workers(self.workers)
        self._within_s = within_s

    def __enter__(self) -> "FileStage":
        self._processes.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._processes.__exit__(kind, error, trace)

    def compared(self, pairs: Iterable[tuple[Content, Content]]) -> Iterator[Comparison]:
        """Yield the comparison of each pair, in their order; pairs are consumed lazily.

        Raises:
            ImgrecError: no worker process can be started.
        """
        if self.workers == 0:
            yield from (compare_contents(*pair) for pair in pairs)
            return
        jobs = ((first, second, self._within_s) for first, second in pairs)
        for future in self._processes.ahead(compare_contents, jobs):
            yield result_or(future, UNREAD)
