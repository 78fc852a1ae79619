"""Stores of plain colored pictures with chosen vectors, for tests of the projector."""

import colorsys
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.encoders.spec import EncoderSpec
from imgrec.pictures.decoding import thumbnail
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.parts import write_part
from imgrec.store.store import Store
from imgrec.system.file_names import TEXT, text
from thumb_parts import write_thumbs

Color = tuple[int, int, int]


def colors(count: int) -> list[Color]:
    """Return saturated colors that differ in hue, then in brightness."""
    hues = min(count, 24)
    return [_rgb(i % hues / hues, 1 - 0.5 * (i // hues) * hues / count) for i in range(count)]


def plain(color: Color, size: tuple[int, int] = (96, 96)) -> Image.Image:
    """Return a picture of one color."""
    return Image.new("RGB", size, color)


def make_store(
    path: Path,
    images: Sequence[Image.Image],
    vectors: NDArray[np.float32] | None = None,
    names: Sequence[str] = (),
    labels: Mapping[str, Mapping[int, str]] | None = None,
) -> Path:
    """Make a store with a feature `flat`, ids from 1 up, by default random vectors (n, 8)."""
    ids = np.arange(1, len(images) + 1)
    if vectors is None:
        vectors = np.random.default_rng(0).normal(size=(len(images), 8)).astype(np.float32)
    names = names or [f"{i:05d}.png" for i in ids]
    with Store.create(path) as store:
        db = store.catalog.db
        db.execute("INSERT INTO roots (id, path) VALUES (1, '/pictures')")
        db.executemany(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, width, height, format, status) "
            f"VALUES (?, 1, {TEXT}, 1, 1, ?, ?, 'PNG', 'ok')",
            [(int(i), text(n), *m.size) for i, n, m in zip(ids, names, images, strict=True)],
        )
        for kind, values in (labels or {}).items():
            store.catalog.labels.replace(kind, values)
        store.add_feature(EncoderSpec("flat", vectors.shape[1], Preprocessing(8, 8)))
        store.set_encoder("flat")
        write_part(store.paths.feature("flat"), 0, {"ids.npy": ids, "vectors.npy": vectors})
        # Equal picture objects are encoded once.
        jpegs = {id(image): image for image in images}
        made = {key: thumbnail(image) for key, image in jpegs.items()}
        write_thumbs(store.paths.thumbs, 0, ids, [made[id(image)] for image in images])
    return path


def decode(jpeg: bytes) -> NDArray[np.uint8]:
    """Return the pixels (h, w, 3) of a JPEG."""
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


def _rgb(hue: float, value: float) -> Color:
    red, green, blue = colorsys.hsv_to_rgb(hue, 1, value)
    return round(red * 255), round(green * 255), round(blue * 255)
