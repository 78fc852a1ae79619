"""One relation everywhere: query, network, projector, duplicates and report agree with numpy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import stub_encoders
import vector_stores
from graph.pages.options import SiteOptions
from graph.pages.site import write_site
from imgrec import Options, Recommender, Store, index_folders, neighbors_of
from imgrec.duplicates.near import find_near
from imgrec.encoders.mini import Mini
from imgrec.encoders.registry import BUILT_IN, Loader
from imgrec.pictures.decoding import decode, pixels_for
from imgrec.pictures.preprocessing import Pixels
from imgrec.query import main as query_command
from imgrec.reporting.facts.maps import Ground
from imgrec.reporting.options import ReportOptions
from imgrec.reporting.write import write_report
from pictures import picture
from projector.export import ProjectorOptions, write_logdir
from projector.source import ProjectedFeature
from stored_clusters import clusters_of

NAME = "lite0+mini"


@pytest.fixture(scope="module", autouse=True)
def _stub() -> Iterator[None]:
    """Replace `lite0` by mean colors over a grid."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(stub_encoders.KINDS, "lite0", stub_encoders.Plain)
        patch.setitem(BUILT_IN, "lite0", Loader("stub_encoders:load"))
        yield


@pytest.fixture(scope="module")
def path(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("relation") / "store"
    summary = index_folders([photos], made, Options(encoders=("lite0", "mini"), workers=0))
    assert "mean.npy" in {file.name for file in (made / "relations" / NAME).iterdir()}
    assert set(summary.features) == {"lite0", "mini", "rgb"}
    return made


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the cosines (q, m), in double precision."""
    one, other = (
        rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for rows in (one.astype(float), other.astype(float))
    )
    return one @ other.T


def joint(store: Store, lite0: np.ndarray, mini: np.ndarray) -> np.ndarray:
    """Return the distances (q, n) of vectors of both encoders to all pictures of a store."""
    ids = store.feature("mini").ids
    every = store.feature("lite0").load()
    mean = every.mean(axis=0, dtype=float)
    mine = store.feature("lite0").take(ids) - mean
    of_both = cosines(lite0 - mean, mine) + 0.5 * cosines(mini, store.feature("mini").load())
    return 1 - of_both / 1.5


def nearest(store: Store, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and distances (n, k) of the k nearest of every picture."""
    ids = store.feature("mini").ids
    distances = joint(store, store.feature("lite0").take(ids), store.feature("mini").load())
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return ids[order], np.take_along_axis(distances, order, axis=1)


def agree(ids: np.ndarray, distances: np.ndarray, true: np.ndarray, near: np.ndarray) -> None:
    """Check lists of neighbors; where distances differ by rounding only, any order is right."""
    assert np.allclose(distances, near, atol=2e-6)
    apart = np.diff(near, axis=1, prepend=-1, append=9) > 1e-5
    clear = apart[:, :-1] & apart[:, 1:]
    assert clear.mean() > 0.8
    assert np.array_equal(ids[clear], true[clear])


def test_query_network_projector_and_report_have_the_same_neighbors(path: Path) -> None:
    with Store.open(path) as store, Recommender.open(path, cache="none") as recommender:
        true, near = nearest(store, 6)
        graph = neighbors_of(store, k=5)
        agree(graph.neighbors, graph.distances, true[:, :5], near[:, :5])
        for row, image_id in enumerate(graph.ids.tolist()):
            answer = recommender.query([image_id], k=5)
            assert answer.encoder == NAME
            found = np.array([[result.id for result in answer.results]])
            away = np.array([[result.distance for result in answer.results]])
            agree(found, away, true[row : row + 1, :5], near[row : row + 1, :5])
        shown = ProjectedFeature.open(store, None, None, 3)
        assert (shown.spec.name, shown.tensor.count) == (NAME, 48 + 512)
        in_projector = shown.neighbors
        ground = Ground.of(store, store.spec(), store.feature(), clusters_of(store), graph, 0)
        assert in_projector is not None
        for other in (in_projector, ground.neighbors):
            assert other is not None
            assert np.array_equal(other.neighbors[:, :5], graph.neighbors)
        tensor = shown.tensor.take(shown.ids)
        distances = joint(store, store.feature("lite0").load(), store.feature("mini").load())
        assert np.allclose(1 - cosines(tensor, tensor), distances, atol=1e-6)


def test_all_commands_derive_from_the_relation_and_from_nothing_else(
    path: Path, tmp_path: Path
) -> None:
    with Store.open(path) as store:
        site = write_site(store, tmp_path / "site", SiteOptions(workers=0))
        logdir = write_logdir(store, tmp_path / "logdir", None, ProjectorOptions(workers=0))
        report = write_report(store, tmp_path / "report", ReportOptions(methods=("umap",)))
        assert {site.encoder, logdir.encoder, report.encoder} == {NAME}
        find_near(store)
        for folder in ("knn", "layouts", "projector"):
            assert [made.name for made in (path / folder).iterdir()] == [NAME]
        html = report.index.read_text("utf-8")
        assert f"{NAME}, {48 + 512} dimensions" in html
        assert f"{NAME}, cosine" in html


def test_a_new_picture_is_encoded_by_both_and_composed(path: Path, tmp_path: Path) -> None:
    image = picture("stripes", 77)
    lite0, mini = stub_encoders.Plain("lite0"), Mini()
    with Image.open(_saved(image, tmp_path)) as saved:
        made = [
            encoder.encode(np.stack([pixels_for(decoded(saved), encoder.spec.preprocessing)]))
            for encoder in (lite0, mini)
        ]
    calls: list[int] = []

    def counted(self: stub_encoders.Plain, pixels: Pixels) -> np.ndarray:
        calls.append(len(pixels))
        return stub_encoders.mean_colors(pixels)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stub_encoders.Plain, "encode", counted)
        with Recommender.open(path, cache=str(tmp_path / "cache.sqlite")) as recommender:
            answer = recommender.query([tmp_path / "new.png"], k=24)
            assert recommender.query([tmp_path / "new.png"], k=24).results == answer.results
            # Each half is cached by its own encoder.
            assert recommender.query([tmp_path / "new.png"], encoder="lite0").results
            expected = joint(recommender.store, *made)[0]
            ids = recommender.store.feature().ids
    assert calls == [1]
    away = dict(zip(ids.tolist(), expected.tolist(), strict=True))
    for result in answer.results:
        assert result.distance == pytest.approx(away[result.id], abs=2e-6)
    assert [r.distance for r in answer.results] == sorted(r.distance for r in answer.results)


