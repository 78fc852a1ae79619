"""The arguments of `Recommender.query` from Python: what one may give, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgrec
from imgrec import (
    ImgrecError,
    Options,
    PictureError,
    Recommender,
    Store,
    WrongTypeError,
    WrongValueError,
)
from imgrec.collection.filters import Filter
from imgrec.search.asked import filter_asked, pictures_asked

ASKED = "discs/000.jpg"


@pytest.fixture
def recommender(photo_store: Path) -> Recommender:
    return Recommender.open(photo_store, cache="none")


def test_one_picture_may_stand_for_a_list(recommender: Recommender, photos: Path) -> None:
    file = photos / ASKED
    expected = recommender.query([ASKED]).results
    assert expected
    same: list[Any] = [ASKED, file, str(file), file.read_bytes(), (ASKED,)]
    with recommender.store as store:
        same += [(number := store.catalog.find_path(ASKED).id), np.int64(number)]  # type: ignore[union-attr]
        same.append(np.array([number]))
        for one in same:
            assert recommender.query(one).results == expected, one
        with Image.open(file) as image:
            pixels = np.asarray(image.convert("RGB"))
            by_pixels = [
                [result.path for result in recommender.query(one, k=3).results]
                for one in (image, [image], pixels, [pixels], pixels[None])
            ]
        assert len(set(map(tuple, by_pixels))) == 1
        answer = recommender.query(ASKED, unwanted="checks/000.jpg")
        assert answer.results == recommender.query([ASKED], unwanted=["checks/000.jpg"]).results


@pytest.mark.parametrize(
    ("where", "under", "pairs", "folders"),
    [
        ({"folder": "fruit"}, (), [("folder", "fruit")], ()),
        ({"folder": ["a", "b"], "iso": 400}, "x", [("folder", "a"), ("folder", "b"),
         ("iso", "400")], ("x",)),
        ("folder=a", Path("x/y"), [("folder", "a")], (str(Path("x/y")),)),
        (["folder=a=b", "color=red"], ["x", Path("y")], [("folder", "a=b"), ("color", "red")],
         ("x", "y")),
        ({"a=b": "c"}, (), [("a=b", "c")], ()),
        ((), (), [], ()),
    ],
)  # fmt: skip
def test_filters_as_texts_and_mappings(
    where: Any, under: Any, pairs: list[tuple[str, str]], folders: tuple[str, ...]
) -> None:
    assert filter_asked(where, under) == Filter(tuple(pairs), folders)


def test_a_filter_by_a_mapping_filters(recommender: Recommender) -> None:
    by_text = recommender.query(ASKED, where=["folder=checks"]).results
    assert {result.labels["folder"] for result in by_text} == {"checks"}
    assert recommender.query(ASKED, where={"folder": "checks"}).results == by_text
    both = recommender.query(ASKED, k=30, where={"folder": ["checks", "stripes"]}).results
    assert {result.labels["folder"] for result in both} == {"checks", "stripes"}
    listed = recommender.pictures(where={"folder": "checks"})
    assert len(listed) == listed.images == len(list(listed)) > 0
    assert [picture.file for picture in listed] == list(listed.files())


_WRONG: list[tuple[Callable[[Recommender], object], str]] = [
    (lambda r: r.query(None), "images is None"),  # type: ignore[arg-type]
    (lambda r: r.query(1.5), "images is 1.5 (float): give a path, an id"),  # type: ignore[arg-type]
    (lambda r: r.query(True), "images is True (bool)"),
    (lambda r: r.query({"a": 1}), "images is {'a': 1} (dict)"),  # type: ignore[arg-type]
    (lambda r: r.query(object()), "images is of type object"),  # type: ignore[arg-type]
    (lambda r: r.query([ASKED, None]), "images[1] is None"),  # type: ignore[list-item]
    (lambda r: r.query([ASKED, [ASKED]]), "images[1] is ['discs/000.jpg'] (list)"),  # type: ignore[list-item]
    (lambda r: r.query(np.array(1)), "images is of type ndarray"),
    (lambda r: r.query(ASKED, "5"), "k is '5' (str): give a whole number"),  # type: ignore[arg-type]
    (lambda r: r.query(ASKED, 5.0), "k is 5.0 (float)"),  # type: ignore[arg-type]
    (lambda r: r.query(ASKED, True), "k is True (bool)"),
    (lambda r: r.query(ASKED, metric=None), "metric is None"),  # type: ignore[arg-type]
    (lambda r: r.query(ASKED, fuse=1), "fuse is 1 (int): give a text"),  # type: ignore[arg-type]
    (lambda r: r.query(ASKED, encoder=["mini"]), "encoder is ['mini'] (list)"),  # type: ignore[arg-type]
    (lambda r: r.query(ASKED, features=["mini"]), "features is ['mini'] (list)"),  # type: ignore[arg-type]
    (lambda r: r.query(ASKED, features={"mini": "1"}), "features['mini'] is '1' (str)"),  # type: ignore[dict-item]
    (lambda r: r.query(ASKED, index=None), "index is None"),  # type: ignore[arg-type]
    (lambda r: r.query(text=5), "text is 5 (int): give a text, or a list"),  # type: ignore[arg-type]
    (lambda r: r.query(text=["dog", 5]), "text[1] is 5 (int)"),  # type: ignore[list-item]
    (lambda r: r.query(ASKED, unwanted=1.5), "unwanted is 1.5 (float)"),  # type: ignore[arg-type]
    (lambda r: r.query(ASKED, unwanted_text=b"a"), "unwanted_text is b'a' (bytes)"),  # type: ignore[arg-type]
    (lambda r: r.query(ASKED, where=5), "where is 5 (int)"),  # type: ignore[arg-type]
    (lambda r: r.query(ASKED, where={"folder": None}), "where['folder'] is None"),
    (lambda r: r.query(ASKED, where={5: "a"}), "where has the key 5 (int)"),  # type: ignore[dict-item]
    (lambda r: r.query(ASKED, under=5), "under is 5 (int): give a folder"),  # type: ignore[arg-type]
    (lambda r: r.pictures(k="5"), "k is '5' (str)"),  # type: ignore[arg-type]
    (lambda r: Recommender.open(5), "path is 5 (int): give a path"),  # type: ignore[arg-type]
    (lambda r: Recommender.open(r.store.path, 5), "weights is 5 (int)"),  # type: ignore[arg-type]
    (lambda r: Recommender.open(r.store.path, device=0), "device is 0 (int)"),  # type: ignore[arg-type]
    (lambda r: Recommender.open(r.store.path, cache=0), "cache is 0 (int)"),  # type: ignore[arg-type]
    (lambda r: Recommender(str(r.store.path)), "give a Store, as Store.open"),  # type: ignore[arg-type]
    (lambda r: Store.open(None), "path is None"),  # type: ignore[arg-type]
    (lambda r: Store.create(5), "path is 5 (int)"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "message"), _WRONG, ids=[message for _, message in _WRONG])
def test_a_wrong_type_is_one_line_that_names_the_argument(
    recommender: Recommender, call: Callable[[Recommender], object], message: str
) -> None:
    with pytest.raises(TypeError) as error:
        call(recommender)
    assert isinstance(error.value, WrongTypeError)
    assert str(error.value).startswith(message) or message in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200
    assert "--" not in str(error.value)


_MEANINGLESS: list[tuple[Callable[[Recommender], object], str]] = [
    (lambda r: r.query(ASKED, metric="cosin"), "unknown metric 'cosin'"),
    (lambda r: r.query(ASKED, fuse="x"), "unknown way to fuse 'x'"),
    (lambda r: r.query(ASKED, index="x"), "unknown index 'x'"),
    (lambda r: r.query(""), "an empty name is no picture"),
    (lambda r: r.query(10**9), "no picture has the id"),
    (lambda r: r.query("absent.jpg"), "no picture at absent.jpg"),
    (lambda r: r.query(np.zeros((3, 3, 3), np.float32)), "an array (3, 3, 3) of float32"),
    (lambda r: r.query(ASKED, where="folder"), "where 'folder' is not KIND=VALUE: write folder="),
    (lambda r: r.query(ASKED, where={"folder": 3}), "where folder=3: no picture has this value"),
    (lambda r: r.query(ASKED, under="x"), "under x: no picture lies under such a folder"),
    (lambda r: r.query(ASKED, encoder="mini", features="rgb"), "encoder mini and features exclude"),
    (lambda r: r.query(ASKED, features="mini=a"), "features mini=a: a is not a number"),
]


@pytest.mark.parametrize(
    ("call", "message"), _MEANINGLESS, ids=[message for _, message in _MEANINGLESS]
)
def test_a_meaningless_value_is_a_value_error_in_the_words_of_python(
    recommender: Recommender, call: Callable[[Recommender], object], message: str
) -> None:
    with pytest.raises(WrongValueError) as error:
        call(recommender)
    assert str(error.value).startswith(message)
    assert "--" not in str(error.value)


def test_a_file_that_is_no_picture_is_told_with_its_code(
    recommender: Recommender, tmp_path: Path
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"abc")
    for asked, name in ((tmp_path / "broken.jpg", "broken.jpg"), (b"abc", "3 bytes")):
        with pytest.raises(PictureError, match=f"{name} cannot be read: ") as error:
            recommender.query(asked)
        assert error.value.reason == "not-an-image"


def test_wrong_values_are_value_errors_of_the_one_tree(recommender: Recommender) -> None:
    for call in (
        lambda: recommender.query(ASKED, 0),
        lambda: recommender.query(),
        lambda: recommender.pictures(k=0),
        lambda: recommender.query(ASKED, where={"folder": ""}),
        lambda: Recommender.open(recommender.store.path, "no-such-file.pth"),
    ):
        with pytest.raises(WrongValueError) as error:
            call()
        assert isinstance(error.value, ValueError)


def test_every_exported_error_is_in_one_tree() -> None:
    errors = [
        value
        for name in imgrec.__all__
        if isinstance(value := getattr(imgrec, name), type) and issubclass(value, Exception)
    ]
    assert len(errors) == 6
    assert all(issubclass(error, ImgrecError) for error in errors)


def test_a_device_and_a_place_of_the_cache_are_checked_when_a_store_is_opened(
    photo_store: Path,
) -> None:
    for device in ("gpu", "cuda:", "CPU", "cuda0", ""):
        with pytest.raises(ImgrecError, match=f"device '{device}' is unknown"):
            Recommender.open(photo_store, device=device)
    with pytest.raises(ImgrecError, match="at the top of the disk"):
        Recommender.open(photo_store, cache="/no-such-folder/more/v.sqlite")


def test_a_device_without_a_driver_is_refused(
    photo_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.encoders.accelerators.has_driver", lambda: False)
    for device in ("cuda", "cuda:1", "mps"):
        with pytest.raises(ImgrecError, match=f"'{device}' cannot be used, no driver"):
            Recommender.open(photo_store, device=device)
        with pytest.raises(ImgrecError, match=f"'{device}' cannot be used, no driver"):
            imgrec.index_folders([], photo_store, Options(device=device, workers=0))


def test_several_pictures_are_kept_in_order_with_their_kinds() -> None:
    given: list[Any] = ["a.jpg", Path("b.jpg"), 7, np.zeros((2, 2, 3), np.uint8)]
    assert pictures_asked("images", given) == given
    assert pictures_asked("images", tuple(given)) == given
