"""Writing reports of small stores, and predicted classes to show in them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imgrec.report import main
from imgrec.store.classes import Top, write_classes, write_description
from imgrec.store.store import Store


def write(store: Path, out: Path, *options: str, code: int = 0) -> Path:
    """Run `imgrec report`, assert its exit code, and return the path of the page."""
    found = main(["--store", str(store), "--out", str(out), "--quiet", *options])
    assert found == code
    return out / "index.html"


_CLASSES = tuple(f"class <{i}>" for i in range(6))


def add_classes(store_path: Path, *encoders: str, names: Sequence[str] = _CLASSES) -> None:
    """Write predictions of classifiers: some of six classes (`names`) for every picture."""
    with Store.open(store_path) as store:
        ids, paths = store.catalog.ids("ok"), store.paths
    for seed, encoder in enumerate(encoders):
        rng = np.random.default_rng(seed)
        top = np.array([rng.permutation(6)[:5] for _ in ids], np.int16)
        shares = -np.sort(-rng.dirichlet(np.ones(6), len(ids))[:, :5], axis=1)
        folder = paths.classes(encoder)
        write_description(folder, "random", "0", list(names))
        write_classes(folder, 0, ids, Top(top, shares.astype(np.float32)))
