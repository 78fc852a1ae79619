"""Indexing: the rate, the share of decoding, and a naive implementation for comparison."""

import itertools
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from imgrec import Options, index_folders
from imgrec.encoders import load_encoder
from imgrec.pictures.decoding import SUFFIXES
from imgrec.samples import write_samples
from machine import rows, seconds

# Pictures for the naive implementation, which uses one core.
_NAIVE = 500


def rendering(work: Path) -> str:
    """Return the rate of the sample renderer."""
    count = 1000
    spent = seconds(lambda: write_samples(work / "rate", count))
    line = [count, "256 px", os.cpu_count(), f"{spent:.1f}", f"{count / spent:.0f}"]
    return rows(["pictures", "side", "processes", "seconds", "pictures/s"], [line])


def sample(work: Path, count: int) -> Path:
    """Render the sample collection, which is indexed if no photos are given."""
    write_samples(work / "sample", count)
    return work / "sample"


def measured(photos: Path, store: Path) -> str:
    """Return the rate of indexing with `mini`, `rgb` and thumbnails, and of a second run."""
    options = Options(encoders=("mini",))
    summary = index_folders([photos], store, options)
    again = index_folders([photos], store, options)
    alone = index_folders([photos], store.with_name("one"), Options(("mini",), workers=0))
    rate, single = summary.done / summary.reading_s, alone.done / alone.reading_s
    naive = _naive_rate(photos)
    lines = [
        ["indexing, all cores", f"{rate:.0f}", f"{summary.decode_s / summary.busy_s:.0%}"],
        ["indexing, one process", f"{single:.0f}", f"{alone.decode_s / alone.busy_s:.0%}"],
        ["one decode for each feature (Pillow), one process", f"{naive:.0f}", ""],
    ]
    return (
        rows(["method", "pictures/s", "share of decoding"], lines)
        + f"\n{summary.done} pictures, {summary.elapsed_s:.1f} s in all; one process is "
        f"{single / naive:.2f} times as fast as separate decodes; "
        f"a second run with nothing new: {again.elapsed_s:.2f} s\n"
    )


def _naive_rate(photos: Path) -> float:
    files = (path for path in sorted(photos.rglob("*")) if path.suffix.lower() in SUFFIXES)
    chosen = list(itertools.islice(files, 0, None, 7))[:_NAIVE]
    mini, rgb = load_encoder("mini"), load_encoder("rgb")

    def load(path: Path, side_px: int) -> np.ndarray:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
            return np.asarray(upright.resize((side_px, side_px), Image.Resampling.BILINEAR))

    def naive() -> None:
        for path in chosen:
            # The size of a thumbnail.
            load(path, 128)
            for encoder in (mini, rgb):
                encoder.encode(load(path, encoder.spec.preprocessing.crop_px)[None])

    return len(chosen) / seconds(naive)
