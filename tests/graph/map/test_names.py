"""Names on the map: none overlaps another, what stands stays, large ones come first."""

from dataclasses import replace
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from graph.map.names import BELOW, MapName, placed, width_px
from imgrec.maps.format import CELL_PX

DEPTH = 3
LINE_PX = 13


@st.composite
def _names(draw: st.DrawFn) -> list[MapName]:
    found = []
    for number in range(draw(st.integers(0, 25))):
        place = st.floats(0, 128, allow_subnormal=False)
        text = "x" * draw(st.integers(1, 27)) + chr(ord("a") + number)
        spread = draw(st.floats(0, 90))
        weight = draw(st.integers(1, 1000))
        found.append(
            MapName(text, "community", f"{number}", 0, draw(place), draw(place), weight, spread)
        )
    return sorted(found, key=lambda name: -name.weight)


def _overlap(one: MapName, other: MapName, level: int) -> bool:
    scale = CELL_PX / 2 ** (DEPTH - level)
    apart = (len(one.text) + len(other.text)) * 7 / 2
    return abs(one.x - other.x) * scale < apart and abs(one.y - other.y) * scale < LINE_PX


@given(_names())
def test_no_two_names_of_a_level_overlap(names: list[MapName]) -> None:
    for level in range(DEPTH + BELOW + 1):
        shown = [name for name in placed(names, DEPTH) if name.first <= level <= name.last]
        assert not any(_overlap(*pair, level) for pair in combinations(shown, 2))


@given(_names())
def test_a_name_is_left_out_of_a_level_only_for_names_that_are_there(names: list[MapName]) -> None:
    found = placed(names, DEPTH)
    assert len({name.path for name in found}) == len(found)
    for name in found:
        assert 0 <= name.first <= name.last <= DEPTH + BELOW
        scale = CELL_PX / 2 ** (DEPTH - max(0, name.first - 1))
        if name.first > 0:
            others = [one for one in found if one.first < name.first <= one.last + 1]
            near = [
                one for one in others
                if abs(one.y - name.y) * scale < 20
                and abs(one.x - name.x) * scale < (width_px(one.text) + width_px(name.text)) / 2
            ]  # fmt: skip
            assert near


def test_the_name_of_most_pictures_comes_first() -> None:
    large = MapName("dress", "community", "1", 0, 10, 10, 90, 1)
    small = MapName("shirt", "community", "2", 0, 10, 10.5, 10, 1)
    found = {name.text: name for name in placed([large, small], DEPTH)}
    assert found["dress"].first == 0
    # Half a cell is 32 px at the deepest level, and 16 px on the one above, less than a line.
    assert found["shirt"].first == DEPTH


def test_a_name_ends_where_its_pictures_fill_screens() -> None:
    wide = MapName("all", "community", "1", 0, 64, 64, 90, 40)
    # 40 cells are 2,560 px at level 3, and 1,280 px at level 2.
    assert [(name.first, name.last) for name in placed([wide], DEPTH)] == [(0, 2)]


def test_the_same_words_stand_once_on_a_level() -> None:
    names = [
        MapName("Dress", "community", "1", 0, 10, 10, 9, 1),
        MapName("dress", "community", "2", 0, 90, 90, 8, 1),
    ]
    assert [name.text for name in placed(names, DEPTH)] == ["Dress"]


@given(_names(), _names())
def test_names_of_the_kind_that_is_not_shown_take_no_room(
    communities: list[MapName], classes: list[MapName]
) -> None:
    classes = [replace(name, kind="class", path="") for name in classes]
    both = sorted([*communities, *classes], key=lambda name: -name.weight)
    found = placed(both, DEPTH)
    for kind, alone in (("community", communities), ("class", classes)):
        shown = {(name.text, name.first) for name in found if name.kind == kind}
        assert shown == {(name.text, name.first) for name in placed(alone, DEPTH)}
