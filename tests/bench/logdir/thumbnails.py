"""Generated thumbnails of several shapes, with file sizes like those of photographs."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from imgrec.pictures.decoding import thumbnail

DIFFERENT = 400
_SIZES = ((128, 96), (96, 128), (128, 128), (128, 85), (85, 128), (128, 72))
_SEED = 31
_SHAPES = 9
# The standard deviation of noise, of 255, that gives JPEGs the size of photographs.
_GRAIN = 2.5


def generated(count: int = DIFFERENT) -> list[bytes]:
    """Return JPEGs of different pictures with gradients, shapes, texture and noise."""
    rng = np.random.default_rng(_SEED)
    return [thumbnail(_picture(*_SIZES[i % len(_SIZES)], rng)) for i in range(count)]


def _picture(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    image = Image.fromarray(_bytes(_light(width, height, rng)))
    draw = ImageDraw.Draw(image)
    for _ in range(_SHAPES):
        left, top = rng.uniform(-0.2, 0.8, 2) * (width, height)
        across, down = rng.uniform(0.1, 0.6, 2) * (width, height)
        box = (left, top, left + across, top + down)
        color = tuple(rng.integers(0, 256, 3).tolist())
        (draw.ellipse if rng.random() < 0.5 else draw.rectangle)(box, fill=color)
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(0.8)), np.float64)
    grain = rng.normal(0, _GRAIN, (height, width, 1))
    return Image.fromarray(_bytes(soft + _texture(width, height, rng) + grain))


def _light(width: int, height: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the bilinear gradient (h, w, 3) between four corner colors."""
    corners = rng.uniform(20, 235, (2, 2, 3))
    down, across = np.linspace(0, 1, height)[:, None, None], np.linspace(0, 1, width)[:, None]
    upper = corners[0, 0] * (1 - across) + corners[0, 1] * across  # (w, 3)
    lower = corners[1, 0] * (1 - across) + corners[1, 1] * across
    return np.asarray(upper * (1 - down) + lower * down)


def _texture(width: int, height: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise (h, w, 1) whose amplitude falls with frequency, as in photographs."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(height, width))) / frequency
    noise = np.fft.irfft2(spectrum, (height, width))
    return np.asarray(noise / noise.std() * rng.uniform(2, 16))[..., None]


def _bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
