"""Records of finished jobs in object storage: at-least-once work, exactly-once effect.

    jobs/J/parts/part-000012.json      which blobs the files of a part are, what it took
    jobs/J/other/part-000012-D.json    a second result that differs from the first

A record is written by `create` after the blobs that it names, so that the first one counts and what
it names is there. Whoever comes second finds the same digests, or has found that two machines of
one fingerprint compute different things: both results are kept and named, and the first counts.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from imgrec.cluster.fingerprint import digest_of
from imgrec.collection import Outcome
from imgrec.errors import StoreError
from imgrec.indexing.finished import Rows
from imgrec.objects.errors import MissingObjectError
from imgrec.objects.objects import Objects
from imgrec.pictures.metadata_names import Datum, is_datum
from imgrec.remote.manifest import Entry, is_entry
from imgrec.remote.places import OUTPUTS, folder_of, is_mirrored, units
from imgrec.store.parts import part_name
from imgrec.system.json_files import a_number, decoded, one_of, problem

_MOST = 1 << 62
_MOST_BYTES = 1 << 26
_NAME = re.compile(r"part-([0-9]{6,18})\.json", re.ASCII)
_RECORD = {
    "number": a_number(0, _MOST),
    "files": {str: is_entry},
    "rows": is_entry,
    "pictures": a_number(0, _MOST),
    "failed": a_number(0, _MOST),
    "cost": {str: float},
}
_TEXT_OR_NONE, _NUMBER_OR_NONE = (str, None), (int, None)


def _is_label(value: object) -> bool:
    return type(value) is list and [type(one) for one in value] == [int, str]


_ROWS = {"outcomes": [list], "labels": {str: [_is_label]}, "changed": [int]}
_OUTCOME = [
    *(int, one_of("ok", "failed", "new"), _TEXT_OR_NONE, _NUMBER_OR_NONE, _NUMBER_OR_NONE),
    *(_TEXT_OR_NONE, _TEXT_OR_NONE, _TEXT_OR_NONE, [is_datum]),
]


@dataclass(frozen=True)
class Record:
    """The record of a finished job.

    Attributes:
        number: of the job.
        files: {path in the store: entry of its blob}.
        rows: the blob of what goes to the catalog (`rows_content`).
        pictures: that were read.
        failed: of these.
        cost: what it took, by name (`imgrec.cluster.cost`); two results may differ in it.
    """

    number: int
    files: Mapping[str, Entry]
    rows: Entry
    pictures: int
    failed: int
    cost: Mapping[str, float] = field(default_factory=dict)

    def digest(self) -> str:
        """Return the digest of the result."""
        return digest_of([{path: list(entry) for path, entry in self.files.items()}, self.rows])

    def difference(self, other: "Record") -> str:
        """Return the first path whose content differs in another result; "" for none."""
        mine, theirs = {**self.files, "rows": self.rows}, {**other.files, "rows": other.rows}
        paths = sorted({*mine, *theirs})
        return next((path for path in paths if mine.get(path) != theirs.get(path)), "")


def write_record(objects: Objects, plan_id: str, record: Record) -> tuple[Record, str]:
    """Write the record of a job whose blobs are written.

    Returns:
        The record that counts: this one or an earlier one; and a line that names both if they
        differ.

    Raises:
        ObjectError: it cannot be written.
    """
    data = _encoded(record)
    if objects.create(_key(plan_id, record.number), data):
        return record, ""
    first = read_record(objects, plan_id, record.number)
    if first is None or not (path := record.difference(first)):
        return first or record, ""
    name = f"{part_name(record.number)}-{record.digest()[:12]}.json"
    other = f"jobs/{plan_id}/other/{name}"
    objects.create(other, data)
    return first, (
        f"not the same result twice: {path} differs between "
        f"{objects.location(_key(plan_id, record.number))}, which counts, and "
        f"{objects.location(other)}: machines of one fingerprint compute different things"
    )


def read_record(objects: Objects, plan_id: str, number: int) -> Record | None:
    """Return the record of a job; None if there is none.

    Raises:
        StoreError: it is damaged, or names what is no file of this part.
    """
    key = _key(plan_id, number)
    try:
        data, _ = objects.get(key, most_bytes=_MOST_BYTES)
    except MissingObjectError:
        return None
    return _record(data, number, objects.location(key))


def recorded(objects: Objects, plan_id: str) -> set[int]:
    """Return the numbers of the jobs that have a record."""
    prefix = f"jobs/{plan_id}/parts/"
    keys = (info.key.removeprefix(prefix) for info in objects.list(prefix))
    # Whatever else lies there is none.
    return {int(found[1]) for found in map(_NAME.fullmatch, keys) if found}


def take_over(objects: Objects, plan_id: str, other_id: str, number: int) -> None:
    """Let the record of a job of another plan count for the equal job of a plan.

    Raises:
        ObjectError: there is none, or it cannot be written.
    """
    data, _ = objects.get(_key(other_id, number), most_bytes=_MOST_BYTES)
    objects.create(_key(plan_id, number), data)


def are_of_part(paths: Collection[str], number: int) -> bool:
    """Return True if paths are those of whole parts of a number, and safe to write in a store."""
    whole = units(paths)
    return all(
        is_mirrored(path)
        and path.split("/", 1)[0] in OUTPUTS
        and folder_of(path).endswith(f"/{part_name(number)}")
        and folder_of(path) in whole
        for path in paths
    )


def rows_content(rows: Rows) -> bytes:
    """Return what goes to the catalog as JSON; equal rows give equal bytes."""
    outcomes = [
        [
            *(o.id, o.status, o.digest, o.width, o.height, o.format, o.reason, o.detail),
            [list(datum) for datum in o.metadata],
        ]
        for o in rows.outcomes
    ]
    labels = {kind: sorted(values.items()) for kind, values in sorted(rows.labels.items())}
    found = {"outcomes": outcomes, "labels": labels, "changed": rows.changed}
    return json.dumps(found, separators=(",", ":")).encode()


def rows_of(data: bytes, where: str) -> Rows:
    """Return what `rows_content` was given.

    Args:
        data: the JSON.
        where: its address, for messages.

    Raises:
        StoreError: it is damaged.
    """
    found = _decoded(data, _ROWS, where)
    labels = {kind: dict(values) for kind, values in found["labels"].items()}
    return Rows(_outcomes(found["outcomes"], where), labels, found["changed"])


def _outcomes(rows: list[list[Any]], where: str) -> list[Outcome]:
    # By columns, because a driver reads all rows of a store alone.
    columns = zip(*rows, strict=True)
    if any(len(row) != len(_OUTCOME) for row in rows) or any(
        problem([*column], [shape]) for column, shape in zip(columns, _OUTCOME, strict=False)
    ):
        raise _damaged(where, "an outcome has values of wrong types")
    return [Outcome(*[*row[:-1], tuple(map(Datum._make, row[-1]))]) for row in rows]


def _key(plan_id: str, number: int) -> str:
    return f"jobs/{plan_id}/parts/{part_name(number)}.json"


def _encoded(record: Record) -> bytes:
    return json.dumps(
        {
            "number": record.number,
            "files": {path: list(entry) for path, entry in record.files.items()},
            "rows": list(record.rows),
            "pictures": record.pictures,
            "failed": record.failed,
            "cost": dict(record.cost),
        },
        separators=(",", ":"),
    ).encode()


def _record(data: bytes, number: int, where: str) -> Record:
    found = _decoded(data, _RECORD, where)
    if found.keys() != _RECORD.keys() or found["number"] != number:
        raise _damaged(where, "it is the record of something else")
    if not are_of_part(found["files"], number):
        raise _damaged(where, f"it names what is no file of {part_name(number)}")
    files = {path: Entry(*entry) for path, entry in found["files"].items()}
    return Record(**{**found, "files": files, "rows": Entry(*found["rows"])})


def _decoded(data: bytes, shape: Any, where: str) -> Any:
    try:
        found = decoded(data)
        if wrong := problem(found, shape):
            raise ValueError(wrong)
    except ValueError as error:
        raise _damaged(where, str(error)) from error
    return found


def _damaged(where: str, why: str) -> StoreError:
    return StoreError(f"{where} is damaged ({why}): delete its job and run again")
