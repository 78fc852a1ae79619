"""Pages are windows of the layout of the whole collection; the report shares it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from imgrec.layouts.overview import groups_of, overview_ids
from imgrec.layouts.whole import kept_whole, whole_name
from imgrec.neighbors.graph import neighbors_of
from imgrec.reporting.facts.maps import Ground
from imgrec.store.parts import write_part
from imgrec.store.store import Store
from logdirs import bookmarks, names
from projector.export import Export, ProjectorOptions, write_logdir
from projector_store import make_store, plain
from stored_clusters import clusters_of
from thumb_parts import write_thumbs

COUNT = 240
OPTIONS = ProjectorOptions(overview=60, page_size=90, clusters=4, workers=0)
Matrix = NDArray[np.float32]


def _vectors(count: int, seed: int = 0) -> Matrix:
    """Return vectors (count, 10) in twelve groups."""
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(7).normal(size=(12, 10))
    of_row = rng.integers(12, size=count)
    return (centers[of_row] + 0.4 * rng.normal(size=(count, 10))).astype(np.float32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a logdir beside it."""
    folder = tmp_path_factory.mktemp("windows")
    make_store(folder / "store", [plain((9, 9, 9))] * COUNT, _vectors(COUNT))
    _exported(folder)
    return folder


def _exported(folder: Path) -> Export:
    with Store.open(folder / "store") as store:
        return write_logdir(store, folder / "log", options=OPTIONS)


def _positions(run: Path, label: str) -> NDArray[np.float64]:
    """Return the positions of a bookmark, all axes of the same length."""
    (points,) = [mark["projections"] for mark in bookmarks(run) if mark["label"] == label]
    axes = ("umap-0", "umap-1", "umap-2") if "3-D" in label else ("umap-0", "umap-1")
    return np.array([[point[axis] for axis in axes] for point in points], float)


def _alike(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return the correlation of the distances between all pairs of points, axes scaled alike."""
    pairs = [pdist((p - p.mean(axis=0)) / p.std(axis=0)) for p in (first, second)]
    return float(np.corrcoef(*pairs)[0, 1])


@pytest.mark.parametrize("label", ["UMAP, 2-D", "UMAP, 3-D", "t-SNE, 2-D", "t-SNE, 3-D"])
def test_runs_lie_as_the_whole_collection_does(made: Path, label: str) -> None:
    with Store.open(made / "store") as store:
        whole = kept_whole(store, store.spec(), store.feature(), 2 + ("3-D" in label), 0)
    assert whole is not None
    runs = sorted(path for path in (made / "log").iterdir() if path.is_dir())
    assert len(runs) > 4
    for run in runs:
        rows = [int(name[:5]) - 1 for name in names(run)]
        found = _positions(run, label)
        others = np.random.default_rng(0).permutation(COUNT)[: len(rows)]
        assert _alike(found, whole[rows]) > max(0.5, _alike(found, whole[others]) + 0.3), run.name


def test_the_report_shows_the_overview_as_the_projector_does(made: Path) -> None:
    with Store.open(made / "store") as store:
        spec, feature, clusters = store.spec(), store.feature(), clusters_of(store, count=4)
        ids = overview_ids(clusters, groups_of(store.catalog, clusters), OPTIONS.overview)
        neighbors = neighbors_of(store)
        ground = Ground.of(store, spec, feature, clusters, neighbors, 0)
        ground = Ground(store, feature, ids, ground.columns[ids - 1], 1.0, neighbors, 0)
        before = _layouts(made)
        for method in ("umap", "tsne"):
            positions = ground.layout(method)
            (overview,) = (made / "log").glob("overview*")
            shown = _positions(overview, f"{'UMAP' if method == 'umap' else 't-SNE'}, 2-D")
            span = np.ptp(positions, axis=0)
            assert np.abs((positions - positions.min(0)) / span - _unit(shown)).max() < 1e-4
    assert _layouts(made) == before


def _unit(shown: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((shown - shown.min(axis=0)) / np.ptp(shown, axis=0))


def _layouts(folder: Path) -> set[str]:
    return {path.name for path in (folder / "store" / "layouts" / "flat").iterdir()}


def test_a_collection_of_one_run_is_laid_out_alone(tmp_path: Path) -> None:
    make_store(tmp_path / "store", [plain((9, 9, 9))] * 40, _vectors(40))
    _exported(tmp_path)
    assert {name[:7] for name in _layouts(tmp_path)} == {"umap-2d", "umap-3d", "tsne-2d", "tsne-3d"}


def test_pages_to_which_no_picture_comes_keep_their_layouts(tmp_path: Path) -> None:
    vectors = _vectors(COUNT)
    make_store(tmp_path / "store", [plain((9, 9, 9))] * COUNT, vectors)
    first = _exported(tmp_path)
    before = _layouts(tmp_path)
    # One more beside picture 1.
    more = np.array([COUNT + 1])
    with Store.create(tmp_path / "store") as store:
        store.catalog.db.execute(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, width, height, format, status) "
            "SELECT ?, root_id, '00000.png', size, mtime_ns, width, height, format, status "
            "FROM images WHERE id = 1",
            (int(more[0]),),
        )
        made_of = {"ids.npy": more, "vectors.npy": vectors[:1] + np.float32(0.01)}
        write_part(store.paths.feature("flat"), 1, made_of)
        thumbs = store.thumbs().get(1)
        write_thumbs(store.paths.thumbs, 1, more, [thumbs])
    second = _exported(tmp_path)
    after = _layouts(tmp_path)
    pages = [run for run in second.runs if run.kind == "page"]
    assert len(pages) == len([run for run in first.runs if run.kind == "page"]) > 2
    # Four layouts of each page but one, and of the whole collection.
    assert len(before & after) >= 4 * (len(pages) - 1) + 2
    assert {whole_name(2), whole_name(3)} <= before & after
    assert before - after
