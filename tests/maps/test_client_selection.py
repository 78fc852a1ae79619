"""Selecting pictures on the map: lasso, rectangle, what is said of them, what is saved."""

import csv
import io

import numpy as np
import pytest
from matplotlib.path import Path as Polygon
from selenium.webdriver import ActionChains, Keys

from imgrec.system.csv_cells import cell
from map_folder import MadeMap, near_rows
from map_page import MapPage


def _places(made: MadeMap) -> np.ndarray:
    return (made.cells.astype(float) + 0.5) * (65536 / (16 << made.depth))


def _selected(page: MapPage) -> list[int]:
    found: list[int] = page.js("return imgrecMap.view.selected()")
    return found


def test_a_lasso_selects_what_lies_inside(page: MapPage, made: MadeMap) -> None:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    # A star, which crosses many cells, and is not convex.
    radii = np.where(np.arange(60) % 2, 330, 140)
    corners = np.stack([640 + radii * np.cos(angles), 420 + radii * np.sin(angles)], axis=1)
    page.do("core.selectInside(given[0])", corners.tolist())
    units = page.do("given[0].map(([x, y]) => core.camera.toUnits(x, y))", corners.tolist())
    inside = np.flatnonzero(Polygon(units).contains_points(_places(made)))
    assert 100 < len(inside) < 2900
    assert _selected(page) == inside.tolist()
    assert f"{len(inside):,} pictures selected" in page.text(".selected h2")


def test_polygons_of_all_kinds_select_as_the_reference_does(page: MapPage, made: MadeMap) -> None:
    rng = np.random.default_rng(5)
    for corners in (3, 4, 7, 30):
        units = rng.uniform(5000, 60000, (corners, 2))
        found = page.do(
            "[...map.rowsOfMask(map.maskInside(core.places, given[0]))]", units.tolist()
        )
        expected = [i for i, place in enumerate(_places(made)) if _even_odd(units, *place)]
        assert found == expected


def _even_odd(corners: np.ndarray, x: float, y: float) -> bool:
    (x1, y1), (x2, y2) = corners.T, np.roll(corners, -1, axis=0).T
    across = (y1 > y) != (y2 > y)
    slope = np.divide(x2 - x1, y2 - y1, out=np.zeros_like(x1), where=across)
    return bool((across & (x < x1 + (y - y1) * slope)).sum() % 2)


def test_the_lasso_is_drawn_with_the_mouse(page: MapPage, made: MadeMap) -> None:
    page.focus()
    page.press("l")
    assert page.one("[aria-label='Lasso (L)']").get_attribute("aria-pressed") == "true"
    canvas = page.one(".canvas")
    chain = ActionChains(page.browser, duration=20).move_to_element_with_offset(canvas, -300, -250)
    chain.click_and_hold()
    for x, y in ((600, 0), (0, 500), (-600, 0)):
        chain.move_by_offset(x, y)
    chain.release().perform()
    page.settle()
    height = page.js("return document.querySelector('.canvas').clientHeight")
    corners = [(340, height / 2 - 250), (940, height / 2 - 250), (940, height / 2 + 250),
               (340, height / 2 + 250)]  # fmt: skip
    units = np.array(page.do("given[0].map(([x, y]) => core.camera.toUnits(x, y))", corners))
    low, high = units.min(axis=0), units.max(axis=0)
    places = _places(made)
    # The mouse is moved by whole pixels.
    pixel = 3 / page.do("core.camera.scale")
    sure = set(np.flatnonzero(((places > low + pixel) & (places < high - pixel)).all(axis=1)))
    most = set(np.flatnonzero(((places > low - pixel) & (places < high + pixel)).all(axis=1)))
    assert sure <= set(_selected(page)) <= most
    # It is off again: the next drag moves the map.
    assert not page.do("core.isLasso")


