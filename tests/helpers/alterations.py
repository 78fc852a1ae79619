"""Alterations of pictures: those a near-duplicate search must find, and those it need not."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance

Alteration = Callable[[Image.Image, np.random.Generator], tuple[bytes, str]]


def _file(image: Image.Image, kind: str = "JPEG", quality: int = 90) -> tuple[bytes, str]:
    """Return the encoded file of a picture and its file name suffix."""
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality)
    return buffer.getvalue(), ".jpg" if kind == "JPEG" else f".{kind.lower()}"


def resized(image: Image.Image, share: float) -> Image.Image:
    """Return a picture with both sides scaled by `share`."""
    return image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))


def cropped(
    image: Image.Image, rng: np.random.Generator, across: float, down: float
) -> Image.Image:
    """Return a picture without these shares of its width and height, cut off at random edges."""
    width, height = image.width * (1 - across), image.height * (1 - down)
    left, top = rng.uniform(0, image.width - width), rng.uniform(0, image.height - height)
    return image.crop((round(left), round(top), round(left + width), round(top + height)))


def brightened(image: Image.Image, factor: float) -> Image.Image:
    """Return a picture with all values multiplied by a factor and clipped to 255."""
    return ImageEnhance.Brightness(image).enhance(factor)


def _all_at_once(image: Image.Image, rng: np.random.Generator, share: float) -> Image.Image:
    factor = 1 + share * rng.choice([-4, 4])
    return brightened(resized(cropped(image, rng, share, share), 0.5), factor)


SOUGHT: dict[str, Alteration] = {
    "JPEG 90": lambda image, rng: _file(image, quality=90),
    "JPEG 70": lambda image, rng: _file(image, quality=70),
    "JPEG 50": lambda image, rng: _file(image, quality=50),
    "JPEG 30": lambda image, rng: _file(image, quality=30),
    "PNG": lambda image, rng: _file(image, "PNG"),
    "WebP 80": lambda image, rng: _file(image, "WEBP", 80),
    "80 % of the size": lambda image, rng: _file(resized(image, 0.8)),
    "50 % of the size": lambda image, rng: _file(resized(image, 0.5)),
    "30 % of the size": lambda image, rng: _file(resized(image, 0.3)),
    "2 % cut off both sides": lambda image, rng: _file(cropped(image, rng, 0.02, 0.02)),
    "5 % cut off both sides": lambda image, rng: _file(cropped(image, rng, 0.05, 0.05)),
    "10 % cut off both sides": lambda image, rng: _file(cropped(image, rng, 0.10, 0.10)),
    "10 % cut off the height": lambda image, rng: _file(cropped(image, rng, 0, 0.10)),
    "10 % cut off the width": lambda image, rng: _file(cropped(image, rng, 0.10, 0)),
    "20 % brighter": lambda image, rng: _file(brightened(image, 1.2)),
    "20 % darker": lambda image, rng: _file(brightened(image, 0.8)),
    "50 % of the size, JPEG 50": lambda image, rng: _file(resized(image, 0.5), quality=50),
    "3 % cut, 50 %, ±12 %, JPEG 70": lambda image, rng: _file(
        _all_at_once(image, rng, 0.03), quality=70
    ),
    "5 % cut, 50 %, ±20 %, JPEG 70": lambda image, rng: _file(
        _all_at_once(image, rng, 0.05), quality=70
    ),
}
NOT_SOUGHT: dict[str, Alteration] = {
    "mirrored": lambda image, rng: _file(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "turned by 90°": lambda image, rng: _file(image.transpose(Image.Transpose.ROTATE_90)),
    "turned by 5°": lambda image, rng: _file(image.rotate(5, Image.Resampling.BICUBIC)),
    "gray": lambda image, rng: _file(image.convert("L").convert("RGB")),
    "30 % cut off both sides": lambda image, rng: _file(cropped(image, rng, 0.30, 0.30)),
}
