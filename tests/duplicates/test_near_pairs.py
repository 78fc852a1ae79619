"""What the proof rests on: the generated pairs differ where they should, and only there."""

import numpy as np
import pytest
from PIL import ImageChops

from near_pairs.bursts import burst
from near_pairs.content import Content
from near_pairs.different import KINDS, different_pair, drawings, shows
from near_pairs.edits import LEAST_RMS, edited, edited_and_resized
from near_pairs.look import Look
from near_pairs.photos import Photos


@pytest.mark.parametrize("seed", range(20))
def test_one_changed_choice_leaves_all_others(seed: int) -> None:
    changed = seed % 9
    one, other = Content(seed), Content(seed, frozenset([changed]))
    values = [(one.below(7), other.below(7)) for _ in range(9)]
    assert [n for n, (a, b) in enumerate(values) if a != b] == [changed]


@pytest.mark.parametrize("kind", KINDS)
def test_drawings_are_a_function_of_look_and_content(kind: str) -> None:
    first, second = (KINDS[kind](Look.drawn(3), Content(3)) for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_two_drawings_have_one_size_and_differ_to_the_eye(kind: str) -> None:
    one, other, _ = drawings(kind, 12)
    assert one.size == other.size
    assert shows(one, other)


def test_files_of_a_seed_are_always_the_same() -> None:
    first, second = (different_pair("chess", 4) for _ in range(2))
    assert first == second


def test_other_seeds_give_other_pictures() -> None:
    assert len({drawings("bars", seed)[0].tobytes() for seed in range(10)}) == 10


@pytest.mark.parametrize("seed", range(10))
def test_an_edit_shows_and_stays_in_its_box(seed: int) -> None:
    edit = edited(Photos(), np.random.default_rng(seed))
    assert edit.rms >= LEAST_RMS
    changed = ImageChops.difference(edit.one, edit.other).getbbox()
    assert changed is not None
    assert changed[0] >= edit.box[0] - 1
    assert changed[1] >= edit.box[1] - 1
    assert changed[2] <= edit.box[2] + 1
    assert changed[3] <= edit.box[3] + 1


@pytest.mark.parametrize("seed", range(4))
def test_an_edit_shows_in_the_smaller_picture(seed: int) -> None:
    edit = edited_and_resized(Photos(), np.random.default_rng(seed))
    assert edit.rms >= LEAST_RMS
    assert max(edit.other.size) <= 0.96 * max(edit.one.size)
    ratios = [size / whole for size, whole in zip(edit.other.size, edit.one.size, strict=True)]
    assert ratios[0] == pytest.approx(ratios[1], rel=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_shots_differ_by_more_than_noise(seed: int) -> None:
    _, one, other = burst(Photos(), np.random.default_rng(seed))
    difference = np.asarray(ImageChops.difference(one, other), np.int16).max(axis=2)
    assert (difference > 60).sum() > 10
