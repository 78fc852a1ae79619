"""Thumbnails and previews that are none of ours, and texts that pages and terminals obey."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from attack import Attack
from ground import Ground, Spoil
from signing import edit_json, execute, set_json, sign_part

# Escaped wherever it is shown, it opens no element in a page.
MARKUP = '"><xss-canary onload=alert(1)></script></style>{{7*7}}{% raise %}'


def _image(kind: str, size: tuple[int, int] = (64, 64), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _jpeg_header(width: int, height: int) -> bytes:
    """Return a JPEG that says it is of this size, and holds the data of a small one."""
    data = bytearray(_image("JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def _png_header(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that says it is of this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    made = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        made += struct.pack(">I", len(body)) + name + body
        made += struct.pack(">I", zlib.crc32(name + body))
    return made


def _jpeg_with(segment: bytes) -> bytes:
    data = _image("JPEG")
    return data[:2] + segment + data[2:]


_EPS = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\n"
    b"(PWNED) (w) file closefile showpage\n%%EOF\n"
)
_THUMBNAILS = {
    "PNG": _image("PNG"),
    "GIF": _image("GIF"),
    "TIFF": _image("TIFF"),
    "WebP": _image("WEBP"),
    "BMP": _image("BMP"),
    "EPS": _EPS,
    "PNG of 30,000 x 30,000": _png_header(30_000, 30_000),
    "JPEG of 65,500 x 65,500": _jpeg_header(65_500, 65_500),
    "JPEG of 10,000 x 10,000": _jpeg_header(10_000, 10_000),
    "JPEG of 4,000 x 4,000": _image("JPEG", (4000, 4000)),
    "JPEG of 0 x 0": _jpeg_header(0, 0),
    "half a JPEG": _image("JPEG")[:400],
    "no bytes": b"",
    "random bytes": bytes(np.random.default_rng(0).integers(0, 256, 3000, np.uint8)),
    "text": b"<svg onload=alert(1)><xss-canary>",
    "JPEG with EXIF of itself": _jpeg_with(b"\xff\xe1\x00\x10Exif\0\0II*\0\x08\0\0\0"),
    "JPEG with a damaged profile": _jpeg_with(
        b"\xff\xe2\x00\x14ICC_PROFILE\0\x01\x01\xff\xff\xff\xff"
    ),
}


def _cmyk() -> bytes:
    buffer = io.BytesIO()
    Image.new("CMYK", (64, 64)).save(buffer, "JPEG")
    return buffer.getvalue()


_THUMBNAILS["JPEG in CMYK"] = _cmyk()


def _webp_header(width: int, height: int) -> bytes:
    """Return a WebP that says it is of this size, up to 16,383, and holds that of a small one."""
    data = bytearray(_image("WEBP"))
    place = data.index(b"\x9d\x01\x2a") + 3
    data[place : place + 4] = struct.pack("<HH", width, height)
    return bytes(data)


def _animated() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "blue")]
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


_PREVIEWS = {
    "JPEG": _image("JPEG"),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><xss-canary/></svg>",
    "page": b"<!doctype html><script>alert(1)</script><xss-canary>",
    "WebP that says 16,383 x 16,383": _webp_header(16_383, 16_383),
    "WebP of 0 x 0": _webp_header(0, 0),
    "WebP of 4,000 x 4,000": _image("WEBP", (4000, 4000)),
    "half a WebP": _image("WEBP")[:60],
    "WebP with a page behind it": _image("WEBP") + b"<script>alert(1)</script><xss-canary>",
    "WebP that moves": _animated(),
    "WebP with EXIF": _image("WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
    "lossless WebP": _image("WEBP", lossless=True),
    "no bytes": b"",
}


def _pictures(folder: str, data: bytes) -> Spoil:
    """Return what replaces every thumbnail or preview, and signs their part."""

    def spoil(ground: Ground) -> None:
        part = ground.store / folder / "part-000000"
        count = len(np.load(part / "ids.npy"))
        np.save(part / "offsets.npy", np.arange(count + 1) * len(data))
        (part / f"{folder}.bin").write_bytes(data * count)
        sign_part(part)

    return spoil


_TEXTS = {
    "markup": MARKUP,
    "formula": "=cmd|'/C calc'!A0",
    "control characters": "a\x1b[2J\x1b]0;title\x07\r\n\tb",
    "right-to-left": "a\u202egpj.exe\u2066b",
    "TeX": r"$\frac{\input{/etc/passwd}}$ \begin",
    "percent and quotes": "%s%n{0}{x!r}\"'`$(touch PWNED)`touch PWNED`;&|",
    "URL": "javascript:alert(1)//#?%00",
    "a million letters": "x" * 1_000_000,
    "lone bytes": "\udcff\udcfe",
}


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _path(value: str) -> Spoil:
    """Return what puts a text into the names of a picture and of its folder."""

    def spoil(ground: Ground) -> None:
        name = _bytes(value.replace("/", "∕")).decode("utf-8", "replace")
        execute(
            ground.store / "catalog.sqlite",
            "UPDATE images SET path = CAST(:folder || '/' || :name || id AS TEXT) WHERE id < 9",
            values={"folder": name, "name": name},
        )

    return spoil


def _label(kind: str, value: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        execute(
            ground.store / "catalog.sqlite",
            "DELETE FROM labels WHERE kind = :kind",
            "INSERT INTO labels SELECT id, :kind, :value FROM images",
            values={"kind": kind, "value": value.encode("utf-8", "replace").decode()},
        )

    return spoil


def _category(value: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        described = ground.store / "classes/mini/classes.json"
        edit_json(described, lambda c: c.update(categories=[f"{value}{n}" for n in range(8)]))

    return spoil


def _everywhere(ground: Ground) -> None:
    """Put markup into whatever is text: names, formats, labels, weights, settings."""
    for file in (
        "store.json", "features/mini/feature.json", "classes/mini/classes.json"
    ):  # fmt: skip
        set_json(ground.store / file, weights=MARKUP, written_by=MARKUP)
    execute(
        ground.store / "catalog.sqlite",
        "UPDATE images SET format = :text",
        "UPDATE labels SET value = value || :text WHERE kind != 'community'",
        values={"text": MARKUP},
    )  # fmt: skip


HOSTILE_THUMBNAILS = [
    Attack(f"thumbnails: {what}", _pictures("thumbs", data), found=False)
    for what, data in _THUMBNAILS.items()
]
HOSTILE_PREVIEWS = [
    Attack(f"previews: {what}", _pictures("previews", data), found=False)
    for what, data in _PREVIEWS.items()
]
HOSTILE_TEXTS = [
    *(Attack(f"name of a file: {what}", _path(text), found=False) for what, text in _TEXTS.items()),
    *(
        Attack(f"label {kind}: {what}", _label(kind, _TEXTS[what]), found=False)
        for kind in ("color", "class", "cluster", "duplicates", "xss")
        for what in ("markup", "control characters", "formula")
    ),
    *(
        Attack(f"category: {what}", _category(_TEXTS[what]), found=False)
        for what in ("markup", "control characters", "a million letters", "TeX")
    ),
    Attack("kind of a label: markup", _label(MARKUP, "x"), found=False),
    Attack("kind of a label: control characters", _label("k\x1b[2J", "x"), found=False),
    Attack("markup everywhere", _everywhere, found=False),
]
