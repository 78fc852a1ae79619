"""Files of pictures: formats, qualities and sizes, drawn at random."""

import io

import numpy as np
from PIL import Image

_FILTERS = (
    Image.Resampling.LANCZOS,
    Image.Resampling.BICUBIC,
    Image.Resampling.BILINEAR,
    Image.Resampling.BOX,
)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return the file of a picture in a format of Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def any_file(image: Image.Image, rng: np.random.Generator) -> bytes:
    """Return the file of a picture in a format and a quality drawn at random."""
    kind = rng.choice(["JPEG", "PNG", "WEBP", "AVIF"], p=[0.62, 0.2, 0.15, 0.03])
    quality = int(rng.integers(30, 96))
    if kind == "PNG":
        return saved(image, "PNG", compress_level=1)
    if kind == "WEBP":
        return saved(image, "WEBP", quality=quality, method=1)
    if kind == "AVIF":
        return saved(image, "AVIF", quality=quality, speed=9)
    return saved(
        image,
        "JPEG",
        quality=quality,
        subsampling=int(rng.choice([0, 2])),
        progressive=bool(rng.random() < 0.2),
    )


def scaled(image: Image.Image, share: float, rng: np.random.Generator) -> Image.Image:
    """Return a picture with both sides multiplied by `share`, by a filter drawn at random."""
    if share == 1:
        return image
    size = tuple(max(1, round(side * share)) for side in image.size)
    return image.resize((size[0], size[1]), _FILTERS[rng.integers(len(_FILTERS))])
