"""`imgrec query --text`: the printed lines, the JSON, the grid."""

import json
from pathlib import Path

import pytest
from PIL import Image

import classified_stores
from imgrec import Recommender
from imgrec.query import main


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(classified_stores.make(tmp_path_factory.mktemp("classified") / "store", 300))


@pytest.fixture(scope="module")
def store_of_photos(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(classified_stores.make_colored(tmp_path_factory.mktemp("colored")))


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    classified_stores.register(monkeypatch)


def test_the_lines_say_what_was_understood(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--text", "dogs", "--not-text", "teapot", "--store", path, "-k", "3"]
    assert main(command) == 0
    head, dogs, teapot, *results = capsys.readouterr().out.splitlines()
    assert head.startswith("3 of 300 pictures, stub-imagenet, cosine, 1 unwanted, exact, ")
    answer = Recommender.open(path).query(text=["dogs"], unwanted_text=["teapot"])
    dog, pot = answer.texts
    assert dogs == (
        "'dogs': dog (sense 1 of WordNet), 118 classes: Chihuahua, Japanese spaniel, Maltese dog, "
        f"Pekinese, Shih-Tzu and 113 more of stub-imagenet, {dog.pictures} pictures with a "
        "probability of 0.5 or more"
    )
    assert teapot.startswith("not 'teapot': teapot (sense 1 of WordNet), the class teapot of stub-")
    notes = [line for line in results if line.startswith("no picture here looks like")]
    assert notes == ([pot.note] if pot.note else [])
    assert len(results) - len(notes) == 3


def test_the_json_has_the_texts(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["f1/000001.jpg", "--text", "crane bird", "--text", "dog", "--store", path, "--json"]
    assert main(command) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["queries"] == ["f1/000001.jpg"]
    crane, dog = answer["texts"]
    assert list(crane) == [
        *("text", "unwanted", "by", "word", "sense", "classes", "pictures", "best", "note"),
    ]
    assert (crane["text"], crane["sense"], crane["classes"]) == ("crane bird", None, ["crane bird"])
    assert (dog["word"], dog["sense"], len(dog["classes"])) == ("dog", 1, 118)
    assert all(len(result["per_query"]) == 3 for result in answer["results"])
    assert main([*command[:-1]]) == 0
    head, line, *_ = capsys.readouterr().out.splitlines()
    assert ", mean of 3 queries, " in head
    assert line.startswith("'crane bird': crane bird, the class crane bird of ")


def test_the_grid_has_a_cell_for_each_text(store_of_photos: str, tmp_path: Path) -> None:
    heights = []
    for texts in (["red"], ["red", "lime"], ["red", "lime", "blue"]):
        asked = [word for text in texts[:-1] for word in ("--text", text)]
        asked += ["--text" if len(texts) < 3 else "--not-text", texts[-1]]
        grid = tmp_path / "grid.png"
        assert main([*asked, "--store", store_of_photos, "--grid", str(grid), "-k", "2"]) == 0
        with Image.open(grid) as drawn:
            heights.append(drawn.height)
    # A row for each text, wanted or not.
    assert heights[2] - heights[1] == heights[1] - heights[0] > 200


def test_a_text_tower_is_named(store_of_photos: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--text", "red", "--store", store_of_photos, "-k", "1"]) == 0
    _, line, result = capsys.readouterr().out.splitlines()
    assert line == "'red': by the text tower of stub-tower"
    assert "red.png" in result
