"""One picture must not stop a run or cost the others, whatever goes wrong with it and where."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import stub_encoders
from imgrec import EncoderError, Options, Store, index_folders
from imgrec.encoders.device import Compile, Encoded
from imgrec.encoders.registry import BUILT_IN, Loader
from imgrec.encoders.spec import LoadOptions, Vectors
from imgrec.indexing import read
from imgrec.indexing.blame import attempt
from imgrec.pictures.decoding import Scales
from imgrec.pictures.preprocessing import Pixels
from imgrec.store.features import stored_ids
from pictures import picture
from stores import statuses

BAD, COUNT = 3, 7
_RED = (250, 2, 2)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Write seven pictures, the fourth of them plain red."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(COUNT):
        image = Image.new("RGB", (40, 30), _RED) if number == BAD else picture("discs", number)
        image.save(folder / f"{number}.png")
    return folder


def _index(photos: Path, encoder: str = "mini") -> Store:
    store = photos.parent / "store"
    index_folders([photos], store, Options(encoders=(encoder,), workers=0, batch_size=4))
    return Store.open(store)


def _check(store: Store, reason: str, detail: str) -> None:
    """Check that the red picture alone failed, and that every output has the rows of the others."""
    names = [f"{number}.png" for number in range(COUNT)]
    expected = {name: reason if name == f"{BAD}.png" else "ok" for name in names}
    assert statuses(store.path) == expected
    (failed,) = store.catalog.entries_with("failed")
    assert (failed.path, failed.reason, failed.detail) == (f"{BAD}.png", reason, detail)
    ok = store.catalog.ids("ok")
    assert len(ok) == COUNT - 1
    for name in store.feature_names():
        assert store.feature(name).ids.tolist() == ok.tolist()
    assert stored_ids(store.paths.thumbs).tolist() == ok.tolist()
    assert sorted(store.catalog.labels.of_kind("color")) == ok.tolist()


@pytest.mark.parametrize(
    ("step", "error"), [("pixels_for", OverflowError("odd")), ("fitted", OSError("odd"))]
)
def test_any_exception_after_decoding_is_that_of_one_file(
    photos: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception
) -> None:
    whole = getattr(Scales, step)

    def raising(scales: Scales, *args: object) -> object:
        if scales.image.getpixel((0, 0)) == _RED:
            raise error
        return whole(scales, *args)

    monkeypatch.setattr(Scales, step, raising)
    with _index(photos) as store:
        _check(store, "damaged", f"{type(error).__name__}: odd")


@pytest.mark.parametrize("step", ["color_of", "digest"])
def test_an_exception_of_any_step_is_that_of_one_file(
    photos: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    whole, calls = getattr(read, step), [0]

    def raising(*args: object, **options: object) -> object:
        calls[0] += 1
        if calls[0] == BAD + 1:
            raise LookupError("odd\nmessage")
        return whole(*args, **options)

    monkeypatch.setattr(read, step, raising)
    with _index(photos) as store:
        _check(store, "damaged", "LookupError: odd message")


def _is_red(pixels: Pixels) -> NDArray[np.bool_]:
    return (pixels[:, 0, 0] == _RED).all(axis=1)


class Choosy:
    """Mixed into an encoder: raises on batches with a red picture, or gives it a NaN."""

    how = "raises"

    def encode(self, pixels: Pixels) -> Vectors:
        vectors = stub_encoders.mean_colors(pixels)
        if self.how == "raises" and _is_red(pixels).any():
            raise RuntimeError("no red")
        if self.how == "infinite":
            vectors[_is_red(pixels), 5] = np.inf
        if self.how == "broken":
            raise RuntimeError("no weights")
        return vectors


class ChoosyLight(Choosy, stub_encoders.LightWithHead):
    """In the workers."""


class ChoosyPlain(Choosy, stub_encoders.PlainWithHead):
    """In the main process, one batch at a time."""


class ChoosyQueued(Choosy, stub_encoders.QueuedWithHead):
    """In the main process, batches ahead; raises when a batch is queued."""

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        return ""


class ChoosyLate(ChoosyQueued):
    """Raises when the batch is waited for."""

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        return lambda: Encoded(vectors := self.encode(pixels), self.scores(vectors))


CHOOSY = {kind.__name__: kind for kind in (ChoosyLight, ChoosyPlain, ChoosyQueued, ChoosyLate)}


def load(name: str, options: LoadOptions) -> Choosy:
    """Return a choosy encoder, as a module in the registry does."""
    return CHOOSY[name](name)


@pytest.fixture(params=CHOOSY)
def choosy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Register an encoder of each kind; return its name."""
    name: str = request.param
    monkeypatch.setitem(BUILT_IN, name, Loader(f"{__name__}:load"))
    read._encoder.cache_clear()
    return name


