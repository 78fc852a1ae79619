"""Pairs looked at on thumbnails: both ways round, in blocks as at once, each decoded seldom."""

from collections import Counter

import numpy as np
import pytest

from imgrec import StoreError
from imgrec.duplicates.verification import similarities_by_block, similarities_of
from imgrec.pictures.decoding import thumbnail
from imgrec.samples.render import render_sample

PICTURES = [render_sample(0, index) for index in range(12)]
CUT = [image.crop((6, 4, image.width - 3, image.height - 5)) for image in PICTURES]
JPEGS = dict(enumerate(map(thumbnail, [*PICTURES, *CUT])))
EVERY = np.array([(a, b) for a in range(24) for b in range(a + 1, 24)])


def test_those_cut_are_the_same_and_no_others() -> None:
    found = similarities_of(EVERY, JPEGS.__getitem__)
    assert EVERY[found > 0.7].tolist() == [[index, index + 12] for index in range(12)]
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1


def test_it_is_the_same_the_other_way_round() -> None:
    there = similarities_of(EVERY, JPEGS.__getitem__)
    back = similarities_of(EVERY[:, ::-1], JPEGS.__getitem__)
    assert there == pytest.approx(back, abs=0.02)
    assert similarities_of(np.array([[3, 3]]), JPEGS.__getitem__)[0] == 1


def test_blocks_are_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = similarities_of(EVERY, JPEGS.__getitem__)
    for name, value in (("_BLOCK_PAIRS", 50), ("_CLOSE_PAIRS", 3), ("_TASK_PAIRS", 7)):
        monkeypatch.setattr(f"imgrec.duplicates.verification.{name}", value)
    done: list[int] = []
    blocks = list(similarities_by_block(EVERY, JPEGS.__getitem__, done.append))
    assert np.array_equal(np.concatenate([pairs for pairs, _ in blocks]), EVERY)
    assert np.array_equal(np.concatenate([found for _, found in blocks]), at_once)
    assert len(blocks) == 6
    assert sum(done) == len(EVERY)


def test_a_thumbnail_is_decoded_once_for_all_its_pairs_and_once_to_look_closely() -> None:
    asked: Counter[int] = Counter()

    def counted(image_id: int) -> bytes:
        asked[image_id] += 1
        return JPEGS[image_id]

    similarities_of(EVERY, counted)
    assert set(asked) == set(JPEGS)
    assert max(asked.values()) == 2


def test_no_pair_and_no_thumbnail() -> None:
    def absent(image_id: int) -> bytes:
        raise StoreError(f"no thumbnail of picture {image_id}")

    assert similarities_of(EVERY[:0], absent).shape == (0,)
    with pytest.raises(StoreError, match="of picture 0"):
        similarities_of(EVERY, absent)
