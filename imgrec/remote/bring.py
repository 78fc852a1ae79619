"""Read units of a store from object storage into a folder: several at once, each one atomically.

A thread reads its unit file by file, and large files in pieces. After Ctrl-C or an error nothing
half written keeps its name.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from imgrec.remote.local import decisive
from imgrec.remote.manifest import Entry
from imgrec.remote.places import folder_of
from imgrec.remote.store import RemoteStore
from imgrec.remote.transfers import transferred
from imgrec.store.kept import SIDECAR
from imgrec.store.ownership import check_kept, check_part
from imgrec.store.pulled import Stamp
from imgrec.system.atomic_files import new_file
from imgrec.system.atomic_folders import new_folder

PULLING = "reading the store"


def bring(
    remote: RemoteStore, folder: Path, units: Mapping[str, Mapping[str, Entry]], *, quiet: bool
) -> dict[str, Stamp]:
    """Write units into the folder of a store, each over the one that is there.

    The caller has removed the temporaries of killed runs.

    Args:
        remote: has the contents.
        folder: of the store.
        units: {unit or path of a loose file: {path: entry}}.
        quiet: show no progress.

    Returns:
        The stamps of the loose files, taken before they got their names.

    Raises:
        StoreError: a content is damaged, or a folder that would be replaced holds other files.
        ObjectError: a content cannot be read.
        OSError: the folder cannot be written.
    """
    sizes = [sum(entry.size for entry in files.values()) for files in units.values()]
    stamps = transferred(
        lambda unit: _bring(remote, folder, unit, units[unit]),
        list(units), sizes, PULLING, quiet=quiet,
    )  # fmt: skip
    return {unit: stamp for unit, stamp in zip(units, stamps, strict=True) if stamp}


def _bring(
    remote: RemoteStore, folder: Path, unit: str, files: Mapping[str, Entry]
) -> Stamp | None:
    deciding = decisive(unit, files)
    if deciding == unit:
        place = folder / unit
        place.parent.mkdir(parents=True, exist_ok=True)
        with new_file(place) as file:
            remote.blobs.write_to(file, files[unit], unit)
            file.flush()
            return (*files[unit], os.fstat(file.fileno()).st_mtime_ns)
    check = check_kept if deciding.endswith(SIDECAR) else check_part
    with new_folder(folder / unit, check, tidied=True) as temporary:
        for path, entry in files.items():
            # Of a unit each file lies in its folder.
            assert folder_of(path) == unit
            with (temporary / path.rpartition("/")[2]).open("w+b") as file:
                remote.blobs.write_to(file, entry, path)
    return None