@pytest.mark.parametrize(
    ("how", "detail"),
    [
        ("raises", "{}: RuntimeError: no red"),
        ("infinite", "{} gave NaN or infinite values (half precision may be too small: "
                     "--device cpu)"),
    ],
)  # fmt: skip
def test_an_encoder_that_fails_on_one_picture_keeps_the_others(
    photos: Path, choosy: str, monkeypatch: pytest.MonkeyPatch, how: str, detail: str
) -> None:
    monkeypatch.setattr(Choosy, "how", how)
    with _index(photos, choosy) as store:
        _check(store, "not-encoded", detail.format(choosy))
        feature, preprocessing = store.feature(choosy), store.spec(choosy).preprocessing
        for entry in store.catalog.entries(store.catalog.ids("ok")):
            with Image.open(photos / entry.path) as image:
                pixels = Scales(image).pixels_for(preprocessing)
            expected = stub_encoders.mean_colors(pixels[None])
            assert np.array_equal(feature.take(np.array([entry.id])), expected)


def test_an_encoder_that_fails_on_everything_ends_the_run(
    photos: Path, choosy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Choosy, "how", "broken")
    with pytest.raises(EncoderError, match=rf"{choosy} failed \(RuntimeError: no weights\)"):
        _index(photos, choosy)
    with Store.open(photos.parent / "store") as store:
        assert store.catalog.totals.counts()["failed"] == 0


def test_a_picture_that_was_read_before_stays_when_a_new_encoder_fails_on_it(
    photos: Path, choosy: str
) -> None:
    _index(photos).close()
    summary = index_folders(
        [], photos.parent / "store", Options(encoders=(choosy,), workers=0, batch_size=4)
    )
    assert summary.warnings == [f"{photos}/{BAD}.png: not-encoded ({choosy}: RuntimeError: no red)"]
    with Store.open(photos.parent / "store") as store:
        assert len(store.catalog.ids("ok")) == len(store.feature("mini").ids) == COUNT
        assert len(store.feature(choosy).ids) == COUNT - 1


def test_a_batch_that_is_too_large_for_the_device_is_encoded_one_by_one() -> None:
    pixels = np.arange(5 * 12, dtype=np.uint8).reshape(5, 2, 2, 3)

    def small(some: Pixels) -> Encoded:
        if len(some) > 1:
            raise MemoryError
        return Encoded(some.reshape(len(some), -1).astype(np.float32))

    made = attempt("small", lambda: small(pixels), small, pixels)
    assert made.faults == {}
    assert np.array_equal(made.encoded.vectors, pixels.reshape(5, -1))
    assert made.encoded.scores is None


def test_every_row_of_a_batch_can_be_the_one_to_blame() -> None:
    pixels = np.zeros((4, 2, 2, 3), np.uint8)
    for bad in range(4):
        odd = pixels.copy()
        odd[bad] = 255

        def scored(some: Pixels) -> Encoded:
            vectors = some.reshape(len(some), -1).astype(np.float32)
            return Encoded(vectors, np.where(some[:, :1, 0, 0] == 255, np.nan, vectors[:, :2]))

        made = attempt("scored", lambda odd=odd: scored(odd), scored, odd)  # type: ignore[misc]
        assert list(made.faults) == [bad]
        others = np.arange(4) != bad
        assert np.array_equal(made.encoded.vectors[others], np.zeros((3, 12)))
