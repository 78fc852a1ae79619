"""The summary of a duplicates CSV, and what is written, with groups chosen by hand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import graph.exports.duplicates_csv as exported
from graph.exports.duplicates_csv import TableSummary, table, write_duplicates
from imgrec import ImgrecError
from imgrec.collection import Entry
from imgrec.duplicates.near import NearDuplicates

FOUND = NearDuplicates(
    ((2, 5, 1), (7, 8)),
    (("representative", "copy", "near"), ("representative", "near")),
    ((1.0, 1.0, 0.5), (1.0, 0.75)),
)
SIZES = {1: 1_000_000, 2: 9_000_000, 5: 250_000, 7: 9_000_000, 8: 30_000}


def _entry(image_id: int) -> Entry:
    path = f"{image_id}.jpg"
    return Entry(image_id, "/p", path, SIZES[image_id], 0, "d", 640, 480, "JPEG", "ok", None)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a store in which the groups are found, and which notes what it is asked."""
    asked: dict[str, object] = {}

    def find(store: Any, encoder: str | None, *, quiet: bool) -> NearDuplicates:
        asked["find"] = store, encoder, quiet
        return FOUND

    def keep(store: Any, kind: str, labels: dict[int, str]) -> list[str]:
        asked["keep"] = store, kind, labels
        return ["duplicates labels were not kept"]

    monkeypatch.setattr(exported, "find_near", find)
    monkeypatch.setattr(exported, "keep_labels", keep)
    catalog = SimpleNamespace(entries=lambda ids: [_entry(i) for i in ids])
    return SimpleNamespace(catalog=catalog, asked=asked)


def test_the_table_is_written_and_labels_are_kept(store: Any, tmp_path: Path) -> None:
    summary = write_duplicates(store, str(tmp_path / "d.CSV"), "mini", quiet=False)
    assert summary == TableSummary(
        file=tmp_path / "d.CSV",
        groups=2,
        pictures=5,
        copies=1,
        near=2,
        spare_bytes=1_280_000,
        warnings=("duplicates labels were not kept",),
    )
    text = (tmp_path / "d.CSV").read_text("utf-8")
    assert text == table(FOUND, {i: _entry(i) for i in SIZES})
    assert [line.rsplit(",")[-1] for line in text.splitlines()] == [
        "keep", "yes", "no", "no", "yes", "no",
    ]  # fmt: skip
    assert store.asked["find"] == (store, "mini", False)
    labels = {2: "2", 5: "2", 1: "2", 7: "7", 8: "7"}
    assert store.asked["keep"] == (store, "duplicates", labels)


def test_by_default_the_default_feature_is_compared_without_a_progress_bar(
    store: Any, tmp_path: Path
) -> None:
    write_duplicates(store, tmp_path / "d.csv")
    assert store.asked["find"] == (store, None, True)


def test_nothing_is_looked_for_where_the_table_cannot_be_written(
    store: Any, tmp_path: Path
) -> None:
    (tmp_path / "folder.csv").mkdir()
    no_csv = "is not a CSV file: give the path of a file that ends in .csv"
    photo, folder, nowhere = (tmp_path / name for name in ("a.jpg", "folder.csv", "nowhere"))
    for file, message in (
        (photo, f"{photo} {no_csv}"),
        (folder, f"{folder} {no_csv}"),
        (
            nowhere / "d.csv",
            f"the folder {nowhere} does not exist: create it before writing d.csv",
        ),
    ):
        with pytest.raises(ImgrecError) as error:
            write_duplicates(store, file)
        assert str(error.value) == message
    assert store.asked == {}


@pytest.mark.parametrize(
    ("numbers", "line"),
    [
        (
            (1, 3, 1, 1, 50_000),
            "1 group of 3 pictures: 1 copy, 1 near-duplicate (0.1 MB) beside the 1 to keep",
        ),
        (
            (1200, 5000, 2, 3798, 12_340_000),
            "1,200 groups of 5,000 pictures: 2 copies, 3,798 near-duplicates (12.3 MB) beside the "
            "1,200 to keep",
        ),
        ((0, 0, 0, 0, 0), "no duplicates found"),
    ],
)
def test_the_summary_is_two_lines(numbers: tuple[int, ...], line: str) -> None:
    summary = TableSummary(Path("a\x1bb.csv"), *numbers)
    first, second, rest = summary.report().split("\n")
    assert (first, rest) == (line, "")
    # No control character reaches the terminal.
    assert "\x1b" not in second
    assert second.startswith("a")
    assert summary.warnings == ()
