"""Tests of communities that continue those of the run before: numbers and members stay."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from graph.choices import IGRAPH, LEIDEN, LOUVAIN, PYTHON_LOUVAIN
from graph.communities.build import CommunityOptions, CommunityTree, make_collection
from graph.communities.bundles import Bundles
from graph.communities.detection import MOST_LOST
from graph.communities.kept import KeptParts, keep_parts, load_parts
from graph.communities.start import Start
from graphs_by_hand import neighbors_of
from imgrec.checks import check_store
from imgrec.collection.kinds import COMMUNITY
from imgrec.store.store import Store
from vector_stores import add_pictures, make

N = 420
WAYS = pytest.mark.parametrize(
    ("method", "engine"), [(LOUVAIN, PYTHON_LOUVAIN), (LOUVAIN, IGRAPH), (LEIDEN, "auto")]
)


def blurred(n: int, seed: int = 0) -> np.ndarray:
    """Return vectors (n, 10) of ten overlapping groups, in whose graph seeds disagree."""
    rng = np.random.default_rng(seed)
    return np.eye(10)[rng.integers(0, 10, n)] + rng.normal(scale=0.4, size=(n, 10))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    path = make(tmp_path / "store", {"mini": np.eye(2, dtype=np.float32)})
    add_pictures(path, range(3, N + 1))
    return Store.create(path)


def run(
    store: Store,
    rows: np.ndarray,
    before: CommunityTree | None,
    options: CommunityOptions,
    groups: tuple[tuple[int, ...], ...] = (),
    vectors: np.ndarray | None = None,
) -> CommunityTree:
    """Find the communities of some pictures after another run, as `write_site` does."""
    store.catalog.labels.replace(COMMUNITY, before.labels if before else {})
    vectors = blurred(N) if vectors is None else vectors
    neighbors = neighbors_of(vectors[rows], 8, rows + 1)
    return make_collection(
        neighbors, store.catalog, groups, options, before.kept if before else None
    )


def firsts(tree: CommunityTree, rows: np.ndarray) -> list[str]:
    return [tree.labels[row + 1].partition(".")[0] for row in rows.tolist()]


@WAYS
def test_what_did_not_change_stays_as_it_is(store: Store, method: str, engine: str) -> None:
    options = CommunityOptions("mini", method, engine, page_size=20)
    first = run(store, np.arange(N), None, options)
    again = run(store, np.arange(N), first, options)
    assert again.labels == first.labels
    assert again.facts == first.facts
    assert again.kept.digest == first.kept.digest
    assert np.array_equal(again.kept.parts, first.kept.parts)
    # The tree has several levels, all of them kept.
    assert first.kept.parts.shape[1] > 1
    # Another page size leaves the partition of the whole graph as it is.
    larger = run(store, np.arange(N), first, CommunityOptions("mini", method, engine, page_size=40))
    assert np.array_equal(larger.kept.parts[:, 0], first.kept.parts[:, 0])
    assert firsts(larger, np.arange(N)) == firsts(first, np.arange(N))


@WAYS
def test_pictures_stay_when_others_come(store: Store, method: str, engine: str) -> None:
    options = CommunityOptions("mini", method, engine, page_size=20)
    old = np.sort(np.random.default_rng(1).permutation(N)[: N * 9 // 10])
    first = run(store, old, None, options)
    continued = run(store, np.arange(N), first, options)
    new = run(store, np.arange(N), None, options)
    assert sorted(continued.labels) == list(range(1, N + 1))
    assert continued.facts.modularity >= new.facts.modularity - MOST_LOST
    # Independent: how far two runs that know nothing of each other agree on the old pictures.
    before, after, strange = (firsts(tree, old) for tree in (first, continued, new))
    agreement, of_strangers = (adjusted_rand_score(before, x) for x in (after, strange))
    assert agreement > max(0.6, of_strangers + 0.05)
    strange_too = firsts(run(store, np.arange(N), first, replace(options, seed=1)), old)
    same, of_strangers = (
        np.mean([a == b for a, b in zip(before, x, strict=True)]) for x in (after, strange_too)
    )
    assert same > max(0.75, of_strangers)


@WAYS
def test_pages_below_stay_when_few_pictures_come(store: Store, method: str, engine: str) -> None:
    options = CommunityOptions("mini", method, engine, page_size=20)
    old = np.arange(N - 5)
    first = run(store, old, None, options)
    continued = run(store, np.arange(N), first, options)
    unrelated = run(store, np.arange(N), first, replace(options, seed=1))
    pages = [
        [tree.labels[row + 1] for row in old.tolist()] for tree in (first, continued, unrelated)
    ]
    # Whichever numbers the pages have, and with their numbers.
    agreement, of_strangers = (adjusted_rand_score(pages[0], of) for of in pages[1:])
    assert agreement > max(0.5, of_strangers + 0.05)
    same, of_strangers = (
        np.mean([a == b for a, b in zip(pages[0], of, strict=True)]) for of in pages[1:]
    )
    assert same > max(0.5, of_strangers + 0.1)


def test_a_picture_whose_vector_changed_moves_and_the_others_stay(store: Store) -> None:
    options = CommunityOptions("mini", LEIDEN)
    rows = np.arange(N)
    first = run(store, rows, None, options)
    of = firsts(first, rows)
    target = max(set(of) - {of[0]}, key=of.count)
    vectors = blurred(N)
    vectors[0] = vectors[[i for i in rows.tolist() if of[i] == target]].mean(axis=0)
    moved = run(store, rows, first, options, vectors=vectors)
    after = firsts(moved, rows)
    assert after[0] == target != of[0]
    assert np.mean([a == b for a, b in zip(after[1:], of[1:], strict=True)]) > 0.9


def test_a_partition_that_got_bad_is_found_anew(store: Store) -> None:
    options = CommunityOptions("mini", LEIDEN)
    first = run(store, np.arange(N), None, options)
    # What was kept has nothing to do with the graph.
    spoiled = KeptParts(
        first.kept.ids,
        np.random.default_rng(0).integers(0, 2, (N, 1)).astype(np.int32),
        first.kept.options,
        "another graph",
        first.facts,
        {},
    )
    neighbors = neighbors_of(blurred(N), 8, np.arange(1, N + 1))
    found = make_collection(neighbors, store.catalog, (), options, spoiled)
    assert found.facts.modularity >= first.facts.modularity - MOST_LOST


@pytest.mark.parametrize(
    "other",
    [
        CommunityOptions("mini", LEIDEN, seed=1),
        CommunityOptions("rgb", LEIDEN),
        CommunityOptions("mini", LEIDEN, k=7),
        CommunityOptions("mini", LOUVAIN),
    ],
)
def test_other_options_start_from_nothing(store: Store, other: CommunityOptions) -> None:
    first = run(store, np.arange(N), None, CommunityOptions("mini", LEIDEN))
    after = run(store, np.arange(N), first, other)
    assert np.array_equal(after.kept.parts, run(store, np.arange(N), None, other).kept.parts)


def test_a_bundle_has_the_parts_of_its_first_picture_that_was_there() -> None:
    kept = KeptParts(
        np.array([2, 4, 6]), np.array([[0, 1], [1, -1], [2, 0]], np.int32), {"seed": 0}, "graph",
        None,  # type: ignore[arg-type]
        {},
    )  # fmt: skip
    bundles = Bundles.of(np.array([1, 2, 3, 4, 6]), [(1, 4), (3, 6)])
    paths = np.array([[3], [2], [1]])
    start = kept.start({"seed": 0}, "another", bundles, paths)
    assert start.paths is paths
    assert start.taken == 0
    assert start.parts.tolist() == [[1, -1], [0, 1], [2, 0]]
    assert kept.start({"seed": 0}, "graph", bundles, paths).taken > 1
    assert kept.start({"seed": 0, "page_size": 3}, "graph", bundles, paths).parts.shape == (3, 1)
    assert kept.start({"seed": 1}, "graph", bundles, paths).parts.size == 0


def test_groups_start_where_most_of_their_nodes_were() -> None:
    paths = np.array([[1, 1], [1, 1], [1, 2], [2, 1], [2, -1], [-1, -1], [-1, -1]])
    start = Start(paths=paths)
    groups = [np.array(rows) for rows in ([0, 3], [1], [2, 5], [4], [5, 6])]
    assert start.of_groups(groups[:4], 0) is not None
    found = start.of_groups([np.array([0, 1, 3]), *groups[1:]], 0)
    # The third has as many new nodes as old ones, the last only new ones.
    assert found is not None
    assert found.tolist() == [0, 0, 2, 1, 3]
    assert start.of_groups(groups[3:], 1) is None
    assert start.of_groups(groups, 2) is None


@settings(max_examples=60)
@given(st.integers(1, 30), st.integers(1, 3), st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_a_start_joins_what_was_together(n: int, depths: int, depth: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = rng.integers(0, 3, (n, depths)).astype(np.int32)
    parts[rng.random(n) < 0.3] = -1
    rows = np.flatnonzero(rng.random(n) < 0.8)
    found = Start(parts).at(rows, depth)
    known = [r for r in rows.tolist() if depth < depths and parts[r, depth] >= 0]
    if 2 * len(known) <= len(rows):
        assert found is None
        return
    assert found is not None
    assert sorted(set(found.tolist())) == list(range(found.max() + 1))
    for i, a in enumerate(rows.tolist()):
        for j, b in enumerate(rows.tolist()):
            together = parts[a, : depth + 1].tolist() == parts[b, : depth + 1].tolist()
            assert (found[i] == found[j]) == (a == b or (together and a in known))


def test_parts_are_kept_and_damage_is_noticed(store: Store) -> None:
    assert load_parts(store) is None
    made = run(store, np.arange(N), None, CommunityOptions("mini", LEIDEN)).kept
    keep_parts(store, made)
    kept = load_parts(store)
    assert kept is not None
    assert (kept.options, kept.digest, kept.facts) == (made.options, made.digest, made.facts)
    assert np.array_equal(kept.ids, made.ids)
    assert np.array_equal(kept.parts, made.parts)
    file = store.paths.communities / "parts.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert load_parts(store) is None
    ((place, problem),) = [
        (found.place, found.problem)
        for found in check_store(store.path)[0].findings
        if found.place == "communities"
    ]
    assert (place, problem) == ("communities", "parts.npy is not what was written, by its checksum")
