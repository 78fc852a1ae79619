"""Reading a projector logdir, with TensorBoard's own config parser."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format
from numpy.typing import NDArray
from PIL import Image
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

RUN_FILES = [
    "bookmarks.json",
    "dots_bookmarks.json",
    "dots_metadata.tsv",
    "events.out.tfevents.imgrec",
    "metadata.tsv",
    "projector_config.pbtxt",
    "sprite.webp",
    "tensor.bytes",
]


def runs(logdir: Path) -> list[Path]:
    """Return the folders of the runs, sorted by name."""
    return sorted(path for path in logdir.iterdir() if path.is_dir())


def only_run(logdir: Path) -> Path:
    """Return the folder of the only run of a logdir."""
    (run,) = runs(logdir)
    return run


def table(run: Path, name: str = "metadata.tsv") -> list[dict[str, str]]:
    """Return the rows of the metadata, each by column."""
    lines = (run / name).read_text("utf-8").split("\n")
    assert lines.pop() == ""
    header, *rows = [line.split("\t") for line in lines]
    return [dict(zip(header, row, strict=True)) for row in rows]


def names(run: Path) -> list[str]:
    """Return the names of the pictures, in row order."""
    return [row["name"] for row in table(run)]


def config(run: Path) -> Any:
    """Return the embedding of the pictures, the first of the two of the config."""
    return _embeddings(run)[0]


def dots(run: Path) -> Any:
    """Return the embedding of the dots."""
    return _embeddings(run)[1]


def _embeddings(run: Path) -> list[Any]:
    text = (run / "projector_config.pbtxt").read_text("utf-8")
    found = list(text_format.Parse(text, ProjectorConfig()).embeddings)
    assert len(found) == 2
    return found


def tensor(run: Path) -> NDArray[np.float32]:
    """Return the tensor (m, c)."""
    return np.fromfile(run / "tensor.bytes", "<f4").reshape(config(run).tensor_shape)


def sprite(run: Path) -> NDArray[np.uint8]:
    """Return the pixels (s, s, 4) of the sprite."""
    return np.asarray(Image.open(run / "sprite.webp"))


def bookmarks(run: Path, name: str = "bookmarks.json") -> list[dict[str, Any]]:
    """Return the bookmarks."""
    found: list[dict[str, Any]] = json.loads((run / name).read_text("utf-8"))
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files, by path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
