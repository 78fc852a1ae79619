"""A small sample of `make bench-duplicates`: near pairs that differ, copies, altered copies.

Every seed here is fixed; the bench draws tens of thousands of others.
"""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imgrec.duplicates.comparing import compare_files
from imgrec.duplicates.comparison import Difference, Verdict
from near_pairs.bursts import burst
from near_pairs.changes import CHANGES, changed_pair
from near_pairs.copies import REENCODED, RESIZED, original_file, reencoded_pair, resized_pair
from near_pairs.different import KINDS, different_pair
from near_pairs.edits import edited, edited_and_resized
from near_pairs.files import any_file, saved
from near_pairs.look import font_of
from near_pairs.photos import Photos, real_photos

# Whose ink is not so even or so wide that a quarter of the size would still be legible.
_PRINT = ("invoice", "spreadsheet", "code", "timetable")


def _photo_file(number: int, seed: int) -> bytes:
    return original_file(real_photos()[number], seed, is_photo=True)


@pytest.mark.parametrize("kind", KINDS)
def test_different_drawings_are_never_the_same(kind: str) -> None:
    pair = different_pair(kind, 70_001)
    assert compare_files(pair.one, pair.other).verdict != Verdict.SAME, pair.note


@pytest.mark.parametrize("seed", range(8))
def test_shots_of_one_scene_are_never_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind, one, other = burst(Photos(), rng)
    found = compare_files(any_file(one, rng), any_file(other, rng))
    assert found.verdict != Verdict.SAME, kind


@pytest.mark.parametrize("seed", range(12))
def test_a_small_edit_is_never_the_same(seed: int) -> None:
    rng = np.random.default_rng([seed, 1])
    edit = edited(Photos(), rng)
    found = compare_files(any_file(edit.one, rng), any_file(edit.other, rng))
    assert found.verdict != Verdict.SAME, f"{edit.name} in {edit.box}, rms {edit.rms:.0f}"


@pytest.mark.parametrize("seed", range(12))
def test_a_small_edit_in_a_resized_file_is_never_the_same(seed: int) -> None:
    rng = np.random.default_rng([seed, 2])
    edit = edited_and_resized(Photos(), rng)
    found = compare_files(any_file(edit.one, rng), any_file(edit.other, rng))
    assert found.verdict != Verdict.SAME, f"{edit.name} in {edit.box}, rms {edit.rms:.0f}"


def test_a_digit_that_differs_mostly_in_color_is_not_the_same() -> None:
    one, other = (_with_number(digit) for digit in "17")
    small = other.resize((360, 240), Image.Resampling.BICUBIC)
    files = saved(one, "WEBP", quality=90), saved(small, "JPEG", quality=80)
    assert compare_files(*files).verdict != Verdict.SAME
    unchanged = saved(one.resize((360, 240), Image.Resampling.BICUBIC), "JPEG", quality=80)
    assert compare_files(files[0], unchanged).verdict == Verdict.SAME


def _with_number(digit: str) -> Image.Image:
    """Return a photograph with a number on it, yellow on white."""
    image = real_photos()[0].crop((0, 0, 600, 400))
    draw = ImageDraw.Draw(image)
    draw.rectangle((380, 250, 430, 280), (240, 240, 235))
    draw.text((385, 255), f"10{digit}", (240, 200, 40), font_of(0, 18, bold=True))
    return image


# At the lowest qualities the damage of some photographs is as large as a small edit.
_LOWEST = "JPEG 30 to 49"


@pytest.mark.parametrize("seed", range(10))
def test_a_photograph_of_low_quality_is_similar_at_least(seed: int) -> None:
    pair = reencoded_pair(_photo_file(seed % 2, 3), _LOWEST, seed)
    assert compare_files(pair.one, pair.other).verdict >= Verdict.SIMILAR, pair.note


@pytest.mark.parametrize("name", [name for name in (*REENCODED, *RESIZED) if name != _LOWEST])
@pytest.mark.parametrize("number", [0, 1])
def test_a_photograph_in_another_file_is_the_same(name: str, number: int) -> None:
    data = _photo_file(number, 3)
    make = resized_pair if name in RESIZED else reencoded_pair
    pair = make(data, name, number)
    found = compare_files(pair.one, pair.other)
    assert found.verdict == Verdict.SAME, pair.note
    assert bool(found.differences & Difference.RESIZED) == (name in RESIZED)


@pytest.mark.parametrize("kind", _PRINT)
def test_print_at_a_third_of_the_size_is_not_the_same(kind: str) -> None:
    data = different_pair(kind, 5).one
    pair = resized_pair(data, "to 25 to 50 %", 8)
    assert compare_files(pair.one, pair.other).verdict != Verdict.SAME


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("number", [0, 1])
def test_an_altered_photograph_is_similar_and_named(name: str, number: int) -> None:
    made = changed_pair(_photo_file(number, 4), (name,), number)
    assert made
    pair, wanted = made
    found = compare_files(pair.one, pair.other)
    assert found.verdict == Verdict.SIMILAR
    assert found.differences & wanted == wanted, found
