"""PNG chunks that pixels depend on: what else a PNG carries is left out before it is decoded.

A PNG is a sequence of chunks with a CRC each. Pillow refuses a whole file for a wrong CRC in a
chunk of text, for a text that inflates to more than 1 MiB, and for a time or a resolution of the
wrong length. Its limits are global variables of the process. libpng and browsers leave such chunks
out, and so does this module, with a warning for each kind. Kept are critical chunks, the color key
or palette alpha (tRNS), and the orientation in EXIF and XMP. The color profile (iCCP) is returned
apart, because Pillow refuses one of more than 1 MiB.

Source: the PNG specification, third edition, sections 5 and 11.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NAME = re.compile(rb"[A-Za-z]{4}")
# Keywords of texts that hold an orientation: XMP, and EXIF as ImageMagick writes it.
_TEXTS = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0", b"Raw profile type APP1\0")
# Limits of texts that are kept, as stored; of profiles, inflated.
_TEXT_BYTES = 1 << 18
_PROFILE_BYTES = 1 << 24
# The least length of chunks that Pillow would otherwise refuse.
_LEAST = {b"tRNS": 1, b"eXIf": 8}


class Chunk(NamedTuple):
    """A chunk: its name, and where it and its body lie in the file."""

    name: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True)
class Pixels:
    """A PNG reduced to what its pixels depend on.

    Attributes:
        data: the file without other chunks; the same object if there were none.
        profile: the ICC profile, inflated; None without.
        warnings: what was damaged and left out.
    """

    data: bytes
    profile: bytes | None
    warnings: tuple[str, ...]


def pixels_only(data: bytes) -> Pixels:
    """Return a PNG without the chunks that no pixel depends on."""
    kept: list[tuple[int, int]] = []
    profile, warnings, end = None, dict[str, None](), len(SIGNATURE)
    for chunk in chunks(data):
        end = chunk.end
        problem = _problem(data, chunk)
        if problem:
            warnings[f"PNG chunk {chunk.name.decode()} ignored: {problem}"] = None
        elif chunk.name == b"iCCP":
            profile = inflated_profile(data[chunk.body : chunk.end - 4])
            if profile is None:
                warnings["PNG chunk iCCP ignored: no readable profile"] = None
        elif _is_essential(data, chunk):
            kept.append((chunk.start, chunk.end))
    # What follows the last whole chunk: nothing, or where a truncated file ends.
    kept.append((end, len(data)))
    left_out = sum(stop - start for start, stop in kept) < len(data) - len(SIGNATURE)
    if left_out:
        view = memoryview(data)
        data = b"".join([SIGNATURE, *(view[start:stop] for start, stop in kept)])
    return Pixels(data, profile, tuple(warnings))


def chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks up to IEND, or as far as the file is a sequence of whole chunks."""
    start = len(SIGNATURE)
    while start + 12 <= len(data):
        name = data[start + 4 : start + 8]
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        if end > len(data) or not _NAME.fullmatch(name):
            return
        yield Chunk(name, start, start + 8, end)
        if name == b"IEND":
            return
        start = end


def has_right_crc(data: bytes, chunk: Chunk) -> bool:
    """Return True if the CRC of a chunk is that of its name and body."""
    found = zlib.crc32(memoryview(data)[chunk.start + 4 : chunk.end - 4])
    return found == int.from_bytes(data[chunk.end - 4 : chunk.end], "big")


def inflated_profile(body: bytes) -> bytes | None:
    """Return the ICC profile of an iCCP chunk; None if it is damaged or larger than the limit."""
    _, _, compressed = body.partition(b"\0")
    if compressed[:1] != b"\0":
        return None
    try:
        inflater = zlib.decompressobj()
        profile = inflater.decompress(compressed[1:], _PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if inflater.eof else None


def _is_ancillary(name: bytes) -> bool:
    return bool(name[0] & 0x20)


def _problem(data: bytes, chunk: Chunk) -> str:
    """Return what is wrong with an ancillary chunk, "" if nothing is."""
    if not _is_ancillary(chunk.name):
        return ""
    if not has_right_crc(data, chunk):
        return "wrong CRC"
    if chunk.end - 4 - chunk.body < _LEAST.get(chunk.name, 0):
        return "too short"
    return ""


def _is_essential(data: bytes, chunk: Chunk) -> bool:
    if not _is_ancillary(chunk.name) or chunk.name in (b"tRNS", b"eXIf"):
        return True
    if chunk.name not in (b"tEXt", b"zTXt", b"iTXt") or chunk.end - chunk.start > _TEXT_BYTES:
        return False
    return data.startswith(_TEXTS, chunk.body)
