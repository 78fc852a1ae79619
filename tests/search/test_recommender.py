"""`Recommender` in a program: kinds of queries, threads, changes of the store, the query cache."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vector_stores
from imgrec import ImgrecError, Options, Recommender, Store, StoreError, index_folders
from imgrec.distances.blockwise import load_kernels
from imgrec.distances.metrics import cosine
from imgrec.encoders.mini import Mini
from pictures import picture

VECTORS = vector_stores.clustered(600, 64)


@pytest.fixture
def recommender(photo_store: Path, tmp_path: Path) -> Recommender:
    return Recommender.open(photo_store, cache=str(tmp_path / "cache.sqlite"))


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the number of pictures in each call of `mini`."""
    counts: list[int] = []
    encode = Mini.encode

    def counted(self: Mini, pixels: np.ndarray) -> np.ndarray:
        counts.append(len(pixels))
        return encode(self, pixels)

    monkeypatch.setattr(Mini, "encode", counted)
    return counts


def test_ids_paths_and_files_give_the_same_answer(recommender: Recommender, photos: Path) -> None:
    by_path = recommender.query(["discs/003.jpg"])
    entry = recommender.store.catalog.find_path("discs/003.jpg")
    assert entry is not None
    for asked in (entry.id, np.int64(entry.id), photos / "discs/003.jpg", "discs/003.jpg"):
        assert recommender.query([asked]).results == by_path.results
    assert recommender.query([entry.id]).queries == [f"id {entry.id}"]


def test_pictures_in_memory(recommender: Recommender, photos: Path, encoded: list[int]) -> None:
    file = photos / "stripes/002.jpg"
    with Image.open(file) as image:
        opened = recommender.query([image])
        pixels = np.asarray(image.convert("RGB"))
    assert opened.queries == [str(file)]
    # Pixels have no file digest, so the catalog cannot recognize them.
    assert opened.results[0].path == "stripes/002.jpg"
    assert opened.results[0].distance == pytest.approx(0, abs=1e-5)
    assert encoded == [1]
    as_array = recommender.query([pixels])
    assert as_array.queries == ["array {} x {} x 3".format(*pixels.shape[:2])]
    assert as_array.results == opened.results
    # The vector of equal pixels comes from the cache.
    assert encoded == [1]
    opaque = np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 255, np.uint8)], axis=2)
    assert recommender.query([opaque]).results == opened.results
    gray = recommender.query([pixels[:, :, 0]])
    assert gray.results == recommender.query([pixels[:, :, :1]]).results
    assert gray.results == recommender.query([np.repeat(pixels[:, :, :1], 3, axis=2)]).results


def test_a_picture_in_memory_is_rotated_by_exif_and_composited_over_white(
    recommender: Recommender,
) -> None:
    upright = picture("stripes", 1)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    lying.getexif()[0x0112] = 6
    assert recommender.query([lying]).results == recommender.query([upright]).results
    alpha = np.zeros((40, 40, 4), np.uint8)
    white = np.full((40, 40, 3), 255, np.uint8)
    assert recommender.query([alpha]).results == recommender.query([white]).results


def test_exif_orientation_of_an_opened_file_is_applied_once(
    recommender: Recommender, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = picture("stripes", 61).resize((160, 90)).transpose(Image.Transpose.ROTATE_90)
    lying.save(tmp_path / "lying.png", exif=exif)
    with Image.open(tmp_path / "lying.png") as opened:
        in_memory = recommender.query([opened]).results
    assert in_memory == recommender.query([tmp_path / "lying.png"]).results


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (np.zeros((3, 3), np.float32), r"an array \(3, 3\) of float32 is no picture"),
        (np.zeros((3, 3, 2), np.uint8), r"an array \(3, 3, 2\)"),
        (np.zeros(7, np.uint8), r"an array \(7,\)"),
        (np.zeros((0, 4, 3), np.uint8), "is no picture"),
        (10**9, "no picture has the id 1000000000"),
        (-1, "no picture has the id -1"),
        (10**30, "no picture has the id 1000"),
        ("a\0b", "no picture at a"),
        ("", "an empty name is no picture"),
    ],
)
def test_invalid_queries_are_refused(recommender: Recommender, asked: object, message: str) -> None:
    with pytest.raises(ImgrecError, match=message):
        recommender.query([asked])  # type: ignore[list-item]


