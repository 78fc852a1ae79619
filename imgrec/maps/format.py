"""The file format of a map, both ways: names, constants, and the text of its data files.

A map works from `file://`, where a page can load nothing but classic scripts. So each data file is
a script of one statement that hands one JSON value to the page:

    imgrecMapData("points-00",{"ids":"AQAAAA==",…});

Arrays are base64 of little-endian bytes. A program reads the value by cutting off what stands
around it (`script_value`); nothing is ever run. Texts are ASCII with JSON's escapes, so a file name
that is no UTF-8 is kept as lone surrogates, without loss, whatever encoding a browser guesses.

    map/index.html          the page, with the facts in it
    map/map.json            the facts, for programs
    map/density.png         how dense the map is where, for browsers that cannot draw it
    map/points-NN.js        id, cell and sides of each picture
    map/layout-NAME-NN.js   positions in another layout
    map/label-I-NN.js       codes of the I-th kind of label of the facts
    map/labels.js           names that are written on the map
    map/details-NNNN.js     path, page, date and size of each picture
    map/near-NNNN.js        the nearest neighbors of each picture
    map/Z/X_Y.js            a tile: its occupied slots, their rows, and one WebP

A picture is named by its row: its rank by ascending catalog id.
"""

import base64
import binascii
import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.system.json_files import decoded

FORMAT = 1
FOLDER = "map"
PAGE, FACTS, DENSITY = "index.html", "map.json", "density.png"
# Pixels of a side of a slot, and slots of a side of a tile.
CELL_PX, CELLS = 64, 16
# Rows in a file.
PER_POINTS, PER_DETAILS = 100_000, 5_000
# The deepest level that cells of 16 bits reach is 12; tiles of level 9 hold 33 million pictures.
MOST_LEVEL = 9
# The least level of the deepest tiles.
LEAST_LEVEL = 1
# Nearest neighbors of a picture.
NEAR = 8
# Codes of labels: no value, and a value that is none of the most frequent.
NO_VALUE, OTHER_VALUE = 0, 65_535
MOST_VALUES, MOST_KINDS = 4_096, 12
# Of a tile's WebP, and of its file, in which base64 takes a third more.
IMAGE_BYTES, TILE_BYTES = 380_000, 512_000
# The base layout, whose positions are the cells, and the others.
BASE = "map"
LAYOUTS = ("umap", "tsne", "grid", "pca", "time")

_HEAD, _TAIL = 'imgrecMapData("', ");\n"
_NAME = re.compile(r"[a-z0-9/_-]{1,40}")


def points_name(number: int) -> str:
    """Return the name of a file of points."""
    return f"points-{number:02d}"


def layout_name(layout: str, number: int) -> str:
    """Return the name of a file of positions in a layout."""
    return f"layout-{layout}-{number:02d}"


def label_name(kind: int, number: int) -> str:
    """Return the name of a file of codes of a kind of label, by its place in the facts."""
    return f"label-{kind}-{number:02d}"


def details_name(number: int) -> str:
    """Return the name of a file of details."""
    return f"details-{number:04d}"


def near_name(number: int) -> str:
    """Return the name of a file of neighbors."""
    return f"near-{number:04d}"


NAMES = "labels"


def tile_name(level: int, x: int, y: int) -> str:
    """Return the name of a tile."""
    return f"{level}/{x}_{y}"


def file_of(name: str) -> str:
    """Return the path of a data file, relative to the folder of the map."""
    return f"{name}.js"


def pieces(n: int, size: int) -> list[range]:
    """Return the rows of each file of `size` rows, of n rows."""
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


def json_of(value: object) -> str:
    """Return compact JSON in ASCII that is safe inside a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def script_text(name: str, value: object) -> str:
    """Return the text of a data file.

    Args:
        name: of the file, without suffix.
        value: of JSON's types.

    Raises:
        ValueError: the name is none of a map.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a data file of a map")
    return f'{_HEAD}{name}",{json_of(value)}{_TAIL}'


def script_value(data: bytes, name: str) -> Any:
    """Return the value of a data file.

    Args:
        data: content of the file.
        name: that the file must state.

    Raises:
        ValueError: it is not the one statement of a data file of this name.
    """
    head, tail = f'{_HEAD}{name}",'.encode(), _TAIL.encode()
    if not data.startswith(head) or not data.endswith(tail) or len(data) < len(head) + len(tail):
        raise ValueError(f"it is not a data file of a map named {name}")
    return decoded(data[len(head) : -len(tail)])


def packed(values: NDArray[Any]) -> str:
    """Return an array as base64 of its little-endian bytes."""
    return base64_text(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes())


def unpacked(text: str, kind: str, *shape: int) -> NDArray[Any]:
    """Return the array that base64 holds.

    Args:
        text: base64.
        kind: of the values: "u1", "u2" or "u4".
        shape: of the array.

    Raises:
        ValueError: it is no base64, or has another number of bytes.
    """
    data = base64_bytes(text)
    kind_of = np.dtype(f"<{kind}")
    wanted = int(np.prod(shape)) * kind_of.itemsize
    if len(data) != wanted:
        raise ValueError(f"an array has {len(data):,} bytes, not {wanted:,}")
    return np.frombuffer(data, kind_of).reshape(shape)


def base64_text(data: bytes) -> str:
    """Return the base64 of some bytes."""
    return base64.b64encode(data).decode("ascii")


def base64_bytes(text: str) -> bytes:
    """Return the bytes that base64 stands for.

    Raises:
        ValueError: it is no base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"it holds no valid base64 ({error})") from None


def packed_tiles(level: int, tiles: NDArray[np.integer]) -> str:
    """Return which tiles of a level are there, as base64 of a bit for each, lowest bits first.

    Args:
        level: of the tiles.
        tiles: (m, 2) x and y; the bit of a tile is y · 2^level + x.
    """
    there = np.zeros(4**level, bool)
    there[(tiles[:, 1].astype(np.int64) << level) + tiles[:, 0]] = True
    return packed(np.packbits(there, bitorder="little"))


def unpacked_tiles(level: int, text: str) -> NDArray[np.int64]:
    """Return which tiles of a level are there, as x and y (m, 2), row after row.

    Raises:
        ValueError: the text does not have a bit for each tile.
    """
    bits = unpacked(text, "u1", -(-(4**level) // 8))
    there = np.flatnonzero(np.unpackbits(bits, bitorder="little")[: 4**level])
    return np.stack([there & (2**level - 1), there >> level], axis=1).astype(np.int64)
