"""Small valid projector logdirs written without the projector package, for tests of the doctor."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from projector_store import colors

CONFIG = "projector_config.pbtxt"
EVENTS = "events.out.tfevents.0"
COLORS = colors(9)


def make_logdir(folder: Path, **fields: Any) -> Path:
    """Write a logdir of 9 rows, 5 columns, metadata and a sprite of 3 x 3 cells of 32 px."""
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(entry(**fields))
    (folder / "t.bytes").write_bytes(tensor())
    (folder / "m.tsv").write_text(table())
    (folder / "s.png").write_bytes(encoded(sheet()))
    return folder


def entry(
    name: str | None = "t",
    shape: tuple[int, ...] = (9, 5),
    tensor: str = "t.bytes",
    metadata: str | None = "m.tsv",
    sprite: str | None = "s.png",
    cell: tuple[int, ...] = (32, 32),
    bookmarks: str | None = None,
) -> str:
    """Return an entry of a projector config; fields that are None are left out."""
    lines = [_line("tensor_name", name), _line("tensor_path", tensor)]
    lines += [_line("tensor_shape", size) for size in shape]
    lines += [_line("metadata_path", metadata), _line("bookmarks_path", bookmarks)]
    if sprite is not None:
        cells = "".join(_line("single_image_dim", side) for side in cell)
        lines.append(f"sprite {{ {_line('image_path', sprite)} {cells} }}\n")
    return "embeddings {\n" + "".join(lines) + "}\n"


def tensor(rows: int = 9, columns: int = 5) -> bytes:
    """Return the bytes of a tensor file that no reader mistakes for text.

    The points lie on a lattice of three columns, wide enough that no two thumbnails overlap.
    """
    values = np.zeros((rows, columns), "<f4")
    values[:, 0], values[:, 1] = np.divmod(np.arange(rows), 3)
    values[:, 0] *= 2
    values[0, 0] = -1e-30
    return b"\xff" + values.tobytes()[1:]


def tensor_with(change: dict[int, float]) -> bytes:
    """Return the bytes of `tensor` with other values at some places, counted by rows."""
    values = np.frombuffer(tensor(), "<f4").copy()
    for place, value in change.items():
        values[place] = value
    return values.tobytes()


def table(rows: int = 9) -> str:
    """Return the text of a metadata table with the columns `name` and `kind`."""
    return "name\tkind\n" + "".join(f"n{i}\tk{i % 3}\n" for i in range(rows))


def sheet(columns: int = 3, rows: int = 3, cell: tuple[int, int] = (32, 32)) -> Image.Image:
    """Return a sprite whose cell i has the i-th of `COLORS`, repeated cyclically."""
    width, height = cell
    image = Image.new("RGB", (columns * width, rows * height))
    for i in range(columns * rows):
        y, x = divmod(i, columns)
        box = (x * width, y * height, (x + 1) * width, (y + 1) * height)
        image.paste(COLORS[i % len(COLORS)], box)
    return image


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    """Return the encoded file of a picture."""
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def bookmark(**fields: object) -> str:
    """Return the text of a bookmarks file with one 2-D layout of 9 points.

    The given fields replace or extend its own; those that are None are left out.
    """
    state = {
        "label": "layout",
        "selectedProjection": "umap",
        "umapIs3d": False,
        "projections": [{"umap-0": i % 3, "umap-1": i // 3} for i in range(9)],
        "pcaComponentDimensions": [0, 1, 2],
        "tSNEIteration": 0,
        "tSNEPerplexity": 5,
        "tSNELearningRate": 10,
        "selectedPoints": [],
        "selectedColorOptionName": "kind",
        "selectedLabelOption": "name",
        **{f"custom{end}Text": "" for end in ("XLeft", "XRight", "YUp", "YDown")},
        **fields,
    }
    return json.dumps([{key: value for key, value in state.items() if value is not None}])


def _line(field: str, value: object) -> str:
    if value is None:
        return ""
    return f"{field}: {value}\n" if isinstance(value, int) else f'{field}: "{value}"\n'
