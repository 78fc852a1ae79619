"""Damage to every derived file of a store is detected, named by the doctor, and repaired."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stub_encoders
from graph.__main__ import main as graph
from graph.exports.map import map_of
from imgrec import Options, Recommender, Store, find_duplicates, index_folders, neighbors_of
from imgrec import report as report_command
from imgrec.checks.findings import Finding, collected
from imgrec.checks.store.derived import check_derived
from imgrec.derived.kept import update_indexes
from imgrec.doctor import main as doctor
from imgrec.duplicates.near import find_near
from imgrec.layouts.reduction import reduce_feature
from imgrec.neighbors.kept import load_knn
from imgrec.reporting.facts.maps import Ground
from imgrec.store.kept import SIDECAR, check, save
from projector.__main__ import main as projector
from projector.source import ProjectedFeature
from stored_clusters import clusters_of

pytestmark = pytest.mark.slow
Maker = Callable[[Path], object]


def _indexes(path: Path) -> None:
    with Store.create(path) as store, store.writing():
        update_indexes(store, hnsw=True, sketch_values=1)


def _opened(use: Callable[[Store], object]) -> Maker:
    def make(path: Path) -> object:
        with Store.open(path) as store:
            return use(store)

    return make


def _reduced(store: Store, name: str | None = None) -> object:
    return reduce_feature(store, store.spec(name), store.feature(name), 50)


def _pages(store: Store) -> object:
    return ProjectedFeature.open(store, None, 50, 3).runs(overview=6, page_size=10)


def _layout(method: str) -> Maker:
    def lay_out(store: Store) -> object:
        neighbors, clusters = neighbors_of(store), clusters_of(store)
        ground = Ground.of(store, store.spec(), store.feature(), clusters, neighbors, 0)
        return ground.layout(method)

    return _opened(lay_out)


def _whole(store: Store) -> object:
    return ProjectedFeature.open(store, None, 50, 3).whole(2, 0)


RELATION = "stub-plain+mini"
# By glob pattern of a folder: the function that writes it.
MAKERS: dict[str, Maker] = {
    "indexes/mini/hnsw": _indexes,
    "indexes/mini/sketch": _indexes,
    "indexes/rgb/sketch": _indexes,
    "indexes/rgb/pca": _indexes,
    "indexes/mini/kmeans-few": _opened(clusters_of),
    "indexes/mini/kmeans-3": _opened(lambda store: clusters_of(store, count=3)),
    "indexes/mini/pca-50": _opened(_reduced),
    "indexes/rgb/pca-50": _opened(lambda store: _reduced(store, "rgb")),
    "knn/mini": _opened(neighbors_of),
    "knn/rgb": _opened(lambda store: neighbors_of(store, "rgb")),
    "duplicates": _opened(find_near),
    "verdicts": _opened(lambda store: find_duplicates(store, workers=0)),
    "knn/mini%40turned": _opened(lambda store: find_duplicates(store, workers=0)),
    "layouts/rgb/whole-2d": _opened(lambda store: map_of(store, neighbors_of(store, "rgb"), "rgb")),
    "layouts/mini/umap-2d-*": _layout("umap"),
    "layouts/mini/tsne-2d-*": _layout("tsne"),
    "layouts/mini/whole-2d": _opened(_whole),
    "projector/mini": _opened(_pages),
    "relations/stub-plain+mini": _indexes,
    "knn/stub-plain+mini": _opened(lambda store: neighbors_of(store, RELATION)),
    "indexes/stub-plain/sketch": _indexes,
    "indexes/stub-plain+mini/kmeans-few": _opened(lambda store: clusters_of(store, RELATION)),
    # Last, as a relation that is not the default gets a sketch when it has been used.
    "indexes/stub-plain+mini/sketch": _indexes,
}
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the header": lambda data: _flipped(data, min(len(data) - 1, 70)),
    "a bit of the data": lambda data: _flipped(data, _place(data, 0)),
    "another bit": lambda data: _flipped(data, _place(data, 1)),
    "truncated": lambda data: data[:-1],
    "emptied": lambda _: b"",
}


def _place(data: bytes, seed: int) -> int:
    return int(np.random.default_rng(seed).integers(min(128, len(data) - 1), len(data)))


def _flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1 << position % 8]) + data[position + 1 :]


@pytest.fixture(scope="module")
def full(
    photos: Path, photo_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Make a store with all kinds of derived data."""
    path = Path(shutil.copytree(photo_store, tmp_path_factory.mktemp("full") / "store"))
    for made in ("knn", "indexes", "graph", "duplicates", "verdicts", "layouts", "projector"):
        # Other tests may have written it.
        shutil.rmtree(path / made, ignore_errors=True)
    with stub_encoders.registered():
        index_folders([photos], path, Options(encoders=("mini", "stub-plain"), workers=0))
        for make in MAKERS.values():
            make(path)
        yield path


