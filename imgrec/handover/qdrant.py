"""Write an export into a collection of Qdrant, so that it can be repeated and resumed.

A point has the id of its picture and the payload

    path, root, digest   as in the catalog; `path_hex` the bytes of a path that is not UTF-8
    labels               values by kind: filter by `labels.folder`
    imgrec               `feature`, a digest of what decides vectors, and `row`, one of the point

Each run asks which points are there with the same `row` and writes the others: a run that was
killed goes on, and one after nothing has changed only reads. Points of pictures that the export no
longer holds are deleted at the end.

Invariant: a point is replaced or deleted only if it was written for the same feature, and replaced
only by the same content: an id stands for one content in a store, so another digest under the same
id shows that the collection belongs to another store.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgrec.errors import ImgrecError
from imgrec.handover.description import digest_of
from imgrec.handover.rows import Block, Rows
from imgrec.system.file_names import text, valid

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

# A request is JSON with some 12 bytes a value; servers take 32 MB by default.
_REQUEST_VALUES = 1 << 19
_REQUEST_POINTS = 256
_PAGE = 10_000
_DIGEST_BYTES = 8


@dataclass(frozen=True)
class Written:
    """What became of the points of a collection.

    Attributes:
        new: written, because they were absent or others.
        kept: there already.
        deleted: of pictures that the export no longer holds.
    """

    new: int
    kept: int
    deleted: int


def write_points(
    rows: Rows, client: "QdrantClient", collection: str, advance: Callable[[int], object]
) -> Written:
    """Make the points of a collection those of an export; make the collection if it is absent.

    Args:
        rows: the export.
        client: connected.
        collection: name of the collection.
        advance: called with the number of pictures that were compared and written.

    Raises:
        ImgrecError: the collection has other vectors or points that imgrec did not write for this
            feature and store, or the server refuses or cannot be reached.
    """
    feature = digest_of(rows.spec.identity())
    with translated(collection):
        _make_or_check(rows, client, collection, feature)
        count = max(1, min(_REQUEST_POINTS, _REQUEST_VALUES // rows.spec.dimensions))
        new = 0
        for block in rows.blocks(count):
            new += _upsert(client, collection, block, _payloads(block, feature))
            advance(len(block.entries))
        deleted = _delete_others(rows, client, collection)
    return Written(new, len(rows.ids) - new, deleted)


@contextmanager
def translated(collection: str) -> Iterator[None]:
    """Raise errors of the client as ImgrecError: one line, without the address.

    Raises:
        ImgrecError: the server refuses, or cannot be reached.
    """
    from qdrant_client.http.exceptions import ApiException

    try:
        yield
    except ApiException as error:
        told = " ".join(str(error).split())[:300]
        raise ImgrecError(
            f"the Qdrant collection {collection!r} could not be written ({told}): check address, "
            "key and server; the same command continues where it was"
        ) from error


def _make_or_check(rows: Rows, client: "QdrantClient", collection: str, feature: str) -> None:
    from qdrant_client import models

    vectors = models.VectorParams(
        size=rows.spec.dimensions,
        distance=models.Distance.COSINE,
        datatype=models.Datatype.FLOAT16 if rows.dtype == np.float16 else None,
        on_disk=True,
    )
    if not client.collection_exists(collection):
        client.create_collection(collection, vectors_config=vectors)
        return
    there = client.get_collection(collection).config.params.vectors
    same = isinstance(there, models.VectorParams) and (there.size, there.distance) == (
        vectors.size,
        vectors.distance,
    )
    ours = models.FieldCondition(key="imgrec.feature", match=models.MatchValue(value=feature))
    others = models.Filter(must_not=[ours])
    if not same or client.count(collection, count_filter=others, exact=True).count:
        raise ImgrecError(
            f"the Qdrant collection {collection!r} holds points that are not {rows.spec.name} "
            "vectors of this version written by imgrec: name another by --collection, or delete it"
        )


def _payloads(block: Block, feature: str) -> list[dict[str, Any]]:
    payloads = []
    for entry, labels, vector in zip(block.entries, block.labels, block.vectors, strict=True):
        payload: dict[str, Any] = {
            "path": valid(entry.path),
            "root": valid(entry.root),
            "digest": entry.digest and valid(entry.digest),
            "labels": {valid(kind): list(map(valid, values)) for kind, values in labels.items()},
        }
        if payload["path"] != entry.path:
            payload["path_hex"] = text(entry.path).hex()
        told = json.dumps(payload, sort_keys=True).encode() + vector.tobytes()
        row = hashlib.blake2b(told, digest_size=_DIGEST_BYTES).hexdigest()
        payloads.append({**payload, "imgrec": {"feature": feature, "row": row}})
    return payloads


def _upsert(
    client: "QdrantClient", collection: str, block: Block, payloads: list[dict[str, Any]]
) -> int:
    """Write the points that are absent or others; return how many."""
    from qdrant_client import models

    ids = block.ids.tolist()
    found = client.retrieve(collection, ids, with_payload=["digest", "imgrec"], with_vectors=False)
    there = {point.id: point.payload or {} for point in found}
    for image_id, payload in zip(ids, payloads, strict=True):
        if image_id in there and there[image_id].get("digest") != payload["digest"]:
            raise ImgrecError(
                f"point {image_id} of the Qdrant collection {collection!r} is another picture: it "
                "was written from another store; name another by --collection, or delete it"
            )
    lacking = [
        number
        for number, image_id in enumerate(ids)
        if there.get(image_id, {}).get("imgrec") != payloads[number]["imgrec"]
    ]
    if lacking:
        points = models.Batch(
            ids=[ids[number] for number in lacking],
            vectors=block.vectors[lacking].astype(np.float32).tolist(),
            payloads=[payloads[number] for number in lacking],
        )
        client.upsert(collection, points=points, wait=True)
    return len(lacking)


def _delete_others(rows: Rows, client: "QdrantClient", collection: str) -> int:
    """Delete the points that are no pictures of the export; return how many."""
    from qdrant_client import models

    if client.count(collection, exact=True).count == len(rows.ids):
        return 0
    deleted, offset = 0, None
    while True:
        page, offset = client.scroll(
            collection, limit=_PAGE, offset=offset, with_payload=False, with_vectors=False
        )
        gone = [point.id for point in page if not _is_among(rows, point.id)]
        if gone:
            client.delete(collection, points_selector=models.PointIdsList(points=gone), wait=True)
            deleted += len(gone)
        if offset is None:
            return deleted


def _is_among(rows: Rows, point: object) -> bool:
    if not isinstance(point, int):
        return False
    place = int(np.searchsorted(rows.ids, point))
    return place < len(rows.ids) and int(rows.ids[place]) == point
