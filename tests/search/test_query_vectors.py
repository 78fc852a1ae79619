"""The vectors of queries with stub encoders: which are stored, cached or computed."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgrec.search.query_vectors
from imgrec import ImgrecError, StoreError
from imgrec.collection import Entry
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.errors import EncoderError, PictureError
from imgrec.pictures.decoding import digest
from imgrec.pictures.preprocessing import Pixels, Preprocessing
from imgrec.search.query_vectors import Resolver, encoded_by
from imgrec.store.features import Block, FeatureStore

SMALL = EncoderSpec("small", 3, Preprocessing(4, 4))
LARGE = EncoderSpec("large", 4, Preprocessing(6, 6))
RED = np.full((8, 8, 3), (255, 0, 51), np.uint8)


class Means:
    """An encoder of the mean color, and the width of the pixels for a fourth dimension."""

    def __init__(self, spec: EncoderSpec) -> None:
        self.spec = spec
        self.encoded: list[tuple[int, ...]] = []

    def encode(self, pixels: Pixels) -> Vectors:
        self.encoded.append(pixels.shape)
        means = pixels.mean(axis=(1, 2)) / 255
        width = np.full((len(pixels), 1), pixels.shape[2])
        return np.hstack([means, width])[:, : self.spec.dimensions].astype(np.float32)


class Words(Means):
    """An encoder of texts by their length too."""

    def encode_text(self, texts: list[str]) -> Vectors:
        self.encoded.append((len(texts),))
        return np.array([[len(text), 0, 1] for text in texts], np.float32)


class Kept(dict[tuple[str, str], Vectors]):
    """A query cache in memory."""

    def get(self, spec: EncoderSpec, content: str) -> Vectors | None:  # type: ignore[override]
        return super().get((spec.name, content))

    def put(self, spec: EncoderSpec, content: str, vector: Vectors) -> None:
        self[spec.name, content] = vector


class Catalog:
    """A catalog of entries."""

    def __init__(self, *entries: Entry, root: str = "/photos") -> None:
        self._entries = entries
        self._root = root

    def roots(self) -> dict[str, int]:
        return {"/elsewhere": 1, self._root: 2}

    def entries(self, ids: list[int]) -> list[Entry]:
        found = [entry for i in ids for entry in self._entries if entry.id == i]
        if len(found) < len(ids):
            raise StoreError("no such id")
        return found

    def find_path(self, path: str) -> Entry | None:
        return next((entry for entry in self._entries if entry.path == path), None)

    def find_outside(self, path: str) -> Entry | None:
        return next((e for e in self._entries if e.path == path and e.status != "ok"), None)

    def ids_ending(self, suffixes: list[str], *statuses: str) -> np.ndarray:
        of = (e for e in self._entries if e.status in statuses)
        return np.array([e.id for e in of if e.path.endswith(tuple(suffixes))], np.int64)

    def find_digest(self, content: str) -> Entry | None:
        return next((entry for entry in self._entries if entry.digest == content), None)

    def find_listed(self, root: str, listed: Any) -> Entry | None:
        found = self.find_path(listed.path)
        fits = found is not None and (found.root, found.size) == (root, listed.size)
        return found if fits else None


def _entry(image_id: int, path: str, content: str = "?", status: str = "ok", **more: Any) -> Entry:
    values = {"root": "/photos", "size": 1, **more}
    root, size = values["root"], values["size"]
    return Entry(image_id, root, path, size, 0, content, 8, 8, "PNG", status, None)


def _opened(spec: EncoderSpec, ids: tuple[int, ...] = ()) -> Any:
    """Return an opened feature in which the vector of picture i is (i, i, …)."""
    vectors = np.repeat(np.array(ids, np.float32)[:, None], spec.dimensions, axis=1)
    feature = FeatureStore(spec.name, spec.dimensions, [Block(np.array(ids, np.int64), vectors)])
    return SimpleNamespace(spec=spec, feature=feature)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Means]:
    """Replace the encoders by stubs; return those that were made, in this order."""
    every: list[Means] = []

    def matching(spec: EncoderSpec, weights: Path | None, device: str) -> Means:
        assert (weights, device) == (Path("weights.pth"), "cpu")
        every.append(Words(spec) if spec.name == "words" else Means(spec))
        return every[-1]

    monkeypatch.setattr(imgrec.search.query_vectors, "matching_encoder", matching)
    return every


def _resolver(cache: Any = None) -> Resolver:
    return Resolver(Kept() if cache is None else cache, Path("weights.pth"), "cpu")


def test_pixels_are_encoded_for_each_feature_by_its_own_preprocessing(made: list[Means]) -> None:
    nothing: Any = Catalog()
    found = _resolver().resolve(RED, nothing, [_opened(SMALL), _opened(LARGE)])
    assert (found.name, found.id) == ("array 8 x 8 x 3", None)
    assert np.allclose(found.vectors[0], [[1, 0, 0.2]], atol=0.01)
    assert np.allclose(found.vectors[1], [[1, 0, 0.2, 6]], atol=0.01)
    assert [each.encoded for each in made] == [[(1, 4, 4, 3)], [(1, 6, 6, 3)]]


def test_equal_pixels_are_encoded_once_and_others_again(made: list[Means]) -> None:
    nothing: Any = Catalog()
    cache = Kept()
    resolver, features = _resolver(cache), [_opened(SMALL)]
    first = resolver.resolve(RED, nothing, features)
    again = resolver.resolve(Image.fromarray(RED), nothing, features)
    assert np.array_equal(first.vectors[0], again.vectors[0])
    assert again.name == "image"
    assert len(made[0].encoded) == 1
    # The same bytes in another shape are another picture.
    resolver.resolve(RED.reshape(4, 16, 3), nothing, features)
    assert (len(made), len(made[0].encoded), len(cache)) == (1, 2, 2)
    # Another process finds them in the cache, and loads no encoder.
    _resolver(cache).resolve(RED, nothing, features)
    assert len(made) == 1


def test_an_encoder_is_made_again_when_the_feature_is_of_another_version(made: list[Means]) -> None:
    nothing: Any = Catalog()
    resolver = _resolver()
    for number, spec in enumerate((SMALL, SMALL, replace(SMALL, version=9), SMALL)):
        pixels = np.full((8, 8, 3), number, np.uint8)
        resolver.resolve(pixels, nothing, [_opened(spec)])
    assert [each.spec.version for each in made] == [SMALL.version, 9, SMALL.version]


@pytest.mark.parametrize("asked", [7, np.int64(7)])
def test_a_picture_of_the_catalog_has_its_stored_vectors(made: list[Means], asked: Any) -> None:
    catalog: Any = Catalog(_entry(3, "a.png"), _entry(7, "b.png"))
    found = _resolver().resolve(asked, catalog, [_opened(SMALL, (3, 7)), _opened(LARGE, (7,))])
    assert (found.name, found.id) == ("id 7", 7)
    assert [vectors.tolist() for vectors in found.vectors] == [[[7] * 3], [[7] * 4]]
    assert made == []


def test_ids_that_stand_for_no_picture() -> None:
    catalog: Any = Catalog(_entry(3, "a.png", status="missing"))
    with pytest.raises(ImgrecError) as error:
        _resolver().resolve(3, catalog, [_opened(SMALL)])
    assert str(error.value) == "picture 3 (a.png) is missing: name another"
    with pytest.raises(ImgrecError) as error:
        _resolver().resolve(4, catalog, [_opened(SMALL)])
    assert str(error.value) == "no picture has the id 4 in this catalog"


def test_a_path_of_the_catalog_needs_no_file(made: list[Means]) -> None:
    catalog: Any = Catalog(_entry(3, "gone/a.png"))
    found = _resolver().resolve("gone/a.png", catalog, [_opened(SMALL, (3,))])
    assert (found.name, found.id) == ("gone/a.png", 3)
    assert found.vectors[0].tolist() == [[3] * 3]
    with pytest.raises(ImgrecError) as error:
        _resolver().resolve("gone/b.png", catalog, [_opened(SMALL, (3,))])
    assert str(error.value) == ("no picture at gone/b.png: name a file, or a path of the catalog")


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["x/b.png"], "did you mean x/b.png?"),
        (["x/b.png", "y/b.png"], "2 pictures are called so, name one: x/b.png, y/b.png"),
        (["x/bb.png", "y/b.pngg"], "name a file, or a path of the catalog"),
        ([f"{n}/b.png" for n in range(4)], "4 pictures are called so, name one: 0/b.png, "
         "1/b.png, 2/b.png, …"),
    ],
)  # fmt: skip
def test_a_file_name_of_the_catalog_is_answered_with_its_path(
    paths: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    catalog: Any = Catalog(*(_entry(number, path) for number, path in enumerate(paths, 1)))
    with pytest.raises(ImgrecError) as error:
        _resolver().resolve("b.png", catalog, [_opened(SMALL, (3,))])
    assert str(error.value) == f"no picture at b.png: {told}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a picture."""
    Image.fromarray(RED).save(tmp_path / "red.png")
    return tmp_path / "red.png"