def decoded(image: Image.Image) -> Image.Image:
    return decode(Path(str(image.filename)).read_bytes()).image  # type: ignore[attr-defined]


def _saved(image: Image.Image, folder: Path) -> Path:
    image.save(folder / "new.png")
    return folder / "new.png"


def test_single_and_joined_features_are_still_compared_uncentered(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(path) as store, Recommender.open(path, cache="none") as recommender:
        one, other = (store.feature(name).load() for name in ("lite0", "mini"))
        ways: list[tuple[dict[str, Any], np.ndarray, str]] = [
            ({"encoder": "lite0"}, 1 - cosines(one, one), "lite0"),
            (
                {"features": {"lite0": 1, "mini": 0.5}},
                1 - (cosines(one, one) + 0.5 * cosines(other, other)) / 1.5,
                "lite0=1,mini=0.5",
            ),
            (
                {"features": f"{NAME}=1,mini=0.5"},
                (joint(store, one, other) + 0.5 * (1 - cosines(other, other))) / 1.5,
                f"{NAME}=1,mini=0.5",
            ),
        ]
        for options, expected, name in ways:
            answer = recommender.query([1], k=23, **options)
            assert answer.encoder == name
            for result in answer.results:
                assert result.distance == pytest.approx(expected[0, result.id - 1], abs=2e-6)
    assert query_command(["discs/003.jpg", "--store", str(path)]) == 0
    assert f", {NAME}, cosine" in capsys.readouterr().out
    assert query_command(["discs/003.jpg", "--store", str(path), "--encoder", "rgb+mini"]) == 2
    assert f"(there: lite0, mini, rgb, {NAME})" in capsys.readouterr().err


def test_every_index_answers_by_the_relation(tmp_path: Path) -> None:
    count = 1500
    lite0 = np.maximum(vector_stores.clustered(count, 96, 5), 0)
    made = vector_stores.make(tmp_path / "store", {"lite0": lite0}, 400)
    mini = vector_stores.clustered(count, 40, 6)
    vector_stores.add_part(made, "mini", np.arange(1, count + 1), mini)
    lines = vector_stores.update(made)
    assert [line.split(":")[0] for line in lines if "hnsw" in line] == [NAME]
    assert sum(line.startswith(f"{NAME}: sketch") for line in lines) == 1
    with Recommender.open(made, cache="none") as recommender:
        true, near = nearest(recommender.store, 5)
        for index in ("exact", "sketch", "hnsw"):
            for image_id in (1, 700, 1400):
                answer = recommender.query([image_id], k=5, index=index)
                assert answer.index in (index, "exact")
                found = np.array([[result.id for result in answer.results]])
                away = np.array([[result.distance for result in answer.results]])
                agree(found, away, true[[image_id - 1]], near[[image_id - 1]])
