"""Photographs to alter: rendered scenes, the two of scikit-learn, or a folder of real ones."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from sklearn.datasets import load_sample_images

from imgrec.samples import render_sample

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class Photos:
    """A source of photographs, as large as asked for or smaller.

    Attributes:
        files: the real photographs; without any, pictures are rendered.
    """

    def __init__(self, folder: Path | None = None) -> None:
        found = sorted(folder.rglob("*")) if folder else []
        self.files = [path for path in found if path.suffix.lower() in _SUFFIXES]

    def drawn(self, rng: np.random.Generator, side_px: int = 640) -> Image.Image:
        """Return a photograph in RGB whose longer side is about `side_px`."""
        if self.files and rng.random() < 0.8:
            path = self.files[rng.integers(len(self.files))]
            with Image.open(path) as opened:
                upright = ImageOps.exif_transpose(opened).convert("RGB")
            upright.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
            return upright
        if rng.random() < 0.3:
            return _cut(real_photos()[rng.integers(2)], rng, side_px)
        return noisy(rendered(int(rng.integers(4000)), side_px), rng)


@lru_cache(maxsize=64)
def rendered(index: int, side_px: int) -> Image.Image:
    """Return a rendered scene of the sample collection."""
    return render_sample(11, index, side_px)


@lru_cache(maxsize=1)
def real_photos() -> list[Image.Image]:
    """Return the two photographs that come with scikit-learn, 640 × 427."""
    return [Image.fromarray(pixels) for pixels in load_sample_images().images]


def noisy(image: Image.Image, rng: np.random.Generator, sigma: float | None = None) -> Image.Image:
    """Return a picture with the noise of a sensor; sigma in levels of 255, drawn if None."""
    sigma = float(rng.uniform(1, 5)) if sigma is None else sigma
    pixels = np.asarray(image, np.float32)
    grain = rng.standard_normal(pixels.shape, np.float32) * sigma
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def _cut(image: Image.Image, rng: np.random.Generator, side_px: int) -> Image.Image:
    """Return a random part of a photograph, at least half of each side, at the wanted size."""
    width, height = (round(side * rng.uniform(0.5, 1)) for side in image.size)
    left, top = (
        int(rng.integers(whole - part + 1))
        for whole, part in zip(image.size, (width, height), strict=True)
    )
    part = image.crop((left, top, left + width, top + height))
    scale = side_px / max(part.size)
    return part.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
