"""Captions of a grid: no empty box for a letter, whatever a file is called."""

import pytest
from matplotlib.font_manager import get_font
from PIL import Image, ImageFont

from imgrec.search.grid import Cell, draw_grid
from imgrec.search.grid_text import written

_WITH_BOX = "\U0010ffff"


@pytest.mark.parametrize(
    ("name", "shown", "font"),
    [
        ("wood 01.jpg", "wood 01.jpg", "Aileron"),
        ("party \U0001f3a8\ufe0f 01.jpg", "party [artist palette] 01.jpg", "Aileron"),
        ("na\u00efve caf\u00e9.jpg", "na\u00efve caf\u00e9.jpg", "DejaVu Sans"),
        # As macOS writes it.
        ("Zu\u0308rich.jpg", "Z\u00fcrich.jpg", "DejaVu Sans"),
        ("\u041c\u043e\u0441\u043a\u0432\u0430 \U0001f600.jpg",
         "\u041c\u043e\u0441\u043a\u0432\u0430 \U0001f600.jpg", "DejaVu Sans"),
        ("\u041c\u043e \U0001f3a8\U0001f3fd.jpg", "\u041c\u043e [artist palette].jpg",
         "DejaVu Sans"),
        ("\u6771 1.jpg", "[U+6771] 1.jpg", "Aileron"),
        ("a\nb\udcff.jpg", "a b\ufffd.jpg", "DejaVu Sans"),
        ("", "", "Aileron"),
    ],
)  # fmt: skip
def test_a_text_is_written_in_a_font_that_has_it(name: str, shown: str, font: str) -> None:
    line, chosen = written(name, 13)
    assert line == shown
    assert isinstance(chosen, ImageFont.FreeTypeFont)
    assert chosen.getname()[0] == font


def test_a_font_has_all_letters_of_what_is_written_in_it() -> None:
    # Over all planes, by the table of the font itself.
    letters = [chr(code) for code in range(0x80, 0x30000, 97) if not 0xD800 <= code < 0xE000]
    for start in range(0, len(letters), 40):
        line, font = written("".join(letters[start : start + 40]), 13)
        assert isinstance(font, ImageFont.FreeTypeFont)
        if font.getname()[0] == "DejaVu Sans":
            known = get_font(str(font.path))
            assert [one for one in line if not known.get_char_index(ord(one))] == []


def test_the_captions_of_a_grid_have_no_boxes() -> None:
    image = Image.new("RGB", (8, 8))

    def drawn(name: str) -> bytes:
        cells = [Cell(image, "query", name)], [Cell(image, "1", name, name)]
        return draw_grid(*cells).tobytes()

    assert drawn("a \U0001f3a8.jpg") == drawn("a [artist palette].jpg")
    assert drawn("a \u00e9.jpg") != drawn(f"a {_WITH_BOX}.jpg")
