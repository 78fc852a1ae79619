"""Small generated pictures, each distinct, and a folder of odd files."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

FAMILIES = ("stripes", "discs", "checks")


def picture(family: str, seed: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """Return a picture with the structure of a family and colors by its seed."""
    rng = np.random.default_rng([FAMILIES.index(family), seed])
    front, back = rng.integers(0, 256, (2, 3))
    y, x = np.mgrid[: size[1], : size[0]]
    if family == "stripes":
        mask = (y // rng.integers(5, 9)) % 2 == 0
    elif family == "discs":
        center_x, center_y = rng.uniform(0.4, 0.6, 2) * size
        mask = np.hypot(x - center_x, y - center_y) < min(size) * rng.uniform(0.25, 0.4)
    else:
        mask = (x // 12 + y // 12) % 2 == rng.integers(2)
    noise = rng.integers(-6, 7, (size[1], size[0], 3))
    pixels = np.where(mask[..., None], front, back) + noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def write_pictures(folder: Path, each: int = 8) -> list[str]:
    """Write `each` JPEGs of every family into a folder of its name; return their paths."""
    paths = []
    for family in FAMILIES:
        (folder / family).mkdir(parents=True, exist_ok=True)
        for seed in range(each):
            path = f"{family}/{seed:03d}.jpg"
            size = (96, 72) if seed % 2 else (60, 90)
            picture(family, seed, size).save(folder / path, quality=92)
            paths.append(path)
    return paths


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return the encoded file of a picture."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def rotated_jpeg(image: Image.Image, orientation: int) -> bytes:
    """Return a JPEG with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, "JPEG", quality=95, exif=exif)


def write_odd_files(folder: Path) -> dict[str, str]:
    """Write odd files of real disks; return {path: "ok" or the expected failure reason}."""
    disc = picture("discs", 99)
    jpeg = encoded(disc, "JPEG")
    palette = disc.convert("P")
    palette.info["transparency"] = 0
    frames = [picture("checks", seed) for seed in (1, 2, 3)]
    wide = np.linspace(0, 65535, 96 * 72).reshape(72, 96).astype(np.uint16)
    files: dict[str, tuple[bytes, str]] = {
        "empty.jpg": (b"", "empty"),
        "text.jpg": (b"these are words\n" * 20, "not-an-image"),
        "cut in the data.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "cut in the header.jpg": (jpeg[:40], "truncated"),
        "cut.png": (encoded(disc, "PNG")[:300], "truncated"),
        "turned.jpg": (rotated_jpeg(disc, 6), "ok"),
        "cmyk.jpg": (encoded(disc.convert("CMYK"), "JPEG"), "ok"),
        "sixteen bits.png": (encoded(Image.fromarray(wide), "PNG"), "ok"),
        "palette with transparency.png": (encoded(palette, "PNG", transparency=0), "ok"),
        "animated.gif": (
            encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
            "ok",
        ),
        "twin one.jpg": (encoded(picture("discs", 5), "JPEG"), "ok"),
        "twin two.jpg": (encoded(picture("discs", 5), "JPEG"), "ok"),
        "one pixel.png": (encoded(Image.new("RGB", (1, 1), "red"), "PNG"), "ok"),
        "thin.png": (encoded(Image.new("L", (3000, 2), 90), "PNG"), "ok"),
        "names/Grüße aus Köln.jpg": (encoded(picture("stripes", 1), "JPEG"), "ok"),
        "names/a \"quoted\" 'name'.jpg": (encoded(picture("stripes", 2), "JPEG"), "ok"),
        "names/tab\tand\nline.jpg": (encoded(picture("stripes", 3), "JPEG"), "ok"),
        "names/<script>alert(1)<&script>.jpg": (encoded(picture("stripes", 4), "JPEG"), "ok"),
        "<img src=x onerror=alert(1)>/a.jpg": (encoded(picture("checks", 7), "JPEG"), "ok"),
        "names/" + os.fsdecode(b"latin-1 \xfc.jpg"): (encoded(picture("stripes", 6), "JPEG"), "ok"),
    }
    for path, (data, _) in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "notes.txt").write_text("not a picture by its suffix")
    return {path: expected for path, (_, expected) in files.items()}
