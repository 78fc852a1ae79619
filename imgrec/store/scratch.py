"""Scratch: arrays that tasks leave for each other, each written once and atomically.

A large computation is cut into pure tasks with small results. A task saves its arrays under a name
that says what they are; whoever needs them loads them by that name, in another process or on
another machine. What is there is whole, and a name always stands for the same content: so a killed
computation continues after the tasks that are done, and a task that runs twice does no harm.

A file holds its arrays one after another in NumPy's `.npy` format; nothing is pickled.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from imgrec.objects.opening import objects_at
from imgrec.system.atomic_files import write_bytes

SUFFIX = ".arrays"


class Scratch(Protocol):
    """Where tasks leave arrays; pickled with a task, so it holds an address and no handle."""

    def has(self, name: str) -> bool:
        """Return True if arrays were saved under a name."""
        ...

    def save(self, name: str, *arrays: NDArray[Any]) -> None:
        """Save arrays under a name, atomically.

        Raises:
            OSError: the folder is read-only or full.
            ObjectError: the object cannot be written.
        """
        ...

    def load(self, name: str) -> list[NDArray[Any]]:
        """Return the arrays saved under a name.

        Raises:
            OSError: there are none.
            ObjectError: there are none, or they cannot be read.
        """
        ...

    def remove(self, name: str) -> None:
        """Delete the arrays saved under a name; nothing happens if there are none."""
        ...


@dataclass(frozen=True)
class FolderScratch:
    """Scratch in a folder that all tasks reach.

    Attributes:
        folder: which exists.
    """

    folder: str

    def has(self, name: str) -> bool:
        """Return True if arrays were saved under a name."""
        return self._path(name).is_file()

    def save(self, name: str, *arrays: NDArray[Any]) -> None:
        """Save arrays under a name, atomically."""
        write_bytes(self._path(name), _packed(arrays))

    def load(self, name: str) -> list[NDArray[Any]]:
        """Return the arrays saved under a name."""
        return _unpacked(self._path(name).read_bytes())

    def remove(self, name: str) -> None:
        """Delete the arrays saved under a name."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return Path(self.folder, name + SUFFIX)


@dataclass(frozen=True)
class ObjectScratch:
    """Scratch in object storage, for tasks on several machines.

    Attributes:
        url: of the prefix.
    """

    url: str

    def has(self, name: str) -> bool:
        """Return True if arrays were saved under a name."""
        return objects_at(self.url, made=True).head(name + SUFFIX) is not None

    def save(self, name: str, *arrays: NDArray[Any]) -> None:
        """Save arrays under a name; those that are there already stay."""
        objects_at(self.url, made=True).create(name + SUFFIX, _packed(arrays))

    def load(self, name: str) -> list[NDArray[Any]]:
        """Return the arrays saved under a name."""
        return _unpacked(objects_at(self.url, made=True).get(name + SUFFIX)[0])

    def remove(self, name: str) -> None:
        """Delete the arrays saved under a name."""
        objects_at(self.url, made=True).delete(name + SUFFIX)


def _packed(arrays: tuple[NDArray[Any], ...]) -> bytes:
    buffer = io.BytesIO()
    for values in arrays:
        np.save(buffer, np.asarray(values, order="C"), allow_pickle=False)
    return buffer.getvalue()


def _unpacked(data: bytes) -> list[NDArray[Any]]:
    buffer, arrays = io.BytesIO(data), []
    while buffer.tell() < len(data):
        arrays.append(np.load(buffer, allow_pickle=False))
    return arrays
