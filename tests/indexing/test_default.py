"""What is compared by default, and what a run says when it changes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import stub_encoders
from imgrec import Options, Store, Summary, index_folders
from imgrec.encoders.registry import BUILT_IN, Loader
from imgrec.index import report

_HINT = "imgrec index --encoder lite0 adds what is in the pictures, and their classes"


@pytest.fixture(scope="module", autouse=True)
def _stub() -> Iterator[None]:
    """Replace `lite0` by mean colors over a grid."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(stub_encoders.KINDS, "lite0", stub_encoders.Plain)
        patch.setitem(stub_encoders.KINDS, "other", stub_encoders.Plain)
        for name in ("lite0", "other"):
            patch.setitem(BUILT_IN, name, Loader("stub_encoders:load"))
        yield


def _run(photos: Path, store: Path, *encoders: str, only: bool = False) -> Summary:
    return index_folders([photos], store, Options(encoders=encoders, workers=0, only=only))


def _said(summary: Summary) -> list[str]:
    return [line for line in report(summary).splitlines() if line.startswith("compared")]


@pytest.mark.parametrize(
    ("first", "then", "default"),
    [
        ("lite0", "mini", "lite0+mini"),
        ("mini", "lite0", "lite0+mini"),
        ("mini", "other", "other"),
        ("other", "mini", "mini"),
        ("lite0", "other", "other"),
    ],
)
def test_an_encoder_that_is_added(
    photos: Path, tmp_path: Path, first: str, then: str, default: str
) -> None:
    store = tmp_path / "store"
    assert _said(_run(photos / "discs", store, first)) == []
    assert _said(_run(photos / "discs", store, first)) == []
    assert _said(_run(photos / "discs", store, then)) == [
        f"compared by default: {default} (before: {first})"
    ]
    with Store.open(store) as opened:
        assert opened.default_feature == default
    assert _said(_run(photos / "discs", store)) == []
    # Nor does naming it again.
    assert _said(_run(photos / "discs", store, then)) == []


def test_another_collection_has_the_encoder_that_is_named(photos: Path, tmp_path: Path) -> None:
    _run(photos / "discs", tmp_path / "store", "lite0")
    summary = _run(photos / "stripes", tmp_path / "store", "mini", only=True)
    assert _said(summary) == ["compared by default: mini (before: lite0)"]


def test_a_store_of_mini_alone_is_told_what_it_lacks(photos: Path, tmp_path: Path) -> None:
    assert _run(photos / "discs", tmp_path / "store", "mini").hint == ""
    summary = _run(photos / "discs", tmp_path / "store")
    assert report(summary).splitlines()[-1] == summary.hint == _HINT
    assert _run(photos / "discs", tmp_path / "store", "lite0").hint == ""
    assert _run(photos / "discs", tmp_path / "store").hint == ""
    assert _run(photos / "discs", tmp_path / "new").hint == ""
