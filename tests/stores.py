"""What a store holds, to compare one with another."""

from pathlib import Path
from typing import Any

from imgrec import Options, Store

HERE = Options(encoders=("mini",), workers=0)


def contents(path: Path) -> dict[str, Any]:
    """Everything a store holds, whatever parts it is cut into."""
    with Store.open(path) as store:
        columns = "SELECT id, path, digest, width, height, format, status, reason FROM images"
        rows = store.catalog.db.execute(columns + " ORDER BY id").fetchall()
        ids = store.catalog.ids("ok")
        thumbs, labels = store.thumbs(), store.catalog.labels(ids)
        vectors = {name: store.feature(name) for name in store.feature_names()}
        return {
            "rows": rows,
            "labels": labels,
            "thumbs": [thumbs.get(int(i)) for i in ids],
            "ids": {name: feature.ids.tolist() for name, feature in vectors.items()},
            "vectors": {name: feature.load().tobytes() for name, feature in vectors.items()},
        }


def statuses(path: Path) -> dict[str, str]:
    with Store.open(path) as store:
        query = "SELECT path, coalesce(reason, status) FROM images ORDER BY id"
        return dict(store.catalog.db.execute(query))
