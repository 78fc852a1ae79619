"""What neighbors say about labels, splits and subsets, each against an independent reference."""

import csv
import io
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from imgrec.duplicates.comparison import Comparison, Verdict
from imgrec.duplicates.groups import Duplicates, Group, Member
from imgrec.neighbors.neighbors import Neighbors
from imgrec.reporting.facts import diverse
from imgrec.reporting.facts.diverse import diverse_subset
from imgrec.reporting.facts.label_votes import explained_of, suspects_of, votes_of
from imgrec.reporting.facts.splits import Leak, Sorted, class_and_split, leaks_of
from imgrec.reporting.facts.training import Training, labels_of
from imgrec.reporting.tables import picture_table
from imgrec.store.features import Block, FeatureStore
from imgrec.store.store import Store
from vector_stores import clustered, make

_K = 15


def _neighbors(vectors: np.ndarray, k: int = _K) -> Neighbors:
    """Return the exact neighbors of vectors, whose ids begin at 1."""
    distances = cdist(vectors.astype(float), vectors.astype(float), "cosine")
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    near = np.take_along_axis(distances, order, axis=1).astype(np.float32)
    return Neighbors(np.arange(1, len(vectors) + 1), order + 1, near)


def _blobs(
    sizes: list[int], seed: int = 0, noise: float = 0.1
) -> tuple[np.ndarray, dict[int, str]]:
    rng = np.random.default_rng(seed)
    centers = np.eye(len(sizes), 12)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    vectors = centers[codes] + 0.1 * rng.normal(size=(len(codes), 12))
    return vectors.astype(np.float32), {i: f"kind {c}" for i, c in enumerate(codes.tolist(), 1)}


def _feature(vectors: np.ndarray) -> FeatureStore:
    ids = np.arange(1, len(vectors) + 1)
    half = len(vectors) // 2
    blocks = [Block(ids[:half], vectors[:half]), Block(ids[half:], vectors[half:])]
    return FeatureStore("tested", vectors.shape[1], blocks)


def test_planted_wrong_labels_are_exactly_those_that_are_found() -> None:
    vectors, classes = _blobs([40, 40, 30])
    planted = {3: "kind 1", 50: "kind 2", 100: "kind 0"}
    neighbors = _neighbors(vectors)
    votes = votes_of(neighbors, classes | planted)
    assert votes is not None
    found = suspects_of(votes, neighbors, classes | planted)
    assert {one.id: (one.label, one.likely) for one in found} == {
        i: (wrong, classes[i]) for i, wrong in planted.items()
    }
    for one in found:
        near = neighbors.neighbors[one.id - 1][: one.voters].tolist()
        assert dict(one.votes) == Counter((classes | planted)[i] for i in near)
        assert list(one.evidence) == [i for i in near if (classes | planted)[i] == one.likely]
    clean = votes_of(neighbors, classes)
    assert clean is not None and suspects_of(clean, neighbors, classes) == []


def test_the_label_that_its_neighbors_deny_most_is_ranked_first() -> None:
    vectors, classes = _blobs([40, 40])
    # Halfway between both kinds, and in the midst of the other.
    vectors[5] = vectors[5] * 0.5 + vectors[60] * 0.52
    classes[70] = "kind 0"
    neighbors = _neighbors(vectors)
    votes = votes_of(neighbors, classes)
    assert votes is not None
    assert suspects_of(votes, neighbors, classes)[0].id == 70


@pytest.mark.parametrize("seed", range(4))
def test_votes_are_those_counted_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = clustered(120, 8, seed)
    sizes = rng.permutation([60, 35, 12, 7, 5])
    names = rng.permutation(np.repeat([f"k{n}" for n in range(5)], sizes)).tolist()
    # One picture has no class at all.
    classes: dict[int, str] = {i: name for i, name in enumerate(names, 1) if i not in (4, 9)}
    neighbors = _neighbors(vectors)
    votes = votes_of(neighbors, classes)
    assert votes is not None
    counts = Counter(classes.values())
    counted = {name for name, count in counts.items() if count >= 6}
    assert votes.ids.tolist() == [i for i in sorted(classes) if classes[i] in counted]
    for row, i in enumerate(votes.ids.tolist()):
        near = [j for j in neighbors.neighbors[i - 1].tolist() if classes.get(j) in counted]
        near = near[: counts[classes[i]] - 1]
        tally = Counter(classes[j] for j in near)
        own = tally.pop(classes[i], 0)
        assert (votes.voters[row], votes.own[row]) == (len(near), own)
        assert votes.most[row] == max(tally.values(), default=0)
        if not tally:
            assert votes.best[row] == -1
            continue
        # Of several that lead, that of the nearest.
        best = next(classes[j] for j in near if tally.get(classes[j]) == max(tally.values()))
        assert votes.names[votes.best[row]] == best
        far = [neighbors.distances[i - 1][neighbors.neighbors[i - 1].tolist().index(j)]
               for j in near if classes[j] == best]  # fmt: skip
        assert votes.distance[row] == pytest.approx(np.mean(far), abs=1e-6)
    for one in explained_of(votes):
        mine = [r for r, i in enumerate(votes.ids.tolist()) if classes[i] == one.name]
        right = [r for r in mine if votes.own[r] > votes.most[r]]
        assert (one.pictures, one.explained) == (len(mine), len(right))
        taken = Counter(votes.names[votes.best[r]] for r in mine
                        if r not in right and votes.best[r] >= 0)  # fmt: skip
        assert one.taken == max(taken.values(), default=0)
        assert not one.taken or taken[one.taken_for] == one.taken


