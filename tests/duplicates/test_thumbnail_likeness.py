"""Miniatures of altered pictures are told from those of others, whatever the orientation."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from imgrec.duplicates.thumbnail_likeness import fill_shares


def _scene(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (400, 300), (120, 100, 80))
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y = rng.uniform(0, 400), rng.uniform(0, 300)
        across, down = rng.uniform(8, 70, 2)
        color = tuple(int(level) for level in rng.integers(20, 210, 3))
        draw.ellipse((x - across, y - down, x + across, y + down), fill=color)
    return picture


def _shares(one: Image.Image, other: Image.Image) -> tuple[float, int]:
    squares = [picture.convert("L").resize((64, 64)) for picture in (one, other)]
    luminance = np.stack([np.asarray(square) for square in squares])
    aspects = np.array([p.width / p.height for p in (one, other)], np.float32)
    shares, turns = np.empty(1), np.empty(1, np.int8)
    fill_shares(luminance, aspects, np.array([0]), np.array([1]), shares, turns)
    return float(shares[0]), int(turns[0])


@pytest.mark.parametrize("turn", range(8))
def test_every_orientation_is_recognized(turn: int) -> None:
    scene = _scene(turn)
    pixels = np.asarray(scene)[:, :: -1 if turn > 3 else 1]
    share, found = _shares(scene, Image.fromarray(np.rot90(pixels, turn % 4).copy()))
    assert share > 0.9
    assert found == turn


def test_a_crop_and_a_border_are_recognized_both_ways() -> None:
    scene = _scene(1)
    for other in (scene.crop((50, 30, 370, 260)), ImageOps.expand(scene, 40, (250, 250, 250))):
        assert _shares(scene, other)[0] > 0.6
        assert _shares(other, scene)[0] > 0.6


def test_other_pictures_of_the_same_style_are_rejected() -> None:
    for seed in range(12):
        assert _shares(_scene(seed), _scene(seed + 1))[0] < 0.3


def test_what_is_flat_is_rejected() -> None:
    white = Image.new("RGB", (300, 200), "white")
    assert _shares(white, white)[0] == 0.0
    assert _shares(white, _scene(1))[0] == 0.0
