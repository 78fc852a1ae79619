"""Pictures resized by the compiled loops, against Pillow: the same bytes."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgrec.pictures import compiled
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.pictures.resampling import Raster, raster_of
from imgrec.pictures.scaling import Scales
from pictures import picture

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
_SIDES = st.integers(1, 300)
_SHARES = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@pytest.fixture(scope="module", autouse=True)
def _loops() -> None:
    compiled.import_loops()


def noise(size: tuple[int, int], *, hard: bool = False) -> Image.Image:
    """Return noise of a size (width, height), of all levels or of the darkest and brightest."""
    levels = np.random.default_rng(size).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(levels // 128 * 255 if hard else levels)


def raster(image: Image.Image) -> Raster:
    """Return a picture for the loops."""
    made = raster_of(image)
    assert made is not None
    return made


def without_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Pillow and NumPy do everything."""
    for name in ("resampling_loops", "measure_loops"):
        monkeypatch.delitem(sys.modules, f"imgrec.pictures.{name}", raising=False)


@given(st.tuples(_SIDES, _SIDES), st.tuples(_SIDES, _SIDES), _SHARES, _SHARES, st.booleans())
@settings(max_examples=60)
def test_a_box_is_resized_as_by_pillow(
    size: tuple[int, int],
    wanted: tuple[int, int],
    across: list[float],
    down: list[float],
    hard: bool,
) -> None:
    image = noise(size, hard=hard)
    box = across[0] * size[0], down[0] * size[1], across[1] * size[0], down[1] * size[1]
    for name, resampling in _FILTERS.items():
        expected = image.resize(wanted, resampling, box)
        assert (raster(image).resized(wanted, box, name) == np.asarray(expected)).all()


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((400, 533), (224, 224)),
        # Down first, since Pillow 13.
        ((400, 900), (224, 224)),
        ((300, 900), (300, 100)),
        # Rows of more bytes than are summed at a time.
        ((2500, 40), (70, 30)),
        ((40, 2500), (30, 70)),
        ((7, 5), (300, 200)),
        ((64, 64), (64, 64)),
    ],
)
@pytest.mark.parametrize("interpolation", _FILTERS)
def test_a_whole_picture_is_resized_as_by_pillow(
    size: tuple[int, int], wanted: tuple[int, int], interpolation: str
) -> None:
    image = noise(size)
    made = raster(image).resized(wanted, (0, 0, *size), interpolation)
    assert (made == np.asarray(image.resize(wanted, _FILTERS[interpolation]))).all()


@pytest.mark.parametrize("size", [(2, 2), (1, 1), (1, 7), (8, 1), (31, 32), (32, 31), (301, 203)])
@pytest.mark.parametrize("resized_before", [False, True])
def test_halves_are_those_of_pillow(size: tuple[int, int], resized_before: bool) -> None:
    image = noise(size, hard=True)
    made = raster(image)
    if resized_before:
        # It is transposed then, and so are its halves.
        made.resized((5, 5), (0, 0, *size), "bilinear")
    for _ in range(3):
        image, made = image.reduce(2), made.half
        found = made.resized(image.size, (0, 0, *image.size), "bilinear")
        assert (found == np.asarray(image)).all()


@pytest.mark.parametrize(
    "size",
    [
        (400, 533), (888, 400), (1000, 750), (64, 48), (3, 900),
        # Resized by Pillow: with an average along one axis first; too large.
        (1800, 500), (1700, 1100),
    ],
)  # fmt: skip
def test_everything_made_of_a_picture_is_the_same_without_loops(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = picture("discs", 1, size)
    wanted = (
        Preprocessing(64, 64),
        Preprocessing(224, 224, "crop"),
        Preprocessing(224, 256, "crop", "bicubic"),
    )

    def made() -> list[bytes]:
        scales = Scales(image)
        pixels = [scales.pixels_for(one) for one in wanted]
        assert all(one.shape[2] == 3 and one.flags.c_contiguous for one in pixels)
        return [*(one.tobytes() for one in pixels), scales.thumbnail(), scales.thumbnail(500)]

    by_loops = made()
    without_loops(monkeypatch)
    assert raster_of(image) is None
    assert made() == by_loops


def test_pillow_resizes_what_is_not_rgb() -> None:
    gray = noise((40, 30)).convert("L")
    assert raster_of(gray) is None
    assert (np.asarray(Scales(gray).fitted(20)) == np.asarray(gray.resize((20, 15), 2))).all()


@pytest.mark.parametrize(("share", "batches"), [(0, 16), (100, 16), (1000, 1)])
def test_loops_are_imported_when_there_are_many_pictures(
    share: int, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = []
    monkeypatch.setattr(compiled, "import_loops", lambda: imported.append(True))
    monkeypatch.setattr(compiled, "_expected", 0)
    for batch in range(1, batches + 1):
        assert not imported, batch
        compiled.expect(32, share)
    assert imported
