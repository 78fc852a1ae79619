"""Color words of pictures: named colors, foreground against background, caching as labels."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from imgrec import Options, Store, StoreError, index_folders
from imgrec.collection import Ids
from imgrec.collection.kinds import COLOR
from imgrec.labels import colors as color_labels
from imgrec.labels.colors import begin_colors, colors_of, update_colors
from imgrec.pictures import color_word as colors
from imgrec.pictures.color_word import WORDS, dominant_color
from imgrec.pictures.decoding import thumbnail
from imgrec.system.file_names import TEXT
from projector_store import make_store, plain
from stores import nothing_can_be_written
from thumb_parts import write_thumbs

NAMED = {
    "black": "black",
    "white": "white whitesmoke snow ivory ghostwhite",
    "gray": "gray dimgray darkgray",
    "beige": "beige tan wheat burlywood antiquewhite bisque navajowhite",
    "brown": "saddlebrown sienna chocolate #5c4033 #964b00",
    "red": "red darkred firebrick crimson maroon brown",
    "orange": "orange darkorange sandybrown",
    "yellow": "yellow gold khaki goldenrod",
    "green": "green lime darkgreen forestgreen limegreen seagreen olivedrab lightgreen yellowgreen",
    "turquoise": "turquoise cyan teal darkcyan lightseagreen aquamarine",
    "blue": "blue navy royalblue dodgerblue steelblue skyblue midnightblue lightsteelblue",
    "purple": "purple indigo blueviolet rebeccapurple darkorchid mediumpurple slateblue",
    "pink": "pink hotpink deeppink lightpink fuchsia palevioletred",
}
CASES = [(name, word) for word, names in NAMED.items() for name in names.split()]
Pixels = NDArray[np.uint8]


def word_of(image: Image.Image) -> str:
    return dominant_color(np.asarray(image))


def disc(thing: str, background: str, radius: int = 9) -> Image.Image:
    """Draw a disc of one color at the center of 32 x 32 pixels."""
    image = Image.new("RGB", (32, 32), background)
    ImageDraw.Draw(image).circle((15.5, 15.5), radius, thing)
    return image


def noise(rng: np.random.Generator, name: str) -> Image.Image:
    """Return a plain color as a camera records it: darker to one side, with noise."""
    plane = np.array(ImageColor.getrgb(name)) * np.linspace(0.94, 1, 128)[:, None]
    return Image.fromarray(np.clip(plane + rng.normal(0, 5, (96, 128, 3)), 0, 255).astype(np.uint8))


def make(path: Path, *names: str) -> Path:
    return make_store(path, [plain(ImageColor.getrgb(name)) for name in names])  # type: ignore[arg-type]


def add(path: Path, image_id: int, jpeg: bytes) -> None:
    """Add an ok picture with a thumbnail part of its own."""
    with Store.create(path) as store:
        store.catalog.db.execute(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, status) "
            f"VALUES (?, 1, {TEXT}, 1, 1, 'ok')",
            [image_id, f"added {image_id}.png".encode()],
        )
        write_thumbs(store.paths.thumbs, image_id, np.array([image_id]), [jpeg])


def updated(path: Path) -> dict[int, str]:
    with Store.open(path) as store:
        return update_colors(store)


def labels(path: Path) -> dict[int, str]:
    with Store.open(path) as store:
        return store.catalog.labels.of_kind(COLOR)


def jpeg_of(name: str) -> bytes:
    return thumbnail(Image.new("RGB", (90, 70), name))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the ids of pictures whose color was computed."""
    ids: list[int] = []
    truly = color_labels.colors_of

    def noted(some: Ids, *others: Callable[[int], bytes]) -> dict[int, str]:
        ids.extend(some.tolist())
        return truly(some, *others)

    monkeypatch.setattr(color_labels, "colors_of", noted)
    return ids


@pytest.mark.parametrize(("name", "word"), CASES)
def test_plain_colors_get_their_names(name: str, word: str) -> None:
    assert word_of(Image.new("RGB", (7, 5), name)) == word
    found = colors_of(np.array([3]), lambda _: thumbnail(noise(np.random.default_rng(0), name)))
    assert found == {3: word}


def test_grays_are_black_gray_or_white() -> None:
    words = [word_of(Image.new("RGB", (4, 4), (level,) * 3)) for level in range(256)]
    places = [("black", "gray", "white").index(word) for word in words]
    assert places == sorted(places)
    assert {words[0], words[128], words[255]} == {"black", "gray", "white"}
    assert min(words.count(word) for word in ("black", "gray", "white")) > 30


