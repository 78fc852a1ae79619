"""What a file carries besides pixels neither reaches a thumbnail nor keeps one from being made."""

import io
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from imgrec import Options, Store, index_folders
from imgrec.pictures.decoding import THUMB_PX, decode, thumbnail
from pictures import encoded, picture

SECRET = b"secret-of-the-photographer"
# More than a JPEG segment of 65,533 bytes holds.
LONG = SECRET * 4000


def _text_chunks(text: bytes) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", text[:60_000].decode())
    info.add_itxt("XML:com.adobe.xmp", text[:60_000].decode())
    return info


def _exif(text: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = text.decode()
    return exif


IMAGE = picture("discs", 5, (200, 150))
FILES = {
    "comment.gif": encoded(IMAGE, "GIF", comment=LONG),
    "comment.jpg": encoded(IMAGE, "JPEG", comment=LONG[:65_000]),
    "exif.jpg": encoded(IMAGE, "JPEG", exif=_exif(LONG[:60_000])),
    "xmp.jpg": encoded(IMAGE, "JPEG", xmp=LONG[:60_000]),
    "profile.jpg": encoded(IMAGE, "JPEG", icc_profile=LONG),
    "text.png": encoded(IMAGE, "PNG", pnginfo=_text_chunks(LONG)),
    "exif.png": encoded(IMAGE, "PNG", exif=_exif(LONG)),
    "profile.png": encoded(IMAGE, "PNG", icc_profile=LONG),
    "xmp.webp": encoded(IMAGE, "WEBP", xmp=LONG, exif=_exif(LONG), icc_profile=LONG),
    "tags.tif": encoded(IMAGE, "TIFF", description=LONG.decode(), icc_profile=LONG),
}


@pytest.mark.parametrize("name", FILES)
def test_a_thumbnail_holds_pixels_only(name: str) -> None:
    assert SECRET in FILES[name] or name == "profile.png"
    made = thumbnail(decode(FILES[name]).image)
    assert SECRET not in made
    with Image.open(io.BytesIO(made)) as image:
        image.load()
        assert max(image.size) == THUMB_PX
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    # The same pixels without metadata give the same bytes.
    bare = Image.new("RGB", (1, 1)).resize(decode(FILES[name]).image.size)
    bare.paste(decode(FILES[name]).image)
    assert made == thumbnail(bare)


def test_the_picture_of_a_caller_keeps_its_metadata() -> None:
    image = picture("discs", 6, (100, 80))
    image.info["comment"] = LONG
    thumbnail(image)
    assert image.info["comment"] == LONG


def test_a_folder_of_them_is_indexed_whole(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    index_folders([tmp_path], tmp_path / "store", Options(encoders=("mini",), workers=0))
    with Store.open(tmp_path / "store") as store:
        entries = list(store.catalog.entries_with("ok"))
        assert [entry.path for entry in entries] == sorted(FILES)
        for entry in entries:
            assert SECRET not in store.thumbs().get(entry.id)
