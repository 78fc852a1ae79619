"""Test the doctor on the bookmarks of logdirs: what does not fit, and the close case that does."""

import json
from pathlib import Path

import pytest

from handmade_logdirs import bookmark, make_logdir
from imgrec.checks import check_logdir
from imgrec.checks.logdir import bookmarks
from logdir_findings import check_found, only


@pytest.mark.parametrize(
    ("fields", "severity", "said"),
    [
        (
            {"projections": [{"umap-0": 1, "umap-1": 2}] * 5},
            "error",
            "4 of 9 points have no finite umap-0, umap-1",
        ),
        ({"projections": [{"umap-0": 1, "umap-1": 2}] * 12}, "error", "it has 12 projections"),
        (
            {"projections": [{"umap-0": 1}] * 9},
            "error",
            "9 of 9 points have no finite umap-0, umap-1",
        ),
        ({"tSNEIteration": float("nan")}, "error", "is not valid JSON (NaN"),
        ({"umapIs3d": True}, "error", "9 of 9 points have no finite umap-0, umap-1, umap-2"),
        ({"projections": None}, "error", '"projections" is absent or of the wrong type'),
        ({"customXLeftText": None}, "error", '"customXLeftText" is absent or of the wrong type'),
        ({"selectedProjection": "mds"}, "error", "selectedProjection is 'mds'"),
        ({"selectedLabelOption": "zz"}, "warning", "labels by 'zz'"),
        ({"selectedColorOptionName": ["zz"]}, "warning", "colors by \"['zz']\""),
        ({"selectedPoints": None}, "warning", "selectedPoints"),
        (
            {"selectedProjection": "tsne", "projections": [{"tsne-0": 1, "tsne-1": 2}] * 9},
            "warning",
            "t-SNE layout; its points move when",
        ),
    ],
)
def test_a_bookmark_that_does_not_fit(
    tmp_path: Path, fields: dict[str, object], severity: str, said: str
) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text(bookmark(**fields))
    assert said in only(check_logdir(logdir), severity)


