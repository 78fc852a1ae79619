"""The table of duplicates: its rows, its order, and any name of a file in it."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgrec import ImgrecError
from imgrec.duplicates.groups import SAME
from imgrec.review.table import COLUMNS, check_table, modified, table
from reviews import entry, goes, kept, link, name_of

NAMES = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_line_a_file() -> None:
    first, second, third = (entry(i, f"{i}.jpg") for i in (7, 5, 1))
    other = entry(9, "b.png", form="PNG", sides=(10, 20), size=1)
    groups = [
        (kept(first), goes(second, first), link(third, first)),
        (kept(other), goes(entry(2, "c.png"), other, SAME)),
    ]
    time = "1970-01-01T00:00:00Z"
    assert table(groups).splitlines() == [
        "group,path,root,kind,keep,same_as,differs,similarity,width,height,format,bytes,taken,modified",
        f"1,7.jpg,/photos,kept,yes,,,1.000,640,480,JPEG,1234,,{time}",
        f"1,5.jpg,/photos,copy,no,/photos/7.jpg,the same bytes,1.000,640,480,JPEG,1234,,{time}",
        "1,1.jpg,/photos,link,yes,/photos/7.jpg,another name of the same file,1.000,640,480,JPEG,"
        f"1234,,{time}",
        f"2,b.png,/photos,kept,yes,,,1.000,10,20,PNG,1,,{time}",
        f"2,c.png,/photos,same,no,/photos/b.png,the same bytes,0.900,640,480,JPEG,1234,,{time}",
    ]
    assert table([]) == ",".join(COLUMNS) + "\n"


@given(NAMES, NAMES)
@example("\udcff\n", "=1+1")
def test_every_name_comes_back_and_none_is_a_formula_or_two_lines(path: str, root: str) -> None:
    first = entry(1, path, root)
    text = table([(kept(first), goes(entry(2, path, root), first))])
    assert text.encode("utf-8").decode("utf-8") == text
    assert len(text.splitlines()) == 3
    for row in rows_of(text):
        assert name_of(row["path"]) == path
        assert name_of(row["root"]) == root
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert name_of(rows_of(text)[1]["same_as"]) == str(Path(root, path))


def test_plain_names_stand_as_they_are() -> None:
    for name in ("Grüße/aus Köln (2).jpg", "a, \"b\" 'c'.png", "日本.webp", "x=1.jpg"):
        (first,) = rows_of(table([(kept(entry(1, name)),)]))
        assert first["path"] == name


@pytest.mark.parametrize(
    ("mtime_ns", "told"),
    [
        (1_700_000_000_999_999_999, "2023-11-14T22:13:20Z"),
        (-1, "1969-12-31T23:59:59Z"),
        ((1 << 63) - 1, "2262-04-11T23:47:16Z"),
        (10**22, ""),
    ],
)
def test_times_are_utc_to_the_second(mtime_ns: int, told: str) -> None:
    assert modified(mtime_ns) == told


def test_what_is_no_table_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name, said in (
        ("a.jpg", "is not a CSV file: give the path of a file that ends in .csv"),
        ("folder.csv", "is not a CSV file"),
        ("nowhere/d.csv", "does not exist: create it before writing d.csv"),
    ):
        with pytest.raises(ImgrecError, match=said):
            check_table(tmp_path / name)
    check_table(tmp_path / "d.CSV")
