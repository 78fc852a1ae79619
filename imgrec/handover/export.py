"""Hand the vectors of a store over to other engines: Parquet, Lance, Qdrant.

All targets of one call get the same rows, of one state of the store. A folder is written beside its
place and replaces an older export there as a whole; a collection of Qdrant is brought up to date
point by point.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgrec.errors import WrongValueError
from imgrec.handover.choices import COLLECTION
from imgrec.handover.lance import check_lance, write_lance
from imgrec.handover.parquet import write_parquet
from imgrec.handover.qdrant import write_points
from imgrec.handover.qdrant_address import check_address, check_collection, opened_client
from imgrec.handover.rows import Rows
from imgrec.handover.table import Table, load_pyarrow
from imgrec.search.asked import Under, Where, filter_asked
from imgrec.store.store import Store, check_store
from imgrec.store.written_from import STORE, store_token
from imgrec.system.argument_types import PATH_OR_NONE, TEXT, TEXT_OR_NONE, check_type
from imgrec.system.atomic_files import write_text
from imgrec.system.atomic_folders import new_folder
from imgrec.system.output_folder import LANCE, PARQUET, OutputFolder
from imgrec.system.progress import planned, progress

# A drive of Windows has one letter.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


@dataclass(frozen=True)
class Exported:
    """What was written to one target.

    Attributes:
        target: `parquet`, `lance` or `qdrant`.
        place: the folder, or the name of the collection.
        feature: whose vectors were written.
        pictures: number of rows or points.
        size_bytes: of the files of a folder; 0 for a collection.
        kept: points of a collection that were there already.
        deleted: points of a collection whose pictures are not in the export.
    """

    target: str
    place: str
    feature: str
    pictures: int
    size_bytes: int = 0
    kept: int = 0
    deleted: int = 0


def export_vectors(
    store: Store,
    *,
    parquet: Path | str | None = None,
    lance: Path | str | None = None,
    qdrant: str | None = None,
    collection: str = COLLECTION,
    feature: str | None = None,
    where: Where = (),
    under: Under = (),
    quiet: bool = True,
) -> list[Exported]:
    """Write vectors, paths, digests and labels for other search engines, in bounded memory.

    Args:
        store: open for reading.
        parquet: folder of Parquet files; an older export there is replaced.
        lance: folder of a Lance dataset; an older export there is replaced.
        qdrant: address of a server, `http://HOST:6333`, or a folder of its client; the key is
            `$QDRANT_API_KEY`.
        collection: name of the collection of Qdrant; made if it is absent.
        feature: or relation; by default the store's default feature.
        where: only pictures with these labels or metadata, as in `Recommender.query`.
        under: only pictures in these folders.
        quiet: show no progress.

    Returns:
        A summary of each target.

    Raises:
        StoreError: the store lacks the feature, or it has no vector of these pictures.
        WrongValueError: no target is named, the filter names what is unknown, or the address of
            Qdrant holds credentials.
        ImgrecError: a folder holds anything but an export, a package is not installed, or Qdrant
            refuses.
    """
    _check_types(store, parquet, lance, qdrant, collection, feature)
    wanted = filter_asked(where, under)
    folders = {
        kind: _folder(kind, place)
        for kind, place in ((PARQUET, parquet), (LANCE, lance))
        if place is not None
    }
    _check_targets(store, folders, qdrant, collection)
    stages = [*(f"writing {kind.what}" for kind in folders), *(["points"] if qdrant else [])]
    with store.catalog.one_state(), planned(dict.fromkeys(stages, 1.0), quiet=quiet):
        rows = Rows.of(store, feature, wanted)
        exported = [_write_folder(store, rows, kind, to, quiet) for kind, to in folders.items()]
        if qdrant is not None:
            exported.append(_write_points(rows, qdrant, collection, quiet))
    return exported


def _folder(kind: OutputFolder, place: Path | str) -> Path:
    """Return the folder of an export.

    Raises:
        WrongValueError: it is an address, which is not repeated: it may hold a password.
    """
    if _ADDRESS.match(str(place)):
        raise WrongValueError(
            f"the place of the {kind.what} is an address: give a folder of this machine, which can "
            "be copied there"
        )
    return Path(place).expanduser().resolve()


def _check_targets(
    store: Store, folders: dict[OutputFolder, Path], qdrant: str | None, collection: str
) -> None:
    """Check all targets before anything is read."""
    if not folders and qdrant is None:
        raise WrongValueError(
            "nothing is to be written: give --parquet DIR, --lance DIR or --qdrant URL"
        )
    if len({*folders.values()}) < len(folders):
        raise WrongValueError(
            f"{folders[LANCE]} is given for two exports: give each its own folder"
        )
    if PARQUET in folders:
        load_pyarrow()
    if LANCE in folders:
        check_lance()
    if qdrant is not None:
        check_address(qdrant)
        check_collection(collection)
    for kind, folder in folders.items():
        if folder.is_relative_to(store.path.resolve()):
            raise WrongValueError(f"{folder} lies in the store: name another folder")
        kind.check_place(folder)


def _write_folder(store: Store, rows: Rows, kind: OutputFolder, out: Path, quiet: bool) -> Exported:
    writers: dict[OutputFolder, Callable[[Table, Path, Callable[[int], object]], None]] = {
        PARQUET: write_parquet,
        LANCE: write_lance,
    }
    facts = {STORE: store_token(store.path, out), "feature": rows.spec.name}
    with (
        progress(f"writing {kind.what}", total=len(rows.ids), unit="pictures", quiet=quiet) as bar,
        new_folder(out, kind.check_place) as folder,
    ):
        writers[kind](Table(rows), folder, bar.update)
        write_text(folder / kind.marker, kind.described(folder, facts))
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    target = "parquet" if kind is PARQUET else "lance"
    return Exported(target, str(out), rows.spec.name, len(rows.ids), size)


def _write_points(rows: Rows, address: str, collection: str, quiet: bool) -> Exported:
    with (
        progress("points", total=len(rows.ids), unit="pictures", quiet=quiet) as bar,
        opened_client(address) as client,
    ):
        written = write_points(rows, client, collection, bar.update)
    n, (kept, deleted) = len(rows.ids), (written.kept, written.deleted)
    return Exported("qdrant", collection, rows.spec.name, n, kept=kept, deleted=deleted)


def _check_types(
    store: object, parquet: object, lance: object, qdrant: object, collection: object,
    feature: object,
) -> None:  # fmt: skip
    check_store(store)
    check_type("parquet", parquet, PATH_OR_NONE)
    check_type("lance", lance, PATH_OR_NONE)
    check_type("qdrant", qdrant, TEXT_OR_NONE)
    check_type("collection", collection, TEXT)
    check_type("feature", feature, TEXT_OR_NONE)