@pytest.fixture
def store(full: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(full, tmp_path / "store"))


def kept_files(store: Path, pattern: str = "**") -> list[Path]:
    """Return the files with derived data, or those of one folder."""
    folders = [side.parent for side in store.glob(f"{pattern}/{SIDECAR}")]
    return sorted(path for folder in folders for path in folder.iterdir())


def problems(store: Path) -> list[tuple[str, str]]:
    """Return the folders in which the doctor finds problems, and its messages."""
    found: list[Finding] = []
    collected(check_derived(store, np.arange(1, 25)), found)
    return [(finding.place, finding.problem) for finding in found]


def damaged_by_each(store: Path, pattern: str) -> Iterator[tuple[Path, str]]:
    """Damage each file of a folder in each way; yield the file and the way, then restore it."""
    for file in kept_files(store, pattern):
        whole = file.read_bytes()
        damages = {name: damage(whole) for name, damage in DAMAGES.items()}
        damages |= {f"swapped with {p}": p.read_bytes() for p in _siblings(store, file)}
        for name, data in damages.items():
            file.write_bytes(data)
            yield file, name
        file.write_bytes(whole)


def _siblings(store: Path, file: Path) -> list[Path]:
    """Return some files of the same folder or the same name, with other contents."""
    others = [p for p in kept_files(store) if p.suffix == file.suffix]
    others = [p for p in others if p.read_bytes() != file.read_bytes()]
    beside = [p for p in others if p.parent == file.parent][:2]
    return beside + [p for p in others if p.name == file.name][:3] or others[:1]


def test_every_kept_folder_is_covered(full: Path) -> None:
    folders = {path.parent for path in kept_files(full)}
    assert {folder for pattern in MAKERS for folder in full.glob(pattern)} == folders
    kinds = ("knn", "indexes", "layouts", "projector", "relations")
    inside = {path.parent for kind in kinds
              for path in (full / kind).rglob("*") if path.is_file()}  # fmt: skip
    assert inside | {full / "duplicates", full / "verdicts"} == folders
    assert problems(full) == []
    assert len(kept_files(full)) > 70


@pytest.mark.parametrize("pattern", MAKERS)
def test_the_doctor_names_each_damaged_file(store: Path, pattern: str) -> None:
    tried = 0
    for file, how in damaged_by_each(store, pattern):
        ((place, problem),) = problems(store)
        assert store / place == file.parent, (file, how)
        # The sidecar of another folder names the files of that folder.
        if not (file.name == SIDECAR and "swapped" in how):
            assert file.name in problem, (file, how, problem)
        tried += 1
    assert tried > 10
    assert problems(store) == []


WAYS = [{"index": "hnsw"}, {"index": "sketch"}, {"metric": "pca-cosine"}]


def answers(path: Path, ways: Sequence[Mapping[str, Any]] = WAYS) -> list[Any]:
    """Return the answers by the HNSW graph, the sketch and the principal components."""
    with Recommender.open(path, cache="none") as recommender:
        found = [recommender.query([i], 5, **way) for i in (1, 9, 20) for way in ways]
    return [[(result.id, result.distance) for result in answer.results] for answer in found]


