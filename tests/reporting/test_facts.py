"""Test the facts of the report, each against an independent reference."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import accuracy_score
from sklearn.neighbors import NearestNeighbors

from imgrec.duplicates.comparison import Comparison, Verdict
from imgrec.duplicates.verdicts import Verdicts, save_verdicts
from imgrec.neighbors.graph import neighbors_of
from imgrec.pictures.color_word import color_of
from imgrec.reporting.facts.catalog import Files, by_count, codes_of, date_of
from imgrec.reporting.facts.classes import compare, frequencies_of
from imgrec.reporting.facts.clusters import Cluster, groups_of, nearest_and_spread
from imgrec.reporting.facts.health import Groups, Health, groups_in, loners
from imgrec.reporting.facts.precision import common_ids, folders_in, precisions
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.reporting.sections.health import health_section
from imgrec.store.classes import Classes
from imgrec.store.store import Store
from stored_clusters import clusters_of
from vector_stores import clustered, histograms, make, remove

_YEAR_NS = 365 * 86_400 * 10**9


def _files(**columns: list[float]) -> Files:
    count = len(next(iter(columns.values())))
    names = ("widths", "heights", "sizes", "mtimes_ns")
    arrays = [np.array(columns.get(n, [1] * count), np.int64) for n in names]
    return Files(np.arange(1, count + 1), *arrays)


def test_files_are_those_of_the_catalog(store: Store) -> None:
    files = Files.of(store.catalog)
    entries = list(store.catalog.entries_with("ok"))
    assert files.ids.tolist() == [entry.id for entry in entries]
    assert files.widths.tolist() == [entry.width for entry in entries]
    assert files.heights.tolist() == [entry.height for entry in entries]
    assert files.sizes.tolist() == [Path(entry.location).stat().st_size for entry in entries]
    assert files.mtimes_ns.tolist() == [
        Path(entry.location).stat().st_mtime_ns for entry in entries
    ]
    assert files.megapixels().sum() * 1e6 == sum(e.width * e.height for e in entries)
    assert dict(files.orientations()) == {"landscape": 12, "portrait": 12, "square": 0}


def test_formats_and_failures_of_odd_files(odd_store: tuple[Path, dict[str, str]]) -> None:
    path, expected = odd_store
    with Store.open(path) as store:
        health = Health.of(store)
        entries = list(store.catalog.entries_with("ok"))
    assert Counter(dict(health.failures)) == Counter(v for v in expected.values() if v != "ok")
    assert dict(health.formats) == Counter(entry.format for entry in entries)
    assert health.counts["ok"] == len(entries)
    twins = {entry.id for entry in entries if "twin" in entry.path}
    assert any(twins <= set(group) for group in health.duplicates.groups)
    assert health.duplicates.spare == sum(len(group) - 1 for group in health.duplicates.groups)
    assert not health.duplicates.compared and not health.duplicates.similar


def test_nothing_is_known_of_pictures_that_are_not_there() -> None:
    files = _files(widths=[0, 4], heights=[3, 2])
    assert files.megapixels().tolist() == [8e-6]
    assert files.aspects().tolist() == [2]


@pytest.mark.parametrize(
    ("width", "height", "kind"),
    [(102, 100, "square"), (103, 100, "landscape"), (100, 102, "square"), (100, 103, "portrait")],
)
def test_nearly_equal_sides_count_as_square(width: int, height: int, kind: str) -> None:
    assert dict(_files(widths=[width], heights=[height]).orientations())[kind] == 1


def test_years_are_empty_if_times_are_those_of_copying() -> None:
    spread = [2001.5, 2001.7, 2004.2]
    times = [(year - 1970) * 365.2425 * 86_400e9 for year in spread]
    assert _files(mtimes_ns=times).years() == (
        ("2001", 2), ("2002", 0), ("2003", 0), ("2004", 1)
    )  # fmt: skip
    # Most on one day; all in one year.
    assert _files(mtimes_ns=[times[0]] * 9 + [times[2]]).years() == ()
    assert _files(mtimes_ns=times[:2]).years() == ()
    assert _files(mtimes_ns=[-1, 0]).years() == ()
    assert date_of(56 * _YEAR_NS + 14 * 86_400 * 10**9) == "2026-01-01"


def test_labels_are_counted_and_coded() -> None:
    labels = {3: "b", 5: "a", 9: "b", 11: "c"}
    assert by_count(labels) == (("b", 2), ("a", 1), ("c", 1))
    codes, names = codes_of(np.array([3, 4, 5, 9]), labels)
    assert [names[c] if c >= 0 else None for c in codes] == ["b", None, "a", "b"]


def test_colors_are_those_of_the_thumbnails(store: Store) -> None:
    ids, thumbs = store.catalog.ids("ok"), store.thumbs()
    found = dict(Health.of(store).colors)
    assert found == Counter(color_of(thumbs.get(int(i))) for i in ids)


def test_loners_are_the_farthest_from_their_nearest(store: Store) -> None:
    feature = store.feature("mini")
    distances = cdist(feature.load().astype(float), feature.load().astype(float), "cosine")
    np.fill_diagonal(distances, np.inf)
    nearest = distances.min(axis=1)
    ids, found = loners(neighbors_of(store), 5)
    assert ids.tolist() == feature.ids[np.argsort(-nearest, kind="stable")[:5]].tolist()
    assert found == pytest.approx(np.sort(nearest)[::-1][:5], abs=1e-5)


def test_groups_are_the_copies_and_the_verdicts_that_the_store_keeps(own_store: Path) -> None:
    with Store.create(own_store) as store:
        db = store.catalog.db
        db.execute("UPDATE images SET digest = 'same' WHERE id IN (2, 7, 9)")
        sizes = dict(db.execute("SELECT id, size FROM images"))
        copies = groups_in(store)
        (group,) = copies.groups
        assert sorted(group) == [2, 7, 9]
        assert (copies.spare, copies.similar, copies.compared) == (2, 0, False)
        assert copies.spare_bytes == sum(sizes[i] for i in group[1:])
        verdicts = Verdicts()
        verdicts.add((2, 4), Comparison(Verdict.SAME, 0.9))
        verdicts.add((5, 6), Comparison(Verdict.SIMILAR, 0.8))
        verdicts.add((1, 3), Comparison(Verdict.DIFFERENT))
        save_verdicts(store.paths.verdicts, verdicts)
        known = groups_in(store)
    assert [sorted(group) for group in known.groups] == [[2, 4, 7, 9], [5, 6]]
    assert (known.spare, known.similar, known.compared) == (3, 1, True)


def test_groups_are_the_clusters(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"flat": clustered(200, 16)})
    with Store.create(path) as store:
        clusters = clusters_of(store, count=7)
        kinds = {i: ("red", "blue")[i % 3 == 0] for i in range(1, 201) if i % 10}
        store.catalog.labels.replace("color", kinds)
        groups = groups_of(store.catalog, clusters)
    members = {n: np.flatnonzero(clusters.numbers == n) for n in np.unique(clusters.numbers)}
    distance = dict(zip(clusters.ids.tolist(), clusters.distances.tolist(), strict=True))
    assert [g.number for g in groups] == sorted(members)
    assert sum(g.size for g in groups) == 200
    for group in groups:
        ids = clusters.ids[members[group.number]].tolist()
        assert group.size == len(ids)
        assert group.nearest[0] == clusters.central[group.number - 1]
        assert set(group.nearest) == set(sorted(ids, key=lambda i: (distance[i], i))[:6])
        shown = [*group.nearest, *group.spread]
        assert len(set(shown)) == len(shown) <= 14
        assert [distance[i] for i in shown] == sorted(distance[i] for i in shown)
        assert set(shown) <= set(ids)
        assert max(shown, key=distance.__getitem__) == max(ids, key=lambda i: (distance[i], i))
        word, count = Counter(kinds[i] for i in ids if i in kinds).most_common(1)[0]
        assert (word, pytest.approx(count / len(ids))) in group.dominant
        assert f"{word} {100 * count / len(ids):.0f} %" in group.about()
        assert group.name.lower().endswith(f"cluster {group.number})") == bool(group.dominant)
        assert group.name.startswith(group.dominant[0][0])


def test_a_cluster_is_called_by_what_its_pictures_share() -> None:
    mixed = Cluster(3, 9, (1,), (), ())
    assert mixed.name == "Cluster 3"
    assert replace(mixed, dominant=(("dress", 0.6), ("blue", 0.4))).name == "dress (cluster 3)"


@pytest.mark.parametrize("count", [1, 5, 6, 7, 13, 14, 15, 100])
def test_nearest_and_spread_cover_a_group(count: int) -> None:
    nearest, spread = nearest_and_spread(np.arange(count))
    assert nearest == tuple(range(min(6, count)))
    assert len(spread) == max(0, min(8, count - 6))
    assert not spread or spread[-1] == count - 1
    assert len({*nearest, *spread}) == len(nearest) + len(spread)


def _classes(name: str, seed: int, ids: np.ndarray, categories: tuple[str, ...]) -> Classes:
    rng = np.random.default_rng(seed)
    count = len(categories)
    top = np.array([rng.permutation(count)[:5] for _ in ids], np.int16)
    top[: len(ids) // 2, 0], top[: len(ids) // 2, 1:] = 3, [0, 1, 2, 4]
    shares = -np.sort(-rng.dirichlet(np.ones(6), len(ids))[:, :5].astype(np.float32), axis=1)
    return Classes(name, ids, top, shares, categories)


_NAMES = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen")


def test_frequent_classes_are_counted_with_their_surest_pictures() -> None:
    classes = _classes("a", 0, np.arange(10, 90), _NAMES)
    firsts = [_NAMES[row[0]] for row in classes.top]
    found = frequencies_of(classes)
    assert {f.name: f.first for f in found} == Counter(firsts)
    assert [f.first for f in found] == sorted((f.first for f in found), reverse=True)
    among = Counter(_NAMES[c] for row in classes.top for c in row)
    for f in found:
        assert f.among == among[f.name]
        rows = [r for r, name in enumerate(firsts) if name == f.name]
        best = sorted(rows, key=lambda r: (-classes.probabilities[r, 0], r))[:4]
        assert f.examples == tuple(classes.ids[r] for r in best)
        shares = [float(classes.probabilities[r, 0]) for r in rows]
        assert f.confidence == pytest.approx(sum(shares) / len(shares))
    assert [f.name for f in frequencies_of(classes, most=2)] == [f.name for f in found[:2]]


def test_two_classifiers_are_compared_by_the_names_of_classes() -> None:
    one = _classes("one", 0, np.arange(10, 90), _NAMES)
    other = _classes("other", 1, np.arange(20, 120, 2), (*_NAMES[::-1], "owl"))
    common = sorted(set(one.ids.tolist()) & set(other.ids.tolist()))
    left = [_NAMES[one.top[i - 10, 0]] for i in common]
    fives = [[other.categories[c] for c in other.top[(i - 20) // 2]] for i in common]
    right = [five[0] for five in fives]
    found = compare(one, other)
    assert found.pictures == len(common)
    assert found.same / len(common) == pytest.approx(accuracy_score(left, right))
    assert found.within == sum(name in five for name, five in zip(left, fives, strict=True))
    pairs = Counter(p for p in zip(left, right, strict=True) if p[0] != p[1])
    told = {(d.one, d.other): d.count for d in found.disagreements}
    assert told.items() <= pairs.items()
    assert sorted(told.values()) == sorted(sorted(pairs.values())[-len(told) :])
    for name, count, same in found.by_class:
        agreed = [right[r] == name for r in range(len(left)) if left[r] == name]
        assert (count, same) == (len(agreed), sum(agreed))
    first = found.disagreements[0]
    sure = {
        i: min(one.probabilities[i - 10, 0], other.probabilities[(i - 20) // 2, 0]) for i in common
    }
    rows = [
        i for i, a, b in zip(common, left, right, strict=True) if (a, b) == (first.one, first.other)
    ]
    assert list(first.examples) == sorted(rows, key=lambda i: (-sure[i], i))[:8]


def test_classifiers_without_a_common_picture_have_an_empty_comparison() -> None:
    one, other = (_classes(n, 0, ids, _NAMES) for n, ids in
                  (("one", np.arange(4)), ("other", np.arange(10, 14))))  # fmt: skip
    found = compare(one, other)
    assert (found.pictures, found.same, found.by_class, found.disagreements) == (0, 0, (), ())


def _chi2(a: np.ndarray, b: np.ndarray) -> float:
    total = a + b
    return float(0.5 * ((a - b)[total > 0] ** 2 / total[total > 0]).sum())


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan", "chi2"])
def test_precision_is_that_of_scikit_learn(tmp_path: Path, metric: str) -> None:
    flat, rgb = clustered(150, 12), histograms(150, 24)
    path = make(tmp_path / "store", {"flat": flat, "rgb": rgb})
    with Store.create(path) as store:
        folders = {i: f"f{i % 7}" for i in range(1, 151)}
        store.catalog.labels.replace("folder", folders)
        asked = folders_in(store, common_ids(store))
        assert asked is not None
        found = {(p.feature, p.metric): p.at for p in precisions(store, asked)}
    labels = np.array([folders[i] for i in range(1, 151)])
    same = [labels[i] == labels[j] for i in range(150) for j in range(150) if i != j]
    assert asked.chance == pytest.approx(np.mean(same))
    assert (asked.count, asked.pictures, len(asked.ids)) == (7, 150, 150)
    for name, vectors in (("flat", flat), ("rgb", rgb)):
        if metric == "chi2" and name == "flat":
            assert (name, metric) not in found
            continue
        how = _chi2 if metric == "chi2" else metric
        index = NearestNeighbors(metric=how, algorithm="brute").fit(vectors.astype(np.float64))
        nearest = index.kneighbors(n_neighbors=5, return_distance=False)
        hits = labels[nearest] == labels[:, None]
        assert found[name, metric][5] == pytest.approx(hits.mean(), abs=0.003)
        assert found[name, metric][1] == pytest.approx(hits[:, 0].mean(), abs=0.015)
    order = [at[5] for at in found.values()]
    assert order == sorted(order, reverse=True)
    assert ("rgb", "pca-cosine") in found
    assert not any(metric == "combined" for _, metric in found)


@pytest.mark.parametrize(
    ("sizes", "tells"),
    [([30, 30], True), ([60], False), ([55, 5], False), ([50, 10], True), ([57, 7], True),
     ([60, 6], False), ([5] * 12, False), ([20, 20, *[1] * 50], False),
     ([20, 20, *[1] * 30], True)],
)  # fmt: skip
def test_folders_are_ground_truth_only_if_they_divide_the_pictures(
    tmp_path: Path, sizes: list[int], tells: bool
) -> None:
    count = sum(sizes)
    path = make(tmp_path / "store", {"flat": clustered(count, 6)})
    names = np.repeat([f"folder {n}" for n in range(len(sizes))], sizes)
    with Store.create(path) as store:
        store.catalog.labels.replace("folder", dict(enumerate(names.tolist(), 1)))
        asked = folders_in(store, common_ids(store))
    assert (asked is not None) == tells
    if asked:
        assert asked.pictures == sum(size for size in sizes if size >= 6)
        assert asked.count == sum(size >= 6 for size in sizes)


def test_queries_of_a_large_store_are_a_sample_of_each_of_some_folders(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"flat": clustered(400, 6)})
    remove(path, [1, 2, 3])
    with Store.create(path) as store:
        store.catalog.labels.replace("folder", {i: f"f{i % 8}" for i in range(1, 401)})
        ids = common_ids(store)
        asked, again = (folders_in(store, ids, sample=60, of_folder=20) for _ in range(2))
    assert asked is not None and again is not None
    assert asked.ids.tolist() == again.ids.tolist()
    assert np.unique(asked.codes, return_counts=True)[1].tolist() == [20, 20, 20]
    assert (asked.ids > 3).all()
    assert (asked.codes == np.array([int(i) % 8 for i in asked.ids])).all()


@pytest.mark.parametrize(("similar", "told"), [(1, "1 picture is similar"), (2, "2 pictures are")])
def test_similar_pictures_are_counted_in_the_right_number(
    photo_store: Path, similar: int, told: str
) -> None:
    with Store.open(photo_store) as store:
        found = Groups(similar=similar, compared=True)
        health = replace(Health.of(store), duplicates=found)
        section = health_section(store.catalog, health, None, Thumbnails(store))
    assert any(line.startswith(told) for line in section.lines)
