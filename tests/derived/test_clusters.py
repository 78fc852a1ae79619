"""Spherical k-means: quality against scikit-learn, distances against plain means, growth."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from imgrec import Store, StoreError
from imgrec.derived.clusters import Clusters, KmeansRecipe
from stored_clusters import clusters_of
from stores import nothing_can_be_written
from vector_stores import Vectors, add_part, add_pictures, clustered, make, remove

SIZES = (40, 25, 60, 10, 33)


def blobs(sizes: tuple[int, ...] = SIZES) -> tuple[Vectors, NDArray[np.intp]]:
    """Return shuffled vectors (n, 12) of various norms in separated groups, and their groups."""
    rng = np.random.default_rng(5)
    groups = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    vectors = np.eye(12)[groups] + 0.05 * rng.normal(size=(len(groups), 12))
    return (vectors * rng.uniform(0.5, 20, (len(groups), 1))).astype(np.float32), groups


def unit(vectors: Vectors) -> NDArray[np.float64]:
    wide = vectors.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True)


def clusters(path: Path, count: int | None = len(SIZES)) -> Clusters:
    with Store.open(path) as store:
        return clusters_of(store, count=count)


def stamps(path: Path) -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for p in (path / "indexes").rglob("*")}


def kept_files(path: Path, count: int = len(SIZES)) -> dict[str, bytes]:
    folder = path / "indexes" / "x" / f"kmeans-{count}"
    return {file.name: file.read_bytes() for file in folder.glob("*.npy")}


def test_separated_groups_are_found_and_numbered_by_size(tmp_path: Path) -> None:
    vectors, groups = blobs()
    found = clusters(make(tmp_path / "store", {"x": vectors}))
    assert found.ids.tolist() == list(range(1, 1 + sum(SIZES)))
    assert adjusted_rand_score(groups, found.numbers) == 1
    assert np.bincount(found.numbers).tolist() == [0, *sorted(SIZES, reverse=True)]
    assert found.labels() == {i: str(n) for i, n in zip(found.ids, found.numbers, strict=True)}


def test_distances_are_to_the_mean_of_the_unit_vectors(tmp_path: Path) -> None:
    vectors, groups = blobs()
    found = clusters(make(tmp_path / "store", {"x": vectors}))
    means = np.array([unit(vectors)[groups == group].mean(axis=0) for group in groups])
    expected = np.linalg.norm(unit(vectors) - means, axis=1)
    assert np.allclose(found.distances, expected, atol=1e-5)
    for number, image_id in enumerate(found.central.tolist(), start=1):
        members = found.numbers == number
        assert members[image_id - 1]
        assert expected[image_id - 1] == pytest.approx(expected[members].min(), abs=1e-5)


def test_inertia_is_close_to_that_of_scikit_learn(tmp_path: Path) -> None:
    vectors = clustered(900, 96)
    found = clusters(make(tmp_path / "store", {"x": vectors}), count=30)
    squares = unit(vectors)
    means = [squares[found.numbers == number].mean(axis=0) for number in range(1, 31)]
    within = ((squares - np.array(means)[found.numbers - 1]) ** 2).sum()
    best = KMeans(30, n_init=10, random_state=1).fit(squares).inertia_
    assert within < 1.1 * best


def test_the_same_vectors_give_the_same_bytes(tmp_path: Path) -> None:
    vectors = clustered(1200, 64)
    for name in ("one", "two"):
        clusters(make(tmp_path / name, {"x": vectors}), count=30)
    kept = kept_files(tmp_path / "one", 30)
    assert {"model-centers.npy", "rows-numbers.npy", "rows-distances.npy"} <= kept.keys()
    assert kept == kept_files(tmp_path / "two", 30)


def test_a_second_call_writes_nothing(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"x": blobs()[0]})
    first, before = clusters(path), stamps(path)
    again = clusters(path)
    assert before and stamps(path) == before
    assert np.array_equal(first.numbers, again.numbers)
    assert np.array_equal(first.central, again.central)


def test_new_pictures_are_assigned_and_the_others_keep_their_cluster(tmp_path: Path) -> None:
    vectors, _ = blobs()
    count = len(vectors)
    path = make(tmp_path / "store", {"x": vectors})
    first, centers = clusters(path), kept_files(path)["model-centers.npy"]
    twins = vectors[:50] * 3
    add_pictures(path, range(count + 1, count + 51))
    add_part(path, "x", np.arange(count + 1, count + 51), twins)
    grown = clusters(path)
    assert np.array_equal(grown.numbers[:count], first.numbers)
    assert np.array_equal(grown.numbers[count:], first.numbers[:50])
    assert kept_files(path)["model-centers.npy"] == centers


def test_clusters_are_fitted_again_after_growth_by_half(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"x": blobs((20, 20))[0]})
    assert len(clusters(path, count=3).central) == 3
    far = np.eye(12)[[10] * 20].astype(np.float32)
    far += 0.01 * np.random.default_rng(0).normal(size=far.shape).astype(np.float32)
    add_pictures(path, range(41, 61))
    add_part(path, "x", np.arange(41, 60), far[:19])
    joined = clusters(path, count=3)
    assert np.unique(joined.numbers).tolist() == [1, 2, 3]
    # 59 pictures, less than half as many more: the new ones are assigned to distant old centers.
    assert joined.distances[40:].min() > 0.5
    add_part(path, "x", np.arange(60, 61), far[19:])
    again = clusters(path, count=3)
    assert len(np.unique(again.numbers[40:])) == 1
    assert again.distances[40:].max() < 0.1


def test_removed_pictures_leave_their_clusters(tmp_path: Path) -> None:
    vectors, _ = blobs()
    path = make(tmp_path / "store", {"x": vectors})
    first = clusters(path)
    smallest = first.ids[first.numbers == len(SIZES)]
    remove(path, [*smallest, first.central[0]])
    left = clusters(path)
    kept = np.isin(first.ids, left.ids)
    assert not np.isin(smallest, left.ids).any()
    assert np.array_equal(left.numbers, first.numbers[kept])
    assert left.central[-1] == 0
    assert left.central[0] not in (0, first.central[0])
    assert np.array_equal(left.central[1:-1], first.central[1:-1])


def test_each_count_of_clusters_is_kept_separately(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"x": blobs()[0]})
    three, five = clusters(path, count=3), clusters(path, count=5)
    assert (len(three.central), len(five.central)) == (3, 5)
    before = stamps(path)
    assert len(clusters(path, count=3).central) == 3
    assert stamps(path) == before
    folder = path / "indexes" / "x"
    (folder / "kmeans-3").rename(folder / "kmeans-4")
    assert len(clusters(path, count=4).central) == 4


@pytest.mark.parametrize(
    ("pictures", "expected"), [(1, 1), (4, 1), (31, 6), (149, 29), (150, 30), (400, 30)]
)
def test_a_small_collection_has_few_clusters(tmp_path: Path, pictures: int, expected: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(pictures, 40)).astype(np.float32)
    path = make(tmp_path / "store", {"x": vectors})
    assert len(clusters(path, count=None).central) == expected
    # Of a large one they are those of the number.
    numbers = {folder.name for folder in (path / "indexes" / "x").iterdir()}
    assert numbers == {"kmeans-30" if pictures >= 150 else "kmeans-few"}


def test_a_small_collection_keeps_its_clusters_until_it_has_grown_by_half(tmp_path: Path) -> None:
    vectors, _ = blobs()
    path = make(tmp_path / "store", {"x": vectors[:40]})
    first = clusters(path, count=None)
    add_pictures(path, range(41, 61))
    add_part(path, "x", np.arange(41, 60), vectors[40:59])
    grown = clusters(path, count=None)
    assert np.array_equal(grown.numbers[:40], first.numbers)
    assert (len(first.central), len(grown.central)) == (8, 8)
    add_part(path, "x", np.arange(60, 61), vectors[59:60])
    assert len(clusters(path, count=None).central) == 12


@pytest.mark.parametrize("count", [1, 2, 3, 29])
def test_fewer_pictures_than_clusters(tmp_path: Path, count: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(count, 40)).astype(np.float32)
    found = clusters(make(tmp_path / "store", {"x": vectors}), count=30)
    assert sorted(found.numbers.tolist()) == list(range(1, count + 1))
    assert sorted(found.central.tolist()) == found.ids.tolist()
    assert found.distances.max() < 1e-3


@pytest.mark.parametrize("different", [1, 2, 7])
def test_there_are_at_most_as_many_clusters_as_different_vectors(
    tmp_path: Path, different: int
) -> None:
    rng = np.random.default_rng(3)
    which = rng.integers(different, size=400)
    which[:different] = np.arange(different)
    vectors = rng.normal(size=(different, 300))[which] * rng.uniform(0.1, 9, (400, 1))
    found = clusters(make(tmp_path / "store", {"x": vectors.astype(np.float32)}), count=30)
    assert len(found.central) == different
    assert adjusted_rand_score(which, found.numbers) == 1


def test_zero_vectors(tmp_path: Path) -> None:
    found = clusters(make(tmp_path / "store", {"x": np.zeros((5, 6), np.float32)}))
    assert found.numbers.tolist() == [1] * 5
    assert found.central.tolist() == [1]


def test_a_feature_without_pictures_and_no_clusters(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"x": blobs()[0]})
    with pytest.raises(ValueError, match="count is 0"):
        clusters(path, count=0)
    remove(path, range(1, 1 + sum(SIZES)))
    with pytest.raises(StoreError, match="has none with x vectors"):
        clusters(path)


@pytest.mark.parametrize("damage", ["numbers", "centers", "bytes"])
def test_damaged_files_are_computed_again(tmp_path: Path, damage: str) -> None:
    path = make(tmp_path / "store", {"x": blobs()[0]})
    first = clusters(path)
    folder = path / "indexes" / "x" / f"kmeans-{len(SIZES)}"
    if damage == "numbers":
        np.save(folder / "rows-numbers.npy", first.numbers + 1)
    elif damage == "centers":
        np.save(folder / "model-centers.npy", np.zeros((5, 3), np.float32))
    else:
        (folder / "rows-distances.npy").write_bytes(b"")
    assert np.array_equal(clusters(path).numbers, first.numbers)
    assert np.array_equal(np.load(folder / "rows-numbers.npy"), first.numbers)


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"x": blobs()[0]})
    with FileLock(path / "lock"):
        busy = clusters(path)
    assert not (path / "indexes").exists()
    with nothing_can_be_written(path):
        read_only = clusters(path)
    assert not (path / "indexes").exists()
    assert np.array_equal(busy.numbers, clusters(path).numbers)
    assert np.array_equal(busy.numbers, read_only.numbers)


def test_assignments_do_not_depend_on_the_batch() -> None:
    vectors = clustered(700, 80)
    recipe = KmeansRecipe(9)
    model = recipe.fit(vectors)
    whole = recipe.rows(model, vectors)
    parts = [recipe.rows(model, vectors[start : start + 90]) for start in range(0, 700, 90)]
    assert np.array_equal(whole["numbers"], np.concatenate([p["numbers"] for p in parts]))
    assert whole["numbers"].dtype == np.int32
    assert np.allclose(whole["distances"], np.concatenate([p["distances"] for p in parts]))


def test_import_is_light() -> None:
    code = "import imgrec.derived.clusters, imgrec.pictures.color_word, sys"
    code += "; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
