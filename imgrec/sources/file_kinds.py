"""Files that are pictures or near to pictures and are not taken, named by their suffix.

A collection often holds more than the pictures that are read: films, documents, drawings, RAW files
beside the JPEG that the camera wrote with them. Their number is told by suffix, so that nobody
takes them for indexed. A RAW file without such a picture is one itself.
"""

from collections.abc import Sequence

from imgrec.pictures.formats import RAW_SUFFIXES, SUFFIXES
from imgrec.sources.source import Listed
from imgrec.system.file_names import composed

PICTURE_SUFFIXES = SUFFIXES | RAW_SUFFIXES
_VIDEOS = "mp4 m4v mov avi mkv webm mts m2ts mpg mpeg wmv 3gp 3g2 flv asf vob mxf ogv insv lrv"
_DOCUMENTS = "pdf djvu svg svgz eps ai cdr"
_PICTURES = "jxl xcf kra psb exr hdr clip afphoto"
_OF_PICTURES = "tar"
_NAMED = {
    f".{suffix}": suffix.upper()
    for suffix in f"{_VIDEOS} {_DOCUMENTS} {_PICTURES} {_OF_PICTURES}".split()
}


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name in lower case, with its dot; "" where it has none."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def named_kind(suffix: str) -> str | None:
    """Return what a file of a suffix is that is not taken, such as "MP4"; None for none to name."""
    return _NAMED.get(suffix)


def raw_beside_pictures(files: Sequence[Listed]) -> list[Listed]:
    """Return the RAW files of a folder that lie beside a picture of the same name.

    Args:
        files: pictures of one folder that are taken, by name.
    """
    raw = [file for file in files if suffix_of(file.path) in RAW_SUFFIXES]
    if not raw:
        return []
    stems = {_stem(file.path) for file in files if suffix_of(file.path) not in RAW_SUFFIXES}
    return [file for file in raw if _stem(file.path) in stems]


def _stem(name: str) -> str:
    # Cameras write capitals, and a program of macOS may have written one of the two in NFD.
    return composed(name[: name.rfind(".")]).lower()