@pytest.mark.parametrize("pattern", MAKERS)
def test_each_damaged_file_is_computed_again(full: Path, store: Path, pattern: str) -> None:
    (folder,) = store.glob(pattern)
    sound = full / folder.relative_to(store)
    for number, path in enumerate(kept_files(full, pattern)):
        file = folder / path.name
        damage = list(DAMAGES.values())[number % len(DAMAGES)]
        file.write_bytes(damage(path.read_bytes()))
        MAKERS[pattern](store)
        assert problems(store) == [], path.name
        for name, values in check(sound).arrays.items():
            assert np.array_equal(values, check(folder).arrays[name]), (path.name, name)
    assert answers(store) == answers(full)


@pytest.mark.parametrize("name", ["model-mean.npy", "model-components.npy"])
def test_a_flipped_bit_in_the_axes_does_not_affect_an_answer(
    full: Path, store: Path, name: str
) -> None:
    file = store / "indexes" / "rgb" / "pca" / name
    whole, asked = file.read_bytes(), [{"metric": "pca-cosine"}]
    expected = answers(full, asked)
    for seed in range(8):
        file.write_bytes(_flipped(whole, _place(whole, seed)))
        assert answers(store, asked) == expected
        # The query has computed the files again.
        assert problems(store) == []


def test_a_graph_that_contains_an_absent_picture_gives_no_traceback(
    full: Path, store: Path
) -> None:
    """With a wrong checksum the graph is built again, and with a right one too."""
    folder = store / "knn" / "mini"
    neighbors = np.load(folder / "neighbors.npy")
    neighbors[2, 0] = 999
    np.save(folder / "neighbors.npy", neighbors)
    with Store.open(store) as opened:
        assert load_knn(folder, opened.spec()) is None
    assert doctor(["--store", str(store)]) == 1
    assert graph(["--store", str(store), "--out", str(store.parent / "site")]) == 0
    assert doctor(["--store", str(store)]) == 0
    kept, stamp = check(full / "knn" / "mini"), _stamp(full / "knn" / "mini")
    save(folder, stamp, {**kept.arrays, "neighbors": neighbors}, kept.state)
    assert report_command.main(["--store", str(store), "--out", str(store.parent / "report")]) == 0
    assert np.array_equal(check(folder).arrays["neighbors"], kept.arrays["neighbors"])


def _stamp(folder: Path) -> Any:
    return json.loads((folder / SIDECAR).read_text())["stamp"]


def _written(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_commands_give_the_same_results_if_every_kept_file_is_damaged(
    full: Path, photos: Path, tmp_path: Path
) -> None:
    # At the same depth, as a site refers to pictures by relative paths.
    sound = Path(shutil.copytree(full, tmp_path / "sound" / "store"))
    store = Path(shutil.copytree(full, tmp_path / "damaged" / "store"))
    for number, file in enumerate(kept_files(store)):
        file.write_bytes(_flipped(file.read_bytes(), _place(file.read_bytes(), number)))
    assert len(problems(store)) == len(MAKERS)
    outputs = []
    for path in (sound, store):
        logdir, site = path.parent / "logdir", path.parent / "site"
        options = ["--page-size", "10", "--overview", "6", "--clusters", "3"]
        assert projector(["--store", str(path), "--out", str(logdir), *options]) == 0
        assert graph(["--store", str(path), "--out", str(site)]) == 0
        outputs.append((_written(logdir), _written(site)))
    assert outputs[0] == outputs[1]
    index_folders([photos], store, Options(workers=0))
    repaired = ("relations", "indexes")
    assert [
        place
        for place, _ in problems(store)
        if place.startswith(repaired) and not place.endswith(("kmeans-few", "kmeans-3", "pca-50"))
    ] == []
    assert answers(store) == answers(sound)
