"""Render a picture of the sample collection from a seed and an index.

Invariant: the pixels depend on seed, index and size only, not on other pictures or the order of
rendering, so that pictures can be rendered in parallel and a collection can grow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from imgrec.samples.canvas import Canvas
from imgrec.samples.families import (
    balloons,
    butterflies,
    clocks,
    flowers,
    forests,
    fruit,
    leaves,
    lettering,
    marble,
    mosaics,
    mountains,
    planets,
    skies,
    skylines,
    vases,
    waves,
    weaves,
    wood,
)
from imgrec.samples.palette import Rng

# Increase this whenever the same seed and index give a different picture.
RENDERER_VERSION = 1

ASPECTS = (1.0, 5 / 4, 4 / 3, 3 / 2, 16 / 9)
LONG_SIDE_RANGE = (0.75, 1.25)

_RENDERERS: dict[str, Callable[[Canvas, Rng], None]] = {
    "balloons": balloons.render,
    "butterflies": butterflies.render,
    "clocks": clocks.render,
    "flowers": flowers.render,
    "forests": forests.render,
    "fruit": fruit.render,
    "leaves": leaves.render,
    "lettering": lettering.render,
    "marble": marble.render,
    "mosaics": mosaics.render,
    "mountains": mountains.render,
    "planets": planets.render,
    "skies": skies.render,
    "skylines": skylines.render,
    "vases": vases.render,
    "waves": waves.render,
    "weaves": weaves.render,
    "wood": wood.render,
}
FAMILIES = tuple(_RENDERERS)


def family_of(index: int) -> str:
    """Return the family of a picture; families take turns by index."""
    return FAMILIES[index % len(FAMILIES)]


def render_sample(seed: int, index: int, size_px: int = 256) -> Image.Image:
    """Render one picture of the sample collection; a pure function of its arguments.

    Args:
        seed: of the collection, at least 0.
        index: of the picture in the collection, at least 0.
        size_px: average long side; a picture's own is 0.75 to 1.25 times that.

    Returns:
        An RGB picture, in portrait, square or landscape format.
    """
    rng = np.random.default_rng((seed, index))
    canvas = Canvas.blank(*_size(rng, size_px))
    _RENDERERS[family_of(index)](canvas, rng)
    return canvas.image()


def _size(rng: Rng, size_px: int) -> tuple[int, int]:
    """Return a random width and height in pixels."""
    long_px = round(size_px * rng.uniform(*LONG_SIDE_RANGE))
    short_px = round(long_px / ASPECTS[rng.integers(len(ASPECTS))])
    return (long_px, short_px) if rng.random() < 0.55 else (short_px, long_px)
