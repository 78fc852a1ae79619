"""Options given from Python are checked up front, as the commands check them."""

from pathlib import Path
from typing import Any

import pytest

from graph import SiteOptions
from imgrec import Options, Store, index_folders, neighbors_of
from imgrec.reporting.options import ReportOptions
from projector import ProjectorOptions


@pytest.mark.parametrize(
    ("name", "wrong", "least"),
    [("workers", -1, 0), ("batch_size", 0, 1), ("part_rows", 0, 1), ("bins", 0, 1)],
)
def test_a_number_out_of_range_is_refused_and_the_least_is_taken(
    name: str, wrong: int, least: int, photos: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"encoders": ("mini",), "workers": 0}
    with pytest.raises(ValueError, match=f"{name} is {wrong}: give a number from {least} on"):
        Options(**(options | {name: wrong}))
    if name != "part_rows":
        summary = index_folders([photos], tmp_path / "store", Options(**(options | {name: least})))
        assert summary.counts["ok"] == 24


def test_a_text_is_no_list_of_encoders_and_a_time_limit_is_positive() -> None:
    with pytest.raises(TypeError, match=r"encoders is 'mini' \(str\): give a list"):
        Options(encoders="mini")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"vectors\['a'\] is 'a.npy' \(str\): give a Path"):
        Options(vectors={"a": "a.npy"})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="timeout_s is 0"):
        Options(timeout_s=0)


def test_no_graph_has_fewer_than_one_neighbor(store: Store) -> None:
    for k in (0, -1):
        with pytest.raises(ValueError, match=f"k is {k}: give a number from 1 on"):
            neighbors_of(store, k=k)
    assert neighbors_of(store, k=1).neighbors.shape == (24, 1)


@pytest.mark.parametrize("options", [ReportOptions, ProjectorOptions])
def test_an_unknown_layout_is_named_with_the_known_ones(options: Any) -> None:
    with pytest.raises(ValueError, match="unknown layout 'zz'; known: umap, tsne"):
        options(methods=("umap", "zz"))
    assert options(methods=()).methods == ()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"communities": "zz"}, "unknown method 'zz' for communities; known: louvain, leiden"),
        (
            {"louvain": "zz"},
            "unknown library 'zz' for Louvain; known: auto, python-louvain, igraph",
        ),
        (
            {"communities": "leiden", "louvain": "python-louvain"},
            "python-louvain is a library for Louvain: leave it out for Leiden, or auto",
        ),
    ],
)
def test_a_method_for_communities_that_does_not_exist(options: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SiteOptions(**options)
    assert SiteOptions(communities="leiden").louvain == "auto"
