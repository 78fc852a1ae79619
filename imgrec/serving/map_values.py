"""What the data files of a map hold, sent anew: made from validated arrays, not from the files."""

import struct
from typing import Any

from imgrec.maps.format import NAMES, packed, tile_name
from imgrec.serving.errors import NotFoundError
from imgrec.serving.site_map import OpenedMap


def data_of(opened: OpenedMap, name: str) -> Any:
    """Return the JSON value of a data file by its name, such as "points-00".

    Raises:
        NotFoundError: the map has no data file of this name.
        MapError: it is damaged.
    """
    if name not in opened.names or "/" in name:
        raise NotFoundError(f"the map has no data file {name[:60]!r}")
    if name == NAMES:
        return {"names": opened.map.names()}
    kind, *named, number = name.split("-")
    return _READ[kind](opened, *named, int(number))


def tile_of(opened: OpenedMap, level: int, x: int, y: int) -> bytes:
    """Return a tile as the page takes it, little-endian, without text to be decoded.

    It is the number c of its pictures (uint32), their rows (c × uint32), their slots (c × uint8),
    and the WebP to the end.

    Raises:
        NotFoundError: the map has no such tile.
        MapError: it is damaged.
    """
    if tile_name(level, x, y) not in opened.names:
        raise NotFoundError(f"the map has no tile {x}, {y} of level {level}")
    tile = opened.map.tile(level, x, y)
    head = struct.pack("<I", len(tile.rows))
    return head + tile.rows.astype("<u4").tobytes() + tile.slots.tobytes() + tile.image


def _points(opened: OpenedMap, number: int) -> Any:
    points = opened.map.points(number)
    columns = ("ids", "cells", "sides", "levels")
    return {column: packed(getattr(points, column)) for column in columns}


def _layout(opened: OpenedMap, layout: str, number: int) -> Any:
    return {"positions": packed(opened.map.layout(layout, number))}


def _label(opened: OpenedMap, kind: str, number: int) -> Any:
    return {"codes": packed(opened.map.label(int(kind), number))}


def _details(opened: OpenedMap, number: int) -> Any:
    return opened.map.details(number)


def _near(opened: OpenedMap, number: int) -> Any:
    near = opened.map.near(number)
    k = near.rows.shape[1]
    return {"k": k, "rows": packed(near.rows), "similarity": packed(near.similarity)}


_READ: dict[str, Any] = {
    "points": _points,
    "layout": _layout,
    "label": _label,
    "details": _details,
    "near": _near,
}
