"""Read the JSON that a page of a network site embeds for its scripts.

It holds the nodes of the drawn network (with cells: rectangles on the page's thumbnail sheet), and
either the pictures with their neighbors (a page of pictures) or a link for each node (a page of
communities); that of a contact sheet has rows of pictures of other pages. A hand-edited or damaged
page may hold any JSON: each value is validated, and what is invalid is left out and reported.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imgrec.checks.findings import Check, Place, shortened
from imgrec.system.text import counted

# vis-network draws so many nodes in about a second.
MAX_NODES = 250
# Upper bound of the coordinates of a cell, so that four of them fit into 64 bits.
MOST_PX = 1 << 15
_LARGEST_ID = 2**63 - 1
_NOTHING = "the page shows no network"
_STOPS = "the page stops working when such a picture is clicked"

# Left, top, width and height in pixels.
Cell = tuple[int, int, int, int]


@dataclass(frozen=True)
class Near:
    """A neighbor of a picture; `page` names the page it is on, None for the same page."""

    id: int
    page: str | None
    cell: Cell | None


@dataclass
class PageData:
    """The data of a page.

    Attributes:
        sheet: URL of the thumbnail sheet; None if there is none.
        sheet_is_elsewhere: it is the sheet of another page, where it is checked.
        cells: cells of the nodes, on the sheet.
        pictures: id to the cell of its node, or None for a picture without a node; empty on a page
            of communities.
        targets: URLs that the nodes link to.
        hrefs: URLs of picture files.
        hrefs_elsewhere: those of neighbors on other pages, which have them among their `hrefs`.
        near: the neighbors of all pictures.
    """

    sheet: str | None = None
    sheet_is_elsewhere: bool = False
    cells: list[Cell] = field(default_factory=list)
    pictures: dict[int, Cell | None] = field(default_factory=dict)
    targets: list[str] = field(default_factory=list)
    hrefs: list[str] = field(default_factory=list)
    hrefs_elsewhere: list[str] = field(default_factory=list)
    near: list[Near] = field(default_factory=list)


def read_data(place: Place, text: str | None) -> Check[PageData]:
    """Return the data of a page; invalid values are left out and reported."""
    if text is None:
        yield place.error('there is no <script type="application/json" id="page">', _NOTHING)
        return PageData()
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield place.error(f"its data are not valid JSON ({str(error)[:80]})", _NOTHING)
        return PageData()
    data = whole.get("data") if isinstance(whole, dict) else None
    nodes = whole.get("nodes") if isinstance(whole, dict) else None
    if not isinstance(data, dict) or not isinstance(nodes, list):
        yield place.error("its data lack the nodes, or what belongs to them", _NOTHING)
        return PageData()
    sheet = whole.get("sheet")
    if not isinstance(sheet, str):
        yield place.error("its data name no thumbnail sheet", "no pictures are drawn")
        sheet = None
    found = PageData(sheet)
    of_node = yield from _read_nodes(place, nodes, found)
    if "contact" in data:
        found.sheet_is_elsewhere = True
        yield from _read_contact(place, data, found)
    elif "pictures" in data:
        bundled = _bundled(nodes, of_node)
        yield from _read_pictures(place, data["pictures"], of_node, bundled, found)
        found.hrefs_elsewhere += _hrefs(data.get("others"))
    else:
        yield from _read_targets(place, data.get("targets"), of_node, found)
    return found


def cell_of(value: object) -> Cell | None:
    """Return [left, top, width, height] as a cell; None if the value is not a valid one."""
    if not isinstance(value, list) or len(value) != 4 or not all(map(_is_whole, value)):
        return None
    left, top, width, height = value
    fits = left >= 0 and top >= 0 and width > 0 and height > 0 and max(value) < MOST_PX
    return (left, top, width, height) if fits else None


def id_of(value: object) -> int | None:
    """Return a value as a picture id; None if it is not an integer from 0 to 2^63 - 1."""
    if isinstance(value, str):
        if not value.isascii() or not value.isdigit() or len(value) > 19:
            return None
        value = int(value)
    if not _is_whole(value):
        return None
    return value if 0 <= value <= _LARGEST_ID else None  # type: ignore[operator,return-value]


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _read_nodes(place: Place, nodes: list[Any], found: PageData) -> Check[dict[int, Cell | None]]:
    """Return the cell of each node by id; report too many nodes, and invalid ones."""
    if len(nodes) > MAX_NODES:
        yield place.warning(
            f"it has {counted(len(nodes), 'node')}, more than {MAX_NODES}",
            "the page takes longer than two seconds to draw, and moves jerkily",
        )
    of_node: dict[int, Cell | None] = {}
    wrong: list[str] = []
    for node in nodes:
        number = id_of(node.get("id")) if isinstance(node, dict) else None
        cell = cell_of(node.get("cell")) if isinstance(node, dict) else None
        mosaic = _mosaic(node) if isinstance(node, dict) else None
        if number is None or cell is None or mosaic is None or number in of_node:
            wrong.append(json.dumps(node)[:40])
            continue
        of_node[number] = cell
        found.cells += [cell, *mosaic]
    if wrong:
        what = f"{counted(len(wrong), 'node')} without a unique id or a cell"
        yield place.error(f"{what}: {shortened(wrong)}", "these nodes, or all, are not drawn")
    return of_node


def _mosaic(node: Mapping[str, Any]) -> list[Cell] | None:
    """Return the cells of the mosaic of a community; None if it is invalid."""
    mosaic = node.get("cells", [])
    cells = [cell_of(value) for value in mosaic] if isinstance(mosaic, list) else [None]
    valid = [cell for cell in cells if cell is not None]
    return valid if len(valid) == len(cells) else None


def _bundled(nodes: Sequence[Any], of_node: Mapping[int, Cell | None]) -> dict[int, Cell | None]:
    """Return the cell of each picture that is bundled into the node of another picture."""
    found: dict[int, Cell | None] = {}
    for node in nodes:
        members = node.get("members") if isinstance(node, dict) else None
        numbers = map(id_of, members) if isinstance(members, list) else ()
        cell = cell_of(node.get("cell")) if isinstance(node, dict) else None
        found |= {n: cell for n in numbers if n is not None and n not in of_node}
    return found


def _read_pictures(
    place: Place,
    pictures: object,
    of_node: Mapping[int, Cell | None],
    bundled: Mapping[int, Cell | None],
    found: PageData,
) -> Check[None]:
    if not isinstance(pictures, dict):
        yield place.error("its pictures are not an object keyed by id", _STOPS)
        return
    wrong: list[str] = []
    for key, picture in pictures.items():
        number = id_of(key)
        if number is None or not isinstance(picture, dict):
            wrong.append(key)
            continue
        found.pictures[number] = of_node.get(number, bundled.get(number))
        found.hrefs += _hrefs(picture)
        rows = picture.get("near", [] if number in bundled else None)
        near = [_near(row) for row in rows] if isinstance(rows, list) else [None]
        found.near += [one for one in near if one is not None]
        if None in near:
            wrong.append(key)
    unknown = [str(number) for number in (*of_node, *bundled) if number not in found.pictures]
    if wrong:
        what = f"its data of the pictures {shortened(wrong)} are invalid"
        yield place.error(what, _STOPS)
    if unknown:
        yield place.error(f"its data lack the pictures {shortened(unknown)}", _STOPS)


def _read_contact(place: Place, data: Mapping[str, Any], found: PageData) -> Check[None]:
    """Read the rows of a contact sheet, [id, name, number of the page, cell, …], as neighbors."""
    rows, pages = data["contact"], data.get("pages")
    if not isinstance(rows, list) or not isinstance(pages, list):
        yield place.error("its data lack the pages of its pictures", _NOTHING)
        return
    wrong: list[str] = []
    for row in rows:
        valid = isinstance(row, list) and len(row) > 3 and _is_whole(row[2])
        page = pages[row[2]] if valid and 0 <= row[2] < len(pages) else None
        near = _near([*row[:3], f"../pages/{page}", row[3]]) if isinstance(page, str) else None
        if near is None or near.cell is None:
            wrong.append(json.dumps(row)[:40])
        else:
            found.near.append(near)
    if wrong:
        what = f"{counted(len(wrong), 'row')} of its contact sheet are invalid: {shortened(wrong)}"
        yield place.error(what, "these pictures, or all, are not drawn")


def _read_targets(
    place: Place, targets: object, of_node: Mapping[int, Cell | None], found: PageData
) -> Check[None]:
    if not isinstance(targets, dict):
        yield place.error("its data lack the targets of its nodes", "a click does nothing")
        return
    found.targets += [target for target in targets.values() if isinstance(target, str)]
    known = {key for key, target in targets.items() if isinstance(target, str)}
    lame = [str(number) for number in of_node if str(number) not in known]
    if lame:
        yield place.error(
            f"the nodes {shortened(lame)} have no target", "a click on them raises an error"
        )


def _near(row: object) -> Near | None:
    """Return a row [id, similarity, name, page?, cell?] as a neighbor; None if it is invalid."""
    if not isinstance(row, list) or len(row) < 3:
        return None
    number = id_of(row[0])
    page = row[3] if len(row) > 3 else None
    cell = cell_of(row[4]) if len(row) > 4 and row[4] is not None else None
    lacks_cell = len(row) > 4 and row[4] is not None and cell is None
    if number is None or lacks_cell or not (page is None or isinstance(page, str)):
        return None
    return Near(number, page or None, cell)


def _hrefs(value: object, depth: int = 8) -> Iterator[str]:
    """Yield the strings under the key `href` in a JSON value, at most `depth` levels deep."""
    children: Sequence[object] = ()
    if isinstance(value, dict):
        href = value.get("href")
        if isinstance(href, str):
            yield href
        children = list(value.values())
    elif isinstance(value, list):
        children = value
    for child in children if depth else ():
        yield from _hrefs(child, depth - 1)
