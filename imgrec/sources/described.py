"""What sources have in common whose pictures are named below a description that is an address."""

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DescribedSource:
    """Names of a source without local files, whose locations are its description and a path.

    Attributes:
        description: an address, without a slash at its end.
    """

    description: str

    @property
    def name(self) -> str:
        """The last part of the description."""
        return self.description.rpartition("/")[2]

    def location(self, path: str = "") -> str:
        """Return the description of what begins at a path."""
        return f"{self.description}/{path}" if path else self.description

    def path_of(self, location: str) -> str | None:
        """Return a location relative to the description; None where it is not below."""
        if location == self.description:
            return ""
        prefix = self.description + "/"
        return location.removeprefix(prefix) if location.startswith(prefix) else None

    def file(self, path: str) -> Path | None:
        """Return None: there is no local file."""
        return None

    def file_identity(self, path: str) -> Hashable | None:
        """Return None: a picture has one name."""
        return None
