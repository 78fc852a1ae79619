"""Read units of a store from object storage into a folder: several at once, each one atomically.

Each thread reads one unit at a time, file by file, and large files in pieces, so memory is bounded
by the number of threads. On Ctrl-C or the first error no other unit is begun, those in progress end
or fail, and nothing half written keeps its name.
"""

import os
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from imgrec.remote.local import decisive
from imgrec.remote.manifest import Entry
from imgrec.remote.places import folder_of
from imgrec.remote.store import RemoteStore
from imgrec.store.kept import SIDECAR
from imgrec.store.ownership import check_kept, check_part
from imgrec.store.pulled import Stamp
from imgrec.system.atomic_files import new_file
from imgrec.system.atomic_folders import new_folder
from imgrec.system.progress import progress

THREADS = 16
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
    if not units:
        return {}
    sizes = [sum(entry.size for entry in files.values()) + 1 for files in units.values()]
    stage = progress(PULLING, total=len(units), unit="files", weights=sizes, quiet=quiet)
    with stage, ThreadPoolExecutor(min(THREADS, len(units))) as pool:
        tasks = [pool.submit(_bring, remote, folder, *one) for one in units.items()]
        for task in tasks:
            task.add_done_callback(lambda _: stage.update())
        try:
            wait(tasks, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        results = [task.result() for task in tasks if not task.cancelled()]
        return {unit: stamp for unit, stamp in zip(units, results, strict=False) if stamp}


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
