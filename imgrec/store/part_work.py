"""Work on a feature group by group: where tasks run, and where they leave their results.

What a computation leaves in scratch is named by all that decides it. A killed one is found again by
the next run, which continues it; when its result has been kept, its scratch is deleted.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from imgrec.objects.opening import objects_at
from imgrec.store.features import FeatureStore
from imgrec.store.part_groups import (
    GROUP_BYTES,
    Groups,
    LocalParts,
    Mapping,
    PartVectors,
    cut_groups,
    read_by,
)
from imgrec.store.scratch import SUFFIX, FolderScratch, ObjectScratch, Scratch
from imgrec.store.store import Store
from imgrec.system.atomic_files import TEMPORARY_PREFIX

# Of the memory of this machine that a computation may take, before it is done group by group.
_MOST_FILLED = 0.5


@dataclass(frozen=True)
class PartWork:
    """How a feature is worked on group by group.

    Attributes:
        mapping: where tasks run: the builtin `map`, or one over processes or machines.
        folder: for files; None for one in the user's cache folder. Tasks must reach it.
        url: of object storage that tasks reach in place of the folder; "" for none.
        vectors: returns how tasks open the parts of a feature, from its name and dimensions; None
            for the parts in the local store.
        group_bytes: of the vectors in a group, at most.
    """

    mapping: Mapping = map
    folder: Path | None = None
    url: str = ""
    vectors: Callable[[str, int], PartVectors] | None = None
    group_bytes: int = GROUP_BYTES

    @contextmanager
    def job(self, store: Store, feature: FeatureStore, *what: object) -> Iterator["PartJob"]:
        """Yield a computation over a feature; its scratch is deleted unless an exception escapes.

        Args:
            store: open.
            feature: one that the store has parts of.
            what: decides the result, beside the vectors.
        """
        name = _digest(feature, *what, self.group_bytes)
        folder = (self.folder or _cache_folder()) / name
        folder.mkdir(parents=True, exist_ok=True)
        scratch: Scratch = FolderScratch(str(folder))
        if self.url:
            scratch = ObjectScratch(f"{self.url.rstrip('/')}/{name}")
        vectors: PartVectors
        if self.vectors is None:
            path = store.paths.feature(feature.name).absolute()
            vectors = LocalParts(str(path), feature.dimensions)
        else:
            vectors = self.vectors(feature.name, feature.dimensions)
            feature = read_by(feature, vectors)
        yield PartJob(feature, vectors, scratch, folder, self.mapping, self.group_bytes)
        if self.url:
            _delete_objects(f"{self.url.rstrip('/')}/{name}")
        _delete_files(folder)


@dataclass(frozen=True)
class PartJob:
    """One computation over the parts of a feature.

    Attributes:
        feature: open.
        vectors: how tasks open its parts.
        scratch: for the results of tasks.
        folder: for files of this process.
        mapping: where tasks run.
        group_bytes: of the vectors in a group, at most.
    """

    feature: FeatureStore
    vectors: PartVectors
    scratch: Scratch
    folder: Path
    mapping: Mapping
    group_bytes: int

    def groups(self) -> Groups:
        """Return the groups of all vectors."""
        return cut_groups(self.feature, self.vectors, self.scratch, self.group_bytes)


def fits_memory(needed_bytes: int) -> bool:
    """Return True if a computation that needs so much memory may be done in one piece."""
    memory = _memory_bytes()
    return memory is None or needed_bytes <= _MOST_FILLED * memory


def has_parts(store: Store, feature: FeatureStore) -> bool:
    """Return True if the vectors of a feature lie in parts of their own, and are not composed."""
    return feature.name in store.feature_names()


def _memory_bytes() -> int | None:
    """Return the physical memory of this machine, None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _digest(feature: FeatureStore, *what: object) -> str:
    found = blake2b(repr((feature.name, feature.dimensions, what)).encode(), digest_size=16)
    found.update(feature.ids.tobytes())
    found.update(feature.owners.tobytes())
    for block in feature.blocks:
        found.update(block.source.encode() + b"\n")
    return found.hexdigest()


def _cache_folder() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("imgrec") / "derived"


def _delete_files(folder: Path) -> None:
    for path in folder.iterdir():
        if path.suffix in (SUFFIX, ".npy") or path.name.startswith(TEMPORARY_PREFIX):
            # Elsewhere than on POSIX systems a mapped file stays.
            with suppress(OSError):
                path.unlink()
    with suppress(OSError):
        folder.rmdir()


def _delete_objects(url: str) -> None:
    objects = objects_at(url, made=True)
    for info in list(objects.list()):
        if info.key.endswith(SUFFIX):
            objects.delete(info.key)