def test_the_id_of_a_missing_picture(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:20]})
    vector_stores.remove(path, [3])
    with Recommender.open(path) as opened, pytest.raises(ImgrecError, match="is missing"):
        opened.query([3])


def test_a_picture_queried_twice_is_encoded_once(
    photo_store: Path, tmp_path: Path, encoded: list[int]
) -> None:
    new = tmp_path / "new.png"
    picture("checks", 77).save(new)
    answers = []
    for _ in range(2):
        with Recommender.open(photo_store, cache=str(tmp_path / "cache.sqlite")) as opened:
            answers += [opened.query([new]).results, opened.query([new]).results]
    assert encoded == [1]
    assert all(answer == answers[0] for answer in answers)
    with Recommender.open(photo_store, cache="none") as opened:
        assert opened.query([new]).results == answers[0]
    assert encoded == [1, 1]


def test_an_unreachable_cache_gives_only_a_warning(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture("checks", 77).save(tmp_path / "new.png")
    (tmp_path / "file").write_text("")
    with Recommender.open(photo_store, cache=str(tmp_path / "file" / "cache.sqlite")) as opened:
        assert len(opened.query([tmp_path / "new.png"]).results) == 5
        assert len(opened.query([tmp_path / "new.png"]).results) == 5
    assert capsys.readouterr().err.count("\n") == 1


def test_queries_by_indexed_pictures_do_not_use_the_cache(
    photo_store: Path, tmp_path: Path
) -> None:
    with Recommender.open(photo_store, cache=str(tmp_path / "cache.sqlite")) as opened:
        opened.query(["discs/000.jpg"])
    assert not (tmp_path / "cache.sqlite").exists()


def test_many_threads_get_the_same_answers_as_one(photo_store: Path, tmp_path: Path) -> None:
    load_kernels()
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS}, part_rows=50)
    vector_stores.update(path)
    with Recommender.open(path, cache="none") as opened:
        ways = [(way, fuse) for way in ("exact", "sketch", "hnsw") for fuse in ("mean", "min")]
        asked = [([i, i + 1], *ways[i % len(ways)]) for i in range(1, 240)]

        def ask(question: tuple[list[int], str, str]) -> list[tuple[int, float]]:
            ids, way, fuse = question
            fuse = "min" if way == "hnsw" else fuse
            answer = opened.query(ids, index=way, fuse=fuse, where=["half=low"])
            return [(result.id, result.distance) for result in answer.results]

        one_by_one = [ask(question) for question in asked]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, asked)) == one_by_one


def test_threads_query_while_pictures_are_added_and_removed(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:300]}, part_rows=50)
    vector_stores.update(path)
    stop, problems = threading.Event(), []
    with Recommender.open(path, cache="none") as opened:

        def ask(way: str) -> None:
            while not stop.is_set():
                try:
                    for result in opened.query([1], 20, index=way).results:
                        true = cosine(VECTORS[:1], VECTORS[result.id - 1][None])[0, 0]
                        if abs(result.distance - true) > 1e-5:
                            problems.append(result)
                except ImgrecError as error:
                    # An index is absent while its folder is being replaced.
                    if "there is no" not in str(error):
                        problems.append(error)
                except Exception as error:
                    problems.append(error)

        threads = [threading.Thread(target=ask, args=[way]) for way in ("exact", "sketch", "hnsw")]
        for thread in threads:
            thread.start()
        for start in range(300, 600, 100):
            ids = np.arange(start + 1, start + 101)
            vector_stores.add_pictures(path, ids.tolist())
            vector_stores.add_part(path, "vec", ids, VECTORS[start : start + 100])
            vector_stores.update(path)
            vector_stores.remove(path, ids[:10].tolist())
        stop.set()
        for thread in threads:
            thread.join()
        assert problems == []
        assert opened.query([1]).images == 570