def test_a_file_at_its_place_in_the_catalog_has_its_stored_vector(
    made: list[Means], file: Path
) -> None:
    size, root = file.stat().st_size, str(file.parent)
    entry = _entry(5, "red.png", root=root, size=size)
    catalog: Any = Catalog(entry, root=root)
    found = _resolver().resolve(file, catalog, [_opened(SMALL, (5,))])
    assert (found.name, found.id, found.vectors[0].tolist()) == (str(file), 5, [[5] * 3])
    assert made == []
    # It is encoded where one of the features lacks it, and is known by its id all the same.
    lacking = [_opened(SMALL, (5,)), _opened(LARGE, (4,))]
    catalog = Catalog(replace(entry, digest=digest(file.read_bytes())), root=root)
    found = _resolver().resolve(file, catalog, lacking)
    assert found.id == 5
    assert np.allclose(found.vectors[0], [[1, 0, 0.2]], atol=0.01)
    assert [each.spec.name for each in made] == ["small", "large"]


def test_a_changed_file_is_encoded_and_is_no_picture_of_the_catalog(
    made: list[Means], file: Path
) -> None:
    root = str(file.parent)
    catalog: Any = Catalog(_entry(5, "red.png", root=root, size=7), root=root)
    found = _resolver().resolve(file, catalog, [_opened(SMALL, (5,))])
    assert found.id is None
    assert np.allclose(found.vectors[0], [[1, 0, 0.2]], atol=0.01)


