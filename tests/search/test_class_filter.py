"""`--where class=dog`: the classes below a noun, against WordNet and a filter written out."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vector_stores
from imgrec import ImgrecError, Recommender, Store
from imgrec.collection.filters import Filter
from imgrec.encoders.imagenet import categories
from imgrec.encoders.imagenet.words import meaning_of
from imgrec.query import main
from imgrec.search.class_filter import with_classes_below

# By picture id from 1; the class of the last three is no class of ImageNet.
CLASSES = [
    *("golden retriever", "Labrador retriever", "beagle", "tabby", "running shoe", "sandal"),
    *("golden retriever", "my dog", "hot dog", "my dog"),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes") / "store"
    count = len(CLASSES)
    vector_stores.make(folder, {"mini": vector_stores.clustered(count, 32)})
    with Store.create(folder) as store:
        store.catalog.labels.replace("class", dict(enumerate(CLASSES, start=1)))
        shares = {i: f"0.{90 - i}" for i in range(1, count + 1)}
        store.catalog.labels.replace("confidence", shares)
        store.catalog.labels.replace("color", {1: "red", 3: "red", 4: "red"})
    return folder


def _found(path: Path, *where: str) -> tuple[list[int], dict[str, list[str]]]:
    with Recommender.open(path) as recommender:
        answer = recommender.query([10], k=20, where=where)
        return sorted(result.id for result in answer.results), answer.classes


def test_a_noun_stands_for_the_classes_below_it(path: Path) -> None:
    dogs = ["Labrador retriever", "beagle", "golden retriever"]
    assert {*dogs} < {categories()[index] for index in meaning_of("dog").classes}
    assert _found(path, "class=dog") == ([1, 2, 3, 7], {"dog": dogs})
    assert _found(path, "class=Dogs")[0] == [1, 2, 3, 7]
    assert _found(path, "class=shoes") == ([5, 6], {"shoes": ["running shoe", "sandal"]})


def test_a_class_of_that_name_is_never_widened(path: Path) -> None:
    assert _found(path, "class=golden retriever") == ([1, 7], {})
    # A class of its own, and a noun too.
    assert _found(path, "class=sandal") == ([6], {})
    assert _found(path, "class=my dog")[1] == {}


def test_nouns_join_other_classes_by_or_and_other_kinds_by_and(path: Path) -> None:
    assert _found(path, "class=dog", "class=tabby")[0] == [1, 2, 3, 4, 7]
    assert _found(path, "class=dog", "color=red")[0] == [1, 3]
    found, classes = _found(path, "class=dog", "class=cat", "color=red")
    assert (found, classes["cat"]) == ([1, 3, 4], ["tabby"])


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            "elephant",
            "where class=elephant: elephant stands for 2 classes, and no picture has one of "
            "them as its class; there are: Labrador retriever, ",
        ),
        ("Zebras", "where class=Zebras: zebra stands for the class zebra, and no picture has it"),
        ("sandals", None),
        ("tabbi", "no picture has this value; did you mean tabby? there are: Labrador retriever, "),
        ("qqq", "where class=qqq: no picture has this value"),
    ],
)
def test_a_word_without_pictures_is_refused_as_before(
    path: Path, word: str, message: str | None
) -> None:
    with Recommender.open(path) as recommender:
        if message is None:
            assert recommender.query([10], where=[f"class={word}"]).classes == {word: ["sandal"]}
            return
        with pytest.raises(ImgrecError) as caught:
            recommender.query([10], where=[f"class={word}"])
    assert message in str(caught.value)


def test_only_the_kind_class_is_widened(path: Path) -> None:
    with Store.open(path) as store:
        wanted = Filter.parse(["color=dog", "folder=dog"], ["x"])
        assert with_classes_below(wanted, store.catalog) == (wanted, {})


@given(st.sampled_from(["dog", "cat", "animal", "footwear", "clothing", "food", "thing"]))
def test_the_filter_is_the_one_written_out(path: Path, word: str) -> None:
    with Store.open(path) as store:
        asked = Filter.parse([f"class={word}"])
        try:
            every = {categories()[index] for index in meaning_of(word).classes}
        except ImgrecError:
            every = set()
        below = every & {*CLASSES}
        if every and not below:
            with pytest.raises(ImgrecError, match=f"{word} stands for {len(every)} classes, and"):
                with_classes_below(asked, store.catalog)
            return
        wanted, found = with_classes_below(asked, store.catalog)
        assert {*found.get(word, [])} == below
        if below:
            expected = [i for i, name in enumerate(CLASSES, start=1) if name in below]
            assert wanted.ids(store.catalog).tolist() == expected


def test_the_answer_says_which_classes_it_took(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["f0/000010.jpg", "--where", "class=dog", "--store", str(path)]
    command[0] = _first_path(path)
    assert main(command) == 0
    _, line, first, *_ = capsys.readouterr().out.splitlines()
    assert line == (
        "--where class=dog: 3 classes here: Labrador retriever, beagle, golden retriever"
    )
    assert "class=" in first and " (0.8" in first and "confidence" not in first
    assert main([*command, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["classes"] == {"dog": ["Labrador retriever", "beagle", "golden retriever"]}
    assert all(result["labels"]["confidence"] for result in answer["results"])


def _first_path(path: Path) -> str:
    with Store.open(path) as store:
        return store.catalog.entries([10])[0].path


def test_a_noun_without_pictures_lists_no_alphabet(tmp_path: Path) -> None:
    vector_stores.make(tmp_path / "store", {"mini": vector_stores.clustered(20, 32)})
    with Store.create(tmp_path / "store") as store:
        store.catalog.labels.replace("class", {i: categories()[500 + i] for i in range(1, 21)})
    with (
        Recommender.open(tmp_path / "store") as recommender,
        pytest.raises(ImgrecError) as caught,
    ):
        recommender.query([10], where=["class=dog"])
    assert str(caught.value) == (
        "where class=dog: dog stands for 118 classes, and no picture has one of them as its class"
    )
