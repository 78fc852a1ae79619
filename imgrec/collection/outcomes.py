"""What reading the pictures gave, written to their rows; and rows made to be read once more."""

from collections.abc import Collection, Mapping, Sequence

from imgrec.collection.catalog import Catalog
from imgrec.collection.labels import add_labels
from imgrec.collection.metadata import add_metadata
from imgrec.collection.rows import Outcome
from imgrec.sources.versions import LEAST_NS
from imgrec.system.file_names import TEXT, text

# A time that no file has: -1 is that of the last nanosecond of 1969.
_FORGOTTEN_NS = LEAST_NS - 1


def record_outcomes(
    catalog: Catalog,
    outcomes: Sequence[Outcome],
    labels: Mapping[str, Mapping[int, str]] | None = None,
) -> None:
    """Write the outcomes of reading some pictures, in one transaction.

    Args:
        catalog: open for writing.
        outcomes: one for each picture.
        labels: {kind: {id: value}}, added to those there.
    """
    with catalog.transaction() as db:
        db.executemany(
            "UPDATE images SET status = ?, digest = ?, width = ?, height = ?, format = ?, "
            "reason = ?, detail = ? WHERE id = ?",
            [
                (o.status, o.digest, o.width, o.height, o.format, o.reason, o.detail, o.id)
                for o in outcomes
                if o.status != "new"
            ],
        )
        db.executemany(
            "UPDATE images SET detail = ? WHERE id = ? AND status = 'new'",
            [(o.detail, o.id) for o in outcomes if o.status == "new"],
        )
        for outcome in outcomes:
            if outcome.status == "ok":
                add_metadata(db, outcome.id, outcome.metadata)
        for kind, values in (labels or {}).items():
            add_labels(db, kind, values)


def forget_times(catalog: Catalog, ids: Sequence[int]) -> None:
    """Clear the mtime of these pictures, so that the next rescan compares their content."""
    with catalog.transaction() as db:
        update = "UPDATE images SET mtime_ns = ? WHERE id = ?"
        db.executemany(update, [(_FORGOTTEN_NS, i) for i in ids])


def retry_failed(catalog: Catalog, reason: str | None = None, roots: Collection[str] = ()) -> None:
    """Make failed pictures `new` again.

    Args:
        catalog: open for writing.
        reason: only those that failed for this reason; None for all.
        roots: absolute paths of roots whose pictures stay as they are.
    """
    marks = ", ".join([TEXT] * len(roots))
    where = (
        "status = 'failed' AND reason = coalesce(?, reason) AND root_id NOT IN "
        f"(SELECT id FROM roots WHERE path IN ({marks}))"
    )
    with catalog.transaction() as db:
        db.execute(
            "UPDATE images SET status = 'new', reason = NULL, detail = NULL, digest = NULL "
            f"WHERE {where}",
            [reason, *map(text, roots)],
        )