def test_two_threads_encode_new_pictures(photo_store: Path, tmp_path: Path) -> None:
    files = []
    for number in range(12):
        files.append(tmp_path / f"{number}.png")
        picture("discs", 40 + number).save(files[-1])
    with Recommender.open(photo_store, cache="none") as opened:
        expected = [opened.query([file]).results for file in files]
    with Recommender.open(photo_store, cache="none") as opened, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda file: opened.query([file]).results, files)) == expected


def test_a_picture_indexed_while_the_recommender_is_open_is_found(
    photos: Path, tmp_path: Path
) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    here = Options(encoders=("mini",), workers=0)
    index_folders([tmp_path / "photos"], tmp_path / "store", here)
    with Recommender.open(tmp_path / "store", cache="none") as opened:
        assert opened.query(["discs/000.jpg"]).images == 24
        with Image.open(photos / "discs" / "000.jpg") as image:
            image.save(tmp_path / "photos" / "discs" / "again.png")
        index_folders([], tmp_path / "store", here)
        answer = opened.query(["discs/000.jpg"])
        assert answer.images == 25
        assert answer.results[0].path == "discs/again.png"
        (tmp_path / "photos" / "discs" / "again.png").unlink()
        index_folders([], tmp_path / "store", here)
        assert opened.query(["discs/000.jpg"]).results[0].path != "discs/again.png"


def test_a_query_needs_a_picture_or_a_text(recommender: Recommender) -> None:
    with pytest.raises(ValueError, match="no picture and no text is asked for"):
        recommender.query([])


def test_a_closed_recommender_raises_an_error(photo_store: Path) -> None:
    opened = Recommender.open(photo_store)
    opened.close()
    with pytest.raises(ValueError, match="is closed"):
        opened.query(["discs/000.jpg"])


def test_a_store_replaced_before_the_first_query(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:30]})
    with Recommender.open(path, cache="none") as opened:
        shutil.rmtree(path)
        vector_stores.make(path, {"vec": VECTORS[100:150]})
        assert opened.query([45]).images == 50


def test_a_changed_default_encoder_is_noticed(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:30], "other": VECTORS[30:60]})
    with Recommender.open(path, cache="none") as opened:
        assert opened.query([1]).encoder == "vec"
        with Store.create(path) as store:
            store.set_encoder("other")
        assert opened.query([1]).encoder == "other"


def test_a_picture_without_a_vector_yet_is_encoded(photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    index_folders([tmp_path / "photos"], tmp_path / "store", Options(("mini",), workers=0))
    part = next((tmp_path / "store" / "features" / "mini").glob("part-*"))
    kept = np.load(part / "ids.npy")[1:]
    vectors = np.load(part / "vectors.npy")[1:]
    np.save(part / "ids.npy", kept)
    np.save(part / "vectors.npy", vectors)
    with Recommender.open(tmp_path / "store", cache="none") as opened:
        (first,) = opened.store.catalog.entries([int(kept[0]) - 1])
        answer = opened.query([first.location], 100)
        assert len(answer.results) == 23
        assert first.id not in [result.id for result in answer.results]


def test_a_store_created_again_at_the_same_path(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:30]})
    with Recommender.open(path, cache="none") as opened:
        before = opened.query([1]).results
        shutil.rmtree(path)
        with pytest.raises(StoreError, match="is gone"):
            opened.query([1])
        vector_stores.make(path, {"vec": VECTORS[100:150]})
        answer = opened.query([1])
        assert (answer.images, answer.results == before) == (50, False)


def test_a_filter_sees_changed_labels(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:50]})
    with Recommender.open(path, cache="none") as opened:
        assert opened.query([1], where=["half=low"]).images == 25
        with Store.create(path) as store:
            store.catalog.labels.replace("half", dict.fromkeys(range(1, 11), "low"))
        assert opened.query([1], where=["half=low"]).images == 10


def test_a_recommender_needs_no_write_access(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:50]})
    vector_stores.update(path)
    before = sorted(path.rglob("*"))
    with Recommender.open(path, cache="none") as opened:
        opened.query([1], index="sketch")
    assert [p for p in sorted(path.rglob("*")) if not p.name.startswith("catalog")] == [
        p for p in before if not p.name.startswith("catalog")
    ]