def test_a_copy_of_a_picture_of_the_catalog_has_its_stored_vector(
    made: list[Means], file: Path
) -> None:
    catalog: Any = Catalog(_entry(8, "other.png", digest(file.read_bytes())))
    found = _resolver().resolve(str(file), catalog, [_opened(SMALL, (8,))])
    assert (found.name, found.id, found.vectors[0].tolist()) == (str(file), 8, [[8] * 3])
    assert made == []


def test_a_file_is_encoded_once_by_its_content(made: list[Means], file: Path) -> None:
    nothing: Any = Catalog()
    resolver = _resolver()
    (file.parent / "copy.png").write_bytes(file.read_bytes())
    first = resolver.resolve(file, nothing, [_opened(SMALL)])
    second = resolver.resolve(file.parent / "copy.png", nothing, [_opened(SMALL)])
    assert np.array_equal(first.vectors[0], second.vectors[0])
    assert made[0].encoded == [(1, 4, 4, 3)]


def test_a_file_that_is_no_picture(file: Path) -> None:
    file.write_bytes(b"words")
    nothing: Any = Catalog()
    with pytest.raises(ImgrecError) as error:
        _resolver().resolve(file, nothing, [_opened(SMALL)])
    assert str(error.value).startswith(f"{file} cannot be read: ")


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((3, 3), np.float32), "an array (3, 3) of float32"),
        (np.zeros((3, 3, 2), np.uint8), "an array (3, 3, 2) of uint8"),
        (np.zeros((3, 3, 5), np.uint8), "an array (3, 3, 5) of uint8"),
        (np.zeros(9, np.uint8), "an array (9,) of uint8"),
        (np.zeros((1, 3, 3, 3), np.uint8), "an array (1, 3, 3, 3) of uint8"),
        (np.zeros((0, 3, 3), np.uint8), "an array (0, 3, 3) of uint8"),
    ],
)
def test_arrays_that_are_no_pictures(array: np.ndarray, told: str) -> None:
    nothing: Any = Catalog()
    with pytest.raises(ImgrecError) as error:
        _resolver().resolve(array, nothing, [_opened(SMALL)])
    assert str(error.value) == f"{told} is no picture: give pixels (h, w, 3), uint8"


