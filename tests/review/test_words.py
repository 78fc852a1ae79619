"""What differs, in words."""

import pytest

from imgrec.collection.kinds import SIMILAR
from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.duplicates.groups import COPY, KEPT, LINK, SAME
from imgrec.review.words import difference_words, resized
from reviews import entry

LARGE = entry(1, sides=(4000, 3000), size=4_000_000)


def _told(differences: Difference, turn: int = 0, kind: str = SAME, **other: object) -> str:
    comparison = Comparison(Verdict.SIMILAR, 0.8, differences, None, turn)
    options = {"sides": (4000, 3000), "size": 4_000_000} | other
    return difference_words(kind, comparison, LARGE, entry(2, **options))  # type: ignore[arg-type]


def test_each_difference_has_its_word() -> None:
    words = {_told(flag, sides=(2000, 1500)) for flag in Difference}
    assert len(words) == len(Difference)
    assert "saved again" not in words
    together = _told(~Difference.NONE, turn=5, sides=(2000, 1500))
    assert len(together.split(", ")) >= 13


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (_told(Difference.RESIZED, sides=(2000, 1500)), "half the size"),
        (_told(Difference.RESIZED, sides=(1000, 750)), "a quarter of the size"),
        (_told(Difference.RESIZED, sides=(2400, 1800)), "60% of the size"),
        (_told(Difference.REENCODED, size=1_000_000), "JPEG compressed more"),
        (_told(Difference.REENCODED, size=8_000_000), "JPEG compressed less"),
        (_told(Difference.REENCODED), "JPEG saved again"),
        (_told(Difference.REENCODED, form="WEBP"), "WEBP instead of JPEG"),
        (
            _told(Difference.RESIZED | Difference.REENCODED, sides=(2000, 1500), size=100_000),
            "half the size, JPEG compressed more",
        ),
        (_told(Difference.CROPPED | Difference.RESIZED, sides=(3000, 2000)), "cropped"),
        (_told(Difference.MIRRORED, 4), "mirrored"),
        (_told(Difference.TURNED, 1, sides=(3000, 4000)), "turned left"),
        (_told(Difference.TURNED, 2), "upside down"),
        (_told(Difference.TURNED, 3), "turned right"),
        (_told(Difference.MIRRORED | Difference.TURNED, 5), "mirrored and turned left"),
        (_told(Difference.TURNED | Difference.RESIZED, 1, sides=(1500, 2000)),
         "half the size, turned left"),
        (_told(Difference.PART | Difference.GRAY),
         "gray in one, color in the other, a part differs"),
        (_told(Difference.NONE), "saved again"),
        (_told(Difference.NONE, kind=KEPT), ""),
        (_told(Difference.NONE, kind=COPY), "the same bytes"),
        (_told(Difference.NONE, kind=LINK), "another name of the same file"),
        (_told(Difference.FRAMES, kind=SIMILAR), "other frames"),
        (_told(Difference.NONE, kind=SIMILAR), "little differs"),
        (_told(Difference.UNREAD, kind=SIMILAR), "not compared: gone, changed or unreadable"),
    ],
)  # fmt: skip
def test_words(told: str, words: str) -> None:
    assert told == words


def test_equal_sides_and_unknown_ones_have_no_words() -> None:
    assert resized(LARGE, entry(2, sides=(4001, 3000))) == ""
    assert resized(LARGE, entry(2, sides=(0, 0))) == ""
    assert resized(entry(1, sides=(100, 100)), entry(2, sides=(1200, 1200))) == "12 times the size"
    assert resized(entry(1, sides=(100, 50)), entry(2, sides=(200, 100))) == "twice the size"
