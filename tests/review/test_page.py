"""The files of the page: what is in them, what is replaced, what is drawn."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imgrec import ImgrecError, Store
from imgrec.duplicates.keep_rules import KeepRules
from imgrec.pictures.decoding import digest
from imgrec.review import page as pages
from imgrec.review.page import write_page
from imgrec.review.page_data import Scene, call, content_numbers, group_data
from imgrec.review.previews import PREVIEW_PX, Wanted, preview, previews, wanted
from imgrec.review.review import Review
from review_pages import make_review_store, review_of
from reviews import entry, files_group, goes, kept


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_review_store(folder)
    return folder


def _rows(page: Path, number: int, kind: str = "facts") -> Any:
    text = (page.parent / f"data/{kind}-{number}.js").read_text("utf-8")
    (rows,) = re.findall(r"^review\.\w+\(\d+,(.*)\);\n$", text, re.DOTALL)
    return json.loads(rows)


def test_every_group_is_in_the_data_once_and_a_page_replaces_one(
    folder: Path, tmp_path: Path
) -> None:
    with Store.open(folder / "store") as store:
        review = review_of(store)
        for size in (3, 100):
            page = write_page(store, review, tmp_path / "out", workers=0, page_size=size)
            files = {str(path.relative_to(page.parent)) for path in page.parent.rglob("*.js")}
            count = -(-len(review.groups) // size)
            data = {f"data/{kind}-{n + 1}.js" for n in range(count) for kind in ("facts", "thumbs")}
            assert files == data | {f"assets/{name}" for name in pages.ASSETS if ".js" in name}
            rows = [group for number in range(count) for group in _rows(page, number + 1)]
            assert [len(group) for group in rows] == [len(group) for group in review.groups]
        marker = json.loads((page.parent / "review.json").read_text())
        there = {
            p.relative_to(page.parent).as_posix() for p in page.parent.rglob("*") if p.is_file()
        }
        assert set(marker["files"]) == there - {"review.json"}
        (page.parent / "mine.txt").write_text("mine")
        with pytest.raises(ImgrecError, match=r"holds mine\.txt, which is not part of"):
            write_page(store, review, tmp_path / "out", workers=0)
    assert (page.parent / "mine.txt").read_text() == "mine"


def test_a_page_of_one_store_is_the_same_each_time(folder: Path, tmp_path: Path) -> None:
    with Store.open(folder / "store") as store:
        made = []
        for workers in (0, 2):
            page = write_page(store, review_of(store), tmp_path / "out", workers=workers)
            files = sorted(path for path in page.parent.rglob("*") if path.is_file())
            made.append({path.name: path.read_bytes() for path in files})
    assert made[0] == made[1]


def test_no_duplicates_is_a_page_that_says_so(folder: Path, tmp_path: Path) -> None:
    with Store.open(folder / "store") as store:
        for _ in range(2):
            page = write_page(store, Review((), KeepRules()), tmp_path / "out", workers=0)
    text = page.read_text("utf-8")
    assert "No two files here show the same or a similar picture." in text
    assert "<script" not in text
    assert "no duplicates found" in text


def test_the_frame_holds_no_name_as_markup(tmp_path: Path, folder: Path) -> None:
    rules = KeepRules(("in:</script><img src=x>&\"'",))
    with Store.open(folder / "store") as store:
        review = replace(review_of(store), rules=rules)
        text = write_page(store, review, tmp_path / "out", workers=0).read_text("utf-8")
    assert "<img" not in text
    scripts = [name for name in pages.ASSETS if name.endswith(".js")]
    # One more holds the data.
    assert text.count("</script>") == len(scripts) + 1
    data = re.search(r'id="data">(.*?)</script>', text)
    assert data
    assert json.loads(data[1])["rules"] == str(rules)
    assert "default-src 'none'; img-src 'self' file: data:; script-src 'self' file:;" in text
    assert "unsafe" not in text


def test_paths_are_exact_and_names_printable(tmp_path: Path) -> None:
    odd = "a\n\u202e\udcff.jpg"
    group = files_group(tmp_path, "kept.jpg", odd, "line\nbreak.jpg")
    rows = group_data(group, Scene(tmp_path / "out", frozenset({str(tmp_path)})))
    assert bytes.fromhex(rows[1]["raw"]) == str(tmp_path / odd).encode("utf-8", "surrogateescape")
    assert "path" not in rows[1]
    assert rows[2]["path"] == str(tmp_path / "line\nbreak.jpg")
    assert rows[1]["name"] == "a  \N{REPLACEMENT CHARACTER}.jpg"
    assert rows[1]["href"] == "../a%0A%E2%80%AE%FF.jpg"
    script = call("review.add", 1, [rows])
    assert script.encode("utf-8")
    assert script.count("\n") == 1
    assert "href" not in group_data(group, Scene(tmp_path / "out"))[0]


def test_files_of_one_content_share_a_number() -> None:
    rows = [entry(i, f"{i}", content=content) for i, content in enumerate("abac")]
    group = (kept(rows[0]), *(goes(row, rows[0]) for row in rows[1:]))
    assert content_numbers(group) == [0, 1, 0, 2]
    data = group_data(group, Scene(Path("/out"), pictures={"a": "7.jpg"}))
    assert [row.get("picture") for row in data] == ["7.jpg", None, "7.jpg", None]
    assert [row["same"] for row in data] == [0, 0, 0, 0]


def test_previews_are_drawn_of_first_groups_and_each_content_once() -> None:
    def group(number: int, contents: str) -> Any:
        rows = [entry(100 * number + i, f"{number}/{i:03}", content=f"{number}{c}")
                for i, c in enumerate(contents)]  # fmt: skip
        return (kept(rows[0]), *(goes(row, rows[0]) for row in rows[1:]))

    groups = [group(1, "aab"), group(2, "a" * 50), group(3, "abcdefghijklmnopq"), group(4, "ab")]
    found = wanted(groups, 3)
    assert [file.digest for file in found] == ["1a", "1b", "2a", *(f"3{c}" for c in "abcdefghijkl")]
    assert [file.path for file in found[:3]] == ["1/000", "1/002", "2/000"]


def test_a_file_that_has_changed_is_shown_by_its_thumbnail(folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (900, 600), "red").save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    jpeg = preview(Wanted(str(tmp_path), "a.png", digest(data), 1))
    assert jpeg is not None
    assert Image.open(io.BytesIO(jpeg)).size == (PREVIEW_PX, 341)
    (tmp_path / "b.png").write_bytes(b"no picture")
    for wrong in (
        Wanted(str(tmp_path), "a.png", "0" * 32, 1),
        Wanted(str(tmp_path), "gone.png", digest(data), 2),
        Wanted(str(tmp_path), "b.png", digest(b"no picture"), 3),
    ):
        assert preview(wrong) is None
        assert list(previews([wrong], 0)) == [None]
    with Store.open(folder / "store") as store:
        review = review_of(store)
        changed = [
            tuple(replace(m, entry=replace(m.entry, digest=f"{m.entry.id:032}")) for m in group)
            for group in review.groups
        ]
        page = write_page(
            store, replace(review, groups=tuple(changed)), tmp_path / "out", workers=0
        )
        again = write_page(
            store, replace(review, groups=tuple(changed)), tmp_path / "out", workers=0
        )
    assert again == page
    assert not (page.parent / "pictures").exists()
    thumbs = _rows(page, 1, "thumbs")
    assert [len(group) for group in thumbs] == [len(group) for group in changed]
    assert all(u.startswith("data:image/jpeg;base64,") for group in thumbs for u in group.values())