def test_folders_that_say_nothing_accuse_nobody() -> None:
    vectors, classes = _blobs([40, 40])
    mixed = {i: f"day {i % 4}" for i in classes}
    labels = labels_of(_neighbors(vectors), mixed)
    assert labels is not None and not labels.tells and not labels.suspects
    assert labels_of(_neighbors(vectors), dict.fromkeys(classes, "one")) is None
    # Nine tenths and more in one folder, or most pictures in no folder that counts.
    assert labels_of(_neighbors(vectors), {i: "ab"[i > 73] for i in classes}) is None
    few = {i: "ab"[i % 2] if i < 30 else f"alone {i}" for i in classes}
    assert labels_of(_neighbors(vectors), few) is None
    assert labels_of(_neighbors(vectors), {}) is None


@pytest.mark.parametrize(
    ("root", "folder", "found"),
    [
        ("data", "train/dress", ("dress", "train")),
        ("data", "dress/Test", ("dress", "test")),
        ("train", "dress", ("dress", "train")),
        ("data", "VALID/cats/tabby", ("tabby", "validation")),
        ("data", "", ("data", "")),
        ("val", "", ("", "validation")),
        # The root of a dataset may itself have such a name.
        ("test", "train/dress", ("dress", "train")),
        ("data", "training day", ("training day", "")),
        ("", "", ("", "")),
    ],
)
def test_class_and_split_of_a_folder(root: str, folder: str, found: tuple[str, str]) -> None:
    assert class_and_split(root, folder) == found


def test_pictures_are_sorted_by_their_paths(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"flat": clustered(12, 6)})
    with Store.create(path) as store:
        paths = {1: "train/a/1.jpg", 2: "test/b/2.jpg", 3: "3.jpg", 4: "dev/4.jpg"}
        for i, name in paths.items():
            store.catalog.db.execute("UPDATE images SET path = ? WHERE id = ?", [name, i])
        found = Sorted.of(store.catalog)
    assert {i: found.classes.get(i) for i in paths} == {
        1: "a", 2: "b", 3: "pictures", 4: "pictures"
    }  # fmt: skip
    assert dict(found.splits) == {1: "train", 2: "test", 4: "validation"}


def test_leaks_are_the_pairs_of_a_group_that_cross_splits() -> None:
    same, similar = Comparison(Verdict.SAME, 0.9), Comparison(Verdict.SIMILAR, 0.7)
    group = Group((
        Member(1, "kept", "yes", 1, Comparison(Verdict.SAME, 1.0)),
        Member(2, "copy", "no", 1, Comparison(Verdict.SAME, 1.0)),
        Member(3, "same", "no", 1, same),
        Member(4, "similar", "look", 4, similar),
        Member(5, "similar", "look", 5, similar),
        Member(6, "copy", "no", 5, Comparison(Verdict.SAME, 1.0)),
    ))  # fmt: skip
    splits = {1: "train", 2: "test", 3: "validation", 4: "test", 5: "train", 6: "test"}
    digests = {1: "x", 2: "x", 3: "y", 4: "z", 5: "w", 6: "w"}
    found = leaks_of(Duplicates((group,)), splits, digests)
    assert found == [
        Leak(1, 2, "copy", 1.0), Leak(5, 6, "copy", 1.0),
        Leak(1, 3, "same", 0.9), Leak(3, 2, "same", 0.9),
        Leak(1, 4, "similar", 0.7), Leak(1, 6, "similar", 0.7), Leak(3, 4, "similar", 0.7),
        Leak(3, 6, "similar", 0.7), Leak(5, 2, "similar", 0.7), Leak(5, 3, "similar", 0.7),
    ]  # fmt: skip
    assert leaks_of(Duplicates((group,)), dict.fromkeys(splits, "train"), digests) == []