@pytest.mark.parametrize("background", ["white", "black", "gray", "beige", "saddlebrown"])
@pytest.mark.parametrize("thing", ["red", "royalblue", "forestgreen", "gold", "hotpink"])
def test_a_colored_foreground_counts_more_than_the_background(thing: str, background: str) -> None:
    expected = dict(CASES)[thing]
    assert word_of(disc(thing, background)) == expected
    jpeg = thumbnail(disc(thing, background).resize((128, 128)))
    assert colors_of(np.array([1]), lambda _: jpeg) == {1: expected}


@pytest.mark.parametrize(
    ("thing", "background", "word"),
    [("white", "saddlebrown", "white"), ("white", "crimson", "white"), ("black", "white", "black"),
     ("gray", "red", "gray"), ("black", "lightgray", "black")],
)  # fmt: skip
def test_a_foreground_without_hue_counts_more_than_the_background(
    thing: str, background: str, word: str
) -> None:
    assert word_of(disc(thing, background, radius=11)) == word


@pytest.mark.parametrize(("inner", "outer"), [("red", "blue"), ("blue", "red")])
def test_the_center_counts_more(inner: str, outer: str) -> None:
    image = Image.new("RGB", (32, 32), "gray")
    draw = ImageDraw.Draw(image)
    # Of the outer square 420 pixels remain visible, of the inner one 256.
    draw.rectangle((3, 3, 28, 28), outer)
    draw.rectangle((8, 8, 23, 23), inner)
    assert word_of(image) == inner


def test_a_small_spot_does_not_count() -> None:
    assert word_of(disc("red", "white", radius=2)) == "white"
    assert word_of(disc("white", "royalblue", radius=2)) == "blue"


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_the_color_is_invariant_under_mirroring_and_rotation(pixels: Pixels) -> None:
    word = dominant_color(pixels)
    assert word in WORDS
    for turned in (pixels[:, ::-1], pixels[::-1], pixels.transpose(1, 0, 2)):
        assert dominant_color(turned) == word


def test_a_tie_between_colors_is_broken_by_their_order() -> None:
    pair = np.array([ImageColor.getrgb("red"), ImageColor.getrgb("blue")], np.uint8)
    rng = np.random.default_rng(2)
    for _ in range(50):
        left = rng.integers(2, size=(9, 4))
        pattern = np.concatenate([left, 1 - left[:, ::-1]], axis=1)  # (9, 8)
        for turned in (pattern, 1 - pattern, pattern.T):
            assert dominant_color(pair[turned]) == "red"


def test_colors_are_computed_for_new_pictures_only(tmp_path: Path, made: list[int]) -> None:
    path = make(tmp_path / "store", "red", "navy", "white")
    assert updated(path) == {1: "red", 2: "blue", 3: "white"} == labels(path)
    assert made == [1, 2, 3]
    add(path, 7, jpeg_of("gold"))
    assert updated(path) == {1: "red", 2: "blue", 3: "white", 7: "yellow"} == labels(path)
    assert made == [1, 2, 3, 7]


def test_an_update_without_new_pictures_writes_nothing(tmp_path: Path, made: list[int]) -> None:
    path = make(tmp_path / "store", "red", "navy")
    first = updated(path)
    with Store.open(path) as reader:
        before = reader.state()
        assert updated(path) == first
        assert reader.state() == before
    assert made == [1, 2]


def test_missing_pictures_are_skipped_and_keep_their_label(tmp_path: Path) -> None:
    path = make(tmp_path / "store", "red", "navy")
    updated(path)
    with Store.create(path) as store:
        store.catalog.db.execute("UPDATE images SET status = 'missing' WHERE id = 1")
    add(path, 3, jpeg_of("lime"))
    assert updated(path) == {2: "blue", 3: "green"}
    assert labels(path) == {1: "red", 2: "blue", 3: "green"}


def test_another_version_of_the_rule_computes_all_again(
    tmp_path: Path, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "store", "red", "navy")
    updated(path)
    with Store.create(path) as store:
        store.catalog.labels.replace(COLOR, {1: "green", 2: "green"})
    monkeypatch.setattr(color_labels, "VERSION", colors.VERSION + 1)
    assert updated(path) == {1: "red", 2: "blue"} == labels(path)
    assert made == [1, 2, 1, 2]
    updated(path)
    assert made == [1, 2, 1, 2]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 0}', None])
