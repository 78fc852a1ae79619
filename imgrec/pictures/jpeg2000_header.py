"""The main header of a JPEG 2000 codestream: what decides how much memory its decoder takes.

Source: ITU-T T.800, annex A: the marker segments SIZ (size, tiles, components) and COD
(decomposition levels, code-blocks, precincts, layers).
"""

import io
import struct
from dataclasses import dataclass
from typing import cast

from PIL import Image

_START = b"\xff\x4f\xff\x51"
_COD, _TILE = 0x52, 0x90
_HEAD_BYTES = 1 << 16


@dataclass(frozen=True)
class Codestream:
    """The sizes that a codestream's header states.

    Attributes:
        box: left, top, right and bottom of the picture, in pixels.
        tile: width and height of a tile, at most those of the picture, in pixels.
        components: number of components.
        bits: largest number of bits of a component.
        levels: number of decomposition levels: how often the picture can be halved.
        blocks: number of code-blocks of one component of a tile.
        layers: number of quality layers.
    """

    box: tuple[int, int, int, int]
    tile: tuple[int, int]
    components: int
    bits: int
    levels: int
    blocks: int
    layers: int

    def scaled(self, power: int) -> tuple[int, int]:
        """Return the size at 1 / `power`, as the decoder rounds it."""
        left, top, right, bottom = (-(-edge // power) for edge in self.box)
        return right - left, bottom - top


def codestream(image: Image.Image) -> Codestream | None:
    """Return the header of a JPEG 2000 picture that is open; None if it is damaged."""
    data = file_of(image)
    start = data.find(_START)
    try:
        return None if start < 0 else _parsed(data[start : start + _HEAD_BYTES])
    except (struct.error, IndexError):
        return None


def file_of(image: Image.Image, start: int = 0) -> bytes:
    """Return the bytes of the file of a picture that is open and not loaded, from an offset on."""
    file = cast(io.BytesIO, image.fp)  # type: ignore[attr-defined]
    place = file.tell()
    file.seek(start)
    data = file.read()
    file.seek(place)
    return data


def _parsed(head: bytes) -> Codestream | None:
    length, _, *fields, components = struct.unpack_from(">HHIIIIIIIIH", head, 4)
    width, height, left, top, tile_width, tile_height, *_ = fields
    bits = max((1 + (head[42 + 3 * i] & 0x7F) for i in range(components)), default=8)
    tile = min(tile_width, width - left), min(tile_height, height - top)
    place = 4 + length
    while head[place + 1] not in (_COD, _TILE):
        place += 2 + int(struct.unpack_from(">H", head, place + 2)[0])
    if head[place + 1] == _TILE:
        return None
    style, _, layers, _, levels, across, down = struct.unpack_from(">BBHBBBB", head, place + 4)
    sizes = head[place + 14 : place + 15 + levels] if style & 1 else b"\xff" * (levels + 1)
    blocks = _blocks(tile, (across % 16 + 2, down % 16 + 2), sizes)
    return Codestream((left, top, width, height), tile, components, bits, levels, blocks, layers)


def _blocks(tile: tuple[int, int], block: tuple[int, int], precincts: bytes) -> int:
    """Return the number of code-blocks of a component.

    Args:
        tile: its width and height.
        block: logarithms of the width and height of a code-block.
        precincts: for each resolution, the smallest first, the logarithms of width and height.
    """
    count = 0
    for resolution, precinct in enumerate(precincts):
        # But for the smallest resolution, three subbands of half the size, in halved precincts.
        half = min(resolution, 1)
        shift = len(precincts) - 1 - resolution + half
        number = 3 if half else 1
        for length, most, limit in zip(tile, block, (precinct % 16, precinct // 16), strict=True):
            number *= 1 + (length >> shift >> max(0, min(most, limit - half)))
        count += number
    return count