def test_a_subset_is_within_twice_the_best_one_there_is() -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(14, 4)).astype(np.float32)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        apart = cdist(unit.astype(float), unit.astype(float))
        for count in (1, 2, 3, 4):
            best = min(apart[:, list(c)].min(axis=1).max() for c in combinations(range(14), count))
            found = diverse_subset(_feature(vectors), count)
            rows = found.ids - 1
            radius = apart[:, rows].min(axis=1).max()
            assert radius <= 2 * best + 1e-6
            # Cosine distance is half the square of the euclidean one between unit vectors.
            assert found.radius == pytest.approx(radius**2 / 2, abs=1e-5)


@pytest.mark.parametrize(
    ("few", "many", "most_lowered", "piece"),
    [(512, 8192, 0.1, 512), (2, 4, 1.0, 3), (2, 4, 0.2, 512), (1, 1, 9.0, 1)],
)
def test_each_picture_of_a_subset_is_the_farthest_from_those_before(
    few: int, many: int, most_lowered: float, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diverse, "_FEW", few)
    monkeypatch.setattr(diverse, "_MANY", many)
    monkeypatch.setattr(diverse, "_MOST_LOWERED", most_lowered)
    monkeypatch.setattr(diverse, "_PIECE_ROWS", piece)
    vectors = clustered(90, 10)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    apart = cdist(unit.astype(float), unit.astype(float), "cosine")
    found = diverse_subset(_feature(vectors), 12)
    rows = (found.ids - 1).tolist()
    assert len(set(rows)) == 12
    assert rows[0] == (unit @ unit.mean(axis=0)).argmax()
    for place in range(1, 12):
        nearest = apart[:, rows[:place]].min(axis=1)
        assert nearest[rows[place]] == pytest.approx(nearest.max(), abs=1e-5)
        assert found.distances[place] == pytest.approx(nearest.max(), abs=1e-5)
    again = diverse_subset(_feature(vectors), 5)
    assert again.ids.tolist() == found.ids.tolist()[:5]


def test_a_subset_has_no_picture_twice_and_takes_copies_last() -> None:
    vectors = np.repeat(np.eye(3, 5, dtype=np.float32), 4, axis=0)
    found = diverse_subset(_feature(vectors), 10)
    assert sorted(((found.ids - 1) // 4).tolist()) == [0, 1, 2]
    assert found.radius == 0
    assert len(diverse_subset(_feature(vectors[:2]), 1).ids) == 1


def test_the_facts_of_a_store(tmp_path: Path) -> None:
    vectors, classes = _blobs([30, 30])
    path = make(tmp_path / "store", {"flat": vectors})
    with Store.create(path) as store:
        for i, name in classes.items():
            split = "test" if i % 3 == 0 else "train"
            store.catalog.db.execute(
                "UPDATE images SET path = ?, digest = ? WHERE id = ?",
                [f"{split}/{name}/{i}.jpg", f"d{1 if i in (1, 3) else i}", i],
            )
        found = Training.of(store, store.feature("flat"), _neighbors(vectors), 4)
        without = Training.of(store, store.feature("flat"), None, 0)
    assert dict(found.sizes) == {"train": 40, "test": 20}
    assert [(leak.one, leak.other, leak.kind) for leak in found.leaks] == [(1, 3, "copy")]
    assert (dict(found.leaking), found.compared) == ({"test": 1}, False)
    assert found.labels is not None and found.labels.share == 1
    assert found.diverse is not None and len(found.diverse.ids) == 4
    assert (without.labels, without.diverse) == (None, None)


def test_tables_hold_no_formulas_and_can_be_read_back(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"flat": clustered(3, 4)})
    with Store.create(path) as store:
        store.catalog.db.execute("UPDATE images SET path = '=cmd()/a\nb.jpg' WHERE id = 2")
        text = picture_table(store.catalog, [2, 1], {"label": ["@x", "y"], "distance": [0.25, 1.0]})
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["rank"] for row in rows] == ["1", "2"]
    assert rows[0]["path"] == "'=cmd()/a\\nb.jpg"
    assert (rows[0]["label"], rows[0]["distance"]) == ("'@x", "0.2500")
    assert rows[1]["path"] == "f1/000001.jpg"
