"""The digests of the contents of listed files, each read at most once in a rescan."""

from collections.abc import Iterable

from imgrec.collection.matching import DigestOf, FoundFile
from imgrec.sources.side_by_side import Place, side_by_side


class Digests:
    """Reads digests as they are asked for, see `imgrec.collection.matching.Contents`."""

    def __init__(self, digest_of: DigestOf) -> None:
        """Begin without any.

        Args:
            digest_of: returns the content digest of a file, None if it cannot be read. Called once
                a file, for remote ones in other threads.
        """
        self._digest_of = digest_of
        self._known: dict[FoundFile, str | None] = {}

    def __call__(self, file: FoundFile) -> str | None:
        """Return the digest of a file; None if it cannot be read."""
        if file not in self._known:
            self._known[file] = self._digest_of(file)
        return self._known[file]

    def read(self, files: Iterable[FoundFile]) -> None:
        """Read the digests of files that will be asked for."""
        unknown = [file for file in dict.fromkeys(files) if file not in self._known]
        found = side_by_side(self._digest_of, unknown, lambda file: Place(file.root, file.size))
        self._known.update(zip(unknown, found, strict=True))