def test_a_drag_with_shift_draws_a_rectangle(page: MapPage) -> None:
    before = page.do("[core.camera.x, core.camera.y]")
    chain = ActionChains(page.browser, duration=20).key_down(Keys.SHIFT)
    chain.move_to_element_with_offset(page.one(".canvas"), -200, -200).click_and_hold()
    chain.move_by_offset(380, 300).release().key_up(Keys.SHIFT).perform()
    page.settle()
    assert _selected(page)
    assert page.do("[core.camera.x, core.camera.y]") == before


def test_selections_add_and_take_away(page: MapPage) -> None:
    page.do("core.select([1, 2, 3])")
    page.do("core.select([3, 9], 'add')")
    assert _selected(page) == [1, 2, 3, 9]
    page.do("core.select([2, 77], 'remove')")
    assert _selected(page) == [1, 3, 9]
    page.focus()
    page.escape()
    assert _selected(page) == []
    assert page.js("return document.querySelector('.selected').hidden")


def test_typical_pictures_are_those_most_others_have_as_neighbors(
    page: MapPage, made: MadeMap
) -> None:
    rows = np.flatnonzero(made.groups == 4)
    page.do("core.select(given[0])", rows.tolist())
    near, chosen = near_rows(made), set(rows.tolist())
    counts = np.zeros(len(made.ids), int)
    for row in rows:
        for one in near[row].tolist():
            counts[one] += one in chosen
    found = page.do("map.typical(core.pictures, core.state.selection, 5)")["rows"]
    assert len(found) == 5
    assert counts[found[0]] == counts.max()
    taken: set[int] = set()
    for row in found:
        assert row not in taken
        taken |= set(near[row].tolist())
    page.wait("return document.querySelectorAll('.typical canvas.drawn').length === 8")


def test_the_table_has_every_selected_picture(page: MapPage, made: MadeMap) -> None:
    # Not the name that is no text, which the driver does not hand over.
    rows = [0, 4, 5, 2999]
    text = page.do("map.tableOf(core.pictures, given[0])", rows)
    table = list(csv.reader(io.StringIO(text, newline="")))
    assert table[0] == ["id", "path", "taken", "width", "height", "group", "color"]
    assert len(table) == 5
    for line, row in zip(table[1:], rows, strict=True):
        assert line[0] == str(made.ids[row])
        # No formula, and on one line, as in all tables of imgrec.
        assert line[1] == cell(made.paths[row])
        assert line[5] == made.names[made.groups[row]]
        assert line[6] == ("red" if made.ids[row] % 2 else "")


@pytest.mark.parametrize("name", ["=1+1", "-a", "@b", "+", "'", "a\\b\u2028\u3000", '1e5, "x"'])
def test_a_cell_is_that_of_the_other_tables(page: MapPage, name: str) -> None:
    pictures = "{ facts: {labels: [{kind: 'l', values: [given[0]]}]}, ids: [7], codes: () => [1],"
    pictures += " details: () => ({path: given[0], taken: given[0], width: 1, height: 2}) }"
    text = page.do(f"map.tableOf({pictures}, [0])", name)
    _, line = csv.reader(io.StringIO(text, newline=""))
    assert line == ["7", cell(name), cell(name), "1", "2", cell(name)]


def test_paths_are_those_of_this_machine(page: MapPage, made: MadeMap, map_file: object) -> None:
    found = page.do("map.pathsOf(core.pictures, [0, 5])")
    # A name with a line break would be two lines.
    assert (found["count"], found["left"]) == (1, 1)
    site = str(map_file).removesuffix("/map/index.html")
    assert found["text"] == f"{site}/pictures/{made.paths[5]}\n"
    assert page.do("map.pathsOf(core.pictures, [1])")["text"] == (
        f"{site}/pictures/group%200/caf%e9%2050%25.jpg\n"
    )


def test_selections_are_told_to_who_listens(page: MapPage) -> None:
    page.js("window.told = []; imgrecMap.view.on('select', (rows) => told.push([...rows]))")
    page.do("imgrecMap.view.select([4, 8])")
    assert page.js("return told") == [[4, 8]]
    assert page.js("return imgrecMap.view.selected()") == [4, 8]
