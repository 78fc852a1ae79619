"""Shots of one scene a moment apart: the camera moved, the subject moved, the eyes are closed."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from near_pairs.photos import Photos, noisy

Pixels = tuple[int, int]
_LEAST_SHIFT_PX, _LEAST_MOVE_PX = 3, 6


def burst(photos: Photos, rng: np.random.Generator) -> tuple[str, Image.Image, Image.Image]:
    """Return what moved between two shots, and the shots; each has noise of its own."""
    side = int(rng.integers(380, 900))
    scene = photos.drawn(rng, side)
    kind = ("shift", "subject", "blink", "all")[rng.integers(4)]
    margin = 24
    size = scene.width - 2 * margin, scene.height - 2 * margin
    person = _person(rng, int(min(size) * rng.uniform(0.25, 0.6)))
    place = _place(rng, size, person[0].size)
    shots = []
    for number in range(2):
        is_other = number == 1
        offset = (margin, margin)
        if is_other and kind in ("shift", "all"):
            offset = _moved(rng, offset, _LEAST_SHIFT_PX, margin)
        shot = scene.crop((*offset, offset[0] + size[0], offset[1] + size[1]))
        at = place
        if is_other and kind in ("subject", "all"):
            at = _moved(rng, place, _LEAST_MOVE_PX, 40)
        face = person[1] if is_other and kind in ("blink", "all") else person[0]
        shot.paste(face, at, face)
        shots.append(noisy(shot, rng))
    return f"burst: {kind}", shots[0], shots[1]


def _place(rng: np.random.Generator, frame: Pixels, person: Pixels) -> Pixels:
    x, y = (
        int(rng.integers(max(1, whole - part))) for whole, part in zip(frame, person, strict=True)
    )
    return x, y


def _moved(rng: np.random.Generator, place: Pixels, least: int, most: int) -> Pixels:
    """Return a place that differs by `least` to `most` - 1 pixels in one direction or both."""
    steps = rng.integers(least, most, 2) * rng.choice([-1, 1], 2)
    steps *= (np.array([1, 1]), np.array([1, 0]), np.array([0, 1]))[rng.integers(3)]
    return place[0] + int(steps[0]), place[1] + int(steps[1])


def _person(rng: np.random.Generator, side: int) -> tuple[Image.Image, Image.Image]:
    """Return a face with open and with closed eyes, RGBA, otherwise equal."""
    side = max(side, 120)
    skin = np.array(((236, 196, 168), (198, 148, 112), (124, 84, 60))[rng.integers(3)])
    hair = tuple(int(c) for c in rng.integers(10, 130, 3))
    shirt = tuple(int(c) for c in rng.integers(30, 220, 3))
    faces = []
    for is_open in (True, False):
        face = Image.new("RGBA", (side, side))
        draw = ImageDraw.Draw(face)
        draw.pieslice((side * 0.1, side * 0.75, side * 0.9, side * 1.4), 180, 360, (*shirt, 255))
        draw.ellipse((side * 0.23, side * 0.02, side * 0.77, side * 0.72), (*hair, 255))
        color = tuple(int(c) for c in skin)
        draw.ellipse((side * 0.27, side * 0.12, side * 0.73, side * 0.82), (*color, 255))
        for x in (0.4, 0.6):
            box = (side * (x - 0.055), side * 0.4, side * (x + 0.055), side * 0.46)
            if is_open:
                draw.ellipse(box, (250, 250, 250, 255))
                draw.ellipse(
                    (side * (x - 0.025), side * 0.4, side * (x + 0.025), side * 0.46),
                    (40, 30, 20, 255),
                )
            else:
                draw.line(
                    (box[0], side * 0.44, box[2], side * 0.44),
                    (90, 60, 45, 255),
                    max(1, side // 80),
                )
        draw.arc(
            (side * 0.4, side * 0.55, side * 0.6, side * 0.68),
            10,
            170,
            (150, 60, 60, 255),
            max(2, side // 50),
        )
        faces.append(face.filter(ImageFilter.GaussianBlur(0.7)))
    return faces[0], faces[1]
