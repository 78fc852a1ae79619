"""The most probable classes of each picture, in parts, one folder an encoder.

    classes/<encoder>/
        classes.json                   encoder, weights, digest of the weights, categories
        part-000000/                   ids (m,), top (m, k) int16, probabilities (m, k) float32

Only the k best are stored: a thousand probabilities a picture would outweigh its vector.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.kinds import CLASS, CONFIDENCE
from imgrec.errors import StoreError, cause_of
from imgrec.store.arrays import all_finite, load_array, load_ids
from imgrec.store.parts import check_rows, part_name, part_numbers, write_part
from imgrec.store.paths import CLASSES_DESCRIPTION
from imgrec.system.atomic_files import write_text
from imgrec.system.folder_names import name_of_folder
from imgrec.system.json_files import a_text, problem, read_json
from imgrec.system.regular_files import read_regular

TOP = 5
# Indices of classes are int16.
MOST_CLASSES = 1 << 15
_SHAPE = {
    "weights_digest": a_text(1000),
    "categories": lambda value: (
        type(value) is list and 0 < len(value) <= MOST_CLASSES and problem(value, [str]) is None
    ),
}
_MOST_BYTES = 1 << 23


@dataclass(frozen=True)
class Top:
    """The most probable classes of some pictures, by descending probability.

    Attributes:
        indices: (m, k) int16, into the categories; of equal ones the smaller first.
        probabilities: (m, k) float32, 0 to 1.
    """

    indices: NDArray[np.int16]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class Classes:
    """The most probable classes of the pictures of a store, by one encoder.

    Attributes:
        encoder: its name.
        ids: (n,) ascending.
        top: (n, k) int16, indices into the categories by descending probability.
        probabilities: (n, k) float32, 0 to 1.
        categories: the name of each class, C of them.
    """

    encoder: str
    ids: Ids
    top: NDArray[np.int16]
    probabilities: NDArray[np.float32]
    categories: tuple[str, ...]


def top_classes(scores: NDArray[np.float32], k: int = TOP) -> Top:
    """Return the k most probable classes of each row of scores (m, C), by softmax."""
    # Scores that are not finite are refused with their vectors at commit.
    with np.errstate(invalid="ignore"):
        shares = np.exp(scores - scores.max(axis=1, keepdims=True), dtype=np.float32)
        shares /= shares.sum(axis=1, keepdims=True)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]  # (m, k)
    return Top(order.astype(np.int16), np.take_along_axis(shares, order, axis=1))


def joined_tops(tops: Sequence[Top]) -> Top:
    """Return the rows of several batches as one."""
    return Top(
        np.concatenate([top.indices for top in tops]),
        np.concatenate([top.probabilities for top in tops]),
    )


def labels_of(ids: Ids, top: Top, categories: Sequence[str]) -> dict[str, dict[int, str]]:
    """Return the labels {kind: {id: value}} of pictures: first class, and its probability."""
    names = [categories[index] for index in top.indices[:, 0].tolist()]
    shares = [f"{share:.2f}" for share in top.probabilities[:, 0].tolist()]
    wanted = ids.tolist()
    return {
        CLASS: dict(zip(wanted, names, strict=True)),
        CONFIDENCE: dict(zip(wanted, shares, strict=True)),
    }


def write_description(
    folder: Path, weights: str, weights_digest: str, categories: Sequence[str]
) -> None:
    """Write classes.json atomically, which says what the indices of the parts mean."""
    described = {
        "encoder": name_of_folder(folder.name),
        "weights": weights,
        "weights_digest": weights_digest,
        "categories": list(categories),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_text(
        folder / CLASSES_DESCRIPTION, json.dumps(described, indent=1, ensure_ascii=False) + "\n"
    )


def read_description(folder: Path) -> dict[str, Any] | None:
    """Return the content of classes.json, None if there is none.

    Raises:
        StoreError: it is damaged.
    """
    path = folder / CLASSES_DESCRIPTION
    if not path.is_file():
        return None
    with _damage_named(path):
        described: dict[str, Any] = read_json(path, _SHAPE, most_bytes=_MOST_BYTES)
    described["categories"] = tuple(described["categories"])
    return described


def description_bytes(folder: Path) -> bytes:
    """Return the bytes of classes.json.

    Raises:
        StoreError: it is absent or damaged.
    """
    path = folder / CLASSES_DESCRIPTION
    with _damage_named(path):
        return read_regular(path, _MOST_BYTES)


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Translate what a block raises about a damaged file into `StoreError`."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} is damaged ({cause_of(error)}): delete the folder {path.parent} and run "
            "imgrec index again"
        ) from error


def write_classes(folder: Path, number: int, ids: Ids, top: Top) -> None:
    """Write a part of the classes of an encoder: ascending ids (m,) and their classes."""
    write_part(folder, number, class_files(ids, top))


def class_files(ids: Ids, top: Top) -> dict[str, NDArray[Any] | bytes]:
    """Return the files of a part of classes by name: ascending ids (m,) and their classes."""
    return {"ids.npy": ids, "top.npy": top.indices, "probabilities.npy": top.probabilities}


def holds_classes(folder: Path) -> bool:
    """True if a folder holds the classes of at least one part."""
    return (folder / CLASSES_DESCRIPTION).is_file() and bool(part_numbers(folder))


def open_classes(folder: Path, dead: Ids, last: int) -> Classes:
    """Return the classes of an encoder; of two rows for one id that of the newer part counts.

    Args:
        folder: of the encoder's classes.
        dead: (x,) ids whose rows are left out.
        last: rows of larger ids are left out too.

    Raises:
        StoreError: there are none, or a part is damaged.
    """
    described = read_description(folder)
    parts = [_open_part(folder / part_name(number)) for number in part_numbers(folder)]
    if described is None or not parts:
        raise StoreError(f"{folder} holds no classes: run imgrec index again")
    if len({top.shape[1] for _, top, _ in parts}) > 1:
        raise StoreError(
            f"{folder} is damaged, its parts have different numbers of classes a picture: "
            "delete it and run imgrec index again"
        )
    ids, top, shares = (np.concatenate(columns) for columns in zip(*parts[::-1], strict=True))
    # The newest part stands first, and `unique` returns the first place of an id.
    known, rows = np.unique(ids, return_index=True)
    rows = rows[np.isin(known, dead, invert=True) & (known <= last)]
    categories = described["categories"]
    if len(top) and not 0 <= top.min() <= top.max() < len(categories):
        raise StoreError(
            f"{folder} is damaged, it has classes beyond its {len(categories)} categories: "
            "delete it and run imgrec index again"
        )
    return Classes(name_of_folder(folder.name), ids[rows], top[rows], shares[rows], categories)


def _open_part(part: Path) -> tuple[Ids, NDArray[Any], NDArray[Any]]:
    ids, top = load_ids(part), load_array(part / "top.npy", "int16 m k")
    shares = load_array(part / "probabilities.npy", "float32 m k")
    if top.shape != shares.shape or not 0 < top.shape[1] <= TOP or not all_finite(shares):
        raise StoreError(
            f"{part} is damaged, its classes are of shape {top.shape} and their probabilities of "
            f"{shares.shape}, or not finite: delete it and run imgrec index again"
        )
    check_rows(part, ids=len(ids), top=len(top))
    return ids, top, shares
