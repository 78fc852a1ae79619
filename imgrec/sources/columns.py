"""Listed pictures as columns of bytes: as the catalog keeps them, and as processes exchange them.

Where hundreds of thousands of pictures are listed, what is done for each one by one is what a
rescan costs. Columns are joined, split and compared by operations that loop in C.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from imgrec.system.file_names import name_of, texts

# Whole numbers of 64 bits, as the catalog has them.
_NUMBERS = "q"
# Path, size, time and token of a picture: a `imgrec.sources.source.Listed`, or a tuple like one.
Picture = tuple[str, int, int, str]
# Paths, sizes, times and tokens.
Packed = tuple[bytes, bytes, bytes, bytes]


class Columns(NamedTuple):
    """Some listed pictures.

    Attributes:
        paths: within the source.
        sizes: in bytes.
        times: of the last modification, in nanoseconds since 1970.
        tokens: of their versions.
    """

    paths: list[bytes]
    sizes: list[int]
    times: list[int]
    tokens: list[bytes]

    @classmethod
    def of(cls, prefix: str, files: Sequence[Picture]) -> "Columns":
        """Return the columns of pictures, at least one, whose `path` lacks the prefix."""
        names, sizes, times, tokens = zip(*files, strict=True)
        paths = [prefix + name for name in names] if prefix else names
        return cls(texts(paths), list(sizes), list(times), texts(tokens))

    @classmethod
    def joined(cls, several: Sequence["Columns"]) -> "Columns":
        """Return the pictures of all of some columns."""
        every = cls([], [], [], [])
        for one in several:
            for column, values in zip(every, one, strict=True):
                column += values  # type: ignore[operator]
        return every

    def part(self, start: int, stop: int) -> "Columns":
        """Return the pictures from one place to before another."""
        return Columns(*(column[start:stop] for column in self))  # type: ignore[arg-type]

    def pictures(self) -> Iterator[Picture]:
        """Yield the pictures one by one."""
        paths, tokens = map(name_of, self.paths), map(name_of, self.tokens)
        return zip(paths, self.sizes, self.times, tokens, strict=True)

    def __reduce__(self) -> tuple[Callable[..., "Columns"], Packed]:
        """Pickle four pieces of memory, not an object for each value; of names without NUL."""
        sizes, times = (array(_NUMBERS, column).tobytes() for column in (self.sizes, self.times))
        return _unpacked, (b"\0".join(self.paths), sizes, times, b"\0".join(self.tokens))


def _unpacked(paths: bytes, sizes: bytes, times: bytes, tokens: bytes) -> Columns:
    if not sizes:
        return Columns([], [], [], [])
    numbers = [array(_NUMBERS, column).tolist() for column in (sizes, times)]
    return Columns(paths.split(b"\0"), numbers[0], numbers[1], tokens.split(b"\0"))
