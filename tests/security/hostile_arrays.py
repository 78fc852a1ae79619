"""Arrays whose headers or values lie, with checksums that are right."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attack import Attack
from ground import Ground, Spoil
from signing import edit_json, npy, replace_arrays, set_json, sign_kept, sign_part

_PART = "features/mini/part-000000"
_THUMBS = "thumbs/part-000000"
_PREVIEWS = "previews/part-000000"
_CLASSES = "classes/mini/part-000000"
_KMEANS = "indexes/mini/kmeans-few"
_CELLS = "indexes/mini/cells"
_PICKLE = b"cos\nsystem\n(S'touch PWNED'\ntR."
_HEADERS = {
    "objects": npy("{'descr': '|O', 'fortran_order': False, 'shape': (24,), }", _PICKLE),
    "2**62 rows": npy(f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({2**62},), }}", b"1"),
    "2**80 rows": npy(f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({2**80},), }}", b"1"),
    "negative rows": npy("{'descr': '<i8', 'fortran_order': False, 'shape': (-24,), }", b"1" * 192),
    "rows that overflow": npy(
        f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({2**32}, {2**32}), }}", b"1" * 192
    ),
    "no dimension": npy("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", b"1" * 8),
    "40 dimensions": npy(
        f"{{'descr': '<i8', 'fortran_order': False, 'shape': {(1,) * 40}, }}", b"1" * 8
    ),
    "items of no bytes": npy(
        f"{{'descr': '|V0', 'fortran_order': False, 'shape': ({2**62},), }}", b""
    ),
    "text": npy("{'descr': '<U6', 'fortran_order': False, 'shape': (24,), }", b"1" * 576),
    "records": npy(
        "{'descr': [('a', '<i4'), ('b', '|O')], 'fortran_order': False, 'shape': (24,), }",
        b"1" * 192,
    ),
    "dates": npy("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (24,), }", b"1" * 192),
    "big-endian": npy("{'descr': '>i8', 'fortran_order': False, 'shape': (24,), }", b"1" * 192),
    "Fortran order": npy("{'descr': '<i8', 'fortran_order': True, 'shape': (24, 1), }", b"1" * 192),
    "header that calls": npy("__import__('os').system('touch PWNED')"),
    "header of 1,000 brackets": npy("[" * 1000),
    "header of 100,000 brackets": npy("(" * 100_000, version=(3, 0)),
    "header of 2**32 bytes": b"\x93NUMPY\x02\x00" + b"\xff" * 4 + b"{" * 1000,
    "a pickle": _PICKLE,
    "a zip": b"PK\x03\x04" + b"\0" * 100,
    "no bytes": b"",
}
_HEADED = (
    f"{_PART}/ids.npy",
    f"{_PART}/vectors.npy",
    f"{_THUMBS}/offsets.npy",
    f"{_PREVIEWS}/ids.npy",
    f"{_CLASSES}/top.npy",
    "knn/mini/neighbors.npy",
)


def _headed(place: str, data: bytes) -> Spoil:
    """Return what replaces an array, and signs its part or kept folder."""

    def spoil(ground: Ground) -> None:
        path = ground.store / place
        path.write_bytes(data)
        if (path.parent / "part.json").is_file():
            sign_part(path.parent)
        else:
            _sign_unreadable(ground, place)

    return spoil


def _sign_unreadable(ground: Ground, place: str) -> None:
    """Sign a kept folder of an array that numpy does not read; dtype and shape stay the same."""
    import hashlib

    path = ground.store / place
    data = path.read_bytes()
    sums = hashlib.sha256(data).hexdigest()
    folder = path.parent
    body = json.loads((folder / "kept.json").read_text("utf-8"))
    del body["sha256"]
    body["files"][path.name].update(bytes=len(data), sha256=sums, ends_sha256=sums)
    checksum = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    (folder / "kept.json").write_text(json.dumps({**body, "sha256": checksum}, indent=2) + "\n")


Change = Callable[[NDArray[Any]], NDArray[Any]]


def _values(folder: str, name: str, change: Change) -> Spoil:
    """Return what changes the values of an array, and signs its folder."""

    def spoil(ground: Ground) -> None:
        path = ground.store / folder / f"{name}.npy"
        np.save(path, change(np.load(path)))
        (sign_part if (path.parent / "part.json").is_file() else sign_kept)(path.parent)

    return spoil


def _at(value: object, place: object = 0) -> Change:
    """Return what sets one place of an array."""

    def change(values: NDArray[Any]) -> NDArray[Any]:
        values[place] = value
        return values

    return change


def _all(value: object) -> Change:
    return lambda values: np.full_like(values, value)


_FAR = 2**62
_ARRAYS: dict[str, tuple[str, str, Change]] = {
    "ids that descend": (_PART, "ids", lambda v: v[::-1].copy()),
    "ids twice": (_PART, "ids", _all(3)),
    "ids below 0": (_PART, "ids", lambda v: v - 100),
    "ids of floats": (_PART, "ids", lambda v: v.astype(float)),
    "ids far": (_PART, "ids", lambda v: v + _FAR),
    "id 2**63 - 1": (_PART, "ids", _at(2**63 - 1, -1)),
    "ids of no pictures": (_PART, "ids", lambda v: v[:0]),
    "ids more than vectors": (_PART, "ids", lambda v: np.arange(1, 1000)),
    "vectors NaN": (_PART, "vectors", _at(np.nan)),
    "vectors infinite": (_PART, "vectors", _at(np.inf)),
    "vectors of the largest floats": (_PART, "vectors", _all(3.4e38)),
    "vectors of the smallest floats": (_PART, "vectors", _all(1e-45)),
    "vectors of other columns": (_PART, "vectors", lambda v: v[:, :7].copy()),
    "vectors in Fortran order": (_PART, "vectors", np.asfortranarray),
    "vectors of complex numbers": (_PART, "vectors", lambda v: v.astype(complex)),
    "vectors of float64": (_PART, "vectors", lambda v: v.astype(np.float64)),
    "vectors of int8": (_PART, "vectors", lambda v: v.astype(np.int8)),
    "offsets that descend": (_THUMBS, "offsets", lambda v: v[::-1].copy()),
    "offsets beyond the file": (_THUMBS, "offsets", _at(_FAR, 3)),
    "offsets below 0": (_THUMBS, "offsets", _at(-_FAR, 3)),
    "offsets that do not begin with 0": (_THUMBS, "offsets", _at(50)),
    "thumbnails of ids twice": (_THUMBS, "ids", _all(3)),
    "previews: offsets that descend": (_PREVIEWS, "offsets", lambda v: v[::-1].copy()),
    "previews: offsets beyond the file": (_PREVIEWS, "offsets", _at(_FAR, 3)),
    "previews: offsets below 0": (_PREVIEWS, "offsets", _at(-_FAR, 3)),
    "previews of ids twice": (_PREVIEWS, "ids", _all(3)),
    "previews of ids far": (_PREVIEWS, "ids", lambda v: v + _FAR),
    "classes beyond the categories": (_CLASSES, "top", _all(30_000)),
    "classes below 0": (_CLASSES, "top", _at(-1)),
    "probabilities NaN": (_CLASSES, "probabilities", _all(np.nan)),
    "probabilities of a billion": (_CLASSES, "probabilities", _all(1e9)),
    "k-NN neighbors far": ("knn/mini", "neighbors", _at(_FAR)),
    "k-NN neighbors below 0": ("knn/mini", "neighbors", _all(-1)),
    "k-NN neighbors that are no pictures": ("knn/mini", "neighbors", _all(1000)),
    "k-NN neighbors themselves": ("knn/mini", "neighbors", _all(1)),
    "k-NN neighbors of floats": ("knn/mini", "neighbors", lambda v: v + 0.5),
    "k-NN neighbors of one dimension": ("knn/mini", "neighbors", lambda v: v[:, 0].copy()),
    "k-NN neighbors of no columns": ("knn/mini", "neighbors", lambda v: v[:, :0].copy()),
    "k-NN neighbors fewer": ("knn/mini", "neighbors", lambda v: v[:5].copy()),
    "k-NN distances NaN": ("knn/mini", "distances", _all(np.nan)),
    "k-NN distances infinite": ("knn/mini", "distances", _all(np.inf)),
    "k-NN distances below 0": ("knn/mini", "distances", _all(-5)),
    "k-NN owners far": ("knn/mini", "owners", _at(2**31 - 1)),
    "k-NN owners below 0": ("knn/mini", "owners", _at(-5)),
    "k-NN ids that descend": ("knn/mini", "ids", lambda v: v[::-1].copy()),
    "k-means numbers far": (_KMEANS, "rows-numbers", _at(2**31 - 1)),
    "k-means numbers below 0": (_KMEANS, "rows-numbers", _at(-5)),
    "k-means centers NaN": (_KMEANS, "model-centers", _all(np.nan)),
    "k-means owners far": (_KMEANS, "owners", _at(2**31 - 1)),
    "PCA components NaN": ("indexes/mini/pca-50", "model-components", _all(np.nan)),
    "PCA components of other columns": (
        "indexes/mini/pca-50", "model-components", lambda v: v[:, :3].copy()),
    "PCA coordinates NaN": ("indexes/mini/pca-50", "rows-coordinates", _all(np.nan)),
    "PCA of histograms of other columns": (
        "indexes/rgb/pca", "model-mean", lambda v: v[:3].copy()),
    "HNSW owners far": ("indexes/mini/hnsw", "owners", _at(2**31 - 1)),
    "HNSW lengths 0": ("indexes/mini/hnsw", "model-lengths", _all(0)),
    "cells: numbers far": (_CELLS, "rows-numbers", _at(2**31 - 1)),
    "cells: numbers below 0": (_CELLS, "rows-numbers", _at(-5)),
    "cells: numbers 0": (_CELLS, "rows-numbers", _all(0)),
    "cells: codes of other columns": (_CELLS, "rows-codes", lambda v: v[:, :3].copy()),
    "cells: codes fewer": (_CELLS, "rows-codes", lambda v: v[:5].copy()),
    "cells: codes in Fortran order": (_CELLS, "rows-codes", np.asfortranarray),
    "cells: centers NaN": (_CELLS, "model-centers", _all(np.nan)),
    "cells: centers without end": (
        _CELLS, "model-centers", lambda v: np.tile(v, (100_000, 1))),
    "cells: scales infinite": (_CELLS, "model-scales", _all(np.inf)),
    "cells: owners far": (_CELLS, "owners", _at(2**31 - 1)),
    "cells: ids far": (_CELLS, "ids", lambda v: v + _FAR),
    "pages far": ("projector/mini", "pages", _at(2**31 - 1)),
    "pages below 0": ("projector/mini", "pages", _all(-1)),
    "pairs far": ("duplicates", "pairs", lambda v: np.full((3, 2), _FAR)),
    "pairs below 0": ("duplicates", "pairs", lambda v: np.full((3, 2), -1)),
    "compared pairs far": ("verdicts", "pairs", lambda v: np.full((3, 2), _FAR)),
    "compared pairs below 0": ("verdicts", "pairs", lambda v: np.full((3, 2), -1)),
    "compared pairs of no pictures": ("verdicts", "pairs", lambda v: v + 1000),
    "rejected pairs far": ("verdicts", "rejected", lambda v: np.full((3, 2), _FAR)),
    "rejected pairs of floats": ("verdicts", "rejected", lambda v: v.astype(float)),
    "verdicts beyond the known": ("verdicts", "verdicts", lambda v: np.full_like(v, 255)),
    "verdicts more than pairs": ("verdicts", "verdicts", lambda v: np.full(1000, 2, np.uint8)),
    "scores NaN": ("verdicts", "scores", lambda v: np.full_like(v, np.nan)),
    "differences of all bits": ("verdicts", "differences", lambda v: np.full_like(v, -1)),
    "turns far": ("verdicts", "turns", lambda v: np.full_like(v, 255)),
    "boxes infinite": ("verdicts", "boxes", lambda v: np.full_like(v, np.inf)),
    "communities below 0": ("communities", "parts", _all(-1)),
    "communities far": ("communities", "parts", _all(2**31 - 1)),
    "communities of 1,000 levels": (
        "communities", "parts", lambda v: np.tile(v[:, :1], (1, 1000))),
    "mean of a relation NaN": ("relations/theirs+mini", "mean", _all(np.nan)),
    "mean of a relation of other columns": (
        "relations/theirs+mini", "mean", lambda v: v[:3].copy()),
}  # fmt: skip


def _index_file(data: bytes) -> Spoil:
    """Return what replaces the graph file of the HNSW library, and signs its folder."""

    def spoil(ground: Ground) -> None:
        path = ground.store / "indexes/mini/hnsw/hnsw.usearch"
        old = path.read_bytes()
        path.write_bytes((data + old[len(data) :]) if len(data) < len(old) else data)
        sign_kept(path.parent)

    return spoil


def _dimensions(value: object) -> Spoil:
    """Return what makes all descriptions of the feature say another number of dimensions."""

    def spoil(ground: Ground) -> None:
        feature = ground.store / "features/mini"
        set_json(feature / "feature.json", dimensions=value)
        described = json.loads((feature / "feature.json").read_text("utf-8"))
        sign_part(feature / "part-000000", lambda body: body.update(feature=described))

    return spoil


def _crop(value: object) -> Spoil:
    def spoil(ground: Ground) -> None:
        feature = ground.store / "features/mini"
        edit_json(
            feature / "feature.json",
            lambda described: described["preprocessing"].update(crop_px=value, resize_px=value),
        )
        described = json.loads((feature / "feature.json").read_text("utf-8"))
        sign_part(feature / "part-000000", lambda body: body.update(feature=described))

    return spoil


def _many_dimensions(ground: Ground) -> None:
    """Make a feature of a million dimensions whose file is sparse."""
    wide, part = 1 << 20, ground.store / _PART
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (24, {wide}), }}"
    head = npy(header)
    with (part / "vectors.npy").open("wb") as file:
        file.write(head)
        file.truncate(len(head) + 24 * wide * 4)
    _dimensions(wide)(ground)
    sign_part(part)


def _all_neighbors_one(ground: Ground) -> None:
    replace_arrays(ground.store / "knn/mini", neighbors=_all(1), distances=_all(0))


def _pictures_told(column: str, value: object) -> Spoil:
    """Return what changes the first value of a column of `pictures.json`, without a catalog."""

    def spoil(ground: Ground) -> None:
        part = ground.store / _THUMBS
        edit_json(part / "pictures.json", lambda told: told[column].__setitem__(0, value))
        sign_part(part)
        (ground.store / "catalog.sqlite").unlink()

    return spoil


# By place: headers that are read by the same function need not be tried everywhere.
HOSTILE_HEADERS = [
    Attack(f"{place}: {what}", _headed(place, data))
    for number, (what, data) in enumerate(_HEADERS.items())
    for place in (_HEADED[0], _HEADED[1 + number % 4])
]
HOSTILE_ARRAYS = [
    *(Attack(f"array: {what}", _values(*how), found=False) for what, how in _ARRAYS.items()),
    Attack("array: all neighbors are one picture", _all_neighbors_one, found=False),
    Attack("HNSW: other bytes", _index_file(b"\xff" * 100_000), found=False),
    Attack("HNSW: another header", _index_file(b"usearch" + b"\xff" * 57), found=False),
    Attack("HNSW: no bytes", _index_file(b"\0" * 64), found=False),
    *(
        Attack(f"dimensions: {value}", _dimensions(value))
        for value in (0, -1, 1, 2**40, 2**63, 512.5, "512", None, True)
    ),
    Attack("dimensions: a million of zeros", _many_dimensions),
    *(
        Attack(f"preprocessing: {value} px", _crop(value))
        for value in (0, -1, 10**6, 2**40, "64", 64.5)
    ),
    *(
        Attack(f"pictures.json: {column} is {value!r:.20}", _pictures_told(column, value))
        for column, value in (
            ("path", "../../home/Documents/deep/photo.jpg"),
            ("path", "/etc/passwd"),
            ("path", "a\0b"),
            ("path", ""),
            ("path", "\ud800"),
            ("root", -1),
            ("root", 2**63),
            ("root", True),
            ("size", -1),
            ("size", 2**64),
            ("mtime_ns", 2**70),
            ("digest", "x" * 100_000),
            ("width", -1),
            ("height", 2**62),
            ("format", "<xss-canary>"),
        )
    ),
]
