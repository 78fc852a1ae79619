"""What is said of a filter by label and folder that no picture passes, or that cannot be read."""

import os

import pytest

from imgrec import ImgrecError
from memory_catalogs import SMALL, Row, catalog_of, ids


@pytest.mark.parametrize(
    ("where", "under", "message"),
    [
        (["dress"], [], "where 'dress' is not KIND=VALUE: write folder=name"),
        (["=dress"], [], "where '=dress' is not KIND=VALUE: write folder=name"),
        (["folder="], [], "where 'folder=' is not KIND=VALUE: write folder=name"),
        ([""], [], "where '' is not KIND=VALUE: write folder=name"),
        ([], [""], "under '' names no folder: name one, or leave it out"),
        (
            ["raw=yes"],
            [],
            "where raw=yes: no picture has a label of this kind; there are: community, folder",
        ),
        (
            ["folder=Dress"],
            [],
            "where folder=Dress: no picture has this value; "
            "did you mean dress? there are: a=b, dress, dress.old, shirt",
        ),
        (
            ["community=3."],
            [],
            "where community=3.: no picture has this value; did you mean 3.1 or 3? "
            "there are: 3, 3.1, 3.1.2, 30, 4",
        ),
        (
            ["colour=red"],
            [],
            "where colour=red: no picture has a label of this kind; there are: community, folder",
        ),
        (
            ["folders=dress"],
            [],
            "of this kind; did you mean folder? there are: community, folder",
        ),
        (["folder=dress", "folder=away"], [], "where folder=away: no picture has this value"),
        (
            [],
            ["train", "dress"],
            "under dress: no picture lies under such a folder; at the top there are: "
            "train, training",
        ),
        ([], ["train/dress/1.jpg"], "under train/dress/1.jpg: no picture lies under such"),
        ([], ["/nowhere/root/train/dress/1.jpg"], "1.jpg: no picture lies under such"),
        ([], ["new"], "under new: no picture lies under such"),
        ([], ["/nowhere/roo"], "under /nowhere/roo: no picture lies under such"),
        (
            ["folder=dress", "community=4"],
            ["train"],
            "no picture fits all of where folder=dress and where community=4 and under train: "
            "each alone fits some, leave one out",
        ),
    ],
)
def test_an_error_names_the_values_that_exist(
    where: list[str], under: list[str], message: str
) -> None:
    with pytest.raises(ImgrecError) as caught:
        ids(catalog_of(SMALL), where, under)
    assert message in str(caught.value)


def test_an_unknown_value_among_many_is_answered_with_similar_ones() -> None:
    many = [f"dress {n:02}" for n in range(20)]
    catalog = catalog_of(Row(value, (("folder", value),)) for value in [*many, "Hose"])
    with pytest.raises(ImgrecError) as caught:
        ids(catalog, ["folder=DRESS 07x"])
    said, _, close = str(caught.value).partition("; did you mean ")
    assert said == "where folder=DRESS 07x: no picture has this value"
    assert close.startswith("dress 07 or ") and close.endswith("?")
    assert len(set(close[:-1].split(" or ")) & set(many)) == 5
    with pytest.raises(ImgrecError, match=r"there are 21: Hose, dress 00, .*, dress 08, …$"):
        ids(catalog, ["folder=zzz"])


@pytest.mark.parametrize(
    ("asked", "close"),
    [
        ("Golden_Retriever", ["golden retriever"]),
        ("retriever", ["golden retriever", "Labrador retriever"]),
        # Words alone: no text is spelled like it.
        ("terrier", ["Staffordshire bull terrier", "Yorkshire terrier"]),
        ("Running-Shoes", ["running shoe"]),
        ("jersy", ["jersey"]),
    ],
)
def test_an_unknown_class_is_answered_with_those_that_have_its_words(
    asked: str, close: list[str]
) -> None:
    known = [*("golden retriever", "Labrador retriever", "Staffordshire bull terrier"),
             *("Yorkshire terrier", "running shoe", "jersey"),
             *(f"q{n:03}" for n in range(30))]  # fmt: skip
    catalog = catalog_of(Row(value, (("class", value),)) for value in known)
    with pytest.raises(ImgrecError) as caught:
        ids(catalog, [f"class={asked}"])
    named = str(caught.value).partition("did you mean ")[2].rstrip("?").split(" or ")
    assert set(named) == set(close)


def test_an_unknown_folder_is_answered_with_at_most_ten_folders_or_none() -> None:
    catalog = catalog_of(Row(f"folder {n:02}/{n}.jpg") for n in range(12))
    with pytest.raises(ImgrecError, match=r"are: folder 00, .*, folder 09, …$"):
        ids(catalog, under=["x"])
    with pytest.raises(ImgrecError, match=r"the pictures lie in no folders$"):
        ids(catalog_of([Row("1.jpg")]), under=["x"])
    with pytest.raises(ImgrecError, match=r"of this kind; there are: none$"):
        ids(catalog_of([Row("1.jpg")]), ["folder=x"])


def test_errors_contain_no_control_characters() -> None:
    odd, shown = os.fsdecode(b"two\nlines \xfc"), "two lines \N{REPLACEMENT CHARACTER}"
    catalog = catalog_of([Row(f"{odd}/1.jpg", (("folder", odd),)), Row("2.jpg", (("raw", odd),))])
    for where, under, times in (
        # The value itself, and the one that is meant.
        ([f"folder={odd}x"], [], 2),
        ([f"{odd}=x"], [], 1),
        ([odd], [], 1),
        ([], [f"{odd}x"], 2),
        ([f"folder={odd}", f"raw={odd}"], [], 2),
    ):
        with pytest.raises(ImgrecError) as caught:
            ids(catalog, where, under)
        assert str(caught.value).count(shown) == times
        assert str(caught.value).isprintable()
