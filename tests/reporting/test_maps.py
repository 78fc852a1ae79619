"""The maps of a sample are the same whichever command was first to lay out the collection."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.exports.map import map_of
from imgrec.labels.keep import keep_labels
from imgrec.layouts.whole import whole_name
from imgrec.neighbors.graph import neighbors_of
from imgrec.reporting.facts import maps
from imgrec.store.store import Store
from projector.source import ProjectedFeature
from reports import write

_SAMPLE = 15


def _by_the_projector(store: Store) -> None:
    ProjectedFeature.open(store, None, None, 3).whole(2, 0)


def _by_the_map(store: Store) -> None:
    map_of(store, neighbors_of(store))


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "OVERVIEW_SIZE", _SAMPLE)


def _maps(store: Path, out: Path) -> dict[str, bytes]:
    page = write(store, out, "--diverse", "0")
    section = re.search(r'<section id="maps".*?</section>', page.read_text("utf-8"), re.DOTALL)
    assert section is not None
    files = {file.name: file.read_bytes() for file in (out / "figures").glob("map-*")}
    return files | {"text": re.sub(r"<svg.*?</svg>", "", section[0], flags=re.DOTALL).encode()}


@pytest.mark.usefixtures("sampled")
@pytest.mark.parametrize("first", [_by_the_projector, _by_the_map])
def test_maps_are_the_same_whatever_ran_before(
    own_store: Path, tmp_path: Path, first: Callable[[Store], None]
) -> None:
    other = Path(shutil.copytree(own_store, tmp_path / "other"))
    with Store.open(other) as store:
        first(store)
    found = _maps(own_store, tmp_path / "one")
    assert found == _maps(other, tmp_path / "two")
    assert found == _maps(own_store, tmp_path / "three")
    assert {"map-umap.svg", "map-tsne.svg"} <= found.keys()
    kept = Path("layouts", "mini", whole_name(2), "positions.npy")
    assert (own_store / kept).read_bytes() == (other / kept).read_bytes()


@pytest.mark.usefixtures("sampled")
def test_the_page_says_what_the_sample_is_from(own_store: Path, tmp_path: Path) -> None:
    def told() -> str:
        return _maps(own_store, tmp_path / "out")["text"].decode()

    assert f"{_SAMPLE} of 24 pictures, sampled from all clusters like" in told()
    assert "begin where the pictures are in the layout of all 24." in told()
    with Store.open(own_store) as store:
        ids = store.catalog.ids("ok").tolist()
        assert not keep_labels(store, "community", {i: str(i % 3) for i in ids})
    assert f"{_SAMPLE} of 24 pictures, sampled from all communities like" in told()
    with Store.open(own_store) as store:
        assert not keep_labels(store, "community", {i: str(i % 3) for i in ids[:12]})
    assert f"{_SAMPLE} of 24 pictures, sampled from all communities and clusters like" in told()


@pytest.mark.usefixtures("sampled")
def test_without_neighbors_of_all_the_page_says_so(
    own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.reporting.write.NEIGHBORS_MADE", 1)
    text = _maps(own_store, tmp_path / "out")["text"].decode()
    assert "There is no k-NN graph of all 24 pictures" in text
    assert not (own_store / "layouts" / "mini" / whole_name(2)).exists()