def test_labels_of_an_unknown_rule_version_are_computed_again(
    tmp_path: Path, text: str | None
) -> None:
    path = make(tmp_path / "store", "red", "navy")
    with Store.create(path) as store:
        store.catalog.labels.replace(COLOR, {1: "green", 2: "green"})
    if text is not None:
        (path / "colors.json").write_text(text)
    assert updated(path) == {1: "red", 2: "blue"} == labels(path)
    assert json.loads((path / "colors.json").read_text()) == {"version": colors.VERSION}


def test_a_read_only_store(tmp_path: Path) -> None:
    path = make(tmp_path / "store", "red", "navy")
    with FileLock(path / "lock"):
        assert updated(path) == {1: "red", 2: "blue"}
    with nothing_can_be_written(path):
        assert updated(path) == {1: "red", 2: "blue"}
    assert labels(path) == {}
    assert not (path / "colors.json").exists()


def test_colors_computed_by_indexing_are_not_computed_again(
    tmp_path: Path, made: list[int]
) -> None:
    path = make(tmp_path / "store", "red", "navy")
    with Store.create(path) as store:
        begin_colors(store)
        store.catalog.labels.replace(COLOR, {1: "green"})
    assert updated(path) == {1: "green", 2: "blue"}
    assert made == [2]


def test_indexing_does_not_mark_colors_of_another_rule_version_as_current(
    tmp_path: Path, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "store", "red", "navy")
    updated(path)
    monkeypatch.setattr(color_labels, "VERSION", colors.VERSION + 1)
    with Store.create(path) as store:
        begin_colors(store)
    assert updated(path) == {1: "red", 2: "blue"}
    assert made == [1, 2, 1, 2]


def test_indexing_adds_missing_colors_of_known_pictures(photos: Path, tmp_path: Path) -> None:
    options = Options(encoders=("rgb",), workers=0)
    index_folders([photos], tmp_path / "store", options)
    words = labels(tmp_path / "store")
    assert len(words) == 24
    with Store.create(tmp_path / "store") as store:
        store.catalog.labels.replace(COLOR, {})
    (tmp_path / "store" / "colors.json").unlink()
    index_folders([photos], tmp_path / "store", options)
    assert labels(tmp_path / "store") == words


def test_a_thumbnail_with_huge_dimensions_in_its_header_is_damaged(tmp_path: Path) -> None:
    path = make(tmp_path / "store", "red")
    jpeg = bytearray(jpeg_of("navy"))
    # The height and width in the frame header.
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = b"\xff\xff\xff\xff"
    add(path, 5, bytes(jpeg))
    with pytest.raises(StoreError, match="thumbnail of picture 5 is damaged"):
        updated(path)


def test_an_empty_store(tmp_path: Path) -> None:
    Store.create(tmp_path / "store").close()
    assert updated(tmp_path / "store") == {}
    assert not (tmp_path / "store" / "colors.json").exists()


@pytest.mark.parametrize("damage", [b"", b"no picture", "half"])
def test_a_damaged_thumbnail_is_named(tmp_path: Path, damage: bytes | str) -> None:
    path = make(tmp_path / "store", "red")
    jpeg = jpeg_of("navy")
    add(path, 5, damage if isinstance(damage, bytes) else jpeg[: len(jpeg) - 80])
    with pytest.raises(StoreError, match=r"thumbnail of picture 5 is damaged .* delete .* thumbs"):
        updated(path)


def test_an_absent_thumbnail_is_named(tmp_path: Path) -> None:
    path = make(tmp_path / "store", "red")
    with Store.create(path) as store:
        store.catalog.db.execute(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, status) "
            "VALUES (8, 1, 'x.png', 1, 1, 'ok')"
        )
    with pytest.raises(StoreError, match="no thumbnail of picture 8"):
        updated(path)


@pytest.mark.parametrize("size", [(1, 1), (128, 1), (128, 3), (20, 128), (31, 33)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_thumbnails_of_any_shape(size: tuple[int, int], mode: str) -> None:
    buffer = io.BytesIO()
    Image.new(mode, size, "white").save(buffer, "JPEG")
    assert colors_of(np.array([4]), lambda _: buffer.getvalue()) == {4: "white"}


def test_progress_counts_each_picture() -> None:
    jpegs = {i: jpeg_of(name) for i, name in enumerate(("red", "navy", "lime", "pink"), start=3)}
    done: list[int] = []
    found = colors_of(np.array([6, 3, 5, 4]), jpegs.__getitem__, done.append)
    assert list(found.items()) == [(6, "pink"), (3, "red"), (5, "green"), (4, "blue")]
    assert done == [1, 1, 1, 1]
