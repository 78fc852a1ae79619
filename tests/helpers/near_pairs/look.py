"""How a generated picture looks: size, type, colors, language; everything but what it says."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from near_pairs.content import Content
from near_pairs.glyphs import is_sign, sign
from near_pairs.languages import NARROW, WORDS

Color = tuple[int, int, int]
_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# Regular and bold. The first three have Greek, Cyrillic and Vietnamese letters.
_FAMILIES = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf"),
    ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
    ("STIXGeneral.ttf", "STIXGeneralBol.ttf"),
    ("DejaVuSans-Oblique.ttf", "DejaVuSans-BoldOblique.ttf"),
)
_GROUNDS: tuple[Color, ...] = (
    (255, 255, 255), (255, 255, 255), (250, 248, 240), (240, 243, 248), (245, 235, 220),
    (24, 26, 30), (0, 0, 0), (40, 44, 52), (13, 40, 60),
)  # fmt: skip
# Type from that of a dense page to that of a slide.
_TYPE_PX = (10, 11, 12, 13, 14, 16, 18, 20, 22, 26, 30, 36, 44, 60)


@dataclass
class Look:
    """The style of a picture.

    Attributes:
        rng: for choices of layout; a drawing function makes the same ones for each content.
        width, height: size in pixels.
        type_px: the font size of running text.
        ink, ground, accent: colors of text, paper and ornaments.
        language: a key of `WORDS`.
        family: index of a font family.
    """

    rng: np.random.Generator
    width: int
    height: int
    type_px: int
    ink: Color
    ground: Color
    accent: Color
    language: str
    family: int
    _numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def drawn(cls, seed: int) -> "Look":
        """Return the look of a seed; every call gives a fresh and equal one."""
        rng = np.random.default_rng([seed, 1])
        ground = _GROUNDS[rng.integers(len(_GROUNDS))]
        is_dark = sum(ground) < 384
        faint = int(rng.integers(0, 90))
        ink: Color = (255 - faint,) * 3 if is_dark else (faint,) * 3
        hue = rng.permutation([int(rng.integers(130, 256)), int(rng.integers(60, 200)), 40])
        accent: Color = (int(hue[0]), int(hue[1]), int(hue[2]))
        language = list(WORDS)[rng.integers(len(WORDS))]
        family = int(rng.integers(3 if language in NARROW else len(_FAMILIES)))
        long, share = int(rng.integers(420, 1050)), float(rng.uniform(0.5, 0.95))
        sides = (long, round(long * share))
        width, height = sides if rng.random() < 0.5 else sides[::-1]
        type_px = _TYPE_PX[rng.integers(len(_TYPE_PX))]
        return cls(
            rng, width, height, min(type_px, width // 14), ink, ground, accent, language, family
        )

    def canvas(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        """Return an empty picture of the ground, and what draws on it."""
        image = Image.new("RGB", (self.width, self.height), self.ground)
        return image, ImageDraw.Draw(image)

    def between(self, share: float) -> Color:
        """Return a color between ground (0) and ink (1)."""
        mixed = [round(g + (i - g) * share) for g, i in zip(self.ground, self.ink, strict=True)]
        return mixed[0], mixed[1], mixed[2]

    def word(self, content: Content) -> str:
        """Return a word of the language."""
        return content.one_of(WORDS[self.language])

    def words(self, content: Content, count: int) -> str:
        """Return `count` words of the language."""
        return " ".join(self.word(content) for _ in range(count))

    def label(self) -> str:
        """Return a word that belongs to the layout, such as the name of a field."""
        return WORDS[self.language][self.rng.integers(len(WORDS[self.language]))]

    def write(
        self,
        image: Image.Image,
        place: tuple[float, float],
        text: str,
        size_px: int | None = None,
        *,
        color: Color | None = None,
        bold: bool = False,
    ) -> float:
        """Write a line of text, its left top corner at `place`; return its width."""
        size_px, color = size_px or self.type_px, color or self.ink
        x, y = place
        if any(is_sign(letter) for letter in text):
            for letter in text:
                if is_sign(letter):
                    image.paste(color, (round(x), round(y)), sign(letter, size_px, bold=bold))
                    x += size_px * 1.05
                else:
                    x += self._plain(image, (x, y), letter, size_px, color, bold=bold)
            return x - place[0]
        return self._plain(image, place, text, size_px, color, bold=bold)

    def _plain(
        self,
        image: Image.Image,
        place: tuple[float, float],
        text: str,
        size_px: int,
        color: Color,
        *,
        bold: bool,
    ) -> float:
        font = font_of(self.family, size_px, bold=bold)
        ImageDraw.Draw(image).text(place, text, color, font)
        return font.getlength(text)


@lru_cache(maxsize=512)
def font_of(family: int, size_px: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return a font by the index of its family and its size."""
    return ImageFont.truetype(_FOLDER / _FAMILIES[family][bold], size_px)
