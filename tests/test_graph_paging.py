"""The plan of pages covers everything once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.communities import Community
from graph.paging import MAX_PAGE_SIZE, Plan, balanced, plan_pages


def plan(sizes: list[int], page_size: int) -> Plan:
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    communities = [
        Community(number, tuple(range(start, start + size)), start)
        for number, (start, size) in enumerate(zip(starts, sizes, strict=True), start=1)
    ]
    return plan_pages(communities, page_size)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=30), st.integers(1, MAX_PAGE_SIZE))
def test_every_picture_and_community_is_on_exactly_one_page(
    sizes: list[int], page_size: int
) -> None:
    found = plan(sizes, page_size)
    assert [i for page in found.pages for i in page.ids] == list(range(sum(sizes)))
    assert [i for page in found.overview for i in page.ids] == list(range(1, len(sizes) + 1))
    pages = (*found.overview, *found.pages)
    assert all(1 <= len(page.ids) <= page_size for page in pages)
    assert len({page.name for page in pages}) == len({page.sheet for page in pages}) == len(pages)
    for siblings in found.of_community.values():
        lengths = [len(page.ids) for page in siblings]
        assert max(lengths) - min(lengths) <= 1
        assert [page.part for page in siblings] == list(range(1, siblings[0].parts + 1))


def test_the_way_through_all_pages() -> None:
    found = plan([5, 2], 3)
    names = [page.name for page in (*found.overview, *found.pages)]
    assert names == ["index", "community-1", "community-1-2", "community-2"]
    assert {name: page.name for name, page in found.after.items()} == {
        "index": "community-1", "community-1": "community-1-2", "community-1-2": "community-2"
    }  # fmt: skip
    assert found.before["community-1"].name == "index"
    assert found.pages[0].file == "pages/community-1.html"
    assert found.overview[0].file == "index.html"


def test_more_communities_than_a_page_takes_make_more_overview_pages() -> None:
    found = plan([1] * 7, 3)
    assert [page.file for page in found.overview] == ["index.html", "index-2.html", "index-3.html"]
    assert found.overview_of[7].name == "index-3"


def test_balanced_slices() -> None:
    assert [(s.start, s.stop) for s in balanced(10, 4)] == [(0, 3), (3, 6), (6, 10)]


@pytest.mark.parametrize("page_size", [0, MAX_PAGE_SIZE + 1])
def test_page_size_has_bounds(page_size: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 250"):
        plan([3], page_size)
