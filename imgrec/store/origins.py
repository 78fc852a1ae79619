"""The origins of rows: the catalog's data once more, so that a lost catalog can be restored.

    thumbs/part-000000/pictures.json   {column: m values}; row i belongs to the part's `ids[i]`
    roots.json                         number, path, and whether the root holds pictures of the
                                       collection, or only such as are left out of it

Each part of thumbnails names the files its pictures were read from. Vectors and classes need no
copy of it: indexing makes a thumbnail of every picture that gets a vector.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from imgrec.collection import Catalog, Entry, Ids, Outcome
from imgrec.collection.places import is_picture_path, is_root
from imgrec.collection.rebuild import KnownRoot
from imgrec.errors import StoreError, cause_of
from imgrec.pictures.metadata_names import Datum, is_datum
from imgrec.store.paths import StorePaths
from imgrec.system.atomic_files import write_text
from imgrec.system.json_files import a_number, json_or_none, read_json

ORIGINS = "pictures.json"
COLUMNS = ("root", "path", "size", "mtime_ns", "digest", "width", "height", "format")
# [name, value, number] of each thing that the file says of itself, and of each measure. A part that
# was written before metadata was read has no such column.
METADATA = "metadata"
_TYPES = (int, str, int, int, str, int, int, str)
_COLUMN_SHAPES = {
    **{name: [kind] for name, kind in zip(COLUMNS, _TYPES, strict=True)},
    f"{METADATA}?": [[is_datum]],
}
_ROOT_SHAPES = [{"number": a_number(1, 1 << 31), "path": is_root, "held": bool, "left_out?": bool}]
# A part has about a thousand rows, most of them of less than 800 bytes.
_MOST_BYTES = 1 << 25
# A value for each of COLUMNS, and the metadata.
Origin = tuple[int, str, int, int, str, int, int, str, tuple[Datum, ...]]


def origins_of(
    ids: Ids, entries: Iterable[Entry], outcomes: Iterable[Outcome], roots: Mapping[str, int]
) -> bytes:
    """Return the JSON of `pictures.json` for a part.

    Args:
        ids: (m,) of the part's rows.
        entries: the catalog's rows of these pictures, in any order.
        outcomes: the results of reading them, in any order.
        roots: {path: number} of all roots.
    """
    files = {entry.id: entry for entry in entries}
    told = {outcome.id: outcome for outcome in outcomes}
    rows = [_origin(files[i], told[i], roots) for i in ids.tolist()]
    columns: dict[str, list[object]] = {
        name: [row[n] for row in rows] for n, name in enumerate(COLUMNS)
    }
    columns[METADATA] = [told[i].metadata for i in ids.tolist()]
    return json.dumps(columns, separators=(",", ":")).encode()


def read_origins(file: Path, count: int) -> list[Origin]:
    """Return the rows of a `pictures.json`.

    Args:
        file: the `pictures.json` of a part.
        count: of rows that the part has.

    Raises:
        StoreError: it is damaged, or has another number of rows.
    """
    try:
        columns = read_json(file, _COLUMN_SHAPES, most_bytes=_MOST_BYTES)
        said = columns.get(METADATA, [()] * count)
        lengths = {len(said), *(len(columns[name]) for name in COLUMNS)}
        if lengths != {count}:
            raise ValueError(f"it has {max(lengths)} rows, {count} expected")
        strange = next((path for path in columns["path"] if not is_picture_path(path)), None)
        if strange is not None:
            raise ValueError(f"{strange!r} is no path below a root")
    except (OSError, ValueError) as error:
        raise StoreError(f"{ORIGINS} is damaged ({cause_of(error)})") from error
    metadata = [tuple(Datum(*datum) for datum in data) for data in said]
    return list(zip(*(columns[name] for name in COLUMNS), metadata, strict=True))


def write_roots(store: Path, catalog: Catalog) -> None:
    """Write roots.json atomically; leave a file with the same content untouched."""
    held = set(catalog.held_roots())
    left_out = set(catalog.left_out_roots()) - held
    roots = [
        {"number": number, "path": path, "held": path in held, "left_out": path in left_out}
        for path, number in catalog.roots().items()
    ]
    text = json.dumps(roots, indent=2) + "\n"
    path = StorePaths(store).roots
    if not path.is_file() or path.read_bytes() != text.encode():
        write_text(path, text)


def read_roots(store: Path) -> list[KnownRoot]:
    """Return the roots of roots.json, none if it is absent or damaged."""
    found = json_or_none(StorePaths(store).roots, _ROOT_SHAPES, most_bytes=_MOST_BYTES) or []
    return [
        KnownRoot(root["number"], root["path"], root["held"], root.get("left_out", False))
        for root in found
    ]


def _origin(file: Entry, told: Outcome, roots: Mapping[str, int]) -> Sequence[object]:
    place = (roots[file.root], file.path, file.size, file.mtime_ns)
    return (*place, told.digest, told.width, told.height, told.format)
