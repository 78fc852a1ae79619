"""Near-duplicates of a store: precision and recall on altered sample pictures, caching, growth."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import imgrec.duplicates.near
import imgrec.duplicates.verification
from alterations import NOT_SOUGHT, SOUGHT
from imgrec import Store, StoreError, index_folders
from imgrec.collection import Ids
from imgrec.collection.kinds import DUPLICATES
from imgrec.duplicates.alignment import Fits
from imgrec.duplicates.miniatures import Sketches
from imgrec.duplicates.near import THRESHOLD, NearDuplicates, Verifier, candidate_pairs, find_near
from imgrec.duplicates.verification import Rows, Sizes
from imgrec.labels.keep import keep_labels
from imgrec.samples.render import render_sample
from stores import HERE, nothing_can_be_written

ORIGINALS = 96
EACH = 4


def write_sample(folder: Path, count: int = ORIGINALS) -> list[Path]:
    """Write rendered pictures, which are the best quality versions."""
    folder.mkdir(parents=True)
    paths = [folder / f"{index:03d}.jpg" for index in range(count)]
    for index, path in enumerate(paths):
        render_sample(0, index).save(path, quality=95)
    return paths


def write_altered(paths: list[Path], folder: Path) -> None:
    """Write each alteration of some pictures; the first three letters are those of the original."""
    folder.mkdir()
    rng = np.random.default_rng(8)
    for number, alter in enumerate([*SOUGHT.values(), *NOT_SOUGHT.values()]):
        for one in range(EACH):
            index = (number * EACH + one) % len(paths)
            data, suffix = alter(render_sample(0, index), rng)
            kind = "sought" if number < len(SOUGHT) else "other"
            (folder / f"{index:03d} {kind} {number}{suffix}").write_bytes(data)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the folders `whole` and `altered`, which tests must not change."""
    folder = tmp_path_factory.mktemp("sample")
    write_altered(write_sample(folder / "whole"), folder / "altered")
    return folder


