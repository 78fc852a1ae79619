"""Similar pictures are found under each alteration, and each alteration is named."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from imgrec.duplicates.comparison import Difference
from imgrec.duplicates.registration import Pixels
from imgrec.duplicates.similar import similar

Alteration = Callable[[Image.Image], Image.Image]


def _scene(seed: int, width: int = 400, height: int = 300) -> Image.Image:
    """Return a picture full of colored shapes: it has structure and color everywhere."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (width, height), (120, 100, 80))
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        across, down = rng.uniform(8, 70, 2)
        color = tuple(int(level) for level in rng.integers(20, 210, 3))
        draw.ellipse((x - across, y - down, x + across, y + down), fill=color)
    return picture


def _drawing(seed: int, width: int = 400, height: int = 440) -> Image.Image:
    """Return a line drawing on paper."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (width, height), (246, 246, 246))
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = rng.uniform(0.1, 0.6, 2) * (width, height)
        across, down = rng.uniform(0.05, 0.3, 2) * (width, height)
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((x, y, x + across, y + down), outline=(30, 30, 30), width=3)
    return picture


def _stamped(picture: Image.Image) -> Image.Image:
    stamped = picture.copy()
    box = [
        int(share * side)
        for share, side in zip((0.1, 0.2, 0.5, 0.3), picture.size * 2, strict=True)
    ]
    ImageDraw.Draw(stamped).rectangle(box, fill=(200, 30, 30))
    return stamped


def _cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((width // 5, height // 10, width - width // 8, height - height // 5))


ALTERATIONS: dict[str, tuple[Alteration, Difference, int]] = {
    "cropped": (_cropped, Difference.CROPPED, 0),
    "brighter": (lambda p: ImageEnhance.Brightness(p).enhance(1.2), Difference.BRIGHTNESS, 0),
    "darker": (lambda p: ImageEnhance.Brightness(p).enhance(0.8), Difference.BRIGHTNESS, 0),
    "gray": (lambda p: p.convert("L").convert("RGB"), Difference.GRAY, 0),
    "stamped": (_stamped, Difference.PART, 0),
    "bordered": (lambda p: ImageOps.expand(p, 30, (10, 60, 90)), Difference.BORDERED, 0),
    "mirrored": (ImageOps.mirror, Difference.MIRRORED, 4),
    "turned": (lambda p: p.transpose(Image.Transpose.ROTATE_90), Difference.TURNED, 1),
    "upside down": (lambda p: p.transpose(Image.Transpose.ROTATE_180), Difference.TURNED, 2),
    "turned back": (lambda p: p.transpose(Image.Transpose.ROTATE_270), Difference.TURNED, 3),
    "resized": (lambda p: p.resize((181, 141)), Difference.NONE, 0),
}


def _pixels(picture: Image.Image) -> Pixels:
    return np.asarray(picture)


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_scene_is_similar_and_the_alteration_is_named(name: str) -> None:
    alter, differences, turn = ALTERATIONS[name]
    for seed in range(3):
        scene = _scene(seed)
        likeness = similar(_pixels(scene), _pixels(alter(scene)))
        assert likeness is not None
        assert likeness.differences == differences
        assert likeness.turn == turn
        assert 0.5 < likeness.score <= 1


@pytest.mark.parametrize("name", [name for name in ALTERATIONS if name not in ("gray", "brighter")])
def test_an_altered_drawing_is_similar_and_the_alteration_is_named(name: str) -> None:
    alter, differences, turn = ALTERATIONS[name]
    for seed in range(3):
        drawing = _drawing(seed)
        likeness = similar(_pixels(drawing), _pixels(alter(drawing)))
        assert likeness is not None
        assert likeness.differences == differences
        assert likeness.turn == turn


@pytest.mark.parametrize("make", [_scene, _drawing])
def test_pictures_of_one_style_are_not_similar(
    make: Callable[[int], Image.Image],
) -> None:
    pictures = [_pixels(make(seed)) for seed in range(8)]
    for seed, picture in enumerate(pictures[1:]):
        assert similar(picture, pictures[seed]) is None


@pytest.mark.parametrize("turn", range(8))
def test_the_box_of_a_stamp_is_that_in_the_first_picture(turn: int) -> None:
    scene = _scene(1)
    stamped = np.rot90(_pixels(_stamped(scene))[:, :: -1 if turn > 3 else 1], turn % 4)
    likeness = similar(_pixels(scene), np.ascontiguousarray(stamped))
    assert likeness is not None and likeness.box is not None
    assert likeness.turn == turn
    np.testing.assert_allclose(likeness.box, (0.1, 0.2, 0.5, 0.3), atol=0.06)


def _shades(seed: int) -> Image.Image:
    """Return a picture of nothing but gradients, as a blurred background."""
    levels = np.random.default_rng(seed).integers(10, 246, (4, 5, 3), np.uint8)
    return Image.fromarray(levels).resize((400, 320), Image.Resampling.BICUBIC)


def test_shades_are_similar_to_their_mirror_image_and_not_to_others() -> None:
    for seed in range(4):
        shades = _shades(seed)
        likeness = similar(_pixels(shades), _pixels(ImageOps.mirror(shades)))
        assert likeness is not None
        assert (likeness.differences, likeness.turn) == (Difference.MIRRORED, 4)
        assert similar(_pixels(shades), _pixels(_shades(seed + 4))) is None


def test_a_slight_tint_is_lost_in_gray_and_not_where_it_is_bleached() -> None:
    tinted = np.array(_drawing(1))
    tinted[tinted.min(axis=2) > 200] = (250, 246, 240)
    gray = Image.fromarray(tinted).convert("L").convert("RGB")
    likeness = similar(tinted, _pixels(gray))
    assert likeness is not None and likeness.differences == Difference.GRAY
    brighter = ImageEnhance.Brightness(Image.fromarray(tinted)).enhance(1.3)
    likeness = similar(tinted, _pixels(brighter))
    assert likeness is not None and likeness.differences & Difference.BRIGHTNESS
    assert not likeness.differences & Difference.GRAY


def test_pictures_without_structure_are_not_known_to_be_similar() -> None:
    white = np.full((200, 300, 3), 255, np.uint8)
    assert similar(white, white) is None
    assert similar(white[:1, :1], white) is None
