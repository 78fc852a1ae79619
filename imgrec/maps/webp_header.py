"""The size of a WebP from its header, without a decoder.

Source: the container of WebP (developers.google.com/speed/webp/docs/riff_container) and the frame
header of VP8 (RFC 6386, section 9.1).
"""

_HEADER = 30
# Bytes of a key frame before its first partition.
_FRAME_HEADER = 10
_START = b"\x9d\x01\x2a"
_SIDE = (1 << 14) - 1


def webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height of a lossy WebP without animation, transparency or metadata.

    Raises:
        ValueError: it is none, or cut short.
    """
    if len(data) < _HEADER or data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8 ":
        raise ValueError("it is no lossy WebP")
    frame = int.from_bytes(data[16:20], "little")
    # A chunk of an odd number of bytes is followed by one more.
    if int.from_bytes(data[4:8], "little") + 8 != len(data) or 20 + frame + frame % 2 != len(data):
        raise ValueError("its WebP is cut short")
    # The lowest bit is 0 for a key frame.
    if data[20] & 1 or data[23:26] != _START:
        raise ValueError("its WebP has no key frame")
    first = int.from_bytes(data[20:23], "little") >> 5
    if _FRAME_HEADER + first >= frame:
        raise ValueError("the first partition of its WebP reaches beyond the end")
    width, height = (int.from_bytes(data[i : i + 2], "little") & _SIDE for i in (26, 28))
    return width, height