def test_a_fault_of_many_bookmarks_is_one_finding(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text(json.dumps(json.loads(bookmark(umapIs3d=True)) * 5))
    assert ". / t: b.txt, bookmarks 1, 2, 3 and 2 more: 9 of 9 points" in only(check_logdir(logdir))


@pytest.mark.parametrize(
    "text", ["{", "{}", "null", "[1]", "[NaN]", "[" * 100_000, '[{"selectedProjection": []}]']
)
def test_invalid_bookmarks_files(tmp_path: Path, text: str) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text(text)
    assert only(check_logdir(logdir)).startswith(". / t: b")


def _umap(count: int, **more: float) -> list[dict[str, float]]:
    return [{"umap-0": i, "umap-1": -i, **more} for i in range(count)]


def _axes(count: int, *names: str) -> list[dict[str, float]]:
    return [{name: i + k for k, name in enumerate(names)} for i in range(count)]


_MOVES = "it is a t-SNE layout"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        # A view of isolated points has only their coordinates.
        ({"filteredPoints": [0, 4, 8], "projections": _umap(3)}, ()),
        ({"filteredPoints": [0, 4, 8], "projections": _umap(2)}, ("1 of 3 points",)),
        ({"filteredPoints": [0, 4, 8], "projections": _umap(4)}, ("but there are 3 points",)),
        ({"filteredPoints": [], "projections": _umap(9)}, ()),
        ({"filteredPoints": [], "projections": _umap(3)}, ("6 of 9 points",)),
        ({"filteredPoints": None, "projections": _umap(3)}, ("6 of 9 points",)),
        ({"projections": _umap(8)}, ("1 of 9 points",)),
        ({"projections": _umap(9)}, ()),
        ({"projections": _umap(10)}, ("it has 10 projections",)),
        # The third axis is that of the bookmark's own projection.
        ({"umapIs3d": True, "tSNEis3d": False, "projections": _umap(9)}, ("umap-2",)),
        ({"umapIs3d": False, "tSNEis3d": True, "projections": _umap(9)}, ()),
        ({"umapIs3d": True, "projections": _axes(9, "umap-0", "umap-1", "umap-2")}, ()),
        (
            {
                "selectedProjection": "tsne",
                "tSNEis3d": True,
                "projections": _axes(9, "tsne-0", "tsne-1"),
            },
            ("9 of 9 points have no finite tsne-0, tsne-1, tsne-2", _MOVES),
        ),
        (
            {
                "selectedProjection": "tsne",
                "umapIs3d": True,
                "projections": _axes(9, "tsne-0", "tsne-1"),
            },
            (_MOVES,),
        ),
        # The page computes PCA itself.
        ({"selectedProjection": "pca", "projections": []}, ()),
        (
            {
                "selectedProjection": "pca",
                "pcaComponentDimensions": [0, 1],
                "projections": _axes(9, "pca-0", "pca-1"),
            },
            (),
        ),
        (
            {
                "selectedProjection": "pca",
                "pcaComponentDimensions": [0, 2],
                "projections": _axes(9, "pca-0", "pca-1"),
            },
            ("9 of 9 points have no finite pca-0, pca-2",),
        ),
        (
            {"selectedProjection": "custom", "projections": _axes(9, "linear-x", "linear-y")},
            (),
        ),
        ({"selectedProjection": "custom", "projections": _axes(9, "linear-x")}, ("linear-y",)),
        ({"selectedProjection": "custom", "projections": _axes(9, "linear-y")}, ("linear-x",)),
        ({"selectedColorOptionName": "No color map"}, ()),
        ({"selectedColorOptionName": "no color map"}, ("it colors by",)),
        ({"selectedLabelOption": "kind"}, ()),
        ({"selectedLabelOption": "__index__"}, ("it labels by",)),
        ({"selectedLabelOption": None, "selectedColorOptionName": None}, ()),
        *(
            ({key: wrong}, (f'"{key}" is absent or of the wrong type',))
            for key, wrong in (
                ("tSNEIteration", "0"),
                ("tSNEPerplexity", "5"),
                ("tSNELearningRate", []),
                ("pcaComponentDimensions", 3),
                ("customXRightText", 1),
                ("customYUpText", 1),
                ("customYDownText", 1),
            )
        ),
    ],
)
def test_a_bookmark(tmp_path: Path, fields: dict[str, object], said: tuple[str, ...]) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text(bookmark(**fields))
    check_found(logdir, said)


@pytest.mark.parametrize(
    ("label", "color", "said"),
    [
        ("__index__", "No color map", ()),
        ("name", "No color map", ("it labels by 'name'",)),
        ("__index__", "kind", ("it colors by 'kind'",)),
    ],
)
def test_a_bookmark_where_there_is_no_metadata(
    tmp_path: Path, label: str, color: str, said: tuple[str, ...]
) -> None:
    logdir = make_logdir(tmp_path / "log", metadata=None, bookmarks="b.txt")
    (logdir / "b.txt").write_text(
        bookmark(selectedLabelOption=label, selectedColorOptionName=color)
    )
    check_found(logdir, said)


def test_a_bookmark_of_metadata_that_cannot_be_read_gets_no_second_finding(tmp_path: Path) -> None:
    logdir = make_logdir(tmp_path / "log", metadata="none.tsv", bookmarks="b.txt")
    (logdir / "b.txt").write_text(bookmark())
    check_found(logdir, ("none.tsv is absent",))


def test_a_bookmarks_file_of_the_limit_is_checked_and_a_longer_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logdir = make_logdir(tmp_path / "log", bookmarks="b.txt")
    (logdir / "b.txt").write_text("{}")
    monkeypatch.setattr(bookmarks, "_MAX_BYTES", 2)
    check_found(logdir, ("error . / t: b.txt is not a JSON array",))
    (logdir / "b.txt").write_text("{} ")
    check_found(logdir, ("warning . / t: b.txt has more than 2 bytes",))
