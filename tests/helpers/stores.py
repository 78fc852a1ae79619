"""The contents of a store in comparable form, and a read-only folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imgrec import Options, Store
from imgrec.store.measures import measures_in
from permissions import permissions_bind

HERE = Options(encoders=("mini",), workers=0)


def contents(path: Path) -> dict[str, Any]:
    """Return all contents of a store, independent of its division into parts."""
    with Store.open(path) as store:
        columns = "SELECT id, path, digest, width, height, format, status, reason FROM images"
        rows = store.catalog.db.execute(columns + " ORDER BY id").fetchall()
        ids = store.catalog.ids("ok")
        thumbs, labels = store.thumbs(), store.catalog.labels.of(ids)
        vectors = {name: store.feature(name) for name in store.feature_names()}
        return {
            "rows": rows,
            "labels": labels,
            "metadata": store.catalog.metadata.of(ids),
            "measures": {
                name: (of.tolist(), values.tolist())
                for name, (of, values) in measures_in(store).items()
            },
            "thumbs": [thumbs.get(int(i)) for i in ids],
            "ids": {name: feature.ids.tolist() for name, feature in vectors.items()},
            "vectors": {name: feature.load().tobytes() for name, feature in vectors.items()},
        }


def statuses(path: Path) -> dict[str, str]:
    with Store.open(path) as store:
        query = "SELECT path, coalesce(reason, status) FROM images ORDER BY id"
        return dict(store.catalog.db.execute(query))


@contextmanager
def nothing_can_be_written(folder: Path) -> Iterator[None]:
    """Make a folder read-only for a while, for root too."""
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with permissions_bind():
            yield
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
