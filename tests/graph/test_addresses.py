"""Tests of page files, the reading order of pages, balanced slices and the page size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.addresses import MAX_PAGE_SIZE, Page, balanced, check_page_size, steps


def test_the_way_through_all_pages() -> None:
    assert steps(["", "1", "1.1", "2"]) == {
        "": (None, "1"), "1": ("", "1.1"), "1.1": ("1", "2"), "2": ("1.1", None)
    }  # fmt: skip


def test_the_files_of_a_page_follow_from_its_path() -> None:
    overview, page = Page(""), Page("3.1.2")
    assert (overview.file, overview.sheet, overview.root) == ("index.html", "sheets/index.jpg", "")
    assert page.file == "pages/community-3.1.2.html"
    assert page.sheet == "sheets/community-3.1.2.jpg"
    assert page.way_to("3.1") == "../pages/community-3.1.html"
    assert page.way_to("") == "../index.html"
    assert overview.way_to("3") == "pages/community-3.html"


@given(st.integers(1, 2000), st.integers(1, 250))
def test_balanced_slices_cover_everything_in_order(count: int, size: int) -> None:
    found = balanced(count, size)
    assert [i for s in found for i in range(s.start, s.stop)] == list(range(count))
    lengths = [s.stop - s.start for s in found]
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("page_size", [0, MAX_PAGE_SIZE + 1])
def test_page_size_has_bounds(page_size: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 250"):
        check_page_size(page_size)
