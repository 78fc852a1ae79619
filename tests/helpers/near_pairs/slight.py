"""Pairs of one picture altered a little: related, but one cannot stand for the other.

No copy keeps less than its format takes: a blurred one has lost detail, a brightened or recolored
one its values, a trimmed one its rim. None of them is the same.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from near_pairs.changes import watermarked
from near_pairs.different import Pair
from near_pairs.files import any_file

_LEAST_RMS = 5.0


def _trimmed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cut 2 to 4 % of one side and scale to the old size."""
    cut = round(max(image.size) * rng.uniform(0.02, 0.04))
    width, height = image.size
    box = (
        (cut, 0, width, height),
        (0, 0, width, height - cut),
        (cut, cut, width - cut, height - cut),
    )
    return image.crop(box[rng.integers(3)]).resize(image.size, Image.Resampling.LANCZOS)


def _brightened(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    factor = float(rng.uniform(0.07, 0.14)) * float(rng.choice([-1, 1]))
    return ImageEnhance.Brightness(image).enhance(1 + factor)


def _contrasted(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Contrast(image).enhance(float(rng.choice([0.8, 0.85, 1.2, 1.3])))


def _blurred(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(float(rng.uniform(2, 4))))


def _sharpened(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(float(rng.uniform(1.5, 3)), 180, 2))


def _warmed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Shift the white balance."""
    pixels = np.asarray(image, np.float32)
    gains = np.array([1 + rng.uniform(0.08, 0.15), 1, 1 - rng.uniform(0.08, 0.15)], np.float32)
    return Image.fromarray(np.clip(pixels * gains, 0, 255).astype(np.uint8))


def _tilted(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    angle = float(rng.uniform(0.8, 2.5)) * float(rng.choice([-1, 1]))
    return image.rotate(angle, Image.Resampling.BICUBIC)


def _noisy(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(image, np.float32)
    grain = rng.standard_normal(pixels.shape) * rng.uniform(25, 45)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


SLIGHT: dict[str, Callable[[Image.Image, np.random.Generator], Image.Image]] = {
    "trimmed by 2 to 4 %": _trimmed,
    "7 to 14 % brighter or darker": _brightened,
    "contrast changed": _contrasted,
    "blurred by 2 to 4 px": _blurred,
    "sharpened": _sharpened,
    "warmer": _warmed,
    "tilted by 1 to 2.5°": _tilted,
    "much noise": _noisy,
    "watermarked": watermarked,
}


def slight_pair(data: bytes, name: str, seed: int) -> Pair | None:
    """Return a file and the slightly altered picture; None if the alteration does not show."""
    rng = np.random.default_rng([seed, 10])
    image = Image.open(io.BytesIO(data)).convert("RGB")
    altered = SLIGHT[name](image.copy(), rng)
    difference = np.asarray(image, np.float32) - np.asarray(altered, np.float32)
    if np.sqrt((difference**2).mean()) < _LEAST_RMS:
        return None
    return Pair(name, data, any_file(altered, rng), f"seed {seed}")
