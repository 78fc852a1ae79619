"""Verification of pairs on thumbnails: symmetric, independent of block size, few decodings."""

from collections import Counter

import numpy as np
import pytest

from imgrec import StoreError
from imgrec.duplicates.verification import Sizes, similarities_by_block, similarities_of
from imgrec.pictures.decoding import thumbnail
from imgrec.samples.render import render_sample

PICTURES = [render_sample(0, index) for index in range(12)]
CUT = [image.crop((6, 4, image.width - 3, image.height - 5)) for image in PICTURES]
JPEGS = dict(enumerate(map(thumbnail, [*PICTURES, *CUT])))
EVERY = np.array([(a, b) for a in range(24) for b in range(a + 1, 24)])


def test_only_pictures_and_their_crops_are_similar() -> None:
    found = similarities_of(EVERY, JPEGS.__getitem__)
    assert EVERY[found > 0.7].tolist() == [[index, index + 12] for index in range(12)]
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1


def test_similarity_is_symmetric() -> None:
    there = similarities_of(EVERY, JPEGS.__getitem__)
    back = similarities_of(EVERY[:, ::-1], JPEGS.__getitem__)
    assert there == pytest.approx(back, abs=0.02)
    assert similarities_of(np.array([[3, 3]]), JPEGS.__getitem__)[0] == 1


def test_similarities_do_not_depend_on_the_block_size() -> None:
    at_once = similarities_of(EVERY, JPEGS.__getitem__)
    small = Sizes(block=50, close=3, task=7)
    done: list[int] = []
    blocks = list(similarities_by_block(EVERY, JPEGS.__getitem__, done.append, small))
    assert np.array_equal(np.concatenate([pairs for pairs, _ in blocks]), EVERY)
    assert np.array_equal(np.concatenate([found for _, found in blocks]), at_once)
    assert len(blocks) == 6
    assert sum(done) == len(EVERY)


def test_a_thumbnail_is_decoded_once_for_its_sketch_and_once_for_its_miniature() -> None:
    asked: Counter[int] = Counter()

    def counted(image_id: int) -> bytes:
        asked[image_id] += 1
        return JPEGS[image_id]

    similarities_of(EVERY, counted)
    assert set(asked) == set(JPEGS)
    assert max(asked.values()) == 2


def test_no_pairs_and_absent_thumbnails() -> None:
    def absent(image_id: int) -> bytes:
        raise StoreError(f"no thumbnail of picture {image_id}")

    assert similarities_of(EVERY[:0], absent).shape == (0,)
    with pytest.raises(StoreError, match="of picture 0"):
        similarities_of(EVERY, absent)


def test_pairs_of_unlike_sketches_are_done_at_once_and_get_zero() -> None:
    done: list[int] = []
    sizes = Sizes(block=1000, close=5, task=9)
    ((pairs, found),) = similarities_by_block(EVERY, JPEGS.__getitem__, done.append, sizes)
    assert np.array_equal(pairs, EVERY)
    close = int((found > 0).sum())
    assert close >= 12
    # First those that the sketches decide, then the others by fives.
    assert done[0] <= len(EVERY) - close
    assert set(done[1:-1]) == {5}
    assert 1 <= done[-1] <= 5
    assert sum(done) == len(EVERY)


def test_ids_need_not_be_consecutive() -> None:
    pairs = np.array([[700, 5], [5, 700], [90, 5]])
    jpegs = {5: JPEGS[0], 90: JPEGS[3], 700: JPEGS[12]}
    found = similarities_of(pairs, jpegs.__getitem__)
    expected = similarities_of(np.array([[12, 0], [0, 12], [3, 0]]), JPEGS.__getitem__)
    assert np.array_equal(found, expected)
    assert found[0] > 0.7
    assert found[2] == 0
