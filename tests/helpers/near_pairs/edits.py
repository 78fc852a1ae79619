"""A photograph and the same with one small part edited: the pair is different.

An edit counts only where it shows: the root mean square of the difference in its box is at least
`LEAST_RMS` levels of 255 in some channel, after a blur of one pixel.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from near_pairs.files import scaled
from near_pairs.look import font_of
from near_pairs.photos import Photos

LEAST_RMS = 20.0
# Of a smaller one: little pictures are never the same by design.
_LEAST_SIDE_PX = 160
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Edit:
    """A photograph before and after an edit.

    Attributes:
        name: what was done.
        box: the edited part in pixels: left, top, right, bottom.
        rms: how much it shows, in levels of 255.
    """

    name: str
    one: Image.Image
    other: Image.Image
    box: Box
    rms: float


def edited(photos: Photos, rng: np.random.Generator, least_rms: float = LEAST_RMS) -> Edit:
    """Return a photograph with an edit that shows; others are drawn until one does."""
    while True:
        photo = photos.drawn(rng, int(rng.integers(360, 1000)))
        name = list(_EDITS)[rng.integers(len(_EDITS))]
        for _ in range(8):
            one, other, box = _EDITS[name](photo, rng, photos)
            rms = shown(one, other, box)
            if rms >= least_rms:
                return Edit(name, one, other, box, rms)


def edited_and_resized(photos: Photos, rng: np.random.Generator) -> Edit:
    """Return a photograph, and a smaller one with an edit that shows at the smaller size."""
    while True:
        edit = edited(photos, rng)
        least = _LEAST_SIDE_PX / min(edit.one.size)
        share = min(max(float(rng.uniform(0.35, 0.95)), least), 0.95)
        other = scaled(edit.other, share, rng)
        left, top, right, bottom = (round(place * share) for place in edit.box)
        box = left, top, max(right, left + 2), max(bottom, top + 2)
        rms = shown(edit.one.resize(other.size), edit.other.resize(other.size), box)
        if rms >= LEAST_RMS:
            return Edit(f"{edit.name}, resized", edit.one, other, box, rms)


def shown(one: Image.Image, other: Image.Image, box: Box) -> float:
    """Return the root mean square difference within a box, of the channel that differs most."""
    blur = ImageFilter.GaussianBlur(1)
    first, second = (np.asarray(i.filter(blur).crop(box), np.float32) for i in (one, other))
    return float(np.sqrt(((first - second) ** 2).mean(axis=(0, 1)).max()))


_Made = tuple[Image.Image, Image.Image, Box]


def _box(image: Image.Image, rng: np.random.Generator, width: int, height: int) -> Box:
    width, height = min(width, image.width // 2), min(height, image.height // 2)
    left = int(rng.integers(image.width - width))
    top = int(rng.integers(image.height - height))
    return left, top, left + width, top + height


def _cloned(photo: Image.Image, rng: np.random.Generator, photos: Photos) -> _Made:
    side = int(rng.integers(8, 65))
    box, source = _box(photo, rng, side, side), _box(photo, rng, side, side)
    other = photo.copy()
    other.paste(photo.crop(source), box[:2])
    return photo, other, box


def _replaced(photo: Image.Image, rng: np.random.Generator, photos: Photos) -> _Made:
    """A part with a soft edge comes from another photograph, as in an exchanged face."""
    side = int(rng.integers(16, 90))
    box = _box(photo, rng, side, side * 5 // 4)
    size = box[2] - box[0], box[3] - box[1]
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse((1, 1, size[0] - 2, size[1] - 2), 255)
    stranger = photos.drawn(rng, 400)
    piece = stranger.crop(_box(stranger, rng, *size)).resize(size)
    other = photo.copy()
    other.paste(piece, box[:2], mask.filter(ImageFilter.GaussianBlur(1)))
    return photo, other, box


def _text_changed(photo: Image.Image, rng: np.random.Generator, photos: Photos) -> _Made:
    """One digit of a number differs that stands on a sign in the photograph."""
    size = int(rng.integers(11, 40))
    digits = rng.integers(0, 10, int(rng.integers(1, 6))).tolist()
    changed = list(digits)
    place = int(rng.integers(len(digits)))
    changed[place] = (digits[place] + int(rng.integers(1, 10))) % 10
    is_bare, colors = (
        rng.random() < 0.3,
        [(240, 240, 235), (20, 20, 25), (200, 30, 30), (240, 200, 40)],
    )
    ground, ink = (colors[i] for i in rng.permutation(4)[:2])
    family = int(rng.integers(5))
    advance = round(font_of(family, size, bold=True).getlength("0"))
    box = _box(photo, rng, advance * (len(digits) + 1), size * 3 // 2)
    pictures = []
    for text in (digits, changed):
        image = photo.copy()
        draw = ImageDraw.Draw(image)
        if not is_bare:
            draw.rectangle(box, ground)
        for number, digit in enumerate(text):
            where = (box[0] + advance // 2 + number * advance, box[1] + size // 8)
            draw.text(where, str(digit), ink, font_of(family, size, bold=True))
        pictures.append(image)
    left = box[0] + advance // 2 + place * advance
    digit_box = (left, box[1], min(photo.width, left + advance + 1), box[3])
    return pictures[0], pictures[1], digit_box


def _removed(photo: Image.Image, rng: np.random.Generator, photos: Photos) -> _Made:
    """An object is there in one and not in the other."""
    side = int(rng.integers(10, 80))
    box = _box(photo, rng, side, side)
    color = tuple(int(c) for c in rng.integers(0, 256, 3))
    other = photo.copy()
    draw = ImageDraw.Draw(other)
    shape = rng.integers(3)
    if shape == 0:
        draw.ellipse(box, color)
    elif shape == 1:
        draw.rectangle(box, color)
    else:
        draw.line(box, color, max(2, side // 10))
    if rng.random() < 0.5:
        soft = other.crop(box).filter(ImageFilter.GaussianBlur(0.8))
        other.paste(soft, box[:2])
    return photo, other, box


def _smeared(photo: Image.Image, rng: np.random.Generator, photos: Photos) -> _Made:
    """A part was blurred beyond recognition, as a face or a plate is."""
    side = int(rng.integers(16, 90))
    box = _box(photo, rng, side, side * 2 // 3)
    other = photo.copy()
    if rng.random() < 0.5:
        part = photo.crop(box).filter(ImageFilter.GaussianBlur(side / 6))
    else:
        part = photo.crop(box)
        part = part.resize((max(1, side // 12),) * 2, Image.Resampling.BOX).resize(
            part.size, Image.Resampling.NEAREST
        )
    other.paste(part, box[:2])
    return photo, other, box


def _recolored(photo: Image.Image, rng: np.random.Generator, photos: Photos) -> _Made:
    """The colors of a part are turned."""
    side = int(rng.integers(16, 90))
    box = _box(photo, rng, side, side)
    other = photo.copy()
    channels = photo.crop(box).split()
    turned = ((1, 2, 0), (2, 0, 1), (2, 1, 0))[rng.integers(3)]
    other.paste(Image.merge("RGB", [channels[i] for i in turned]), box[:2])
    return photo, other, box


_EDITS: dict[str, Callable[[Image.Image, np.random.Generator, Photos], _Made]] = {
    "patch cloned": _cloned,
    "region replaced": _replaced,
    "digit changed": _text_changed,
    "object removed": _removed,
    "region blurred": _smeared,
    "region recolored": _recolored,
}
