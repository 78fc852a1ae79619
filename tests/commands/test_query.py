"""`imgrec query`: answers against SciPy's distances, the JSON schema, errors, the grid picture."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import cdist

from imgrec import ImgrecError, Options, Recommender, Store, index_folders
from imgrec.encoders import load_encoder
from imgrec.pictures.color_word import WORDS
from imgrec.pictures.decoding import decode, pixels_for
from imgrec.query import main
from imgrec.search.grid import Cell, draw_grid
from pictures import picture

SCIPY = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}


def _json(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main([str(argument) for argument in (*arguments, "--json")]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    answer: dict[str, Any] = json.loads(out)
    return answer


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("fuse", ["mean", "min", "max"])
def test_answers_equal_those_of_scipy(store: Store, photos: Path, metric: str, fuse: str) -> None:
    asked = ["discs/000.jpg", "stripes/003.jpg"]
    answer = Recommender(store).query([photos / path for path in asked], 7, metric, fuse)
    feature = store.feature()
    paths = [entry.path for entry in store.catalog.entries(feature.ids)]
    rows = [paths.index(path) for path in asked]
    vectors = feature.load().astype(float)
    distances = cdist(vectors[rows], vectors, SCIPY[metric])  # (2, n)
    fused = getattr(np, fuse)(distances, axis=0)
    fused[rows] = np.inf
    nearest = np.argsort(fused)[:7]
    assert [result.path for result in answer.results] == [paths[row] for row in nearest]
    assert np.allclose([result.distance for result in answer.results], fused[nearest], atol=1e-4)
    per_query = [result.per_query for result in answer.results]
    assert np.allclose(per_query, distances[:, nearest].T, atol=1e-4)


def test_the_fields_of_the_json(
    photo_store: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = _json(capsys, photos / "discs/001.jpg", "--store", photo_store, "-k", 3)
    assert list(answer) == [
        *("queries", "unwanted", "texts", "encoder", "metric", "fuse", "k", "images"),
        *("index", "exact", "elapsed_ms", "results", "classes", "warnings", "store"),
    ]
    assert (answer["classes"], answer["warnings"]) == ({}, [])
    assert (answer["unwanted"], answer["texts"], answer["index"]) == ([], [], "exact")
    assert answer["queries"] == [str(photos / "discs/001.jpg")]
    assert (answer["encoder"], answer["metric"], answer["fuse"]) == ("mini", "cosine", "mean")
    assert (answer["k"], answer["images"], answer["exact"]) == (3, 24, True)
    first = answer["results"][0]
    assert list(first) == [
        *("rank", "id", "path", "file", "distance", "similarity", "per_query", "per_unwanted"),
        *("labels", "page", "metadata", "community"),
    ]
    assert first["rank"] == 1
    assert first["file"] == str(photos / first["path"])
    assert first["similarity"] == pytest.approx(1 - first["distance"])
    color = first["labels"].pop("color")
    assert color in WORDS
    assert first["labels"] == {"folder": first["path"].split("/")[0]}
    assert [result["rank"] for result in answer["results"]] == [1, 2, 3]


def test_nearest_neighbors_belong_to_the_same_family(store: Store, photos: Path) -> None:
    recommender = Recommender(store)
    for family in ("stripes", "discs", "checks"):
        answer = recommender.query([photos / family / "001.jpg"], k=3)
        assert {result.labels["folder"] for result in answer.results} == {family}


def test_similarity_is_given_for_cosine_and_chi2_only(store: Store, photos: Path) -> None:
    recommender, asked = Recommender(store), [photos / "discs/000.jpg"]
    assert recommender.query(asked, metric="chi2").results[0].similarity is not None
    assert recommender.query(asked, metric="euclidean").results[0].similarity is None
    assert recommender.query(asked, fuse="rank").results[0].similarity is None


def test_a_new_picture_is_encoded_and_a_copy_recognized_by_content(
    store: Store, photos: Path, tmp_path: Path
) -> None:
    with Image.open(photos / "checks/004.jpg") as image:
        image.resize((50, 66)).save(tmp_path / "smaller.png")
    shutil.copy(photos / "checks/004.jpg", tmp_path / "copy.jpg")
    recommender = Recommender(store)
    assert recommender.query([tmp_path / "smaller.png"]).results[0].path == "checks/004.jpg"
    as_copy = recommender.query([tmp_path / "copy.jpg"])
    assert as_copy.results == recommender.query([photos / "checks/004.jpg"]).results
    encoder = load_encoder("mini")
    decoded = decode((tmp_path / "smaller.png").read_bytes())
    vector = encoder.encode(pixels_for(decoded.image, encoder.spec.preprocessing)[None])
    expected = 1 - float((vector @ store.feature().load().T).max())
    assert recommender.query([tmp_path / "smaller.png"]).results[0].distance == pytest.approx(
        expected, abs=1e-6
    )


def test_a_file_changed_since_indexing_is_encoded_again(photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    index_folders([tmp_path / "photos"], tmp_path / "store", Options(("mini",), workers=0))
    asked = tmp_path / "photos" / "discs" / "000.jpg"
    shutil.copy(photos / "checks" / "002.jpg", asked)
    with Recommender.open(tmp_path / "store") as recommender:
        answer = recommender.query([asked], k=3)
    assert {result.labels["folder"] for result in answer.results} == {"checks"}


def test_a_path_in_the_catalog_can_be_queried_while_its_root_is_offline(
    photos: Path, tmp_path: Path
) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    index_folders([tmp_path / "photos"], tmp_path / "store", Options(("mini",), workers=0))
    (tmp_path / "photos").rename(tmp_path / "moved")
    answer = Recommender.open(tmp_path / "store").query(["discs/000.jpg"])
    assert len(answer.results) == 5
    assert "discs/000.jpg" not in [result.path for result in answer.results]


def test_k_beyond_the_collection_gives_all_other_pictures(store: Store, photos: Path) -> None:
    answer = Recommender(store).query([photos / "discs/000.jpg"] * 2, k=1000)
    assert len(answer.results) == 23
    assert all(len(result.per_query) == 2 for result in answer.results)


def test_chi2_is_refused_for_embeddings(store: Store, photos: Path) -> None:
    recommender, asked = Recommender(store), [photos / "discs/000.jpg"]
    assert recommender.query(asked, metric="chi2").encoder == "rgb"
    with pytest.raises(ImgrecError, match="use encoder rgb"):
        recommender.query(asked, metric="chi2", encoder="mini")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.jpg"], "no picture at absent.jpg"),
        (["a"] * 6, "6 pictures are too many"),
        (["discs/000.jpg", *["--not", "checks/000.jpg"] * 6], "6 pictures are too many"),
        (["discs/000.jpg", "--not", "absent.jpg"], "no picture at absent.jpg"),
        (["discs/000.jpg", "--where", "folder"], "--where 'folder' is not KIND=VALUE"),
        (["discs/000.jpg", "--where", "folder=disc"], "discs"),
        (["discs/000.jpg", "--under", "nowhere"], "nowhere"),
        (["discs/000.jpg", "--features", "mini=a"], "a is not a number"),
        (["discs/000.jpg", "--index", "tree"], "'tree'; known: auto, exact"),
        (["discs/000.jpg", "--index", "sketch"], "no sketch for cosine of mini"),
        (["discs/000.jpg", "--metric", "l2"], "'l2'; known: cosine"),
        (["discs/000.jpg", "--fuse", "sum"], "'sum'; known: mean"),
        (["discs/000.jpg", "--encoder", "x"], "no feature 'x' (there: mini, rgb)"),
        (["discs/000.jpg", "--grid", "a.jpg"], "ends in .png"),
        (["discs/000.jpg", "--grid", "/nowhere/a.png"], "/nowhere"),
        (["discs/000.jpg", "-k", "0"], "0 is not 1 or more"),
        (["discs/000.jpg", "--store", "/nowhere"], "no store at /nowhere"),
        ([], "name an IMAGE, or give --text WORD"),
        (["--not-text", "dog"], "name an IMAGE, or give --text WORD"),
        (["--text", "giraffe"], "no class for 'giraffe': try one of ruminant"),
        (["--text", "dog"], "has no classes of ImageNet"),
        (["discs/000.jpg", *["--text", "dog"] * 5], "1 picture and 5 texts are too many"),
    ],
)
def test_usage_errors_are_one_line_and_exit_2(
    arguments: list[str], message: str, photo_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["--store", str(photo_store), *arguments])
    except SystemExit as left:
        code = left.code
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert message in err


def test_a_picture_that_cannot_be_read(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jpg").write_text("words")
    assert main([str(tmp_path / "bad.jpg"), "--store", str(photo_store)]) == 2
    assert "cannot be read: not-an-image" in capsys.readouterr().err


def test_the_printed_table(
    photo_store: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(photos / "discs/000.jpg"), "--store", str(photo_store), "-k", "2"]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert first.startswith("2 of 24 pictures, mini, cosine, ")
    rank, distance, path, color, folder = rows[0].split()
    assert (rank, folder) == ("1", f"folder={path.split('/')[0]}")
    assert color.removeprefix("color=") in WORDS
    assert 0 < float(distance) < 1


def test_odd_names_are_found_and_shown_on_one_line(
    odd_store: tuple[Path, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    path, expected = odd_store
    ok = [name for name, outcome in expected.items() if outcome == "ok"]
    for name in ok:
        assert main([name, "--store", str(path), "-k", "100"]) == 0
        out = capsys.readouterr().out
        # One line for each other picture, and the heading.
        assert out.count("\n") == len(ok)
        out.encode("utf-8")


def test_duplicates_find_each_other(odd_store: tuple[Path, dict[str, str]]) -> None:
    answer = Recommender.open(odd_store[0]).query(["twin one.jpg"], k=1)
    assert answer.results[0].path == "twin two.jpg"
    assert answer.results[0].distance == pytest.approx(0, abs=1e-6)


def test_a_store_of_one_picture_gives_no_neighbors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos").mkdir()
    picture("discs", 1).save(tmp_path / "photos" / "a.jpg")
    index_folders([tmp_path / "photos"], tmp_path / "store", Options(("mini",), workers=0))
    assert main(["a.jpg", "--store", str(tmp_path / "store")]) == 0
    assert capsys.readouterr().out.startswith("0 of 1 picture, ")


def test_the_grid_shows_uncropped_pictures_in_rank_order(tmp_path: Path) -> None:
    colors = ["red", "lime", "blue", "yellow", "cyan", "magenta"]
    cells = [
        Cell(Image.new("RGB", (300, 150) if n % 2 else (100, 200), c), f"{n}", "a/b")
        for n, c in enumerate(colors)
    ]
    grid = draw_grid(cells[:1], cells[1:])
    pixels = np.asarray(grid).reshape(-1, 3).tolist()
    counts = {}
    for color in colors:
        wanted = list(Image.new("RGB", (1, 1), color).get_flattened_data()[0])
        counts[color] = pixels.count(wanted)
    for number, color in enumerate(colors):
        area = 240 * 120 if number % 2 else 120 * 240
        assert counts[color] == pytest.approx(area, rel=0.02), color
    first = np.argwhere((np.asarray(grid) == [255, 0, 0]).all(axis=2))
    for number, color in enumerate(colors[1:], start=1):
        rgb = np.array(Image.new("RGB", (1, 1), color).get_flattened_data()[0])
        place = np.argwhere((np.asarray(grid) == rgb).all(axis=2))
        assert place[:, 1].min() > first[:, 1].max(), f"answer {number} stands beside the query"


def test_the_grid_of_an_answer_is_written(
    photo_store: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [str(photos / f"discs/00{n}.jpg") for n in range(3)]
    target = tmp_path / "grid.png"
    assert main([*command, "--store", str(photo_store), "--grid", str(target), "-k", "7"]) == 0
    capsys.readouterr()
    with Image.open(target) as grid:
        assert grid.format == "PNG"
        assert grid.height > grid.width * 0.5
    assert [path.name for path in tmp_path.iterdir()] == ["grid.png"]


def test_the_grid_shows_the_unwanted_pictures_too(photo_store: Path, tmp_path: Path) -> None:
    heights = []
    for unwanted in ([], ["--not", "checks/001.jpg"], ["--not", "checks/001.jpg"] * 3):
        command = ["discs/000.jpg", *unwanted, "--store", str(photo_store)]
        assert main([*command, "--grid", str(tmp_path / "grid.png")]) == 0
        with Image.open(tmp_path / "grid.png") as grid:
            heights.append(grid.height)
    rows = np.diff(heights)
    # One row for the wanted pictures, one for the unwanted.
    assert rows[1] == 2 * rows[0] > 0
