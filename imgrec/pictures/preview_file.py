"""Open the previews of a store: one plain WebP picture each, no larger than a preview can be.

A store may come from somebody else. Its previews are decoded in the main process, and copied to
where a browser shows them, so the header is read by hand before any decoder sees it: Pillow's would
allocate the canvases that a header of a few bytes asks for. What imgrec writes is the simple file
format, a single lossy frame; anything else (animations, color profiles, metadata, transparency) is
refused.

Source: RFC 9649, "WebP Image Format", sections 2.5 and 2.6; RFC 6386, "VP8 Data Format and Decoding
Guide", section 9.1 (the header of a key frame).
"""

import io
import struct

from PIL import Image

from imgrec.pictures.preview_size import MOST_PREVIEW_PX

# Bytes of a WebP that is no preview. One of 1,024 px with noise alone has about 0.5 MB.
MOST_BYTES = 1 << 21
# RIFF, size of what follows, WEBP, VP8, size of the chunk, and the header of its frame.
_HEADER = struct.Struct("<4sI4s4sI3s3sHH")
_START_CODE = b"\x9d\x01\x2a"


def preview_size(webp: bytes) -> tuple[int, int]:
    """Return width and height in pixels of a preview, by its header.

    Raises:
        ValueError: it is no WebP of the simple format, or larger than a preview.
    """
    if len(webp) > MOST_BYTES:
        raise ValueError(f"it has {len(webp):,} bytes")
    if len(webp) < _HEADER.size:
        raise ValueError("it is no WebP")
    riff, length, kind, chunk, size, tag, start, *sides = _HEADER.unpack_from(webp)
    if (riff, kind, chunk, start) != (b"RIFF", b"WEBP", b"VP8 ", _START_CODE):
        raise ValueError("it is no WebP of one plain frame")
    # The lowest bit of the tag is 0 for a key frame. A chunk of odd size is padded.
    if tag[0] & 1 or length != len(webp) - 8 or size + size % 2 != len(webp) - 20:
        raise ValueError("its sizes do not match its bytes")
    # Two bits of each say how it may be enlarged when it is shown.
    width, height = (side & 0x3FFF for side in sides)
    if not (0 < width <= MOST_PREVIEW_PX and 0 < height <= MOST_PREVIEW_PX):
        raise ValueError(f"it has {width} x {height} pixels")
    return width, height


def open_preview(webp: bytes) -> Image.Image:
    """Return the opened WebP of a preview, not decoded yet.

    Raises:
        OSError: it is no WebP.
        ValueError: it is not of the form of a preview, or larger than one.
    """
    preview_size(webp)
    return Image.open(io.BytesIO(webp), formats=["WEBP"])
