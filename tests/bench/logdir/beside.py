"""One run written by the projector package, and by torch's `SummaryWriter.add_embedding`.

The command writes what a store holds: it decodes thumbnails, reads the catalog, computes axes and
clusters where none are kept. `add_embedding` gets all of it ready: vectors, texts, and the pictures
as a tensor of floats. So there is a row in which the files of the projector package are written of
the very same arrays, by its own functions.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exporting import Exported, exported, fresh, where
from imgrec import Store
from imgrec.encoders.spec import Vectors
from machine import rows
from material import copied, made
from measuring import paragraph, size_mb, tell
from projector.export import ProjectorOptions
from projector.files.formats import (
    CONFIG_NAME,
    EVENTS,
    Embedding,
    config_text,
    event_bytes,
    tensor_bytes,
)
from projector.files.metadata import table_text
from projector.files.pieces import Piece, piece_of
from projector.files.sprite import grid_for, write_sprite
from projector.manifest import NOTHING
from projector.writer import LogdirWriter

# A square number, because `add_embedding` pads other counts to a square with black.
COUNT = 10_000
_TENSOR, _METADATA, _SPRITE = "tensor.bytes", "metadata.tsv", "sprite.webp"


@dataclass(frozen=True)
class Contents:
    """What `add_embedding` is given.

    Attributes:
        vectors: (n, d).
        columns: texts (n,) by the name of their column.
        pictures: (n, 3, h, w), all channels from 0 to 1.
    """

    vectors: Vectors
    columns: dict[str, list[str]]
    pictures: NDArray[np.float32]


@dataclass(frozen=True)
class Written:
    """The cost of writing contents.

    Attributes:
        seconds: wall time.
        cpu_s: CPU seconds of all threads.
        disk_mb: size of the files.
    """

    seconds: float
    cpu_s: float
    disk_mb: float


def measured(work: Path, count: int) -> str:
    """Return the time and size of both for the same vectors, metadata and thumbnails."""
    count = min(COUNT, int(count**0.5) ** 2)
    tell(f"writer: {count} pictures in one run")
    place, folder = made(work, count), work / "writer"
    # Nothing may be reused from a previous run.
    shutil.rmtree(folder, ignore_errors=True)
    lines, parts = [], []
    found: list[tuple[str, Exported | Written, float]] = []
    for name, dimensions in (("50 columns", ProjectorOptions().dimensions), ("all columns", None)):
        store = copied(place, folder / name / "store", count)
        for kept in ("nothing kept", "axes, clusters kept"):
            tell(f"writer: {name}, {kept}")
            done, peak_mb = fresh(exported, store, folder / name / kept, one_run(count, dimensions))
            found.append((f"imgrec, {name}, {kept}", done, peak_mb))
            parts.append(f"{name}, {kept}: {where(done)}")
    run = run_in(folder / name / kept)
    for name, write in (
        ("imgrec, all columns, the same arrays as add_embedding", by_imgrec),
        ("SummaryWriter.add_embedding, all columns", by_torch),
    ):
        tell(f"writer: {name}")
        found.append((name, *fresh(written, write, store, run, folder / write.__name__)))
    theirs = found[-1][1]
    lines = [_cells(name, done, peak_mb, theirs) for name, done, peak_mb in found]
    heads = [
        f"{count:,} pictures, one run", "s", "times as fast", "CPU s", "times as few", "disk MB",
        "memory MB",
    ]  # fmt: skip
    return (
        rows(heads, lines)
        + "\nEach in a fresh process, after the import of libraries that both need. The time of "
        "the first rows includes reading and decoding the thumbnails, and CPU seconds those of "
        "worker processes. The last two get vectors, texts, and the pictures as a tensor of "
        "floats, whose creation is not timed; imgrec writes them as float32 and a lossy WebP, "
        "add_embedding as text and PNG.\n\n" + paragraph(parts)
    )


def one_run(count: int, dimensions: int | None) -> ProjectorOptions:
    """Return the options by which all pictures are one run without layouts."""
    return ProjectorOptions(dimensions=dimensions, methods=(), page_size=count, overview=count)


def run_in(logdir: Path) -> Path:
    """Return the folder of the only run of a logdir."""
    (run,) = (path for path in logdir.iterdir() if path.is_dir())
    return run


def written(
    write: Callable[[Contents, Path], object], store: Path, run: Path, out: Path
) -> Written:
    """Write the contents of a run of imgrec into a folder, in this process."""
    contents = contents_of(store, run)
    # Both wait for the import of theirs otherwise, which an experiment has anyway.
    import torch.utils.tensorboard  # noqa: F401

    started, started_cpu = time.perf_counter(), time.process_time()
    write(contents, out)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
    return Written(seconds, cpu_s, size_mb(out))


def contents_of(store: Path, run: Path) -> Contents:
    """Return the vectors of a store, and texts and pictures of a run that shows all of it."""
    with Store.open(store) as opened:
        vectors = opened.feature().load()
    lines = (run / _METADATA).read_text("utf-8").splitlines()
    header, *cells = [line.split("\t") for line in lines]
    columns = dict(zip(header, map(list, zip(*cells, strict=True)), strict=True))
    return Contents(vectors, columns, _cells_of(run / _SPRITE, len(vectors)))


def by_torch(contents: Contents, out: Path) -> None:
    """Write contents by `add_embedding`."""
    from torch import from_numpy
    from torch.utils.tensorboard import SummaryWriter

    named: dict[str, Any] = {
        "metadata": list(map(list, zip(*contents.columns.values(), strict=True))),
        "metadata_header": list(contents.columns),
        "label_img": from_numpy(contents.pictures),
    }
    with SummaryWriter(str(out)) as writer:
        writer.add_embedding(contents.vectors, **named)


def by_imgrec(contents: Contents, out: Path) -> None:
    """Write contents as the files of a run of imgrec."""
    (rows, columns), cell_px = contents.vectors.shape, contents.pictures.shape[-1]
    shown = Embedding("default", rows, columns, _TENSOR, _METADATA, _SPRITE, cell_px)
    pieces = (
        Piece(_SPRITE, "", lambda path: write_sprite(path, _sheet(contents.pictures)), slow=True),
        Piece(_TENSOR, "", lambda path: path.write_bytes(tensor_bytes(contents.vectors))),
        Piece(_METADATA, "", lambda path: path.write_text(table_text(contents.columns), "utf-8")),
        piece_of(EVENTS, event_bytes(1)),
        piece_of(CONFIG_NAME, config_text([shown])),
    )
    out.mkdir(parents=True)
    with LogdirWriter(out, NOTHING, out) as writer:
        writer.write("run", "default", pieces)
        writer.finish()


def _sheet(pictures: NDArray[np.float32]) -> Image.Image:
    """Return the sprite of decoded pictures (n, 3, h, w), row by row; n is a square number."""
    n, channels, height, width = pictures.shape
    side = grid_for(n).per_side
    sheet = np.empty((side, height, side, width, channels), np.uint8)
    for row, of_row in enumerate(pictures.reshape(side, side, channels, height, width)):
        sheet[row] = np.rint(of_row * np.float32(255)).transpose(2, 0, 3, 1)
    return Image.fromarray(sheet.reshape(side * height, side * width, channels))


def _cells(
    name: str, done: Exported | Written, peak_mb: float, theirs: Exported | Written
) -> list[str]:
    faster = f"{theirs.seconds / done.seconds:.1f}", f"{theirs.cpu_s / done.cpu_s:.1f}"
    figures = [f"{done.seconds:.2f}", faster[0], f"{done.cpu_s:.2f}", faster[1]]
    return [name, *figures, f"{done.disk_mb:.0f}", f"{peak_mb:.0f}"]


def _cells_of(sprite: Path, count: int) -> NDArray[np.float32]:
    """Return the thumbnails (n, 3, h, w) of a sprite, from 0 to 1."""
    grid = grid_for(count)
    with Image.open(sprite) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    side, px = grid.per_side, grid.cell_px
    tiles = pixels.reshape(side, px, side, px, 3).transpose(0, 2, 4, 1, 3)
    images = tiles.reshape(-1, 3, px, px)[:count]
    return np.asarray(images / np.float32(255), np.float32)
