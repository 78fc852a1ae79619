"""Stores with chosen vectors for tests of the network site, and readers of a written site."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from graph.pages.options import SiteOptions
from graph.pages.site import SiteSummary, write_site
from imgrec.collection import Outcome
from imgrec.collection.outcomes import record_outcomes
from imgrec.collection.rescan import scan
from imgrec.encoders.spec import EncoderSpec
from imgrec.pictures.decoding import thumbnail
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.sources.opening import source_at
from imgrec.store.classes import Top, labels_of, write_classes, write_description
from imgrec.store.parts import write_part
from imgrec.store.store import Store
from thumb_parts import write_thumbs


def color_of(i: int) -> tuple[int, int, int]:
    return (40 + 53 * i % 200, 40 + 97 * i % 200, 40 + 31 * i % 200)


def clusters(n: int, kinds: int = 4) -> np.ndarray:
    """Return vectors (n, 8) in well separated clusters."""
    rng = np.random.default_rng(0)
    return (np.eye(kinds, 8)[np.arange(n) % kinds] + rng.normal(scale=0.08, size=(n, 8))).astype(
        np.float32
    )


def make_store(
    folder: Path,
    names: Sequence[bytes],
    vectors: np.ndarray,
    sizes: Mapping[int, tuple[int, int]] | None = None,
) -> Path:
    """Write pictures below `folder`/pictures and a store of them; row i belongs to name i."""
    sizes = {i: (128, 96 + i % 3 * 32) for i in range(len(names))} | dict(sizes or {})
    root, path = folder / "pictures", folder / "store"
    for i, name in enumerate(names):
        file = root / os.fsdecode(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(thumbnail(Image.new("RGB", sizes[i], color_of(i))))
    spec = EncoderSpec("mini", vectors.shape[1], Preprocessing(8, 8))
    with Store.create(path) as store:
        scan(store.catalog, [source_at(root)])
        entries = store.catalog.entries(store.catalog.ids("new"))
        record_outcomes(
            store.catalog, [Outcome(e.id, "ok", f"{e.id:032x}", 128, 96, "JPEG") for e in entries]
        )
        ids = np.array([e.id for e in entries], np.int64)
        rows = [names.index(os.fsencode(e.path)) for e in entries]
        thumbs = [Path(e.location).read_bytes() for e in entries]
        store.add_feature(spec)
        store.set_encoder("mini")
        write_part(store.paths.feature("mini"), 0, {"ids.npy": ids, "vectors.npy": vectors[rows]})
        write_thumbs(store.paths.thumbs, 0, ids, thumbs)
    return path


def keep_classes(store_path: Path, found: Mapping[int, Sequence[tuple[str, float]]]) -> None:
    """Write the classes (name, probability) of some pictures and their labels, as indexing does.

    Args:
        store_path: of the store.
        found: for each picture id the same number of classes, the most probable first.
    """
    names = sorted({name for classes in found.values() for name, _ in classes})
    ids = np.array(sorted(found), np.int64)
    top = Top(
        np.array([[names.index(name) for name, _ in found[i]] for i in ids.tolist()], np.int16),
        np.array([[share for _, share in found[i]] for i in ids.tolist()], np.float32),
    )
    with Store.create(store_path) as store:
        folder = store.paths.classes("net")
        write_description(folder, "random", "0", names)
        write_classes(folder, 0, ids, top)
        for kind, values in labels_of(ids, top, names).items():
            store.catalog.labels.replace(kind, values)


def plain_names(n: int) -> list[bytes]:
    return [f"kind{i % 4}/{i:03d}.jpg".encode() for i in range(n)]


def site_of(store_path: Path, out: Path, **options: Any) -> SiteSummary:
    with Store.open(store_path) as store:
        # The layout of a map takes seconds, and few tests of pages need one.
        chosen = {"groups": (), "workers": 0, "map": False} | options
        return write_site(store, out, SiteOptions(**chosen))


def data_of(page: Path) -> dict[str, Any]:
    """Return the JSON that a page contains for its scripts."""
    found = re.search(
        r'<script type="application/json" id="page">(.*?)</script>', page.read_text("utf-8")
    )
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def all_pages(site: Path) -> list[Path]:
    return [site / "index.html", *sorted((site / "pages").glob("*.html"))]


def pages_of(site: Path) -> list[Path]:
    """Return the pages that show pictures."""
    return [page for page in all_pages(site) if "pictures" in data_of(page)["data"]]


def folder_contents(folder: Path) -> dict[str, bytes | None]:
    """Return the bytes of everything in a folder by relative path, None for folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def communities_in(store_path: Path) -> dict[int, str]:
    """Return the label `community` of each picture of a store."""
    with Store.open(store_path) as store:
        return {
            i: labels["community"]
            for i, labels in store.catalog.labels.of(store.catalog.ids("ok")).items()
        }