@pytest.fixture(scope="module")
def sample_store(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store of both folders; tests may write duplicates into it and nothing else."""
    path = tmp_path_factory.mktemp("sample-store") / "store"
    index_folders([sample / "whole", sample / "altered"], path, HERE)
    return path


def found_in(path: Path) -> NearDuplicates:
    with Store.open(path) as store:
        return find_near(store)


def names_in(path: Path, groups: Iterable[Iterable[int]]) -> set[frozenset[str]]:
    """Return the groups as sets of file names."""
    with Store.open(path) as store:
        catalog = store.catalog
        return {frozenset(Path(e.path).name for e in catalog.entries(group)) for group in groups}


def store_of(tmp_path: Path, files: dict[str, bytes]) -> Path:
    """Make a store of files, given by name."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    index_folders([folder], tmp_path / "store", HERE)
    return tmp_path / "store"


def test_altered_pictures_are_found_and_different_ones_are_not_joined(sample_store: Path) -> None:
    groups = names_in(sample_store, found_in(sample_store).groups)
    # A precision of 1: no group joins different originals.
    assert all(len({name[:3] for name in group}) == 1 for group in groups)
    found = {name for group in groups for name in group}
    with Store.open(sample_store) as store:
        every = {Path(e.path).name for e in store.catalog.entries(store.catalog.ids("ok"))}
    sought = {name for name in every if "sought" in name}
    assert len(sought) == len(SOUGHT) * EACH
    assert len(found & sought) >= 0.95 * len(sought)


def test_the_representative_comes_first_and_the_others_by_similarity(sample_store: Path) -> None:
    found = found_in(sample_store)
    assert [group[0] for group in found.groups] == sorted(group[0] for group in found.groups)
    members = [image_id for group in found.groups for image_id in group]
    assert len(members) == len(set(members))
    with Store.open(sample_store) as store:
        for group, kinds, similarities in zip(
            found.groups, found.kinds, found.similarities, strict=True
        ):
            assert len(group) == len(kinds) == len(similarities) >= 2
            entries = store.catalog.entries(group)
            ranks = [(-(e.width or 0) * (e.height or 0), -e.size, e.id) for e in entries]
            assert ranks[0] == min(ranks)
            assert (kinds[0], similarities[0]) == ("representative", 1)
            assert set(kinds[1:]) <= {"copy", "near"}
            assert list(similarities[1:]) == sorted(similarities[1:], reverse=True)
            assert min(similarities) >= 0.7
    assert found.labels() == {i: str(group[0]) for group in found.groups for i in group}


def test_a_second_run_compares_no_pair_and_gives_the_same(
    sample_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = found_in(sample_store)
    stamp = (sample_store / DUPLICATES / "pairs.npy").stat().st_mtime_ns

    def unexpected(pairs: Ids, *_: object) -> None:
        assert not len(pairs)

    with monkeypatch.context() as patch:
        patch.setattr(imgrec.duplicates.near, "similarities_of", unexpected)
        patch.setattr("imgrec.duplicates.verification.sketches_of", lambda ids, _: unexpected(ids))
        assert found_in(sample_store) == first
    assert (sample_store / DUPLICATES / "pairs.npy").stat().st_mtime_ns == stamp


def test_a_lower_threshold_joins_more_pictures(sample_store: Path) -> None:
    with Store.open(sample_store) as store:
        members = [
            {i for group in find_near(store, threshold=t).groups for i in group}
            for t in (0.4, 0.7, 0.95)
        ]
        assert members[0] >= members[1] > members[2]
        for threshold in (0.39, 1.01, float("nan")):
            with pytest.raises(ValueError, match=r"threshold is .*: give 0\.4 to 1"):
                find_near(store, threshold=threshold)
        with pytest.raises(StoreError, match="no feature 'resnet50'"):
            find_near(store, "resnet50")


def test_a_store_indexed_in_steps_gives_the_groups_of_one_indexed_at_once(
    sample: Path, sample_store: Path, tmp_path: Path
) -> None:
    path, grown = tmp_path / "store", tmp_path / "grown"
    # Indexed in the other order, so that the ids differ.
    shutil.copytree(sample / "altered", grown)
    index_folders([grown], path, HERE)
    found_in(path)
    index_folders([grown, sample / "whole"], path, HERE)
    groups = names_in(path, found_in(path).groups)
    assert groups == names_in(sample_store, found_in(sample_store).groups)
    for gone in grown.glob("*.jpg"):
        gone.unlink()
    index_folders([], path, HERE)
    left = names_in(path, found_in(path).groups)
    assert left
    assert all(not name.endswith(".jpg") for group in left for name in group if " " in name)


def test_copies_are_always_grouped(tmp_path: Path, photos: Path) -> None:
    one, two = (photos / f"discs/{number}.jpg" for number in ("000", "003"))
    # More copies than the k-NN graph keeps neighbors.
    names = [f"{letter}.jpg" for letter in "abcdefghijklmnopqrst"]
    files = {name: one.read_bytes() for name in names} | {"z.jpg": two.read_bytes()}
    found = found_in(store_of(tmp_path, files))
    assert found.groups == (tuple(range(1, 21)),)
    assert found.kinds == (("representative", *["copy"] * 19),)
    assert found.similarities == ((1.0,) * 20,)


def test_two_sets_of_many_copies_that_are_near_duplicates_are_one_group(
    tmp_path: Path,
) -> None:
    image = render_sample(0, 3)
    for name, quality in (("a", 95), ("b", 80)):
        image.save(tmp_path / f"{name}.jpg", quality=quality)
    files = {
        f"{name}{number:02d}.jpg": (tmp_path / f"{name}.jpg").read_bytes()
        for name in "ba"
        for number in range(18)
    }
    render_sample(0, 4).save(tmp_path / "other.jpg")
    files["other.jpg"] = (tmp_path / "other.jpg").read_bytes()
    path = store_of(tmp_path, files)
    found = found_in(path)
    assert names_in(path, found.groups) == {frozenset(files) - {"other.jpg"}}
    with Store.open(path) as store:
        # The representative is the larger file.
        assert store.catalog.entries(found.groups[0][:1])[0].path == "a00.jpg"
    assert found.kinds[0] == ("representative", *["copy"] * 17, *["near"] * 18)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_pictures(tmp_path: Path, count: int) -> None:
    write_sample(tmp_path / "photos", count)
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    assert found_in(tmp_path / "store") == NearDuplicates()


def test_duplicates_are_found_in_a_read_only_store(sample_store: Path, tmp_path: Path) -> None:
    expected = found_in(sample_store)
    path = tmp_path / "store"
    shutil.copytree(sample_store, path, ignore=shutil.ignore_patterns(DUPLICATES, "*-wal", "*-shm"))
    with nothing_can_be_written(path):
        assert found_in(path) == expected
    assert not (path / DUPLICATES).exists()


def test_an_interrupted_run_resumes_with_the_pairs_not_compared(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = found_in(sample_store)
    path = tmp_path / "store"
    shutil.copytree(sample_store, path, ignore=shutil.ignore_patterns(DUPLICATES))
    look = imgrec.duplicates.verification.sketch_fits
    seen: list[int] = []

    def look_twice(rows: Rows, sketches: Sketches, task: int) -> Fits:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(len(rows))
        return look(rows, sketches, task)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("imgrec.duplicates.verification.sketch_fits", look_twice)
        with Store.open(path) as store:
            spec, feature = store.spec(), store.feature()
            pairs = candidate_pairs(store, spec, feature, store.catalog.copies())
            Verifier(store, THRESHOLD).verify(pairs, sizes=Sizes(block=300))
    kept = np.load(path / DUPLICATES / "pairs.npy")
    assert len(kept) == 600 == sum(seen)
    assert found_in(path) == expected
    every = np.load(path / DUPLICATES / "pairs.npy")
    assert np.array_equal(every, np.load(sample_store / DUPLICATES / "pairs.npy"))
    assert {*map(tuple, kept.tolist())} < {*map(tuple, every.tolist())}


def test_damaged_pairs_are_computed_again(sample_store: Path, tmp_path: Path) -> None:
    expected = found_in(sample_store)
    path = tmp_path / "store"
    shutil.copytree(sample_store, path)
    (path / DUPLICATES / "pairs.npy").write_bytes(b"")
    assert found_in(path) == expected
    assert np.array_equal(
        np.load(path / DUPLICATES / "pairs.npy"), np.load(sample_store / DUPLICATES / "pairs.npy")
    )


def test_labels_match_the_groups(sample_store: Path, tmp_path: Path) -> None:
    path = tmp_path / "store"
    shutil.copytree(sample_store, path)
    found = found_in(path)
    with Store.open(path) as store:
        assert keep_labels(store, DUPLICATES, found.labels()) == []
        for group in found.groups:
            assert store.catalog.labels.ids(DUPLICATES, str(group[0])).tolist() == sorted(group)


def test_a_store_without_thumbnails(sample_store: Path, tmp_path: Path) -> None:
    path = tmp_path / "store"
    shutil.copytree(sample_store, path, ignore=shutil.ignore_patterns("thumbs", DUPLICATES))
    with pytest.raises(StoreError, match=r"no thumbnail of picture \d+: run imgrec"):
        found_in(path)


def test_duplicates_are_found_by_histograms_too(sample_store: Path) -> None:
    with Store.open(sample_store) as store:
        found = find_near(store, "rgb")
    assert all(len({n[:3] for n in g}) == 1 for g in names_in(sample_store, found.groups))
    assert found.groups
