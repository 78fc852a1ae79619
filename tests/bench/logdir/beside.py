"""One run written by the projector package, and by torch's `SummaryWriter.add_embedding`."""

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exporting import Exported, exported, fresh, where
from imgrec import Store
from machine import rows
from material import copied, made
from measuring import paragraph, size_mb, tell
from projector.export import ProjectorOptions
from projector.files.sprite import grid_for

# A square number, because `add_embedding` pads other counts to a square with black.
COUNT = 10_000


def measured(work: Path, count: int) -> str:
    """Return the time and size of both for the same vectors, metadata and thumbnails."""
    count = min(COUNT, int(count**0.5) ** 2)
    tell(f"writer: {count} pictures in one run")
    place, folder = made(work, count), work / "writer"
    # Nothing may be reused from a previous run.
    shutil.rmtree(folder, ignore_errors=True)
    lines, parts, found = [], [], []
    for name, dimensions in (("50 columns", ProjectorOptions().dimensions), ("all columns", None)):
        options = ProjectorOptions(
            dimensions=dimensions, methods=(), page_size=count, overview=count
        )
        store = copied(place, folder / name / "store", count)
        for kept in ("nothing kept", "axes, clusters kept"):
            tell(f"writer: {name}, {kept}")
            done, peak_mb = fresh(exported, store, folder / name / kept, options)
            found.append((f"imgrec, {name}, {kept}", done, peak_mb))
            parts.append(f"{name}, {kept}: {where(done)}")
    tell("writer: add_embedding")
    (run,) = (path for path in (folder / name / kept).iterdir() if path.is_dir())
    (seconds, disk_mb), peak_mb = fresh(_theirs, store, run, folder / "theirs")
    for name, done, ours_mb in found:
        lines.append(_cells(name, done, ours_mb, seconds))
    lines.append(
        ["SummaryWriter.add_embedding, all columns", f"{seconds:.2f}", f"{disk_mb:.0f}", "1.0",
         f"{peak_mb:.0f}"]
    )  # fmt: skip
    heads = [f"{count:,} pictures, one run", "s", "disk MB", "times faster", "memory MB"]
    return (
        rows(heads, lines)
        + "\nEach in a fresh process, after the import of libraries that both need. The time of "
        "imgrec includes reading and decoding the thumbnails; add_embedding gets them as a tensor, "
        "whose creation is not timed, with the same metadata.\n\n" + paragraph(parts)
    )


def _cells(name: str, done: Exported, peak_mb: float, theirs_s: float) -> list[str]:
    faster = f"{theirs_s / done.seconds:.1f}"
    return [name, f"{done.seconds:.2f}", f"{done.disk_mb:.0f}", faster, f"{peak_mb:.0f}"]


def _theirs(store: Path, run: Path, out: Path) -> tuple[float, float]:
    """Return the seconds and megabytes of `add_embedding` for the contents of a run of imgrec."""
    from torch import from_numpy
    from torch.utils.tensorboard import SummaryWriter

    with Store.open(store) as opened:
        vectors = opened.feature().load()
    table = (run / "metadata.tsv").read_text("utf-8").splitlines()
    header, *cells = [line.split("\t") for line in table]
    images = from_numpy(_cells_of(run / "sprite.webp", len(vectors)))
    named: dict[str, Any] = {"metadata": cells, "metadata_header": header, "label_img": images}
    started = time.perf_counter()
    with SummaryWriter(str(out)) as writer:
        writer.add_embedding(vectors, **named)
    return time.perf_counter() - started, size_mb(out)


def _cells_of(sprite: Path, count: int) -> NDArray[np.float32]:
    """Return the thumbnails (n, 3, h, w) of a sprite, from 0 to 1."""
    grid = grid_for(count)
    with Image.open(sprite) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    side, px = grid.per_side, grid.cell_px
    tiles = pixels.reshape(side, px, side, px, 3).transpose(0, 2, 4, 1, 3)
    images = tiles.reshape(-1, 3, px, px)[:count]
    return np.asarray(images / np.float32(255), np.float32)