def test_gray_and_transparent_arrays_are_pictures(made: list[Means]) -> None:
    nothing: Any = Catalog()
    gray = np.full((8, 8), 51, np.uint8)
    clear = np.dstack([RED, np.zeros((8, 8), np.uint8)])
    for array, expected in (
        (gray, [0.2] * 3),
        (gray[:, :, None], [0.2] * 3),
        (clear, [1, 1, 1]),
        (np.dstack([RED, np.full((8, 8), 255, np.uint8)]), [1, 0, 0.2]),
    ):
        found = _resolver().resolve(array, nothing, [_opened(SMALL)])
        assert np.allclose(found.vectors[0], [expected], atol=0.01)
        assert found.name == "array " + " x ".join(str(side) for side in array.shape)


def test_a_picture_in_memory_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(image: Image.Image, need_px: int) -> Image.Image:
        assert need_px == 6
        raise PictureError("too-large", "it has many pixels")

    monkeypatch.setattr("imgrec.pictures.decoding.prepared", refused)
    nothing: Any = Catalog()
    for asked, name in ((RED, "array 8 x 8 x 3"), (Image.fromarray(RED), "image")):
        with pytest.raises(ImgrecError) as error:
            _resolver().resolve(asked, nothing, [_opened(SMALL), _opened(LARGE)])
        assert str(error.value) == f"{name} cannot be read: too-large (it has many pixels)"


def test_a_text_is_encoded_once(made: list[Means]) -> None:
    words = replace(SMALL, name="words")
    resolver = _resolver()
    found = resolver.resolve_text("a dog", [_opened(words)])
    assert (found.name, found.id, found.vectors[0].tolist()) == ("a dog", None, [[5, 0, 1]])
    resolver.resolve_text("a dog", [_opened(words)])
    resolver.resolve_text("a cat!", [_opened(words)])
    # A lone surrogate, as a terminal may give it.
    resolver.resolve_text("\udcfc", [_opened(words)])
    assert made[0].encoded == [(1,)] * 3
    for empty in ("", "  \n"):
        with pytest.raises(ImgrecError) as error:
            resolver.resolve_text(empty, [_opened(words)])
        assert str(error.value) == f"text {empty!r} is empty: say what to look for"


def test_a_text_needs_an_encoder_of_texts(made: list[Means]) -> None:
    with pytest.raises(EncoderError) as error:
        _resolver().resolve_text("dog", [_opened(SMALL)])
    assert str(error.value) == "small encodes no texts: ask by pictures"


@pytest.mark.parametrize("text", ["", "dog"])
def test_vectors_that_are_no_numbers_are_refused_and_not_cached(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    class Broken(Words):
        def encode(self, pixels: Pixels) -> Vectors:
            return np.array([[1, np.nan, 0]], np.float32)

        def encode_text(self, texts: list[str]) -> Vectors:
            return np.array([[1, np.inf, 0]], np.float32)

    name = "matching_encoder"
    monkeypatch.setattr(imgrec.search.query_vectors, name, lambda spec, *_: Broken(spec))
    cache, nothing = Kept(), Catalog()
    resolver = _resolver(cache)
    asked: Any = nothing
    with pytest.raises(EncoderError, match="small"):
        if text:
            resolver.resolve_text(text, [_opened(SMALL)])
        else:
            resolver.resolve(RED, asked, [_opened(SMALL)])
    assert not cache


def test_a_plain_feature_is_encoded_by_its_own_encoder() -> None:
    assert encoded_by(_opened(SMALL)) == (SMALL,)
