"""Miniatures and sketches of thumbnails, against Pillow's conversion and resizing."""

import io
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgrec import Store, StoreError
from imgrec.duplicates.miniatures import miniatures_of, sketches_of
from imgrec.duplicates.sketching import sketches_by
from imgrec.duplicates.thumbnail_stage import planes_of
from imgrec.pictures.decoding import thumbnail
from pictures import picture

IDS = np.arange(4)
SIZES = [(128, 96), (96, 128), (128, 3), (1, 1)]
JPEGS = [thumbnail(picture("discs", seed, size)) for seed, size in enumerate(SIZES)]


def test_a_miniature_is_the_thumbnail_resized_to_a_square() -> None:
    found = miniatures_of(IDS, JPEGS.__getitem__)
    for row, jpeg in enumerate(JPEGS):
        image = Image.open(io.BytesIO(jpeg)).convert("YCbCr")
        planes = np.asarray(image.resize((64, 64), Image.Resampling.BILINEAR), np.float64)
        # Pillow's way through RGB rounds twice.
        assert np.abs(found.luminance[row] - planes[..., 0]).mean() < 1.5
        blue = planes[..., 1].reshape(16, 4, 16, 4).mean((1, 3))
        red = planes[..., 2].reshape(16, 4, 16, 4).mean((1, 3))
        assert np.abs(found.color[row] - np.stack([blue, red])).mean() < 1.5
    assert found.aspects.tolist() == pytest.approx([128 / 96, 96 / 128, 128 / 3, 1])


def test_a_sketch_is_a_smaller_miniature() -> None:
    found = sketches_of(IDS, JPEGS.__getitem__)
    for row, jpeg in enumerate(JPEGS):
        gray = Image.open(io.BytesIO(jpeg)).convert("L").resize((16, 16), Image.Resampling.BOX)
        assert np.abs(found.luminance[row] - np.asarray(gray, np.float64)).mean() < 6
    assert np.array_equal(found.aspects, miniatures_of(IDS, JPEGS.__getitem__).aspects)


def test_no_pictures_give_empty_arrays() -> None:
    assert miniatures_of(IDS[:0], JPEGS.__getitem__).luminance.shape == (0, 64, 64)
    assert sketches_of(IDS[:0], JPEGS.__getitem__).luminance.shape == (0, 16, 16)


@pytest.mark.parametrize("jpeg", [b"", b"no picture", JPEGS[0][:200]])
def test_a_damaged_thumbnail_is_named(jpeg: bytes) -> None:
    for describe in (miniatures_of, sketches_of):
        with pytest.raises(StoreError, match=r"thumbnail of picture 7 is damaged .*imgrec index"):
            describe(np.array([7]), lambda image_id: jpeg)


def test_sketches_of_processes_are_those_of_one(
    photo_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(photo_store) as store:
        ids, folder = store.catalog.ids("ok"), store.paths.thumbs
        expected = sketches_of(ids, store.thumbs().get)
        planes = sketches_of(ids, store.thumbs().get, 24, 2)
    for least in (0, len(ids) + 1):
        found = sketches_by(2, folder, ids, least=least, task=7)
        np.testing.assert_array_equal(found.luminance, expected.luminance)
        np.testing.assert_array_equal(found.aspects, expected.aspects)
    found = sketches_by(2, folder, ids, 24, 2, least=0, task=7)
    np.testing.assert_array_equal(found.luminance, planes.luminance)
    by_processes = partial(sketches_by, least=0)
    monkeypatch.setattr("imgrec.duplicates.thumbnail_stage.sketches_by", by_processes)
    for workers in (0, 1):
        found = planes_of(ids, folder, workers)
        np.testing.assert_array_equal(found.luminance, planes.luminance)
        np.testing.assert_array_equal(found.aspects, planes.aspects)
    with pytest.raises(StoreError, match="no thumbnail of picture"):
        sketches_by(1, folder, np.array([2_000_000]), least=0)
