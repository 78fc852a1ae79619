"""Text that is drawn in a picture: in a font that has its letters, and what no font has by name.

Pillow draws an empty box for a letter that a font lacks. Its own font has hardly more than those
of English. DejaVu Sans, which comes with matplotlib, has those of all European languages, Hebrew,
Arabic, many signs and faces. Fonts of the system are not looked for, so that an answer gives the
same picture on every machine; a letter that neither has becomes `[artist palette]` or `[U+6771]`.
"""

import unicodedata
from functools import cache, lru_cache

from PIL import Image, ImageDraw, ImageFont

from imgrec.system.file_names import composed, printable
from imgrec.system.fonts import dejavu_sans

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
# A code point that is no character, so that every font draws what it draws for a missing one.
_MISSING = "\U0010ffff"
# What asks for an emoji in color or without.
_FORMS = str.maketrans("", "", "\ufe0e\ufe0f")
# Marks on the letter before, and tones of skin.
_MARKS = ("Mn", "Me", "Sk")


def written(text: str, size_px: int) -> tuple[str, Font]:
    """Return a text as one printable line, and the font to draw it with; the font has all of it.

    Args:
        text: a name of a file, or words.
        size_px: of the font.
    """
    line = composed(printable(text)).translate(_FORMS)
    letters = set(line)
    lacking = {font: {one for one in letters if not _has(font, one)} for font in _fonts(size_px)}
    font = min(lacking, key=lambda one: len(lacking[one]))
    return "".join(_named(one) if one in lacking[font] else one for one in line), font


@cache
def _fonts(size_px: int) -> tuple[Font, ...]:
    """Return the fonts in the order in which they are preferred."""
    own, file = ImageFont.load_default(size_px), dejavu_sans()
    return (own, ImageFont.truetype(file, size_px)) if file else (own,)


@lru_cache(4096)
def _has(font: Font, letter: str) -> bool:
    return letter.isascii() or _drawn(font, letter) != _drawn(font, _MISSING)


def _drawn(font: Font, letter: str) -> bytes:
    if isinstance(font, ImageFont.FreeTypeFont):
        # Letter by letter: the other way of laying out draws a circle below a mark.
        font = font.font_variant(layout_engine=ImageFont.Layout.BASIC)
    image = Image.new("L", (64, 64))
    ImageDraw.Draw(image).text((8, 8), letter, 255, font)
    return image.tobytes()


def _named(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind in _MARKS:
        return ""
    name = unicodedata.name(letter, "").lower() if kind.startswith("S") else ""
    return f"[{name or f'U+{ord(letter):04X}'}]"
