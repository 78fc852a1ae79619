"""Which row of the catalog is the picture in a file that has no row at its place.

A row whose content is found at a new place keeps its id, if the old place is gone: then the file
was moved. Where the old place is still there the file is a copy and gets an id of its own. So a
file is paired with a row, in this order:

1. at the same place with the same version, without being read;
2. at the same place with the same content;
3. with the same content, whose file is gone: since the last scan before longer ago;
4. with the same content, of a root that is absent. It may have been renamed, or be a disk that is
   not plugged in and of which some pictures were copied. So it counts as moved only if at least
   half of its pictures are found.

One place may have two descriptions: names in NFC and NFD, and roots that lie inside each other.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Literal, NamedTuple, Protocol

from imgrec.collection import Entry
from imgrec.sources.opening import overlap, source_of
from imgrec.system.file_names import composed

Fate = Literal["gone", "absent", "there"]
# Share of the pictures of an absent root that must be found elsewhere for it to have been moved.
_MOVED = 0.5


class FoundFile(NamedTuple):
    """A picture that a source holds now: the description of the source, and what it listed."""

    root: str
    path: str
    size: int
    mtime_ns: int
    token: str = ""


DigestOf = Callable[[FoundFile], str | None]
Pair = tuple[Entry, FoundFile]


class Contents(Protocol):
    """The content digests of files."""

    def __call__(self, file: FoundFile) -> str | None:
        """Return the digest of a file; None if it cannot be read."""

    def read(self, files: Iterable[FoundFile]) -> None:
        """Read the digests of files that will be asked for, several at a time where that pays."""


class Elsewhere(Protocol):
    """The rows that may have no file at their place, and what became of these files."""

    def rows(self, sizes: Collection[int]) -> list[Entry]:
        """Return rows of these file sizes that are missing, left out, or of an absent root."""

    def fate(self, row: Entry) -> Fate:
        """Return whether the old file of a row is gone, or there, or its whole root is absent."""

    def held(self, root: str) -> int:
        """Return how many pictures an absent root held."""


def match(
    arrived: Iterable[FoundFile],
    left: Sequence[Entry],
    elsewhere: Elsewhere,
    contents: Contents,
) -> tuple[list[Pair], list[FoundFile]]:
    """Pair files with the rows whose pictures they are, each row once.

    Args:
        arrived: files at places where the catalog has no row.
        left: rows whose file is gone from its place.
        elsewhere: the rows of other places.
        contents: asked only for files of the size of a row.

    Returns:
        The (row, file) pairs, and the files that are left over, by root and path.
    """
    files = sorted(arrived, key=lambda file: (file.root, file.path))
    if not files:
        return [], []
    others = elsewhere.rows({file.size for file in files})
    fates: dict[int, Fate] = {row.id: "gone" for row in left}

    def fate(row: Entry) -> Fate:
        if row.id not in fates:
            fates[row.id] = elsewhere.fate(row)
        return fates[row.id]

    matching = _Matching(files, sorted([*left, *others], key=lambda row: row.id), contents)
    matching.take_places()
    matching.take_contents(lambda row: fate(row) == "gone")
    before = len(matching.pairs)
    untold = matching.files
    matching.take_contents(lambda row: fate(row) == "absent")
    matching.give_back(before, untold, elsewhere.held)
    return matching.pairs, matching.files


class _Matching:
    """The state of a matching: files without a row, rows without a file, and the pairs found."""

    def __init__(self, files: list[FoundFile], rows: Sequence[Entry], contents: Contents) -> None:
        self.files = files
        self.pairs: list[Pair] = []
        self._taken: set[int] = set()
        self._place = _places({row.root for row in rows} | {file.root for file in files})
        self._by_place: dict[str, list[Entry]] = {}
        self._by_content: dict[tuple[int, str], list[Entry]] = {}
        for row in rows:
            self._by_place.setdefault(self._place(row.root, row.path), []).append(row)
            if row.digest:
                self._by_content.setdefault((row.size, row.digest), []).append(row)
        self._sizes = {size for size, _ in self._by_content}
        self._contents = contents

    def take_places(self) -> None:
        """Pair files with the rows of their own places: of the same version, else content."""
        self._take(self._same_version)
        # Each of the others is asked for its content, by its place or by any.
        self._contents.read(file for file in self.files if file.size in self._sizes)
        self._take(self._same_place)

    def take_contents(self, allowed: Callable[[Entry], bool]) -> None:
        """Pair files with rows of the same content, those of the smallest ids first.

        Rows that were missing before come last: the file of another one has just been moved.
        """
        waiting: dict[tuple[int, str], deque[Entry]] = {}

        def row_of(file: FoundFile) -> Entry | None:
            content = self._content(file)
            if content not in self._by_content:
                return None
            if content not in waiting:
                rows = self._by_content[content]
                free = (row for row in rows if self._is_free(row) and allowed(row))
                waiting[content] = deque(sorted(free, key=lambda row: row.status == "missing"))
            return waiting[content].popleft() if waiting[content] else None

        self._take(row_of)

    def give_back(self, first: int, files: list[FoundFile], held: Callable[[str], int]) -> None:
        """Undo the pairs from `first` on with rows of roots of which too little was found.

        Args:
            first: number of pairs that stay.
            files: that were without a row before.
            held: returns how many pictures a root held.
        """
        counts = Counter(row.root for row, _ in self.pairs[first:])
        moved = {root for root, count in counts.items() if count >= _MOVED * held(root)}
        stay = [pair for pair in self.pairs[first:] if pair[0].root in moved]
        self.pairs[first:] = stay
        paired = {file for _, file in stay}
        self.files = [file for file in files if file not in paired]

    def _take(self, row_of: Callable[[FoundFile], Entry | None]) -> None:
        rest = []
        for file in self.files:
            row = row_of(file)
            if row is None:
                rest.append(file)
            else:
                self._taken.add(row.id)
                self.pairs.append((row, file))
        self.files = rest

    def _is_free(self, row: Entry) -> bool:
        return row.id not in self._taken

    def _at(self, file: FoundFile) -> Iterator[Entry]:
        """Yield the free rows of a file's own place, the newest first."""
        rows = self._by_place.get(self._place(file.root, file.path), ())
        return filter(self._is_free, reversed(rows))

    def _same_version(self, file: FoundFile) -> Entry | None:
        return next((row for row in self._at(file) if is_version(row, file)), None)

    def _same_place(self, file: FoundFile) -> Entry | None:
        alike = (row for row in self._at(file) if row.digest and row.size == file.size)
        return next((row for row in alike if row.digest == self._contents(file)), None)

    def _content(self, file: FoundFile) -> tuple[int, str] | None:
        if file.size not in self._sizes:
            return None
        digest = self._contents(file)
        return (file.size, digest) if digest else None


def is_version(row: Entry, file: FoundFile) -> bool:
    """Return True if a row is of the version of a file; an unknown token is taken for the same."""
    same = (row.size, row.mtime_ns) == (file.size, file.mtime_ns)
    return same and row.token in (file.token, "")


def _places(roots: Collection[str]) -> Callable[[str, str], str]:
    """Return a function that gives root and path a text, equal for all names of one place."""
    sources = {root: source_of(root) for root in roots}
    nested = {
        root
        for pair in combinations(roots, 2)
        if overlap(*(sources[root] for root in pair))
        for root in pair
    }

    def place(root: str, path: str) -> str:
        where = sources[root].location(path) if root in nested else f"{root}\0{path}"
        return composed(where)

    return place
