"""Pairs that are similar: one picture altered, with the names of what was done."""

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageOps

from imgrec.duplicates.comparison import Difference
from near_pairs.different import Pair
from near_pairs.files import saved
from near_pairs.look import font_of

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def _cropped(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cut up to 20 % of the width and of the height, at least 5 % of one."""
    while True:
        shares = rng.uniform(0, 0.2, 2) * rng.choice([0, 1], 2)
        if shares.max() >= 0.05:
            break
    start = shares * rng.choice([0.0, 0.3, 0.5, 1.0], 2)
    left, top = image.width * start[0], image.height * start[1]
    right, bottom = left + image.width * (1 - shares[0]), top + image.height * (1 - shares[1])
    return image.crop((round(left), round(top), round(right), round(bottom)))


def _brighter(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(float(rng.uniform(1.15, 1.35)))


def _darker(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(float(rng.uniform(0.6, 0.85)))


def _gray(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return image.convert("L").convert("RGB")


def _stamped(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Put a date or a logo into a corner."""
    size = max(12, round(image.width * rng.uniform(0.03, 0.08)))
    text = f"{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.20{rng.integers(10, 27)}"
    font = font_of(int(rng.integers(5)), size, bold=True)
    length = font.getlength(text)
    x = size / 2 if rng.random() < 0.5 else image.width - length - size / 2
    y = size / 2 if rng.random() < 0.5 else image.height - size * 1.6
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.4:
        draw.rectangle((x - 4, y - 4, x + length + 4, y + size * 1.3), (0, 0, 0))
    draw.text((x, y), text, (255, 160, 30), font, stroke_width=1, stroke_fill=(0, 0, 0))
    return image


def watermarked(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Lay a half transparent word over the picture, once or in a pattern, level or slanted."""
    layer = Image.new("L", image.size)
    size = max(16, round(image.width * rng.uniform(0.06, 0.16)))
    font, draw = font_of(0, size, bold=True), ImageDraw.Draw(layer)
    text = ("SAMPLE", "PREVIEW", "© photo", "DRAFT", "COPY")[rng.integers(5)]
    places = [(image.width * 0.2, image.height * 0.45)]
    if rng.random() < 0.4:
        places = [
            (image.width * x, image.height * y) for x in (0.05, 0.55) for y in (0.1, 0.45, 0.8)
        ]
    for place in places:
        draw.text(place, text, 255, font)
    if rng.random() < 0.5:
        layer = layer.rotate(float(rng.uniform(10, 40)), Image.Resampling.BICUBIC)
    opacity = rng.uniform(0.3, 0.7)
    shade = (255, 255, 255) if np.asarray(image.convert("L")).mean() < 140 else (90, 90, 90)
    image.paste(shade, mask=layer.point(lambda v: round(v * opacity)))
    return image


def _bordered(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Add an even border, on all sides or above and below."""
    shade = ((0, 0, 0), (255, 255, 255), tuple(int(c) for c in rng.integers(0, 256, 3)))[
        rng.integers(3)
    ]
    wide = round(max(image.size) * rng.uniform(0.03, 0.15))
    sides = (wide, wide) if rng.random() < 0.6 else (0, wide)
    return ImageOps.expand(image, sides, shade)


def _mirrored(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageOps.mirror(image)


def _turned(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    turns = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
    return image.transpose(turns[rng.integers(3)])


CHANGES: dict[str, tuple[Difference, Change]] = {
    "cropped": (Difference.CROPPED, _cropped),
    "brighter": (Difference.BRIGHTNESS, _brighter),
    "darker": (Difference.BRIGHTNESS, _darker),
    "gray": (Difference.GRAY, _gray),
    "stamped": (Difference.PART, _stamped),
    "watermarked": (Difference.PART, watermarked),
    "bordered": (Difference.BORDERED, _bordered),
    "mirrored": (Difference.MIRRORED, _mirrored),
    "turned": (Difference.TURNED, _turned),
}
PAIRS_OF_CHANGES = (
    ("cropped", "brighter"), ("cropped", "gray"), ("gray", "darker"), ("cropped", "stamped"),
    ("bordered", "gray"), ("mirrored", "brighter"), ("turned", "gray"), ("mirrored", "cropped"),
    ("turned", "stamped"), ("watermarked", "darker"),
)  # fmt: skip
_FAR_LEVELS = 6.0


def changed_pair(data: bytes, names: Sequence[str], seed: int) -> tuple[Pair, Difference] | None:
    """Return a file and an altered one, and what was done; None if it does not show.

    A gray picture has no colors to lose, a white page gets no brighter, an even border around an
    even ground is a larger page, and a symmetric drawing is its own mirror image.
    """
    rng = np.random.default_rng([seed, 8])
    image = Image.open(io.BytesIO(data)).convert("RGB")
    other, wanted = image, Difference.NONE
    for name in names:
        difference, change = CHANGES[name]
        altered = change(other.copy(), rng)
        if not _shows(other, altered, name):
            return None
        other, wanted = altered, wanted | difference
    file = saved(other, "JPEG", quality=int(rng.integers(70, 96)), subsampling=0)
    return Pair(" + ".join(names), data, file, f"seed {seed}"), wanted


def _shows(one: Image.Image, other: Image.Image, name: str) -> bool:
    if name == "gray":
        hue = np.asarray(one.convert("YCbCr"), np.float32)[..., 1:] - 128
        return float(np.abs(hue).max(axis=2).mean()) >= _FAR_LEVELS / 2
    if name == "bordered":
        rim = np.asarray(one)[[0, -1]].reshape(-1, 3).astype(np.float32)
        return float(np.abs(rim - np.asarray(other)[0, 0]).max(axis=1).mean()) >= 4 * _FAR_LEVELS
    if name == "cropped":
        return bool(np.asarray(one.convert("L")).std() > _FAR_LEVELS)
    if name in ("stamped", "watermarked"):
        return bool(np.asarray(ImageChops.difference(one, other)).max() >= 8 * _FAR_LEVELS)
    same_size = other.resize(one.size) if other.size != one.size else other
    spread = np.abs(np.asarray(one, np.float32) - np.asarray(same_size, np.float32)).mean()
    return float(spread) >= _FAR_LEVELS / (6 if name in ("mirrored", "turned") else 1)
